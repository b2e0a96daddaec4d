/*
 * trie.h - prefixes with leaves, built into the nodes that classify walks.
 *
 * A poptrie (Asai and Ohara 2015): 64 slots a node, children consecutive and found by counting
 * bits, equal neighbouring leaves kept once. A prefix inside another simply comes later and
 * paints over it, so a hole needs nothing special. IPv4 begins at a table of its leading 14 bits,
 * three levels above the end. IPv6 is sparse and long: where all prefixes below a slot agree in
 * more bits than the next level has, a guard takes the place of the single-child nodes.
 */
#ifndef WEIR_COMPILE_TRIE_H
#define WEIR_COMPILE_TRIE_H

#include "array.h"
#include "layout.h"

struct trie_item {
	uint64_t words[2]; /* the address, as numbers */
	uint32_t length;
	uint32_t leaf;
};

struct trie {
	struct weir_array nodes;
	struct weir_array leaves;
	struct weir_array guards;
	uint32_t *root; /* 2^14, in the arena */
	uint32_t ipv6;
};

void trie_init(struct trie *trie, const struct weir_allocator *allocator);
void trie_finish(struct trie *trie);

/* Builds from items of each family by (address, length), the first being all of the family:
 * length 96 for IPv4 and 0 for IPv6. -ENOMEM. */
int trie_build(struct trie *trie, struct weir_arena *arena, const struct trie_item *ipv4,
	       size_t ipv4_count, const struct trie_item *ipv6, size_t ipv6_count);

#endif
