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

static void this_system_can_be_looked_at(void **state)
{
	uint64_t before = disturbance_stolen();

	(void)state;
	assert_true(disturbance_stolen() >= before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steal_is_the_eighth_number),
		cmocka_unit_test(this_system_can_be_looked_at),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
