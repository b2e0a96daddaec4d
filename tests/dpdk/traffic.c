/* What generators send and checkers make of it, through ports that are rings. */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "weir/packet.h"

#include "exchange.h"
#include "tester.h"

enum { FLOWS = 100, PACKETS = 8192 };

static struct exchange exchange;

struct bench {
	struct traffic *traffic;
	struct generator *generator;
	struct checker *checker;
};

static struct generator *generator_of(struct traffic *traffic, uint16_t index, uint16_t count)
{
	struct generator_options options = {
		.traffic = traffic, .pool = exchange.pool, .index = index, .count = count
	};
	struct weir_error error = { "" };
	struct generator *generator = NULL;

	memcpy(options.sides, exchange.sides, sizeof(exchange.sides));
	if (generator_create(&options, &generator, &error))
		fail_msg("%s", error.text);
	return generator;
}

static struct bench begin(const struct traffic_options *options)
{
	struct bench bench = { .traffic = exchange_traffic(options, NULL) };
	struct checker_options checking = { .traffic = bench.traffic };

	memcpy(checking.sides, exchange.sides, sizeof(exchange.sides));
	bench.generator = generator_of(bench.traffic, 0, 1);
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

static bool is_allowed(const struct rte_mbuf *packet)
{
	return exchange_stamp(packet).flow & STAMP_ALLOWED;
}

static struct weir_packet decoded(const struct rte_mbuf *packet)
{
	const struct weir_frame frame = { .bytes = rte_pktmbuf_mtod(packet, const uint8_t *),
					  .captured = rte_pktmbuf_data_len(packet),
					  .wire = rte_pktmbuf_pkt_len(packet),
					  .link_type = 1 };
	struct weir_packet out;

	weir_packet_decode(&frame, &out);
	assert_int_equal(out.kind, WEIR_PACKET_OK);
	return out;
}

/* Stages. */

static unsigned carry_allowed(struct rte_mbuf **in, unsigned n, struct rte_mbuf **out)
{
	unsigned carried = 0;

	for (unsigned i = 0; i < n; i++) {
		if (is_allowed(in[i]))
			out[carried++] = in[i];
		else
			rte_pktmbuf_free(in[i]);
	}
	return carried;
}

static void start(struct bench *bench, const struct generator_trial *trial)
{
	struct weir_error error = { "" };

	if (generator_begin(bench->generator, trial, rte_rdtsc(), &error))
		fail_msg("%s", error.text);
	checker_begin(bench->checker, trial->run);
}

static struct traffic_outcome settle(struct bench *bench)
{
	struct traffic_outcome outcome;

