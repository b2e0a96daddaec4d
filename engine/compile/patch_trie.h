/*
 * patch_trie.h - a block's trie, changed address by address while versions of it are read.
 *
 * Nothing that is in it changes. A new leaf is put at an address by making the nodes on the way to
 * it again, behind all others, each with its siblings; a version is a root of its own into the same
 * memory:
 *
 *	root 1 ─ node ─ [ children ] ─ [ children ]
 *	                                    a'
 *	root 2 ─ node' ─ [ children' ] ─ [ children' ]
 *
 * What no version needs any more stays until the memory is full: then what the newest needs is
 * copied into other memory, and the old one goes with the last version that is in it. (Driscoll,
 * Sarnak, Sleator, Tarjan, "Making data structures persistent", 1989.)
 */
#ifndef WEIR_COMPILE_PATCH_TRIE_H
#define WEIR_COMPILE_PATCH_TRIE_H

#include "handle.h"
#include "trie.h"

/* Shared by versions; let go of by the last. */
struct patch_trie_memory {
	const struct weir_allocator *allocator;
	unsigned references;
	uint32_t node_room;
	uint32_t leaf_room;
	uint32_t guard_room;
	struct layout_trie_node *nodes;
	uint32_t *leaves;
	struct layout_guard *guards;
};

/* Where the next version begins, and how far the memory is used. */
struct patch_trie_state {
	struct patch_trie_memory *memory;
	uint32_t node_count;
	uint32_t leaf_count;
	uint32_t guard_count;
	uint32_t ipv6;
};

struct patch_trie {
	const struct weir_allocator *allocator;
	struct patch_trie_state state;
	struct patch_trie_state kept; /* at the beginning of the changes */
	uint32_t *root;               /* 2^14, the writer's own */
};

/* A copy of a trie. -ENOMEM. */
int patch_trie_init(struct patch_trie *trie, const struct weir_allocator *allocator,
		    const struct trie *from);
void patch_trie_finish(struct patch_trie *trie);

/* The leaf of one address. -ENOMEM: unchanged. */
int patch_trie_set(struct patch_trie *trie, const struct weir_address *address, uint32_t leaf);

/* Changes are made between begin and either keep or go_back, which is told the root of begin. */
void patch_trie_begin(struct patch_trie *trie);
void patch_trie_keep(struct patch_trie *trie);
void patch_trie_go_back(struct patch_trie *trie, const uint32_t *root);

struct patch_trie_memory *patch_trie_hold(struct patch_trie_memory *memory);
void patch_trie_release(struct patch_trie_memory *memory);
size_t patch_trie_bytes(const struct patch_trie *trie);

#endif
