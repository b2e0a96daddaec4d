#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "color.h"
#include "csv.h"
#include "json.h"
#include "table.h"
#include "text.h"
#include "timestamp.h"
#include "utf8.h"

/* A file whose contents become a string. */
struct sink {
	FILE *file;
	char *text;
	size_t length;
};

static void sink_open(struct sink *sink)
{
	sink->file = open_memstream(&sink->text, &sink->length);
	assert_non_null(sink->file);
}

static void sink_expect(struct sink *sink, const char *expected)
{
	fclose(sink->file);
	assert_string_equal(sink->text, expected);
	free(sink->text);
}

static const struct report_column columns[] = {
	{ "NAME", REPORT_LEFT, 0 },
	{ "N", REPORT_RIGHT, 2 },
	{ "EMPTY", REPORT_LEFT, 0 },
	{ "WHY", REPORT_LEFT, 1 },
};

static void add_row(struct report_table *table, const char *name, const char *n, const char *why)
{
	report_table_cell(table, REPORT_PLAIN, name);
	report_table_cell(table, REPORT_PLAIN, n);
	report_table_cell(table, REPORT_PLAIN, "");
	report_table_cell(table, REPORT_PLAIN, why);
}

static struct report_table *two_rows(void)
{
	struct report_table *table = report_table_create(columns, COUNT(columns));

	assert_non_null(table);
	add_row(table, "app/web", "7", "");
	add_row(table, "b", "1234", "rule");
	return table;
}

static void table_aligns_numbers_right_and_leaves_no_space_behind(void **state)
{
	struct report_table *table = two_rows();
	struct sink sink;

	(void)state;
	sink_open(&sink);
	report_table_print(table, sink.file, &(struct report_table_look){ 0 });
	sink_expect(&sink, "NAME        N  WHY\n"
			   "app/web     7\n"
			   "b        1234  rule\n");
	report_table_destroy(table);
}

static void table_gives_up_expendable_columns_for_the_terminal(void **state)
{
	struct report_table *table = two_rows();
	struct sink sink;

	(void)state;
	sink_open(&sink);
	report_table_print(table, sink.file, &(struct report_table_look){ .terminal_width = 18 });
	sink_expect(&sink, "NAME     WHY\n"
			   "app/web\n"
			   "b        rule\n");
	report_table_destroy(table);
}

static void table_never_cuts_names(void **state)
{
	struct report_table *table = two_rows();
	struct sink sink;

	(void)state;
	sink_open(&sink);
	report_table_print(table, sink.file, &(struct report_table_look){ .terminal_width = 3 });
	sink_expect(&sink, "NAME\napp/web\nb\n");
	report_table_destroy(table);
}

static void table_aligns_by_display_width(void **state)
{
	struct report_table *table = report_table_create(columns, 2);
	struct sink sink;

	(void)state;
	report_table_cell(table, REPORT_PLAIN, "\xc3\xa9t\xc3\xa9"); /* 3 columns in 5 bytes */
	report_table_cell(table, REPORT_PLAIN, "1");
	report_table_cell(table, REPORT_PLAIN, "\xe6\xbc\xa2\xe5\xad\x97"); /* 2 wide ones */
	report_table_cell(table, REPORT_PLAIN, "2");
	report_table_cell(table, REPORT_PLAIN, "e\xcc\x81"); /* a combining mark */
	report_table_cell(table, REPORT_PLAIN, "3");
	sink_open(&sink);
	report_table_print(table, sink.file, &(struct report_table_look){ 0 });
	sink_expect(&sink, "NAME  N\n"
			   "\xc3\xa9t\xc3\xa9   1\n"
			   "\xe6\xbc\xa2\xe5\xad\x97  2\n"
			   "e\xcc\x81     3\n");
	report_table_destroy(table);
}

