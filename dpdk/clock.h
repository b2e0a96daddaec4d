/*
 * clock.h - nanoseconds since 1970, from the cycle counter.
 */
#ifndef WEIR_DPDK_CLOCK_H
#define WEIR_DPDK_CLOCK_H

#include <stdint.h>
#include <time.h>

#include <rte_cycles.h>

struct clock {
	uint64_t began; /* by the cycle counter */
	uint64_t time;  /* then */
	uint64_t scale; /* nanoseconds a cycle, of which 32 bits are the fraction */
};

static inline struct clock clock_begin(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (struct clock){
		.began = rte_rdtsc(),
		.time = (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec,
		.scale = (uint64_t)((double)(UINT64_C(1) << 32) * 1e9 / (double)rte_get_tsc_hz()),
	};
}

static inline uint64_t clock_now(const struct clock *clock)
{
	__extension__ unsigned __int128 product = rte_rdtsc() - clock->began;

	product *= clock->scale;
	return clock->time + (uint64_t)(product >> 32);
}

#endif
