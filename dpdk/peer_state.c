/*
 * peer_state.c - rte_acl, and a table of connections that end: rte_hash as its users build on it.
 *
 * rte_hash says at which place a key lies. Beside it is an array with 8 bytes for each place: when
 * the connection was seen, what its sides have shown, and how long it is kept therefore. A packet of
 * a known connection reads them, and writes only when the step of time is another or its flags
 * are news:
 *
 *	key ── rte_hash ── place ── states[place]   seen : 32, signals : 8, kind : 8
 *
 * A connection past its time, or closed and asked for again by a SYN, is asked of rte_acl like a new
 * one. Each burst looks at the states of one more cache line and lets go of those that are over. In
 * a full table the one of 64 states that was not seen for longest gives way.
 *
 * It is favoured: steps are of a second, nobody looks at sequence numbers or at who opened, and
 * time passes only while packets come.
 */
#include "peer_acl.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include <rte_malloc.h>
#include <rte_prefetch.h>
#include <rte_tcp.h>

enum {
	STEP_SHIFT = 30, /* of nanoseconds to steps */
	LINE = 64,
	SWEPT = LINE / 8,  /* states that a burst looks at */
	DRAWN = 8 * SWEPT, /* from which one is chosen that gives way */
	TCP_HEADERS = sizeof(struct rte_ether_hdr) + sizeof(struct rte_ipv4_hdr) +
		      sizeof(struct rte_tcp_hdr),
};

/* What sides have shown: a bit for each of the two, but for RST. */
enum signal {
	SIGNAL_CAME = 1,
	SIGNAL_FIN = 4,
	SIGNAL_RST = 16,
	SIGNAL_BOTH = 3, /* times one of them */
};

enum kind {
	KIND_FREE,
	KIND_OTHER,
	KIND_ICMP,
	KIND_UDP,
	KIND_UDP_STREAM,
	KIND_TCP_OPENING,
	KIND_TCP_ESTABLISHED,
	KIND_TCP_CLOSING,
	KIND_TCP_CLOSED, /* from here on a SYN begins anew */
	KIND_TCP_RESET,
	KINDS,
};

/* In steps, which are a little longer than seconds: those of Linux. */
static const uint32_t timeouts[KINDS] = {
	[KIND_OTHER] = 600,       [KIND_ICMP] = 30,         [KIND_UDP] = 30,
	[KIND_UDP_STREAM] = 120,  [KIND_TCP_OPENING] = 120, [KIND_TCP_ESTABLISHED] = 432000,
	[KIND_TCP_CLOSING] = 120, [KIND_TCP_CLOSED] = 120,  [KIND_TCP_RESET] = 10,
};

struct state {
	uint32_t seen; /* steps */
	uint8_t signals;
	uint8_t kind;
};
static_assert(sizeof(struct state) == 8, "a cache line has eight states");

struct filter {
	const struct peer_rules *rules;
	struct rte_hash *table;
	struct state *states; /* by place */
	uint32_t places;
	uint32_t flows;
	uint32_t max_flows;
	uint32_t hand; /* the place that is swept next */
	uint32_t now;  /* steps */
};

/* Packets. */

/* Of one that is no TCP, or cut: none. Without a branch for the protocol, as above. */
static uint8_t tcp_flags_of(const struct rte_mbuf *packet)
{
	const struct rte_ipv4_hdr *header = peer_ipv4(packet);
	unsigned is_tcp = header->next_proto_id == IPPROTO_TCP;

	if (rte_pktmbuf_data_len(packet) < TCP_HEADERS)
		return 0;
	return ((const struct rte_tcp_hdr *)(header + 1))->tcp_flags & (uint8_t)-is_tcp;
}

static bool is_syn(uint8_t flags)
{
	return (flags & (RTE_TCP_SYN_FLAG | RTE_TCP_ACK_FLAG)) == RTE_TCP_SYN_FLAG;
}

/* What a packet with such flags shows of its sender. */
static uint8_t signals_of(uint8_t flags, unsigned side)
{
	unsigned fin = (flags & RTE_TCP_FIN_FLAG) != 0;
	unsigned rst = (flags & RTE_TCP_RST_FLAG) != 0;

	return (uint8_t)((SIGNAL_CAME | fin * SIGNAL_FIN) << side | rst * SIGNAL_RST);
}

