/* A slot: what is in force, and when what was replaced goes. */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "policies.h"
#include "weir/slot.h"

static struct weir_slot *make_slot(uint16_t port, uint32_t readers)
{
	struct weir_policy *policy = policy_of_port(port);
	struct weir_slot *slot;

	assert_non_null(policy);
	assert_int_equal(weir_slot_create(policy, readers, NULL, &slot), 0);
	weir_policy_unref(policy);
	return slot;
}

static void publish(struct weir_slot *slot, uint16_t port)
{
	struct weir_policy *policy = policy_of_port(port);

	assert_non_null(policy);
	assert_int_equal(weir_slot_publish(slot, policy), 0);
	weir_policy_unref(policy);
}

static bool allows(const struct weir_policy *policy, uint16_t port)
{
	const struct weir_key key = {
		.source = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1 } },
		.destination = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 2 } },
		.destination_port = port,
		.protocol = 6,
		.flags = WEIR_KEY_BOTH,
	};
	struct weir_verdict verdict;

	weir_policy_classify(policy, &key, &verdict, 1);
	return verdict.action == WEIR_ALLOW;
}

static void readers_find_what_was_published_last(void **state)
{
	struct weir_slot *slot = make_slot(80, 1);
	uint64_t generation;
	uint32_t reader;

	(void)state;
	assert_int_equal(weir_slot_join(slot, &reader), 0);
	assert_true(allows(weir_slot_enter(slot, reader, &generation), 80));
	assert_int_equal(generation, 1);
	publish(slot, 81);
	publish(slot, 82);
	assert_true(allows(weir_slot_enter(slot, reader, &generation), 82));
	assert_int_equal(generation, 3);
	weir_slot_leave(slot, reader);
	weir_slot_destroy(slot);
}

static void a_policy_stays_while_a_reader_holds_it(void **state)
{
	struct weir_slot *slot = make_slot(80, 2);
	const struct weir_policy *held;
	uint32_t slow, fast;
	uint64_t generation;

	(void)state;
	assert_int_equal(weir_slot_join(slot, &slow), 0);
	assert_int_equal(weir_slot_join(slot, &fast), 0);
	held = weir_slot_enter(slot, slow, &generation);
	weir_slot_enter(slot, fast, &generation);
	publish(slot, 81);
	publish(slot, 82);
	weir_slot_enter(slot, fast, &generation);
	assert_int_equal(weir_slot_reclaim(slot), 2);
	assert_true(allows(held, 80));
	weir_slot_rest(slot, slow);
	assert_int_equal(weir_slot_reclaim(slot), 0);
	publish(slot, 83);
	assert_int_equal(weir_slot_reclaim(slot), 1);
	weir_slot_leave(slot, fast);
	assert_int_equal(weir_slot_reclaim(slot), 0);
	weir_slot_leave(slot, slow);
	weir_slot_destroy(slot);
}

static void as_many_readers_as_there_are_places(void **state)
{
	struct weir_slot *slot = make_slot(80, 2);
	uint32_t first, second, third;

	(void)state;
	assert_int_equal(weir_slot_join(slot, &first), 0);
	assert_int_equal(weir_slot_join(slot, &second), 0);
	assert_int_not_equal(first, second);
	assert_int_equal(weir_slot_join(slot, &third), -ENOSPC);
	weir_slot_leave(slot, first);
	assert_int_equal(weir_slot_join(slot, &third), 0);
	weir_slot_leave(slot, second);
	weir_slot_leave(slot, third);
	weir_slot_destroy(slot);
}

static void a_slot_without_readers_is_refused(void **state)
{
	struct weir_policy *policy = policy_of_port(80);
	struct weir_slot *slot = NULL;

	(void)state;
	assert_non_null(policy);
	assert_int_equal(weir_slot_create(policy, 0, NULL, &slot), -EINVAL);
	assert_null(slot);
	weir_slot_destroy(NULL);
	weir_policy_unref(policy);
}

/* Threads: policy number n allows port n alone, and generation g is policy g. */
enum {
	READERS = 3,
	GENERATIONS = 80,
};

struct crowd {
	struct weir_slot *slot;
	_Atomic bool is_over;
	_Atomic uint64_t wrong;
	_Atomic uint64_t entered;
};

static void *read_on(void *context)
{
	struct crowd *crowd = context;
	uint64_t before = 0;
	uint32_t reader;

	if (weir_slot_join(crowd->slot, &reader))
		return NULL;
	while (!atomic_load(&crowd->is_over)) {
		uint64_t generation;
		const struct weir_policy *policy =
			weir_slot_enter(crowd->slot, reader, &generation);

		if (generation < before || !allows(policy, (uint16_t)generation) ||
		    allows(policy, (uint16_t)(generation + 1)))
			atomic_fetch_add(&crowd->wrong, 1);
		before = generation;
		if (atomic_fetch_add(&crowd->entered, 1) % 7 == 0)
			weir_slot_rest(crowd->slot, reader);
	}
	weir_slot_rest(crowd->slot, reader);
	return NULL;
}

static void readers_never_see_a_policy_that_went(void **state)
{
	struct crowd crowd = { .slot = make_slot(1, READERS) };
	pthread_t threads[READERS];

	(void)state;
	for (unsigned i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, read_on, &crowd), 0);
	for (unsigned i = 2; i <= GENERATIONS; i++) {
		uint64_t before = atomic_load(&crowd.entered);

		publish(crowd.slot, (uint16_t)i);
		while (i % 16 == 0 && atomic_load(&crowd.entered) == before)
			;
	}
	atomic_store(&crowd.is_over, true);
	for (unsigned i = 0; i < READERS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&crowd.wrong), 0);
	assert_int_not_equal(atomic_load(&crowd.entered), 0);
	assert_int_equal(weir_slot_reclaim(crowd.slot), 0);
	weir_slot_destroy(crowd.slot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers_find_what_was_published_last),
		cmocka_unit_test(a_policy_stays_while_a_reader_holds_it),
		cmocka_unit_test(as_many_readers_as_there_are_places),
		cmocka_unit_test(a_slot_without_readers_is_refused),
		cmocka_unit_test(readers_never_see_a_policy_that_went),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
