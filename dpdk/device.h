/*
 * device.h - a filter on ports as the device of a trial: traffic in, what became of it out.
 *
 * The filter's loops run on EAL's cores but the first; that one generates and checks. Into rings it
 * sends for each worker the flows of its own, so that a connection comes to one queue whichever way
 * it goes; other ports spread them, or workers hand them over. Or filter, generator and checker
 * take turns on the first core: then nothing is lost, nothing waits for another core, and bursts
 * are full: so the cycles of a packet are counted.
 */
#ifndef WEIR_DPDK_DEVICE_H
#define WEIR_DPDK_DEVICE_H

#include "weir/slot.h"

#include "checker.h"
#include "peers.h"
#include "search.h"
#include "bench_wire.h"

/* What tests a device: of any number of devices, one after the other. */
struct device_tester {
	struct wire *wire;
	struct generator *generators[WIRE_WORKERS_MAX];
	struct checker *checkers[WIRE_WORKERS_MAX];
	uint16_t pairs; /* of these two there are */
	struct rte_mempool *pool;
	uint16_t run;            /* the trial's number */
	struct weir_error error; /* why one could not begin */
};

/* -EINVAL, -ENOMEM: the error says why. The traffic is borrowed. */
int device_tester_create(struct wire *wire, struct traffic *traffic, struct device_tester *out,
			 struct weir_error *error);
void device_tester_finish(struct device_tester *tester);

struct device_options {
	struct device_tester *tester;
	const struct clock *clock;
	const struct peer *peer;        /* NULL: weir, by the policy */
	const struct peer_rules *rules; /* of a peer that has them */
	struct weir_policy *policy;
	uint32_t max_flows;
};

/* What the loops counted. */
struct device_sums {
	uint64_t packets; /* that they received, */
	uint64_t bursts;  /* in so many bursts */
	uint64_t sent;
	uint64_t busy; /* cycles, */
	uint64_t stalled;
};

struct device {
	struct device_options options;
	struct weir_slot *slot;
	struct loop *loops; /* by worker */
	struct loop_judge judges[WIRE_WORKERS_MAX];
	struct rte_ring *rings[WIRE_WORKERS_MAX];
	struct device_sums before; /* the trial */
	bool is_running;
};

/* -ENOMEM and others; one that failed is finished already. It stays where it is: loops point into
 * it. */
int device_create(struct device *device, const struct device_options *options);
void device_finish(struct device *device);

/* Starts the loops on their cores, and stops them. */
int device_start(struct device *device);
void device_stop(struct device *device);

struct device_load {
	uint64_t rate; /* packets a second; 0: as many as are taken */
	uint64_t packets;
	const struct traffic_mix *mix;
	uint32_t step;     /* among all flows; the others as in generator.h */
	uint16_t openings; /* of GEN_ALL */
	uint16_t replies;
	uint16_t fragments;
	uint16_t extensions;
	uint16_t malformed;
	struct weir_policy
		*replacement; /* is put in force when half of the packets are out; or NULL */
};

struct device_trial {
	struct search_trial counted;
	struct traffic_outcome outcome;
	struct latency latency;
	uint64_t packets;   /* that the loops received, */
	uint64_t bursts;    /* in so many bursts, */
	uint64_t busy;      /* and cycles that they took */
	double away;        /* share of their time in which the loops had no processor */
	uint64_t stolen_ms; /* from the whole machine, as the hypervisor tells */
};

/* Whether a share of the loops' time was away that matters to cycles of a packet and to latency. */
bool device_was_away(const struct device_trial *trial);

/* A trial of a device that runs, or by turns of one that does not. -EINVAL, -ETIMEDOUT, -ENOMEM. */
int device_try(struct device *device, const struct device_load *load, struct device_trial *out);
int device_try_by_turns(struct device *device, const struct device_load *load,
			struct device_trial *out);

/* What was wrong with a trial, in words; NULL: nothing. */
/* Whatever is between the ports: where packets came out, and how often. */
const char *device_find_strays(const struct device_trial *trial);
/* Of a filter: what is to be denied. */
const char *device_find_leaks(const struct device_trial *trial);
/* Where nothing can have been lost: connections of which nothing came. */
const char *device_find_silence(const struct device_trial *trial);

#endif
