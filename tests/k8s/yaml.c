/* Text to trees: typing, positions, lists, limits and every mistake by its place. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "yaml.h"
#include "yaml_show.h"
#include "yaml_tree.h"

struct row {
	const char *name;
	const char *text;
	const char *want;
};

/* Both readers must agree with the table, so neither hides behind the other. */
static void expect_rows(const struct row *rows, size_t count, bool positions)
{
	static yaml_reader_function *const readers[] = { yaml_read, yaml_read_twin };

	for (size_t i = 0; i < count * COUNT(readers); i++) {
		const struct row *row = &rows[i / COUNT(readers)];
		struct shown shown;
		int status = show_with(readers[i % COUNT(readers)], row->text, strlen(row->text),
				       positions, &shown);

		if (strcmp(shown.text, row->want) != 0 || status)
			fail_msg("%s: status %d, read as\n%s%s instead of\n%s", row->name, status,
				 shown.text, shown.told, row->want);
		shown_finish(&shown);
	}
}

static void scalars_are_typed_as_kubernetes_types_them(void **state)
{
	static const struct row rows[] = {
		{ "true", "[true, True, TRUE, yes, Yes, YES, on, On, ON, y, Y]",
		  "[true, true, true, true, true, true, true, true, true, true, true]\n" },
		{ "false", "[false, False, FALSE, no, No, NO, off, Off, OFF, n, N]",
		  "[false, false, false, false, false, false, false, false, false, false, "
		  "false]\n" },
		{ "no booleans", "[tRUE, yES, oN, yeah, nope, truex]",
		  "[\"tRUE\", \"yES\", \"oN\", \"yeah\", \"nope\", \"truex\"]\n" },
		{ "null", "a: ~\nb: null\nc: Null\nd: NULL\ne:\nf: nULL\n",
		  "{a: null, b: null, c: null, d: null, e: null, f: \"nULL\"}\n" },
		{ "decimal", "[0, 7, -7, +7, 1_000, 9223372036854775807, -9223372036854775808]",
		  "[0, 7, -7, 7, 1000, 9223372036854775807, -9223372036854775808]\n" },
		{ "beyond 64 bits",
		  "[9223372036854775808, -9223372036854775809, 0xfffffffffffffffff]",
		  "[9223372036854775808f, -9223372036854775809f, 0xffffffffffffffffff]\n" },
		{ "hexadecimal", "[0x1F, 0Xff, -0x10, 0x_a, 0x, 0xg]",
		  "[31, 255, -16, 10, \"0x\", \"0xg\"]\n" },
		{ "octal", "[017, 0o17, 0O17, -010, 00, 0o8]", "[15, 15, 15, -8, 0, \"0o8\"]\n" },
		{ "no octal is a float", "[08, 019]", "[08f, 019f]\n" },
		{ "binary", "[0b101, 0B11, -0b1, 0b2]", "[5, 3, -1, \"0b2\"]\n" },
		{ "floats", "[1.5, -.5, .5, 1., 1e3, 1E-3, 1_0.5, .inf, -.Inf, +.INF, .nan]",
		  "[1.5f, -.5f, .5f, 1.f, 1e3f, 1E-3f, 1_0.5f, .inff, -.Inff, +.INFf, .nanf]\n" },
		{ "no floats", "[1e, 1.2.3, ., -., .e5, 1e400, .5_0, 1.5x]",
		  "[\"1e\", \"1.2.3\", \".\", \"-.\", \".e5\", \"1e400\", \".5_0\", \"1.5x\"]\n" },
		{ "no base 60", "a: 1:30\nb: 22:22:22\n", "{a: \"1:30\", b: \"22:22:22\"}\n" },
		{ "no timestamps", "a: 2026-05-01\nb: 2026-05-01T10:00:00Z\n",
		  "{a: \"2026-05-01\", b: \"2026-05-01T10:00:00Z\"}\n" },
		{ "quoted is text", "[\"true\", 'on', \"80\", '', \"~\"]",
		  "[\"true\", \"on\", \"80\", \"\", \"~\"]\n" },
		{ "tags",
		  "[!!str 80, !!int \"80\", !!float 1, !!bool \"yes\", !!null '', ! 5, !x 5]",
		  "[\"80\", 80, 1f, true, null, \"5\", \"5\"]\n" },
		{ "like numbers", "[1-2, +a, _1, 10.0.0.1, 10.0.0.0/8, -x]",
		  "[\"1-2\", \"+a\", \"_1\", \"10.0.0.1\", \"10.0.0.0/8\", \"-x\"]\n" },
	};

	(void)state;
	expect_rows(rows, COUNT(rows), false);
}