/* States. */

static bool has_both(uint8_t signals, enum signal signal)
{
	return (signals & SIGNAL_BOTH * signal) == SIGNAL_BOTH * signal;
}

static enum kind tcp_kind(uint8_t signals)
{
	if (signals & SIGNAL_RST)
		return KIND_TCP_RESET;
	if (has_both(signals, SIGNAL_FIN))
		return KIND_TCP_CLOSED;
	if (signals & SIGNAL_BOTH * SIGNAL_FIN)
		return KIND_TCP_CLOSING;
	return has_both(signals, SIGNAL_CAME) ? KIND_TCP_ESTABLISHED : KIND_TCP_OPENING;
}

static enum kind kind_of(uint32_t protocol, uint8_t signals)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return tcp_kind(signals);
	case IPPROTO_UDP:
		return has_both(signals, SIGNAL_CAME) ? KIND_UDP_STREAM : KIND_UDP;
	case IPPROTO_ICMP:
		return KIND_ICMP;
	default:
		return KIND_OTHER;
	}
}

static bool is_over(const struct filter *filter, const struct state *state)
{
	return filter->now - state->seen > timeouts[state->kind];
}

/* Whether a packet with such flags belongs to what is in the place. */
static bool is_of(const struct filter *filter, const struct state *state, uint8_t flags)
{
	return !is_over(filter, state) && !(state->kind >= KIND_TCP_CLOSED && is_syn(flags));
}

static void touch(const struct filter *filter, struct state *state, const struct peer_flow *flow,
		  uint8_t signals)
{
	signals |= state->signals;
	if (signals != state->signals) {
		state->signals = signals;
		state->kind = (uint8_t)kind_of(flow->protocol, signals);
	}
	if (state->seen != filter->now)
		state->seen = filter->now;
}

/* Connections. */

static void let_go(struct filter *filter, uint32_t place)
{
	void *key;

	filter->states[place] = (struct state){ .kind = KIND_FREE };
	filter->flows--;
	if (!rte_hash_get_key_with_position(filter->table, (int32_t)place, &key))
		rte_hash_del_key(filter->table, key);
}

static void forget(struct filter *filter, const struct peer_flow *flow, hash_sig_t hash)
{
	int32_t place = rte_hash_lookup_with_hash(filter->table, flow, hash);

	if (place >= 0)
		let_go(filter, (uint32_t)place);
}

static uint32_t next_line(struct filter *filter)
{
	uint32_t from = filter->hand;

	filter->hand = from + SWEPT < filter->places ? from + SWEPT : 0;
	return from;
}

static void sweep(struct filter *filter)
{
	uint32_t from = next_line(filter);

	for (uint32_t i = from; i < from + SWEPT; i++)
		if (filter->states[i].kind != KIND_FREE && is_over(filter, &filter->states[i]))
			let_go(filter, i);
	rte_prefetch0(&filter->states[filter->hand]);
}

static void make_room(struct filter *filter)
{
	uint32_t chosen = UINT32_MAX;

	/* Some place has a connection: the table is full. */
	for (unsigned seen = 0; seen < DRAWN || chosen == UINT32_MAX; seen += SWEPT) {
		uint32_t from = next_line(filter);

		for (uint32_t i = from; i < from + SWEPT; i++)
			if (filter->states[i].kind != KIND_FREE &&
			    (chosen == UINT32_MAX ||
			     filter->now - filter->states[i].seen >
				     filter->now - filter->states[chosen].seen))
				chosen = i;
	}
	let_go(filter, chosen);
}

static void begin(struct filter *filter, const struct peer_flow *flow, hash_sig_t hash,
		  uint8_t signals)
{
	int32_t place;

	if (filter->flows == filter->max_flows)
		make_room(filter);
	place = rte_hash_add_key_with_hash(filter->table, flow, hash);
	if (place < 0)
		return;
	/* It may have begun earlier in this burst. */
	filter->flows += filter->states[place].kind == KIND_FREE;
	touch(filter, &filter->states[place], flow, signals);
}

/* Bursts. */

struct burst {
	struct peer_questions questions;
	struct peer_lookup lookup;
	uint8_t flags[LOOP_BURST];
};

