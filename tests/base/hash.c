/* The map and the string table. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "hash.h"
#include "intern.h"

enum { KEYS = 5000 };

static void a_map_finds_what_was_inserted(void **state)
{
	static char keys[KEYS][16];
	struct weir_map map;

	(void)state;
	weir_map_init(&map, NULL);
	assert_null(weir_map_find(&map, "none", 4));
	for (uint32_t i = 0; i < KEYS; i++) {
		int length = snprintf(keys[i], sizeof(keys[i]), "key-%u", i);
		int is_new;

		assert_non_null(weir_map_insert(&map, keys[i], (size_t)length, i, &is_new));
		assert_true(is_new);
	}
	for (uint32_t i = 0; i < KEYS; i++) {
		uint32_t *value = weir_map_find(&map, keys[i], strlen(keys[i]));

		assert_non_null(value);
		assert_int_equal(*value, i);
	}
	assert_null(weir_map_find(&map, "key-5000", 8));
	assert_null(weir_map_find(&map, "key-1", 4));
	weir_map_finish(&map);
}

static void equal_strings_are_one_pointer(void **state)
{
	struct weir_intern intern;
	const char *first;

	(void)state;
	weir_intern_init(&intern, NULL);
	first = weir_intern_text(&intern, "default-and-more", 7);
	assert_string_equal(first, "default");
	assert_ptr_equal(first, weir_intern_text(&intern, "default", 7));
	assert_ptr_not_equal(first, weir_intern_text(&intern, "Default", 7));
	assert_string_equal(weir_intern_text(&intern, "", 0), "");
	weir_intern_finish(&intern);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_map_finds_what_was_inserted),
		cmocka_unit_test(equal_strings_are_one_pointer),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