static void table_colours_text_and_not_padding(void **state)
{
	struct report_table *table = report_table_create(columns, 2);
	struct sink sink;

	(void)state;
	report_table_cell(table, REPORT_GOOD, "a");
	report_table_cell(table, REPORT_PLAIN, "1");
	sink_open(&sink);
	report_table_print(table, sink.file, &(struct report_table_look){ .color = true });
	sink_expect(&sink, "\033[1mNAME\033[0m  \033[1mN\033[0m\n"
			   "\033[32ma\033[0m     1\n");
	report_table_destroy(table);
}

static void table_prints_in_parts_under_one_header(void **state)
{
	struct report_table *table = report_table_create(columns, 2);
	struct sink sink;

	(void)state;
	report_table_widen(table, 0, 6);
	sink_open(&sink);
	for (int i = 0; i < 2; i++) {
		report_table_cell(table, REPORT_PLAIN, "x");
		report_table_cell_format(table, REPORT_PLAIN, "%d", i);
		report_table_print(table, sink.file, &(struct report_table_look){ 0 });
	}
	sink_expect(&sink, "NAME    N\nx       0\nx       1\n");
	report_table_destroy(table);
}

static void json_escapes_what_must_be_and_mends_bad_utf8(void **state)
{
	struct report_json json;
	struct sink sink;

	(void)state;
	sink_open(&sink);
	json = report_json_to(sink.file);
	report_json_open(&json, '[');
	report_json_string(&json, "a\"b\\c/d");
	report_json_string(&json, "\b\f\n\r\t\x01\x1f\x7f");
	report_json_string(&json, "\xc3\xa9\xf0\x9f\x98\x80");
	report_json_string(&json, "x\xff\xc0\x80y"); /* not UTF-8, and an overlong NUL */
	report_json_string(&json, "\xed\xa0\x80");   /* half a surrogate pair */
	report_json_string(&json, "");
	report_json_close(&json, ']');
	report_json_end_line(&json);
	sink_expect(&sink, "[\"a\\\"b\\\\c/d\", \"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\", "
			   "\"\xc3\xa9\xf0\x9f\x98\x80\", "
			   "\"x\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdy\", "
			   "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\", \"\"]\n");
}

static void json_puts_commas_between_and_nowhere_else(void **state)
{
	struct report_json json;
	struct sink sink;

	(void)state;
	sink_open(&sink);
	json = report_json_to(sink.file);
	report_json_open(&json, '{');
	report_json_object_field(&json, "empty");
	report_json_close(&json, '}');
	report_json_number_field(&json, "n", UINT64_MAX);
	report_json_key(&json, "list");
	report_json_open(&json, '[');
	report_json_new_line(&json);
	report_json_bool(&json, true);
	report_json_new_line(&json);
	report_json_raw(&json, "null", 4);
	report_json_close(&json, ']');
	report_json_close(&json, '}');
	report_json_end_line(&json);
	report_json_open(&json, '{');
	report_json_close(&json, '}');
	sink_expect(&sink,
		    "{\"empty\": {}, \"n\": 18446744073709551615, \"list\": [\ntrue,\nnull]}\n{}");
}

static void csv_quotes_only_where_it_must(void **state)
{
	struct report_csv csv;
	struct sink sink;

	(void)state;
	sink_open(&sink);
	csv = report_csv_to(sink.file);
	report_csv_string(&csv, "plain text");
	report_csv_string(&csv, "a,b");
	report_csv_string(&csv, "say \"x\"");
	report_csv_string(&csv, "two\nlines");
	report_csv_string(&csv, " edge");
	report_csv_empty(&csv);
	report_csv_number(&csv, 7);
	report_csv_end_row(&csv);
	report_csv_empty(&csv);
	report_csv_string(&csv, "x");
	report_csv_end_row(&csv);
	sink_expect(&sink,
		    "plain text,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\" edge\",,7\n,x\n");
}

