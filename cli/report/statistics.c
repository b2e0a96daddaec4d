#include "statistics.h"

#include <stdlib.h>
#include <string.h>

enum {
	OUTSIDE = 20, /* one of so many, at each end */
};

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

struct report_spread report_spread_of(const double *samples, size_t count)
{
	double sorted[REPORT_SAMPLES_MAX];
	size_t outside = count / OUTSIDE;

	if (!count || count > REPORT_SAMPLES_MAX)
		return (struct report_spread){ 0 };
	memcpy(sorted, samples, count * sizeof(*samples));
	qsort(sorted, count, sizeof(*sorted), compare);
	return (struct report_spread){
		.median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2,
		.low = sorted[outside],
		.high = sorted[count - 1 - outside],
	};
}

bool report_is_unclear(const struct report_spread *ratio)
{
	return ratio->low <= 1 && ratio->high >= 1;
}
