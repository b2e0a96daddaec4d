/* S1-S21 and C1-C37, C42: every row by its name, judged by everything that judges. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judges.h"
#include "semantics_rows.h"

static void check_answer(const struct ask *ask, const char *who, const char *answer)
{
	if (strcmp(answer, ask->want) != 0)
		fail_msg("%s\n\t%s says \"%s\"\n\twanted \"%s\"", ask->key, who, answer, ask->want);
}

static void check_ask(const struct judges *judges, const struct ask *ask)
{
	char answer[ANSWER_TEXT];
	struct weir_key key;

	if (!key_of(ask->key, &key))
		fail_msg("no key: %s", ask->key);
	ask_reference(judges, &key, answer);
	check_answer(ask, "the reference", answer);
	ask_evaluator(judges, &key, answer);
	check_answer(ask, "the evaluator", answer);
	ask_compiled(judges, &key, answer);
	check_answer(ask, "the compiled policy", answer);
}

static void check_refusal(const struct row *row, const struct judges *judges, int status)
{
	if (!status)
		fail_msg("not refused");
	if (!strstr(judges->problems, row->refused))
		fail_msg("refused without \"%s\": %s", row->refused, judges->problems);
}

static void check_row(void **state)
{
	const struct row *row = *state;
	struct judges judges;
	int status = judges_open(&judges, row->yaml, &row->semantics);

	if (row->refused) {
		check_refusal(row, &judges, status);
		judges_close(&judges);
		return;
	}
	if (status)
		fail_msg("%d: %s", status, judges.problems);
	for (size_t i = 0; i < ASKS_MAX && row->asks[i].key; i++)
		check_ask(&judges, &row->asks[i]);
	judges_close(&judges);
}

/* The contract of cmocka's initial_state is not const. */
static void *without_const(const struct row *row)
{
	union {
		const struct row *in;
		void *out;
	} pointer = { row };

	return pointer.out;
}

static void add_rows(struct CMUnitTest *tests, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		tests[i] = (struct CMUnitTest){ rows[i].name, check_row, NULL, NULL,
						without_const(&rows[i]) };
}

int main(void)
{
	size_t count = semantics_row_count + case_row_count + tier_row_count;
	struct CMUnitTest *tests = calloc(count, sizeof(*tests));
	int failed;

	if (!tests)
		return EXIT_FAILURE;
	add_rows(tests, semantics_rows, semantics_row_count);
	add_rows(tests + semantics_row_count, case_rows, case_row_count);
	add_rows(tests + semantics_row_count + case_row_count, tier_rows, tier_row_count);
	failed = _cmocka_run_group_tests("semantics", tests, count, NULL, NULL);
	free(tests);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
