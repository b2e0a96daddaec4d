/*
 * validate_trie.c - every address comes to a leaf, in as many steps as it has levels.
 *
 * One way leads to each node and to each guard, so that whoever walks the whole trie comes to an
 * end soon: only slots of IPv4's root may share their node. A node is marked with its family and
 * level by whatever leads to it. Children come behind their parents, so one pass in order has
 * marked a node before it looks at it. On the last level there are no children. A guard goes on at
 * a higher level than the node that it hangs on, so that no chain of guards is longer than there
 * are levels.
 */
#include "validate.h"

#include <errno.h>

enum {
	LEVELS = 22,
	FIRST_IPV4_LEVEL = 19,
	/* Marks: of level 0 in each family; 0 is a node that no way leads to. */
	IPV6 = 1,
	IPV4 = IPV6 + LEVELS,
};

struct walk {
	struct checker *checker;
	const struct layout_trie_node *nodes;
	const struct layout_guard *guards;
	const uint32_t *leaves;
	uint8_t *marks;    /* by node */
	uint8_t *is_taken; /* by guard: a leaf leads to it */
	uint32_t node_count;
};

static bool is_ipv4(unsigned mark)
{
	return mark >= IPV4;
}

static unsigned level_of(unsigned mark)
{
	return mark - (is_ipv4(mark) ? (unsigned)IPV4 : (unsigned)IPV6);
}

static int mark_node(struct walk *walk, uint32_t node, unsigned mark)
{
	if (node >= walk->node_count)
		return check_fail(walk->checker, "there is no trie node %u", node);
	if (walk->marks[node])
		return check_fail(walk->checker, "two ways lead to trie node %u", node);
	walk->marks[node] = (uint8_t)mark;
	return 0;
}

static int mark_root_node(struct walk *walk, uint32_t node)
{
	const unsigned mark = IPV4 + FIRST_IPV4_LEVEL;

	if (node < walk->node_count && walk->marks[node] == mark)
		return 0;
	return mark_node(walk, node, mark);
}

static bool is_guard(uint32_t leaf)
{
	return (leaf & LAYOUT_GUARD) == LAYOUT_GUARD;
}

/* Something that a lookup may give. */
static bool is_answer(const struct walk *walk, uint32_t leaf)
{
	if (is_guard(leaf))
		return false;
	if (leaf & LAYOUT_SPECIAL)
		return (leaf & LAYOUT_INDEX) < walk->checker->counts[LAYOUT_SPECIALS];
	return check_is_end(walk->checker, leaf);
}

/* level is that of the node which has the leaf; -1 above the first. A guard is taken. */
static bool is_answer_or_guard(struct walk *walk, uint32_t leaf, int level)
{
	uint32_t index = leaf & LAYOUT_INDEX;
	bool is_free;

	if (!is_guard(leaf))
		return is_answer(walk, leaf);
	if (index >= walk->checker->counts[LAYOUT_GUARDS])
		return false;
	is_free = !walk->is_taken[index];
	walk->is_taken[index] = true;
	return is_free && (int)walk->guards[index].level > level;
}

static int check_guards(struct walk *walk)
{
	for (uint32_t i = 0; i < walk->checker->counts[LAYOUT_GUARDS]; i++) {
		const struct layout_guard *guard = &walk->guards[i];
		int status;

		if (guard->level >= LEVELS)
			return check_fail(walk->checker, "guard %u is on level %u", i,
					  guard->level);
		if (!is_answer(walk, guard->otherwise))
			return check_fail(walk->checker, "guard %u has no answer", i);
		status = mark_node(walk, guard->node, IPV6 + guard->level);
		if (status)
			return status;
	}
	return 0;
}

static int check_root(struct walk *walk)
{
	const uint32_t *root = layout_section(walk->checker->header, LAYOUT_ROOT);
	int status = 0;

	if (walk->checker->counts[LAYOUT_ROOT] != 1u << LAYOUT_ROOT_BITS)
		return check_fail(walk->checker, "the trie's root has %u slots",
				  walk->checker->counts[LAYOUT_ROOT]);
	for (uint32_t i = 0; i < 1u << LAYOUT_ROOT_BITS && !status; i++)
		status = mark_root_node(walk, root[i]);
	if (!status && !is_answer_or_guard(walk, walk->checker->header->ipv6, -1))
		return check_fail(walk->checker, "IPv6 has no answer");
	return status;
}

static int check_children(struct walk *walk, uint32_t index)
{
	const struct layout_trie_node *node = &walk->nodes[index];
	unsigned count = (unsigned)__builtin_popcountll(node->children);
	unsigned mark = walk->marks[index];
	int status = 0;

	if (!count)
		return 0;
	if (level_of(mark) == LEVELS - 1)
		return check_fail(walk->checker, "trie node %u goes beyond the last bit", index);
	if (node->first_child <= index || (uint64_t)node->first_child + count > walk->node_count)
		return check_fail(walk->checker, "trie node %u has no such children", index);
	for (unsigned i = 0; i < count && !status; i++)
		status = mark_node(walk, node->first_child + i, mark + 1);
	return status;
}

