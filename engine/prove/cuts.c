#include "cuts.h"

#include <errno.h>
#include <stdlib.h>

#include "lookup.h"

enum {
	LEVELS_A_WORD = 11,
	FIRST_IPV4_LEVEL = 19,
	LAST_BIT = 127,
};

void cuts_init(struct cuts *cuts, const struct weir_allocator *allocator)
{
	cuts->items = weir_array_of(allocator, struct weir_address);
}

void cuts_finish(struct cuts *cuts)
{
	weir_array_finish(&cuts->items);
}

static int add(struct cuts *cuts, const struct weir_address *address)
{
	struct weir_address *cut = weir_array_push(&cuts->items);

	if (!cut)
		return -ENOMEM;
	*cut = *address;
	return 0;
}

/* Adds one to the bit of this number; false where that is past the last address. */
static bool carry(struct weir_address *address, unsigned bit)
{
	unsigned step = 1u << (7 - bit % 8);

	for (int i = (int)bit / 8; i >= 0; i--, step = 1) {
		unsigned sum = address->bytes[i] + step;

		address->bytes[i] = (uint8_t)sum;
		if (sum < 256)
			return true;
	}
	return false;
}

/* The first length bits are said; the cut behind them. */
static int add_behind(struct cuts *cuts, const struct weir_address *first, unsigned length)
{
	struct weir_address behind = *first;

	if (!length || !carry(&behind, length - 1))
		return 0;
	return add(cuts, &behind);
}

int cuts_add_prefix(struct cuts *cuts, const struct weir_prefix *prefix)
{
	int status = add(cuts, &prefix->address);

	return status ? status : add_behind(cuts, &prefix->address, prefix->length);
}

static int add_prefixes(struct cuts *cuts, const struct weir_prefix *prefixes, size_t count)
{
	int status = 0;

	for (size_t i = 0; i < count && !status; i++)
		status = cuts_add_prefix(cuts, &prefixes[i]);
	return status;
}

static int add_addresses(struct cuts *cuts, const struct weir_address *addresses, size_t count)
{
	int status = 0;

	for (size_t i = 0; i < count && !status; i++)
		status = cuts_add_prefix(cuts, &(struct weir_prefix){ addresses[i], 128 });
	return status;
}

/* Of the objects. */

static int add_rules(struct cuts *cuts, const struct k8s_rule *rules, uint32_t count)
{
	int status = 0;

	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t j = 0; j < rules[i].peer_count && !status; j++) {
			const struct k8s_block *block = &rules[i].peers[j].block;

			if (rules[i].peers[j].kind != K8S_PEER_BLOCK)
				continue;
			status = cuts_add_prefix(cuts, &block->prefix);
			if (!status)
				status = add_prefixes(cuts, block->except, block->except_count);
		}
	}
	return status;
}

static int add_cluster_rules(struct cuts *cuts, const struct k8s_cluster_rule *rules,
			     uint32_t count)
{
	int status = 0;

	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t j = 0; j < rules[i].peer_count && !status; j++)
			status = add_prefixes(cuts, rules[i].peers[j].networks,
					      rules[i].peers[j].network_count);
	}
	return status;
}

static int add_policies(struct cuts *cuts, const struct weir_cluster *cluster)
{
	const struct k8s_network_policy *policies = cluster->network_policies.items;
	const struct k8s_cluster_policy *tiers = cluster->cluster_policies.items;
	int status = 0;

	for (size_t i = 0; i < cluster->network_policies.count && !status; i++) {
		status = add_rules(cuts, policies[i].ingress, policies[i].ingress_count);
		if (!status)
			status = add_rules(cuts, policies[i].egress, policies[i].egress_count);
	}
	for (size_t i = 0; i < cluster->cluster_policies.count && !status; i++) {
		status = add_cluster_rules(cuts, tiers[i].ingress, tiers[i].ingress_count);
		if (!status)
			status = add_cluster_rules(cuts, tiers[i].egress, tiers[i].egress_count);
	}
	return status;
}

int cuts_of_objects(struct cuts *cuts, const struct weir_cluster *cluster)
{
	const struct k8s_pod *pods = cluster->pods.items;
	const struct k8s_node *nodes = cluster->nodes.items;
	int status = add_prefixes(cuts, cluster->pod_ranges, cluster->pod_range_count);

	for (size_t i = 0; i < cluster->pods.count && !status; i++)
		status = add_addresses(cuts, pods[i].addresses, pods[i].address_count);
	for (size_t i = 0; i < cluster->nodes.count && !status; i++)
		status = add_addresses(cuts, nodes[i].addresses, nodes[i].address_count);
	return status ? status : add_policies(cuts, cluster);
}

