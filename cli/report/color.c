#include "color.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool report_color_wanted(enum report_color when, FILE *file)
{
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if (when != REPORT_COLOR_AUTO)
		return when == REPORT_COLOR_ALWAYS;
	if ((no_color && no_color[0]) || (terminal && strcmp(terminal, "dumb") == 0))
		return false;
	return isatty(fileno(file)) == 1;
}

const char *report_style_begin(enum report_style style)
{
	static const char *const begin[] = { "",         "\033[1m",  "\033[2m",
					     "\033[32m", "\033[31m", "\033[33m" };

	return begin[style];
}

const char *report_style_end(enum report_style style)
{
	return style == REPORT_PLAIN ? "" : "\033[0m";
}
