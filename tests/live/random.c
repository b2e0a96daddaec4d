/*
 * Random batches of changes; behind each what a live policy answers, and what it freezes into,
 * against the naive reading and a fresh compilation of a model of plain arrays.
 *
 *	test-live-random [SEEDS]
 */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "handle.h"
#include "model.h"
#include "weir/directory.h"

enum {
	SEEDS = 24,
	BATCHES = 40,
	BATCH_MOST = 6,
	KEYS = 80,
};

static unsigned seeds = SEEDS;

static const struct generator_shape shapes[] = {
	{ 12, 2, 6, 4, 10, false, false },
	{ 12, 2, 6, 4, 10, false, true },
	{ 12, 3, 6, 4, 14, true, false },
	{ 40, 4, 10, 6, 20, true, true },
};

/* Versions beside a block that was compiled before, and all: without the former little is tested.
 */
static unsigned patched, versions;

struct place {
	unsigned seed;
	unsigned batch;
};

static bool same_half(const struct weir_half *a, const struct weir_half *b)
{
	return a->action == b->action && a->reason == b->reason && a->rule == b->rule &&
	       a->peer == b->peer && a->port == b->port;
}

static void differ(struct place place, const struct weir_key *key, const char *what)
{
	char source[WEIR_ADDRESS_TEXT], destination[WEIR_ADDRESS_TEXT];

	weir_address_format(&key->source, source);
	weir_address_format(&key->destination, destination);
	fail_msg("seed %u batch %u: %s -> %s protocol %u port %u flags %u: %s differs", place.seed,
		 place.batch, source, destination, key->protocol, key->destination_port, key->flags,
		 what);
}

static void compare_considered(struct place place, const struct weir_policy *policy,
			       const struct weir_resolved *resolved, const struct weir_key *key)
{
	struct weir_considered want[MODEL_RULES], got[MODEL_RULES];

	for (unsigned direction = WEIR_EGRESS; direction <= WEIR_INGRESS; direction++) {
		size_t count =
			weir_resolved_considered(resolved, key, direction, want, MODEL_RULES);

		if (weir_policy_considered(policy, key, direction, got, MODEL_RULES) != count)
			differ(place, key, "how many rules are considered");
		for (size_t i = 0; i < count; i++) {
			if (want[i].rule != got[i].rule || want[i].peer != got[i].peer ||
			    want[i].port != got[i].port || want[i].is_certain != got[i].is_certain)
				differ(place, key, "a rule considered");
		}
	}
}

/* By every kernel. */
static void compare_verdicts(struct place place, struct weir_policy *policy,
			     const struct weir_key *keys, const struct weir_explanation *want)
{
	const struct weir_kernel *usual = policy->kernel;
	size_t count;
	const struct weir_kernel *kernels = weir_kernels(&count);

	for (size_t k = 0; k < count; k++) {
		struct weir_verdict verdicts[KEYS];

		if (!kernels[k].is_supported())
			continue;
		policy->kernel = &kernels[k];
		weir_policy_classify(policy, keys, verdicts, KEYS);
		for (unsigned i = 0; i < KEYS; i++) {
			if (verdicts[i].action != want[i].verdict.action ||
			    verdicts[i].why != want[i].verdict.why)
				differ(place, &keys[i], kernels[k].name);
		}
	}
	policy->kernel = usual;
}

static void compare_answers(struct place place, struct model *model, struct weir_policy *policy,
			    const struct weir_resolved *resolved)
{
	struct weir_key keys[KEYS];
	struct weir_explanation wanted[KEYS];

	for (unsigned i = 0; i < KEYS; i++) {
		keys[i] = generate_key(&model->generator, resolved);
		weir_resolved_judge(resolved, &keys[i], &wanted[i]);
	}
	compare_verdicts(place, policy, keys, wanted);
	for (unsigned i = 0; i < KEYS; i++) {
		const struct weir_explanation *want = &wanted[i];
		struct weir_explanation got;

		weir_policy_explain(policy, &keys[i], &got);
		if (!same_half(&want->egress, &got.egress) ||
		    !same_half(&want->ingress, &got.ingress))
			differ(place, &keys[i], "the explanation");
		if (i % 8 == 0)
			compare_considered(place, policy, resolved, &keys[i]);
	}
}

/* The directory: a pod is found by its name and by its address. */

static bool same_endpoint(const struct weir_policy *a, uint32_t i, const struct weir_policy *b,
			  uint32_t j)
{
	struct weir_endpoint_view x, y;

	if (i == WEIR_NONE || j == WEIR_NONE)
		return i == j;
	weir_policy_endpoint(a, i, &x);
	weir_policy_endpoint(b, j, &y);
	return !strcmp(x.namespace_name, y.namespace_name) && !strcmp(x.name, y.name) &&
	       x.kind == y.kind && x.rank == y.rank && x.host_network == y.host_network &&
	       x.port_count == y.port_count && x.address_count == y.address_count &&
	       !memcmp(x.addresses, y.addresses, x.address_count * sizeof(*x.addresses)) &&
	       (x.node == WEIR_NONE) == (y.node == WEIR_NONE) &&
	       (x.node == WEIR_NONE || same_endpoint(a, x.node, b, y.node));
}

