/* The naive reading, case by case. */
#include "test.h"

#include "evaluate.h"
#include "scene.h"

static void every_case_has_its_verdict_and_reasons(void **state)
{
	(void)state;
	for (unsigned i = 0; i < scene_case_count; i++) {
		const struct scene_case *wanted = &scene_cases[i];
		struct weir_resolved resolved = scene;
		struct weir_key key = scene_key(wanted);
		struct weir_explanation got;

		resolved.semantics = wanted->semantics;
		weir_resolved_judge(&resolved, &key, &got);
		if (got.verdict.action != wanted->action || got.verdict.why != wanted->why ||
		    got.egress.reason != wanted->egress || got.ingress.reason != wanted->ingress)
			fail_msg("%s: action %u why %u egress %u ingress %u", wanted->name,
				 got.verdict.action, got.verdict.why, got.egress.reason,
				 got.ingress.reason);
	}
}

/* The first peer and port that match are named, as they were written. */
static void the_entries_that_matched_are_named(void **state)
{
	const struct scene_case from_block = { .from = "198.51.100.1",
					       .to = "10.0.0.2",
					       .protocol = WEIR_PROTOCOL_TCP,
					       .port = 8080 };
	struct weir_key key = scene_key(&from_block);
	struct weir_explanation got;

	(void)state;
	weir_resolved_judge(&scene, &key, &got);
	assert_int_equal(got.ingress.rule, 0);
	assert_int_equal(got.ingress.peer, 1);
	assert_int_equal(got.ingress.port, 0);
	assert_true(got.egress.rule == WEIR_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case_has_its_verdict_and_reasons),
		cmocka_unit_test(the_entries_that_matched_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