static void keys_become_text(void **state)
{
	static const struct row rows[] = {
		{ "booleans", "yes: 1\noff: 2\n", "{true: 1, false: 2}\n" },
		{ "y is one too", "y: 1\n", "{true: 1}\n" },
		{ "integers", "0x10: a\n-5: b\n1_0: c\n", "{16: \"a\", -5: \"b\", 10: \"c\"}\n" },
		{ "quoted", "\"yes\": 1\n'0x10': 2\n", "{yes: 1, 0x10: 2}\n" },
		{ "with signs", "a.b/c: 1\nf:x: 2\n", "{a.b/c: 1, f:x: 2}\n" },
	};

	(void)state;
	expect_rows(rows, COUNT(rows), false);
}

static void scalars_span_lines(void **state)
{
	static const struct row rows[] = {
		{ "plain", "a: one\n  two\n\n  three\nb: 1\n", "{a: \"one two\nthree\", b: 1}\n" },
		{ "single", "a: 'one\n  it''s\n\n  three'\nb: 1\n",
		  "{a: \"one it's\nthree\", b: 1}\n" },
		{ "double", "a: \"one \\\n  two\\n\n  three\"\nb: 1\n",
		  "{a: \"one two\n three\", b: 1}\n" },
		{ "escapes", "a: \"\\x41\\u00e9\\ud83d\\ude00\\t\\/\\\\\"\n",
		  "{a: \"A\xc3\xa9\xf0\x9f\x98\x80\t/\\\"}\n" },
		{ "a zero is replaced", "a: \"x\\0y\\u0000\"\n",
		  "{a: \"x\xef\xbf\xbdy\xef\xbf\xbd\"}\n" },
		{ "literal", "a: |\n  one\n    two\n\nb: 1\n", "{a: \"one\n  two\n\", b: 1}\n" },
		{ "literal, stripped", "a: |-\n  one\n\nb: 1\n", "{a: \"one\", b: 1}\n" },
		{ "literal, kept", "a: |+\n  one\n\nb: 1\n", "{a: \"one\n\n\", b: 1}\n" },
		{ "folded", "a: >\n  one\n  two\nb: 1\n", "{a: \"one two\n\", b: 1}\n" },
		{ "empty literal at the end", "a: 1\nb: |1\n", "{a: 1, b: \"\"}\n" },
		{ "carriage returns", "a: one\r\nb:\r\n- 1\r\n", "{a: \"one\", b: [1]}\n" },
		{ "byte order mark",
		  "\xef\xbb\xbf"
		  "a: 1\n",
		  "{a: 1}\n" },
		{ "comments", "# c\na: 1 # x\n# y\nb: x#y\n", "{a: 1, b: \"x#y\"}\n" },
	};

	(void)state;
	expect_rows(rows, COUNT(rows), false);
}

