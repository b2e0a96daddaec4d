/* Percentiles of known delays. */
#include "test.h"

#include <stdlib.h>

#include "dice.h"
#include "latency.h"

enum { TICKS = 1 << LATENCY_TICK_BITS };
#define HZ UINT64_C(1000000000) /* a cycle is a nanosecond */

static struct latency *latency;

static int make(void **state)
{
	(void)state;
	latency = malloc(sizeof(*latency));
	latency_clear(latency);
	return latency ? 0 : -1;
}

static int unmake(void **state)
{
	(void)state;
	free(latency);
	return 0;
}

static double ticks_at(double percent)
{
	return latency_percentile(latency, percent, HZ) / TICKS;
}

static void small_values_are_exact(void **state)
{
	(void)state;
	for (uint32_t i = 1; i <= 200; i++)
		latency_record(latency, i);
	assert_true(ticks_at(50) == 100);
	assert_true(ticks_at(90) == 180);
	assert_true(ticks_at(99) == 198);
	assert_true(ticks_at(99.9) == 200);
	assert_true(ticks_at(100) == 200);
	assert_true(ticks_at(0) == 1);
	assert_true(latency_least(latency, HZ) == 1 * TICKS);
	assert_true(latency_most(latency, HZ) == 200 * TICKS);
}

static void of_nothing_there_is_nothing(void **state)
{
	(void)state;
	assert_true(ticks_at(50) == 0);
	assert_true(latency_least(latency, HZ) == 0);
	assert_true(latency_most(latency, HZ) == 0);
}

/* A thousand packets, one of them late: only the last percentiles see it. */
static void one_late_packet(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 999; i++)
		latency_record(latency, 10);
	latency_record(latency, 1000000);
	assert_true(ticks_at(99) == 10);
	assert_true(ticks_at(99.9) == 10);
	assert_true(ticks_at(99.95) == 1000000);
	assert_true(latency_most(latency, HZ) == 1000000.0 * TICKS);
}

static void it_goes_by_the_counters_frequency(void **state)
{
	(void)state;
	latency_record(latency, 100);
	assert_true(latency_percentile(latency, 50, 2 * HZ) == 100.0 * TICKS / 2);
}

static int by_size(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a;
	uint32_t right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

/* Of every size that there is, beside a sorted list. */
static void percentiles_are_right_to_one_part_in_128(void **state)
{
	enum { VALUES = 20000 };
	static const double percents[] = { 0.1, 1, 10, 50, 90, 99, 99.9, 99.99 };
	static uint32_t values[VALUES];
	struct dice dice = dice_for(11, 0, 0);

	(void)state;
	for (unsigned i = 0; i < VALUES; i++) {
		values[i] = (uint32_t)(dice_next(&dice) >> (32 + dice_below(&dice, 32)));
		latency_record(latency, values[i]);
	}
	qsort(values, VALUES, sizeof(*values), by_size);
	for (unsigned i = 0; i < COUNT(percents); i++) {
		double rank = VALUES * percents[i] / 100;
		uint32_t at = (uint32_t)rank + (rank > (uint32_t)rank) - 1;
		double got = ticks_at(percents[i]);

		assert_true(got >= values[at]);
		assert_true(got <= values[at] + values[at] / 128.0);
	}
}

static void places_ascend_without_a_gap(void **state)
{
	uint32_t before = 0;

	(void)state;
	for (uint64_t value = 0; value < UINT64_C(1) << 20; value++) {
		uint32_t place = latency_place((uint32_t)value);

		assert_true(place == before || place == before + 1);
		before = place;
	}
	assert_int_equal(latency_place(UINT32_MAX), LATENCY_COUNTS - 1);
	assert_int_equal(latency_place(1u << 31), LATENCY_COUNTS - 128);
	assert_int_equal(latency_place((1u << 31) - 1), LATENCY_COUNTS - 129);
}

static void added_up_they_are_as_one(void **state)
{
	struct latency other;

	(void)state;
	latency_clear(&other);
	for (uint32_t i = 1; i <= 100; i++) {
		latency_record(latency, i);
		latency_record(&other, 100 + i);
	}
	latency_add(latency, &other);
	assert_int_equal(latency->count, 200);
	assert_true(ticks_at(50) == 100);
	assert_true(ticks_at(75) == 150);
	assert_true(latency_most(latency, HZ) == 200 * TICKS);
	assert_true(latency_least(latency, HZ) == TICKS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(small_values_are_exact, make, unmake),
		cmocka_unit_test_setup_teardown(of_nothing_there_is_nothing, make, unmake),
		cmocka_unit_test_setup_teardown(one_late_packet, make, unmake),
		cmocka_unit_test_setup_teardown(it_goes_by_the_counters_frequency, make, unmake),
		cmocka_unit_test_setup_teardown(percentiles_are_right_to_one_part_in_128, make,
						unmake),
		cmocka_unit_test_setup_teardown(places_ascend_without_a_gap, make, unmake),
		cmocka_unit_test_setup_teardown(added_up_they_are_as_one, make, unmake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
