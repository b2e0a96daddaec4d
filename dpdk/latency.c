#include "latency.h"

#include <assert.h>
#include <math.h>
#include <string.h>

static_assert(LATENCY_COUNTS == 26 << 7, "32 bits: 256 ticks, and 24 powers of 128 parts each");

void latency_clear(struct latency *latency)
{
	memset(latency, 0, sizeof(*latency));
	latency->least = UINT32_MAX;
}

void latency_add(struct latency *sum, const struct latency *more)
{
	sum->count += more->count;
	if (more->least < sum->least)
		sum->least = more->least;
	if (more->most > sum->most)
		sum->most = more->most;
	for (unsigned i = 0; i < LATENCY_COUNTS; i++)
		sum->counts[i] += more->counts[i];
}

static double nanoseconds(uint32_t ticks, uint64_t hz)
{
	return (double)ticks * (1 << LATENCY_TICK_BITS) * 1e9 / (double)hz;
}

/* The last value that has this place. */
static uint32_t last_of(uint32_t place)
{
	uint32_t power;
	uint64_t part;

	if (place < 2u << LATENCY_PART_BITS)
		return place;
	power = (place >> LATENCY_PART_BITS) - 1;
	part = place - (power << LATENCY_PART_BITS);
	return (uint32_t)(((part + 1) << power) - 1);
}

double latency_percentile(const struct latency *latency, double percent, uint64_t hz)
{
	uint64_t rank = (uint64_t)ceil((double)latency->count * percent / 100);
	uint64_t passed = 0;

	if (!latency->count)
		return 0;
	for (uint32_t i = 0; i < LATENCY_COUNTS; i++) {
		passed += latency->counts[i];
		if (passed && passed >= rank && last_of(i) < latency->most)
			return nanoseconds(last_of(i), hz);
	}
	return nanoseconds(latency->most, hz);
}

double latency_least(const struct latency *latency, uint64_t hz)
{
	return latency->count ? nanoseconds(latency->least, hz) : 0;
}

double latency_most(const struct latency *latency, uint64_t hz)
{
	return nanoseconds(latency->most, hz);
}
