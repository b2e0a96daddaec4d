/* What weir bench makes of engines that are right, that are not, and of samples that disagree. */
#include "test.h"

#include <errno.h>

#include "judge.h"
#include "run.h"

enum {
	KEYS = 300, /* no multiple of a burst */
};

static const struct bench_settings quick = {
	.halves = { [BENCH_BOTH] = true, [BENCH_INGRESS] = true },
	.ways = { [BENCH_WARM_BURST] = true, [BENCH_COLD_SINGLE] = true },
	.samples = 5,
	.seconds = 0.001,
	.key_count = KEYS,
	.limits = { 1000000, (size_t)1 << 30 },
};

static struct bench_engine honest;

/* Honest but for the last key of all. */
static uint8_t lie(const void *taken, size_t i)
{
	uint8_t answer = honest.intake->answer(taken, i);

	return i == KEYS - 1 ? !answer : answer;
}

static int decline(const struct bench_engine *engine, const struct bench_policy *policy,
		   const struct bench_limits *limits, void **out, struct weir_error *error)
{
	(void)engine;
	(void)policy;
	(void)limits;
	(void)out;
	return bench_decline(error, -ERANGE, "more than it takes");
}

static void run(const struct bench_settings *settings, const struct bench_engine *engines,
		size_t count, struct bench_groups *out)
{
	struct bench_workload workload;

	assert_int_equal(bench_workload_make(&bench_workload_specs[0], &workload), 0);
	for (unsigned i = 0; i < BENCH_HALVES; i++)
		assert_int_equal(
			bench_workload_ask_random(&workload, 1, KEYS, (enum bench_halves)i), 0);
	assert_int_equal(bench_run(settings, engines, count, &workload, out), 0);
	bench_workload_finish(&workload);
}

static void test_a_right_engine_is_measured_in_every_way(void **state)
{
	struct bench_groups groups = { 0 };

	(void)state;
	run(&quick, &honest, 1, &groups);
	assert_int_equal(groups.count, 4);
	for (size_t i = 0; i < groups.count; i++) {
		const struct bench_result *result = &groups.groups[i].results[0];

		assert_int_equal(result->outcome, BENCH_MEASURED);
		assert_true(result->digest == groups.groups[i].digest);
		assert_true(result->bytes > 0);
		for (unsigned j = 0; j < quick.samples; j++)
			assert_true(result->samples[j] > 0);
	}
	assert_int_equal(bench_judge(&groups), EXIT_CLEAN);
	bench_groups_finish(&groups);
}

static void test_a_wrong_answer_has_no_figure(void **state)
{
	struct bench_engine engines[2] = { honest, honest };
	struct bench_intake lying = *honest.intake;
	struct bench_groups groups = { 0 };

	(void)state;
	lying.answer = lie;
	engines[1].intake = &lying;
	engines[1].is_peer = true;
	run(&quick, engines, 2, &groups);
	for (size_t i = 0; i < groups.count; i++) {
		const struct bench_result *results = groups.groups[i].results;
		struct report_spread ratio;

		assert_int_equal(results[0].outcome, BENCH_MEASURED);
		assert_int_equal(results[1].outcome, BENCH_WRONG);
		assert_true(results[1].samples[0] == 0);
		assert_non_null(strstr(results[1].error.text, "key 299"));
		assert_false(bench_ratio(&groups.groups[i], &results[1], &ratio));
	}
	assert_int_equal(bench_judge(&groups), EXIT_DIFFERENT);
	bench_groups_finish(&groups);
}

static void test_what_declines_says_why(void **state)
{
	struct bench_engine engines[2] = { honest, honest };
	struct bench_groups groups = { 0 };

	(void)state;
	engines[1].build = decline;
	run(&quick, engines, 2, &groups);
	for (size_t i = 0; i < groups.count; i++) {
		const struct bench_result *results = groups.groups[i].results;

		assert_int_equal(results[0].outcome, BENCH_MEASURED);
		assert_int_equal(results[1].outcome, BENCH_DECLINED);
		assert_string_equal(results[1].error.text, "more than it takes");
	}
	bench_groups_finish(&groups);
}

static void test_a_check_times_nothing(void **state)
{
	struct bench_settings settings = quick;
	struct bench_groups groups = { 0 };

	(void)state;
	settings.is_check = true;
	run(&settings, &honest, 1, &groups);
	for (size_t i = 0; i < groups.count; i++) {
		assert_int_equal(groups.groups[i].results[0].outcome, BENCH_RIGHT);
		assert_true(groups.groups[i].results[0].samples[0] == 0);
	}
	bench_groups_finish(&groups);
}

static void test_spreads_leave_out_the_outermost_samples(void **state)
{
	double samples[40];
	struct report_spread spread;

	(void)state;
	for (unsigned i = 0; i < 40; i++)
		samples[i] = (i * 7) % 40;
	spread = report_spread_of(samples, 40);
	assert_true(spread.median == 19.5 && spread.low == 2 && spread.high == 37);
	spread = report_spread_of((const double[]){ 5, 1, 3, 2, 4 }, 5);
	assert_true(spread.median == 3 && spread.low == 1 && spread.high == 5);
}

/* Samples of two engines, the second a peer, as they were measured. */
static enum exit_code judge_samples(double *ours, double *theirs, struct report_spread *ratio)
{
	struct bench_engine engine = { .is_peer = true };
	struct bench_result results[2] = {
		{ .engine = &honest, .outcome = BENCH_MEASURED, .samples = ours },
		{ .engine = &engine, .outcome = BENCH_MEASURED, .samples = theirs },
	};
	struct bench_group group = { .results = results, .result_count = 2, .samples = 5 };
	struct bench_groups groups = { &group, 1 };

	assert_true(bench_ratio(&group, &results[1], ratio));
	return bench_judge(&groups);
}

static void test_rounds_that_disagree_are_unclear(void **state)
{
	double ours[] = { 10, 12, 20, 11, 9 };
	double slower[] = { 5, 6, 10, 5.5, 8.9 };
	double alike[] = { 5, 6, 10, 5.5, 9.1 };
	struct report_spread ratio;

	(void)state;
	assert_int_equal(judge_samples(ours, slower, &ratio), EXIT_CLEAN);
	assert_true(ratio.median == 2);
	assert_false(report_is_unclear(&ratio));
	assert_int_equal(judge_samples(ours, alike, &ratio), EXIT_INCONCLUSIVE);
	assert_true(report_is_unclear(&ratio));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_right_engine_is_measured_in_every_way),
		cmocka_unit_test(test_a_wrong_answer_has_no_figure),
		cmocka_unit_test(test_what_declines_says_why),
		cmocka_unit_test(test_a_check_times_nothing),
		cmocka_unit_test(test_spreads_leave_out_the_outermost_samples),
		cmocka_unit_test(test_rounds_that_disagree_are_unclear),
	};

	if (!bench_list_engines(&honest, 1))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
