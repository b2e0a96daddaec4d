/* Numbers in order, and the sets of each endpoint. */
#include "test.h"

#include "memberships.h"
#include "numbers.h"

static void numbers_are_in_order(void **state)
{
	uint32_t numbers[] = { UINT32_MAX, 7, 0, 0x80000000, 7 };
	const uint32_t sorted[] = { 0, 7, 7, 0x80000000, UINT32_MAX };

	(void)state;
	weir_sort_numbers(NULL, 0);
	weir_sort_numbers(numbers, 5);
	assert_memory_equal(numbers, sorted, sizeof(sorted));
}

static void a_number_is_found_where_it_is(void **state)
{
	const uint32_t sorted[] = { 3, 7, 0x80000000, UINT32_MAX };

	(void)state;
	assert_false(weir_have_number(NULL, 0, 0));
	for (size_t i = 0; i < 4; i++) {
		assert_true(weir_have_number(sorted, 4, sorted[i]));
		assert_false(weir_have_number(sorted, i, sorted[i]));
		assert_false(weir_have_number(sorted, 4, sorted[i] - 1));
	}
}

/* The first endpoint is in no set, the last in all, one set has nobody. */
static void every_endpoint_has_its_sets(void **state)
{
	const uint32_t members[] = { 3, 1, 2, 3, 3 };
	const struct weir_set sets[] = {
		{ .endpoints = members, .endpoint_count = 2 },
		{ .endpoints = NULL, .endpoint_count = 0 },
		{ .endpoints = members + 2, .endpoint_count = 2 },
		{ .endpoints = members + 4, .endpoint_count = 1 },
	};
	const struct weir_resolved resolved = { .sets = sets, .set_count = 4, .endpoint_count = 4 };
	const uint32_t first[] = { 0, 0, 1, 2, 5 };
	const uint32_t of[] = { 0, 2, 0, 2, 3 };
	struct weir_memberships memberships;
	struct weir_arena arena;

	(void)state;
	weir_arena_init(&arena, NULL);
	assert_int_equal(weir_find_memberships(&resolved, &arena, &memberships), 0);
	assert_memory_equal(memberships.first, first, sizeof(first));
	assert_memory_equal(memberships.sets, of, sizeof(of));
	weir_arena_finish(&arena);
}

static void nobody_has_no_sets(void **state)
{
	const struct weir_resolved resolved = { 0 };
	struct weir_memberships memberships;
	struct weir_arena arena;

	(void)state;
	weir_arena_init(&arena, NULL);
	assert_int_equal(weir_find_memberships(&resolved, &arena, &memberships), 0);
	assert_int_equal(memberships.first[0], 0);
	weir_arena_finish(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_in_order),
		cmocka_unit_test(a_number_is_found_where_it_is),
		cmocka_unit_test(every_endpoint_has_its_sets),
		cmocka_unit_test(nobody_has_no_sets),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
