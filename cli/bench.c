/*
 * bench.c - weir bench: its options. The work is done by programs of their own that read them by
 * the same table: by weir-bench, and of ports by weir-dpdk.
 */
#include "command.h"

#include <string.h>

#include "product.h"
#include "program.h"

static enum exit_code run_verdicts(const struct invocation *invocation)
{
	return program_become(invocation, "weir-bench", "bench");
}

static enum exit_code run_ports(const struct invocation *invocation)
{
	if (invocation->operand_count > 1 && strcmp(invocation->operands[-1], "--") != 0) {
		complain(invocation->command,
			 "'%s' is not expected here; what is EAL's stands behind --",
			 invocation->operands[1]);
		return EXIT_USAGE;
	}
	return program_become(invocation, "weir-dpdk", "dpdk");
}

static const struct option_spec common_bench_specs[] = {
	{ OPTION_SEED, 0, "seed", "N", NULL, "what is drawn depends on it (default 1)" },
	{ OPTION_ENGINE, 0, "engine", "NAME", NULL,
	  "only engines of this name, or of names that begin with it and a slash; --list names "
	  "them. Repeatable." },
	{ OPTION_MAX_RULES, 0, "max-rules", "N", NULL,
	  "an engine declines a policy that is more rules of addresses (default 1000000)" },
	{ OPTION_LIST, 0, "list", NULL, NULL, "list the engines, and shapes" },
	{ OPTION_OUTPUT, 'o', "output", "FORMAT", "table|json|csv|html",
	  "how results are printed" },
};

static const struct option_spec trace_specs[] = {
	{ OPTION_READ, 'r', "read", "TRACE", NULL,
	  "with -f: the keys are those of this trace's packets, each judged as if it were the "
	  "first of its connection. Of ports: its flows of TCP and UDP are sent, in its order, "
	  "directions and sizes" },
};

static const struct option_spec work_specs[] = {
	{ OPTION_SHAPE, 0, "shape", "NAME", NULL,
	  "a cluster of this shape from a seed; --list names them. Repeatable. (default 1k-pods, "
	  "unless -f is given)" },
	{ OPTION_KEYS, 0, "keys", "N", NULL, "so many keys; of a trace, at most (default 65536)" },
	{ OPTION_SIDES, 0, "sides", "WHICH", "both|egress|ingress|all",
	  "the sides of a connection that are judged; all: each of the three" },
	{ OPTION_CALLS, 0, "calls", "HOW", "burst|single|all", "64 keys a call, or one" },
	{ OPTION_CACHES, 0, "caches", "STATE", "warm|cold|all",
	  "cold: other memory is written through before each 256 keys" },
	{ OPTION_SAMPLES, 0, "samples", "N", NULL, "rounds, at least 5 (default 5)" },
	{ OPTION_SECONDS, 0, "seconds", "S", NULL,
	  "processor time of a warm sample (default 0.05)" },
	{ OPTION_CHECK, 0, "check", NULL, NULL, "check the answers, and time nothing" },
};

static const struct option_spec traffic_specs[] = {
	{ OPTION_PODS, 0, "pods", "N", NULL,
	  "a generated cluster of so many pods. Repeatable. (default 1000, unless -f is given)" },
	{ OPTION_POLICIES, 0, "policies", "N", NULL,
	  "NetworkPolicies of a generated cluster. Repeatable. (default 80 for 1000 pods)" },
	{ OPTION_FRAME, 0, "frame", "BYTES", NULL,
	  "frames of a size from 64 to 1518, of sizes with weights as in 64:7,594:4,1518:1, or "
	  "imix, which is that. Repeatable. (default 64)" },
	{ OPTION_FLOWS, 0, "flows", "N", NULL,
	  "so many connections. Repeatable. (default 100000)" },
	{ OPTION_DENIED_SHARE, 0, "denied", "SHARE", NULL,
	  "connections that the policies deny, and so packets (default 0.1)" },
	{ OPTION_NEW_SHARE, 0, "new", "SHARE", NULL,
	  "packets that open a connection in place of another (default 0)" },
	{ OPTION_REPLY_SHARE, 0, "replies", "SHARE", NULL,
	  "packets of allowed connections that go the other way (default 0)" },
	{ OPTION_SCTP, 0, "sctp", "SHARE", NULL,
	  "connections of SCTP, which want frames of 90 bytes, over IPv6 of 110 (default 0)" },
	{ OPTION_ECHOES, 0, "echoes", "SHARE", NULL,
	  "connections of pings (default as many as are drawn, a tenth or so)" },
	{ OPTION_FRAGMENTS, 0, "fragments", "SHARE", NULL,
	  "packets that come in two fragments, each a frame (default 0)" },
	{ OPTION_EXTENSIONS, 0, "extensions", "SHARE", NULL,
	  "packets over IPv6 with headers between IPv6's and the transport's (default 0)" },
	{ OPTION_MALFORMED, 0, "malformed", "SHARE", NULL,
	  "packets that say a wrong length, and must not pass (default 0)" },
	{ OPTION_FAMILY, 0, "family", "WHICH", "ipv4|ipv6|dual",
	  "addresses of a generated cluster's pods" },
};

