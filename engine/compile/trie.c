#include "trie.h"

#include <errno.h>
#include <stdbool.h>

enum {
	SLOTS = 64,
	LEVELS_A_WORD = 11,
	LEVELS = 2 * LEVELS_A_WORD,
	LEVEL_BELOW_ROOT = 19, /* IPv4's first level behind its root */
	ROOT_END = 96 + LAYOUT_ROOT_BITS,
	ROOT_SLOTS = 1 << LAYOUT_ROOT_BITS,
};

void trie_init(struct trie *trie, const struct weir_allocator *allocator)
{
	*trie = (struct trie){
		.nodes = weir_array_of(allocator, struct layout_trie_node),
		.leaves = weir_array_of(allocator, uint32_t),
		.guards = weir_array_of(allocator, struct layout_guard),
	};
}

void trie_finish(struct trie *trie)
{
	weir_array_finish(&trie->nodes);
	weir_array_finish(&trie->leaves);
	weir_array_finish(&trie->guards);
}

/* The first level of a word has the four bits that eleven times six lack of 64... */
static unsigned level_start(unsigned level)
{
	unsigned in_word = level % LEVELS_A_WORD;

	return level / LEVELS_A_WORD * 64 + (in_word ? in_word * LAYOUT_STRIDE - 2 : 0);
}

static unsigned level_end(unsigned level)
{
	return level_start(level + 1);
}

/* The level that has a bit. */
static unsigned level_of_bit(unsigned bit)
{
	return bit / 64 * LEVELS_A_WORD + (bit % 64 + 2) / LAYOUT_STRIDE;
}

static unsigned slot_of(const struct trie_item *item, unsigned level)
{
	unsigned shift = 60 - LAYOUT_STRIDE * (level % LEVELS_A_WORD);

	return item->words[level / LEVELS_A_WORD] >> shift & (SLOTS - 1);
}

static unsigned common_bits(const struct trie_item *a, const struct trie_item *b)
{
	if (a->words[0] != b->words[0])
		return (unsigned)__builtin_clzll(a->words[0] ^ b->words[0]);
	if (a->words[1] != b->words[1])
		return 64 + (unsigned)__builtin_clzll(a->words[1] ^ b->words[1]);
	return 128;
}

/* A run of items that lie below one slot and go on beyond it. */
struct run {
	const struct trie_item *items;
	size_t count;
};

/* What the slots of a node hold: a leaf each, painted by the prefixes that end in the node, and
 * the items of the longer ones. */
struct slots {
	uint32_t leaves[SLOTS];
	struct run below[SLOTS];
	uint64_t children;
};

static void paint(struct slots *slots, unsigned level, const struct trie_item *item)
{
	unsigned slot = slot_of(item, level);
	unsigned count = 1u << (level_end(level) - item->length);

	for (unsigned i = 0; i < count; i++)
		slots->leaves[slot + i] = item->leaf;
}

static void sort_into_slots(struct slots *slots, unsigned level, struct run run, uint32_t otherwise)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		slots->leaves[i] = otherwise;
		slots->below[i].count = 0;
	}
	for (size_t i = 0; i < run.count; i++) {
		const struct trie_item *item = &run.items[i];
		struct run *below;

		if (item->length <= level_end(level)) {
			paint(slots, level, item);
			continue;
		}
		below = &slots->below[slot_of(item, level)];
		if (!below->count)
			below->items = item;
		below->count++;
	}
}

/* The level at which the items of a run part or the first of them ends. The shortest is first. */
static unsigned parting_level(struct run run)
{
	unsigned bits = common_bits(&run.items[0], &run.items[run.count - 1]);

	if (bits >= run.items[0].length)
		bits = run.items[0].length - 1;
	return level_of_bit(bits);
}

static int build_node(struct trie *trie, uint32_t index, unsigned level, struct run run,
		      uint32_t otherwise);

/* Appends count nodes and says where they begin. */
static int add_nodes(struct trie *trie, size_t count, uint32_t *first)
{
	*first = (uint32_t)trie->nodes.count;
	return weir_array_resize(&trie->nodes, trie->nodes.count + count);
}

static int build_guard(struct trie *trie, struct run run, uint32_t otherwise, uint32_t *leaf)
{
	unsigned level = parting_level(run);
	unsigned start = level_start(level);
	struct layout_guard *guard = weir_array_push(&trie->guards);
	uint32_t node;

	if (!guard || add_nodes(trie, 1, &node))
		return -ENOMEM;
	guard->mask[0] = start >= 64 ? UINT64_MAX : start ? UINT64_MAX << (64 - start) : 0;
	guard->mask[1] = start > 64 ? UINT64_MAX << (128 - start) : 0;
	guard->bits[0] = run.items[0].words[0] & guard->mask[0];
	guard->bits[1] = run.items[0].words[1] & guard->mask[1];
	guard->node = node;
	guard->level = level;
	guard->otherwise = otherwise;
	*leaf = LAYOUT_GUARD | (uint32_t)(trie->guards.count - 1);
	return build_node(trie, node, level, run, otherwise);
}