/* Of the compiled bytes. */

struct walk {
	struct cuts *cuts;
	const struct lookup *lookup;
	uint32_t leaf; /* of the addresses that were last come by */
	bool has_leaf;
};

static int come_by(struct walk *walk, const struct weir_address *first, uint32_t leaf)
{
	bool is_cut = !walk->has_leaf || walk->leaf != leaf;

	walk->leaf = leaf;
	walk->has_leaf = true;
	return is_cut ? add(walk->cuts, first) : 0;
}

/* The first bit of a level: the first level of a word has but four. */
static unsigned level_start(unsigned level)
{
	unsigned in_word = level % LEVELS_A_WORD;

	return level / LEVELS_A_WORD * 64 + (in_word ? in_word * LAYOUT_STRIDE - 2 : 0);
}

static void set_slot(struct weir_address *address, unsigned level, unsigned slot)
{
	unsigned last = level_start(level + 1) - 1;

	for (unsigned i = 0; i < LAYOUT_STRIDE && slot; i++, slot >>= 1) {
		if (slot & 1)
			address->bytes[(last - i) / 8 % 16] |=
				(uint8_t)(1u << (7 - (last - i) % 8));
	}
}

static bool bit_of(const uint64_t words[2], unsigned bit)
{
	return words[bit / 64] >> (63 - bit % 64) & 1;
}

static bool address_bit(const struct weir_address *address, unsigned bit)
{
	return address->bytes[bit / 8 % sizeof(address->bytes)] >> (7 - bit % 8) & 1;
}

enum passage {
	NOTHING_PASSES,
	A_PREFIX_PASSES,
	GAPS,
};

/* What a guard lets through of the addresses whose first depth bits are said. */
static enum passage passage_of(const struct layout_guard *guard, const struct weir_address *first,
			       unsigned depth)
{
	unsigned start = level_start(guard->level);

	for (unsigned bit = 0; bit < depth && bit <= LAST_BIT; bit++) {
		if (bit_of(guard->mask, bit) && bit_of(guard->bits, bit) != address_bit(first, bit))
			return NOTHING_PASSES;
	}
	for (unsigned bit = depth; bit <= LAST_BIT; bit++) {
		if (bit_of(guard->mask, bit) != (bit < start))
			return GAPS;
	}
	return A_PREFIX_PASSES;
}

static int walk_node(struct walk *walk, uint32_t index, unsigned level,
		     const struct weir_address *first);

static int walk_guard(struct walk *walk, const struct layout_guard *guard,
		      const struct weir_address *first, unsigned depth)
{
	enum passage passage = passage_of(guard, first, depth);
	struct weir_address inner = *first;
	unsigned start = level_start(guard->level);
	int status = passage == GAPS ? -EINVAL : come_by(walk, first, guard->otherwise);

	if (status || passage == NOTHING_PASSES)
		return status;
	for (unsigned bit = depth; bit < start && bit <= LAST_BIT; bit++) {
		if (bit_of(guard->bits, bit))
			inner.bytes[bit / 8] |= (uint8_t)(1u << (7 - bit % 8));
	}
	status = walk_node(walk, guard->node, guard->level, &inner);
	walk->has_leaf = false; /* what lies behind is otherwise again */
	return status ? status : add_behind(walk->cuts, &inner, start);
}

static int walk_leaf(struct walk *walk, uint32_t leaf, const struct weir_address *first,
		     unsigned depth)
{
	if ((leaf & LAYOUT_GUARD) == LAYOUT_GUARD)
		return walk_guard(walk, &walk->lookup->guards[leaf & LAYOUT_INDEX], first, depth);
	return come_by(walk, first, leaf);
}

/* The slots where something begins: a run of leaves, a child, or a run again behind one. A guard
 * is another one in each slot. */
static uint64_t slots_to_walk(const struct walk *walk, const struct layout_trie_node *node)
{
	const uint32_t *leaves = walk->lookup->leaves + node->first_leaf;
	unsigned runs = (unsigned)__builtin_popcountll(node->starts);

	for (unsigned i = 0; i < runs; i++) {
		if ((leaves[i] & LAYOUT_GUARD) == LAYOUT_GUARD)
			return UINT64_MAX;
	}
	return node->starts | node->children | node->children << 1;
}

