#include "checker.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_prefetch.h>

enum {
	BURST = 32,
	WINDOW = 64,
};

int checker_create(const struct checker_options *options, struct checker **out)
{
	struct checker *checker = calloc(1, sizeof(*checker));

	if (!checker)
		return -ENOMEM;
	checker->options = *options;
	checker->heard = calloc(options->traffic->flow_count, sizeof(*checker->heard));
	if (!checker->heard) {
		free(checker);
		return -ENOMEM;
	}
	checker_begin(checker, 0);
	*out = checker;
	return 0;
}

void checker_destroy(struct checker *checker)
{
	if (!checker)
		return;
	free(checker->heard);
	free(checker);
}

void checker_begin(struct checker *checker, uint16_t run)
{
	memset(checker->heard, 0, checker->options.traffic->flow_count * sizeof(*checker->heard));
	checker->mark = stamp_mark(run, 0);
	checker->latest = 0;
	checker->counters = (struct checker_counters){ 0 };
	latency_clear(&checker->latency);
}

/* Whether a packet of this sequence is new; counts the one that came after a later one. */
static bool hear(struct checker_heard *heard, uint32_t sequence, uint8_t generation,
		 uint64_t *reordered)
{
	uint32_t ahead = sequence - heard->greatest;
	uint32_t behind = heard->greatest - sequence;

	if (!heard->is_heard || (ahead && ahead < behind)) {
		bool keeps = heard->is_heard && ahead < WINDOW;

		heard->window = (keeps ? heard->window << ahead : 0) | 1;
		heard->greatest = sequence;
		heard->generation = generation;
		heard->is_heard = true;
		return true;
	}
	if (behind < WINDOW) {
		uint64_t bit = UINT64_C(1) << behind;

		if (heard->window & bit)
			return false;
		heard->window |= bit;
	}
	*reordered += generation == heard->generation;
	return true;
}

static bool is_astray(const struct checker *checker, enum frame_way side, enum frame_way way)
{
	const struct exchange_side *sides = checker->options.sides;

	if (sides[FRAME_FORWARD].port == sides[FRAME_REPLY].port)
		return false;
	return (side == way) != (checker->options.wiring == WIRING_ONE_ARMED);
}

/* A later connection of the flow is the one that counts. */
static void arrive(struct checker *checker, uint32_t flow, uint8_t generation)
{
	uint8_t *arrived = &checker->options.traffic->arrived[flow];
	uint8_t is_now = TRAFFIC_ARRIVED | generation;

	if (__atomic_load_n(arrived, __ATOMIC_RELAXED) != is_now)
		__atomic_store_n(arrived, is_now, __ATOMIC_RELAXED);
}

static void account(struct checker *checker, enum frame_way side, const struct stamp *stamp,
		    uint32_t now)
{
	struct checker_counters *counters = &checker->counters;
	uint32_t flow = stamp->flow & STAMP_FLOW;
	enum frame_way way = stamp->flow & STAMP_REPLY ? FRAME_REPLY : FRAME_FORWARD;
	uint8_t generation = stamp->mark % STAMP_GENERATIONS;

	counters->astray += is_astray(checker, side, way);
	if (!hear(&checker->heard[flow][way], stamp->sequence, generation, &counters->reordered)) {
		counters->duplicated++;
		return;
	}
	if (!(stamp->flow & STAMP_ALLOWED)) {
		counters->leaked++;
		return;
	}
	counters->allowed++;
	latency_record(&checker->latency, now - stamp->time);
	arrive(checker, flow, generation);
}

static bool is_ours(const struct checker *checker, const struct rte_mbuf *packet, struct stamp *out)
{
	return stamp_read(rte_pktmbuf_mtod(packet, const uint8_t *), rte_pktmbuf_data_len(packet),
			  out) &&
	       (out->mark & STAMP_RUN_MASK) == checker->mark &&
	       (out->flow & STAMP_FLOW) < checker->options.traffic->flow_count;
}

static void note_silence(struct checker *checker, uint64_t now)
{
	uint64_t silence = now - checker->latest;

	if (checker->latest && silence > checker->counters.longest_silence)
		checker->counters.longest_silence = silence;
	checker->latest = now;
}