static void documents_come_one_by_one(void **state)
{
	static const struct row rows[] = {
		{ "nothing", "", "" },
		{ "only comments", "# a\n---\n# b\n---\n---\n", "" },
		{ "null", "---\n~\n---\na: 1\n", "{a: 1}\n" },
		{ "two", "a: 1\n---\nb: 2\n", "{a: 1}\n{b: 2}\n" },
		{ "ended", "a: 1\n...\n---\nb: 2\n...\n", "{a: 1}\n{b: 2}\n" },
		{ "directive", "%YAML 1.1\n---\na: on\n...\n%YAML 1.1\n---\nb: off\n",
		  "{a: true}\n{b: false}\n" },
		{ "markers in text", "a: |\n  ---\n  ...\n---\nb: \"--- \"\n",
		  "{a: \"---\n...\n\"}\n{b: \"--- \"}\n" },
		{ "inline", "--- {a: 1}\n--- # c\nb: 2\n", "{a: 1}\n{b: 2}\n" },
		{ "no mappings", "--- text\n--- [1]\n", "\"text\"\n[1]\n" },
		{ "JSON", "{\"a\": [1, -2.5e3, true, null, \"x\"], \"b\": {}}",
		  "{a: [1, -2.5e3f, true, null, \"x\"], b: {}}\n" },
		{ "JSON over lines", "{\n\t\"a\": 1,\r\n\t\"b\": []\n}\n", "{a: 1, b: []}\n" },
	};

	(void)state;
	expect_rows(rows, COUNT(rows), false);
}

static void json_texts_may_follow_each_other(void **state)
{
	struct shown shown;
	const char text[] = "{\"a\": 1}\n{\"b\":\n 2}\n\n {\"c\": x}\n---\nd: 4\n";

	(void)state;
	assert_int_equal(show_with(yaml_read, text, strlen(text), true, &shown), 0);
	assert_string_equal(shown.text, "@1:1 {@1:2 a: @1:7 1}\n@2:1 {@2:2 b: @3:2 2}\n"
					"@5:2 {@5:3 c: @5:8 \"x\"}\n@7:1 {@7:1 d: @7:4 4}\n");
	shown_finish(&shown);
}

static void lists_are_taken_apart(void **state)
{
	static const struct row rows[] = {
		{ "List, kind last", "apiVersion: v1\nitems:\n- kind: A\n- kind: B\nkind: List\n",
		  "{kind: \"A\"}\n{kind: \"B\"}\n" },
		{ "typed list, kind first",
		  "apiVersion: v1\nkind: PodList\nitems:\n- a: 1\n- a: 2\n",
		  "PodList v1 {a: 1}\nPodList v1 {a: 2}\n" },
		{ "typed list, kind last",
		  "apiVersion: v1\nitems:\n- a: 1\n- a: 2\nkind: PodList\n",
		  "PodList v1 {a: 1}\nPodList v1 {a: 2}\n" },
		{ "typed list, version last",
		  "{\"kind\":\"PodList\",\"items\":[{\"a\":1},{\"a\":2}],\"apiVersion\":\"v1\"}",
		  "PodList v1 {a: 1}\nPodList v1 {a: 2}\n" },
		{ "some know their kind",
		  "items:\n- kind: A\n- a: 2\n- kind: B\napiVersion: v1\nkind: PodList\n",
		  "{kind: \"A\"}\nPodList v1 {a: 2}\nPodList v1 {kind: \"B\"}\n" },
		{ "indented items", "kind: List\nitems:\n    - kind: A\n    - kind: B\n",
		  "{kind: \"A\"}\n{kind: \"B\"}\n" },
		{ "a list in a list",
		  "kind: List\nitems:\n- kind: List\n  items:\n  - kind: A\n- apiVersion: v1\n"
		  "  kind: PodList\n  items:\n  - a: 1\n",
		  "{kind: \"A\"}\nPodList v1 {a: 1}\n" },
		{ "empty",
		  "kind: PodList\nitems: []\n---\nkind: List\nitems:\n---\nitems: []\nkind: List\n",
		  "" },
		{ "no list", "kind: Template\nitems:\n- a: 1\n",
		  "{kind: \"Template\", items: [{a: 1}]}\n" },
		{ "no list, kind last", "items:\n- a: 1\nkind: Template\n",
		  "{items: [{a: 1}], kind: \"Template\"}\n" },
		{ "no kind", "items:\n- a: 1\n", "{items: [{a: 1}]}\n" },
		{ "a kind that ends in List", "kind: AllowList\nspec: {a: 1}\n",
		  "{kind: \"AllowList\", spec: {a: 1}}\n" },
		{ "items deeper down", "kind: A\nspec:\n  items:\n  - kind: B\n",
		  "{kind: \"A\", spec: {items: [{kind: \"B\"}]}}\n" },
		{ "anchors over items",
		  "kind: List\nitems:\n- kind: A\n  x: &x {p: 1}\n- kind: B\n  x: *x\n",
		  "{kind: \"A\", x: {p: 1}}\n{kind: \"B\", x: {p: 1}}\n" },
		{ "an odd item",
		  "kind: List\nitems:\n- kind: A\n- kind: B\n  x: >-\n    a\n    b\n- kind: C\n",
		  "{kind: \"A\"}\n{kind: \"B\", x: \"a b\"}\n{kind: \"C\"}\n" },
	};

	(void)state;
	expect_rows(rows, COUNT(rows), false);
}

