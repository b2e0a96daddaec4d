/*
 * peer_acl.h - what peers that judge have in common: rte_acl asked of a burst's packets, and
 * tables of connections.
 */
#ifndef WEIR_DPDK_PEER_ACL_H
#define WEIR_DPDK_PEER_ACL_H

#include <rte_hash.h>

#include "peer_packet.h"
#include "peers.h"

/* Of the packets of a burst those that are asked about. */
struct peer_questions {
	const uint8_t *data[LOOP_BURST];
	uint16_t packet[LOOP_BURST];
	uint16_t count;
};

/* Answers what no rule is needed for, and says what is left. */
void peer_sort_out(struct rte_mbuf *const *packets, uint16_t n, struct peer_questions *questions,
		   struct weir_packet_verdict *verdicts);

/* Puts a question into the place of one that was answered, before it. */
static inline void peer_keep_question(struct peer_questions *questions, uint16_t to, uint16_t from)
{
	questions->data[to] = questions->data[from];
	questions->packet[to] = questions->packet[from];
}

/* Answers the questions, of which there is one at least. */
void peer_ask(const struct peer_rules *rules, struct peer_questions *questions,
	      struct rte_mbuf *const *packets, struct weir_packet_verdict *verdicts);

/* With room for a fourth more connections than are asked for, so that buckets are not full. NULL:
 * no memory. */
struct rte_hash *peer_table_create(const char *kind, const struct peer_options *options);

/* The connections of the questions: by question. */
struct peer_lookup {
	struct peer_flow flows[LOOP_BURST];
	hash_sig_t hashes[LOOP_BURST];
	int32_t places[LOOP_BURST]; /* below 0: the table has it not */
	uint8_t sides[LOOP_BURST];  /* which of a flow's ends sent the packet */
};

/* Of at least one. */
void peer_look_up(const struct rte_hash *table, const struct peer_questions *questions,
		  struct rte_mbuf *const *packets, struct peer_lookup *out);

#endif