/* Guards where levels can be skipped; the other slots with items below become children. */
static int choose_children(struct trie *trie, struct slots *slots, unsigned level)
{
	slots->children = 0;
	for (unsigned i = 0; i < SLOTS; i++) {
		int status;

		if (!slots->below[i].count)
			continue;
		if (level >= LEVEL_BELOW_ROOT || parting_level(slots->below[i]) == level + 1) {
			slots->children |= (uint64_t)1 << i;
			continue;
		}
		status = build_guard(trie, slots->below[i], slots->leaves[i], &slots->leaves[i]);
		if (status)
			return status;
	}
	return 0;
}

static int store_leaves(struct trie *trie, const struct slots *slots, struct layout_trie_node *node)
{
	bool is_first = true;
	uint32_t last = 0;

	node->first_leaf = (uint32_t)trie->leaves.count;
	for (unsigned i = 0; i < SLOTS; i++) {
		uint32_t *leaf;

		if (slots->children >> i & 1 || (!is_first && slots->leaves[i] == last))
			continue;
		leaf = weir_array_push(&trie->leaves);
		if (!leaf)
			return -ENOMEM;
		*leaf = last = slots->leaves[i];
		node->starts |= (uint64_t)1 << i;
		is_first = false;
	}
	return 0;
}

static int build_node(struct trie *trie, uint32_t index, unsigned level, struct run run,
		      uint32_t otherwise)
{
	struct layout_trie_node node = { 0 };
	struct slots slots;
	uint32_t child;
	int status;

	sort_into_slots(&slots, level, run, otherwise);
	status = choose_children(trie, &slots, level);
	if (!status)
		status = store_leaves(trie, &slots, &node);
	if (!status)
		status = add_nodes(trie, (size_t)__builtin_popcountll(slots.children), &child);
	if (status)
		return status;
	node.children = slots.children;
	node.first_child = child;
	((struct layout_trie_node *)trie->nodes.items)[index] = node;
	for (unsigned i = 0; i < SLOTS && !status; i++) {
		if (slots.children >> i & 1)
			status = build_node(trie, child++, level + 1, slots.below[i],
					    slots.leaves[i]);
	}
	return status;
}

static size_t root_slot(const struct trie_item *item)
{
	return item->words[1] >> (32 - LAYOUT_ROOT_BITS) & (ROOT_SLOTS - 1);
}

/* A node whose slots are all the same leaf; the one before when that has the same. */
static int uniform_node(struct trie *trie, uint32_t leaf, const uint32_t *before, uint32_t *index)
{
	const struct layout_trie_node *nodes = trie->nodes.items;
	const struct run none = { NULL, 0 };

	if (before && !nodes[*before].children && nodes[*before].starts == 1 &&
	    ((uint32_t *)trie->leaves.items)[nodes[*before].first_leaf] == leaf) {
		*index = *before;
		return 0;
	}
	return add_nodes(trie, 1, index) || build_node(trie, *index, LEVEL_BELOW_ROOT, none, leaf);
}

/* Builds the root's slots from on up to end; all of them have this leaf. */
static int fill_root(struct trie *trie, size_t from, size_t end, const uint32_t *leaves)
{
	for (size_t i = from; i < end; i++) {
		if (uniform_node(trie, leaves[i], i ? &trie->root[i - 1] : NULL, &trie->root[i]))
			return -ENOMEM;
	}
	return 0;
}

static int build_ipv4(struct trie *trie, uint32_t *leaves, const struct trie_item *items,
		      size_t count)
{
	size_t done = 0; /* root slots */
	size_t i;
	int status;

	for (i = 0; i < count; i++) {
		if (items[i].length > ROOT_END)
			continue;
		for (size_t slot = 0; slot < (size_t)1 << (ROOT_END - items[i].length); slot++)
			leaves[root_slot(&items[i]) + slot] = items[i].leaf;
	}
	for (i = 0; i < count;) {
		size_t slot = root_slot(&items[i]);
		struct run run = { &items[i], 0 };

		if (items[i].length <= ROOT_END) {
			i++;
			continue;
		}
		while (i < count && root_slot(&items[i]) == slot) {
			run.count++;
			i++;
		}
		status = fill_root(trie, done, slot, leaves);
		if (!status)
			status = add_nodes(trie, 1, &trie->root[slot]);
		if (!status)
			status = build_node(trie, trie->root[slot], LEVEL_BELOW_ROOT, run,
					    leaves[slot]);
		if (status)
			return status;
		done = slot + 1;
	}
	return fill_root(trie, done, ROOT_SLOTS, leaves);
}

int trie_build(struct trie *trie, struct weir_arena *arena, const struct trie_item *ipv4,
	       size_t ipv4_count, const struct trie_item *ipv6, size_t ipv6_count)
{
	uint32_t *leaves = weir_arena_array(arena, ROOT_SLOTS, uint32_t);
	struct run run = { ipv6 + 1, ipv6_count - 1 };
	int status;

	trie->root = weir_arena_array(arena, ROOT_SLOTS, uint32_t);
	if (!leaves || !trie->root)
		return -ENOMEM;
	status = build_ipv4(trie, leaves, ipv4, ipv4_count);
	if (status)
		return status;
	trie->ipv6 = ipv6[0].leaf;
	return run.count ? build_guard(trie, run, trie->ipv6, &trie->ipv6) : 0;
}