static void aliases_and_merges_are_resolved(void **state)
{
	static const struct row rows[] = {
		{ "alias", "a: &x [1, {b: 2}]\nc: *x\n", "{a: [1, {b: 2}], c: [1, {b: 2}]}\n" },
		{ "the last anchor counts", "a: &x 1\nb: *x\nc: &x 2\nd: *x\n",
		  "{a: 1, b: 1, c: 2, d: 2}\n" },
		{ "alias as key", "a: &x k\n*x : 1\n", "{a: \"k\", k: 1}\n" },
		{ "own keys win", "a: &x {p: 1, q: 2}\nb:\n  <<: *x\n  q: 3\n",
		  "{a: {p: 1, q: 2}, b: {q: 3, p: 1}}\n" },
		{ "own keys win, merge last", "a: &x {p: 1, q: 2}\nb:\n  q: 3\n  <<: *x\n",
		  "{a: {p: 1, q: 2}, b: {q: 3, p: 1}}\n" },
		{ "the first of several wins", "a: {<<: [{p: 1}, {p: 2, q: 3}]}\n",
		  "{a: {p: 1, q: 3}}\n" },
		{ "quoted is no merge", "\"<<\": 1\n", "{<<: 1}\n" },
	};

	(void)state;
	expect_rows(rows, COUNT(rows), false);
}

static void positions_are_the_values_own(void **state)
{
	static const struct row rows[] = {
		{ "block", "a:\n  - b: 1\n    \"c\": 'x'\n",
		  "@1:1 {@1:1 a: @2:3 [@2:5 {@2:5 b: @2:8 1, @3:5 c: @3:10 \"x\"}]}\n" },
		{ "flow", "a: {b: [1, \"2\"]}\n",
		  "@1:1 {@1:1 a: @1:4 {@1:5 b: @1:8 [@1:9 1, @1:12 \"2\"]}}\n" },
		{ "an empty value is where its key is", "a:\nb: ~\n",
		  "@1:1 {@1:1 a: @1:1 null, @2:1 b: @2:4 null}\n" },
		{ "columns are bytes", "\"\xc3\xa9\": {\xc3\xa9: 1}\n",
		  "@1:1 {@1:1 \xc3\xa9: @1:7 {@1:8 \xc3\xa9: @1:12 1}}\n" },
		{ "later documents", "# c\n---\na: 1\n---\n\nb: 2\n",
		  "@3:1 {@3:1 a: @3:4 1}\n@6:1 {@6:1 b: @6:4 2}\n" },
		{ "an alias is where it stands", "a: &x {b: 1}\nc: *x\n",
		  "@1:1 {@1:1 a: @1:7 {@1:8 b: @1:11 1}, @2:1 c: @2:4 {@1:8 b: @1:11 1}}\n" },
	};

	(void)state;
	expect_rows(rows, COUNT(rows), true);
}

