/*
 * samples.h - how long something took, again and again.
 */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stdint.h>

/* Of the thread's processor time. */
double samples_clock(void);

/* Sorts the samples, in seconds, and prints the row of a table in microseconds: the median, what 99 of
 * 100 are within, and the worst. */
void samples_print(const char *name, uint32_t pods, double *samples, uint32_t count);

#endif
