/*
 * bench_wire.h - the ports of a benchmark: two that are filtered between, two that a tester has.
 *
 *	tester 0 -> port 0 . filter . port 1 -> tester 1      and back
 *
 * Without a NIC they are rings in memory (net_ring), a queue for each worker on either side, and
 * nothing is copied. Otherwise they are what EAL was given: the first two are the filter's, and
 * whatever leads to them is what the next two send into; then what is sent may be under way for a
 * while.
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
	uint16_t most;    /* workers, */
	uint16_t workers; /* of which so many are used */
	bool is_rings;
	bool shares_processors; /* fewer of them than cores */
	bool has_eal;
};

/* Starts EAL: as the words behind -- say, or else without NICs and huge pages on processors that
 * this program may use; then the ports. Says why not, and returns a negative errno; to be finished
 * whatever came out. */
int wire_start(struct wire *wire, const struct invocation *invocation, uint16_t most, uint16_t mtu);
/* So many workers from now on. Says why not. */
int wire_use(struct wire *wire, uint16_t workers);
/* Queues that both of the tester's ports have, at most one for each worker. */
uint16_t wire_pairs(const struct wire *wire);
void wire_finish(struct wire *wire);

#endif