	traffic_settle(&bench->generator, 1, &bench->checker, 1, &outcome);
	return outcome;
}

/* A trial with a stage in between. */
static struct traffic_outcome run(struct bench *bench, const struct generator_trial *trial,
				  exchange_stage *stage)
{
	start(bench, trial);
	while (!generator_is_done(bench->generator)) {
		generator_step(bench->generator, rte_rdtsc());
		exchange_carry(&exchange, stage);
		while (checker_step(bench->checker, rte_rdtsc()))
			;
	}
	return settle(bench);
}

static const struct traffic_options half = { .seed = 1, .flows = FLOWS, .allowed = 5000 };
static const struct generator_trial plain = { .packets = 10 * FLOWS,
					      .mix = { { { 64, 1 } }, 1 },
					      .run = 3 };

static uint64_t faults(const struct traffic_outcome *outcome)
{
	const struct checker_counters *received = &outcome->received;

	return outcome->lost + received->leaked + received->duplicated + received->foreign +
	       received->reordered + received->astray + outcome->silent_flows +
	       outcome->leaky_flows;
}

/* Nothing wrong. */

static void everything_arrives_and_is_counted(void **state)
{
	struct traffic_options options = half;
	struct traffic_outcome outcome;
	struct bench bench;

	(void)state;
	options.allowed = GEN_ALL;
	bench = begin(&options);
	outcome = run(&bench, &plain, exchange_everything);
	assert_int_equal(outcome.sent.allowed, 1000);
	assert_int_equal(outcome.sent.denied, 0);
	assert_int_equal(outcome.sent.opened, FLOWS);
	assert_int_equal(outcome.sent.sent[FRAME_FORWARD], 1000);
	assert_int_equal(outcome.sent.sent_bytes, 64000);
	assert_int_equal(outcome.received.received, 1000);
	assert_int_equal(outcome.received.received_bytes, 64000);
	assert_int_equal(outcome.received.allowed, 1000);
	assert_int_equal(faults(&outcome), 0);
	assert_int_equal(bench.checker->latency.count, 1000);
	end(&bench);
}

static void shares_of_allowed_flows_are_exact(void **state)
{
	static const struct {
		uint16_t share;
		uint32_t flows;
		uint32_t allowed;
	} cases[] = {
		{ 5000, 100, 50 }, { 0, 100, 0 },   { GEN_ALL, 100, 100 }, { 9000, 10, 9 },
		{ 3333, 300, 99 }, { 1, 10000, 1 }, { 9999, 10000, 9999 },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		const struct traffic_options options = { .seed = 1,
							 .flows = cases[i].flows,
							 .allowed = cases[i].share };
		struct traffic *traffic = exchange_traffic(&options, NULL);
		uint32_t allowed = 0;

		for (uint32_t flow = 0; flow < cases[i].flows; flow++) {
			uint32_t connection = traffic_flow_connection(traffic, flow);

			assert_true(connection < traffic->connection_count);
			assert_true(traffic->connections[connection].key.destination_port <
				    TRAFFIC_PORT_FIRST);
			assert_int_equal(traffic->connections[connection].is_allowed,
					 traffic_flow_is_allowed(traffic, flow));
			allowed += traffic_flow_is_allowed(traffic, flow);
		}
		assert_int_equal(allowed, cases[i].allowed);
		traffic_destroy(traffic);
	}
}

static int by_tuple(const void *left, const void *right)
{
	const struct weir_tuple *a = left;
	const struct weir_tuple *b = right;
	int order = memcmp(&a->source, &b->source, 16);

	if (!order)
		order = memcmp(&a->destination, &b->destination, 16);
	if (!order)
		order = a->source_port - b->source_port;
	if (!order)
		order = a->destination_port - b->destination_port;
	return order ? order : a->protocol - b->protocol;
}

static void check_different(struct weir_tuple *tuples, unsigned count)
{
	qsort(tuples, count, sizeof(*tuples), by_tuple);
	for (unsigned i = 1; i < count; i++)
		assert_int_not_equal(by_tuple(&tuples[i - 1], &tuples[i]), 0);
}

/* Whatever the step to the next: this one has a factor in common with their number. */
static void flows_are_all_different(void **state)
{
	static const uint32_t steps[] = { 0, 1000 };
	const struct traffic_options options = {
		.seed = 3, .flows = 3000, .connections = 20, .allowed = 8000, .least_frame = 128
	};
	struct bench bench = begin(&options);
	struct generator_trial trial = plain;
	struct weir_tuple *seen = calloc(3000, sizeof(*seen));

	(void)state;
	trial.packets = 3000;
	trial.mix.sizes[0].bytes = 128;
	for (unsigned i = 0; i < COUNT(steps); i++) {
		unsigned count = 0;

		trial.step = steps[i];
		start(&bench, &trial);
		while (!generator_is_done(bench.generator)) {
			void *packet;

			generator_step(bench.generator, rte_rdtsc());
			while (!rte_ring_dequeue(exchange.into[0], &packet)) {
				seen[count++] = decoded(packet).tuple;
				rte_pktmbuf_free(packet);
			}
		}
		assert_int_equal(count, 3000);
		check_different(seen, count);
	}
	free(seen);
	end(&bench);
}

/* Faults, each with its number. */

static unsigned lose_every_tenth(struct rte_mbuf **in, unsigned n, struct rte_mbuf **out)
{
	unsigned carried = 0;

	for (unsigned i = 0; i < n; i++) {
		if (is_allowed(in[i]) && exchange_stamp(in[i]).sequence % 10 != 4)
			out[carried++] = in[i];
		else
			rte_pktmbuf_free(in[i]);
	}
	return carried;
}

static unsigned leak_every_fifth(struct rte_mbuf **in, unsigned n, struct rte_mbuf **out)
{
	unsigned carried = 0;

	for (unsigned i = 0; i < n; i++) {
		if (is_allowed(in[i]) || exchange_stamp(in[i]).sequence % 5 == 1)
			out[carried++] = in[i];
		else
			rte_pktmbuf_free(in[i]);
	}
	return carried;
}

static unsigned double_every_tenth(struct rte_mbuf **in, unsigned n, struct rte_mbuf **out)
{
	unsigned carried = carry_allowed(in, n, out);
	unsigned doubled = carried;

	for (unsigned i = 0; i < carried; i++) {
		if (exchange_stamp(out[i]).sequence % 10 != 7)
			continue;
		out[doubled] = rte_pktmbuf_copy(out[i], exchange.pool, 0, UINT32_MAX);
		assert_non_null(out[doubled]);
		doubled++;
	}
	return doubled;
}

/* Of each flow the packets 0 1 2 3 come as 1 0 3 2: with as many flows as a burst has packets. */
static unsigned swap_bursts(struct rte_mbuf **in, unsigned n, struct rte_mbuf **out)
{
	static struct rte_mbuf *kept[EXCHANGE_BURST];
	unsigned carried = 0;

	for (unsigned i = 0; i < n; i++) {
		uint32_t flow = exchange_stamp(in[i]).flow & STAMP_FLOW;

		if (!kept[flow]) {
			kept[flow] = in[i];
			continue;
		}
		out[carried++] = in[i];
		out[carried++] = kept[flow];
		kept[flow] = NULL;
	}
	return carried;
}

static unsigned silence_two_flows(struct rte_mbuf **in, unsigned n, struct rte_mbuf **out)
{
	unsigned carried = 0;

	for (unsigned i = 0; i < n; i++) {
		uint32_t flow = exchange_stamp(in[i]).flow & STAMP_FLOW;

		if (is_allowed(in[i]) && flow != 1 && flow != 51)
			out[carried++] = in[i];
		else
			rte_pktmbuf_free(in[i]);
	}
	return carried;
}

static unsigned lose_all(struct rte_mbuf **in, unsigned n, struct rte_mbuf **out)
{
	(void)out;
	rte_pktmbuf_free_bulk(in, n);
	return 0;
}

static void each_fault_is_found_with_its_number(void **state)
{
	static const struct {
		const char *name;
		exchange_stage *stage;
		uint64_t lost, leaked, duplicated, silent, leaky;
	} cases[] = {
		{ "none", carry_allowed, 0, 0, 0, 0, 0 },
		{ "loss", lose_every_tenth, 50, 0, 0, 0, 0 },
		{ "leaks", leak_every_fifth, 0, 100, 0, 0, 50 },
		{ "nothing is denied", exchange_everything, 0, 500, 0, 0, 50 },
		{ "everything is denied", lose_all, 500, 0, 0, 50, 0 },
		{ "duplicates", double_every_tenth, 0, 0, 50, 0, 0 },
		{ "two flows are denied", silence_two_flows, 20, 0, 0, 2, 0 },
	};
	struct bench bench = begin(&half);

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct traffic_outcome outcome = run(&bench, &plain, cases[i].stage);

		print_message("%s\n", cases[i].name);
		assert_int_equal(outcome.sent.allowed, 500);
		assert_int_equal(outcome.sent.denied, 500);
		assert_int_equal(outcome.lost, cases[i].lost);
		assert_int_equal(outcome.received.leaked, cases[i].leaked);
		assert_int_equal(outcome.received.duplicated, cases[i].duplicated);
		assert_int_equal(outcome.silent_flows, cases[i].silent);
		assert_int_equal(outcome.leaky_flows, cases[i].leaky);
		assert_int_equal(faults(&outcome), cases[i].lost + cases[i].leaked +
							   cases[i].duplicated + cases[i].silent +
							   cases[i].leaky);
		assert_int_equal(outcome.received.allowed, 500 - cases[i].lost);
		assert_int_equal(bench.checker->latency.count, 500 - cases[i].lost);
	}
	end(&bench);
}

