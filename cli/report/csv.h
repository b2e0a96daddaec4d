/*
 * csv.h - comma-separated values, as RFC 4180 has them, with lines that end in a newline.
 */
#ifndef REPORT_CSV_H
#define REPORT_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct report_csv {
	FILE *file;
	bool needs_comma;
};

static inline struct report_csv report_csv_to(FILE *file)
{
	return (struct report_csv){ .file = file };
}

/* Quoted only where it must be: comma, quote, line break, or a space at an end. */
void report_csv_string(struct report_csv *csv, const char *string);
void report_csv_number(struct report_csv *csv, uint64_t number);
void report_csv_empty(struct report_csv *csv);
void report_csv_end_row(struct report_csv *csv);

/* Takes one field off the front of the text [*at, end), in place: *field is the field without its
 * quotes, with a NUL behind. *is_last says whether its row ends with it; *at is then the start of
 * the next row. A field may span lines. 0, or -EINVAL for a quote in the wrong place or without
 * its partner. The byte at end must be writable. */
int report_csv_read(char **at, char *end, char **field, bool *is_last);

#endif