static void take_burst(struct checker *checker, enum frame_way side,
		       struct rte_mbuf *const *packets, uint16_t n, uint64_t now)
{
	struct stamp stamps[BURST];
	uint16_t ours = 0;

	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(packets[i], void *));
	for (uint16_t i = 0; i < n; i++) {
		checker->counters.received_bytes += rte_pktmbuf_pkt_len(packets[i]) + FRAME_CHECK;
		if (!is_ours(checker, packets[i], &stamps[ours]))
			continue;
		rte_prefetch0(checker->heard[stamps[ours].flow & STAMP_FLOW]);
		ours++;
	}
	for (uint16_t i = 0; i < ours; i++)
		account(checker, side, &stamps[i], latency_ticks(now));
	checker->counters.received += n;
	checker->counters.foreign += (uint64_t)n - ours;
	if (ours)
		note_silence(checker, now);
}

void checker_take(struct checker *checker, enum frame_way side, struct rte_mbuf *const *packets,
		  uint16_t n, uint64_t now)
{
	for (uint16_t at = 0; at < n; at += BURST)
		take_burst(checker, side, packets + at, (uint16_t)(n - at < BURST ? n - at : BURST),
			   now);
}

uint16_t checker_step(struct checker *checker, uint64_t now)
{
	const struct exchange_side *sides = checker->options.sides;
	bool is_one = sides[0].port == sides[1].port && sides[0].queue == sides[1].queue;
	uint16_t received = 0;

	for (enum frame_way way = FRAME_FORWARD; way < FRAME_WAYS; way++) {
		struct rte_mbuf *packets[BURST];
		uint16_t n;

		if (is_one && way != FRAME_FORWARD)
			break;
		n = rte_eth_rx_burst(sides[way].port, sides[way].queue, packets, BURST);
		if (!n)
			continue;
		checker_take(checker, way, packets, n, now);
		rte_pktmbuf_free_bulk(packets, n);
		received += n;
	}
	return received;
}

/* The outcome. */

static void add(struct checker_counters *sum, const struct checker_counters *more)
{
	sum->received += more->received;
	sum->allowed += more->allowed;
	sum->leaked += more->leaked;
	sum->duplicated += more->duplicated;
	sum->foreign += more->foreign;
	sum->received_bytes += more->received_bytes;
	sum->reordered += more->reordered;
	sum->astray += more->astray;
	if (more->longest_silence > sum->longest_silence)
		sum->longest_silence = more->longest_silence;
}

static bool is_heard(struct checker *const *checkers, uint16_t count, uint32_t flow)
{
	for (uint16_t i = 0; i < count; i++)
		if (checkers[i]->heard[flow][FRAME_FORWARD].is_heard)
			return true;
	return false;
}

static void settle_flows(const struct generator *generator, struct checker *const *checkers,
			 uint16_t checker_count, struct traffic_outcome *out)
{
	const struct traffic *traffic = generator->options.traffic;

	for (uint32_t i = 0; i < generator->flow_count; i++) {
		const struct generator_flow *flow = &generator->flows[i];
		uint32_t number = generator->first + i;
		bool heard = is_heard(checkers, checker_count, number);

		if (!traffic->connections[flow->connection].is_allowed)
			out->leaky_flows += heard;
		else if (flow->is_asked)
			out->silent_flows += !heard;
	}
}

void traffic_settle(struct generator *const *generators, uint16_t generator_count,
		    struct checker *const *checkers, uint16_t checker_count,
		    struct traffic_outcome *out)
{
	memset(out, 0, sizeof(*out));
	for (uint16_t i = 0; i < checker_count; i++)
		add(&out->received, &checkers[i]->counters);
	for (uint16_t i = 0; i < generator_count; i++) {
		generator_counters_add(&out->sent, &generators[i]->counters);
		settle_flows(generators[i], checkers, checker_count, out);
	}
	if (out->sent.allowed > out->received.allowed)
		out->lost = out->sent.allowed - out->received.allowed;
}
