/*
 * bench.c - weir bench: its options. The work is done by weir-bench, a program of its own that
 * reads them by the same table.
 */
#include "command.h"

#include "program.h"

static enum exit_code run(const struct invocation *invocation)
{
	return program_become(invocation, "weir-bench", "bench");
}

static const struct option_spec work_specs[] = {
	{ OPTION_READ, 'r', "read", "TRACE", NULL,
	  "with -f: the keys are those of this trace's packets, each judged as if it were the "
	  "first "
	  "of its connection" },
	{ OPTION_SHAPE, 0, "shape", "NAME", NULL,
	  "a cluster of this shape from a seed; --list names them. Repeatable. (default 1k-pods, "
	  "unless -f is given)" },
	{ OPTION_SEED, 0, "seed", "N", NULL, "what keys are drawn depends on it (default 1)" },
	{ OPTION_KEYS, 0, "keys", "N", NULL, "so many keys; of a trace, at most (default 65536)" },
	{ OPTION_SIDES, 0, "sides", "WHICH", "both|egress|ingress|all",
	  "the sides of a connection that are judged; all: each of the three" },
};

static const struct option_spec measure_specs[] = {
	{ OPTION_ENGINE, 0, "engine", "NAME", NULL,
	  "only engines of this name, or of names that begin with it and a slash; --list names "
	  "them. Repeatable." },
	{ OPTION_CALLS, 0, "calls", "HOW", "burst|single|all", "64 keys a call, or one" },
	{ OPTION_CACHES, 0, "caches", "STATE", "warm|cold|all",
	  "cold: other memory is written through before each 256 keys" },
	{ OPTION_SAMPLES, 0, "samples", "N", NULL, "rounds, at least 5 (default 5)" },
	{ OPTION_SECONDS, 0, "seconds", "S", NULL,
	  "processor time of a warm sample (default 0.05)" },
	{ OPTION_MAX_RULES, 0, "max-rules", "N", NULL,
	  "an engine declines a policy that is more rules of addresses (default 1000000)" },
	{ OPTION_CHECK, 0, "check", NULL, NULL, "check the answers, and time nothing" },
	{ OPTION_LIST, 0, "list", NULL, NULL, "list the engines and shapes" },
	{ OPTION_OUTPUT, 'o', "output", "FORMAT", "table|json|csv|html",
	  "how results are printed" },
};

#define GROUP(title_, specs)                                                                       \
	{                                                                                          \
		title_, specs, sizeof(specs) / sizeof((specs)[0])                                  \
	}

static const struct option_group work_options = GROUP("Work", work_specs);
static const struct option_group measure_options = GROUP("Measuring", measure_specs);

const struct command bench_command = {
	.name = "bench",
	.summary = "verdicts a second, of this engine and of others on the same policies",
	.synopsis = "[--shape NAME | -f PATH [-r TRACE]] [options]",
	.description =
		"Builds this engine and others from the same resolved policies, asks them the same "
		"keys in turns on one core, and prints how many verdicts a second each gives. "
		"Every answer is compared with a reference first: an engine that is wrong has no "
		"figure, and the run exits 1. Where rounds do not agree which of two engines is "
		"faster, the difference is unclear, and the run exits 4.",
	.examples = "  weir bench\n"
		    "  weir bench --shape 10k-pods --caches all --calls all\n"
		    "  weir bench --engine weir --engine identity-map --samples 9\n"
		    "  weir bench -f cluster.yaml -r capture.pcap\n",
	.groups = { &work_options, &measure_options, &policy_options, &semantics_options,
		    &common_options },
	.run = run,
};
