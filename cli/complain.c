/*
 * complain.c - what went wrong, as one line on standard error.
 */
#include "command.h"

#include <stdarg.h>
#include <stdlib.h>

void complain(const struct command *command, const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	fflush(stdout);
	fprintf(stderr, "weir%s%s: %s\n", command ? " " : "", command ? command->name : "",
		length < 0 ? "out of memory" : text);
	if (length >= 0)
		free(text);
}