static void packets_that_change_places_are_counted(void **state)
{
	const struct traffic_options options = { .seed = 2, .flows = 8, .allowed = GEN_ALL };
	struct bench bench = begin(&options);
	struct generator_trial trial = plain;
	struct traffic_outcome outcome;

	(void)state;
	trial.packets = 8 * 100;
	outcome = run(&bench, &trial, swap_bursts);
	assert_int_equal(outcome.received.reordered, 400);
	assert_int_equal(outcome.received.allowed, 800);
	assert_int_equal(faults(&outcome), 400);
	end(&bench);
}

/* One packet at a time, made by hand. */

struct told {
	uint32_t sequence;
	uint8_t generation;
};

static void tell(struct bench *bench, enum frame_way side, uint32_t flow, struct told told,
		 uint64_t delay)
{
	const uint64_t now = UINT64_C(1) << 40;
	struct rte_mbuf *packet = rte_pktmbuf_alloc(exchange.pool);
	const struct frame frame = {
		.stamp = { flow, told.sequence, latency_ticks(now - delay),
			   stamp_mark(3, told.generation) },
		.length = 60,
	};

	rte_pktmbuf_append(packet, 60);
	frame_write(&bench->traffic->connections[0].templates[FRAME_FORWARD], &frame,
		    rte_pktmbuf_mtod(packet, uint8_t *));
	checker_take(bench->checker, side, &packet, 1, now);
	rte_pktmbuf_free(packet);
}

static void what_came_before_and_what_came_late(void **state)
{
	static const struct {
		const char *name;
		struct told told[5];
		unsigned count;
		uint64_t allowed, duplicated, reordered;
	} cases[] = {
		{ "in order", { { 0, 0 }, { 1, 0 }, { 2, 0 } }, 3, 3, 0, 0 },
		{ "with a gap", { { 0, 0 }, { 9, 0 } }, 2, 2, 0, 0 },
		{ "late", { { 0, 0 }, { 2, 0 }, { 1, 0 } }, 3, 3, 0, 1 },
		{ "twice", { { 5, 0 }, { 5, 0 } }, 2, 1, 1, 0 },
		{ "late and twice", { { 0, 0 }, { 2, 0 }, { 1, 0 }, { 1, 0 } }, 4, 3, 1, 1 },
		{ "before the first", { { 7, 0 }, { 6, 0 } }, 2, 2, 0, 1 },
		{ "63 late and twice", { { 0, 0 }, { 63, 0 }, { 0, 0 } }, 3, 2, 1, 0 },
		{ "64 late", { { 64, 0 }, { 0, 0 } }, 2, 2, 0, 1 },
		{ "behind the window nobody knows", { { 0, 0 }, { 64, 0 }, { 0, 0 } }, 3, 3, 0, 1 },
		{ "around the end of numbers",
		  { { UINT32_MAX, 0 }, { 0, 0 }, { 1, 0 }, { UINT32_MAX, 0 } },
		  4,
		  3,
		  1,
		  0 },
		{ "of the connection before", { { 1, 0 }, { 3, 1 }, { 2, 0 } }, 3, 3, 0, 0 },
		{ "of the same later one", { { 1, 0 }, { 3, 1 }, { 2, 1 } }, 3, 3, 0, 1 },
	};
	struct bench bench = begin(&half);

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		const struct checker_counters *counters = &bench.checker->counters;

		print_message("%s\n", cases[i].name);
		checker_begin(bench.checker, 3);
		for (unsigned j = 0; j < cases[i].count; j++)
			tell(&bench, FRAME_REPLY, STAMP_ALLOWED | 1, cases[i].told[j], 0);
		assert_int_equal(counters->allowed, cases[i].allowed);
		assert_int_equal(counters->duplicated, cases[i].duplicated);
		assert_int_equal(counters->reordered, cases[i].reordered);
		assert_int_equal(counters->received, cases[i].count);
	}
	end(&bench);
}

