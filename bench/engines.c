#include "engines.h"

#include <stdarg.h>
#include <stdio.h>

size_t bench_list_engines(struct bench_engine *out, size_t size)
{
	size_t count = bench_list_ours(out, size);

	if (count < size)
		out[count++] = bench_linear;
	if (count < size)
		out[count++] = bench_bpf;
	return count + bench_list_dpdk(out + count, size - count);
}

int bench_decline(struct weir_error *error, int status, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	return status;
}
