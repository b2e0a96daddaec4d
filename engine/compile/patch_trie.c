#include "patch_trie.h"

#include <errno.h>

#include "lookup.h"

enum {
	SLOTS = 64,
	LEVELS_A_WORD = 11,
	LEVEL_LAST = 2 * LEVELS_A_WORD - 1,
	LEVEL_BELOW_ROOT = 19,
	ROOT_SLOTS = 1 << LAYOUT_ROOT_BITS,
	/* The most that one address adds: on each level a node's children, its leaves once. */
	MOST_NODES = (LEVEL_LAST + 2) * SLOTS,
	MOST_LEAVES = (LEVEL_LAST + 2) * SLOTS,
	MOST_GUARDS = LEVEL_LAST + 2,
	/* Room for changes beside a half of what there is. */
	SPARE_NODES = 16 * MOST_NODES,
	SPARE_LEAVES = 16 * MOST_LEAVES,
	SPARE_GUARDS = 64 * MOST_GUARDS,
};

/* Memory. */

static struct patch_trie_memory *make_memory(const struct weir_allocator *allocator,
					     const struct patch_trie_state *used)
{
	struct patch_trie_memory memory = {
		.allocator = allocator,
		.references = 1,
		.node_room = used->node_count + used->node_count / 2 + SPARE_NODES,
		.leaf_room = used->leaf_count + used->leaf_count / 2 + SPARE_LEAVES,
		.guard_room = used->guard_count + used->guard_count / 2 + SPARE_GUARDS,
	};
	size_t nodes = memory.node_room * sizeof(*memory.nodes);
	size_t guards = memory.guard_room * sizeof(*memory.guards);
	size_t leaves = memory.leaf_room * sizeof(*memory.leaves);
	struct patch_trie_memory *made =
		weir_allocate(allocator, sizeof(memory) + nodes + guards + leaves);

	if (!made)
		return NULL;
	memory.nodes = (struct layout_trie_node *)(made + 1);
	memory.guards = (struct layout_guard *)(memory.nodes + memory.node_room);
	memory.leaves = (uint32_t *)(memory.guards + memory.guard_room);
	*made = memory;
	return made;
}

struct patch_trie_memory *patch_trie_hold(struct patch_trie_memory *memory)
{
	__atomic_add_fetch(&memory->references, 1, __ATOMIC_RELAXED);
	return memory;
}

void patch_trie_release(struct patch_trie_memory *memory)
{
	if (memory && !__atomic_sub_fetch(&memory->references, 1, __ATOMIC_ACQ_REL))
		weir_release(memory->allocator, memory);
}

size_t patch_trie_bytes(const struct patch_trie *trie)
{
	const struct patch_trie_memory *memory = trie->state.memory;

	return memory->node_room * sizeof(*memory->nodes) +
	       memory->guard_room * sizeof(*memory->guards) +
	       memory->leaf_room * sizeof(*memory->leaves);
}

/* What the root still reaches, counted, or copied into other memory. */

struct copying {
	const struct patch_trie_memory *from;
	struct patch_trie_state to; /* memory is NULL: only counted */
};

static uint32_t copy_node(struct copying *copying, const struct layout_trie_node *from,
			  uint32_t index);

static uint32_t copy_guard(struct copying *copying, uint32_t leaf)
{
	const struct layout_guard *from;
	uint32_t guard = copying->to.guard_count;
	uint32_t node;

	if ((leaf & LAYOUT_GUARD) != LAYOUT_GUARD)
		return leaf;
	from = &copying->from->guards[leaf & LAYOUT_INDEX];
	copying->to.guard_count++;
	node = copy_node(copying, &copying->from->nodes[from->node], copying->to.node_count++);
	if (copying->to.memory) {
		copying->to.memory->guards[guard] = *from;
		copying->to.memory->guards[guard].node = node;
	}
	return LAYOUT_GUARD | guard;
}

