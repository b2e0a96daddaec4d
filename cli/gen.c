/*
 * gen.c - weir gen: clusters and traces from a seed.
 */
#include "gen.h"

#include "product.h"

static const struct option_group *const cluster_groups[] = { &gen_cluster_options,
							     &gen_share_options, NULL };
static const struct option_group *const trace_groups[] = { &gen_trace_options, &policy_options,
							   &semantics_options, NULL };
static const struct product products[] = {
	{ "cluster", cluster_groups, gen_run_cluster },
	{ "trace", trace_groups, gen_run_trace },
};

enum { PRODUCTS = sizeof(products) / sizeof(products[0]) };

static enum exit_code run(const struct invocation *invocation)
{
	const struct product *product = invocation->operand_count == 1
						? product_find(invocation, products, PRODUCTS)
						: NULL;

	if (!product) {
		complain(invocation->command,
			 "say what to make: 'weir gen cluster' or 'weir gen trace'");
		return EXIT_USAGE;
	}
	return product_run(invocation, products, PRODUCTS, product);
}

static const struct option_spec seed_specs[] = {
	{ OPTION_SEED, 0, "seed", "N", NULL,
	  "what is drawn depends on this number and the other options alone (default 1)" },
	{ OPTION_OUTPUT, 'o', "output", "FILE", NULL,
	  "write to a file instead of standard output; a trace to pcapng when its name says so" },
};
static const struct option_group seed_options = OPTION_GROUP("Both", seed_specs);

const struct command gen_command = {
	.name = "gen",
	.summary = "clusters and traces from a seed, for tests and benchmarks",
	.synopsis = "cluster [-o FILE] [options]\n"
		    "       weir gen trace -f PATH [-o FILE] [--expect FILE] [options]",
	.description =
		"Makes up a cluster: namespaces, nodes, workloads with their pods, services with "
		"their slices, and policies, as YAML that kubectl takes. Or the trace of a "
		"cluster: flows that its policies allow, flows that they deny, and flows that are "
		"none of its business, with the verdicts that an evaluator found straight from the "
		"objects. The same options give the same bytes on every machine. A share is "
		"written "
		"as 0.25 or as 25%.",
	.examples =
		"  weir gen cluster --pods 1000 --policies 75 -o cluster.yaml\n"
		"  weir gen cluster --seed 7 --mix everything | weir check -f -\n"
		"  weir gen trace -f cluster.yaml -o trace.pcap --expect verdicts.jsonl\n"
		"  weir replay -f cluster.yaml -r trace.pcap --expect verdicts.jsonl --summary\n",
	.operands = "what",
	.parts = "cluster|trace",
	.groups = { &seed_options, &gen_cluster_options, &gen_share_options, &gen_trace_options,
		    &policy_options, &semantics_options, &common_options },
	.run = run,
};
