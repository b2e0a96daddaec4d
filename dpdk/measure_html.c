/* -o html: of each case plots of what a packet costs and of the rates, and the latencies. */
#include <inttypes.h>
#include <stdio.h>

#include "html.h"
#include "machine.h"
#include "measure_print.h"

typedef struct report_spread spread_function(const struct measurement *measurement,
					     const struct measure_result *result);

static struct report_spread no_drop_of(const struct measurement *measurement,
				       const struct measure_result *result)
{
	return measure_rate(measurement, &result->no_drop);
}

static struct report_spread partial_of(const struct measurement *measurement,
				       const struct measure_result *result)
{
	return measure_rate(measurement, &result->partial);
}

static void print_plot(FILE *file, const struct measurement *measurement,
		       const struct measure_case *one, spread_function *of, const char *title,
		       double scale, const char *unit)
{
	struct report_bar bars[MEASURE_ENGINES];
	size_t count = 0;

	for (size_t i = 0; i < one->result_count; i++)
		if (one->results[i].outcome == MEASURE_MEASURED)
			bars[count++] =
				(struct report_bar){ one->results[i].name, one->results[i].is_ours,
						     of(measurement, &one->results[i]) };
	if (!count)
		return;
	fprintf(file, "<h3>%s</h3>\n", title);
	report_html_bars(file, title, bars, count, scale, unit);
}

static void print_outcomes(FILE *file, const struct measure_case *one)
{
	for (size_t i = 0; i < one->result_count; i++) {
		const struct measure_result *result = &one->results[i];

		if (result->outcome == MEASURE_MEASURED)
			continue;
		fprintf(file, "<p%s>", result->outcome == MEASURE_WRONG ? " class=\"wrong\"" : "");
		report_html_text(file, result->name);
		fprintf(file, ": %s: ", measure_outcome_name(result->outcome));
		report_html_text(file, result->error.text);
		fputs("</p>\n", file);
	}
}

static void print_point(FILE *file, const struct measure_result *result,
			const struct measure_point *point)
{
	fputs("<tr><td>", file);
	report_html_text(file, result->name);
	if (point->percent)
		fprintf(file, "<td class=\"n\">%u%%", point->percent);
	else
		fputs("<td>", file);
	fprintf(file,
		"<td class=\"n\">%" PRIu64 "<td class=\"n\">%" PRIu64 "<td class=\"n\">%" PRIu64,
		point->counted.offered, measure_carried(&point->counted), point->counted.lost);
	for (unsigned i = 0; i < 5; i++)
		fprintf(file, "<td class=\"n\">%.1f", point->microseconds[i]);
	fprintf(file, "<td class=\"unclear\">%s\n", point->is_disturbed ? "disturbed" : "");
}

static void print_points(FILE *file, const struct measure_case *one)
{
	bool has_head = false;

	for (size_t i = 0; i < one->result_count; i++)
		for (size_t j = 0; j < one->results[i].point_count; j++) {
			if (!has_head)
				fputs("<h3>Latency, microseconds</h3>\n<table>\n<tr><th>engine"
				      "<th class=\"n\">at<th class=\"n\">offered"
				      "<th class=\"n\">carried<th class=\"n\">lost<th "
				      "class=\"n\">p50"
				      "<th class=\"n\">p90<th class=\"n\">p99<th class=\"n\">p99.9"
				      "<th class=\"n\">max<th>\n",
				      file);
			has_head = true;
			print_point(file, &one->results[i], &one->results[i].points[j]);
		}
	if (has_head)
		fputs("</table>\n", file);
}

static void print_reloads(FILE *file, const struct measure_case *one)
{
	for (size_t i = 0; i < one->result_count; i++) {
		const struct measure_reload *reload = &one->results[i].reload;

		if (reload->is_measured)
			fprintf(file,
				"<p>A new policy under load: %" PRIu64
				" packets lost at %.2f Mpps, as if blocked for %.1f "
				"&micro;s%s.</p>\n",
				reload->counted.lost, (double)reload->counted.rate * 1e-6,
				measure_blocked(reload) / 1000,
				reload->is_disturbed ? " (disturbed)" : "");
	}
}

static void print_case(FILE *file, const struct measurement *measurement,
		       const struct measure_case *one)
{
	struct report_text title = { 0 };

	measure_describe(measurement, one, &title);
	fputs("<h2>", file);
	report_html_text(file, report_text_string(&title));
	fputs("</h2>\n", file);
	report_text_finish(&title);
	print_outcomes(file, one);
	if (measure_has_cost(measurement->settings))
		print_plot(file, measurement, one, measure_cost, "Nanoseconds of a packet", 1,
			   "ns");
	if (measure_has_rates(measurement->settings)) {
		print_plot(file, measurement, one, no_drop_of, "Rate without drop", 1e-6, "Mpps");
		print_plot(file, measurement, one, partial_of, "Rate with little drop", 1e-6,
			   "Mpps");
	}
	print_points(file, one);
	print_reloads(file, one);
}

static void print_machine(FILE *file, const struct measurement *measurement)
{
	struct report_machine machine;

	report_look_at_machine(&machine);
	fputs("<p>", file);
	report_html_text(file, machine.processor);
	fprintf(file, ", %ld cores%s; ", machine.cores,
		measurement->shares_processors ? ", shared" : "");
	report_html_text(file, machine.system);
	fprintf(file, "; ports: %s. Medians of %u rounds.</p>\n",
		measurement->is_rings ? "rings in memory" : "given", measurement->settings->rounds);
}

void measure_print_html(const struct measurement *measurement, FILE *file)
{
	report_html_begin(file, "weir bench ports", "Packets through ports");
	print_machine(file, measurement);
	for (size_t i = 0; i < measurement->case_count; i++)
		print_case(file, measurement, &measurement->cases[i]);
	report_html_end(file);
}
