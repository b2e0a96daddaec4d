/* What a generator sends and a checker makes of it, through ports that are rings. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "exchange.h"

enum { FLOWS = 100, PACKETS = 8192 };

static struct exchange exchange;

struct bench {
	struct traffic *traffic;
	struct generator *generator;
	struct checker *checker;
};

static struct bench begin(const struct traffic_options *options)
{
	struct bench bench = { .traffic = exchange_traffic(options) };
	struct generator_options generating = { .traffic = bench.traffic, .pool = exchange.pool };
	struct checker_options checking = { .traffic = bench.traffic };

	memcpy(generating.sides, exchange.sides, sizeof(exchange.sides));
	memcpy(checking.sides, exchange.sides, sizeof(exchange.sides));
	assert_int_equal(generator_create(&generating, &bench.generator, NULL), 0);
	assert_int_equal(checker_create(&checking, &bench.checker), 0);
	return bench;
}

static void end(struct bench *bench)
{
	generator_destroy(bench->generator);
	checker_destroy(bench->checker);
	traffic_destroy(bench->traffic);
	assert_int_equal(exchange_in_use(&exchange), 0);
}

/* Between the two sides: answers how many packets come of one. */
typedef unsigned stage(const struct stamp *stamp);

static unsigned carry_all(const struct stamp *stamp)
{
	(void)stamp;
	return 1;
}

static unsigned carry_allowed(const struct stamp *stamp)
{
	return (stamp->flow & STAMP_ALLOWED) != 0;
}

static struct stamp stamp_of(const struct rte_mbuf *packet)
{
	struct stamp stamp = { 0 };

	assert_true(stamp_read(rte_pktmbuf_mtod(packet, const uint8_t *),
			       rte_pktmbuf_data_len(packet), &stamp));
	return stamp;
}

static void carry(stage *decide)
{
	for (unsigned side = 0; side < FRAME_WAYS; side++) {
		void *packet;

		while (!rte_ring_dequeue(exchange.into[side], &packet)) {
			const struct stamp stamp = stamp_of(packet);
			unsigned times = decide(&stamp);

			for (unsigned i = 1; i < times; i++) {
				struct rte_mbuf *copy =
					rte_pktmbuf_copy(packet, exchange.pool, 0, UINT32_MAX);

				assert_non_null(copy);
				rte_ring_enqueue(exchange.out_of[!side], copy);
			}
			if (times)
				rte_ring_enqueue(exchange.out_of[!side], packet);
			else
				rte_pktmbuf_free(packet);
		}
	}
}

/* A trial with a stage in between. */
static struct traffic_outcome run(struct bench *bench, const struct generator_trial *trial,
				  stage *decide)
{
	struct traffic_outcome outcome;
	struct weir_error error = { "" };

	if (generator_begin(bench->generator, trial, rte_rdtsc(), &error))
		fail_msg("%s", error.text);
	checker_begin(bench->checker, trial->run);
	while (!generator_is_done(bench->generator)) {
		generator_step(bench->generator, rte_rdtsc());
		carry(decide);
		while (checker_step(bench->checker, rte_rdtsc()))
			;
	}
	traffic_settle(&bench->generator, 1, &bench->checker, 1, &outcome);
	return outcome;
}

static const struct traffic_options half = { .seed = 1, .flows = FLOWS, .allowed = 5000 };
static const struct generator_trial plain = { .packets = 10 * FLOWS,
					      .mix = { { { 64, 1 } }, 1 },
					      .run = 3 };

static void everything_arrives_and_is_counted(void **state)
{
	struct traffic_options options = half;
	struct traffic_outcome outcome;
	struct bench bench;

	(void)state;
	options.allowed = GEN_ALL;
	bench = begin(&options);
	outcome = run(&bench, &plain, carry_all);
	assert_int_equal(outcome.sent.allowed, 1000);
	assert_int_equal(outcome.sent.denied, 0);
	assert_int_equal(outcome.sent.opened, FLOWS);
	assert_int_equal(outcome.sent.sent_bytes, 64000);
	assert_int_equal(outcome.received.received, 1000);
	assert_int_equal(outcome.received.received_bytes, 64000);
	assert_int_equal(outcome.received.allowed, 1000);
	assert_int_equal(outcome.lost + outcome.received.leaked + outcome.received.duplicated +
				 outcome.received.reordered + outcome.received.astray +
				 outcome.received.foreign + outcome.silent_flows +
				 outcome.leaky_flows,
			 0);
	assert_int_equal(bench.checker->latency.count, 1000);
	end(&bench);
}

static void what_is_denied_is_expected_not_to_come(void **state)
{
	struct bench bench = begin(&half);
	struct traffic_outcome outcome = run(&bench, &plain, carry_allowed);

	(void)state;
	assert_int_equal(outcome.sent.allowed, 500);
	assert_int_equal(outcome.sent.denied, 500);
	assert_int_equal(outcome.received.allowed, 500);
	assert_int_equal(outcome.lost, 0);
	assert_int_equal(outcome.received.leaked, 0);
	outcome = run(&bench, &plain, carry_all);
	assert_int_equal(outcome.received.leaked, 500);
	assert_int_equal(outcome.leaky_flows, 50);
	assert_int_equal(outcome.lost, 0);
	end(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_arrives_and_is_counted),
		cmocka_unit_test(what_is_denied_is_expected_not_to_come),
	};
	int failures;

	exchange_start_eal("test-dpdk-traffic");
	exchange_make(&exchange, PACKETS - 1);
	failures = cmocka_run_group_tests(tests, NULL, NULL);
	exchange_finish(&exchange);
	rte_eal_cleanup();
	return failures;
}
