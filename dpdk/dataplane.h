/*
 * dataplane.h - ports, a policy in force, and a loop on every core but the first, which steers.
 */
#ifndef WEIR_DPDK_DATAPLANE_H
#define WEIR_DPDK_DATAPLANE_H

#include <pthread.h>

#include "weir/slot.h"

#include "loop.h"

enum mode {
	MODE_ENFORCE,
	MODE_MONITOR, /* everything is sent, whatever its verdict */
};

struct dataplane_options {
	struct ports_options ports; /* but for the cores: EAL knows them */
	struct weir_worker_options worker;
	struct weir_origin_of_frames origin;
	enum mode mode;
	struct samples_options samples;
};

struct dataplane_counters {
	struct loop_counters loops; /* of all of them together */
	uint64_t missed[PORTS_MAX]; /* by place: packets that came too fast for the port's queues */
	uint64_t errors[PORTS_MAX]; /* by place: packets that the port took, and could not send */
	uint64_t policies;          /* that have been in force */
	uint64_t refused_policies;  /* that could not take its place */
	uint64_t samples;           /* written */
	uint64_t lost_samples;      /* that came faster than they could be written */
};

struct dataplane {
	struct dataplane_options options;
	struct clock clock;
	struct ports ports;
	struct loop *loops; /* by core */
	struct rte_ring *rings[RTE_MAX_LCORE];
	unsigned lcores[RTE_MAX_LCORE];
	uint16_t cores;
	struct samples *samples; /* or NULL */
	/* Below: whoever steers, or asks, holds the lock. */
	pthread_mutex_t lock;
	struct weir_slot *slot;
	struct weir_policy *policy; /* in force */
	uint64_t policies;
	uint64_t refused_policies;
};

/* Starts ports and loops, with EAL up. Says why not, and returns a negative errno; to be finished
 * whatever came out. */
int dataplane_start(struct dataplane *dataplane, const struct dataplane_options *options,
		    struct weir_policy *policy);

/* Receives nothing more, lets the cores finish what they have, and stops them. */
void dataplane_stop(struct dataplane *dataplane);
void dataplane_finish(struct dataplane *dataplane);

/* Puts a policy in force. The old one stays when it cannot: a negative errno. */
int dataplane_replace(struct dataplane *dataplane, struct weir_policy *policy);
/* Counts a policy that never came so far. */
void dataplane_refuse(struct dataplane *dataplane);

/* Lets go of policies that no core holds any more: to be called now and then. */
void dataplane_tidy(struct dataplane *dataplane);

/* For how many nanoseconds every core has looked for packets in vain. */
uint64_t dataplane_idle(const struct dataplane *dataplane);

/* -ETIMEDOUT: a core does not answer. */
int dataplane_count(struct dataplane *dataplane, struct dataplane_counters *out);

#endif
