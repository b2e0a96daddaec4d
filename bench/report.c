#include "report.h"

#include "text.h"

const struct bench_format *const bench_formats[] = { &bench_table, &bench_json, &bench_csv,
						     &bench_html };

void bench_describe_group(const struct bench_group *group, struct report_text *out)
{
	report_text_format(
		out, "%s (%s), %s, %s; %zu keys, %.0f%% allowed", group->workload, group->summary,
		group->halves == BENCH_BOTH ? "both sides" : bench_halves_name(group->halves),
		bench_way_name(group->way), group->key_count,
		100.0 * (double)group->allowed / (double)group->key_count);
}

const char *bench_outcome_name(enum bench_outcome outcome)
{
	static const char *const names[] = {
		[BENCH_DECLINED] = "declined",
		[BENCH_WRONG] = "WRONG",
		[BENCH_RIGHT] = "right",
		[BENCH_MEASURED] = "measured",
	};

	return names[outcome];
}
