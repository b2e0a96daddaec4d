/*
 * -o html: one page without anything from elsewhere. Of each group a plot, its bars the medians,
 * with lines from the lowest to the highest sample, and a table of all figures.
 */
#include "report.h"

#include "text.h"

enum {
	ROW = 24,
	NAME_WIDTH = 190,
	BAR_WIDTH = 480,
	FIGURE_WIDTH = 90,
};

static const char head[] =
	"<!DOCTYPE html>\n"
	"<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>weir bench</title>\n<style>\n"
	":root { color-scheme: light dark }\n"
	"body { font: 15px/1.5 sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em }\n"
	"h2 { font-size: 1.1em; margin-top: 2.5em }\n"
	"svg { max-width: 100%; height: auto }\n"
	"svg text { font: 13px sans-serif; fill: currentColor }\n"
	".ours { fill: #2a7ab8 } .peer { fill: #b0b0b0 } .range { stroke: currentColor }\n"
	"table { border-collapse: collapse; font-size: .9em }\n"
	"th, td { padding: .15em .8em .15em 0; text-align: left; vertical-align: top }\n"
	"td.n, th.n { text-align: right; font-variant-numeric: tabular-nums }\n"
	".wrong { color: #c22; font-weight: bold } .unclear { color: #b70 }\n"
	"</style>\n</head>\n<body>\n";

static void print_text(FILE *file, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", file);
			break;
		case '<':
			fputs("&lt;", file);
			break;
		case '>':
			fputs("&gt;", file);
			break;
		case '"':
			fputs("&quot;", file);
			break;
		default:
			putc(*text, file);
		}
}

static size_t count_measured(const struct bench_group *group, double *highest)
{
	size_t count = 0;

	*highest = 0;
	for (size_t i = 0; i < group->result_count; i++) {
		struct bench_spread speed;

		if (group->results[i].outcome != BENCH_MEASURED)
			continue;
		speed = bench_spread_of(group->results[i].samples, group->samples);
		if (speed.high > *highest)
			*highest = speed.high;
		count++;
	}
	return count;
}

static void print_bar(FILE *file, const struct bench_result *result,
		      const struct bench_spread *speed, double highest, size_t row)
{
	double scale = BAR_WIDTH / highest;
	unsigned top = (unsigned)row * ROW;

	fprintf(file, "<text x=\"%d\" y=\"%u\" text-anchor=\"end\">", NAME_WIDTH - 8, top + 16);
	print_text(file, result->engine->name);
	fprintf(file,
		"</text>\n<rect class=\"%s\" x=\"%d\" y=\"%u\" width=\"%.1f\" height=\"%d\"/>\n",
		result->engine->is_peer ? "peer" : "ours", NAME_WIDTH, top + 4,
		speed->median * scale, ROW - 8);
	fprintf(file, "<line class=\"range\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%u\" y2=\"%u\"/>\n",
		NAME_WIDTH + speed->low * scale, NAME_WIDTH + speed->high * scale, top + ROW / 2,
		top + ROW / 2);
	fprintf(file, "<text x=\"%.1f\" y=\"%u\">%.2f M/s</text>\n",
		NAME_WIDTH + speed->high * scale + 8, top + 16, speed->median * 1e-6);
}

static void print_plot(FILE *file, const struct bench_group *group)
{
	double highest;
	size_t count = count_measured(group, &highest);
	size_t row = 0;

	if (!count)
		return;
	fprintf(file, "<svg role=\"img\" width=\"%d\" height=\"%zu\" viewBox=\"0 0 %d %zu\">\n",
		NAME_WIDTH + BAR_WIDTH + FIGURE_WIDTH, count * ROW,
		NAME_WIDTH + BAR_WIDTH + FIGURE_WIDTH, count * ROW);
	fprintf(file, "<title>millions of verdicts a second</title>\n");
	for (size_t i = 0; i < group->result_count; i++) {
		const struct bench_result *result = &group->results[i];
		struct bench_spread speed;

		if (result->outcome != BENCH_MEASURED)
			continue;
		speed = bench_spread_of(result->samples, group->samples);
		print_bar(file, result, &speed, highest, row++);
	}
	fputs("</svg>\n", file);
}

static void print_figures(FILE *file, const struct bench_group *group,
			  const struct bench_result *result)
{
	struct bench_spread speed = bench_spread_of(result->samples, group->samples);
	struct bench_spread ratio;

	fprintf(file, "<td class=\"n\">%.2f<td class=\"n\">%.2f&ndash;%.2f<td class=\"n\">%.1f",
		speed.median * 1e-6, speed.low * 1e-6, speed.high * 1e-6, 1e9 / speed.median);
	if (result->engine->is_peer && bench_ratio(group, result, &ratio))
		fprintf(file, "<td class=\"n%s\">%.2f&times; (%.2f&ndash;%.2f)",
			bench_is_unclear(&ratio) ? " unclear" : "", ratio.median, ratio.low,
			ratio.high);
	else
		fputs("<td>", file);
}

static void print_row(FILE *file, const struct bench_group *group,
		      const struct bench_result *result)
{
	fputs("<tr><td>", file);
	print_text(file, result->engine->name);
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
		print_text(file, result->error.text);
	}
	fputc('\n', file);
}

static void print_group(FILE *file, const struct bench_group *group)
{
	struct report_text title = { 0 };

	bench_describe_group(group, &title);
	fputs("<h2>", file);
	print_text(file, report_text_string(&title));
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
	print_text(file, report->machine.processor);
	fputs("; ", file);
	print_text(file, report->machine.system);
	fputs("; weir " WEIR_VERSION ", " BENCH_COMPILER, file);
	if (dpdk) {
		fputs(", ", file);
		print_text(file, dpdk);
	}
	fprintf(file, ". Seed %llu. Medians of %u samples.</p>\n",
		(unsigned long long)report->settings->seed, report->settings->samples);
}

static void print(const struct bench_report *report, FILE *file)
{
	fputs(head, file);
	fputs("<h1>Verdicts a second</h1>\n", file);
	print_machine(file, report);
	for (size_t i = 0; i < report->groups->count; i++)
		print_group(file, &report->groups->groups[i]);
	fputs("</body>\n</html>\n", file);
}

const struct bench_format bench_html = { print };
