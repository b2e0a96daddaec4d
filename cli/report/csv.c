#include "csv.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

static void begin_field(struct report_csv *csv)
{
	if (csv->needs_comma)
		fputc(',', csv->file);
	csv->needs_comma = true;
}

static bool needs_quotes(const char *string)
{
	size_t length = strlen(string);

	return strpbrk(string, ",\"\r\n") ||
	       (length && (string[0] == ' ' || string[length - 1] == ' '));
}

void report_csv_string(struct report_csv *csv, const char *string)
{
	begin_field(csv);
	if (!needs_quotes(string)) {
		fputs(string, csv->file);
		return;
	}
	fputc('"', csv->file);
	for (; *string; string++) {
		if (*string == '"')
			fputc('"', csv->file);
		fputc(*string, csv->file);
	}
	fputc('"', csv->file);
}

void report_csv_number(struct report_csv *csv, uint64_t number)
{
	begin_field(csv);
	fprintf(csv->file, "%" PRIu64, number);
}

void report_csv_empty(struct report_csv *csv)
{
	begin_field(csv);
}

void report_csv_end_row(struct report_csv *csv)
{
	fputc('\n', csv->file);
	csv->needs_comma = false;
}

/* Squeezes a quoted field, at points behind its first quote; returns what is behind the last. */
static char *unquote(char *at, const char *end, char **stop)
{
	char *to = at;

	while (at < end) {
		if (*at == '"') {
			if (at + 1 == end || at[1] != '"') {
				*stop = to;
				return at + 1;
			}
			at++;
		}
		*to++ = *at++;
	}
	return NULL;
}

int report_csv_read(char **at, char *end, char **field, bool *is_last)
{
	char *start = *at;
	char *next = start;
	char *stop;

	if (next < end && *next == '"') {
		start++;
		next = unquote(start, end, &stop);
		if (!next || (next < end && !strchr(",\r\n", *next)))
			return -EINVAL;
	} else {
		while (next < end && *next != ',' && *next != '\n' && *next != '"')
			next++;
		if (next < end && *next == '"')
			return -EINVAL;
		stop = next;
		if (stop > start && stop[-1] == '\r' && (next == end || *next == '\n'))
			stop--;
	}
	if (next < end && *next == '\r')
		next++;
	*is_last = next >= end || *next != ',';
	*stop = '\0';
	*field = start;
	*at = next < end ? next + 1 : end;
	return 0;
}