struct mistake {
	const char *text;
	const char *want; /* how what is told begins: line, column, words */
};

static void expect_mistakes(const struct mistake *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct shown shown;
		int status =
			show_with(yaml_read, rows[i].text, strlen(rows[i].text), false, &shown);

		if (status != -EINVAL || shown.errors != 1 ||
		    strncmp(shown.told, rows[i].want, strlen(rows[i].want)) != 0)
			fail_msg("\n%s\nstatus %d, told\n%sinstead of\n%s\nread\n%s", rows[i].text,
				 status, shown.told, rows[i].want, shown.text);
		shown_finish(&shown);
	}
}

static void mistakes_are_told_where_they_are(void **state)
{
	static const struct mistake rows[] = {
		{ "a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n",
		  "5:3: the key \"c\" is there twice: the first one is in line 3" },
		{ "{\"a\": 1, \"a\": 2}", "1:10: the key \"a\" is there twice" },
		{ "1: a\n\"1\": b\n", "2:1: the key \"1\" is there twice" },
		{ "a: \"x\n", "1:5: a quoted string that never ends" },
		{ "a: 'x\n---\nb: 1\n", "1:5: a quoted string that never ends" },
		{ "a: b: c\n", "1:5: a second `key: value` on one line" },
		{ "a:\n\tb: c\n", "2:1: a tab in the indentation" },
		{ "a: @x\n", "1:4: a value that begins with a sign" },
		{ "a: [1, 2\n", "2:1: a [ or { that never ends" },
		{ "a: [1, 2}\n", "1:9: a closing bracket that does not fit" },
		{ "a: [1, , 2]\n", "1:8: a comma too many" },
		{ "a: \"x\" y\n", "1:8: text behind the closing quote" },
		{ "a: \"\\q\"\n", "1:5: a wrong escape" },
		{ "a: \"\\ud83d\"\n", "1:5: a wrong escape" },
		{ "a: b\nc\nd: e\n", "2:1: a line without `key:`" },
		{ "a:\nb\n", "2:1: a line without `key:`" },
		{ "- a\nb: c\n", "2:1: wrong indentation: a list ends here" },
		{ "a: 1\n b: 2\n", "1:4: wrong indentation" },
		{ "a: *x\n", "1:4: an alias (*name) of an anchor that was not set" },
		{ "a: &x [*x]\n", "1:8: an alias (*name) inside of the value" },
		{ "a: &x &y 1\n", "1:8: two anchors" },
		{ "<<: 5\n", "1:5: << takes a mapping" },
		{ "a: {<<: [1]}\n", "1:10: << takes a mapping" },
		{ "~: 1\n", "1:1: a key that is null or empty" },
		{ "1.5: 1\n", "1:1: a key that is a number but no integer" },
		{ "? [a]\n: 1\n", "1:3: a key that is itself a list" },
		{ "a: !!int x\n", "1:10: a value that is not what its tag" },
		{ "a: !!binary aGk=\n", "1:13: a !!binary value" },
		{ "- k: |\n  x\n", "2:1: wrong indentation: a block of text" },
		{ "items:\n- kind: A\nkind: Pod\n",
		  "3:7: items that are objects make this a list" },
		{ "a: 1\rb: 2\r---\rc: 3", "1:" },
	};

	(void)state;
	expect_mistakes(rows, COUNT(rows));
}

