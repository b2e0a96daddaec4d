/* Frame sizes as text. */
#include "test.h"

#include <errno.h>
#include <math.h>

#include "traffic.h"

static void texts_that_are_sizes(void **state)
{
	static const struct {
		const char *text;
		uint32_t count;
		struct traffic_size last;
		double average;
	} cases[] = {
		{ "64", 1, { 64, 1 }, 64 },
		{ "1518", 1, { 1518, 1 }, 1518 },
		{ "64,1518", 2, { 1518, 1 }, 791 },
		{ "64:7,594:4,1518:1", 3, { 1518, 1 }, (64 * 7 + 594 * 4 + 1518) / 12.0 },
		{ "imix", 3, { 1518, 1 }, (64 * 7 + 594 * 4 + 1518) / 12.0 },
		{ "64:256", 1, { 64, 256 }, 64 },
		{ "64,65,66,67,68,69,70,71", 8, { 71, 1 }, 67.5 },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct traffic_mix mix;
		struct weir_error error = { "" };

		if (traffic_mix_parse(cases[i].text, &mix, &error))
			fail_msg("%s: %s", cases[i].text, error.text);
		assert_int_equal(mix.count, cases[i].count);
		assert_int_equal(mix.sizes[mix.count - 1].bytes, cases[i].last.bytes);
		assert_int_equal(mix.sizes[mix.count - 1].weight, cases[i].last.weight);
		assert_true(fabs(traffic_mix_average(&mix) - cases[i].average) < 1e-9);
	}
}

static void texts_that_are_none(void **state)
{
	static const struct {
		const char *text;
		const char *want;
	} cases[] = {
		{ "63", "63: a size is 64 to 1518 bytes" },
		{ "1519", "1519: a size is 64 to 1518 bytes" },
		{ "", ": a size is 64 to 1518 bytes" },
		{ "64,", "64,: a size is 64 to 1518 bytes" },
		{ "-64", "-64: a size is 64 to 1518 bytes" },
		{ "64:0", "64:0: a weight is 1 to 256" },
		{ "64:", "64:: a weight is 1 to 256" },
		{ "64:257", "64:257: a weight is 1 to 256" },
		{ "64:200,128:57", "64:200,128:57: weights come to more than 256" },
		{ "64x", "64x: must be imix, or sizes and weights, as in 64:7,594:4,1518:1" },
		{ "64 ,65", "64 ,65: must be imix, or sizes and weights, as in 64:7,594:4,1518:1" },
		{ "99999999999999999999", "99999999999999999999: a size is 64 to 1518 bytes" },
		{ "64,65,66,67,68,69,70,71,72", "64,65,66,67,68,69,70,71,72: more than 8 sizes" },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct traffic_mix mix = { .count = 77 };
		struct weir_error error = { "" };

		assert_int_equal(traffic_mix_parse(cases[i].text, &mix, &error), -EINVAL);
		assert_string_equal(error.text, cases[i].want);
		assert_int_equal(mix.count, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_that_are_sizes),
		cmocka_unit_test(texts_that_are_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
