#include "dataplane.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "memory.h"
#include "say.h"

enum {
	RING = 4096, /* packets on their way from other cores */
	DRAIN_MS = 1000,
};

static const enum fate monitoring[WEIR_PACKET_ACTIONS] = {
	[WEIR_PACKET_DENY] = FATE_SEND,
	[WEIR_PACKET_ALLOW] = FATE_SEND,
	[WEIR_PACKET_WAIT] = FATE_SEND,
	[WEIR_PACKET_ELSEWHERE] = FATE_HAND,
};

/* The cores but the first. */
static int find_cores(struct dataplane *dataplane)
{
	unsigned lcore;

	RTE_LCORE_FOREACH_WORKER(lcore)
	dataplane->lcores[dataplane->cores++] = lcore;
	if (dataplane->cores)
		return 0;
	say("there is no core for packets: the first one steers, so name two behind --, as in "
	    "-l 0,1, or in --lcores '0@0,1@0' on one processor");
	return -EINVAL;
}

static int make_rings(struct dataplane *dataplane)
{
	for (uint16_t i = 0; i < dataplane->cores; i++) {
		char name[RTE_RING_NAMESIZE];

		snprintf(name, sizeof(name), "weir-to-%u", i);
		dataplane->rings[i] =
			rte_ring_create(name, RING, (int)rte_socket_id(), RING_F_SC_DEQ);
		if (!dataplane->rings[i])
			return -ENOMEM;
	}
	return 0;
}

static int make_loops(struct dataplane *dataplane)
{
	struct loop_options options = {
		.ports = &dataplane->ports,
		.clock = &dataplane->clock,
		.worker = dataplane->options.worker,
		.origin = dataplane->options.origin,
		.rings = dataplane->rings,
		.samples = dataplane->samples,
	};
	int status = weir_slot_create(dataplane->policy, dataplane->cores, NULL, &dataplane->slot);

	memcpy(options.fates, dataplane->options.mode == MODE_MONITOR ? monitoring : loop_enforcing,
	       sizeof(options.fates));
	dataplane->loops = calloc(dataplane->cores, sizeof(*dataplane->loops));
	if (!dataplane->loops)
		return -ENOMEM;
	options.worker.allocator = &large_memory;
	options.worker.slot = dataplane->slot;
	options.worker.max_waiting = LOOP_WAITING;
	options.worker.count = dataplane->cores;
	loop_expect(&dataplane->ports, &options.worker);
	for (uint16_t i = 0; !status && i < dataplane->cores; i++) {
		options.worker.index = i;
		status = loop_init(&dataplane->loops[i], &options);
	}
	return status;
}

static int start(struct dataplane *dataplane)
{
	int status = find_cores(dataplane);

	if (status)
		return status;
	dataplane->options.ports.cores = dataplane->cores;
	status = ports_start(&dataplane->ports, &dataplane->options.ports);
	if (status)
		return status;
	if (dataplane->options.samples.path)
		status = samples_open(&dataplane->options.samples, dataplane->cores,
				      &dataplane->samples);
	if (!status)
		status = make_rings(dataplane);
	if (!status)
		status = make_loops(dataplane);
	if (status) {
		say("cannot set up its cores: %s", strerror(-status));
		return status;
	}
	for (uint16_t i = 0; !status && i < dataplane->cores; i++)
		status =
			rte_eal_remote_launch(loop_run, &dataplane->loops[i], dataplane->lcores[i]);
	return status;
}

int dataplane_start(struct dataplane *dataplane, const struct dataplane_options *options,
		    struct weir_policy *policy)
{
	memset(dataplane, 0, sizeof(*dataplane));
	pthread_mutex_init(&dataplane->lock, NULL);
	dataplane->options = *options;
	dataplane->clock = clock_begin();
	dataplane->policy = weir_policy_ref(policy);
	dataplane->policies = 1;
	return start(dataplane);
}

static void await(const struct dataplane *dataplane, enum loop_state state)
{
	for (unsigned ms = 0; ms < DRAIN_MS; ms++) {
		uint16_t reached = 0;

		for (uint16_t i = 0; i < dataplane->cores; i++)
			reached += loop_has_reached(&dataplane->loops[i], state);
		if (reached == dataplane->cores)
			return;
		rte_delay_us_sleep(1000);
	}
}