static void bytes_that_are_no_text_are_refused(void **state)
{
	static const struct mistake rows[] = {
		{ "a: 1\nb: \xff\n", "2:4: not UTF-8" },
		{ "a: \xc0\xaf\n", "1:4: not UTF-8" },         /* overlong */
		{ "a: \xe0\x80\xaf\n", "1:4: not UTF-8" },     /* overlong */
		{ "a: \xed\xa0\x80\n", "1:4: not UTF-8" },     /* a surrogate */
		{ "a: \xf4\x90\x80\x80\n", "1:4: not UTF-8" }, /* beyond Unicode */
		{ "a: \xe2\x82\n", "1:4: not UTF-8" },         /* cut */
		{ "a: \x80\n", "1:4: not UTF-8" },
		{ "# \x01\n", "1:3: a control character" },
		{ "a: \x7f\n", "1:4: a control character" },
		{ "a: \xc2\x80\n", "1:4: a control character" },
		{ "a: \xef\xbf\xbf\n", "1:4: a control character" },
	};
	struct shown shown;
	const char wide[] = "a\0:\0 \0";
	const char late[] =
		"aaaaaaaa: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
		"bbbbbbbbbbbbbbbb\nc: \xff";

	(void)state;
	expect_mistakes(rows, COUNT(rows));
	assert_int_equal(show_with(yaml_read, wide, sizeof(wide) - 1, false, &shown), -EINVAL);
	assert_memory_equal(shown.told, "1:2: a zero byte", 16);
	shown_finish(&shown);
	/* The last byte of a text, beyond the first blocks that are looked at together. */
	assert_int_equal(show_with(yaml_read, late, sizeof(late) - 1, false, &shown), -EINVAL);
	assert_memory_equal(shown.told, "2:4: not UTF-8", 14);
	shown_finish(&shown);
}

static void reading_goes_on_after_a_mistake(void **state)
{
	struct shown shown;
	const char text[] =
		"a: 1\n---\nb: \"x\n---\nc: 3\n---\nd: 4\nd: 5\n---\ne: \xff\n---\nf: 6\n";

	(void)state;
	assert_int_equal(show_with(yaml_read, text, strlen(text), false, &shown), -EINVAL);
	assert_string_equal(shown.text, "{a: 1}\n{c: 3}\n{f: 6}\n");
	assert_int_equal(shown.errors, 3);
	assert_non_null(strstr(shown.told, "3:5: "));
	assert_non_null(strstr(shown.told, "8:1: "));
	assert_non_null(strstr(shown.told, "10:4: "));
	shown_finish(&shown);
}

/* Limits: the last text that is let through, and the first that is not. */

static void expect_limit(char *text, size_t length, const char *told)
{
	struct shown shown;
	int status = show_with(yaml_read, text, length, false, &shown);

	if (status != (told ? -EINVAL : 0) || (told && !strstr(shown.told, told)))
		fail_msg("status %d, told %s", status, shown.told);
	assert_int_equal(shown.objects, told ? 0 : 1);
	shown_finish(&shown);
	free(text);
}

static char *brackets(size_t depth, size_t *length)
{
	char *text = malloc(2 * depth + 8);

	memset(text, '[', depth);
	memset(text + depth, ']', depth);
	*length = 2 * depth;
	return text;
}

static void nesting_is_limited(void **state)
{
	size_t length;
	char *text = brackets(YAML_DEPTH_MAX, &length);

	(void)state;
	expect_limit(text, length, NULL);
	text = brackets(YAML_DEPTH_MAX + 1, &length);
	expect_limit(text, length, "1:101: nested deeper than 100 levels");
	text = brackets(100000, &length);
	expect_limit(text, length, "1:101: nested deeper than 100 levels");
}

static void nesting_by_aliases_is_limited(void **state)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	(void)state;
	fputs("a0: &a0 [1]\n", out);
	for (int i = 1; i < 120; i++)
		fprintf(out, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	fclose(out);
	expect_limit(text, length, "nested deeper than 100 levels");
}

static char *aliases(unsigned count, size_t *length)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, length);

	fputs("a: &x 1\nb:\n", out);
	for (unsigned i = 0; i < count; i++)
		fputs("- *x\n", out);
	fclose(out);
	return text;
}

