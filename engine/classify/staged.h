/*
 * staged.h - a burst in stages, for policies that no near cache holds.
 *
 * One key after the other waits for one miss after the other: three nodes of the trie, leaf,
 * profile, row; a processor looks ahead over three or four keys. Here all keys of a group
 * take a step together, and each step asks for the lines of the next, so that the misses of 32 keys
 * are waited for at once. It costs what lies in arrays in between: where little misses, plain order
 * wins.
 *
 *	addresses -> nodes, three times -> leaves -> profiles -> rows -> verdicts
 *
 * An IPv6 address is looked up when its turn comes; a key with a special end takes no part in the
 * later steps.
 *
 * Group prefetching: Chen, Ailamaki, Gibbons, Mowry, "Improving hash join performance through
 * prefetching", 2004.
 */
#ifndef WEIR_CLASSIFY_STAGED_H
#define WEIR_CLASSIFY_STAGED_H

#include "lookup.h"

enum {
	STAGED_KEYS = 32,
	STAGED_LEAST = 4, /* fewer are judged in plain order */
	STAGED_ENDS = 2 * STAGED_KEYS,
};

/* What is known of the keys so far. The ends of key i are 2i, its source, and 2i + 1; by their
 * direction they are the near ends of its sides. */
struct staged {
	const struct lookup *lookup;
	const struct weir_key *keys;
	size_t n;
	uint32_t addresses[STAGED_ENDS];
	const struct layout_trie_node *nodes[STAGED_ENDS]; /* NULL: the place is known */
	const uint32_t *places[STAGED_ENDS];               /* of the leaves */
	uint32_t leaves[STAGED_ENDS];
	uint32_t rows[STAGED_ENDS];
	uint32_t classes[STAGED_ENDS];
	const void *cells[STAGED_ENDS];
};

static inline void staged_enter(struct staged *staged, size_t end,
				const struct weir_address *address)
{
	const struct lookup *lookup = staged->lookup;
	uint32_t number = (uint32_t)load_big(address->bytes + 8);

	staged->addresses[end] = number;
	if (weir_address_is_ipv4(address)) {
		staged->nodes[end] =
			lookup->nodes + lookup->root[number >> (32 - LAYOUT_ROOT_BITS)];
		__builtin_prefetch(staged->nodes[end]);
		return;
	}
	staged->leaves[end] = find_address(lookup, address);
	staged->nodes[end] = NULL;
	staged->places[end] = &staged->leaves[end];
}

/* One level down: to a node, or to the place of the leaf. */
static inline void staged_descend(struct staged *staged, unsigned shift)
{
	for (size_t end = 0; end < 2 * staged->n; end++) {
		const struct layout_trie_node *node = staged->nodes[end];
		unsigned slot = staged->addresses[end] >> shift & 63;

		if (!node)
			continue;
		if (node->children >> slot & 1) {
			staged->nodes[end] = child_of(staged->lookup, node, slot);
			__builtin_prefetch(staged->nodes[end]);
			continue;
		}
		staged->nodes[end] = NULL;
		staged->places[end] = leaf_place(staged->lookup, node, slot);
		__builtin_prefetch(staged->places[end]);
	}
}

static inline bool staged_is_special(const struct staged *staged, size_t key)
{
	return (staged->leaves[2 * key] | staged->leaves[2 * key + 1]) & LAYOUT_SPECIAL;
}

static inline void staged_find_profiles(struct staged *staged)
{
	for (size_t end = 0; end < 2 * staged->n; end++) {
		staged->leaves[end] = *staged->places[end];
		/* Of a special end this may lie anywhere, which does no harm. */
		__builtin_prefetch(profile_of(staged->lookup, staged->leaves[end]));
	}
}

static inline void staged_find_rows(struct staged *staged)
{
	for (size_t end = 0; end < 2 * staged->n; end++) {
		enum weir_direction direction = end % 2;
		const struct layout_profile *near, *far;

		if (staged_is_special(staged, end / 2))
			continue;
		near = profile_of(staged->lookup, staged->leaves[end]);
		far = profile_of(staged->lookup, staged->leaves[end ^ 1]);
		staged->rows[end] = near->row[direction];
		staged->classes[end] = far->class[direction];
		staged->cells[end] = cell_place(staged->lookup, direction, staged->rows[end],
						staged->classes[end]);
		__builtin_prefetch(staged->cells[end]);
	}
}

