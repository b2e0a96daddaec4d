/* Medians and spreads. */
#include <stdlib.h>
#include <string.h>

#include "run.h"

enum {
	SAMPLES_MAX = 1000,
	OUTSIDE = 20, /* one of so many, at each end */
};

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

struct bench_spread bench_spread_of(const double *samples, size_t count)
{
	double sorted[SAMPLES_MAX];
	size_t outside = count / OUTSIDE;

	if (!count || count > SAMPLES_MAX)
		return (struct bench_spread){ 0 };
	memcpy(sorted, samples, count * sizeof(*samples));
	qsort(sorted, count, sizeof(*sorted), compare);
	return (struct bench_spread){
		.median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2,
		.low = sorted[outside],
		.high = sorted[count - 1 - outside],
	};
}

bool bench_ratio(const struct bench_group *group, const struct bench_result *result,
		 struct bench_spread *out)
{
	const struct bench_result *first = &group->results[0];
	double ratios[SAMPLES_MAX];

	if (first->outcome != BENCH_MEASURED || result->outcome != BENCH_MEASURED ||
	    group->samples > SAMPLES_MAX)
		return false;
	for (unsigned i = 0; i < group->samples; i++)
		ratios[i] = first->samples[i] / result->samples[i];
	*out = bench_spread_of(ratios, group->samples);
	return true;
}

bool bench_is_unclear(const struct bench_spread *ratio)
{
	return ratio->low <= 1 && ratio->high >= 1;
}
