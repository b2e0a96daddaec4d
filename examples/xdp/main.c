/*
 * main.c - enforces a compiled policy on what goes between two interfaces:
 *
 *	weir compile -f MANIFESTS -o POLICY.weir
 *	xdp-filter [--generic] POLICY.weir INTERFACE INTERFACE
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <bpf/libbpf.h>
#include <xdp/libxdp.h>

#include "enforcer.h"
#include "wire.h"

_Static_assert((int)WIRE_BURST == (int)ENFORCER_BURST,
	       "what is received at once is judged at once");

static unsigned judge(struct wire *wire, unsigned side, struct weir_worker *worker)
{
	static const struct weir_origin_of_frames origin = { .halves = WEIR_KEY_BOTH };
	struct weir_packet_verdict verdicts[WIRE_BURST];
	struct weir_frame frames[WIRE_BURST];
	bool may_pass[WIRE_BURST];
	unsigned n = wire_receive(wire, side, frames);

	weir_worker_process(worker, &origin, frames, n, verdicts);
	for (unsigned i = 0; i < n; i++)
		may_pass[i] = verdicts[i].action == WEIR_PACKET_ALLOW;
	wire_settle(wire, side, may_pass);
	return n;
}

static int turn(void *context, struct weir_worker *worker)
{
	struct wire *wire = context;
	unsigned n = judge(wire, 0, worker) + judge(wire, 1, worker);

	if (n)
		return (int)n;
	wire_wait(wire, ENFORCER_WAIT_MS);
	return (int)(judge(wire, 0, worker) + judge(wire, 1, worker));
}

static void report(void *context, FILE *file)
{
	uint64_t received = 0, sent = 0, unsent = 0, lost = 0;
	struct wire_counters counters;

	for (unsigned side = 0; side < 2; side++) {
		wire_count(context, side, &counters);
		received += counters.received;
		sent += counters.sent;
		unsent += counters.unsent;
		lost += counters.lost;
	}
	fprintf(file,
		"received    %" PRIu64 "\nsent        %" PRIu64 "\nunsent      %" PRIu64
		"\nlost        %" PRIu64 "\n",
		received, sent, unsent, lost);
}

int main(int argc, char **argv)
{
	struct enforcer_driver driver = { "xdp-filter", turn, report, NULL };
	bool is_generic = argc == 5 && strcmp(argv[1], "--generic") == 0;
	char **arguments = argv + 1 + is_generic;
	struct wire *wire;
	int status;

	if (argc != 4 + is_generic) {
		fprintf(stderr, "usage: xdp-filter [--generic] POLICY.weir INTERFACE INTERFACE\n");
		return 2;
	}
	/* They have a lot to say, also when all goes well. */
	libbpf_set_print(NULL);
	libxdp_set_print(NULL);
	status = wire_open((const char *const[2]){ arguments[1], arguments[2] }, is_generic, &wire);
	if (status) {
		fprintf(stderr, "xdp-filter: %s and %s: %s\n", arguments[1], arguments[2],
			strerror(-status));
		return 2;
	}
	driver.context = wire;
	status = enforcer_run(arguments[0], &driver);
	wire_close(wire);
	return status;
}
