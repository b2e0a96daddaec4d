/*
 * slim.c - weir slim: what verdicts need of a dump, and nothing else.
 */
#include "command.h"

#include "weir/cluster.h"

#include "input.h"
#include "output.h"

static int write_cluster(void *context, FILE *file)
{
	return weir_cluster_slim(context, output_bytes, file);
}

static enum exit_code run(const struct invocation *invocation)
{
	struct input input = { 0 };
	enum exit_code code = input_read(&input, invocation);

	if (code == EXIT_CLEAN)
		code = output_write(invocation, option_value(invocation, OPTION_OUTPUT),
				    write_cluster, input.cluster);
	input_finish(&input);
	return code;
}

static const struct option_spec output_specs[] = {
	{ OPTION_OUTPUT, 'o', "output", "FILE", NULL,
	  "write to a file instead of standard output" },
};
static const struct option_group output_options = OPTION_GROUP("Output", output_specs);

const struct command slim_command = {
	.name = "slim",
	.summary = "a dump without anything that verdicts do not need, to be shared",
	.synopsis = "-f PATH [-o FILE]",
	.description = "Reads and checks Kubernetes objects, and writes as YAML only what verdicts "
		       "need: no "
		       "environment, no secrets, no annotations, no noise. Reading the result "
		       "gives the same "
		       "verdicts.",
	.examples = "  kubectl get pods,ns,nodes,svc,endpointslices,netpol -A -o yaml >dump.yaml\n"
		    "  weir slim -f dump.yaml -o cluster.yaml\n",
	.groups = { &policy_options, &output_options, &common_options },
	.run = run,
};
