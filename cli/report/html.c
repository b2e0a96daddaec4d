#include "html.h"

enum {
	ROW = 24,
	NAME_WIDTH = 190,
	BAR_WIDTH = 480,
	FIGURE_WIDTH = 90,
};

static const char head[] = "<!DOCTYPE html>\n"
			   "<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
			   "<meta name=\"viewport\" content=\"width=device-width\">\n"
			   "<title>";

static const char style[] =
	"</title>\n<style>\n"
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

void report_html_text(FILE *file, const char *text)
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

void report_html_begin(FILE *file, const char *title, const char *heading)
{
	fputs(head, file);
	report_html_text(file, title);
	fputs(style, file);
	fputs("<h1>", file);
	report_html_text(file, heading);
	fputs("</h1>\n", file);
}

void report_html_end(FILE *file)
{
	fputs("</body>\n</html>\n", file);
}

static void print_bar(FILE *file, const struct report_bar *bar, double highest, size_t row)
{
	double scale = highest > 0 ? BAR_WIDTH / highest : 0;
	unsigned top = (unsigned)row * ROW;

	fprintf(file, "<text x=\"%d\" y=\"%u\" text-anchor=\"end\">", NAME_WIDTH - 8, top + 16);
	report_html_text(file, bar->name);
	fprintf(file,
		"</text>\n<rect class=\"%s\" x=\"%d\" y=\"%u\" width=\"%.1f\" height=\"%d\"/>\n",
		bar->is_ours ? "ours" : "peer", NAME_WIDTH, top + 4, bar->spread.median * scale,
		ROW - 8);
	fprintf(file, "<line class=\"range\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%u\" y2=\"%u\"/>\n",
		NAME_WIDTH + bar->spread.low * scale, NAME_WIDTH + bar->spread.high * scale,
		top + ROW / 2, top + ROW / 2);
}

static void print_figure(FILE *file, const struct report_bar *bar, double highest, size_t row,
			 double scale, const char *unit)
{
	double end = highest > 0 ? bar->spread.high / highest * BAR_WIDTH : 0;

	fprintf(file, "<text x=\"%.1f\" y=\"%u\">%.2f %s</text>\n", NAME_WIDTH + end + 8,
		(unsigned)row * ROW + 16, bar->spread.median * scale, unit);
}

void report_html_bars(FILE *file, const char *title, const struct report_bar *bars, size_t count,
		      double scale, const char *unit)
{
	double highest = 0;

	if (!count)
		return;
	for (size_t i = 0; i < count; i++)
		if (bars[i].spread.high > highest)
			highest = bars[i].spread.high;
	fprintf(file, "<svg role=\"img\" width=\"%d\" height=\"%zu\" viewBox=\"0 0 %d %zu\">\n",
		NAME_WIDTH + BAR_WIDTH + FIGURE_WIDTH, count * ROW,
		NAME_WIDTH + BAR_WIDTH + FIGURE_WIDTH, count * ROW);
	fputs("<title>", file);
	report_html_text(file, title);
	fputs("</title>\n", file);
	for (size_t i = 0; i < count; i++) {
		print_bar(file, &bars[i], highest, i);
		print_figure(file, &bars[i], highest, i, scale, unit);
	}
	fputs("</svg>\n", file);
}
