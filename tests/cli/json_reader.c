#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "json_reader.h"

static const char *const keys[] = { "id", "name", "n" };

enum {
	ID,
	NAME,
	N,
	KEYS,
};

struct reading {
	struct json_scratch scratch;
	struct json_value values[KEYS];
	struct weir_error error;
	int status;
};

static void read_line(struct reading *reading, const char *line, size_t length)
{
	memset(reading, 0, sizeof(*reading));
	reading->status = json_read_object(line, length, keys, KEYS, &reading->scratch,
					   reading->values, &reading->error);
}

static void strings_are_decoded(void **state)
{
	static const struct {
		const char *name, *line, *want;
	} cases[] = {
		{ "plain", "{\"name\": \"app/web\"}", "app/web" },
		{ "empty", "{\"name\":\"\"}", "" },
		{ "every short escape", "{\"name\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}",
		  "\"\\/\b\f\n\r\t" },
		{ "hexadecimal in both cases", "{\"name\":\"\\u00e9\\u00E9\"}",
		  "\xc3\xa9\xc3\xa9" },
		{ "a surrogate pair", "{\"name\":\"\\ud83d\\ude00\"}", "\xf0\x9f\x98\x80" },
		{ "three bytes", "{\"name\":\"\\u20ac\"}", "\xe2\x82\xac" },
		{ "UTF-8 as it is", "{\"name\":\"\xf0\x9f\x98\x80\"}", "\xf0\x9f\x98\x80" },
		{ "an escaped key", "{\"n\\u0061me\":\"x\"}", "x" },
		{ "space everywhere", " \t{ \"name\" :\r \"x\" } \n", "x" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct reading reading;

		read_line(&reading, cases[i].line, strlen(cases[i].line));
		if (reading.status || reading.values[NAME].kind != JSON_STRING ||
		    strcmp(reading.values[NAME].text, cases[i].want) != 0)
			fail_msg("%s: %s", cases[i].name, reading.error.text);
		json_scratch_finish(&reading.scratch);
	}
}

static void any_value_is_kept_as_written(void **state)
{
	static const char *const values[] = {
		"null",
		"true",
		"false",
		"0",
		"-0",
		"12.50",
		"1e9",
		"-1E-3",
		"\"a\\u0000b\"",
		"[]",
		"{}",
		"[1, [2, {\"a\": null}]]",
		"{\"x\": {\"x\": 1}}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(values); i++) {
		struct reading reading;
		char line[128];

		snprintf(line, sizeof(line), "{\"id\": %s , \"n\": 1}", values[i]);
		read_line(&reading, line, strlen(line));
		if (reading.status)
			fail_msg("%s: %s", values[i], reading.error.text);
		assert_int_equal(reading.values[ID].raw_length, strlen(values[i]));
		assert_memory_equal(reading.values[ID].raw, values[i], strlen(values[i]));
		json_scratch_finish(&reading.scratch);
	}
}

static void what_is_no_json_object_is_refused(void **state)
{
	static const struct {
		const char *name, *line, *want;
	} cases[] = {
		{ "nothing", "", "column 1: expected one JSON object a line" },
		{ "a list", "[1]", "column 1: expected one JSON object a line" },
		{ "two objects", "{} {}", "column 4: more text behind the object" },
		{ "unknown key", "{\"nane\": 1}", "column 8: unknown key \"nane\"" },
		{ "duplicate key", "{\"n\": 1, \"n\": 1}", "column 13: duplicate key \"n\"" },
		{ "no colon", "{\"n\" 1}", "column 6: expected ':' behind a key" },
		{ "bare key", "{n: 1}", "column 2: expected a key in quotes" },
		{ "comma at the end", "{\"n\": 1,}", "column 9: expected a key in quotes" },
		{ "no comma", "{\"n\": 1 \"id\": 2}", "column 9: expected ',' or '}'" },
		{ "no end", "{\"n\": 1", "column 8: expected ',' or '}'" },
		{ "no value", "{\"n\":", "column 6: the end of the line where a value should be" },
		{ "leading zero", "{\"n\": 01}", "column 9: a number with a leading zero" },
		{ "bare point", "{\"n\": 1.}", "column 9: a number that ends in its point" },
		{ "bare exponent", "{\"n\": 1e+}",
		  "column 10: a number without digits in its exponent" },
		{ "plus", "{\"n\": +1}", "column 7: expected a value" },
		{ "NaN", "{\"n\": NaN}", "column 7: expected a value" },
		{ "half a word", "{\"n\": tru}", "column 7: expected a value" },
		{ "open string", "{\"name\": \"x",
		  "column 12: the end of the line inside a string" },
		{ "unknown escape", "{\"name\": \"\\x\"}",
		  "column 12: an escape that JSON does not have" },
		{ "short escape", "{\"name\": \"\\u12\"}",
		  "column 15: \\u needs four hexadecimal digits" },
		{ "second half alone", "{\"name\": \"\\udc00\"}",
		  "column 17: the second half of a surrogate pair without its first" },
		{ "first half alone", "{\"name\": \"\\ud800x\"}",
		  "column 17: the first half of a surrogate pair without its second" },
		{ "two first halves", "{\"name\": \"\\ud800\\ud800\"}",
		  "column 23: the first half of a surrogate pair without its second" },
		{ "control character", "{\"name\": \"\x01\"}",
		  "column 11: a control character in a string: write it as an escape" },
		{ "no UTF-8", "{\"name\": \"\xff\"}", "column 11: bytes that are no UTF-8" },
		{ "overlong", "{\"name\": \"\xc0\xaf\"}", "column 11: bytes that are no UTF-8" },
		{ "a nested list without its end", "{\"id\": [1",
		  "column 10: expected ',' or the end of the list" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct reading reading;

		read_line(&reading, cases[i].line, strlen(cases[i].line));
		if (!reading.status || strcmp(reading.error.text, cases[i].want) != 0)
			fail_msg("%s: got %s", cases[i].name, reading.error.text);
		json_scratch_finish(&reading.scratch);
	}
}

static void every_cut_of_a_line_is_refused(void **state)
{
	static const char line[] =
		"{\"id\": [1, {\"a\": \"\\ud83d\\ude00\"}], \"name\": \"x\", \"n\": 12}";

	(void)state;
	for (size_t length = 0; length < strlen(line); length++) {
		struct reading reading;

		read_line(&reading, line, length);
		assert_int_not_equal(reading.status, 0);
		json_scratch_finish(&reading.scratch);
	}
}

static void nesting_is_bounded(void **state)
{
	char line[1024] = "{\"id\": ";
	struct reading reading;

	(void)state;
	memset(line + 7, '[', 900);
	read_line(&reading, line, 907);
	assert_non_null(strstr(reading.error.text, "nested too deeply"));
	json_scratch_finish(&reading.scratch);
}

static void an_error_keeps_the_values_before_it(void **state)
{
	static const char line[] = "{\"id\": 7, \"x\": 1}";
	struct reading reading;

	(void)state;
	read_line(&reading, line, strlen(line));
	assert_int_not_equal(reading.status, 0);
	assert_int_equal(reading.values[ID].kind, JSON_NUMBER);
	json_scratch_finish(&reading.scratch);
}

static void whole_numbers_have_a_range(void **state)
{
	static const struct {
		const char *text;
		bool want;
	} cases[] = { { "0", true },      { "65535", true },
		      { "65536", false }, { "-1", false },
		      { "1.0", false },   { "1e1", false },
		      { "\"1\"", false }, { "99999999999999999999999", false } };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct reading reading;
		uint64_t number;
		char line[64];

		snprintf(line, sizeof(line), "{\"n\": %s}", cases[i].text);
		read_line(&reading, line, strlen(line));
		assert_int_equal(reading.status, 0);
		assert_int_equal(json_whole_number(&reading.values[N], 65535, &number),
				 cases[i].want);
		json_scratch_finish(&reading.scratch);
	}
}

static int note_member(void *context, const struct json_value *key, const struct json_value *value)
{
	char *notes = context;
	size_t length = strlen(notes);

	snprintf(notes + length, 256 - length, "%s=%.*s;", key->text, (int)value->raw_length,
		 value->raw);
	return strcmp(key->text, "stop") == 0 ? -ECANCELED : 0;
}

static void members_are_visited_whatever_their_keys(void **state)
{
	static const struct {
		const char *text;
		int want;
		const char *notes;
	} cases[] = {
		{ "{}", 0, "" },
		{ " { } ", 0, "" },
		{ "{\"a\": 1, \"b\":{\"c\":[2]},\"\\u0061\":\"x\"}", 0,
		  "a=1;b={\"c\":[2]};a=\"x\";" },
		{ "{\"a\":1,\"stop\":2,\"b\":3}", -ECANCELED, "a=1;stop=2;" },
		{ "", -EINVAL, "" },
		{ "null", -EINVAL, "" },
		{ "[1]", -EINVAL, "" },
		{ "{1:2}", -EINVAL, "" },
		{ "{\"a\"}", -EINVAL, "" },
		{ "{\"a\":}", -EINVAL, "" },
		{ "{\"a\":1", -EINVAL, "a=1;" },
		{ "{\"a\":1,}", -EINVAL, "a=1;" },
		{ "{\"a\":1}}", -EINVAL, "a=1;" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char notes[256] = "";
		struct weir_error error = { "" };
		int status = json_each_member(cases[i].text, strlen(cases[i].text), note_member,
					      notes, &error);

		assert_int_equal(status, cases[i].want);
		assert_string_equal(notes, cases[i].notes);
		assert_int_equal(error.text[0] != '\0', status == -EINVAL);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strings_are_decoded),
		cmocka_unit_test(any_value_is_kept_as_written),
		cmocka_unit_test(what_is_no_json_object_is_refused),
		cmocka_unit_test(every_cut_of_a_line_is_refused),
		cmocka_unit_test(nesting_is_bounded),
		cmocka_unit_test(an_error_keeps_the_values_before_it),
		cmocka_unit_test(whole_numbers_have_a_range),
		cmocka_unit_test(members_are_visited_whatever_their_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
