/*
 * json_reader.h - one JSON object a line, read strictly.
 *
 * Reads what RFC 8259 allows and nothing else: escapes, surrogate pairs, numbers, UTF-8, nesting up
 * to a bound. On top of it, keys are from a given list, and each comes once.
 */
#ifndef WEIR_CLI_JSON_READER_H
#define WEIR_CLI_JSON_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/error.h"

enum json_kind {
	JSON_ABSENT,
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json_value {
	enum json_kind kind;
	const char *raw; /* the value as written, inside the line */
	size_t raw_length;
	const char *text; /* of a string: decoded, NUL behind; else NULL */
	size_t text_length;
};

/* Memory for the decoded strings of one line, kept from line to line. Zeroed to begin with. */
struct json_scratch {
	char *bytes;
	size_t used;
	size_t capacity;
};
void json_scratch_finish(struct json_scratch *scratch);

/* Reads the one object that a line holds; values[i] becomes the value of keys[i]. What it points
 * to is valid until the line or the scratch is used again. -EINVAL or -ENOMEM, with *error filled
 * and the values read so far in place. */
int json_read_object(const char *line, size_t length, const char *const *keys, size_t key_count,
		     struct json_scratch *scratch, struct json_value *values,
		     struct weir_error *error);

/* Gets a member of an object, valid during the call; ends the reading with a negative errno. */
typedef int json_visitor(void *context, const struct json_value *key,
			 const struct json_value *value);

/* Visits the members of an object whatever their keys, in their order. What the visitor returned,
 * or -EINVAL or -ENOMEM with *error filled. */
int json_each_member(const char *text, size_t length, json_visitor *visit, void *context,
		     struct weir_error *error);

/* True for a line of nothing but space, which stands for no object. */
bool json_is_blank(const char *line, size_t length);

/* A number written without fraction and exponent, from 0 to max. */
bool json_whole_number(const struct json_value *value, uint64_t max, uint64_t *out);

#endif