static void directions_and_flows_have_sequences_of_their_own(void **state)
{
	struct bench bench = begin(&half);
	const struct checker_counters *counters = &bench.checker->counters;

	(void)state;
	checker_begin(bench.checker, 3);
	tell(&bench, FRAME_REPLY, STAMP_ALLOWED | 1, (struct told){ 5, 0 }, 0);
	tell(&bench, FRAME_FORWARD, STAMP_ALLOWED | STAMP_REPLY | 1, (struct told){ 4, 0 }, 0);
	tell(&bench, FRAME_REPLY, STAMP_ALLOWED | 3, (struct told){ 5, 0 }, 0);
	assert_int_equal(counters->allowed, 3);
	assert_int_equal(counters->reordered + counters->duplicated + counters->astray, 0);
	end(&bench);
}

static void what_comes_out_where_it_was_sent_in_is_astray(void **state)
{
	struct bench bench = begin(&half);
	const struct checker_counters *counters = &bench.checker->counters;

	(void)state;
	checker_begin(bench.checker, 3);
	tell(&bench, FRAME_FORWARD, STAMP_ALLOWED | 1, (struct told){ 0, 0 }, 0);
	assert_int_equal(counters->astray, 1);
	tell(&bench, FRAME_REPLY, STAMP_ALLOWED | STAMP_REPLY | 1, (struct told){ 0, 0 }, 0);
	assert_int_equal(counters->astray, 2);
	bench.checker->options.wiring = WIRING_ONE_ARMED;
	tell(&bench, FRAME_FORWARD, STAMP_ALLOWED | 1, (struct told){ 1, 0 }, 0);
	assert_int_equal(counters->astray, 2);
	tell(&bench, FRAME_REPLY, STAMP_ALLOWED | 1, (struct told){ 2, 0 }, 0);
	assert_int_equal(counters->astray, 3);
	end(&bench);
}

static void packets_of_others_are_foreign(void **state)
{
	struct bench bench = begin(&half);
	const struct checker_counters *counters = &bench.checker->counters;

	(void)state;
	checker_begin(bench.checker, 4); /* what tell says is of trial 3 */
	tell(&bench, FRAME_REPLY, STAMP_ALLOWED | 1, (struct told){ 0, 0 }, 0);
	assert_int_equal(counters->foreign, 1);
	checker_begin(bench.checker, 3);
	tell(&bench, FRAME_REPLY, STAMP_ALLOWED | FLOWS, (struct told){ 0, 0 }, 0);
	assert_int_equal(counters->foreign, 1);
	tell(&bench, FRAME_REPLY, STAMP_ALLOWED | (FLOWS - 1), (struct told){ 0, 0 }, 0);
	assert_int_equal(counters->foreign, 1);
	assert_int_equal(counters->received, 2);
	assert_int_equal(counters->allowed, 1);
	end(&bench);
}

static void delays_are_those_of_the_stamps(void **state)
{
	struct bench bench = begin(&half);
	const struct latency *latency = &bench.checker->latency;
	const uint64_t hz = 1000000000;

	(void)state;
	checker_begin(bench.checker, 3);
	for (unsigned i = 1; i <= 100; i++)
		tell(&bench, FRAME_REPLY, STAMP_ALLOWED | 1, (struct told){ i, 0 }, 32 * i);
	/* What is denied, or comes twice, is not of interest. */
	tell(&bench, FRAME_REPLY, STAMP_ALLOWED | 1, (struct told){ 100, 0 }, 100000);
	tell(&bench, FRAME_REPLY, 0, (struct told){ 0, 0 }, 100000);
	assert_int_equal(latency->count, 100);
	assert_true(latency_percentile(latency, 50, hz) == 50 * 32);
	assert_true(latency_percentile(latency, 99, hz) == 99 * 32);
	assert_true(latency_most(latency, hz) == 100 * 32);
	end(&bench);
}

/* What is sent. */

static struct {
	unsigned sizes[FRAME_MOST + 1];
	uint16_t order[4096];
	unsigned count;
} sizes;

static unsigned note_sizes(struct rte_mbuf **in, unsigned n, struct rte_mbuf **out)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t size = rte_pktmbuf_pkt_len(in[i]) + FRAME_CHECK;

		sizes.sizes[size]++;
		sizes.order[sizes.count++] = (uint16_t)size;
	}
	return carry_allowed(in, n, out);
}

