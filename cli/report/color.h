/*
 * color.h - the few looks that text on a terminal has.
 */
#ifndef REPORT_COLOR_H
#define REPORT_COLOR_H

#include <stdbool.h>
#include <stdio.h>

enum report_style {
	REPORT_PLAIN,
	REPORT_STRONG, /* headings, names */
	REPORT_FAINT,  /* what may be overlooked */
	REPORT_GOOD,   /* allow */
	REPORT_BAD,    /* deny, errors */
	REPORT_DOUBT,  /* ambiguous, warnings */
};

enum report_color {
	REPORT_COLOR_AUTO,
	REPORT_COLOR_ALWAYS,
	REPORT_COLOR_NEVER,
};

/* Whether text to the file gets colours: with AUTO on a terminal that is not dumb, unless NO_COLOR
 * is set to anything. */
bool report_color_wanted(enum report_color when, FILE *file);

/* Escape sequences around styled text; "" for REPORT_PLAIN. */
const char *report_style_begin(enum report_style style);
const char *report_style_end(enum report_style style);

#endif
