/* -o table */
#include <inttypes.h>
#include <stdio.h>

#include "measure_print.h"
#include "table.h"

static const struct report_column columns[] = {
	{ "PODS", REPORT_RIGHT, 0 },    { "POLICIES", REPORT_RIGHT, 0 },
	{ "WORKERS", REPORT_RIGHT, 0 }, { "FLOWS", REPORT_RIGHT, 0 },
	{ "FRAMES", REPORT_LEFT, 0 },   { "ENGINE", REPORT_LEFT, 0 },
	{ "CYCLES", REPORT_RIGHT, 0 },  { "NS", REPORT_RIGHT, 0 },
	{ "WEIR IS", REPORT_RIGHT, 0 }, { "NO DROP", REPORT_RIGHT, 0 },
	{ "RANGE", REPORT_RIGHT, 1 },   { "LITTLE DROP", REPORT_RIGHT, 0 },
	{ "RANGE", REPORT_RIGHT, 2 },   { "", REPORT_LEFT, 0 },
};
enum {
	OF_CASE = 5, /* columns say which case it is: its own table is without them */
	COLUMNS = sizeof(columns) / sizeof(columns[0]),
};

static const struct report_column point_columns[] = {
	{ "ENGINE", REPORT_LEFT, 0 },   { "AT", REPORT_RIGHT, 0 },   { "OFFERED", REPORT_RIGHT, 0 },
	{ "CARRIED", REPORT_RIGHT, 0 }, { "LOST", REPORT_RIGHT, 0 }, { "P50", REPORT_RIGHT, 0 },
	{ "P90", REPORT_RIGHT, 0 },     { "P99", REPORT_RIGHT, 0 },  { "P99.9", REPORT_RIGHT, 0 },
	{ "MAX", REPORT_RIGHT, 0 },     { "", REPORT_LEFT, 0 },
};

static void print_cost(const struct measurement *measurement, const struct measure_case *one,
		       const struct measure_result *result, struct report_table *table)
{
	struct report_spread ratio;

	if (result->outcome != MEASURE_MEASURED || !measure_has_cost(measurement->settings)) {
		for (unsigned i = 0; i < 3; i++)
			report_table_cell(table, REPORT_PLAIN, "");
		return;
	}
	report_table_cell_format(
		table, REPORT_PLAIN, "%.0f",
		report_spread_of(result->cycles, measurement->settings->rounds).median);
	report_table_cell_format(table, REPORT_PLAIN, "%.1f",
				 measure_cost(measurement, result).median);
	if (measure_ratio(measurement, one, result, &ratio))
		report_table_cell_format(table,
					 report_is_unclear(&ratio) ? REPORT_DOUBT : REPORT_PLAIN,
					 "%.2fx (%.2f-%.2f)%s", ratio.median, ratio.low, ratio.high,
					 report_is_unclear(&ratio) ? ", unclear" : "");
	else
		report_table_cell(table, REPORT_PLAIN, "");
}

static void print_rate(const struct measurement *measurement, const struct measure_result *result,
		       const struct measure_rate *rate, struct report_table *table)
{
	struct report_spread found = measure_rate(measurement, rate);

	if (result->outcome != MEASURE_MEASURED || !measure_has_rates(measurement->settings)) {
		report_table_cell(table, REPORT_PLAIN, "");
		report_table_cell(table, REPORT_PLAIN, "");
		return;
	}
	report_table_cell_format(table, rate->is_unclear ? REPORT_DOUBT : REPORT_PLAIN,
				 "%s%.2f Mpps%s", rate->all ? ">=" : "", found.median * 1e-6,
				 rate->is_unclear ? ", unclear" : "");
	report_table_cell_format(table, REPORT_PLAIN, "%.2f-%.2f", found.low * 1e-6,
				 found.high * 1e-6);
}

static void print_outcome(const struct measure_result *result, struct report_table *table)
{
	if (result->outcome == MEASURE_MEASURED)
		report_table_cell(table, REPORT_PLAIN, "");
	else
		report_table_cell_format(
			table, result->outcome == MEASURE_WRONG ? REPORT_BAD : REPORT_FAINT,
			"%s: %s", measure_outcome_name(result->outcome), result->error.text);
}

static void print_engine(const struct measurement *measurement, const struct measure_case *one,
			 const struct measure_result *result, struct report_table *table)
{
	report_table_cell(table, REPORT_PLAIN, result->name);
	print_cost(measurement, one, result, table);
	print_rate(measurement, result, &result->no_drop, table);
	print_rate(measurement, result, &result->partial, table);
	print_outcome(result, table);
}

static void print_engines(const struct measurement *measurement, const struct measure_case *one,
			  const struct report_table_look *look, FILE *file)
{
	struct report_table *table = report_table_create(columns + OF_CASE, COLUMNS - OF_CASE);

	for (size_t i = 0; table && i < one->result_count; i++)
		print_engine(measurement, one, &one->results[i], table);
	if (table)
		report_table_print(table, file, look);
	report_table_destroy(table);
}

