#include "tell.h"

#include <stdarg.h>
#include <stdio.h>

void weir_tell(const struct weir_sink *sink, enum weir_severity severity, const char *file,
	       const char *format, ...)
{
	char text[256];
	struct weir_diagnostic diagnostic = { .severity = severity, .file = file, .text = text };
	va_list arguments;

	if (!sink->report)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	sink->report(sink->context, &diagnostic);
}
