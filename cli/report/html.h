/*
 * html.h - reports as one page without anything from elsewhere, with plots drawn as SVG.
 */
#ifndef REPORT_HTML_H
#define REPORT_HTML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "statistics.h"

/* The page as far as its heading, and its end. Classes of cells: "n" a number, "wrong", "unclear".
 */
void report_html_begin(FILE *file, const char *title, const char *heading);
void report_html_end(FILE *file);

/* Text, with what HTML reads otherwise written so that it does not. */
void report_html_text(FILE *file, const char *text);

/* A bar is as long as the median, with a line from the lowest to the highest sample. */
struct report_bar {
	const char *name;
	bool is_ours;
	struct report_spread spread;
};

/* Bars below each other; the figure behind a bar is its median, in units of scale. Nothing where
 * there is no bar. */
void report_html_bars(FILE *file, const char *title, const struct report_bar *bars, size_t count,
		      double scale, const char *unit);

#endif
