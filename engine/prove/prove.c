/*
 * The proof, step by step; docs/proof.md has the argument.
 *
 *	cuts       addresses fall into intervals in which neither the objects nor the compiled
 *	           bytes tell one from another
 *	facts      what the specification says of each interval, each policy, each range of ports
 *	classes    intervals that are the same to both, in a role
 *	sides      each class of near ends with each of far ends and each of ports: every kernel's
 *	           verdict; and explain, once for each way that the near end's rules see the far end
 *	wholes     both sides at once where an end stands for several
 *	relations  every address with itself; every end with the addresses of its node
 */
#include "weir/prove.h"

#include <errno.h>
#include <stdio.h>

#include "seen.h"
#include "trial.h"
#include "validate.h"

struct proving {
	struct facts facts;
	struct classes classes;
	struct trial trial;
	struct weir_proof *proof;
	const struct weir_policy *policy;
	struct weir_arena arena; /* of one near class */
	struct weir_map seen;
	struct weir_array bytes;
};

/* Two ends of a pair of classes: such as are not related, where there are. */

static const struct end *end_at(const struct proving *proving, const struct example *example)
{
	return &facts_ends(&proving->facts)[example->end];
}

static bool is_related(const struct proving *proving, const struct example *a,
		       const struct example *b)
{
	const struct facts *facts = &proving->facts;
	const struct classes *classes = &proving->classes;
	uint32_t bits = classes->lookup->profile_bits;
	uint32_t a_number = classes->leaves[a->end] >> bits;

	return weir_address_equal(&a->address, &b->address) ||
	       (a_number && a_number == classes->leaves[b->end] >> bits) ||
	       compose_is_own_node(facts, end_at(proving, a), end_at(proving, b)) ||
	       compose_is_own_node(facts, end_at(proving, b), end_at(proving, a));
}

static void choose(const struct proving *proving, const struct class *near, const struct class *far,
		   const struct example **a, const struct example **b)
{
	*a = &near->examples[0];
	*b = &far->examples[0];
	for (unsigned i = 0; i < near->count; i++) {
		for (unsigned j = 0; j < far->count; j++) {
			if (is_related(proving, &near->examples[i], &far->examples[j]))
				continue;
			*a = &near->examples[i];
			*b = &far->examples[j];
			return;
		}
	}
}

enum {
	EXPLAINED_MOST = 8,
};

/* A pair of ends, asked about every class of ports. */
struct pair {
	const struct example *source;
	const struct example *destination;
	uint8_t flags;
	bool explains;
	bool explains_new; /* only what no port before was judged like */
	unsigned count;    /* of what was explained */
	struct judgement explained[EXPLAINED_MOST];
};

static bool same_half(const struct half *a, const struct half *b)
{
	return a->action == b->action && a->reason == b->reason && a->rule == b->rule &&
	       a->peer == b->peer && a->port == b->port;
}

static bool is_explained(const struct pair *pair, const struct judgement *judgement)
{
	for (unsigned i = 0; i < pair->count; i++) {
		const struct judgement *other = &pair->explained[i];

		if (other->verdict.action == judgement->verdict.action &&
		    other->verdict.why == judgement->verdict.why &&
		    same_half(&other->halves[0], &judgement->halves[0]) &&
		    same_half(&other->halves[1], &judgement->halves[1]))
			return true;
	}
	return false;
}

static bool is_to_explain(struct pair *pair, const struct judgement *judgement)
{
	if (!pair->explains || (pair->explains_new && is_explained(pair, judgement)))
		return false;
	if (pair->explains_new && pair->count < EXPLAINED_MOST)
		pair->explained[pair->count++] = *judgement;
	return true;
}

static int judge_port(struct proving *proving, struct pair *pair, uint32_t port)
{
	struct connection connection = {
		.source = end_at(proving, pair->source),
		.destination = end_at(proving, pair->destination),
		.port = port,
		.flags = pair->flags,
		.is_same = weir_address_equal(&pair->source->address, &pair->destination->address),
	};
	struct judgement judgement;
	int status = trial_add(&proving->trial, &connection, &pair->source->address,
			       &pair->destination->address, &judgement);

	if (!status && is_to_explain(pair, &judgement))
		status = trial_explain(&proving->trial, &connection, &pair->source->address,
				       &pair->destination->address, &judgement);
	return status;
}

