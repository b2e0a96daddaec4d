/*
 * ports.h - the ports of the fast path: which there are, where each one's packets go, and queues.
 *
 * Every core has a queue of its own on each port as far as the port has so many; beyond that cores
 * share sending queues, and some receive from this port, some from that one. Where every port
 * spreads connections over all cores, both directions of one come to the same core, since the key
 * is symmetric. Where one does not, whoever receives a packet hands it to the core that has its
 * connection.
 */
#ifndef WEIR_DPDK_PORTS_H
#define WEIR_DPDK_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ether.h>
#include <rte_mbuf.h>
#include <rte_spinlock.h>

#include "spread.h"

enum {
	PORTS_MAX = 32,
	QUEUES_MAX = 64,
};

struct command;

enum wiring {
	WIRING_PAIRS,     /* 0 and 1, 2 and 3, ... */
	WIRING_ONE_ARMED, /* out where it came in */
};

struct port {
	uint16_t id;
	uint16_t to; /* the id of the port by which its packets leave */
	uint16_t receiving_queues;
	uint16_t sending_queues;
	struct spread spread;
	bool is_started;
	char name[64];
	rte_spinlock_t sending[QUEUES_MAX]; /* several cores may have one queue */
};

struct ports_options {
	const struct command *command; /* that complaints name */
	enum wiring wiring;
	uint16_t cores;
	uint16_t mtu;
	uint32_t buffers; /* of packets; 0: as many as all queues and cores can hold */
	uint16_t first;   /* of the ports that there are, and how many; 0: all */
	uint16_t most;
	bool has_next_hop;
	struct rte_ether_addr next_hop; /* which packets are addressed to when they leave */
};

struct ports {
	struct ports_options options;
	struct rte_mempool *pool;
	struct port port[PORTS_MAX];
	uint16_t count;
	uint16_t to[RTE_MAX_ETHPORTS]; /* place in port of where a port's packets leave */
	struct spread spread;          /* over all cores, where every port has this one */
};

/* That everything named behind -- is a port: EAL goes on without a device that it cannot set up,
 * and the others would then be paired otherwise than whoever named them means. */
int ports_check_named(const struct command *command);

/* Configures and starts all ports that there are. Says why not, and returns a negative errno. */
int ports_start(struct ports *ports, const struct ports_options *options);
void ports_stop(struct ports *ports);

/* The same ports with queues for so many cores, at most as many as they were started for. Says why
 * not: some drivers start once only. */
int ports_resize(struct ports *ports, uint16_t cores);

/* Waits until every port has its link: some have it only once the other end is there. Says which
 * has none. */
int ports_await_links(const struct ports *ports);

/* The queue of the port at that place from which a core receives, or NO_QUEUE. */
enum { NO_QUEUE = UINT16_MAX };
uint16_t ports_queue(const struct ports *ports, uint16_t place, uint16_t core);

/* Sends through the port at that place, by the core's queue, and returns how many went. */
uint16_t ports_send(struct ports *ports, uint16_t place, uint16_t core, struct rte_mbuf **packets,
		    uint16_t n);

#endif
