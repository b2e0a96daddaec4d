#include "out.h"

#include <stdarg.h>
#include <stdio.h>

int gen_out_flush(struct gen_out *out)
{
	if (!out->status && out->filled > 0)
		out->status = out->write(out->context, out->buffer, out->filled);
	out->filled = 0;
	return out->status;
}

uint8_t *gen_out_room(struct gen_out *out, size_t room)
{
	if (sizeof(out->buffer) - out->filled < room)
		gen_out_flush(out);
	return (uint8_t *)out->buffer + out->filled;
}

void gen_out_take(struct gen_out *out, size_t length)
{
	out->filled += length;
}

void gen_put(struct gen_out *out, const char *format, ...)
{
	va_list arguments;
	int length;

	if (sizeof(out->buffer) - out->filled < GEN_OUT_PIECE)
		gen_out_flush(out);
	va_start(arguments, format);
	length = vsnprintf(out->buffer + out->filled, GEN_OUT_PIECE, format, arguments);
	va_end(arguments);
	if (length > 0)
		out->filled += length < GEN_OUT_PIECE ? (size_t)length : GEN_OUT_PIECE - 1;
}

void gen_put_address(struct gen_out *out, const struct weir_address *address)
{
	char text[WEIR_ADDRESS_TEXT];

	weir_address_format(address, text);
	gen_put(out, weir_address_is_ipv4(address) ? "%s" : "\"%s\"", text);
}

void gen_put_prefix(struct gen_out *out, const struct weir_prefix *prefix)
{
	char text[WEIR_PREFIX_TEXT];

	weir_prefix_format(prefix, text);
	gen_put(out, weir_prefix_is_ipv4(prefix) ? "%s" : "\"%s\"", text);
}
