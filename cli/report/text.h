/*
 * text.h - a growing string.
 *
 *	struct report_text text = { 0 };
 *	report_text_format(&text, "%s:%u", name, port);
 *
 * A zeroed struct is an empty text. Running out of memory is remembered, not reported call by
 * call: the text then keeps what it had, and is_short says so.
 */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct report_text {
	char *bytes; /* NUL behind; NULL while nothing was added */
	size_t length;
	size_t capacity;
	bool is_short;
};

void report_text_add(struct report_text *text, const char *bytes, size_t length);
void report_text_add_string(struct report_text *text, const char *string);
void report_text_format(struct report_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* The text so far, "" when there is none. Valid until the next change. */
const char *report_text_string(const struct report_text *text);
/* Forgets the contents and keeps the memory. */
void report_text_clear(struct report_text *text);
void report_text_finish(struct report_text *text);

#endif
