/*
 * latency.h - a histogram of how long packets were under way.
 *
 * Values are ticks of 32 cycles. Below 256 each has a count of its own; above, every power of two
 * is divided into 128 equal parts, so that a percentile is right to one part in 128, whatever its
 * size. (The idea is that of HdrHistogram, by Gil Tene.) Greatest and least are kept as they were.
 */
#ifndef WEIR_DPDK_LATENCY_H
#define WEIR_DPDK_LATENCY_H

#include <stdint.h>

enum {
	LATENCY_TICK_BITS = 5, /* of the cycle counter, that are not looked at */
	LATENCY_PART_BITS = 7,
	LATENCY_COUNTS = (32 - LATENCY_PART_BITS + 1) << LATENCY_PART_BITS,
};

struct latency {
	uint64_t count;
	uint32_t least; /* ticks; of nothing UINT32_MAX */
	uint32_t most;
	uint64_t counts[LATENCY_COUNTS];
};

/* The time by the cycle counter, as ticks that begin again every 2^37 cycles. */
static inline uint32_t latency_ticks(uint64_t cycles)
{
	return (uint32_t)(cycles >> LATENCY_TICK_BITS);
}

static inline uint32_t latency_place(uint32_t ticks)
{
	uint32_t power;

	if (ticks < 2u << LATENCY_PART_BITS)
		return ticks;
	power = 31u - (uint32_t)__builtin_clz(ticks) - LATENCY_PART_BITS;
	return (power << LATENCY_PART_BITS) + (ticks >> power);
}

static inline void latency_record(struct latency *latency, uint32_t ticks)
{
	latency->count++;
	latency->counts[latency_place(ticks)]++;
	if (ticks < latency->least)
		latency->least = ticks;
	if (ticks > latency->most)
		latency->most = ticks;
}

void latency_clear(struct latency *latency);
void latency_add(struct latency *sum, const struct latency *more);

/* In nanoseconds, where the cycle counter goes at hz. What so many percent of the packets took at
 * most: the last tick of the part in which the packet of that rank is, or what the slowest took; 0
 * of nothing. */
double latency_percentile(const struct latency *latency, double percent, uint64_t hz);
double latency_least(const struct latency *latency, uint64_t hz);
double latency_most(const struct latency *latency, uint64_t hz);

#endif