static void sizes_of_frames_are_exact(void **state)
{
	struct bench bench = begin(&half);
	struct generator_trial trial = plain;
	struct traffic_outcome outcome;
	unsigned small = 0;

	(void)state;
	assert_int_equal(traffic_mix_parse("imix", &trial.mix, NULL), 0);
	trial.packets = 1200;
	memset(&sizes, 0, sizeof(sizes));
	outcome = run(&bench, &trial, note_sizes);
	assert_int_equal(sizes.count, 1200);
	assert_int_equal(sizes.sizes[64], 700);
	assert_int_equal(sizes.sizes[594], 400);
	assert_int_equal(sizes.sizes[1518], 100);
	assert_int_equal(outcome.sent.sent_bytes, 700 * 64 + 400 * 594 + 100 * 1518);
	assert_int_equal(faults(&outcome), 0);
	/* And mixed: each twelve have seven small ones. */
	for (unsigned i = 0; i < 12; i++)
		small += sizes.order[120 + i] == 64;
	assert_int_equal(small, 7);
	end(&bench);
}

static struct {
	unsigned forward, replies, early;
	bool opened[FLOWS];
} seen;

static unsigned note_replies(struct rte_mbuf **in, unsigned n, struct rte_mbuf **out)
{
	for (unsigned i = 0; i < n; i++) {
		const struct stamp stamp = exchange_stamp(in[i]);
		uint32_t flow = stamp.flow & STAMP_FLOW;

		if (!(stamp.flow & STAMP_REPLY)) {
			seen.forward++;
			seen.opened[flow] = true;
			continue;
		}
		seen.replies++;
		seen.early += !seen.opened[flow];
	}
	return carry_allowed(in, n, out);
}

static void replies_come_from_the_other_side_and_not_too_soon(void **state)
{
	struct traffic_options options = half;
	struct generator_trial trial = plain;
	struct traffic_outcome outcome;
	struct bench bench;

	(void)state;
	options.allowed = GEN_ALL;
	bench = begin(&options);
	trial.replies = 4000;
	memset(&seen, 0, sizeof(seen));
	outcome = run(&bench, &trial, note_replies);
	assert_int_equal(faults(&outcome), 0); /* nothing is astray, either */
	assert_int_equal(seen.early, 0);
	assert_int_equal(seen.replies, outcome.sent.sent[FRAME_REPLY]);
	assert_int_equal(seen.forward, outcome.sent.sent[FRAME_FORWARD]);
	/* Only the first round has none, and what it owes is made up for. */
	assert_int_equal(seen.replies, 400);
	/* Once all are open the share is exact. */
	memset(&seen, 0, sizeof(seen));
	trial.replies = 2500;
	run(&bench, &trial, note_replies);
	assert_int_equal(seen.replies, 250);
	end(&bench);
}

static void nobody_answers_what_did_not_come_through(void **state)
{
	struct bench bench = begin(&half);
	struct generator_trial trial = plain;
	struct traffic_outcome outcome;

	(void)state;
	trial.replies = GEN_ALL;
	outcome = run(&bench, &trial, lose_all);
	assert_int_equal(outcome.sent.sent[FRAME_REPLY], 0);
	assert_int_equal(outcome.sent.allowed, 500);
	end(&bench);
}

static void replies_swap_the_ends(void **state)
{
	const struct traffic_options one = { .seed = 4, .flows = 1, .allowed = GEN_ALL };
	struct bench bench = begin(&one);
	struct generator_trial trial = plain;
	struct weir_packet there;
	struct weir_packet back;
	void *packet = NULL;

	(void)state;
	trial.packets = 2;
	trial.replies = 5000;
	start(&bench, &trial);
	bench.generator->burst = 1;
	trial.packets = 1;
	bench.generator->trial.packets = 1;
	generator_step(bench.generator, rte_rdtsc());
	assert_int_equal(rte_ring_dequeue(exchange.into[FRAME_FORWARD], &packet), 0);
	there = decoded(packet);
	rte_ring_enqueue(exchange.out_of[FRAME_REPLY], packet);
	checker_step(bench.checker, rte_rdtsc());
	bench.generator->trial.packets = 2;
	generator_step(bench.generator, rte_rdtsc());
	assert_int_equal(rte_ring_dequeue(exchange.into[FRAME_REPLY], &packet), 0);
	back = decoded(packet);
	rte_pktmbuf_free(packet);
	assert_memory_equal(&there.tuple.source, &back.tuple.destination, 16);
	assert_memory_equal(&there.tuple.destination, &back.tuple.source, 16);
	assert_int_equal(there.tuple.source_port, back.tuple.destination_port);
	assert_int_equal(there.tuple.destination_port, back.tuple.source_port);
	assert_int_equal(there.tuple.protocol, back.tuple.protocol);
	end(&bench);
}

static struct {
	struct weir_tuple tuples[16384];
	unsigned count;
	unsigned syns;
} openers;

/* Notes packets whose connection differs from the last one of their flow. */
static unsigned note_openers(struct rte_mbuf **in, unsigned n, struct rte_mbuf **out)
{
	static uint16_t ports[FLOWS];

	if (!openers.count)
		memset(ports, 0, sizeof(ports));
	for (unsigned i = 0; i < n; i++) {
		uint32_t flow = exchange_stamp(in[i]).flow & STAMP_FLOW;
		struct weir_packet packet = decoded(in[i]);

		if (!is_allowed(in[i]) || packet.tuple.source_port == ports[flow])
			continue;
		ports[flow] = packet.tuple.source_port;
		openers.tuples[openers.count++] = packet.tuple;
		if (packet.tuple.protocol == WEIR_PROTOCOL_TCP)
			assert_int_equal(packet.tcp_flags, WEIR_TCP_SYN);
	}
	return carry_allowed(in, n, out);
}

