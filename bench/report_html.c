/*
 * -o html: one page without anything from elsewhere. Of each group a plot, its bars the medians,
 * with lines from the lowest to the highest sample, and a table of all figures.
 */
#include "report.h"

#include "html.h"
#include "text.h"

static void print_plot(FILE *file, const struct bench_group *group)
{
	struct report_bar bars[BENCH_ENGINES_MAX];
	size_t count = 0;

	for (size_t i = 0; i < group->result_count; i++) {
		const struct bench_result *result = &group->results[i];

		if (result->outcome == BENCH_MEASURED)
			bars[count++] = (struct report_bar){
				result->engine->name,
				!result->engine->is_peer,
				report_spread_of(result->samples, group->samples),
			};
	}
	report_html_bars(file, "millions of verdicts a second", bars, count, 1e-6, "M/s");
}

static void print_figures(FILE *file, const struct bench_group *group,
			  const struct bench_result *result)
{
	struct report_spread speed = report_spread_of(result->samples, group->samples);
	struct report_spread ratio;

	fprintf(file, "<td class=\"n\">%.2f<td class=\"n\">%.2f&ndash;%.2f<td class=\"n\">%.1f",
		speed.median * 1e-6, speed.low * 1e-6, speed.high * 1e-6, 1e9 / speed.median);
	if (result->engine->is_peer && bench_ratio(group, result, &ratio))
		fprintf(file, "<td class=\"n%s\">%.2f&times; (%.2f&ndash;%.2f)",
			report_is_unclear(&ratio) ? " unclear" : "", ratio.median, ratio.low,
			ratio.high);
	else
		fputs("<td>", file);
}

static void print_row(FILE *file, const struct bench_group *group,
		      const struct bench_result *result)
{
	fputs("<tr><td>", file);
	report_html_text(file, result->engine->name);
	if (result->outcome == BENCH_MEASURED)
		print_figures(file, group, result);
	else
		fputs("<td><td><td><td>", file);
	if (result->outcome == BENCH_DECLINED)
		fputs("<td><td>", file);
	else
		fprintf(file, "<td class=\"n\">%.3f s<td class=\"n\">%.2f MB",
			result->build_seconds, (double)result->bytes * 1e-6);
	fprintf(file, "<td%s>%s", result->outcome == BENCH_WRONG ? " class=\"wrong\"" : "",
		result->outcome == BENCH_MEASURED ? "" : bench_outcome_name(result->outcome));
	if (result->error.text[0]) {
		fputs(": ", file);
		report_html_text(file, result->error.text);
	}
	fputc('\n', file);
}

static void print_group(FILE *file, const struct bench_group *group)
{
	struct report_text title = { 0 };

	bench_describe_group(group, &title);
	fputs("<h2>", file);
	report_html_text(file, report_text_string(&title));
	fputs("</h2>\n", file);
	report_text_finish(&title);
	print_plot(file, group);
	fputs("<table>\n<tr><th>engine<th class=\"n\">M/s<th class=\"n\">range<th class=\"n\">ns"
	      "<th class=\"n\">weir is<th class=\"n\">build<th class=\"n\">memory<th>\n",
	      file);
	for (size_t i = 0; i < group->result_count; i++)
		print_row(file, group, &group->results[i]);
	fputs("</table>\n", file);
}

static void print_machine(FILE *file, const struct bench_report *report)
{
	const char *dpdk = bench_dpdk_version();

	fputs("<p>One core of: ", file);
	report_html_text(file, report->machine.processor);
	fputs("; ", file);
	report_html_text(file, report->machine.system);
	fputs("; weir " WEIR_VERSION ", " BENCH_COMPILER, file);
	if (dpdk) {
		fputs(", ", file);
		report_html_text(file, dpdk);
	}
	fprintf(file, ". Seed %llu. Medians of %u samples.</p>\n",
		(unsigned long long)report->settings->seed, report->settings->samples);
}

static void print(const struct bench_report *report, FILE *file)
{
	report_html_begin(file, "weir bench", "Verdicts a second");
	print_machine(file, report);
	for (size_t i = 0; i < report->groups->count; i++)
		print_group(file, &report->groups->groups[i]);
	report_html_end(file);
}

const struct bench_format bench_html = { print };