/* Between finding the place and reading the state there is other work to do. */
static void await_states(const struct filter *filter, struct burst *burst,
			 struct rte_mbuf *const *packets)
{
	const struct peer_questions *questions = &burst->questions;

	for (uint16_t i = 0; i < questions->count; i++)
		if (burst->lookup.places[i] >= 0)
			rte_prefetch0(&filter->states[burst->lookup.places[i]]);
	for (uint16_t i = 0; i < questions->count; i++)
		burst->flags[i] = tcp_flags_of(packets[questions->packet[i]]);
}

/* Answers those of known connections, and leaves the others. */
static void answer_known(struct filter *filter, struct burst *burst,
			 struct weir_packet_verdict *verdicts)
{
	struct peer_questions *questions = &burst->questions;
	struct peer_lookup *lookup = &burst->lookup;
	uint16_t left = 0;

	for (uint16_t i = 0; i < questions->count; i++) {
		const struct peer_flow *flow = &lookup->flows[i];
		uint8_t flags = burst->flags[i];

		if (lookup->places[i] >= 0) {
			struct state *state = &filter->states[lookup->places[i]];

			if (is_of(filter, state, flags)) {
				touch(filter, state, flow, signals_of(flags, lookup->sides[i]));
				verdicts[questions->packet[i]].action = WEIR_PACKET_ALLOW;
				continue;
			}
		}
		lookup->flows[left] = *flow;
		lookup->hashes[left] = lookup->hashes[i];
		lookup->places[left] = lookup->places[i];
		lookup->sides[left] = lookup->sides[i];
		burst->flags[left] = flags;
		peer_keep_question(questions, left++, i);
	}
	questions->count = left;
}

static void answer_new(struct filter *filter, const struct burst *burst,
		       const struct weir_packet_verdict *verdicts)
{
	const struct peer_lookup *lookup = &burst->lookup;

	for (uint16_t i = 0; i < burst->questions.count; i++) {
		uint16_t packet = burst->questions.packet[i];
		const struct peer_flow *flow = &lookup->flows[i];

		/* What was there is over. */
		if (lookup->places[i] >= 0)
			forget(filter, flow, lookup->hashes[i]);
		if (verdicts[packet].action == WEIR_PACKET_ALLOW)
			begin(filter, flow, lookup->hashes[i],
			      signals_of(burst->flags[i], lookup->sides[i]));
	}
}

static void judge(void *context, struct rte_mbuf *const *packets, uint16_t n, uint64_t now,
		  struct weir_packet_verdict *verdicts)
{
	struct filter *filter = context;
	struct burst burst;

	filter->now = (uint32_t)(now >> STEP_SHIFT);
	sweep(filter);
	peer_sort_out(packets, n, &burst.questions, verdicts);
	if (!burst.questions.count)
		return;
	peer_look_up(filter->table, &burst.questions, packets, &burst.lookup);
	await_states(filter, &burst, packets);
	answer_known(filter, &burst, verdicts);
	if (!burst.questions.count)
		return;
	peer_ask(filter->rules, &burst.questions, packets, verdicts);
	answer_new(filter, &burst, verdicts);
}

int peer_state_create(const struct peer_options *options, struct loop_judge *out)
{
	struct filter *filter = calloc(1, sizeof(*filter));
	struct loop_judge made = { judge, filter };

	if (!filter)
		return -ENOMEM;
	filter->rules = options->rules;
	filter->max_flows = options->max_flows;
	filter->table = peer_table_create("weir-peer-state", options);
	if (filter->table) {
		uint32_t most = (uint32_t)rte_hash_max_key_id(filter->table) + 1;

		filter->places = (most + SWEPT - 1) / SWEPT * SWEPT;
		filter->states = rte_zmalloc(NULL, filter->places * sizeof(*filter->states), LINE);
	}
	if (!filter->states) {
		peer_state_destroy(&made);
		return -ENOMEM;
	}
	*out = made;
	return 0;
}

void peer_state_destroy(struct loop_judge *judge)
{
	struct filter *filter = judge->context;

	if (filter) {
		rte_hash_free(filter->table);
		rte_free(filter->states);
		free(filter);
	}
	*judge = (struct loop_judge){ 0 };
}
