/*
 * stopwatch.h - the thin runner over Google Benchmark: what is timed side by side.
 *
 * All that is given is timed in turns, in random order within a round, and a round is one sample of
 * each. Time is the processor time of the thread, so that what else the machine does shows as
 * little as can be.
 */
#ifndef WEIR_BENCH_STOPWATCH_H
#define WEIR_BENCH_STOPWATCH_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bench_timed {
	const char *name;
	void *work;
	/* Before each sample, untimed. */
	void (*warm)(void *work);
	/* Done over and over; returns how many keys that were. */
	size_t (*run)(void *work);
	/* Before each run, untimed, and then so many runs make a sample; NULL: as many as take the
	 * time. */
	void (*chill)(void *work);
	size_t runs;
	double *samples; /* to be filled in: keys a second */
};

/* False: something was not timed. */
bool bench_time(const struct bench_timed *timed, size_t count, unsigned samples, double seconds);

#ifdef __cplusplus
}
#endif
#endif
