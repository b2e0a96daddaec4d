/* The search, on devices whose capacity is known. */
#include "test.h"

#include <errno.h>

#include "search.h"

enum {
	SECOND = 1000, /* packets are counted over a thousandth of one */
	MOST = 50 * 1000 * 1000,
	LEAST = 1000,
	RESOLUTION = 10000, /* a hundredth */
	HALF_PERCENT = 5000,
};

struct device {
	uint64_t capacity;       /* packets a second */
	uint64_t generator;      /* can offer so many; 0: any number */
	uint32_t leak;           /* parts of a million that are always lost */
	uint32_t noise;          /* the same, of the capacity, up or down */
	uint64_t disturbed_from; /* at this rate, and above, trials are disturbed and lose */
	unsigned disturbed;      /* the first so many trials are */
	bool only_seems;         /* they might have been, and lost nothing by it */
	unsigned fails_at;       /* that trial, from 1, cannot be run */
	unsigned trials;
	uint64_t highest; /* rate that was asked */
	uint64_t random;
};

static uint64_t next_random(struct device *device)
{
	device->random = device->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return device->random >> 33;
}

static uint64_t capacity_now(struct device *device)
{
	double swing = (double)(next_random(device) % 2001) / 1000 - 1;

	return (uint64_t)((double)device->capacity * (1 + swing * device->noise / SEARCH_MILLION));
}

static int run_device(void *context, uint64_t rate, struct search_trial *out)
{
	struct device *device = context;
	uint64_t capacity = capacity_now(device);
	bool is_hit = device->disturbed_from && rate >= device->disturbed_from;

	if (++device->trials == device->fails_at)
		return -EIO;
	if (rate > device->highest)
		device->highest = rate;
	if (device->generator && rate > device->generator)
		rate = device->generator;
	*out = (struct search_trial){ .rate = rate, .offered = rate / SECOND };
	out->lost = rate > capacity ? out->offered - capacity / SECOND : 0;
	out->lost += out->offered * device->leak / SEARCH_MILLION;
	if (!is_hit && device->trials > device->disturbed)
		return 0;
	out->excused = out->offered / 10 + 1;
	if (!device->only_seems)
		out->lost += out->excused;
	return 0;
}

static struct search_result search(struct device *device, uint32_t tolerance)
{
	const struct search_options options = { .least = LEAST,
						.most = MOST,
						.resolution = RESOLUTION,
						.tolerance = tolerance,
						.trials = 3,
						.repeats = 4,
						.device = run_device,
						.context = device };
	struct search_result result = { .rate = UINT64_MAX };

	assert_int_equal(search_run(&options, &result), 0);
	assert_int_equal(result.trials, device->trials);
	assert_true(result.trials < 200);
	assert_int_equal(device->highest, MOST);
	return result;
}

static void assert_near(uint64_t rate, double wanted, double part)
{
	assert_true((double)rate <= wanted * (1 + part));
	assert_true((double)rate >= wanted * (1 - part));
}

static void a_sharp_capacity_is_found_as_finely_as_asked(void **state)
{
	static const uint64_t capacities[] = {
		2000, 10 * 1000, 333 * 1000, 7 * 1000 * 1000, 25 * 1000 * 1000, 49 * 1000 * 1000
	};

	(void)state;
	for (size_t i = 0; i < sizeof(capacities) / sizeof(capacities[0]); i++) {
		struct device device = { .capacity = capacities[i] };
		struct search_result result = search(&device, 0);

		assert_int_equal(result.end, SEARCH_FOUND);
		assert_false(result.is_unclear);
		/* Packets are whole: SECOND is one of them. */
		assert_true(result.rate < capacities[i] + SECOND);
		assert_true(result.rate + result.rate / 100 + SECOND >= capacities[i]);
		assert_true(result.above > result.rate);
		assert_true(result.above - result.rate <= result.above / 100 + 1);
		assert_int_equal(result.disturbed, 0);
	}
}

static void what_may_be_lost_lies_above_what_must_not(void **state)
{
	struct device device = { .capacity = 10 * 1000 * 1000 };
	struct device again = device;
	struct search_result none = search(&device, 0);
	struct search_result some = search(&again, 100 * 1000);

	(void)state;
	/* A tenth of the offered may go: nine parts of ten are the capacity. */
	assert_near(none.rate, 10e6, 0.011);
	assert_near(some.rate, 10e6 / 0.9, 0.011);
}