static int judge_ports(struct proving *proving, struct pair *pair)
{
	int status = 0;

	pair->count = 0;
	for (uint32_t i = 0; i < proving->facts.ports.count && !status; i++)
		status = judge_port(proving, pair, i);
	return status;
}

/* How the near end's rules see the far end, on both sides: as bytes. */

static int append(struct proving *proving, const void *bytes, size_t length)
{
	size_t count = proving->bytes.count;

	if (weir_array_resize(&proving->bytes, count + length))
		return -ENOMEM;
	memcpy((char *)proving->bytes.items + count, bytes, length);
	return 0;
}

static int append_specified(struct proving *proving, enum weir_direction direction,
			    const struct candidate *near, const struct candidate *far)
{
	const struct side_facts *side = &proving->facts.sides[direction];
	const struct near_view *view =
		(const struct near_view *)side->nears.items + near->near[direction];
	const struct far_view *seen =
		(const struct far_view *)side->fars.items + far->far[direction];
	uint32_t head[4] = { far->as.kind, far->named,
			     far->far[direction] != far->far_named && direction == WEIR_EGRESS,
			     far->far_named };
	int status;

	if (!head[2])
		head[3] = 0;
	status = append(proving, head, sizeof(head));
	for (uint32_t i = 0; i < view->count && !status; i++) {
		const struct policy *policy = &facts_policies(side)[view->policies[i].policy];
		const struct rule *rule = &facts_rules(side)[policy->first_rule];

		for (uint32_t j = 0; j < policy->rule_count && !status; j++)
			status = append(proving, seen->peers + rule[j].first_peer,
					rule[j].peer_count);
	}
	return status;
}

/* Whether this is the first far end that the near end's rules see so. */
static int is_first_seen(struct proving *proving, enum weir_direction direction,
			 const struct example *near, const struct example *far, bool *is_first)
{
	const struct candidate *a = facts_candidates(&proving->facts, end_at(proving, near));
	const struct candidate *b = facts_candidates(&proving->facts, end_at(proving, far));
	int is_new = 0;
	int status;
	uint32_t *slot;
	char *copy;

	proving->bytes.count = 0;
	status = append_specified(proving, direction, a, b);
	if (!status)
		status = seen_append(&proving->policy->lookup, direction, &near->address,
				     &far->address, &proving->bytes);
	if (status)
		return status;
	*is_first = !weir_map_find(&proving->seen, proving->bytes.items, proving->bytes.count);
	if (!*is_first)
		return 0;
	copy = weir_arena_copy(&proving->arena, proving->bytes.items, proving->bytes.count);
	slot = copy ? weir_map_insert(&proving->seen, copy, proving->bytes.count, 0, &is_new)
		    : NULL;
	return slot ? 0 : -ENOMEM;
}

/* Sides. */

static int judge_sides(struct proving *proving, enum weir_direction direction,
		       const struct class *near, const struct class *far)
{
	bool egress = direction == WEIR_EGRESS;
	struct pair pair = { .flags = egress ? WEIR_KEY_EGRESS : WEIR_KEY_INGRESS,
			     .explains = true };
	const struct example *a;
	const struct example *b;
	int status = 0;

	choose(proving, near, far, &a, &b);
	pair.source = egress ? a : b;
	pair.destination = egress ? b : a;
	if (!near->is_special && !far->is_special && !is_related(proving, a, b))
		status = is_first_seen(proving, direction, a, b, &pair.explains);
	if (!status)
		status = judge_ports(proving, &pair);
	if (!status && (near->is_unknown || far->is_unknown)) {
		pair.flags |= WEIR_KEY_UNKNOWN_EXTERNAL;
		status = judge_ports(proving, &pair);
	}
	return status;
}

static int prove_sides(struct proving *proving, enum weir_direction direction)
{
	const struct class *nears = proving->classes.near[direction].items;
	const struct class *fars = proving->classes.far[direction].items;
	int status = 0;

	for (size_t i = 0; i < proving->classes.near[direction].count && !status; i++) {
		weir_map_finish(&proving->seen);
		weir_map_init(&proving->seen, proving->facts.allocator);
		weir_arena_reset(&proving->arena);
		for (size_t j = 0; j < proving->classes.far[direction].count && !status; j++)
			status = judge_sides(proving, direction, &nears[i], &fars[j]);
	}
	return status ? status : trial_flush(&proving->trial);
}

