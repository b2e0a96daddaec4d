/* Arenas and arrays, also when memory runs out. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "array.h"
#include "memory.h"

/* An allocator that fails from the n-th call on, and counts what is not freed. */
struct stingy {
	int calls_left;
	int live;
};

static void *stingy_allocate(void *context, size_t size)
{
	struct stingy *stingy = context;

	if (stingy->calls_left-- <= 0)
		return NULL;
	stingy->live++;
	return malloc(size);
}

static void stingy_release(void *context, void *memory)
{
	struct stingy *stingy = context;

	stingy->live -= memory != NULL;
	free(memory);
}

static void an_arena_hands_out_zeroed_memory(void **state)
{
	struct weir_arena arena;

	(void)state;
	weir_arena_init(&arena, NULL);
	for (int i = 0; i < 1000; i++) {
		unsigned char *bytes = weir_arena_allocate(&arena, 100, 7);

		for (int at = 0; at < 700; at++)
			assert_int_equal(bytes[at], 0);
		memset(bytes, 0xff, 700);
	}
	weir_arena_reset(&arena);
	assert_int_equal(*(unsigned char *)weir_arena_allocate(&arena, 1, 1), 0);
	weir_arena_finish(&arena);
}

static void an_arena_refuses_sizes_that_overflow(void **state)
{
	struct weir_arena arena;

	(void)state;
	weir_arena_init(&arena, NULL);
	assert_null(weir_arena_allocate(&arena, SIZE_MAX / 2, 3));
	assert_null(weir_arena_allocate(&arena, SIZE_MAX, 1));
	weir_arena_finish(&arena);
}

static void arrays_grow_and_survive_failure(void **state)
{
	struct stingy stingy = { .calls_left = 3 };
	struct weir_allocator allocator = { stingy_allocate, stingy_release, &stingy };
	struct weir_array array = weir_array_of(&allocator, int);
	int count = 0;

	(void)state;
	for (int *item = weir_array_push(&array); item; item = weir_array_push(&array))
		*item = count++;
	assert_int_equal(count, 32);
	for (int i = 0; i < count; i++)
		assert_int_equal(((int *)array.items)[i], i);
	weir_array_finish(&array);
	assert_int_equal(stingy.live, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_arena_hands_out_zeroed_memory),
		cmocka_unit_test(an_arena_refuses_sizes_that_overflow),
		cmocka_unit_test(arrays_grow_and_survive_failure),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
