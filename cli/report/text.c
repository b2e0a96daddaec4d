#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(struct report_text *text, size_t more)
{
	size_t need = text->length + more + 1;
	size_t capacity = text->capacity ? text->capacity : 64;
	char *bytes;

	if (need <= text->capacity)
		return true;
	while (capacity < need)
		capacity *= 2;
	bytes = realloc(text->bytes, capacity);
	if (!bytes) {
		text->is_short = true;
		return false;
	}
	text->bytes = bytes;
	text->capacity = capacity;
	return true;
}

void report_text_add(struct report_text *text, const char *bytes, size_t length)
{
	if (!make_room(text, length))
		return;
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	text->bytes[text->length] = '\0';
}

void report_text_add_string(struct report_text *text, const char *string)
{
	report_text_add(text, string, strlen(string));
}

void report_text_format(struct report_text *text, const char *format, ...)
{
	va_list arguments;
	char *words;
	int length;

	va_start(arguments, format);
	length = vasprintf(&words, format, arguments);
	va_end(arguments);
	if (length < 0) {
		text->is_short = true;
		return;
	}
	report_text_add(text, words, (size_t)length);
	free(words);
}

const char *report_text_string(const struct report_text *text)
{
	return text->bytes ? text->bytes : "";
}

void report_text_clear(struct report_text *text)
{
	text->length = 0;
	if (text->bytes)
		text->bytes[0] = '\0';
}

void report_text_finish(struct report_text *text)
{
	free(text->bytes);
	memset(text, 0, sizeof(*text));
}