/* No packet is lost between cores: none stops before all have ceased to receive. */
void dataplane_stop(struct dataplane *dataplane)
{
	if (!dataplane->loops)
		return;
	for (enum loop_state state = LOOP_DRAIN; state <= LOOP_STOP; state++) {
		for (uint16_t i = 0; i < dataplane->cores; i++)
			loop_tell(&dataplane->loops[i], state);
		await(dataplane, state);
	}
	rte_eal_mp_wait_lcore();
}

void dataplane_finish(struct dataplane *dataplane)
{
	for (uint16_t i = 0; dataplane->loops && i < dataplane->cores; i++)
		loop_finish(&dataplane->loops[i]);
	free(dataplane->loops);
	samples_destroy(dataplane->samples);
	ports_stop(&dataplane->ports);
	for (uint16_t i = 0; i < dataplane->cores; i++)
		rte_ring_free(dataplane->rings[i]);
	weir_slot_destroy(dataplane->slot);
	weir_policy_unref(dataplane->policy);
	pthread_mutex_destroy(&dataplane->lock);
}

/* Policies. */

int dataplane_replace(struct dataplane *dataplane, struct weir_policy *policy)
{
	int status;

	pthread_mutex_lock(&dataplane->lock);
	status = weir_slot_publish(dataplane->slot, policy);
	if (!status) {
		weir_policy_unref(dataplane->policy);
		dataplane->policy = weir_policy_ref(policy);
		dataplane->policies++;
	}
	pthread_mutex_unlock(&dataplane->lock);
	return status;
}

void dataplane_refuse(struct dataplane *dataplane)
{
	pthread_mutex_lock(&dataplane->lock);
	dataplane->refused_policies++;
	pthread_mutex_unlock(&dataplane->lock);
}

void dataplane_tidy(struct dataplane *dataplane)
{
	pthread_mutex_lock(&dataplane->lock);
	weir_slot_reclaim(dataplane->slot);
	pthread_mutex_unlock(&dataplane->lock);
}

/* Counters. */

uint64_t dataplane_idle(const struct dataplane *dataplane)
{
	uint64_t least = UINT64_MAX;

	for (uint16_t i = 0; i < dataplane->cores; i++) {
		uint64_t idle = loop_idle(&dataplane->loops[i]);

		if (idle < least)
			least = idle;
	}
	return least;
}

/* They are made of 64-bit numbers throughout. */
static_assert(sizeof(struct loop_counters) % sizeof(uint64_t) == 0, "all numbers of 64 bits");
static_assert(sizeof(size_t) == sizeof(uint64_t), "also the bytes of memory");

static void add(struct loop_counters *sum, const struct loop_counters *more)
{
	const uint64_t *from = (const uint64_t *)more;
	uint64_t *to = (uint64_t *)sum;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}

static int count(struct dataplane *dataplane, struct dataplane_counters *out)
{
	for (uint16_t i = 0; i < dataplane->cores; i++) {
		struct loop_counters counters;

		if (!loop_count(&dataplane->loops[i], &counters))
			return -ETIMEDOUT;
		add(&out->loops, &counters);
	}
	for (uint16_t i = 0; i < dataplane->ports.count; i++) {
		struct rte_eth_stats stats;

		if (rte_eth_stats_get(dataplane->ports.port[i].id, &stats))
			continue;
		out->missed[i] = stats.imissed + stats.rx_nombuf;
		out->errors[i] = stats.oerrors;
	}
	if (dataplane->samples)
		samples_count(dataplane->samples, &out->samples, &out->lost_samples);
	out->policies = dataplane->policies;
	out->refused_policies = dataplane->refused_policies;
	return 0;
}

int dataplane_count(struct dataplane *dataplane, struct dataplane_counters *out)
{
	struct dataplane_counters counters = { 0 };
	int status;

	pthread_mutex_lock(&dataplane->lock);
	status = count(dataplane, &counters);
	pthread_mutex_unlock(&dataplane->lock);
	if (!status)
		*out = counters;
	return status;
}
