/* -o csv: a row an engine in a case. */
#include <stdio.h>

#include "csv.h"
#include "measure_print.h"

static const char *const titles[] = {
	"pods",
	"policies",
	"workers",
	"flows",
	"frame",
	"engine",
	"outcome",
	"why",
	"cycles",
	"cycles_p5",
	"cycles_p95",
	"nanoseconds",
	"packets_a_burst",
	"weir_ratio",
	"weir_ratio_p5",
	"weir_ratio_p95",
	"weir_ratio_unclear",
	"no_drop",
	"no_drop_p5",
	"no_drop_p95",
	"no_drop_unclear",
	"partial_drop",
	"partial_drop_p5",
	"partial_drop_p95",
	"partial_drop_unclear",
	"reload_lost",
	"reload_blocked_ns",
	"trials",
	"disturbed",
	"stolen_ms",
};
/* Of each of the points, with "at10_" and so on in front. */
static const char *const point_titles[] = {
	"rate",   "offered", "carried", "lost",    "disturbed",
	"p50_us", "p90_us",  "p99_us",  "p999_us", "max_us",
};

enum { POINT_TITLES = sizeof(point_titles) / sizeof(point_titles[0]) };

static void number(struct report_csv *csv, double value)
{
	char text[40];

	snprintf(text, sizeof(text), "%.9g", value);
	report_csv_string(csv, text);
}

static void truth(struct report_csv *csv, bool value)
{
	report_csv_string(csv, value ? "true" : "false");
}

static void nothing(struct report_csv *csv, unsigned times)
{
	for (unsigned i = 0; i < times; i++)
		report_csv_empty(csv);
}

static void spread(struct report_csv *csv, const struct report_spread *given)
{
	number(csv, given->median);
	number(csv, given->low);
	number(csv, given->high);
}

static void print_cost(struct report_csv *csv, const struct measurement *measurement,
		       const struct measure_case *one, const struct measure_result *result)
{
	struct report_spread cycles =
		report_spread_of(result->cycles, measurement->settings->rounds);
	struct report_spread ratio;

	if (result->outcome != MEASURE_MEASURED || !measure_has_cost(measurement->settings)) {
		nothing(csv, 9);
		return;
	}
	spread(csv, &cycles);
	number(csv, measure_cost(measurement, result).median);
	number(csv, result->burst);
	if (!measure_ratio(measurement, one, result, &ratio)) {
		nothing(csv, 4);
		return;
	}
	spread(csv, &ratio);
	truth(csv, report_is_unclear(&ratio));
}

static void print_rate(struct report_csv *csv, const struct measurement *measurement,
		       const struct measure_result *result, const struct measure_rate *rate)
{
	struct report_spread found = measure_rate(measurement, rate);

	if (result->outcome != MEASURE_MEASURED || !measure_has_rates(measurement->settings)) {
		nothing(csv, 4);
		return;
	}
	spread(csv, &found);
	truth(csv, rate->is_unclear);
}

static void print_reload(struct report_csv *csv, const struct measure_reload *reload)
{
	if (!reload->is_measured) {
		nothing(csv, 2);
		return;
	}
	report_csv_number(csv, reload->counted.lost);
	number(csv, measure_blocked(reload));
}

static void print_point(struct report_csv *csv, const struct measure_point *point)
{
	report_csv_number(csv, point->counted.rate);
	report_csv_number(csv, point->counted.offered);
	report_csv_number(csv, measure_carried(&point->counted));
	report_csv_number(csv, point->counted.lost);
	truth(csv, point->is_disturbed);
	for (unsigned i = 0; i < 5; i++)
		number(csv, point->microseconds[i]);
}

static void print_result(struct report_csv *csv, const struct measurement *measurement,
			 const struct measure_case *one, const struct measure_result *result,
			 size_t points)
{
	report_csv_number(csv, measure_pods(&one->counts));
	report_csv_number(csv, measure_policies(&one->counts));
	report_csv_number(csv, one->workers);
	report_csv_number(csv, one->flows);
	report_csv_string(csv, one->frame->name);
	report_csv_string(csv, result->name);
	report_csv_string(csv, measure_outcome_name(result->outcome));
	report_csv_string(csv, result->error.text);
	print_cost(csv, measurement, one, result);
	print_rate(csv, measurement, result, &result->no_drop);
	print_rate(csv, measurement, result, &result->partial);
	print_reload(csv, &result->reload);
	report_csv_number(csv, result->trials);
	report_csv_number(csv, result->disturbed);
	report_csv_number(csv, result->stolen_ms);
	for (size_t i = 0; i < points; i++) {
		if (i < result->point_count)
			print_point(csv, &result->points[i]);
		else
			nothing(csv, POINT_TITLES);
	}
	report_csv_end_row(csv);
}

static size_t count_points(const struct measure_settings *settings)
{
	if (settings->rate)
		return 1;
	return measure_has_rates(settings) ? MEASURE_POINTS : 0;
}

static void print_titles(struct report_csv *csv, const struct measure_settings *settings)
{
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		report_csv_string(csv, titles[i]);
	for (size_t i = 0; i < count_points(settings); i++)
		for (size_t j = 0; j < POINT_TITLES; j++) {
			char title[40];

			if (settings->rate)
				snprintf(title, sizeof(title), "%s", point_titles[j]);
			else
				snprintf(title, sizeof(title), "at%u_%s", measure_percents[i],
					 point_titles[j]);
			report_csv_string(csv, title);
		}
	report_csv_end_row(csv);
}

void measure_print_csv(const struct measurement *measurement, FILE *file)
{
	struct report_csv csv = report_csv_to(file);

	print_titles(&csv, measurement->settings);
	for (size_t i = 0; i < measurement->case_count; i++)
		for (size_t j = 0; j < measurement->cases[i].result_count; j++)
			print_result(&csv, measurement, &measurement->cases[i],
				     &measurement->cases[i].results[j],
				     count_points(measurement->settings));
}