static void a_device_that_always_loses_a_little_has_no_rate_without_loss(void **state)
{
	struct device device = { .capacity = 10 * 1000 * 1000, .leak = 1000 };
	struct device again = device;
	struct search_result none = search(&device, 0);
	struct search_result some = search(&again, HALF_PERCENT);

	(void)state;
	/* Below a thousand packets a trial it loses none. */
	assert_true(none.rate < 1000 * SECOND);
	assert_int_equal(some.end, SEARCH_FOUND);
	assert_near(some.rate, 10e6, 0.02);
}

static void a_device_that_loses_at_any_rate_has_none(void **state)
{
	struct device device = { .capacity = 0 };
	struct search_result result = search(&device, HALF_PERCENT);

	(void)state;
	assert_int_equal(result.end, SEARCH_NONE);
	assert_int_equal(result.rate, 0);
	assert_true(result.above <= LEAST);
}

static void a_device_that_never_loses_holds_whatever_is_offered(void **state)
{
	struct device device = { .capacity = UINT64_C(1) << 40 };
	struct search_result result = search(&device, 0);

	(void)state;
	assert_int_equal(result.end, SEARCH_ALL);
	assert_int_equal(result.rate, MOST);
	assert_int_equal(result.above, 0);
	assert_int_equal(result.trials, 3);
}

static void a_generator_that_is_too_slow_is_the_end(void **state)
{
	struct device device = { .capacity = UINT64_C(1) << 40, .generator = 3000000 };
	struct device loses = { .capacity = 2000000, .generator = 3000000 };
	struct search_result all = search(&device, 0);
	struct search_result some = search(&loses, 0);

	(void)state;
	assert_int_equal(all.end, SEARCH_ALL);
	assert_int_equal(all.rate, 3000000);
	assert_int_equal(some.end, SEARCH_FOUND);
	assert_near(some.rate, 2e6, 0.011);
	assert_true(some.above <= 3000000);
}

/* Its worst days decide: it has to hold three times, and once more. */
static void a_noisy_capacity_is_between_its_bounds(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 50; i++) {
		struct device device = { .capacity = 10 * 1000 * 1000,
					 .noise = 50 * 1000,
					 .random = i };
		struct search_result result = search(&device, 0);

		assert_int_equal(result.end, SEARCH_FOUND);
		assert_near(result.rate, 10e6, 0.06);
	}
}

static void a_very_noisy_capacity_is_unclear_at_times(void **state)
{
	unsigned unclear = 0;

	(void)state;
	for (unsigned i = 1; i <= 50; i++) {
		struct device device = { .capacity = 10 * 1000 * 1000,
					 .noise = 500 * 1000,
					 .random = i };

		unclear += search(&device, 0).is_unclear;
	}
	assert_true(unclear > 5);
}

static void disturbed_trials_that_lose_are_repeated(void **state)
{
	struct device device = { .capacity = 10 * 1000 * 1000, .disturbed = 4 };
	struct search_result result = search(&device, 0);

	(void)state;
	/* The first is at a rate that nothing excuses. */
	assert_int_equal(result.disturbed, 3);
	assert_near(result.rate, 10e6, 0.011);
	assert_false(result.is_unclear);
}

static void what_holds_is_never_disturbed(void **state)
{
	struct device device = { .capacity = UINT64_C(1) << 40,
				 .disturbed = 100,
				 .only_seems = true };
	struct search_result result = search(&device, 0);

	(void)state;
	assert_int_equal(result.end, SEARCH_ALL);
	assert_int_equal(result.trials, 3);
	assert_int_equal(result.disturbed, 0);
	assert_false(result.is_unclear);
}

static void rates_that_fail_only_disturbed_are_unclear(void **state)
{
	struct device device = { .capacity = 10 * 1000 * 1000, .disturbed_from = 5000000 };
	struct search_result result = search(&device, 0);

	(void)state;
	assert_true(result.is_unclear);
	assert_int_equal(result.end, SEARCH_FOUND);
	assert_near(result.rate, 5e6, 0.011);
	assert_true(result.disturbed >= 5);
}

static void repeats_are_bounded(void **state)
{
	struct device device = { .capacity = 10 * 1000 * 1000, .disturbed = UINT32_MAX };
	struct search_result result = search(&device, 0);

	(void)state;
	assert_int_equal(result.end, SEARCH_NONE);
	assert_true(result.is_unclear);
	/* All but the first, which lost more than was excused. */
	assert_int_equal(result.disturbed, result.trials - 1);
}