/* Both sides at once. */

enum {
	PARTNERS = 8, /* of an end with a leaf of its own */
};

static int judge_whole(struct proving *proving, const struct class *a, const struct class *b)
{
	struct pair pair = { .flags = WEIR_KEY_BOTH, .explains = true, .explains_new = true };
	int status;

	choose(proving, a, b, &pair.source, &pair.destination);
	status = judge_ports(proving, &pair);
	if (!status && (a->is_unknown || b->is_unknown)) {
		pair.flags |= WEIR_KEY_UNKNOWN_EXTERNAL;
		status = judge_ports(proving, &pair);
	}
	return status;
}

/* How halves come to a verdict hangs on nothing but the halves, so explain is asked once for all
 * ports that are judged alike. Both sides of two ends that stand for themselves are one after the
 * other, and the sides are proven; so each of them meets some others only, in turn, and each end
 * that stands for several meets all. */
static int prove_wholes(struct proving *proving)
{
	const struct class *wholes = proving->classes.whole.items;
	size_t count = proving->classes.whole.count;
	int status = 0;

	for (size_t i = 0; i < count && !status; i++) {
		for (size_t j = 0; j < count && !status; j++) {
			bool is_special = wholes[i].is_special || wholes[j].is_special;

			if (is_special || (j + count - i) % count < PARTNERS)
				status = judge_whole(proving, &wholes[i], &wholes[j]);
		}
	}
	return status ? status : trial_flush(&proving->trial);
}

/* Relations. */

static int judge_self(struct proving *proving, uint32_t index, const struct weir_address *address)
{
	struct example self = { index, *address };
	struct pair pair = {
		.source = &self, .destination = &self, .flags = WEIR_KEY_BOTH, .explains = true
	};
	const struct end *end = &facts_ends(&proving->facts)[index];
	int status = judge_ports(proving, &pair);

	pair.flags |= WEIR_KEY_HAIRPIN;
	pair.explains_new = false;
	if (!status)
		status = judge_ports(proving, &pair);
	pair.flags |= WEIR_KEY_UNKNOWN_EXTERNAL;
	if (!status && end->kind == K8S_END_UNKNOWN_POD)
		status = judge_ports(proving, &pair);
	return status;
}

static int prove_selves(struct proving *proving)
{
	const struct end *ends = facts_ends(&proving->facts);
	int status = 0;

	for (uint32_t i = 0; i < proving->facts.ends.count && !status; i++) {
		status = judge_self(proving, i, &ends[i].first);
		if (!status && !weir_address_equal(&ends[i].first, &ends[i].last))
			status = judge_self(proving, i, &ends[i].last);
	}
	return status ? status : trial_flush(&proving->trial);
}

