/*
 * statistics.h - medians and spreads of samples.
 */
#ifndef REPORT_STATISTICS_H
#define REPORT_STATISTICS_H

#include <stdbool.h>
#include <stddef.h>

enum {
	REPORT_SAMPLES_MAX = 1000,
};

/* The middle, and the lowest and highest without the outermost 5 % at each end. */
struct report_spread {
	double median;
	double low;
	double high;
};

/* All 0 of no samples, and of more than REPORT_SAMPLES_MAX. */
struct report_spread report_spread_of(const double *samples, size_t count);

/* Whether samples of a ratio do not agree which of the two is more. */
bool report_is_unclear(const struct report_spread *ratio);

#endif
