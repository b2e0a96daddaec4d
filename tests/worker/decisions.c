/*
 * Decisions that are remembered, against explaining each anew: policies from a seed take turns in
 * one memory, and keys come again and again.
 */
#include "test.h"

#include "decisions.h"
#include "generate.h"
#include "handle.h"

enum {
	SEEDS = 40,
	KEYS = 300,
	ASKED = 20000, /* of a large policy's keys, more than are remembered */
};

static const struct generator_shape shapes[] = {
	{ 12, 3, 6, 4, 14, false, true },
	{ 12, 3, 6, 4, 14, true, true },
	{ 60, 6, 20, 12, 40, false, false },
};

static const struct generator_shape large_shape = { 400, 10, 80, 30, 200, true, false };

static bool is_same(const struct weir_decided *decided, const struct weir_half *half)
{
	return decided->rule == half->rule && decided->reason == half->reason &&
	       decided->action == half->action;
}

static void ask(struct weir_decisions *decisions, const struct weir_policy *policy,
		const struct weir_key *keys, size_t n, uint64_t seed)
{
	struct weir_decision_place places[WEIR_DECISIONS_AT_ONCE];

	weir_decisions_locate(decisions, policy, keys, places, n);
	for (size_t i = 0; i < n; i++) {
		struct weir_explanation want;
		struct weir_decision got;

		weir_policy_explain(policy, &keys[i], &want);
		weir_decisions_find(policy, &keys[i], &places[i], &got);
		if (got.action != want.verdict.action ||
		    !is_same(&got.halves[WEIR_EGRESS], &want.egress) ||
		    !is_same(&got.halves[WEIR_INGRESS], &want.ingress))
			fail_msg("seed %u: another decision than is explained", (unsigned)seed);
	}
}

/* Each burst by another of the kernels. */
static const struct weir_kernel *kernel_of(unsigned number)
{
	size_t count;
	const struct weir_kernel *kernels = weir_kernels(&count);
	const struct weir_kernel *kernel = &kernels[number % count];

	return kernel->is_supported() ? kernel : kernels;
}

static void ask_policy(struct weir_decisions *decisions, const struct generator_shape *shape,
		       uint64_t seed, unsigned different, unsigned asked)
{
	struct weir_key *keys = test_calloc(different, sizeof(*keys));
	struct weir_resolved *resolved;
	struct generator generator;
	struct weir_policy *policy;

	generator_init(&generator, seed);
	resolved = generate(&generator, shape);
	assert_int_equal(weir_compile(resolved, NULL, &policy, NULL), 0);
	for (unsigned i = 0; i < different; i++)
		keys[i] = generate_key(&generator, resolved);
	weir_decisions_forget(decisions);
	for (unsigned i = 0; i < asked; i += WEIR_DECISIONS_AT_ONCE / 2) {
		struct weir_key burst[WEIR_DECISIONS_AT_ONCE];
		unsigned n = generator_below(&generator, WEIR_DECISIONS_AT_ONCE + 1);

		for (unsigned j = 0; j < n; j++)
			burst[j] = keys[generator_below(&generator, different)];
		policy->kernel = kernel_of(i / (WEIR_DECISIONS_AT_ONCE / 2));
		ask(decisions, policy, burst, n, seed);
	}
	weir_policy_unref(policy);
	generator_finish(&generator);
	test_free(keys);
}

static void what_is_remembered_is_what_is_explained(void **state)
{
	struct weir_decisions decisions;

	(void)state;
	assert_int_equal(weir_decisions_init(&decisions, NULL), 0);
	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		ask_policy(&decisions, &shapes[seed % COUNT(shapes)], seed, KEYS, 4 * KEYS);
	ask_policy(&decisions, &large_shape, SEEDS + 1, ASKED / 2, ASKED);
	weir_decisions_finish(&decisions);
}

static void an_era_comes_round(void **state)
{
	struct weir_decisions decisions;

	(void)state;
	assert_int_equal(weir_decisions_init(&decisions, NULL), 0);
	ask_policy(&decisions, &shapes[0], 1, KEYS, KEYS);
	decisions.era = WEIR_DECISIONS_LAST_ERA - 1;
	for (uint64_t seed = 2; seed <= 4; seed++)
		ask_policy(&decisions, &shapes[0], seed, KEYS, KEYS);
	weir_decisions_finish(&decisions);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_remembered_is_what_is_explained),
		cmocka_unit_test(an_era_comes_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
