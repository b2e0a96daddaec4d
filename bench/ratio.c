/* Ratios. */
#include "run.h"

bool bench_ratio(const struct bench_group *group, const struct bench_result *result,
		 struct report_spread *out)
{
	const struct bench_result *first = &group->results[0];
	double ratios[REPORT_SAMPLES_MAX];

	if (first->outcome != BENCH_MEASURED || result->outcome != BENCH_MEASURED ||
	    group->samples > REPORT_SAMPLES_MAX)
		return false;
	for (unsigned i = 0; i < group->samples; i++)
		ratios[i] = first->samples[i] / result->samples[i];
	*out = report_spread_of(ratios, group->samples);
	return true;
}
