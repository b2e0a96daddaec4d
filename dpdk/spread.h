/*
 * spread.h - how a port's hardware spreads connections over queues, and the same sum in software.
 *
 * Both directions of a connection have one hash under a key of equal 16-bit words, so they come to
 * one queue. (Woo and Park, "Scalable TCP Session Monitoring with Symmetric Receive-side Scaling",
 * 2012.) What the hardware hashes of a packet depends on what it is able to: ports where it can,
 * else addresses alone.
 */
#ifndef WEIR_DPDK_SPREAD_H
#define WEIR_DPDK_SPREAD_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ethdev.h>

#include "weir/packet.h"

struct spread {
	uint64_t kinds;   /* RTE_ETH_RSS_ flags */
	uint16_t entries; /* of the table from hashes to queues; 0: nothing spreads */
	uint16_t queues;
};

/* Asks for it in the configuration of a port that can; none where it cannot. */
struct spread spread_configure(struct rte_eth_conf *conf, const struct rte_eth_dev_info *info,
			       uint16_t queues);
/* Fills the table of a port that was started. 0 or a negative errno. */
int spread_start(const struct spread *spread, uint16_t port);

bool spread_equal(const struct spread *a, const struct spread *b);

/* The queue of a connection's packets: an owner function of a worker, whose context is a struct
 * spread. */
uint16_t spread_owner(void *spread, const struct weir_tuple *tuple);

#endif