static void a_trial_that_cannot_be_run_ends_it(void **state)
{
	(void)state;
	for (unsigned i = 1; i <= 12; i++) {
		struct device device = { .capacity = 10 * 1000 * 1000, .fails_at = i };
		const struct search_options options = { .least = LEAST,
							.most = MOST,
							.resolution = RESOLUTION,
							.trials = 3,
							.device = run_device,
							.context = &device };
		struct search_result result = { .rate = 7 };

		assert_int_equal(search_run(&options, &result), -EIO);
		assert_int_equal(result.rate, 7);
		assert_int_equal(device.trials, i);
	}
}

static void a_trial_without_packets_holds_nothing(void **state)
{
	const struct search_trial nothing = { .rate = 1000 };
	const struct search_trial at_the_edge = { .offered = 1000, .lost = 5 };
	const struct search_trial over_it = { .offered = 1000, .lost = 6 };

	(void)state;
	assert_false(search_holds(&nothing, SEARCH_MILLION));
	assert_true(search_holds(&at_the_edge, HALF_PERCENT));
	assert_false(search_holds(&over_it, HALF_PERCENT));
	assert_false(search_holds(&at_the_edge, 0));
}

static void a_trial_is_disturbed_that_failed_for_want_of_a_processor_only(void **state)
{
	/* At a million a second; half a percent of the offered may be lost, where any. */
	static const struct {
		const char *name;
		struct search_trial trial;
		uint32_t tolerance;
		bool is_disturbed;
	} cases[] = {
		{ "nothing was lost, whatever was taken",
		  { .rate = 1000000, .offered = 10000, .excused = 5000 } },
		{ "all of the loss came while the device was away",
		  { .rate = 1000000, .offered = 10000, .lost = 700, .excused = 700 },
		  .is_disturbed = true },
		{ "one more was lost",
		  { .rate = 1000000, .offered = 10000, .lost = 701, .excused = 700 } },
		{ "nothing was taken", { .rate = 1000000, .offered = 10000, .lost = 1 } },
		{ "a device that is too slow, and was away for a little",
		  { .rate = 1000000, .offered = 10000, .lost = 3000, .excused = 100 } },
		{ "what is left may be lost",
		  { .rate = 1000000, .offered = 10000, .lost = 750, .excused = 700 },
		  HALF_PERCENT,
		  true },
		{ "what is left is too much",
		  { .rate = 1000000, .offered = 10000, .lost = 751, .excused = 700 },
		  HALF_PERCENT,
		  false },
		{ "so little may be lost anyhow",
		  { .rate = 1000000, .offered = 10000, .lost = 50, .excused = 50 },
		  HALF_PERCENT,
		  false },
		{ "the generator was away, and could have offered the rate",
		  { .rate = 900000, .offered = 9000, .unoffered = 1000 },
		  .is_disturbed = true },
		{ "the generator is too slow, and was away for a little",
		  { .rate = 900000, .offered = 9000, .unoffered = 100 } },
		{ "it was away for so little that the rate is the rate",
		  { .rate = 990000, .offered = 9900, .unoffered = 100 } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (search_is_disturbed(&cases[i].trial, 1000000, cases[i].tolerance) !=
		    cases[i].is_disturbed)
			fail_msg("%s", cases[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_sharp_capacity_is_found_as_finely_as_asked),
		cmocka_unit_test(what_may_be_lost_lies_above_what_must_not),
		cmocka_unit_test(a_device_that_always_loses_a_little_has_no_rate_without_loss),
		cmocka_unit_test(a_device_that_loses_at_any_rate_has_none),
		cmocka_unit_test(a_device_that_never_loses_holds_whatever_is_offered),
		cmocka_unit_test(a_generator_that_is_too_slow_is_the_end),
		cmocka_unit_test(a_noisy_capacity_is_between_its_bounds),
		cmocka_unit_test(a_very_noisy_capacity_is_unclear_at_times),
		cmocka_unit_test(disturbed_trials_that_lose_are_repeated),
		cmocka_unit_test(what_holds_is_never_disturbed),
		cmocka_unit_test(rates_that_fail_only_disturbed_are_unclear),
		cmocka_unit_test(repeats_are_bounded),
		cmocka_unit_test(a_trial_that_cannot_be_run_ends_it),
		cmocka_unit_test(a_trial_without_packets_holds_nothing),
		cmocka_unit_test(a_trial_is_disturbed_that_failed_for_want_of_a_processor_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