static void aliases_are_limited(void **state)
{
	size_t length;
	char *text = aliases(YAML_ALIASES_MAX, &length);

	(void)state;
	expect_limit(text, length, NULL);
	text = aliases(YAML_ALIASES_MAX + 1, &length);
	expect_limit(text, length, "10003:3: more than 10000 aliases");
}

static void what_aliases_stand_for_is_limited(void **state)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	(void)state;
	fputs("a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]\n", out);
	for (int i = 1; i < 12; i++)
		fprintf(out, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n",
			i, i, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1, i - 1);
	fclose(out);
	expect_limit(text, length, "an object of more than 1000000 values");
}

static char *numbers(unsigned count, size_t *length)
{
	char *text = malloc(2 * (size_t)count + 16);
	char *at = text;

	*at++ = '[';
	for (unsigned i = 0; i < count; i++) {
		*at++ = '1';
		*at++ = ',';
	}
	at[-1] = ']';
	*length = (size_t)(at - text);
	return text;
}

static void values_are_limited(void **state)
{
	size_t length;
	char *text = numbers(YAML_OBJECT_NODES_MAX - 1, &length);

	(void)state;
	expect_limit(text, length, NULL);
	text = numbers(YAML_OBJECT_NODES_MAX, &length);
	expect_limit(text, length, "an object of more than 1000000 values");
}

static char *long_text(size_t length, size_t *whole)
{
	char *text = malloc(length + 32);

	memcpy(text, "{\"a\": \"", 7);
	memset(text + 7, 'x', length);
	memcpy(text + 7 + length, "\", \"b\": 1}", 11);
	*whole = length + 17;
	return text;
}

static void the_text_of_an_object_is_limited(void **state)
{
	size_t length;
	char *text = long_text(YAML_OBJECT_BYTES_MAX - 100, &length);

	(void)state;
	expect_limit(text, length, NULL);
	text = long_text(YAML_OBJECT_BYTES_MAX + 1, &length);
	expect_limit(text, length, "an object of more than 16 MiB of text");
}

static void a_list_is_not_limited_as_an_object_is(void **state)
{
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);
	struct shown shown;

	(void)state;
	fputs("kind: PodList\napiVersion: v1\nitems:\n", out);
	for (int i = 0; i < 300; i++)
		fprintf(out, "- a: %d\n  b: \"%0100000d\"\n", i, i);
	fclose(out);
	assert_true(length > YAML_OBJECT_BYTES_MAX);
	assert_int_equal(show_with(yaml_read, text, length, false, &shown), 0);
	assert_int_equal(shown.objects, 300);
	shown_finish(&shown);
	free(text);
}

static void large_mappings_find_their_duplicates(void **state)
{
	struct shown shown;
	char *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	(void)state;
	for (int i = 0; i < 100000; i++)
		fprintf(out, "key%d: 1\n", i);
	fputs("key77: 2\n", out);
	fclose(out);
	assert_int_equal(show_with(yaml_read, text, length, false, &shown), -EINVAL);
	assert_string_equal(shown.told,
			    "100001:1: the key \"key77\" is there twice: the first one is in "
			    "line 78\n");
	shown_finish(&shown);
	free(text);
}

static int refuse_second(void *context, const struct yaml_node *object, const char *list_kind,
			 const char *list_version)
{
	unsigned *count = context;

	(void)object;
	(void)list_kind;
	(void)list_version;
	return ++*count == 2 ? -ECANCELED : 0;
}

