/*
 * peer_acl.c - filters made of rte_acl: without memory of connections, and with an rte_hash of
 * them.
 *
 * rte_acl reads its fields where the packet has them, from the protocol's byte on. A connection's
 * key in the hash is the same for both directions: the lower end goes first.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_lcore.h>
#include <rte_prefetch.h>

#include "acl.h"
#include "peer_packet.h"
#include "peers.h"

/* 16 bytes, for which rte_hash has a comparison of its own. */
struct flow {
	uint32_t addresses[2];
	uint16_t ports[2];
	uint32_t protocol;
};
_Static_assert(sizeof(struct flow) == 16, "a connection is 16 bytes");

struct peer_rules {
	struct rte_acl_ctx *contexts[2];
	enum rte_acl_classify_alg algorithm;
};

struct filter {
	const struct peer_rules *rules;
	struct rte_hash *flows; /* NULL without memory */
	struct flow *oldest;    /* round and round, in the order in which they came */
	uint32_t max_flows;
	uint32_t at;
};

/* Of the packets of a burst those that are asked about. */
struct questions {
	const uint8_t *data[LOOP_BURST];
	uint16_t packet[LOOP_BURST];
	uint16_t count;
};

static const uint8_t *data_of(const struct rte_mbuf *packet)
{
	return &peer_ipv4(packet)->next_proto_id;
}

static void add(struct questions *questions, const struct rte_mbuf *packet, uint16_t place)
{
	questions->data[questions->count] = data_of(packet);
	questions->packet[questions->count++] = place;
}

/* A pod reaches itself, whatever its rules. */
static bool is_to_itself(const struct rte_mbuf *packet)
{
	return peer_ipv4(packet)->src_addr == peer_ipv4(packet)->dst_addr;
}

static void ask(const struct filter *filter, struct questions *questions,
		struct rte_mbuf *const *packets, struct weir_packet_verdict *verdicts)
{
	const struct peer_rules *rules = filter->rules;
	uint32_t results[2][LOOP_BURST] = { { 0 } };

	for (unsigned d = 0; d < 2; d++)
		if (rules->contexts[d])
			rte_acl_classify_alg(rules->contexts[d], questions->data, results[d],
					     questions->count, 1, rules->algorithm);
	for (uint16_t i = 0; i < questions->count; i++) {
		uint16_t place = questions->packet[i];
		bool is_denied = (results[0][i] | results[1][i]) & BENCH_ACL_DENY;

		verdicts[place].action = is_denied && !is_to_itself(packets[place])
						 ? WEIR_PACKET_DENY
						 : WEIR_PACKET_ALLOW;
	}
}

/* Answers what no rule is needed for, and says what is left. */
static void sort_out(struct rte_mbuf *const *packets, uint16_t n, struct questions *questions,
		     struct weir_packet_verdict *verdicts)
{
	questions->count = 0;
	for (uint16_t i = 0; i < n; i++)
		rte_prefetch0(rte_pktmbuf_mtod(packets[i], const void *));
	for (uint16_t i = 0; i < n; i++) {
		enum peer_packet_kind kind = peer_packet_kind(packets[i]);

		verdicts[i] = (struct weir_packet_verdict){
			.action = kind == PEER_OTHER ? WEIR_PACKET_ALLOW : WEIR_PACKET_DENY,
		};
		if (kind == PEER_IPV4)
			add(questions, packets[i], i);
	}
}

static void judge_each(void *context, struct rte_mbuf *const *packets, uint16_t n,
		       struct weir_packet_verdict *verdicts)
{
	struct questions questions;

	sort_out(packets, n, &questions, verdicts);
	if (questions.count)
		ask(context, &questions, packets, verdicts);
}

/* With connections. */

