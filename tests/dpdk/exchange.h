/*
 * exchange.h - two ports that are rings, a generated cluster, and a stage between the ports that a
 * test writes.
 */
#ifndef WEIR_TESTS_DPDK_EXCHANGE_H
#define WEIR_TESTS_DPDK_EXCHANGE_H

#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "checker.h"
#include "generator.h"

/* Starts EAL without hugepages, devices or files. */
void exchange_start_eal(const char *name);

struct exchange {
	struct exchange_side sides[FRAME_WAYS];
	struct rte_ring *into[FRAME_WAYS];   /* what was sent by a side */
	struct rte_ring *out_of[FRAME_WAYS]; /* what that side receives */
	struct rte_mempool *pool;
};

/* Once a program. */
void exchange_make(struct exchange *exchange, uint32_t packets);
void exchange_finish(struct exchange *exchange);

/* How many packets are in use. */
uint32_t exchange_in_use(const struct exchange *exchange);

/* Carries everything to the other side. */
void exchange_carry(struct exchange *exchange);

/* Of a cluster of 60 pods. */
struct traffic *exchange_traffic(const struct traffic_options *options);

#endif