/* Why comes before what the ports are, so that a few of them tell. */
static int judge_relation(struct proving *proving, uint32_t end, uint32_t node)
{
	const struct end *ends = facts_ends(&proving->facts);
	struct example a = { end, ends[end].first };
	struct example b = { node, ends[node].first };
	struct pair pair = { .flags = WEIR_KEY_BOTH };
	int status = 0;

	for (uint32_t i = 0; i < proving->facts.ports.count && !status; i++) {
		pair.explains = i < 8;
		pair.source = &a;
		pair.destination = &b;
		status = judge_port(proving, &pair, i);
		pair.source = &b;
		pair.destination = &a;
		if (!status)
			status = judge_port(proving, &pair, i);
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

/* Every end with the addresses of every node that either takes for its own. */
static int prove_relations(struct proving *proving)
{
	const struct end *ends = facts_ends(&proving->facts);
	uint32_t count = (uint32_t)proving->facts.ends.count;
	int status = 0;

	for (uint32_t node = 0; node < count && !status; node++) {
		if (!is_nodes(proving, node))
			continue;
		for (uint32_t end = 0; end < count && !status; end++) {
			if (end != node &&
			    (may_be_related(proving, end, node) ||
			     compose_is_own_node(&proving->facts, &ends[end], &ends[node])))
				status = judge_relation(proving, end, node);
		}
	}
	return status ? status : trial_flush(&proving->trial);
}

/* All of it. */

static void count(struct proving *proving)
{
	struct weir_proof *proof = proving->proof;
	size_t kernel_count;
	const struct weir_kernel *kernels = weir_kernels(&kernel_count);

	proof->intervals = (uint32_t)proving->facts.ends.count;
	proof->port_ranges = (uint32_t)proving->facts.ranges.count;
	proof->port_classes = (uint32_t)proving->facts.ports.count;
	for (unsigned i = 0; i < DIRECTIONS; i++) {
		proof->near_classes += (uint32_t)proving->classes.near[i].count;
		proof->far_classes += (uint32_t)proving->classes.far[i].count;
	}
	for (size_t i = 0; i < kernel_count; i++)
		proof->kernels += kernels[i].is_supported();
}

static int prove_steps(struct proving *proving)
{
	int status = prove_selves(proving);

	if (!status)
		status = prove_relations(proving);
	for (unsigned i = 0; i < DIRECTIONS && !status; i++)
		status = prove_sides(proving, (enum weir_direction)i);
	return status ? status : prove_wholes(proving);
}

static int prove_classes(struct proving *proving)
{
	const struct lookup *lookup = &proving->policy->lookup;
	int status = classes_make(&proving->classes, &proving->facts, lookup);

	if (!status)
		status = trial_init(&proving->trial, proving->policy, &proving->facts,
				    proving->proof);
	else
		proving->trial.composer = (struct composer){ 0 };
	count(proving);
	if (!status)
		status = prove_steps(proving);
	trial_finish(&proving->trial);
	classes_finish(&proving->classes);
	return status;
}

static int prove_facts(struct proving *proving, const struct weir_cluster *cluster,
		       const struct weir_semantics *semantics, const struct cuts *cuts,
		       const struct weir_allocator *allocator)
{
	int status = facts_make(&proving->facts, cluster, semantics, &proving->policy->lookup, cuts,
				allocator);

	if (!status)
		status = prove_classes(proving);
	facts_finish(&proving->facts);
	return status;
}

static int find_cuts(struct cuts *cuts, const struct weir_cluster *cluster,
		     const struct lookup *lookup)
{
	int status = cuts_of_objects(cuts, cluster);

	if (!status)
		status = cuts_of_block(cuts, lookup);
	return status ? status : cuts_sort(cuts);
}

static int prove(struct proving *proving, const struct weir_cluster *cluster,
		 const struct weir_semantics *semantics, const struct weir_allocator *allocator)
{
	const struct layout_header *header = proving->policy->lookup.header;
	struct cuts cuts;
	int status = weir_policy_validate(header, header->preamble.total_bytes, allocator,
					  &proving->proof->error);

	if (status)
		return status;
	cuts_init(&cuts, allocator);
	weir_arena_init(&proving->arena, allocator);
	weir_map_init(&proving->seen, allocator);
	proving->bytes = weir_array_of(allocator, char);
	status = find_cuts(&cuts, cluster, &proving->policy->lookup);
	if (!status)
		status = prove_facts(proving, cluster, semantics, &cuts, allocator);
	if (status == -EINVAL)
		snprintf(proving->proof->error.text, sizeof(proving->proof->error.text),
			 "the compiled policy's addresses are not in intervals");
	weir_array_finish(&proving->bytes);
	weir_map_finish(&proving->seen);
	weir_arena_finish(&proving->arena);
	cuts_finish(&cuts);
	return status;
}

int weir_prove(const struct weir_cluster *cluster, const struct weir_semantics *semantics,
	       const struct weir_policy *policy, const struct weir_allocator *allocator,
	       struct weir_proof *out)
{
	struct weir_proof proof = { 0 };
	struct proving *proving;
	int status;

	allocator = weir_allocator_or_default(allocator);
	proving = weir_allocate_zeroed(allocator, 1, sizeof(*proving));
	if (!proving)
		return -ENOMEM;
	proving->proof = &proof;
	proving->policy = policy;
	status = prove(proving, cluster, semantics, allocator);
	weir_release(allocator, proving);
	if (status == -ENOMEM)
		return status;
	if (status == -EINVAL)
		proof.flaw = WEIR_FLAW_BLOCK;
	*out = proof;
	return 0;
}
