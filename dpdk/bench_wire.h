/*
 * bench_wire.h - the ports of a benchmark: two that are filtered between, two that a tester has.
 *
 *	tester 0 -> port 0 . filter . port 1 -> tester 1      and back
 *
 * Without a NIC they are rings in memory (net_ring), a queue for each worker, and nothing is
 * copied. Otherwise they are what EAL was given: the first two are the filter's, and whatever leads
 * to them is what the next two send into.
 */
#ifndef WEIR_DPDK_BENCH_WIRE_H
#define WEIR_DPDK_BENCH_WIRE_H

#include "command.h"
#include "ports.h"

enum {
	WIRE_SIDES = 2,
	WIRE_WORKERS_MAX = 16,
};

struct wire {
	struct ports filter;
	struct ports tester;
	struct rte_ring *rings[2 * WIRE_SIDES][WIRE_WORKERS_MAX];
	uint16_t workers;
	bool is_rings;
	bool shares_processors; /* fewer of them than cores */
	bool has_eal;
};

/* Starts EAL: as the words behind -- say, or else without NICs and huge pages on processors that
 * this program may use; then the ports. Says why not, and returns a negative errno; to be finished
 * whatever came out. */
int wire_start(struct wire *wire, const struct invocation *invocation, uint16_t workers,
	       uint16_t mtu);
void wire_finish(struct wire *wire);

#endif
