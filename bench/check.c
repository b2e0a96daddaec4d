/* Checks the answers of every engine on every workload, each engine in a process of its own. */
#include <errno.h>

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

#include "engine.h"
#include "workload.h"

enum {
	KEYS = 2000,
	MOST_PODS = 100, /* larger ones are checked before they are timed */
};

/* Parameters are indices: each test is a process, and tables lie elsewhere there. */
ParameterizedTestParameters(bench, answers)
{
	static size_t indices[BENCH_ENGINES_MAX];
	struct bench_engine engines[BENCH_ENGINES_MAX];
	size_t count = bench_list_engines(engines, BENCH_ENGINES_MAX);

	for (size_t i = 0; i < count; i++)
		indices[i] = i;
	return cr_make_param_array(size_t, indices, count);
}

static void check_halves(const struct bench_workload *workload, const struct bench_engine *engine,
			 const void *built, enum bench_halves halves)
{
	const struct bench_questions *questions = &workload->questions[halves];
	struct weir_error error = { "" };
	void *taken;
	size_t allowed = 0;

	cr_assert_eq(engine->intake->take(built, questions->keys, KEYS, &taken, &error), 0, "%s",
		     error.text);
	for (size_t i = 0; i < KEYS; i += BENCH_BURST_MAX)
		engine->classify(engine, built, taken, i,
				 KEYS - i < BENCH_BURST_MAX ? KEYS - i : BENCH_BURST_MAX);
	for (size_t i = 0; i < KEYS; i++) {
		cr_assert_eq(engine->intake->answer(taken, i), questions->actions[i],
			     "%s, %s, %s: key %zu is %u", workload->name, engine->name,
			     bench_halves_name(halves), i, engine->intake->answer(taken, i));
		allowed += questions->actions[i];
	}
	/* Neither answer is the only one. */
	cr_assert(allowed > KEYS / 50 && allowed < KEYS - KEYS / 50);
	engine->intake->release(taken);
}

/* Whether it took the workload: what an engine declines it is not asked. */
static bool check_workload(const struct bench_workload_spec *spec,
			   const struct bench_engine *engine)
{
	static const struct bench_limits limits = { 200000, (size_t)1 << 30 };
	struct weir_error error = { "" };
	struct bench_workload workload;
	bool is_taken;
	void *built;
	int status;

	cr_assert_eq(bench_workload_make(spec, &workload), 0);
	status = engine->build(engine, &workload.policy, &limits, &built, &error);
	is_taken = status != -ENOTSUP && status != -ERANGE;
	if (is_taken) {
		cr_assert_eq(status, 0, "%s, %s: %s", spec->name, engine->name, error.text);
		for (unsigned i = 0; i < BENCH_HALVES; i++) {
			enum bench_halves halves = (enum bench_halves)i;

			cr_assert_eq(bench_workload_ask_random(&workload, 1, KEYS, halves), 0);
			check_halves(&workload, engine, built, halves);
		}
		engine->destroy(built);
	}
	bench_workload_finish(&workload);
	return is_taken;
}

ParameterizedTest(size_t *index, bench, answers)
{
	struct bench_engine engines[BENCH_ENGINES_MAX];
	bool is_asked = false;

	cr_assert(bench_start_engines());
	cr_assert(bench_list_engines(engines, BENCH_ENGINES_MAX) > *index);
	for (size_t i = 0; bench_workload_specs[i].name; i++) {
		if (bench_workload_specs[i].shape.pods <= MOST_PODS)
			is_asked |= check_workload(&bench_workload_specs[i], &engines[*index]);
	}
	bench_stop_engines();
	if (!is_asked)
		cr_skip_test("%s declines every workload", engines[*index].name);
}
