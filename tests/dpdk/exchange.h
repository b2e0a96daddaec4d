/*
 * exchange.h - two ports that are rings, a generated cluster, and a stage between the ports that a
 * test writes.
 */
#ifndef WEIR_TESTS_DPDK_EXCHANGE_H
#define WEIR_TESTS_DPDK_EXCHANGE_H

#include <stdint.h>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "weir/policy.h"

#include "checker.h"
#include "generator.h"

enum { EXCHANGE_BURST = 256 };

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

/* Gets at most EXCHANGE_BURST packets of one direction, gives at most twice as many, and returns
 * how many. What it does not give it frees or keeps. */
typedef unsigned exchange_stage(struct rte_mbuf **in, unsigned n, struct rte_mbuf **out);
exchange_stage exchange_everything;

/* Carries what was sent to the other side, through a stage. */
void exchange_carry(struct exchange *exchange, exchange_stage *stage);

/* The test fails where there is none. */
struct stamp exchange_stamp(const struct rte_mbuf *packet);

/* Of a cluster of 60 pods of two families; its compiled policy too, unless policy is NULL. */
struct traffic *exchange_traffic(const struct traffic_options *options,
				 struct weir_policy **policy);

/* The status of such traffic that cannot be. */
int exchange_refused(const struct traffic_options *options, struct weir_error *error);

#endif