static uint32_t copy_node(struct copying *copying, const struct layout_trie_node *from,
			  uint32_t index)
{
	struct layout_trie_node made = *from;
	uint32_t leaves = (uint32_t)__builtin_popcountll(from->starts);
	uint32_t children = (uint32_t)__builtin_popcountll(from->children);

	made.first_leaf = copying->to.leaf_count;
	made.first_child = copying->to.node_count;
	copying->to.leaf_count += leaves;
	copying->to.node_count += children;
	for (uint32_t i = 0; i < leaves; i++) {
		uint32_t leaf = copy_guard(copying, copying->from->leaves[from->first_leaf + i]);

		if (copying->to.memory)
			copying->to.memory->leaves[made.first_leaf + i] = leaf;
	}
	for (uint32_t i = 0; i < children; i++)
		copy_node(copying, &copying->from->nodes[from->first_child + i],
			  made.first_child + i);
	if (copying->to.memory)
		copying->to.memory->nodes[index] = made;
	return index;
}

/* Neighbours in the root that share a node go on to. The root is written when there is memory. */
static void copy_all(struct copying *copying, uint32_t *root, uint32_t ipv6)
{
	uint32_t before = 0, made = 0;

	for (size_t i = 0; i < ROOT_SLOTS; i++) {
		uint32_t from = root[i];

		if (!i || from != before)
			made = copy_node(copying, &copying->from->nodes[from],
					 copying->to.node_count++);
		before = from;
		if (copying->to.memory)
			root[i] = made;
	}
	copying->to.ipv6 = copy_guard(copying, ipv6);
}

static int move(struct patch_trie *trie)
{
	struct copying counting = { .from = trie->state.memory };
	struct copying copying = { .from = trie->state.memory };

	copy_all(&counting, trie->root, trie->state.ipv6);
	copying.to.memory = make_memory(trie->allocator, &counting.to);
	if (!copying.to.memory)
		return -ENOMEM;
	copy_all(&copying, trie->root, trie->state.ipv6);
	patch_trie_release(trie->state.memory);
	trie->state = copying.to;
	return 0;
}

static int make_room(struct patch_trie *trie)
{
	const struct patch_trie_state *state = &trie->state;
	const struct patch_trie_memory *memory = state->memory;

	if (memory->node_room - state->node_count >= MOST_NODES &&
	    memory->leaf_room - state->leaf_count >= MOST_LEAVES &&
	    memory->guard_room - state->guard_count >= MOST_GUARDS)
		return 0;
	return move(trie);
}

/* Life. */

static void copy_array(void *to, const struct weir_array *from)
{
	if (from->count)
		memcpy(to, from->items, from->count * from->item_size);
}

int patch_trie_init(struct patch_trie *trie, const struct weir_allocator *allocator,
		    const struct trie *from)
{
	struct patch_trie_state state = {
		.node_count = (uint32_t)from->nodes.count,
		.leaf_count = (uint32_t)from->leaves.count,
		.guard_count = (uint32_t)from->guards.count,
		.ipv6 = from->ipv6,
	};

	*trie = (struct patch_trie){ .allocator = allocator };
	state.memory = make_memory(allocator, &state);
	trie->root = weir_allocate(allocator, ROOT_SLOTS * sizeof(*trie->root));
	trie->state = state;
	if (!state.memory || !trie->root)
		return -ENOMEM;
	memcpy(trie->root, from->root, ROOT_SLOTS * sizeof(*trie->root));
	copy_array(state.memory->nodes, &from->nodes);
	copy_array(state.memory->leaves, &from->leaves);
	copy_array(state.memory->guards, &from->guards);
	return 0;
}

void patch_trie_finish(struct patch_trie *trie)
{
	patch_trie_release(trie->state.memory);
	patch_trie_release(trie->kept.memory);
	if (trie->root)
		weir_release(trie->allocator, trie->root);
	*trie = (struct patch_trie){ 0 };
}

void patch_trie_begin(struct patch_trie *trie)
{
	trie->kept = trie->state;
	patch_trie_hold(trie->kept.memory);
}

void patch_trie_keep(struct patch_trie *trie)
{
	patch_trie_release(trie->kept.memory);
	trie->kept.memory = NULL;
}

void patch_trie_go_back(struct patch_trie *trie, const uint32_t *root)
{
	patch_trie_release(trie->state.memory);
	trie->state = trie->kept;
	trie->kept.memory = NULL;
	memcpy(trie->root, root, ROOT_SLOTS * sizeof(*root));
}

/* One address. */

struct way {
	struct patch_trie_state *state;
	uint64_t words[2];
	uint32_t leaf;
	bool is_ipv4; /* whose levels are never skipped */
};