/* Fields as "a|b" with "/" behind rows; "!" where reading failed. */
static void csv_fields(const char *source, struct report_text *out)
{
	char *text = strdup(source);
	char *at = text;
	char *end = text + strlen(text);
	bool is_last = true;
	int status = 0;

	while (!status && (at < end || !is_last)) {
		char *field;

		status = report_csv_read(&at, end, &field, &is_last);
		if (!status)
			report_text_format(out, "%s%s", field, is_last ? "/" : "|");
	}
	report_text_add_string(out, status ? "!" : "");
	free(text);
}

static void csv_reads_what_rfc_4180_allows(void **state)
{
	static const struct {
		const char *name, *source, *want;
	} cases[] = {
		{ "two rows", "a,b\nc,d\n", "a|b/c|d/" },
		{ "no newline at the end", "a,b", "a|b/" },
		{ "carriage returns", "a,b\r\nc,\"d\"\r\n", "a|b/c|d/" },
		{ "empty fields", ",,\n", "||/" },
		{ "an empty field at the very end", "a,", "a|/" },
		{ "quotes, commas, lines", "\"a,\"\"b\"\"\nc\",d\n", "a,\"b\"\nc|d/" },
		{ "an empty quoted field", "\"\",x", "|x/" },
		{ "a quote inside a bare field", "a\"b,c", "!" },
		{ "text behind a quoted field", "\"a\"b,c", "!" },
		{ "a quote without its partner", "\"a,b\n", "!" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct report_text got = { 0 };

		csv_fields(cases[i].source, &got);
		if (strcmp(report_text_string(&got), cases[i].want) != 0)
			fail_msg("%s: got %s, want %s", cases[i].name, report_text_string(&got),
				 cases[i].want);
		report_text_finish(&got);
	}
}

static void times_are_rfc_3339_with_nanoseconds(void **state)
{
	char text[REPORT_TIME_TEXT];

	(void)state;
	report_time_format(0, text);
	assert_string_equal(text, "1970-01-01T00:00:00.000000000Z");
	report_time_format(1709251199000000001u, text);
	assert_string_equal(text, "2024-02-29T23:59:59.000000001Z");
	report_time_format(UINT64_MAX, text);
	assert_string_equal(text, "2554-07-21T23:34:33.709551615Z");
}

static void color_follows_the_option_and_no_color(void **state)
{
	FILE *file = tmpfile();

	(void)state;
	assert_non_null(file);
	assert_false(report_color_wanted(REPORT_COLOR_AUTO, file));
	assert_true(report_color_wanted(REPORT_COLOR_ALWAYS, file));
	setenv("NO_COLOR", "1", 1);
	assert_true(report_color_wanted(REPORT_COLOR_ALWAYS, file));
	assert_false(report_color_wanted(REPORT_COLOR_NEVER, file));
	fclose(file);
}

static void text_grows(void **state)
{
	struct report_text text = { 0 };

	(void)state;
	assert_string_equal(report_text_string(&text), "");
	for (int i = 0; i < 1000; i++)
		report_text_format(&text, "%03d", i);
	assert_int_equal(text.length, 3000);
	assert_memory_equal(text.bytes + 2997, "999", 4);
	report_text_clear(&text);
	assert_string_equal(report_text_string(&text), "");
	report_text_finish(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_aligns_numbers_right_and_leaves_no_space_behind),
		cmocka_unit_test(table_gives_up_expendable_columns_for_the_terminal),
		cmocka_unit_test(table_never_cuts_names),
		cmocka_unit_test(table_aligns_by_display_width),
		cmocka_unit_test(table_colours_text_and_not_padding),
		cmocka_unit_test(table_prints_in_parts_under_one_header),
		cmocka_unit_test(json_escapes_what_must_be_and_mends_bad_utf8),
		cmocka_unit_test(json_puts_commas_between_and_nowhere_else),
		cmocka_unit_test(csv_quotes_only_where_it_must),
		cmocka_unit_test(csv_reads_what_rfc_4180_allows),
		cmocka_unit_test(times_are_rfc_3339_with_nanoseconds),
		cmocka_unit_test(color_follows_the_option_and_no_color),
		cmocka_unit_test(text_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
