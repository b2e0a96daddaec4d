/* -o csv: a row a case. */
#include "report.h"

#include "csv.h"

static const char *const titles[] = {
	"workload", "sides",   "caches",     "keys_a_call",   "keys",           "allowed",
	"engine",   "outcome", "why",        "build_seconds", "bytes",          "median",
	"p5",       "p95",     "weir_ratio", "weir_ratio_p5", "weir_ratio_p95", "unclear",
};

static void number(struct report_csv *csv, double value)
{
	char text[40];

	snprintf(text, sizeof(text), "%.9g", value);
	report_csv_string(csv, text);
}

static void spread(struct report_csv *csv, const struct report_spread *given)
{
	if (!given) {
		for (unsigned i = 0; i < 3; i++)
			report_csv_empty(csv);
		return;
	}
	number(csv, given->median);
	number(csv, given->low);
	number(csv, given->high);
}

static void print_figures(struct report_csv *csv, const struct bench_group *group,
			  const struct bench_result *result)
{
	struct report_spread speed, ratio;
	bool is_compared = result->engine->is_peer && bench_ratio(group, result, &ratio);

	if (result->outcome == BENCH_MEASURED) {
		speed = report_spread_of(result->samples, group->samples);
		spread(csv, &speed);
	} else {
		spread(csv, NULL);
	}
	spread(csv, is_compared ? &ratio : NULL);
	if (is_compared)
		report_csv_string(csv, report_is_unclear(&ratio) ? "true" : "false");
	else
		report_csv_empty(csv);
}

static void print_case(struct report_csv *csv, const struct bench_group *group,
		       const struct bench_result *result)
{
	report_csv_string(csv, group->workload);
	report_csv_string(csv, bench_halves_name(group->halves));
	report_csv_string(csv, bench_way_is_cold(group->way) ? "cold" : "warm");
	report_csv_number(csv, bench_way_burst(group->way));
	report_csv_number(csv, group->key_count);
	report_csv_number(csv, group->allowed);
	report_csv_string(csv, result->engine->name);
	report_csv_string(csv, bench_outcome_name(result->outcome));
	report_csv_string(csv, result->error.text);
	if (result->outcome == BENCH_DECLINED) {
		report_csv_empty(csv);
		report_csv_empty(csv);
	} else {
		number(csv, result->build_seconds);
		report_csv_number(csv, result->bytes);
	}
	print_figures(csv, group, result);
	report_csv_end_row(csv);
}

static void print(const struct bench_report *report, FILE *file)
{
	struct report_csv csv = report_csv_to(file);

	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		report_csv_string(&csv, titles[i]);
	report_csv_end_row(&csv);
	for (size_t i = 0; i < report->groups->count; i++)
		for (size_t j = 0; j < report->groups->groups[i].result_count; j++)
			print_case(&csv, &report->groups->groups[i],
				   &report->groups->groups[i].results[j]);
}

const struct bench_format bench_csv = { print };
