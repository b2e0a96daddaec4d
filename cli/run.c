/*
 * run.c - weir run: its options. The work is done by weir-dpdk, a program of its own that reads
 * them by the same table.
 */
#include "command.h"

#include <string.h>

#include "program.h"

static enum exit_code run(const struct invocation *invocation)
{
	/* What stood in front of -- is moved behind it. */
	if (invocation->operand_count &&
	    (strcmp(invocation->operands[-1], "--") != 0 || invocation->operands[0][0] != '-')) {
		complain(invocation->command,
			 "'%s' is not expected here; what is EAL's stands "
			 "behind --",
			 invocation->operands[0]);
		return EXIT_USAGE;
	}
	return program_become(invocation, "weir-dpdk", "dpdk");
}

static const struct option_spec port_specs[] = {
	{ OPTION_WIRING, 0, "wiring", "HOW", "pairs|one-armed",
	  "where packets leave: by the other port of a pair (the first two ports are one, and so "
	  "on), or by the port by which they came" },
	{ OPTION_NEXT_HOP, 0, "next-hop", "MAC", NULL,
	  "address leaving packets to this Ethernet address, from the port's own" },
	{ OPTION_MTU, 0, "mtu", "BYTES", NULL, "of the ports (default 1500)" },
	{ OPTION_BUFFERS, 0, "buffers", "N", NULL,
	  "packet buffers of all ports and cores together (default: as many as they can hold)" },
};

static const struct option_spec verdict_specs[] = {
	{ OPTION_MODE, 0, "mode", "MODE", "enforce|monitor",
	  "drop what is denied, or count it and send everything on" },
	{ OPTION_HALVES, 0, "halves", "WHICH", "both|egress|ingress",
	  "which side of a connection to judge: a node enforces one half of what comes through "
	  "other nodes too" },
	{ OPTION_AT_CHANGE, 0, "at-change", "WHAT", "revalidate|keep|flush",
	  "what a new policy means for open connections: those that it would not allow end, all go "
	  "on, or all are forgotten" },
	{ OPTION_MAX_FLOWS, 0, "max-flows", "N", NULL,
	  "connections that each core remembers, of each address family (default 1048576)" },
	{ OPTION_STRICT, 0, "strict", NULL, NULL,
	  "deny what belongs to no known connection and opens none" },
	{ OPTION_ON_AMBIGUOUS, 0, "on-ambiguous", "WHAT", "deny|allow",
	  "what to do where the objects do not tell" },
	{ OPTION_UNKNOWN_PODS, 0, "unknown-pods", "WHAT", "ambiguous|external",
	  "an address of a pod range that no object owns: a pod whose labels nobody knows, or "
	  "outside" },
};

static const struct option_spec running_specs[] = {
	{ OPTION_SAMPLES, 0, "samples", "FILE", NULL,
	  "write denied packets to a pcapng file, with why they are" },
	{ OPTION_RATE, 0, "sample-rate", "N", NULL, "at most so many a second (default 100)" },
	{ OPTION_SECONDS, 0, "seconds", "N", NULL, "stop after so many" },
	{ OPTION_IDLE, 0, "idle", "MS", NULL,
	  "stop when no packet has come for so many milliseconds" },
	{ OPTION_OUTPUT, 'o', "output", "FORMAT", "table|json", "how to print the final report" },
};

static const struct option_group port_options = OPTION_GROUP("Ports", port_specs);
static const struct option_group verdict_options = OPTION_GROUP("Verdicts", verdict_specs);
static const struct option_group running_options = OPTION_GROUP("Running", running_specs);

const struct command run_command = {
	.name = "run",
	.summary = "filters packets between ports, on DPDK",
	.synopsis = "-f PATH [options] -- [EAL arguments]",
	.description =
		"Receives packets on ports, judges them by the policies, and sends on what is "
		"allowed, until SIGINT or SIGTERM; then it prints what it counted. The first core "
		"steers, every other one receives. Policy files that change are read again, and "
		"on SIGHUP; a broken new policy is refused, and the one in force stays. What "
		"stands behind -- is for DPDK's EAL: cores, memory, devices.",
	.examples = "  weir run -f dump.yaml -- -l 0-4 -a 0000:3b:00.0 -a 0000:3b:00.1\n"
		    "  weir run -f dump.yaml --mode monitor --wiring one-armed -- -l 0,1 -a "
		    "0000:3b:00.0\n",
	.operands = "EAL arguments",
	.groups = { &policy_options, &semantics_options, &port_options, &verdict_options,
		    &running_options, &common_options },
	.run = run,
};