static void compare_owners(struct place place, const struct weir_policy *policy,
			   const struct weir_policy *fresh, const struct weir_address *address)
{
	struct weir_owner got, want;

	weir_policy_owner(policy, address, &got);
	weir_policy_owner(fresh, address, &want);
	if (got.kind != want.kind || got.endpoint_count != want.endpoint_count)
		fail_msg("seed %u batch %u: an address has another owner", place.seed, place.batch);
	if (got.kind == WEIR_OWNER_POD || got.kind == WEIR_OWNER_NODE)
		assert_true(same_endpoint(policy, got.index, fresh, want.index));
	for (uint32_t i = 0; i < got.endpoint_count; i++)
		assert_true(same_endpoint(policy, got.endpoints[i], fresh, want.endpoints[i]));
}

static void compare_directories(struct place place, const struct weir_policy *policy,
				const struct weir_policy *fresh,
				const struct weir_resolved *resolved)
{
	for (uint32_t i = 0; i < resolved->endpoint_count; i++) {
		const struct weir_endpoint *endpoint = &resolved->endpoints[i];
		const char *namespace_name = endpoint->namespace_name;
		uint32_t got = namespace_name ? weir_policy_find_pod(policy, namespace_name,
								     endpoint->name)
					      : weir_policy_find_node(policy, endpoint->name);

		if (!same_endpoint(policy, got, fresh, i))
			fail_msg("seed %u batch %u: %s is not found", place.seed, place.batch,
				 endpoint->name);
		for (uint32_t j = 0; j < endpoint->address_count; j++)
			compare_owners(place, policy, fresh, &endpoint->addresses[j]);
	}
	assert_int_equal(weir_policy_find_pod(policy, "a", "nobody"), WEIR_NONE);
}

static void compare_frozen(struct place place, const struct model *model,
			   const struct weir_policy *fresh)
{
	struct weir_policy *frozen;
	struct weir_error error;
	const void *bytes[2];
	size_t lengths[2];

	if (weir_live_freeze(model->live, &frozen, &error))
		fail_msg("seed %u batch %u: %s", place.seed, place.batch, error.text);
	bytes[0] = weir_policy_bytes(frozen, &lengths[0]);
	bytes[1] = weir_policy_bytes(fresh, &lengths[1]);
	if (lengths[0] != lengths[1] || memcmp(bytes[0], bytes[1], lengths[0]) != 0)
		fail_msg("seed %u batch %u: frozen is not what is compiled", place.seed,
			 place.batch);
	weir_policy_unref(frozen);
}

static void compare(struct place place, struct model *model)
{
	struct weir_policy *policy = weir_live_policy(model->live);
	struct weir_resolved *resolved;

	struct weir_arena arena;

	patched += policy->lookup.patch != NULL;
	versions++;

	weir_arena_init(&arena, NULL);
	resolved = model_resolve(model, &model->state, &arena);
	compare_answers(place, model, policy, resolved);
	if (place.batch % 4 == 0) {
		struct weir_policy *fresh;

		assert_int_equal(weir_compile(resolved, NULL, &fresh, NULL), 0);
		compare_directories(place, policy, fresh, resolved);
		compare_frozen(place, model, fresh);
		weir_policy_unref(fresh);
	}
	weir_arena_finish(&arena);
}

/* A batch that leaves something behind that refers to nothing: refused, and dropped. */
static void try_dangling(struct place place, struct model *model)
{
	const struct weir_policy *before = weir_live_policy(model->live);
	struct weir_error error = { "" };

	if (!model->state.rule_count)
		return;
	assert_int_equal(weir_live_remove_set(model->live,
					      model->state.rules[model->state.order[0]].subjects,
					      &error),
			 0);
	assert_int_equal(weir_live_commit(model->live, &error), -EINVAL);
	assert_non_null(strstr(error.text, "does not exist"));
	assert_ptr_equal(weir_live_policy(model->live), before);
	weir_live_drop(model->live);
	compare(place, model);
}

static void run_batch(struct place place, struct model *model)
{
	static struct model_state before;
	uint32_t changes = 1 + generator_below(&model->generator, BATCH_MOST);
	enum model_extent extent = (enum model_extent)generator_below(&model->generator, 3);
	struct weir_error error = { "" };

	before = model->state;
	for (uint32_t i = 0; i < changes; i++)
		model_change(model, extent);
	if (generator_below(&model->generator, 8) == 0) {
		uint32_t names = model->state.names;

		weir_live_drop(model->live);
		model->state = before;
		model->state.names = names;
	} else if (weir_live_commit(model->live, &error)) {
		fail_msg("seed %u batch %u: %s", place.seed, place.batch, error.text);
	}
	compare(place, model);
	if (place.batch % 16 == 5)
		try_dangling(place, model);
}

static void run_seed(unsigned seed)
{
	struct model *model = test_malloc(sizeof(*model));

	model_init(model, seed, &shapes[seed % COUNT(shapes)], NULL);
	for (unsigned batch = 0; batch < BATCHES; batch++)
		run_batch((struct place){ seed, batch }, model);
	model_finish(model);
	test_free(model);
}

static void every_batch_equals_the_naive_reading(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < seeds; seed++)
		run_seed(seed);
	print_message("%u of %u versions are patches\n", patched, versions);
	assert_true(patched > versions / 2);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_batch_equals_the_naive_reading),
	};

	if (argc > 1)
		seeds = (unsigned)atoi(argv[1]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