static int walk_node(struct walk *walk, uint32_t index, unsigned level,
		     const struct weir_address *first)
{
	const struct layout_trie_node *node = &walk->lookup->nodes[index];
	unsigned end = level_start(level + 1);
	unsigned slots = 1u << (end - level_start(level));
	uint64_t left = slots_to_walk(walk, node) & (UINT64_MAX >> (64 - slots));
	int status = 0;

	for (; left && !status; left &= left - 1) {
		unsigned slot = (unsigned)__builtin_ctzll(left);
		struct weir_address inner = *first;

		set_slot(&inner, level, slot);
		if (node->children >> slot & 1)
			status = walk_node(walk, node->first_child + rank(node->children, slot) - 1,
					   level + 1, &inner);
		else
			status = walk_leaf(walk, leaf_of(walk->lookup, node, slot), &inner, end);
	}
	return status;
}

static struct weir_address ipv4_of(uint32_t number)
{
	uint8_t bytes[4] = { (uint8_t)(number >> 24), (uint8_t)(number >> 16),
			     (uint8_t)(number >> 8), (uint8_t)number };

	return weir_address_from_ipv4(bytes);
}

static int walk_ipv4(struct walk *walk)
{
	int status = 0;

	walk->has_leaf = false;
	for (uint32_t i = 0; i < 1u << LAYOUT_ROOT_BITS && !status; i++) {
		struct weir_address first = ipv4_of(i << (32 - LAYOUT_ROOT_BITS));

		status = walk_node(walk, walk->lookup->root[i], FIRST_IPV4_LEVEL, &first);
	}
	return status;
}

static int add_blocks(struct cuts *cuts, const struct layout_header *header)
{
	const struct layout_block *blocks = layout_section(header, LAYOUT_BLOCKS);
	size_t count = LAYOUT_COUNT(header, LAYOUT_BLOCKS, struct layout_block);
	int status = add_prefixes(cuts, layout_section(header, LAYOUT_PREFIXES),
				  LAYOUT_COUNT(header, LAYOUT_PREFIXES, struct weir_prefix));

	for (size_t i = 0; i < count && !status; i++)
		status = cuts_add_prefix(cuts, &blocks[i].prefix);
	return status;
}

static int add_owned(struct cuts *cuts, const struct layout_header *header)
{
	const struct layout_owned *owned = layout_section(header, LAYOUT_OWNED);
	size_t count = LAYOUT_COUNT(header, LAYOUT_OWNED, struct layout_owned);
	int status = add_addresses(cuts, layout_section(header, LAYOUT_ADDRESSES),
				   LAYOUT_COUNT(header, LAYOUT_ADDRESSES, struct weir_address));

	for (size_t i = 0; i < count && !status; i++)
		status = add_addresses(cuts, &owned[i].address, 1);
	return status;
}

int cuts_of_block(struct cuts *cuts, const struct lookup *lookup)
{
	static const struct weir_address zero;
	struct walk walk = { .cuts = cuts, .lookup = lookup };
	int status = walk_leaf(&walk, lookup->header->ipv6, &zero, 0);

	if (!status)
		status = walk_ipv4(&walk);
	if (!status)
		status = add_blocks(cuts, lookup->header);
	return status ? status : add_owned(cuts, lookup->header);
}

/* In order. */

static int compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct weir_address));
}

int cuts_sort(struct cuts *cuts)
{
	struct weir_prefix ipv4 = { ipv4_of(0), 96 };
	static const struct weir_address zero;
	struct weir_address *items;
	size_t kept = 0;
	int status = add(cuts, &zero);

	if (!status)
		status = cuts_add_prefix(cuts, &ipv4);
	if (status)
		return status;
	items = cuts->items.items;
	qsort(items, cuts->items.count, sizeof(*items), compare);
	for (size_t i = 0; i < cuts->items.count; i++) {
		if (!kept || !weir_address_equal(&items[kept - 1], &items[i]))
			items[kept++] = items[i];
	}
	cuts->items.count = kept;
	return 0;
}

struct weir_address cuts_last(const struct cuts *cuts, size_t i)
{
	const struct weir_address *items = cuts->items.items;
	struct weir_address last;

	memset(&last, 0xff, sizeof(last));
	if (i + 1 == cuts->items.count)
		return last;
	last = items[i + 1];
	for (int byte = 15; byte >= 0; byte--) {
		if (last.bytes[byte]--)
			break;
	}
	return last;
}