static void new_connections_are_as_many_as_asked_for(void **state)
{
	struct bench bench = begin(&half);
	struct generator_trial trial = plain;
	struct traffic_outcome outcome;

	(void)state;
	memset(&openers, 0, sizeof(openers));
	outcome = run(&bench, &trial, note_openers);
	assert_int_equal(outcome.sent.opened, FLOWS);
	assert_int_equal(openers.count, FLOWS / 2);
	trial.openings = 1250;
	trial.packets = 20000;
	outcome = run(&bench, &trial, note_openers);
	assert_int_equal(outcome.sent.opened, 2500);
	assert_int_equal(openers.count, FLOWS / 2 + 2500);
	assert_int_equal(faults(&outcome), 0);
	check_different(openers.tuples, openers.count);
	end(&bench);
}

static void as_many_new_connections_as_allowed_packets(void **state)
{
	struct bench bench = begin(&half);
	struct generator_trial trial = plain;
	struct traffic_outcome outcome;

	(void)state;
	run(&bench, &trial, carry_allowed);
	trial.openings = 5000;
	outcome = run(&bench, &trial, carry_allowed);
	assert_int_equal(outcome.sent.opened, 500);
	assert_int_equal(faults(&outcome), 0);
	end(&bench);
}

/* The rate. */

static void a_rate_is_kept_to_the_packet(void **state)
{
	static const struct {
		uint64_t rate;
		uint64_t microseconds;
		uint64_t sent;
		unsigned burst;
	} cases[] = {
		{ 1000, 10000, 10, 1 },    { 100000, 10000, 1000, 1 }, { 1000000, 1000, 1000, 10 },
		{ 3200000, 300, 960, 32 }, { 10000000, 100, 992, 32 }, /* of 1000: a burst is not
									  due yet */
	};
	struct bench bench = begin(&half);
	uint64_t hz = rte_get_tsc_hz();

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct generator_trial trial = plain;
		uint64_t sent = 0;

		trial.rate = cases[i].rate;
		trial.packets = 0;
		assert_int_equal(generator_begin(bench.generator, &trial, 0, NULL), 0);
		for (uint64_t us = 0; us <= cases[i].microseconds; us++) {
			uint16_t n = generator_step(bench.generator, us * hz / 1000000 + 100);

			assert_true(n == 0 || n >= cases[i].burst);
			sent += n;
		}
		exchange_carry(&exchange, lose_all);
		assert_int_equal(sent, cases[i].sent);
		assert_int_equal(bench.generator->counters.forgone, 0);
	}
	end(&bench);
}

static void a_core_that_was_away_does_not_flood(void **state)
{
	struct bench bench = begin(&half);
	struct generator_trial trial = plain;
	uint64_t hz = rte_get_tsc_hz();
	unsigned sent = 0;
	uint16_t n;

	(void)state;
	trial.rate = 1000000;
	trial.packets = 0;
	assert_int_equal(generator_begin(bench.generator, &trial, 0, NULL), 0);
	while ((n = generator_step(bench.generator, hz / 100 + 100))) /* 10 ms */
		sent += n;
	assert_int_equal(sent, GENERATOR_DEPTH);
	assert_int_equal(bench.generator->counters.forgone, 10000 - GENERATOR_DEPTH);
	assert_int_equal(generator_step(bench.generator, hz / 100 + hz / 100000 + 200), 10);
	exchange_carry(&exchange, lose_all);
	end(&bench);
}

static void what_a_full_port_does_not_take_is_counted(void **state)
{
	struct bench bench = begin(&half);
	struct generator_trial trial = plain;
	struct traffic_outcome outcome;
	uint64_t now = 100;
	unsigned room = rte_ring_free_count(exchange.into[0]);

	(void)state;
	trial.rate = 1000000;
	trial.packets = 5000;
	start(&bench, &trial);
	assert_int_equal(generator_begin(bench.generator, &trial, 0, NULL), 0);
	while (!generator_is_done(bench.generator))
		generator_step(bench.generator, now += rte_get_tsc_hz() / 100000);
	exchange_carry(&exchange, carry_allowed);
	while (checker_step(bench.checker, rte_rdtsc()))
		;
	outcome = settle(&bench);
	assert_int_equal(outcome.sent.sent[FRAME_FORWARD], room);
	assert_int_equal(outcome.sent.unsent, 5000 - room);
	assert_int_equal(outcome.sent.allowed + outcome.sent.denied, room);
	assert_int_equal(outcome.sent.sent_bytes, 64 * room);
	assert_int_equal(faults(&outcome), 0);
	end(&bench);
}

static void without_a_rate_a_full_port_is_waited_for(void **state)
{
	struct bench bench = begin(&half);
	struct generator_trial trial = plain;
	struct traffic_outcome outcome;
	unsigned room = rte_ring_free_count(exchange.into[0]);

	(void)state;
	trial.packets = 5000;
	start(&bench, &trial);
	for (unsigned i = 0; i < 1000; i++)
		generator_step(bench.generator, rte_rdtsc());
	assert_false(generator_is_done(bench.generator));
	assert_int_equal(bench.generator->counters.sent[FRAME_FORWARD], room);
	while (!generator_is_done(bench.generator)) {
		exchange_carry(&exchange, carry_allowed);
		while (checker_step(bench.checker, rte_rdtsc()))
			;
		generator_step(bench.generator, rte_rdtsc());
	}
	exchange_carry(&exchange, carry_allowed);
	while (checker_step(bench.checker, rte_rdtsc()))
		;
	outcome = settle(&bench);
	assert_int_equal(outcome.sent.unsent, 0);
	assert_int_equal(outcome.sent.sent[FRAME_FORWARD], 5000);
	assert_int_equal(faults(&outcome), 0);
	end(&bench);
}