static void the_handler_ends_the_reading(void **state)
{
	static const char json[] =
		"{\"kind\": \"List\", \"items\": [{\"kind\": \"A\"}, {\"kind\": \"B\"}, "
		"{\"kind\": \"C\"}]}";
	static const char *const texts[] = {
		"kind: List\nitems:\n- kind: A\n- kind: B\n- kind: C\n",
		"a: 1\n---\nb: 1\n---\nc: 1\n",
		"kind: List\nitems:\n- &x\n  kind: A\n- kind: B\n- kind: C\n",
		json,
	};

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		unsigned count = 0;
		struct yaml_handler handler = { refuse_second, show_error, &count };

		assert_int_equal(yaml_read(texts[i], strlen(texts[i]), NULL, &handler), -ECANCELED);
		assert_int_equal(count, 2);
	}
}

struct meter {
	size_t left;
};

static void *meter_allocate(void *context, size_t size)
{
	struct meter *meter = context;

	if (!meter->left)
		return NULL;
	meter->left--;
	return malloc(size);
}

static void meter_release(void *context, void *memory)
{
	(void)context;
	free(memory);
}

static int pass_object(void *context, const struct yaml_node *object, const char *list_kind,
		       const char *list_version)
{
	(void)context;
	(void)object;
	(void)list_kind;
	(void)list_version;
	return 0;
}

static void memory_may_run_out_anywhere(void **state)
{
	static const char text[] =
		"items:\n- a: &x [1, \"\\t\"]\n- b: *x\n  c: |\n    x\nkind: PodList\n"
		"---\n{\"a\": {\"b\": \"\\n\"}}\n---\nd: 'it''s'\n";
	size_t left = 0;
	int status;

	(void)state;
	do {
		struct meter meter = { left };
		struct weir_allocator allocator = { meter_allocate, meter_release, &meter };
		struct yaml_handler handler = { pass_object, show_error, NULL };

		status = yaml_read(text, strlen(text), &allocator, &handler);
		assert_true(status == 0 || status == -ENOMEM);
		assert_true(left++ < 1000);
	} while (status);
	assert_true(left > 3);
}

static void fields_are_found_by_name(void **state)
{
	struct yaml_node b = { .kind = YAML_STRING, .key = "b", .key_length = 1 };
	struct yaml_node a = { .kind = YAML_STRING, .key = "a", .key_length = 1, .next = &b };
	struct yaml_node root = { .kind = YAML_MAPPING, .first = &a, .count = 2 };

	(void)state;
	assert_ptr_equal(yaml_get(&root, "b"), &b);
	assert_null(yaml_get(&root, "c"));
	assert_null(yaml_get(&b, "b"));
	assert_null(yaml_get(NULL, "b"));
	assert_string_equal(yaml_kind_name(YAML_MAPPING), "a mapping");
	assert_string_equal(yaml_kind_name(YAML_FLOAT), "a number");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars_are_typed_as_kubernetes_types_them),
		cmocka_unit_test(keys_become_text),
		cmocka_unit_test(scalars_span_lines),
		cmocka_unit_test(documents_come_one_by_one),
		cmocka_unit_test(json_texts_may_follow_each_other),
		cmocka_unit_test(lists_are_taken_apart),
		cmocka_unit_test(aliases_and_merges_are_resolved),
		cmocka_unit_test(positions_are_the_values_own),
		cmocka_unit_test(mistakes_are_told_where_they_are),
		cmocka_unit_test(bytes_that_are_no_text_are_refused),
		cmocka_unit_test(reading_goes_on_after_a_mistake),
		cmocka_unit_test(nesting_is_limited),
		cmocka_unit_test(nesting_by_aliases_is_limited),
		cmocka_unit_test(aliases_are_limited),
		cmocka_unit_test(what_aliases_stand_for_is_limited),
		cmocka_unit_test(values_are_limited),
		cmocka_unit_test(the_text_of_an_object_is_limited),
		cmocka_unit_test(a_list_is_not_limited_as_an_object_is),
		cmocka_unit_test(large_mappings_find_their_duplicates),
		cmocka_unit_test(the_handler_ends_the_reading),
		cmocka_unit_test(memory_may_run_out_anywhere),
		cmocka_unit_test(fields_are_found_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
