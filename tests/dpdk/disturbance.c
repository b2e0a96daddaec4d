/* What the system says of time that was taken away. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "disturbance.h"

static uint64_t read_text(const char *text, uint64_t (*read)(FILE *))
{
	FILE *file = fmemopen((void *)(uintptr_t)text, strlen(text), "r");
	uint64_t value;

	assert_non_null(file);
	value = read(file);
	fclose(file);
	return value;
}

static void steal_is_the_eighth_number(void **state)
{
	(void)state;
	assert_int_equal(read_text("cpu  1 2 3 4 5 6 7 812 9 10\ncpu0 0 0 0 0 0 0 0 99 0 0\n",
				   disturbance_read_steal),
			 812);
	assert_int_equal(read_text("cpu  1 2 3 4\n", disturbance_read_steal), 0);
	assert_int_equal(read_text("something else\n", disturbance_read_steal), 0);
}

static void involuntary_switches_are_told_from_voluntary_ones(void **state)
{
	(void)state;
	assert_int_equal(read_text("Name:\tweir\nvoluntary_ctxt_switches:\t7\n"
				   "nonvoluntary_ctxt_switches:\t31\n",
				   disturbance_read_switches),
			 31);
	assert_int_equal(read_text("voluntary_ctxt_switches:\t7\n", disturbance_read_switches), 0);
}

static void a_difference_is_never_below_nothing(void **state)
{
	const struct disturbance before = { .stolen_ms = 20, .switches = 5 };
	const struct disturbance after = { .stolen_ms = 50, .switches = 3 };
	struct disturbance between = disturbance_between(&before, &after);

	(void)state;
	assert_int_equal(between.stolen_ms, 30);
	assert_int_equal(between.switches, 0);
}

static void this_system_can_be_looked_at(void **state)
{
	struct disturbance before = disturbance_look();
	struct disturbance after = disturbance_look();

	(void)state;
	assert_true(after.stolen_ms >= before.stolen_ms);
	assert_true(after.switches >= before.switches);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steal_is_the_eighth_number),
		cmocka_unit_test(involuntary_switches_are_told_from_voluntary_ones),
		cmocka_unit_test(a_difference_is_never_below_nothing),
		cmocka_unit_test(this_system_can_be_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
