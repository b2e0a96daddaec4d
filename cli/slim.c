/*
 * slim.c - weir slim: what verdicts need of a dump, and nothing else.
 */
#include "command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "weir/cluster.h"

#include "input.h"
#include "text.h"

static int write_bytes(void *context, const char *bytes, size_t length)
{
	FILE *file = context;

	errno = 0;
	if (fwrite(bytes, 1, length, file) == length)
		return 0;
	return errno ? -errno : -EIO;
}

static int write_stdout(const struct weir_cluster *cluster)
{
	return weir_cluster_slim(cluster, write_bytes, stdout);
}

static int write_open_file(const struct weir_cluster *cluster, FILE *file)
{
	int status = weir_cluster_slim(cluster, write_bytes, file);

	if (fclose(file) != 0 && !status)
		status = -errno;
	return status;
}

/* Under another name first, so that a file of the wanted name is always whole. */
static int write_file(const struct weir_cluster *cluster, const char *path)
{
	struct report_text temporary = { 0 };
	int status = -ENOMEM;
	FILE *file;

	report_text_format(&temporary, "%s.%ld.tmp", path, (long)getpid());
	if (temporary.is_short)
		goto free_name;
	file = fopen(temporary.bytes, "w");
	if (!file) {
		status = -errno;
		goto free_name;
	}
	status = write_open_file(cluster, file);
	if (!status && rename(temporary.bytes, path) != 0)
		status = -errno;
	if (status)
		unlink(temporary.bytes);
free_name:
	report_text_finish(&temporary);
	return status;
}

static enum exit_code run(const struct invocation *invocation)
{
	const char *path = option_value(invocation, OPTION_OUTPUT);
	bool is_file = path && strcmp(path, "-") != 0;
	struct input input = { 0 };
	enum exit_code code = input_read(&input, invocation);
	int status;

	if (code == EXIT_CLEAN) {
		status = is_file ? write_file(input.cluster, path) : write_stdout(input.cluster);
		/* What standard output refuses is told once, at the end of the program. */
		if (status && !ferror(stdout)) {
			complain(invocation->command, "%s: %s", is_file ? path : "standard output",
				 strerror(-status));
			code = EXIT_USAGE;
		}
	}
	input_finish(&input);
	return code;
}

static const struct option_spec output_specs[] = {
	{ OPTION_OUTPUT, 'o', "output", "FILE", NULL,
	  "write to a file instead of standard output" },
};
static const struct option_group output_options = { "Output", output_specs, 1 };

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
