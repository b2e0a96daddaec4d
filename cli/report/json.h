/*
 * json.h - writing JSON, one value a line.
 *
 *	struct report_json json = report_json_to(stdout);
 *	report_json_open(&json, '{');
 *	report_json_key(&json, "verdict");
 *	report_json_string(&json, "allow");
 *	report_json_close(&json, '}');
 *	report_json_end_line(&json);
 *
 * The writer puts the commas. Text that is no UTF-8 is written with U+FFFD in place of each bad
 * byte, so that the output always is.
 */
#ifndef REPORT_JSON_H
#define REPORT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct report_json {
	FILE *file;
	bool needs_comma;
};

static inline struct report_json report_json_to(FILE *file)
{
	return (struct report_json){ .file = file };
}

void report_json_open(struct report_json *json, char bracket);  /* '{' or '[' */
void report_json_close(struct report_json *json, char bracket); /* '}' or ']' */
void report_json_key(struct report_json *json, const char *key);

void report_json_string(struct report_json *json, const char *string);
void report_json_number(struct report_json *json, uint64_t number);
void report_json_bool(struct report_json *json, bool value);
/* A value that is JSON already. */
void report_json_raw(struct report_json *json, const char *bytes, size_t length);

void report_json_end_line(struct report_json *json);
/* Begins a new line inside an open list or object. */
void report_json_new_line(struct report_json *json);

/* A key and its value at once. */
void report_json_string_field(struct report_json *json, const char *key, const char *string);
void report_json_number_field(struct report_json *json, const char *key, uint64_t number);
void report_json_bool_field(struct report_json *json, const char *key, bool value);
void report_json_object_field(struct report_json *json, const char *key);

#endif