static void what_waits_when_it_is_stopped_was_not_sent(void **state)
{
	struct bench bench = begin(&half);
	struct generator_trial trial = plain;
	unsigned room = rte_ring_free_count(exchange.into[0]);

	(void)state;
	trial.packets = 0;
	start(&bench, &trial);
	for (unsigned i = 0; i < 1000; i++)
		generator_step(bench.generator, rte_rdtsc());
	generator_stop(bench.generator);
	assert_int_equal(bench.generator->counters.unsent, 32 - room % 32);
	assert_int_equal(bench.generator->counters.allowed + bench.generator->counters.denied,
			 room);
	exchange_carry(&exchange, lose_all);
	end(&bench);
}

static void an_empty_pool_is_counted_and_survived(void **state)
{
	struct bench bench = begin(&half);
	struct rte_mbuf *taken[PACKETS];
	struct generator_trial trial = plain;
	unsigned count = 0;

	(void)state;
	trial.rate = 1000000;
	trial.packets = 0;
	assert_int_equal(generator_begin(bench.generator, &trial, 0, NULL), 0);
	while ((taken[count] = rte_pktmbuf_alloc(exchange.pool)))
		count++;
	assert_int_equal(generator_step(bench.generator, rte_get_tsc_hz() / 100000 + 100), 0);
	assert_int_equal(bench.generator->counters.unbuffered, 10);
	rte_pktmbuf_free_bulk(taken, count);
	assert_int_equal(generator_step(bench.generator, 2 * rte_get_tsc_hz() / 100000 + 100), 10);
	assert_int_equal(bench.generator->counters.sent[FRAME_FORWARD], 10);
	exchange_carry(&exchange, lose_all);
	end(&bench);
}

/* Several. */

static void two_generators_divide_the_flows(void **state)
{
	struct traffic_options options = half;
	struct bench bench;
	struct generator *generators[2];
	struct traffic_outcome outcome;
	struct generator_trial trial = plain;

	(void)state;
	options.flows = FLOWS - 1; /* not evenly */
	options.connections = 4;
	bench = begin(&options);
	trial.packets = 2000;
	trial.openings = 1000;
	memset(&openers, 0, sizeof(openers));
	checker_begin(bench.checker, trial.run);
	for (uint16_t i = 0; i < 2; i++) {
		generators[i] = generator_of(bench.traffic, i, 2);
		assert_int_equal(generators[i]->flow_count, i ? 50 : 49);
		assert_int_equal(generator_begin(generators[i], &trial, rte_rdtsc(), NULL), 0);
	}
	while (!generator_is_done(generators[0]) || !generator_is_done(generators[1])) {
		generator_step(generators[0], rte_rdtsc());
		generator_step(generators[1], rte_rdtsc());
		exchange_carry(&exchange, note_openers);
		while (checker_step(bench.checker, rte_rdtsc()))
			;
	}
	traffic_settle(generators, 2, &bench.checker, 1, &outcome);
	assert_int_equal(outcome.sent.allowed + outcome.sent.denied, 4000);
	assert_int_equal(faults(&outcome), 0);
	assert_true(openers.count > 300);
	check_different(openers.tuples, openers.count);
	generator_destroy(generators[0]);
	generator_destroy(generators[1]);
	end(&bench);
}

static void await(const struct tester *tester, enum tester_state state)
{
	while (!tester_has_reached(tester, state))
		exchange_carry(&exchange, carry_allowed);
}

static void a_core_of_its_own_sends_and_checks(void **state)
{
	struct bench bench = begin(&half);
	struct tester tester = { .generator = bench.generator, .checker = bench.checker };
	struct generator_trial trial = plain;
	struct traffic_outcome outcome;
	unsigned lcore = rte_get_next_lcore(rte_lcore_id(), 1, 0);

	(void)state;
	assert_int_equal(rte_eal_remote_launch(tester_run, &tester, lcore), 0);
	for (trial.run = 0; trial.run < 3; trial.run++) {
		tester_tell(&tester, TESTER_WAIT);
		await(&tester, TESTER_WAIT);
		start(&bench, &trial);
		tester_tell(&tester, TESTER_SEND);
		while (!tester_is_done(&tester))
			exchange_carry(&exchange, carry_allowed);
		tester_tell(&tester, TESTER_LISTEN);
		await(&tester, TESTER_LISTEN);
		exchange_carry(&exchange, carry_allowed);
		while (rte_ring_count(exchange.out_of[0]) || rte_ring_count(exchange.out_of[1]))
			;
		tester_tell(&tester, TESTER_WAIT);
		await(&tester, TESTER_WAIT);
		outcome = settle(&bench);
		assert_int_equal(outcome.sent.allowed, 500);
		assert_int_equal(outcome.sent.unsent, 0);
		assert_int_equal(faults(&outcome), 0);
	}
	tester_tell(&tester, TESTER_STOP);
	assert_int_equal(rte_eal_wait_lcore(lcore), 0);
	end(&bench);
}