static void print_point(const struct measure_result *result, const struct measure_point *point,
			struct report_table *table)
{
	report_table_cell(table, REPORT_PLAIN, result->name);
	if (point->percent)
		report_table_cell_format(table, REPORT_PLAIN, "%u%%", point->percent);
	else
		report_table_cell(table, REPORT_PLAIN, "");
	report_table_cell_format(table, REPORT_PLAIN, "%" PRIu64, point->counted.offered);
	report_table_cell_format(table, REPORT_PLAIN, "%" PRIu64, measure_carried(&point->counted));
	report_table_cell_format(table, REPORT_PLAIN, "%" PRIu64, point->counted.lost);
	for (unsigned i = 0; i < 5; i++)
		report_table_cell_format(table, REPORT_PLAIN, "%.1f", point->microseconds[i]);
	report_table_cell(table, REPORT_DOUBT, point->is_disturbed ? "disturbed" : "");
}

static void print_points(const struct measure_case *one, const struct report_table_look *look,
			 FILE *file)
{
	struct report_table *table = report_table_create(
		point_columns, sizeof(point_columns) / sizeof(point_columns[0]));
	size_t count = 0;

	for (size_t i = 0; table && i < one->result_count; i++)
		for (size_t j = 0; j < one->results[i].point_count; j++, count++)
			print_point(&one->results[i], &one->results[i].points[j], table);
	if (count) {
		fputs("\npackets, and microseconds that they were under way\n", file);
		report_table_print(table, file, look);
	}
	report_table_destroy(table);
}

static void print_reload(const struct measure_case *one, FILE *file)
{
	for (size_t i = 0; i < one->result_count; i++) {
		const struct measure_reload *reload = &one->results[i].reload;

		if (reload->is_measured)
			fprintf(file,
				"\na new policy under load: %" PRIu64 " packets lost at %.2f Mpps, "
				"as if blocked for %.1f us%s\n",
				reload->counted.lost, (double)reload->counted.rate * 1e-6,
				measure_blocked(reload) / 1000,
				reload->is_disturbed ? "; disturbed" : "");
	}
}

static void print_trials(const struct measure_case *one, FILE *file)
{
	unsigned trials = 0, disturbed = 0;
	uint64_t stolen = 0;

	for (size_t i = 0; i < one->result_count; i++) {
		trials += one->results[i].trials;
		disturbed += one->results[i].disturbed;
		stolen += one->results[i].stolen_ms;
	}
	fprintf(file,
		"\n%u trials, %u of them disturbed, %" PRIu64
		" ms of processor time stolen from this machine\n",
		trials, disturbed, stolen);
}

static void print_place(const struct measure_case *one, struct report_table *table)
{
	report_table_cell_format(table, REPORT_PLAIN, "%u", measure_pods(&one->counts));
	report_table_cell_format(table, REPORT_PLAIN, "%u", measure_policies(&one->counts));
	report_table_cell_format(table, REPORT_PLAIN, "%u", one->workers);
	report_table_cell_format(table, REPORT_PLAIN, "%u", one->flows);
	report_table_cell(table, REPORT_PLAIN, one->frame->name);
}

/* All cases again, a line an engine. */
static void print_overview(const struct measurement *measurement,
			   const struct report_table_look *look, FILE *file)
{
	struct report_table *table = report_table_create(columns, COLUMNS);

	for (size_t i = 0; table && i < measurement->case_count; i++) {
		const struct measure_case *one = &measurement->cases[i];

		for (size_t j = 0; j < one->result_count; j++) {
			print_place(one, table);
			print_engine(measurement, one, &one->results[j], table);
		}
	}
	fputs("\nall cases\n\n", file);
	if (table)
		report_table_print(table, file, look);
	report_table_destroy(table);
}

void measure_print_table(const struct measurement *measurement, bool has_color, FILE *file)
{
	const struct report_table_look look = { .color = has_color,
						.terminal_width = report_terminal_width(file) };

	for (size_t i = 0; i < measurement->case_count; i++) {
		const struct measure_case *one = &measurement->cases[i];
		struct report_text title = { 0 };

		measure_describe(measurement, one, &title);
		fprintf(file, "%s%s\n\n", i ? "\n" : "", report_text_string(&title));
		report_text_finish(&title);
		print_engines(measurement, one, &look, file);
		print_points(one, &look, file);
		print_reload(one, file);
		print_trials(one, file);
	}
	/* What came of one rate is in no column of it. */
	if (measurement->case_count > 1 && !measurement->settings->rate)
		print_overview(measurement, &look, file);
	if (measurement->shares_processors)
		fputs("cores shared processors: rates say more about the scheduler than about "
		      "engines\n",
		      file);
}
