/*
 * lookup.h - address → leaf, ports → port class, (row, class) → port set.
 *
 * Inlined into every kernel, so that each is compiled for its instruction set.
 */
#ifndef WEIR_CLASSIFY_LOOKUP_H
#define WEIR_CLASSIFY_LOOKUP_H

#include <stdbool.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "handle.h"

static inline uint64_t load_big(const uint8_t *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

/* In place, where a compiler would call a function for want of the instruction. */
static inline uint32_t population(uint64_t bits)
{
#ifdef __POPCNT__
	return (uint32_t)__builtin_popcountll(bits);
#else
	bits -= bits >> 1 & 0x5555555555555555;
	bits = (bits & 0x3333333333333333) + (bits >> 2 & 0x3333333333333333);
	bits = (bits + (bits >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return (uint32_t)(bits * 0x0101010101010101 >> 56);
#endif
}

/* How many bits up to and including slot are set. */
static inline uint32_t rank(uint64_t bits, unsigned slot)
{
	return population(bits & (((uint64_t)2 << slot) - 1));
}

static inline const struct layout_trie_node *
child_of(const struct lookup *lookup, const struct layout_trie_node *node, unsigned slot)
{
	return lookup->nodes + node->first_child + rank(node->children, slot) - 1;
}

static inline const uint32_t *leaf_place(const struct lookup *lookup,
					 const struct layout_trie_node *node, unsigned slot)
{
	return lookup->leaves + node->first_leaf + rank(node->starts, slot) - 1;
}

static inline uint32_t leaf_of(const struct lookup *lookup, const struct layout_trie_node *node,
			       unsigned slot)
{
	return *leaf_place(lookup, node, slot);
}

static inline uint32_t find_ipv4(const struct lookup *lookup, uint32_t address)
{
	const struct layout_trie_node *node =
		lookup->nodes + lookup->root[address >> (32 - LAYOUT_ROOT_BITS)];
	unsigned shift = 32 - LAYOUT_ROOT_BITS - LAYOUT_STRIDE;
	unsigned slot = address >> shift & 63;

	while (node->children >> slot & 1) {
		node = child_of(lookup, node, slot);
		shift -= LAYOUT_STRIDE;
		slot = address >> shift & 63;
	}
	return leaf_of(lookup, node, slot);
}

/* The six bits of a level; eleven levels a word, the first of each has but four bits. */
static inline unsigned slot_at(const uint64_t words[2], unsigned level)
{
	return (level < 11 ? words[0] >> (60 - 6 * level) : words[1] >> (126 - 6 * level)) & 63;
}

static inline uint32_t find_ipv6(const struct lookup *lookup, const uint64_t words[2])
{
	uint32_t leaf = lookup->ipv6;

	while ((leaf & LAYOUT_GUARD) == LAYOUT_GUARD) {
		const struct layout_guard *guard = &lookup->guards[leaf & LAYOUT_INDEX];
		const struct layout_trie_node *node = lookup->nodes + guard->node;
		unsigned level = guard->level;
		unsigned slot = slot_at(words, level);

		if (((words[0] ^ guard->bits[0]) & guard->mask[0]) |
		    ((words[1] ^ guard->bits[1]) & guard->mask[1]))
			return guard->otherwise;
		while (node->children >> slot & 1) {
			node = child_of(lookup, node, slot);
			slot = slot_at(words, ++level);
		}
		leaf = leaf_of(lookup, node, slot);
	}
	return leaf;
}

static inline uint32_t find_address(const struct lookup *lookup, const struct weir_address *address)
{
	uint64_t words[2] = { load_big(address->bytes), load_big(address->bytes + 8) };

	if (words[0] == 0 && words[1] >> 32 == 0xffff)
		return find_ipv4(lookup, (uint32_t)words[1]);
	return find_ipv6(lookup, words);
}

static inline unsigned slot_of_protocol(uint8_t protocol)
{
	switch (protocol) {
	case WEIR_PROTOCOL_TCP:
		return LAYOUT_SLOT_TCP;
	case WEIR_PROTOCOL_UDP:
		return LAYOUT_SLOT_UDP;
	case WEIR_PROTOCOL_SCTP:
		return LAYOUT_SLOT_SCTP;
	case WEIR_PROTOCOL_ICMPV6:
		return LAYOUT_SLOT_ICMPV6;
	default:
		return LAYOUT_SLOT_OTHER;
	}
}

static inline uint32_t port_class_of(const struct lookup *lookup, const struct weir_key *key)
{
	unsigned slot = slot_of_protocol(key->protocol);
	unsigned number = slot == LAYOUT_SLOT_ICMPV6 ? key->icmp_type : key->destination_port;
	unsigned root = slot * LAYOUT_CHUNKS + number / LAYOUT_PORTS_PER_CHUNK;
	unsigned chunk = lookup->port_roots[root];

	return lookup
		->port_chunks[chunk * LAYOUT_PORTS_PER_CHUNK + number % LAYOUT_PORTS_PER_CHUNK];
}

/* Bit i says whether slot i has the class. */
static inline uint32_t matches_in_line(const struct layout_line *line, uint32_t class)
{
#ifdef __SSE2__
	const __m128i *slots = (const __m128i *)(const void *)line->classes;
	__m128i wanted = _mm_set1_epi32((int)class);
	__m128i low = _mm_cmpeq_epi32(_mm_load_si128(&slots[0]), wanted);
	__m128i middle = _mm_cmpeq_epi32(_mm_load_si128(&slots[1]), wanted);
	__m128i high = _mm_cmpeq_epi32(_mm_loadl_epi64(&slots[2]), wanted);

	return (uint32_t)(_mm_movemask_ps(_mm_castsi128_ps(low)) |
			  _mm_movemask_ps(_mm_castsi128_ps(middle)) << 4 |
			  (_mm_movemask_ps(_mm_castsi128_ps(high)) & 3) << 8);
#else
	uint32_t found = 0;

	for (unsigned i = 0; i < LAYOUT_LINE_SLOTS; i++)
		found |= (uint32_t)(line->classes[i] == class) << i;
	return found;
#endif
}

/* The cell of a class: all slots are compared at once, the defaults stand in last. */
static inline uint32_t cell_in_line(const struct layout_line *line, uint32_t class)
{
	uint32_t found = matches_in_line(line, class) | 1u << (LAYOUT_LINE_SLOTS + (class >> 31));

	return line->cells[__builtin_ctz(found)];
}

static inline uint32_t row_form(uint32_t row)
{
	return row & ((1u << LAYOUT_ROW_BITS) - 1);
}

/* Where a row has the cell of a class: the cell itself, or the line to look in. */
static inline const void *cell_place(const struct lookup *lookup, enum weir_direction direction,
				     uint32_t row, uint32_t class)
{
	const struct layout_line *lines = lookup->rows[direction] + (row >> LAYOUT_ROW_BITS);

	if (row_form(row) == LAYOUT_ROW_DENSE)
		return (const uint16_t *)lines + (class & ~LAYOUT_OUTSIDE);
	return lines + layout_bucket(class, row_form(row));
}

static inline uint32_t cell_at(const void *place, uint32_t row, uint32_t class)
{
	if (row_form(row) == LAYOUT_ROW_DENSE)
		return *(const uint16_t *)place;
	return cell_in_line(place, class);
}

static inline uint32_t cell_of(const struct lookup *lookup, enum weir_direction direction,
			       uint32_t row, uint32_t class)
{
	return cell_at(cell_place(lookup, direction, row, class), row, class);
}

static inline const struct layout_profile *profile_of(const struct lookup *lookup, uint32_t leaf)
{
	return &lookup->profiles[leaf & ((1u << lookup->profile_bits) - 1)];
}

static inline const uint64_t *port_set_of(const struct lookup *lookup, uint32_t cell)
{
	return lookup->port_sets + (size_t)cell * lookup->port_set_words;
}

static inline uint32_t port_set_has(const uint64_t *set, uint32_t port_class)
{
	return set[port_class >> 6] >> (port_class & 63) & 1;
}

/* Whether the near end's side allows a port class; 0 or 1. */
static inline uint32_t side_allows(const struct lookup *lookup, enum weir_direction direction,
				   const struct layout_profile *near,
				   const struct layout_profile *far, uint32_t port_class)
{
	uint32_t cell = cell_of(lookup, direction, near->row[direction], far->class[direction]);

	return port_set_has(port_set_of(lookup, cell), port_class);
}

/* A pod and its own node, where nothing else is asked; 0 or 1. */
static inline uint32_t is_own_node(const struct lookup *lookup, uint32_t source,
				   uint32_t destination)
{
	uint32_t mask = (1u << lookup->profile_bits) - 1;
	uint32_t same = (source ^ destination) <= mask;
	uint32_t numbered = source > mask;
	uint32_t is_node = ((source & mask) >= lookup->first_source_node) |
			   ((destination & mask) >= lookup->first_destination_node);

	return same & numbered & is_node;
}

static inline uint32_t is_same_address(const struct weir_key *key)
{
	return weir_address_equal(&key->source, &key->destination);
}

static inline uint32_t allows(const struct lookup *lookup, const struct weir_key *key,
			      uint32_t source, uint32_t destination)
{
	const struct layout_profile *from = profile_of(lookup, source);
	const struct layout_profile *to = profile_of(lookup, destination);
	uint32_t port_class = port_class_of(lookup, key);
	uint32_t egress = side_allows(lookup, WEIR_EGRESS, from, to, port_class) |
			  !(key->flags & WEIR_KEY_EGRESS);
	uint32_t ingress = side_allows(lookup, WEIR_INGRESS, to, from, port_class) |
			   !(key->flags & WEIR_KEY_INGRESS);

	return (egress & ingress) | is_same_address(key) | is_own_node(lookup, source, destination);
}

static inline void classify_burst(const struct lookup *lookup, const struct weir_key *keys,
				  struct weir_verdict *verdicts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t source = find_address(lookup, &keys[i].source);
		uint32_t destination = find_address(lookup, &keys[i].destination);

		if ((source | destination) & LAYOUT_SPECIAL) {
			verdicts[i] = weir_classify_special(lookup, &keys[i], source, destination);
			continue;
		}
		verdicts[i].action = (uint8_t)allows(lookup, &keys[i], source, destination);
		verdicts[i].why = WEIR_WHY_NONE;
	}
}

static inline void locate_burst(const struct lookup *lookup, const struct weir_key *keys,
				struct lookup_place *places, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		places[i].source = find_address(lookup, &keys[i].source);
		places[i].destination = find_address(lookup, &keys[i].destination);
		places[i].ports = port_class_of(lookup, &keys[i]);
	}
}

#endif