static unsigned level_start(unsigned level)
{
	unsigned in_word = level % LEVELS_A_WORD;

	return level / LEVELS_A_WORD * 64 + (in_word ? in_word * LAYOUT_STRIDE - 2 : 0);
}

static unsigned level_of_bit(unsigned bit)
{
	return bit / 64 * LEVELS_A_WORD + (bit % 64 + 2) / LAYOUT_STRIDE;
}

static uint32_t leaf_at(const struct way *way, const struct layout_trie_node *node, unsigned slot)
{
	return way->state->memory->leaves[node->first_leaf + rank(node->starts, slot) - 1];
}

/* The leaves of a node once more, one of them changed. */
static void put_leaf(const struct way *way, struct layout_trie_node *node, unsigned changed,
		     uint32_t leaf)
{
	uint32_t *leaves = way->state->memory->leaves + way->state->leaf_count;
	uint64_t starts = 0;
	uint32_t count = 0;

	for (unsigned slot = 0; slot < SLOTS; slot++) {
		uint32_t value;

		if (node->children >> slot & 1)
			continue;
		value = slot == changed ? leaf : leaf_at(way, node, slot);
		if (count && leaves[count - 1] == value)
			continue;
		leaves[count++] = value;
		starts |= (uint64_t)1 << slot;
	}
	node->starts = starts;
	node->first_leaf = way->state->leaf_count;
	way->state->leaf_count += count;
}

/* A node all of whose slots are one leaf. */
static struct layout_trie_node uniform(const struct way *way, uint32_t leaf)
{
	struct layout_trie_node node = { .starts = 1, .first_leaf = way->state->leaf_count };

	way->state->memory->leaves[way->state->leaf_count++] = leaf;
	return node;
}

static uint32_t add_nodes(const struct way *way, uint32_t count)
{
	uint32_t first = way->state->node_count;

	way->state->node_count += count;
	return first;
}

static uint32_t add_guard(const struct way *way, unsigned level, uint32_t otherwise,
			  const struct layout_trie_node *node)
{
	unsigned start = level_start(level);
	uint32_t index = way->state->guard_count++;
	struct layout_guard *guard = &way->state->memory->guards[index];

	*guard = (struct layout_guard){ .level = level, .otherwise = otherwise };
	guard->mask[0] = start >= 64 ? UINT64_MAX : start ? UINT64_MAX << (64 - start) : 0;
	guard->mask[1] = start > 64 ? UINT64_MAX << (128 - start) : 0;
	guard->bits[0] = way->words[0] & guard->mask[0];
	guard->bits[1] = way->words[1] & guard->mask[1];
	guard->node = add_nodes(way, 1);
	way->state->memory->nodes[guard->node] = *node;
	return LAYOUT_GUARD | index;
}

/* This address alone, in the midst of what is otherwise. */
static uint32_t guard_alone(const struct way *way, uint32_t otherwise)
{
	struct layout_trie_node node = uniform(way, otherwise);

	put_leaf(way, &node, slot_at(way->words, LEVEL_LAST), way->leaf);
	return add_guard(way, LEVEL_LAST, otherwise, &node);
}

static unsigned first_difference(const uint64_t a[2], const uint64_t b[2])
{
	if (a[0] != b[0])
		return (unsigned)__builtin_clzll(a[0] ^ b[0]);
	return 64 + (unsigned)__builtin_clzll(a[1] ^ b[1]);
}

/* A guard that the address does not agree with: both go on from where they part. */
static uint32_t part(const struct way *way, uint32_t leaf)
{
	const struct layout_guard guard = way->state->memory->guards[leaf & LAYOUT_INDEX];
	const uint64_t words[2] = { way->words[0] & guard.mask[0], way->words[1] & guard.mask[1] };
	unsigned level = level_of_bit(first_difference(words, guard.bits));
	struct layout_trie_node node = uniform(way, guard.otherwise);
	uint32_t alone = guard_alone(way, guard.otherwise);

	put_leaf(way, &node, slot_at(guard.bits, level), leaf);
	put_leaf(way, &node, slot_at(way->words, level), alone);
	return add_guard(way, level, guard.otherwise, &node);
}

static struct layout_trie_node change_node(const struct way *way, uint32_t index, unsigned level);

