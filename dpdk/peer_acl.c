/*
 * peer_acl.c - asking rte_acl, a filter that does nothing else, and looking connections up.
 *
 * rte_acl reads its fields where the packet has them, from the protocol's byte on.
 */
#include "peer_acl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_hash_crc.h>
#include <rte_lcore.h>
#include <rte_prefetch.h>

#include "acl.h"

struct peer_rules {
	struct rte_acl_ctx *contexts[2];
	enum rte_acl_classify_alg algorithm;
};

static const uint8_t *data_of(const struct rte_mbuf *packet)
{
	return &peer_ipv4(packet)->next_proto_id;
}

static void put_question(struct peer_questions *questions, const struct rte_mbuf *packet,
			 uint16_t place)
{
	questions->data[questions->count] = data_of(packet);
	questions->packet[questions->count++] = place;
}

/* A pod reaches itself, whatever its rules. */
static bool is_to_itself(const struct rte_mbuf *packet)
{
	return peer_ipv4(packet)->src_addr == peer_ipv4(packet)->dst_addr;
}

void peer_ask(const struct peer_rules *rules, struct peer_questions *questions,
	      struct rte_mbuf *const *packets, struct weir_packet_verdict *verdicts)
{
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

void peer_sort_out(struct rte_mbuf *const *packets, uint16_t n, struct peer_questions *questions,
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
			put_question(questions, packets[i], i);
	}
}

static void judge_each(void *context, struct rte_mbuf *const *packets, uint16_t n, uint64_t now,
		       struct weir_packet_verdict *verdicts)
{
	struct peer_questions questions;

	(void)now;
	peer_sort_out(packets, n, &questions, verdicts);
	if (questions.count)
		peer_ask(context, &questions, packets, verdicts);
}

/* Tables. */

struct rte_hash *peer_table_create(const char *kind, const struct peer_options *options)
{
	char name[RTE_HASH_NAMESIZE];
	const struct rte_hash_parameters parameters = {
		.name = name,
		.entries = options->max_flows + options->max_flows / 4,
		.key_len = sizeof(struct peer_flow),
		.hash_func = rte_hash_crc,
		.socket_id = (int)rte_socket_id(),
	};

	snprintf(name, sizeof(name), "%s-%u", kind, options->index);
	return rte_hash_create(&parameters);
}

/* What rte_hash_crc says, inlined for 16 bytes: two instructions of SSE 4.2. */
static hash_sig_t hash_of(const struct peer_flow *flow)
{
	uint64_t words[2];

	memcpy(words, flow, sizeof(words));
	return rte_hash_crc_8byte(words[1], rte_hash_crc_8byte(words[0], 0));
}

void peer_look_up(const struct rte_hash *table, const struct peer_questions *questions,
		  struct rte_mbuf *const *packets, struct peer_lookup *out)
{
	const void *keys[LOOP_BURST];

	for (uint16_t i = 0; i < questions->count; i++) {
		out->flows[i] = peer_flow_of(packets[questions->packet[i]], &out->sides[i]);
		out->hashes[i] = hash_of(&out->flows[i]);
		keys[i] = &out->flows[i];
	}
	rte_hash_lookup_with_hash_bulk(table, keys, out->hashes, questions->count, out->places);
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

int peer_acl_create(const struct peer_options *options, struct loop_judge *out)
{
	/* Never written to. */
	*out = (struct loop_judge){ judge_each, (void *)(uintptr_t)options->rules };
	return 0;
}

void peer_acl_destroy(struct loop_judge *judge)
{
	*judge = (struct loop_judge){ 0 };
}
