#include "steps.h"

#include "pair.h"

/* Every interval's first and last address with itself. */

static int judge_self(struct piece *piece, size_t index, const struct weir_address *address)
{
	struct example self = { (uint32_t)index, *address };
	struct pair pair = {
		.source = &self, .destination = &self, .flags = WEIR_KEY_BOTH, .explains = true
	};
	const struct end *end = &facts_ends(&piece->proving->facts)[index];
	int status = pair_judge_ports(piece, &pair);

	pair.flags |= WEIR_KEY_HAIRPIN;
	if (!status)
		status = pair_judge_ports(piece, &pair);
	pair.flags |= WEIR_KEY_UNKNOWN_EXTERNAL;
	if (!status && end->kind == K8S_END_UNKNOWN_POD)
		status = pair_judge_ports(piece, &pair);
	return status;
}

static int judge_selves(struct piece *piece, size_t index)
{
	const struct end *end = &facts_ends(&piece->proving->facts)[index];
	int status = judge_self(piece, index, &end->first);

	if (!status && !weir_address_equal(&end->first, &end->last))
		status = judge_self(piece, index, &end->last);
	return status;
}

int prove_selves(struct proving *proving)
{
	return pieces_run(proving, proving->facts.ends.count, judge_selves);
}

/* Every end with the addresses of every node that either takes for its own. */

/* Why comes before what the ports are, so that a few of them tell. */
static int judge_relation(struct piece *piece, uint32_t end, uint32_t node)
{
	const struct facts *facts = &piece->proving->facts;
	struct example a = { end, facts_ends(facts)[end].first };
	struct example b = { node, facts_ends(facts)[node].first };
	struct pair pair = { .flags = WEIR_KEY_BOTH };
	int status = 0;

	for (uint32_t i = 0; i < facts->ports.count && !status; i++) {
		pair.explains = i < 8;
		pair.source = &a;
		pair.destination = &b;
		status = pair_judge_port(piece, &pair, i);
		pair.source = &b;
		pair.destination = &a;
		if (!status)
			status = pair_judge_port(piece, &pair, i);
	}
	return status;
}

/* The leaves of an end's candidates, or its own. */
static const uint32_t *leaves_of(const struct proving *proving, uint32_t end, uint32_t *count)
{
	const struct layout_header *header = proving->classes.lookup->header;
	const uint32_t *leaf = &proving->classes.leaves[end];
	const struct layout_special *special;

	*count = 1;
	if (!(*leaf & LAYOUT_SPECIAL))
		return leaf;
	special = LAYOUT_ITEMS(header, LAYOUT_SPECIALS, struct layout_special) +
		  (*leaf & LAYOUT_INDEX);
	*count = classes_candidates(header, special);
	return LAYOUT_ITEMS(header, LAYOUT_CANDIDATES, uint32_t) + special->first;
}

/* Whether the compiled bytes may take the two for an end and its node: the end's number is that of
 * the node, or the node's address is that of several. */
static bool may_be_related(const struct proving *proving, uint32_t end, uint32_t node)
{
	uint32_t bits = proving->classes.lookup->profile_bits;
	uint32_t node_leaf = proving->classes.leaves[node];
	uint32_t count;
	const uint32_t *leaves = leaves_of(proving, end, &count);

	for (uint32_t i = 0; i < count; i++) {
		if (leaves[i] >> bits &&
		    (node_leaf & LAYOUT_SPECIAL || leaves[i] >> bits == node_leaf >> bits))
			return true;
	}
	return false;
}

static bool is_nodes(const struct proving *proving, uint32_t end)
{
	const struct lookup *lookup = proving->classes.lookup;
	uint32_t leaf = proving->classes.leaves[end];

	return facts_ends(&proving->facts)[end].node_count ||
	       (!(leaf & LAYOUT_SPECIAL) &&
		(leaf & ((1u << lookup->profile_bits) - 1)) >= lookup->header->first_node_profile);
}

static int judge_node(struct piece *piece, size_t index)
{
	const struct proving *proving = piece->proving;
	const struct end *ends = facts_ends(&proving->facts);
	uint32_t count = (uint32_t)proving->facts.ends.count;
	uint32_t node = (uint32_t)index;
	int status = 0;

	if (!is_nodes(proving, node))
		return 0;
	for (uint32_t end = 0; end < count && !status; end++) {
		if (end != node && (may_be_related(proving, end, node) ||
				    compose_is_own_node(&proving->facts, &ends[end], &ends[node])))
			status = judge_relation(piece, end, node);
	}
	return status;
}

int prove_relations(struct proving *proving)
{
	return pieces_run(proving, proving->facts.ends.count, judge_node);
}
