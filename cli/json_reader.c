/*
 * json_reader.c - a strict reader of JSON lines.
 *
 * Queries come by the hundred thousand, one object a line. libfyaml's events take 6 us a line on
 * the machine on which this was measured (0.60 s for 100,000 queries), which is more than the
 * verdicts take, and they check neither duplicate keys nor the encoding. A line is read here in one
 * pass without allocation: strings are decoded into one buffer that is as long as the line, which
 * always suffices because no escape is shorter than what it stands for.
 *
 * Nested values can only be echoed (a query's id), so they are checked and kept as their text.
 */
#include "json_reader.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "utf8.h"

enum {
	MAX_DEPTH = 64,
};

struct reader {
	const char *start;
	const char *at;
	const char *end;
	struct json_scratch *scratch;
	struct weir_error *error;
};

static int fail(struct reader *reader, const char *text)
{
	if (reader->error)
		snprintf(reader->error->text, sizeof(reader->error->text), "column %zu: %s",
			 (size_t)(reader->at - reader->start) + 1, text);
	return -EINVAL;
}

static bool is_space(char character)
{
	return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

static void skip_space(struct reader *reader)
{
	while (reader->at < reader->end && is_space(*reader->at))
		reader->at++;
}

static bool take(struct reader *reader, char expected)
{
	if (reader->at == reader->end || *reader->at != expected)
		return false;
	reader->at++;
	return true;
}

static int hex_digits(struct reader *reader, uint32_t *out)
{
	uint32_t value = 0;

	if (reader->end - reader->at < 4)
		return fail(reader, "\\u needs four hexadecimal digits");
	for (int i = 0; i < 4; i++) {
		char digit = *reader->at;
		uint32_t number;

		if (digit >= '0' && digit <= '9')
			number = (uint32_t)(digit - '0');
		else if ((digit | 0x20) >= 'a' && (digit | 0x20) <= 'f')
			number = (uint32_t)((digit | 0x20) - 'a') + 10;
		else
			return fail(reader, "\\u needs four hexadecimal digits");
		value = value << 4 | number;
		reader->at++;
	}
	*out = value;
	return 0;
}

/* Behind "\u". */
static int unicode_escape(struct reader *reader, uint32_t *out)
{
	uint32_t high, low;
	int status = hex_digits(reader, &high);

	if (status)
		return status;
	if (high >= 0xdc00 && high <= 0xdfff)
		return fail(reader, "the second half of a surrogate pair without its first");
	if (high < 0xd800 || high > 0xdbff) {
		*out = high;
		return 0;
	}
	if (!take(reader, '\\') || !take(reader, 'u'))
		return fail(reader, "the first half of a surrogate pair without its second");
	status = hex_digits(reader, &low);
	if (status)
		return status;
	if (low < 0xdc00 || low > 0xdfff)
		return fail(reader, "the first half of a surrogate pair without its second");
	*out = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	return 0;
}

/* Behind the backslash; writes what it stands for. */
static int escape(struct reader *reader, char **to)
{
	static const char letters[] = "\"\\/bfnrt";
	static const char meanings[] = "\"\\/\b\f\n\r\t";
	const char *letter;
	uint32_t code_point;
	int status;

	if (take(reader, 'u')) {
		status = unicode_escape(reader, &code_point);
		if (!status)
			*to += report_utf8_encode(code_point, *to);
		return status;
	}
	letter = reader->at < reader->end && *reader->at ? strchr(letters, *reader->at) : NULL;
	if (!letter)
		return fail(reader, "an escape that JSON does not have");
	*(*to)++ = meanings[letter - letters];
	reader->at++;
	return 0;
}

/* One character that is no escape. */
static int character(struct reader *reader, char **to)
{
	uint32_t code_point = 0;
	size_t size =
		report_utf8_decode(reader->at, (size_t)(reader->end - reader->at), &code_point);

	if (!size)
		return fail(reader, "bytes that are no UTF-8");
	if (code_point < 0x20)
		return fail(reader, "a control character in a string: write it as an escape");
	memcpy(*to, reader->at, size);
	*to += size;
	reader->at += size;
	return 0;
}

/* Behind the first quote. The scratch has room: see the top. */
static int string(struct reader *reader, const char **text, size_t *length)
{
	char *start = reader->scratch->bytes + reader->scratch->used;
	char *to = start;

	while (!take(reader, '"')) {
		int status;

		if (reader->at == reader->end)
			return fail(reader, "the end of the line inside a string");
		status = take(reader, '\\') ? escape(reader, &to) : character(reader, &to);
		if (status)
			return status;
	}
	*text = start;
	*length = (size_t)(to - start);
	*to++ = '\0';
	reader->scratch->used = (size_t)(to - reader->scratch->bytes);
	return 0;
}

static size_t digits(struct reader *reader)
{
	const char *start = reader->at;

	while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
		reader->at++;
	return (size_t)(reader->at - start);
}

static int number(struct reader *reader)
{
	const char *first;
	size_t count;

	take(reader, '-');
	first = reader->at;
	count = digits(reader);
	if (!count)
		return fail(reader, "expected a value");
	if (count > 1 && *first == '0')
		return fail(reader, "a number with a leading zero");
	if (take(reader, '.') && !digits(reader))
		return fail(reader, "a number that ends in its point");
	if (take(reader, 'e') || take(reader, 'E')) {
		if (!take(reader, '+'))
			take(reader, '-');
		if (!digits(reader))
			return fail(reader, "a number without digits in its exponent");
	}
	return 0;
}

static int word(struct reader *reader, const char *expected)
{
	size_t length = strlen(expected);

	if ((size_t)(reader->end - reader->at) < length ||
	    memcmp(reader->at, expected, length) != 0)
		return fail(reader, "expected a value");
	reader->at += length;
	return 0;
}

static int value(struct reader *reader, unsigned depth, struct json_value *out);

/* Behind the opening bracket of a nested array or object, whose members are checked only. */
static int members(struct reader *reader, unsigned depth, char closing)
{
	struct json_value ignored;
	int status;

	skip_space(reader);
	if (take(reader, closing))
		return 0;
	do {
		skip_space(reader);
		if (closing == '}') {
			if (!take(reader, '"'))
				return fail(reader, "expected a key in quotes");
			status = string(reader, &ignored.text, &ignored.text_length);
			if (status)
				return status;
			skip_space(reader);
			if (!take(reader, ':'))
				return fail(reader, "expected ':' behind a key");
			skip_space(reader);
		}
		status = value(reader, depth, &ignored);
		if (status)
			return status;
		skip_space(reader);
	} while (take(reader, ','));
	return take(reader, closing) ? 0 : fail(reader, "expected ',' or the end of the list");
}

static int bare_value(struct reader *reader, unsigned depth, struct json_value *out)
{
	if (depth > MAX_DEPTH)
		return fail(reader, "nested too deeply");
	if (reader->at == reader->end)
		return fail(reader, "the end of the line where a value should be");
	switch (*reader->at) {
	case '"':
		reader->at++;
		out->kind = JSON_STRING;
		return string(reader, &out->text, &out->text_length);
	case '{':
		reader->at++;
		out->kind = JSON_OBJECT;
		return members(reader, depth + 1, '}');
	case '[':
		reader->at++;
		out->kind = JSON_ARRAY;
		return members(reader, depth + 1, ']');
	case 't':
		out->kind = JSON_BOOL;
		return word(reader, "true");
	case 'f':
		out->kind = JSON_BOOL;
		return word(reader, "false");
	case 'n':
		out->kind = JSON_NULL;
		return word(reader, "null");
	default:
		out->kind = JSON_NUMBER;
		return number(reader);
	}
}

static int value(struct reader *reader, unsigned depth, struct json_value *out)
{
	int status;

	memset(out, 0, sizeof(*out));
	out->raw = reader->at;
	status = bare_value(reader, depth, out);
	if (status)
		out->kind = JSON_ABSENT;
	else
		out->raw_length = (size_t)(reader->at - out->raw);
	return status;
}

static int fail_key(struct reader *reader, const char *what, const char *key)
{
	char text[128];

	snprintf(text, sizeof(text), "%s \"%.60s\"", what, key);
	return fail(reader, text);
}

static int colon(struct reader *reader)
{
	skip_space(reader);
	if (!take(reader, ':'))
		return fail(reader, "expected ':' behind a key");
	skip_space(reader);
	return 0;
}

typedef int read_member(struct reader *reader, void *context);

/* An object, whose members are read by a function of their own. */
static int object(struct reader *reader, const char *expected, read_member *read, void *context)
{
	skip_space(reader);
	if (!take(reader, '{'))
		return fail(reader, expected);
	skip_space(reader);
	if (take(reader, '}'))
		return 0;
	do {
		int status;

		skip_space(reader);
		status = read(reader, context);
		if (status)
			return status;
		skip_space(reader);
	} while (take(reader, ','));
	return take(reader, '}') ? 0 : fail(reader, "expected ',' or '}'");
}

struct fields {
	const char *const *keys;
	size_t count;
	struct json_value *values;
};

static int read_field(struct reader *reader, void *context)
{
	const struct fields *fields = context;
	const char *key;
	size_t length;
	size_t i = 0;
	int status;

	if (!take(reader, '"'))
		return fail(reader, "expected a key in quotes");
	status = string(reader, &key, &length);
	if (status)
		return status;
	while (i < fields->count &&
	       (strlen(fields->keys[i]) != length || memcmp(fields->keys[i], key, length) != 0))
		i++;
	if (i == fields->count)
		return fail_key(reader, "unknown key", key);
	if (fields->values[i].kind != JSON_ABSENT)
		return fail_key(reader, "duplicate key", key);
	status = colon(reader);
	return status ? status : value(reader, 1, &fields->values[i]);
}

/* Strings are decoded into memory that does not move: what is decoded is no longer than the text.
 */
static int reserve(struct reader *reader, size_t length)
{
	struct json_scratch *scratch = reader->scratch;

	if (scratch->capacity < length + 1) {
		char *bytes = realloc(scratch->bytes, 2 * length + 64);

		if (!bytes) {
			fail(reader, "out of memory");
			return -ENOMEM;
		}
		scratch->bytes = bytes;
		scratch->capacity = 2 * length + 64;
	}
	scratch->used = 0;
	return 0;
}

static int end(struct reader *reader)
{
	skip_space(reader);
	return reader->at == reader->end ? 0 : fail(reader, "more text behind the object");
}

int json_read_object(const char *line, size_t length, const char *const *keys, size_t key_count,
		     struct json_scratch *scratch, struct json_value *values,
		     struct weir_error *error)
{
	struct reader reader = { line, line, line + length, scratch, error };
	struct fields fields = { keys, key_count, values };
	int status;

	memset(values, 0, key_count * sizeof(*values));
	status = reserve(&reader, length);
	if (!status)
		status = object(&reader, "expected one JSON object a line", read_field, &fields);
	return status ? status : end(&reader);
}

struct visit {
	json_visitor *visit;
	void *context;
};

static int visit_member(struct reader *reader, void *context)
{
	const struct visit *visit = context;
	struct json_value key;
	struct json_value member;
	int status;

	if (reader->at == reader->end || *reader->at != '"')
		return fail(reader, "expected a key in quotes");
	status = value(reader, 1, &key);
	if (!status)
		status = colon(reader);
	if (!status)
		status = value(reader, 1, &member);
	return status ? status : visit->visit(visit->context, &key, &member);
}

int json_each_member(const char *text, size_t length, json_visitor *visit, void *context,
		     struct weir_error *error)
{
	struct json_scratch scratch = { 0 };
	struct reader reader = { text, text, text + length, &scratch, error };
	struct visit members = { visit, context };
	int status = reserve(&reader, length);

	if (!status)
		status = object(&reader, "expected an object", visit_member, &members);
	if (!status)
		status = end(&reader);
	json_scratch_finish(&scratch);
	return status;
}

bool json_is_blank(const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if (!is_space(line[i]))
			return false;
	return true;
}

bool json_whole_number(const struct json_value *number_value, uint64_t max, uint64_t *out)
{
	uint64_t result = 0;

	if (number_value->kind != JSON_NUMBER)
		return false;
	for (size_t i = 0; i < number_value->raw_length; i++) {
		char digit = number_value->raw[i];

		if (digit < '0' || digit > '9' || result > max / 10)
			return false;
		result = result * 10 + (uint64_t)(digit - '0');
		if (result > max)
			return false;
	}
	*out = result;
	return true;
}

void json_scratch_finish(struct json_scratch *scratch)
{
	free(scratch->bytes);
	memset(scratch, 0, sizeof(*scratch));
}