/* The first slot without a child begins the first run. */
static bool has_runs(const struct layout_trie_node *node)
{
	uint64_t slots = ~node->children;

	return !(node->starts & node->children) && (slots & (0 - slots) & ~node->starts) == 0;
}

static int check_leaves(struct walk *walk, uint32_t index)
{
	const struct layout_trie_node *node = &walk->nodes[index];
	uint64_t end = (uint64_t)node->first_leaf + (unsigned)__builtin_popcountll(node->starts);
	unsigned mark = walk->marks[index];

	if (!has_runs(node) || end > walk->checker->counts[LAYOUT_LEAVES])
		return check_fail(walk->checker, "trie node %u has no such leaves", index);
	for (uint64_t i = node->first_leaf; i < end; i++) {
		if (is_ipv4(mark) ? !is_answer(walk, walk->leaves[i])
				  : !is_answer_or_guard(walk, walk->leaves[i], (int)level_of(mark)))
			return check_fail(walk->checker, "leaf %u is no answer", (unsigned)i);
	}
	return 0;
}

static int check_nodes(struct walk *walk)
{
	int status = 0;

	for (uint32_t i = 0; i < walk->node_count && !status; i++) {
		if (!walk->marks[i])
			return check_fail(walk->checker, "no way leads to trie node %u", i);
		status = check_children(walk, i);
		if (!status)
			status = check_leaves(walk, i);
	}
	return status;
}

/* Specials. */

static uint32_t candidates_of(const struct checker *checker, const struct layout_special *special)
{
	switch (special->kind) {
	case LAYOUT_UNKNOWN:
		return layout_has(checker->header, LAYOUT_HAS_DOMAINS) ? 4 : 3;
	case LAYOUT_NAMED:
		return 2;
	default:
		return special->count;
	}
}

static int check_specials(struct checker *checker)
{
	const struct layout_special *specials = layout_section(checker->header, LAYOUT_SPECIALS);
	const uint32_t *candidates = layout_section(checker->header, LAYOUT_CANDIDATES);
	uint64_t next = 0;

	for (uint32_t i = 0; i < checker->counts[LAYOUT_SPECIALS]; i++) {
		const struct layout_special *special = &specials[i];

		if (special->kind > LAYOUT_NAMED || !special->count ||
		    (special->kind != LAYOUT_SHARED && special->count != 1) ||
		    !check_run(&next, special->first, candidates_of(checker, special)))
			return check_fail(checker, "special %u is none", i);
	}
	if (next != checker->counts[LAYOUT_CANDIDATES])
		return check_fail(checker, "the specials have %llu candidates of %u",
				  (unsigned long long)next, checker->counts[LAYOUT_CANDIDATES]);
	for (uint32_t i = 0; i < checker->counts[LAYOUT_CANDIDATES]; i++) {
		if (!check_is_end(checker, candidates[i]))
			return check_fail(checker, "candidate %u is no end", i);
	}
	return 0;
}

static int check_leaf_bits(struct checker *checker)
{
	const struct layout_header *header = checker->header;

	if (header->profile_bits < 1 || header->profile_bits > 30 ||
	    checker->counts[LAYOUT_PROFILES] > 1u << header->profile_bits ||
	    header->first_node_profile > checker->counts[LAYOUT_PROFILES])
		return check_fail(checker, "leaves tell %u profiles in %u bits",
				  checker->counts[LAYOUT_PROFILES], header->profile_bits);
	return 0;
}

int check_trie(struct checker *checker)
{
	struct walk walk = { .checker = checker,
			     .nodes = layout_section(checker->header, LAYOUT_NODES),
			     .guards = layout_section(checker->header, LAYOUT_GUARDS),
			     .leaves = layout_section(checker->header, LAYOUT_LEAVES),
			     .node_count = checker->counts[LAYOUT_NODES] };
	int status = check_leaf_bits(checker);

	if (!status)
		status = check_specials(checker);
	if (status)
		return status;
	walk.marks = weir_allocate_zeroed(
		checker->allocator, (size_t)walk.node_count + checker->counts[LAYOUT_GUARDS] + 1,
		1);
	if (!walk.marks)
		return -ENOMEM;
	walk.is_taken = walk.marks + walk.node_count;
	status = check_guards(&walk);
	if (!status)
		status = check_root(&walk);
	if (!status)
		status = check_nodes(&walk);
	weir_release(checker->allocator, walk.marks);
	return status;
}