/* Port sets are few: nothing is asked for ahead. */
static inline uint32_t staged_side_allows(const struct staged *staged, size_t end,
					  uint32_t port_class)
{
	uint32_t cell = cell_at(staged->cells[end], staged->rows[end], staged->classes[end]);

	return port_set_has(port_set_of(staged->lookup, cell), port_class);
}

static inline uint32_t staged_allows(const struct staged *staged, size_t i)
{
	const struct weir_key *key = &staged->keys[i];
	uint32_t port_class = port_class_of(staged->lookup, key);
	uint32_t egress =
		staged_side_allows(staged, 2 * i, port_class) | !(key->flags & WEIR_KEY_EGRESS);
	uint32_t ingress = staged_side_allows(staged, 2 * i + 1, port_class) |
			   !(key->flags & WEIR_KEY_INGRESS);

	return (egress & ingress) | is_same_address(key) |
	       is_own_node(staged->lookup, staged->leaves[2 * i], staged->leaves[2 * i + 1]);
}

static inline void staged_judge(const struct staged *staged, struct weir_verdict *verdicts)
{
	for (size_t i = 0; i < staged->n; i++) {
		uint32_t source = staged->leaves[2 * i];
		uint32_t destination = staged->leaves[2 * i + 1];

		if (staged_is_special(staged, i)) {
			verdicts[i] = weir_classify_special(staged->lookup, &staged->keys[i],
							    source, destination);
			continue;
		}
		verdicts[i].action = (uint8_t)staged_allows(staged, i);
		verdicts[i].why = WEIR_WHY_NONE;
	}
}

/* The places of all leaves. */
static inline void staged_find_leaves(struct staged *staged, const struct lookup *lookup,
				      const struct weir_key *keys, size_t n)
{
	staged->lookup = lookup;
	staged->keys = keys;
	staged->n = n;
	for (size_t i = 0; i < n; i++) {
		staged_enter(staged, 2 * i, &keys[i].source);
		staged_enter(staged, 2 * i + 1, &keys[i].destination);
	}
	for (int shift = 32 - LAYOUT_ROOT_BITS - LAYOUT_STRIDE; shift >= 0; shift -= LAYOUT_STRIDE)
		staged_descend(staged, (unsigned)shift);
}

static inline void classify_group(const struct lookup *lookup, const struct weir_key *keys,
				  struct weir_verdict *verdicts, size_t n)
{
	struct staged staged;

	staged_find_leaves(&staged, lookup, keys, n);
	staged_find_profiles(&staged);
	staged_find_rows(&staged);
	staged_judge(&staged, verdicts);
}

static inline void classify_in_stages(const struct lookup *lookup, const struct weir_key *keys,
				      struct weir_verdict *verdicts, size_t n)
{
	size_t i = 0;

	for (; n - i >= STAGED_LEAST; i += n - i < STAGED_KEYS ? n - i : STAGED_KEYS)
		classify_group(lookup, keys + i, verdicts + i,
			       n - i < STAGED_KEYS ? n - i : STAGED_KEYS);
	classify_burst(lookup, keys + i, verdicts + i, n - i);
}

static inline void locate_group(const struct lookup *lookup, const struct weir_key *keys,
				struct lookup_place *places, size_t n)
{
	struct staged staged;

	staged_find_leaves(&staged, lookup, keys, n);
	for (size_t i = 0; i < n; i++) {
		places[i].source = *staged.places[2 * i];
		places[i].destination = *staged.places[2 * i + 1];
		places[i].ports = port_class_of(lookup, &keys[i]);
	}
}

static inline void locate_in_stages(const struct lookup *lookup, const struct weir_key *keys,
				    struct lookup_place *places, size_t n)
{
	size_t i = 0;

	for (; n - i >= STAGED_LEAST; i += n - i < STAGED_KEYS ? n - i : STAGED_KEYS)
		locate_group(lookup, keys + i, places + i,
			     n - i < STAGED_KEYS ? n - i : STAGED_KEYS);
	locate_burst(lookup, keys + i, places + i, n - i);
}

#endif
