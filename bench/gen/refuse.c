#include "refuse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

int gen_refuse(struct weir_error *error, const char *format, ...)
{
	va_list arguments;

	if (!error)
		return -EINVAL;
	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	return -EINVAL;
}
