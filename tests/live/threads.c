/*
 * Readers against a stream of changes: for ThreadSanitizer above all. What every version answers is
 * written down before it is published; a reader holds its answers against the version that the slot
 * says it entered, so each burst is of one policy, whole.
 */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "evaluate.h"
#include "handle.h"
#include "model.h"
#include "weir/directory.h"
#include "weir/slot.h"

enum {
	READERS = 2,
	VERSIONS = 300,
	KEYS = 33,
	READS = 400,
};

struct stream {
	struct weir_slot *slot;
	struct weir_key keys[KEYS];
	struct weir_explanation expected[VERSIONS + 1][KEYS]; /* by generation */
	_Atomic bool is_over;
};

struct reader {
	struct stream *stream;
	uint64_t wrong;
	uint64_t reads;
	uint64_t versions;
};

static bool same_half(const struct weir_half *a, const struct weir_half *b)
{
	return a->action == b->action && a->reason == b->reason && a->rule == b->rule;
}

static bool is_as_expected(const struct weir_explanation *want, struct weir_verdict verdict,
			   const struct weir_explanation *got)
{
	return verdict.action == want->verdict.action && verdict.why == want->verdict.why &&
	       same_half(&want->egress, &got->egress) && same_half(&want->ingress, &got->ingress);
}

/* Names and owners agree with each other, whatever they are. */
static bool knows_owners(const struct weir_policy *policy, const struct weir_key *key)
{
	struct weir_endpoint_view view;
	struct weir_owner owner;

	weir_policy_owner(policy, &key->destination, &owner);
	if (owner.kind != WEIR_OWNER_POD)
		return true;
	weir_policy_endpoint(policy, owner.index, &view);
	return weir_policy_find_pod(policy, view.namespace_name, view.name) == owner.index;
}

/* A version may be let go of by any thread, long after it was replaced. */
static void hold_another(struct weir_policy **held, const struct weir_policy *policy)
{
	weir_policy_unref(*held);
	*held = weir_policy_ref((struct weir_policy *)(uintptr_t)policy);
}

static void *read_on(void *context)
{
	struct reader *reader = context;
	struct stream *stream = reader->stream;
	struct weir_policy *held = NULL;
	uint64_t generation = 0;
	uint32_t number;

	if (weir_slot_join(stream->slot, &number)) {
		reader->wrong++;
		return NULL;
	}
	while (!atomic_load(&stream->is_over) || reader->reads < READS) {
		struct weir_verdict verdicts[KEYS];
		uint64_t before = generation;
		const struct weir_policy *policy =
			weir_slot_enter(stream->slot, number, &generation);

		weir_policy_classify(policy, stream->keys, verdicts, KEYS);
		for (unsigned i = 0; i < KEYS; i++) {
			struct weir_explanation got;

			weir_policy_explain(policy, &stream->keys[i], &got);
			reader->wrong += !is_as_expected(&stream->expected[generation][i],
							 verdicts[i], &got);
			reader->wrong += !knows_owners(policy, &stream->keys[i]);
		}
		if (reader->reads % 11 == 0)
			hold_another(&held, policy);
		reader->wrong += generation < before;
		reader->versions += generation != before;
		reader->reads++;
		if (reader->reads % 16 == 0)
			weir_slot_rest(stream->slot, number);
	}
	weir_slot_leave(stream->slot, number);
	weir_policy_unref(held);
	return NULL;
}

static void write_down(const struct model *model, struct stream *stream, uint64_t generation)
{
	struct weir_arena arena;
	const struct weir_resolved *resolved;

	weir_arena_init(&arena, NULL);
	resolved = model_resolve(model, &model->state, &arena);
	for (unsigned i = 0; i < KEYS; i++)
		weir_resolved_judge(resolved, &stream->keys[i], &stream->expected[generation][i]);
	weir_arena_finish(&arena);
}

static void make_keys(struct model *model, struct stream *stream)
{
	struct weir_arena arena;
	const struct weir_resolved *resolved;

	weir_arena_init(&arena, NULL);
	resolved = model_resolve(model, &model->state, &arena);
	for (unsigned i = 0; i < KEYS; i++)
		stream->keys[i] = generate_key(&model->generator, resolved);
	weir_arena_finish(&arena);
}

static void publish_all(struct model *model, struct stream *stream)
{
	static const enum model_extent extents[] = { MODEL_NODES,    MODEL_PODS, MODEL_POLICIES,
						     MODEL_POLICIES, MODEL_PODS, MODEL_POLICIES,
						     MODEL_POLICIES, MODEL_PODS };
	unsigned patched = 0;

	for (uint64_t version = 1; version < VERSIONS; version++) {
		for (unsigned i = 0; i < 1 + version % 4; i++)
			model_change(model, extents[version % COUNT(extents)]);
		assert_int_equal(weir_live_commit(model->live, NULL), 0);
		patched += !policy_is_whole(weir_live_policy(model->live));
		write_down(model, stream, version + 1);
		assert_int_equal(weir_slot_publish(stream->slot, weir_live_policy(model->live)), 0);
	}
	assert_true(patched > VERSIONS / 2);
}

static void every_answer_is_of_the_policy_in_force(void **state)
{
	static const struct generator_shape shape = { 40, 4, 10, 6, 20, true, true };
	struct model *model = test_malloc(sizeof(*model));
	struct stream *stream = test_calloc(1, sizeof(*stream));
	struct reader readers[READERS] = { { 0 } };
	pthread_t threads[READERS];

	(void)state;
	model_init(model, 7, &shape, NULL);
	make_keys(model, stream);
	write_down(model, stream, 1);
	assert_int_equal(
		weir_slot_create(weir_live_policy(model->live), READERS, NULL, &stream->slot), 0);
	for (unsigned i = 0; i < READERS; i++) {
		readers[i].stream = stream;
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &readers[i]), 0);
	}
	publish_all(model, stream);
	atomic_store(&stream->is_over, true);
	for (unsigned i = 0; i < READERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(readers[i].wrong, 0);
		assert_true(readers[i].versions > 1);
	}
	model_finish(model);
	assert_int_equal(weir_slot_reclaim(stream->slot), 0);
	weir_slot_destroy(stream->slot);
	test_free(stream);
	test_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_answer_is_of_the_policy_in_force),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
