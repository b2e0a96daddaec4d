/*
 * utf8.h - UTF-8, as far as output needs it.
 */
#ifndef REPORT_UTF8_H
#define REPORT_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* The code point at the start of length > 0 bytes, and how many bytes it takes. Bytes that are no
 * UTF-8 (overlong forms and surrogates too) give 0: one byte is then to be skipped. */
size_t report_utf8_decode(const char *bytes, size_t length, uint32_t *code_point);

/* Writes 1 to 4 bytes; the code point is at most 0x10ffff and no surrogate. */
size_t report_utf8_encode(uint32_t code_point, char bytes[4]);

/* Columns that a terminal gives to the text: 0 for combining marks, 2 for wide characters. It
 * depends on no locale, so that output is the same everywhere. */
size_t report_utf8_width(const char *bytes, size_t length);

#endif