/* What is refused. */

static void options_that_cannot_be(void **state)
{
	static const struct {
		struct traffic_options options;
		const char *want;
	} cases[] = {
		{ { .flows = 0, .allowed = 5000 }, "0 flows: 1 to 67108864" },
		{ { .flows = TRAFFIC_FLOWS_MAX + 1u }, "67108865 flows: 1 to 67108864" },
		{ { .flows = 1, .connections = (1 << 20) + 1 },
		  "1048577 connections: at most 1048576" },
		{ { .flows = 1, .allowed = 10001 }, "the share of allowed flows is more than all" },
		{ { .flows = 1, .least_frame = 63 }, "frames of 63 bytes: 64 to 1518" },
		{ { .flows = 1, .least_frame = 1519 }, "frames of 1519 bytes: 64 to 1518" },
		{ { .flows = 20000, .connections = 1, .allowed = GEN_ALL },
		  "20000 allowed flows of 1 connections: at most 8192 of each, so fewer flows or "
		  "more connections" },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct weir_error error = { "" };

		assert_int_equal(exchange_refused(&cases[i].options, &error), -EINVAL);
		assert_string_equal(error.text, cases[i].want);
	}
}

static void trials_that_cannot_be(void **state)
{
	static const struct {
		struct generator_trial trial;
		const char *want;
	} cases[] = {
		{ { .mix = { .count = 0 } }, "no frame size" },
		{ { .mix = { { { 63, 1 } }, 1 } }, "frames of 63 bytes: 64 to 1518 here" },
		{ { .mix = { { { 64, 1 }, { 1519, 1 } }, 2 } },
		  "frames of 1519 bytes: 64 to 1518 here" },
		{ { .mix = { { { 64, 1 } }, 1 }, .replies = 10001 }, "a share is more than all" },
		{ { .mix = { { { 64, 1 } }, 1 }, .openings = 5001 },
		  "more packets are to open connections than flows are allowed" },
	};
	struct bench bench = begin(&half);

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct weir_error error = { "" };

		assert_int_equal(generator_begin(bench.generator, &cases[i].trial, 0, &error),
				 -EINVAL);
		assert_string_equal(error.text, cases[i].want);
	}
	end(&bench);
}

static void generators_that_cannot_be(void **state)
{
	struct bench bench = begin(&half);
	struct generator_options options = {
		.traffic = bench.traffic, .pool = exchange.pool, .index = 2, .count = 2
	};
	struct generator *generator = NULL;
	struct weir_error error = { "" };

	(void)state;
	assert_int_equal(generator_create(&options, &generator, &error), -EINVAL);
	assert_string_equal(error.text, "2 generators for 100 flows: each has one, and at most 64");
	options.index = 0;
	options.count = 65;
	assert_int_equal(generator_create(&options, &generator, &error), -EINVAL);
	assert_null(generator);
	end(&bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_arrives_and_is_counted),
		cmocka_unit_test(shares_of_allowed_flows_are_exact),
		cmocka_unit_test(flows_are_all_different),
		cmocka_unit_test(each_fault_is_found_with_its_number),
		cmocka_unit_test(packets_that_change_places_are_counted),
		cmocka_unit_test(what_came_before_and_what_came_late),
		cmocka_unit_test(directions_and_flows_have_sequences_of_their_own),
		cmocka_unit_test(what_comes_out_where_it_was_sent_in_is_astray),
		cmocka_unit_test(packets_of_others_are_foreign),
		cmocka_unit_test(delays_are_those_of_the_stamps),
		cmocka_unit_test(sizes_of_frames_are_exact),
		cmocka_unit_test(replies_come_from_the_other_side_and_not_too_soon),
		cmocka_unit_test(nobody_answers_what_did_not_come_through),
		cmocka_unit_test(replies_swap_the_ends),
		cmocka_unit_test(new_connections_are_as_many_as_asked_for),
		cmocka_unit_test(as_many_new_connections_as_allowed_packets),
		cmocka_unit_test(a_rate_is_kept_to_the_packet),
		cmocka_unit_test(a_core_that_was_away_does_not_flood),
		cmocka_unit_test(what_a_full_port_does_not_take_is_counted),
		cmocka_unit_test(without_a_rate_a_full_port_is_waited_for),
		cmocka_unit_test(what_waits_when_it_is_stopped_was_not_sent),
		cmocka_unit_test(an_empty_pool_is_counted_and_survived),
		cmocka_unit_test(two_generators_divide_the_flows),
		cmocka_unit_test(a_core_of_its_own_sends_and_checks),
		cmocka_unit_test(options_that_cannot_be),
		cmocka_unit_test(trials_that_cannot_be),
		cmocka_unit_test(generators_that_cannot_be),
	};
	int failures;

	exchange_start_eal("test-dpdk-traffic");
	exchange_make(&exchange, PACKETS - 1);
	failures = cmocka_run_group_tests(tests, NULL, NULL);
	exchange_finish(&exchange);
	rte_eal_cleanup();
	return failures;
}