static bool has_ports(uint8_t protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

static struct flow flow_of(const struct rte_mbuf *packet)
{
	static const uint16_t none[2] = { 0, 0 };
	const struct rte_ipv4_hdr *header = peer_ipv4(packet);
	const uint16_t *ports = has_ports(header->next_proto_id) ? peer_ports(header) : none;
	uint64_t ends[2] = { (uint64_t)header->src_addr << 16 | ports[0],
			     (uint64_t)header->dst_addr << 16 | ports[1] };
	unsigned first = ends[0] > ends[1];

	return (struct flow){ { (uint32_t)(ends[first] >> 16), (uint32_t)(ends[!first] >> 16) },
			      { (uint16_t)ends[first], (uint16_t)ends[!first] },
			      header->next_proto_id };
}

static void keep(struct filter *filter, const struct flow *flow)
{
	struct flow *place = &filter->oldest[filter->at];

	if (place->protocol)
		rte_hash_del_key(filter->flows, place);
	*place = *flow;
	rte_hash_add_key(filter->flows, flow);
	filter->at = filter->at + 1 == filter->max_flows ? 0 : filter->at + 1;
}

/* Answers those of known connections, and leaves the others. */
static void look_up(struct filter *filter, const struct flow *flows, struct questions *questions,
		    struct weir_packet_verdict *verdicts)
{
	const void *keys[LOOP_BURST];
	int32_t places[LOOP_BURST];
	uint16_t left = 0;

	for (uint16_t i = 0; i < questions->count; i++)
		keys[i] = &flows[questions->packet[i]];
	rte_hash_lookup_bulk(filter->flows, keys, questions->count, places);
	for (uint16_t i = 0; i < questions->count; i++) {
		if (places[i] >= 0) {
			verdicts[questions->packet[i]].action = WEIR_PACKET_ALLOW;
			continue;
		}
		questions->data[left] = questions->data[i];
		questions->packet[left++] = questions->packet[i];
	}
	questions->count = left;
}

static void judge_with_flows(void *context, struct rte_mbuf *const *packets, uint16_t n,
			     struct weir_packet_verdict *verdicts)
{
	struct filter *filter = context;
	struct questions questions;
	struct flow flows[LOOP_BURST];

	sort_out(packets, n, &questions, verdicts);
	for (uint16_t i = 0; i < questions.count; i++)
		flows[questions.packet[i]] = flow_of(packets[questions.packet[i]]);
	if (questions.count)
		look_up(filter, flows, &questions, verdicts);
	if (!questions.count)
		return;
	ask(filter, &questions, packets, verdicts);
	for (uint16_t i = 0; i < questions.count; i++)
		if (verdicts[questions.packet[i]].action == WEIR_PACKET_ALLOW)
			keep(filter, &flows[questions.packet[i]]);
}

/* Making. */

/* The fastest that the processor has. */
static enum rte_acl_classify_alg best_algorithm(void)
{
	static const enum rte_acl_classify_alg algorithms[] = { RTE_ACL_CLASSIFY_AVX512X32,
								RTE_ACL_CLASSIFY_AVX512X16,
								RTE_ACL_CLASSIFY_AVX2,
								RTE_ACL_CLASSIFY_SSE };

	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
		if (bench_acl_has(algorithms[i]))
			return algorithms[i];
	return RTE_ACL_CLASSIFY_SCALAR;
}

int peer_rules_create(const struct bench_policy *policy, const struct bench_limits *limits,
		      struct peer_rules **out, struct weir_error *error)
{
	enum { BEGIN = offsetof(struct rte_ipv4_hdr, next_proto_id) };
	static const struct bench_acl_options options = {
		.form = BENCH_BY_PREFIX,
		.layout = { .source = offsetof(struct rte_ipv4_hdr, src_addr) - BEGIN,
			    .destination = offsetof(struct rte_ipv4_hdr, dst_addr) - BEGIN,
			    .ports = sizeof(struct rte_ipv4_hdr) - BEGIN },
		.names = { "peer-egress", "peer-ingress" },
	};
	struct peer_rules *rules = calloc(1, sizeof(*rules));
	int status;

	if (!rules)
		return bench_decline(error, -ENOMEM, "no memory");
	rules->algorithm = best_algorithm();
	status = bench_acl_build(policy, &options, limits, rules->contexts, error);
	if (status)
		free(rules);
	else
		*out = rules;
	return status;
}

void peer_rules_destroy(struct peer_rules *rules)
{
	if (!rules)
		return;
	bench_acl_free(rules->contexts);
	free(rules);
}

static bool make_flows(struct filter *filter, uint32_t max_flows, uint16_t index)
{
	char name[RTE_HASH_NAMESIZE];
	const struct rte_hash_parameters parameters = {
		.name = name,
		.entries = max_flows + max_flows / 4,
		.key_len = sizeof(struct flow),
		.hash_func = rte_hash_crc,
		.socket_id = (int)rte_socket_id(),
	};

	snprintf(name, sizeof(name), "weir-peer-flows-%u", index);
	filter->max_flows = max_flows;
	filter->oldest = calloc(max_flows, sizeof(*filter->oldest));
	filter->flows = rte_hash_create(&parameters);
	return filter->oldest && filter->flows;
}

int peer_acl_create(const struct peer_options *options, struct loop_judge *out)
{
	struct filter *filter = calloc(1, sizeof(*filter));

	if (!filter)
		return -ENOMEM;
	filter->rules = options->rules;
	*out = (struct loop_judge){ judge_each, filter };
	return 0;
}

int peer_flows_create(const struct peer_options *options, struct loop_judge *out)
{
	struct loop_judge judge;
	int status = peer_acl_create(options, &judge);

	if (status)
		return status;
	if (!make_flows(judge.context, options->max_flows, options->index)) {
		peer_acl_destroy(&judge);
		return -ENOMEM;
	}
	*out = (struct loop_judge){ judge_with_flows, judge.context };
	return 0;
}

void peer_acl_destroy(struct loop_judge *judge)
{
	struct filter *filter = judge->context;

	if (filter) {
		rte_hash_free(filter->flows);
		free(filter->oldest);
		free(filter);
	}
	*judge = (struct loop_judge){ 0 };
}