static uint32_t change_guard(const struct way *way, uint32_t leaf)
{
	struct layout_guard guard;
	struct layout_trie_node node;
	uint32_t made;

	if ((leaf & LAYOUT_GUARD) != LAYOUT_GUARD)
		return guard_alone(way, leaf);
	guard = way->state->memory->guards[leaf & LAYOUT_INDEX];
	if (((way->words[0] ^ guard.bits[0]) & guard.mask[0]) |
	    ((way->words[1] ^ guard.bits[1]) & guard.mask[1]))
		return part(way, leaf);
	node = change_node(way, guard.node, guard.level);
	made = add_guard(way, guard.level, guard.otherwise, &node);
	return made;
}

/* A child in a slot that had none; the leaf's run may well begin in a child's slot. */
static struct layout_trie_node with_child(const struct way *way,
					  const struct layout_trie_node *node, unsigned slot,
					  const struct layout_trie_node *child)
{
	struct layout_trie_node *nodes = way->state->memory->nodes;
	uint32_t before = rank(node->children, slot);
	uint32_t count = (uint32_t)__builtin_popcountll(node->children);
	struct layout_trie_node made = *node;

	made.children |= (uint64_t)1 << slot;
	made.first_child = add_nodes(way, count + 1);
	memcpy(nodes + made.first_child, nodes + node->first_child, before * sizeof(*nodes));
	nodes[made.first_child + before] = *child;
	memcpy(nodes + made.first_child + before + 1, nodes + node->first_child + before,
	       (count - before) * sizeof(*nodes));
	return made;
}

static struct layout_trie_node change_child(const struct way *way,
					    const struct layout_trie_node *node, unsigned slot,
					    unsigned level)
{
	struct layout_trie_node *nodes = way->state->memory->nodes;
	uint32_t count = (uint32_t)__builtin_popcountll(node->children);
	uint32_t place = rank(node->children, slot) - 1;
	struct layout_trie_node child = change_node(way, node->first_child + place, level + 1);
	struct layout_trie_node made = *node;

	made.first_child = add_nodes(way, count);
	memcpy(nodes + made.first_child, nodes + node->first_child, count * sizeof(*nodes));
	nodes[made.first_child + place] = child;
	return made;
}

/* From a leaf down to the address. */
static struct layout_trie_node make_below(const struct way *way, unsigned level, uint32_t otherwise)
{
	struct layout_trie_node node = uniform(way, otherwise);
	struct layout_trie_node child;

	if (level == LEVEL_LAST) {
		put_leaf(way, &node, slot_at(way->words, level), way->leaf);
		return node;
	}
	child = make_below(way, level + 1, otherwise);
	return with_child(way, &node, slot_at(way->words, level), &child);
}

static struct layout_trie_node change_node(const struct way *way, uint32_t index, unsigned level)
{
	struct layout_trie_node node = way->state->memory->nodes[index];
	unsigned slot = slot_at(way->words, level);
	struct layout_trie_node child;

	if (node.children >> slot & 1)
		return change_child(way, &node, slot, level);
	if (level == LEVEL_LAST) {
		put_leaf(way, &node, slot, way->leaf);
		return node;
	}
	if (way->is_ipv4) {
		child = make_below(way, level + 1, leaf_at(way, &node, slot));
		return with_child(way, &node, slot, &child);
	}
	put_leaf(way, &node, slot, change_guard(way, leaf_at(way, &node, slot)));
	return node;
}

int patch_trie_set(struct patch_trie *trie, const struct weir_address *address, uint32_t leaf)
{
	struct way way = {
		.state = &trie->state,
		.words = { load_big(address->bytes), load_big(address->bytes + 8) },
		.leaf = leaf,
		.is_ipv4 = weir_address_is_ipv4(address),
	};
	uint32_t *slot;
	struct layout_trie_node node;

	if (make_room(trie))
		return -ENOMEM;
	if (!way.is_ipv4) {
		trie->state.ipv6 = change_guard(&way, trie->state.ipv6);
		return 0;
	}
	slot = &trie->root[(uint32_t)way.words[1] >> (32 - LAYOUT_ROOT_BITS)];
	node = change_node(&way, *slot, LEVEL_BELOW_ROOT);
	*slot = add_nodes(&way, 1);
	trie->state.memory->nodes[*slot] = node;
	return 0;
}
