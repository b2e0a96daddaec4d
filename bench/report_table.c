/* -o table: a table a group, under a line that says what its engines were given. */
#include "report.h"

#include "table.h"
#include "text.h"

static const struct report_column columns[] = {
	{ "engine", REPORT_LEFT, 0 },   { "M/s", REPORT_RIGHT, 0 },
	{ "lowest", REPORT_RIGHT, 3 },  { "highest", REPORT_RIGHT, 3 },
	{ "ns", REPORT_RIGHT, 2 },      { "weir is", REPORT_RIGHT, 0 },
	{ "(range)", REPORT_RIGHT, 1 }, { "build", REPORT_RIGHT, 0 },
	{ "memory", REPORT_RIGHT, 0 },  { "", REPORT_LEFT, 0 },
};

static void add_empty(struct report_table *table, unsigned count)
{
	while (count--)
		report_table_cell(table, REPORT_PLAIN, "");
}

static void add_speed(struct report_table *table, const struct bench_group *group,
		      const struct bench_result *result)
{
	struct report_spread speed = report_spread_of(result->samples, group->samples);

	report_table_cell_format(table, REPORT_STRONG, "%.2f", speed.median * 1e-6);
	report_table_cell_format(table, REPORT_FAINT, "%.2f", speed.low * 1e-6);
	report_table_cell_format(table, REPORT_FAINT, "%.2f", speed.high * 1e-6);
	report_table_cell_format(table, REPORT_PLAIN, "%.1f", 1e9 / speed.median);
}

static void add_ratio(struct report_table *table, const struct bench_group *group,
		      const struct bench_result *result)
{
	struct report_spread ratio;

	if (!result->engine->is_peer || !bench_ratio(group, result, &ratio)) {
		add_empty(table, 2);
		return;
	}
	report_table_cell_format(table, report_is_unclear(&ratio) ? REPORT_DOUBT : REPORT_PLAIN,
				 "%.2fx", ratio.median);
	report_table_cell_format(table, REPORT_FAINT, "%.2f-%.2f", ratio.low, ratio.high);
}

static void add_build(struct report_table *table, const struct bench_result *result)
{
	report_table_cell_format(table, REPORT_PLAIN, "%.3f s", result->build_seconds);
	report_table_cell_format(table, REPORT_PLAIN, "%.2f MB", (double)result->bytes * 1e-6);
}

static void add_note(struct report_table *table, const struct bench_group *group,
		     const struct bench_result *result)
{
	struct report_spread ratio;

	if (result->outcome == BENCH_WRONG)
		report_table_cell_format(table, REPORT_BAD, "WRONG: %s", result->error.text);
	else if (result->outcome == BENCH_DECLINED)
		report_table_cell_format(table, REPORT_FAINT, "declined: %s", result->error.text);
	else if (result->outcome == BENCH_RIGHT)
		report_table_cell(table, REPORT_GOOD, "right");
	else if (result->engine->is_peer && bench_ratio(group, result, &ratio) &&
		 report_is_unclear(&ratio))
		report_table_cell(table, REPORT_DOUBT, "unclear which is faster");
	else
		report_table_cell(table, REPORT_PLAIN, "");
}

static void add_result(struct report_table *table, const struct bench_group *group,
		       const struct bench_result *result)
{
	report_table_cell(table, REPORT_PLAIN, result->engine->name);
	if (result->outcome == BENCH_MEASURED) {
		add_speed(table, group, result);
		add_ratio(table, group, result);
	} else {
		add_empty(table, 6);
	}
	if (result->outcome == BENCH_DECLINED)
		add_empty(table, 2);
	else
		add_build(table, result);
	add_note(table, group, result);
}

static void print_group(const struct bench_report *report, const struct bench_group *group,
			FILE *file)
{
	struct report_table *table =
		report_table_create(columns, sizeof(columns) / sizeof(columns[0]));
	struct report_text title = { 0 };

	bench_describe_group(group, &title);
	fprintf(file, "%s\n\n", report_text_string(&title));
	report_text_finish(&title);
	if (!table)
		return;
	for (size_t i = 0; i < group->result_count; i++)
		add_result(table, group, &group->results[i]);
	report_table_print(
		table, file,
		&(struct report_table_look){ .color = report->color,
					     .terminal_width = report_terminal_width(file) });
	report_table_destroy(table);
}

static void print(const struct bench_report *report, FILE *file)
{
	for (size_t i = 0; i < report->groups->count; i++) {
		if (i)
			fputc('\n', file);
		print_group(report, &report->groups->groups[i], file);
	}
}

const struct bench_format bench_table = { print };
