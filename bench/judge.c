#include "judge.h"

static enum exit_code judge_result(const struct bench_group *group,
				   const struct bench_result *result)
{
	struct report_spread ratio;

	if (result->outcome == BENCH_WRONG)
		return EXIT_DIFFERENT;
	if (result->engine->is_peer && bench_ratio(group, result, &ratio) &&
	    report_is_unclear(&ratio))
		return EXIT_INCONCLUSIVE;
	return EXIT_CLEAN;
}

enum exit_code bench_judge(const struct bench_groups *groups)
{
	enum exit_code code = EXIT_CLEAN;

	for (size_t i = 0; i < groups->count; i++)
		for (size_t j = 0; j < groups->groups[i].result_count; j++)
			code = exit_code_worse(code, judge_result(&groups->groups[i],
								  &groups->groups[i].results[j]));
	return code;
}
