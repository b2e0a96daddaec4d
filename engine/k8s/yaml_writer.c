#include "yaml_writer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	LINE_MAX_BYTES = 512, /* of a line but for its quoted strings */
	STEP = 2,             /* of indentation */
};

static void flush(struct yaml_writer *writer)
{
	if (!writer->status && writer->filled)
		writer->status = writer->write(writer->context, writer->buffer, writer->filled);
	writer->filled = 0;
}

static void put(struct yaml_writer *writer, const char *bytes, size_t length)
{
	while (length) {
		size_t room = YAML_WRITER_BUFFER - writer->filled;
		size_t part = length < room ? length : room;

		memcpy(writer->buffer + writer->filled, bytes, part);
		writer->filled += part;
		bytes += part;
		length -= part;
		if (writer->filled == YAML_WRITER_BUFFER)
			flush(writer);
	}
}

static void put_text(struct yaml_writer *writer, const char *text)
{
	put(writer, text, strlen(text));
}

static void put_quoted(struct yaml_writer *writer, const char *text)
{
	put(writer, "\"", 1);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		char escape[8];

		if (c == '"' || c == '\\') {
			put(writer, "\\", 1);
			put(writer, text, 1);
		} else if (c < 0x20 || c == 0x7f) {
			snprintf(escape, sizeof(escape), "\\u%04x", c);
			put_text(writer, escape);
		} else {
			put(writer, text, 1);
		}
	}
	put(writer, "\"", 1);
}

static void begin_line(struct yaml_writer *writer)
{
	unsigned spaces = writer->indent - (writer->item ? STEP : 0);

	while (spaces--)
		put(writer, " ", 1);
	if (writer->item)
		put(writer, "- ", 2);
	writer->item = false;
}

void yaml_writer_init(struct yaml_writer *writer,
		      int (*write)(void *context, const char *bytes, size_t length), void *context)
{
	writer->write = write;
	writer->context = context;
	writer->status = 0;
	writer->indent = 0;
	writer->item = false;
	writer->filled = 0;
}

int yaml_writer_finish(struct yaml_writer *writer)
{
	flush(writer);
	return writer->status;
}

void yaml_put_document(struct yaml_writer *writer)
{
	put_text(writer, "---\n");
}

void yaml_put_line(struct yaml_writer *writer, const char *format, ...)
{
	char text[LINE_MAX_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	begin_line(writer);
	put_text(writer, text);
	put(writer, "\n", 1);
}

/* Behind what begins the line. */
static void end_with(struct yaml_writer *writer, const char *value)
{
	put_quoted(writer, value);
	put(writer, "\n", 1);
}

void yaml_put_text(struct yaml_writer *writer, const char *key, const char *value)
{
	begin_line(writer);
	put_text(writer, key);
	put(writer, ": ", 2);
	end_with(writer, value);
}

void yaml_put_pair(struct yaml_writer *writer, const char *key, const char *value)
{
	begin_line(writer);
	put_quoted(writer, key);
	put(writer, ": ", 2);
	end_with(writer, value);
}

void yaml_put_item(struct yaml_writer *writer, const char *value)
{
	begin_line(writer);
	put(writer, "- ", 2);
	end_with(writer, value);
}

void yaml_enter(struct yaml_writer *writer, const char *key)
{
	yaml_put_line(writer, "%s:", key);
	writer->indent += STEP;
}

void yaml_leave(struct yaml_writer *writer)
{
	writer->indent -= STEP;
}

void yaml_begin_item(struct yaml_writer *writer)
{
	writer->indent += STEP;
	writer->item = true;
}

void yaml_end_item(struct yaml_writer *writer)
{
	writer->indent -= STEP;
	writer->item = false;
}
