/* Workers on threads of their own, while policies are published: for ThreadSanitizer above all. */
#include "test.h"

#include <pthread.h>
#include <stdatomic.h>

#include "frames.h"
#include "policies.h"
#include "weir/worker.h"

enum {
	WORKERS = 2,
	BURSTS = 3000,
	BURST = 40,
	POLICIES = 200,
};

struct hand {
	struct weir_slot *slot;
	uint16_t index;
	uint64_t wrong;
	struct weir_worker_counters counters;
	_Atomic bool is_over;
};

/* Openings to ports that some policy allows and to one that none does. */
static void make_frames(struct frame_builder *builders, struct weir_frame *frames, uint16_t index)
{
	for (unsigned i = 0; i < BURST; i++) {
		frame_tcp_packet(&builders[i], "10.0.0.1", (uint16_t)(1000 * (index + 1) + i),
				 "10.0.0.2", (uint16_t)(80 + i % 3), WEIR_TCP_SYN);
		frames[i] = frame_whole(&builders[i]);
	}
}

static void *work(void *context)
{
	static const struct weir_origin_of_frames origin = { .halves = WEIR_KEY_BOTH };
	struct hand *hand = context;
	struct weir_worker_options options = {
		.slot = hand->slot,
		.flows = { .max_ipv4_flows = 64, .max_ipv6_flows = 1, .secret = { 1, 2 } },
		.index = hand->index,
		.count = WORKERS,
	};
	struct frame_builder builders[BURST];
	struct weir_frame frames[BURST];
	struct weir_packet_verdict verdicts[BURST];
	struct weir_worker *worker;

	make_frames(builders, frames, hand->index);
	if (weir_worker_create(&options, &worker)) {
		hand->wrong++;
		return NULL;
	}
	for (unsigned i = 0; i < BURSTS; i++) {
		weir_worker_process(worker, &origin, frames, BURST, verdicts);
		for (unsigned j = 0; j < BURST; j++)
			hand->wrong += j % 3 == 2 && verdicts[j].action != WEIR_PACKET_DENY;
		if (i % 64 == 0)
			weir_worker_rest(worker, i);
	}
	weir_worker_count(worker, &hand->counters);
	weir_worker_destroy(worker);
	atomic_store(&hand->is_over, true);
	return NULL;
}

static void publish_by_turns(struct weir_slot *slot, const struct hand *hands)
{
	struct weir_policy *policies[] = { policy_of_port(80), policy_of_port(81) };
	uint64_t counts[1];
	bool over = false;

	for (unsigned i = 0; i < POLICIES || !over; i++) {
		assert_int_equal(weir_slot_publish(slot, policies[i % 2]), 0);
		weir_slot_count_rules(slot, counts, 1);
		over = atomic_load(&hands[0].is_over) && atomic_load(&hands[1].is_over);
	}
	weir_policy_unref(policies[0]);
	weir_policy_unref(policies[1]);
}

static void workers_share_nothing_but_the_slot(void **state)
{
	struct weir_policy *policy = policy_of_port(80);
	struct hand hands[WORKERS] = { { .index = 0 }, { .index = 1 } };
	pthread_t threads[WORKERS];
	struct weir_slot *slot;

	(void)state;
	assert_int_equal(weir_slot_create(policy, WORKERS, NULL, &slot), 0);
	weir_policy_unref(policy);
	for (unsigned i = 0; i < WORKERS; i++) {
		hands[i].slot = slot;
		assert_int_equal(pthread_create(&threads[i], NULL, work, &hands[i]), 0);
	}
	publish_by_turns(slot, hands);
	for (unsigned i = 0; i < WORKERS; i++) {
		const uint64_t *packets = hands[i].counters.packets;

		pthread_join(threads[i], NULL);
		assert_int_equal(hands[i].wrong, 0);
		assert_int_equal(packets[WEIR_PACKET_ALLOW] + packets[WEIR_PACKET_DENY],
				 BURSTS * BURST);
		assert_int_not_equal(packets[WEIR_PACKET_ALLOW], 0);
	}
	assert_int_equal(weir_slot_reclaim(slot), 0);
	weir_slot_destroy(slot);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(workers_share_nothing_but_the_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
