/*
 * docs/lint.md has a section for every code, with its severity, why and advice in the same words,
 * and none for anything else.
 *
 *	lint LINT_MD
 */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "weir/cluster.h"

static const char *document_path;

/* Line breaks become spaces, so that words are found wherever a line ends. */
static char *read_document(char *text, size_t size)
{
	FILE *file = fopen(document_path, "r");
	size_t length;

	assert_non_null(file);
	length = fread(text, 1, size - 1, file);
	fclose(file);
	assert_true(length < size - 1);
	text[length] = '\0';
	return text;
}

/* The section of a code: from behind its heading up to the next one. */
static bool copy_section(const char *document, const char *code, char *out, size_t size)
{
	char heading[80];
	const char *start, *end;

	snprintf(heading, sizeof(heading), "\n## `%s`\n", code);
	start = strstr(document, heading);
	if (!start)
		return false;
	start += strlen(heading);
	end = strstr(start, "\n## ");
	snprintf(out, size, "%.*s", (int)(end ? (size_t)(end - start) : strlen(start)), start);
	for (char *c = out; *c; c++)
		*c = *c == '\n' ? ' ' : *c;
	return true;
}

static void has(const char *code, const char *section, const char *before, const char *words)
{
	char text[512];

	snprintf(text, sizeof(text), "%s%s.", before, words);
	if (!strstr(section, text))
		fail_msg("the section of %s does not say: %s", code, text);
}

static void every_code_is_documented_as_it_is(void **state)
{
	static char document[1 << 18], section[1 << 16];
	size_t count;
	const struct weir_lint *lints = weir_lint_table(&count);

	(void)state;
	read_document(document, sizeof(document));
	for (size_t i = 0; i < count; i++) {
		if (!copy_section(document, lints[i].code, section, sizeof(section)))
			fail_msg("%s has no section", lints[i].code);
		has(lints[i].code, section, "",
		    lints[i].severity == WEIR_SEVERITY_NOTE ? "Note" : "Warning");
		has(lints[i].code, section, "Why: ", lints[i].why);
		has(lints[i].code, section, "Do: ", lints[i].advice);
	}
}

static void nothing_else_is(void **state)
{
	static char document[1 << 18];
	size_t count, headings = 0;

	(void)state;
	weir_lint_table(&count);
	read_document(document, sizeof(document));
	for (const char *at = document; (at = strstr(at, "\n## `")); at++)
		headings++;
	assert_int_equal(headings, count);
}

int main(int count, char **values)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_is_documented_as_it_is),
		cmocka_unit_test(nothing_else_is),
	};

	if (count != 2)
		return 2;
	document_path = values[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