static const struct option_spec search_specs[] = {
	{ OPTION_MEASURE, 0, "measure", "WHAT", "all|cost|rates",
	  "the cycles of a packet; the rates that are carried, with latencies and what a new "
	  "policy costs; or all of it" },
	{ OPTION_WORKERS, 0, "workers", "N", NULL, "cores that filter. Repeatable. (default 1)" },
	{ OPTION_RATE, 0, "rate", "PPS", NULL,
	  "offer so many packets a second once, and search nothing" },
	{ OPTION_MAX_RATE, 0, "max-rate", "PPS", NULL,
	  "the highest rate that is tried (default 50000000)" },
	{ OPTION_PARTIAL_DROP, 0, "partial-drop", "SHARE", NULL,
	  "what may be lost at the partial-drop rate (default 0.005)" },
	{ OPTION_TIME, 0, "time", "MS", NULL, "how long a trial is (default 50)" },
	{ OPTION_TRIALS, 0, "trials", "N", NULL, "that a rate has to hold (default 2)" },
	{ OPTION_ROUNDS, 0, "rounds", "N", NULL,
	  "turns of each engine; figures are medians of them (default 3)" },
};

static const struct option_group common_bench_options = OPTION_GROUP("Both", common_bench_specs);
static const struct option_group trace_options = OPTION_GROUP("Traces", trace_specs);
static const struct option_group work_options = OPTION_GROUP("Verdicts", work_specs);
static const struct option_group traffic_options = OPTION_GROUP("Ports: traffic", traffic_specs);
static const struct option_group search_options = OPTION_GROUP("Ports: measuring", search_specs);

static const struct option_group *const verdict_groups[] = {
	&common_bench_options, &trace_options,  &work_options, &policy_options,
	&semantics_options,    &common_options, NULL
};
static const struct option_group *const port_groups[] = { &common_bench_options, &trace_options,
							  &traffic_options,      &search_options,
							  &policy_options,       &semantics_options,
							  &common_options,       NULL };
static const struct product products[] = {
	{ NULL, verdict_groups, run_verdicts },
	{ "ports", port_groups, run_ports },
};

enum { PRODUCTS = sizeof(products) / sizeof(products[0]) };

static enum exit_code run(const struct invocation *invocation)
{
	const struct product *product = product_find(invocation, products, PRODUCTS);

	if (!product) {
		complain(invocation->command,
			 "'%s' is not expected here; 'weir bench --help' says what is",
			 invocation->operands[0]);
		return EXIT_USAGE;
	}
	return product_run(invocation, products, PRODUCTS, product);
}

const struct command bench_command = {
	.name = "bench",
	.summary = "verdicts a second, of this engine and of others on the same policies; packets "
		   "through ports",
	.synopsis = "[--shape NAME | -f PATH [-r TRACE]] [options]\n"
		    "       weir bench ports [--pods N | -f PATH [-r TRACE]] [options] [-- EAL "
		    "arguments]",
	.description =
		"Builds this engine and others from the same resolved policies, asks them the same "
		"keys in turns on one core, and prints how many verdicts a second each gives. "
		"Every answer is compared with a reference first: an engine that is wrong has no "
		"figure, and the run exits 1. Where rounds do not agree which of two engines is "
		"faster, the difference is unclear, and the run exits 4. Of ports: generates "
		"packets "
		"whose verdicts are known, sends them through the loop of weir run, with this "
		"engine or another in it, and checks what comes out; finds the cycles of a packet, "
		"and the highest rate without loss (RFC 2544) and with little. Trials whose "
		"processor was "
		"taken away are told, and repeated when they lose. Without words for DPDK's EAL "
		"behind -- the ports are rings in memory.",
	.examples = "  weir bench\n"
		    "  weir bench --shape 10k-pods --caches all --calls all\n"
		    "  weir bench --engine weir --engine identity-map --samples 9\n"
		    "  weir bench -f cluster.yaml -r capture.pcap\n"
		    "  weir bench ports --pods 10000 --flows 1000000\n"
		    "  weir bench ports -f cluster.yaml --frame imix -o html\n",
	.operands = "what",
	.parts = "ports",
	.groups = { &common_bench_options, &trace_options, &work_options, &traffic_options,
		    &search_options, &policy_options, &semantics_options, &common_options },
	.run = run,
};
