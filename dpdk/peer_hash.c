/*
 * peer_hash.c - rte_acl, and an rte_hash with the keys of the connections that it allowed.
 */
#include "peer_acl.h"

#include <errno.h>
#include <stdlib.h>

struct filter {
	const struct peer_rules *rules;
	struct rte_hash *table;
	struct peer_flow *oldest; /* round and round, in the order in which they came */
	uint32_t max_flows;
	uint32_t at;
};

static void keep(struct filter *filter, const struct peer_flow *flow)
{
	struct peer_flow *place = &filter->oldest[filter->at];

	if (place->protocol)
		rte_hash_del_key(filter->table, place);
	*place = *flow;
	rte_hash_add_key(filter->table, flow);
	filter->at = filter->at + 1 == filter->max_flows ? 0 : filter->at + 1;
}

/* Answers those of known connections, and leaves the others. */
static void answer_known(struct peer_questions *questions, struct peer_lookup *lookup,
			 struct weir_packet_verdict *verdicts)
{
	uint16_t left = 0;

	for (uint16_t i = 0; i < questions->count; i++) {
		if (lookup->places[i] >= 0) {
			verdicts[questions->packet[i]].action = WEIR_PACKET_ALLOW;
			continue;
		}
		lookup->flows[left] = lookup->flows[i];
		peer_keep_question(questions, left++, i);
	}
	questions->count = left;
}

static void judge(void *context, struct rte_mbuf *const *packets, uint16_t n, uint64_t now,
		  struct weir_packet_verdict *verdicts)
{
	struct filter *filter = context;
	struct peer_questions questions;
	struct peer_lookup lookup;

	(void)now;
	peer_sort_out(packets, n, &questions, verdicts);
	if (!questions.count)
		return;
	peer_look_up(filter->table, &questions, packets, &lookup);
	answer_known(&questions, &lookup, verdicts);
	if (!questions.count)
		return;
	peer_ask(filter->rules, &questions, packets, verdicts);
	for (uint16_t i = 0; i < questions.count; i++)
		if (verdicts[questions.packet[i]].action == WEIR_PACKET_ALLOW)
			keep(filter, &lookup.flows[i]);
}

int peer_hash_create(const struct peer_options *options, struct loop_judge *out)
{
	struct filter *filter = calloc(1, sizeof(*filter));
	struct loop_judge made = { judge, filter };

	if (!filter)
		return -ENOMEM;
	filter->rules = options->rules;
	filter->max_flows = options->max_flows;
	filter->oldest = calloc(options->max_flows, sizeof(*filter->oldest));
	filter->table = peer_table_create("weir-peer-hash", options);
	if (!filter->oldest || !filter->table) {
		peer_hash_destroy(&made);
		return -ENOMEM;
	}
	*out = made;
	return 0;
}

void peer_hash_destroy(struct loop_judge *judge)
{
	struct filter *filter = judge->context;

	if (filter) {
		rte_hash_free(filter->table);
		free(filter->oldest);
		free(filter);
	}
	*judge = (struct loop_judge){ 0 };
}
