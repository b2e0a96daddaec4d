#include "fail.h"

#include <stdarg.h>
#include <stdio.h>

int query_fail(struct weir_error *error, int status, const char *format, ...)
{
	va_list arguments;

	if (error) {
		va_start(arguments, format);
		vsnprintf(error->text, sizeof(error->text), format, arguments);
		va_end(arguments);
	}
	return status;
}
