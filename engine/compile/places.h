/*
 * places.h - where every address leads: regions, kinds of pods, tables, and the trie to them.
 *
 * The leaves of the trie are numbers of kinds, which stay what they are when rules change: then
 * only the tables are compiled again. Where blocks come or go, regions are cut anew, and all of
 * this with them.
 */
#ifndef WEIR_COMPILE_PLACES_H
#define WEIR_COMPILE_PLACES_H

#include "patch_trie.h"
#include "tables.h"

/* What stays as long as nodes do and nobody claims what another one claims. By number of an object:
 * arrays as long as there are endpoints. */
struct ground {
	const struct weir_allocator *allocator;
	const struct objects *objects;
	struct weir_resolved frame; /* semantics and pod ranges */
	size_t max_bytes;
	const struct weir_address *contended; /* addresses that several claim, ascending */
	size_t contended_count;
	const uint32_t *others; /* nodes, and pods that claim such an address: numbers, ascending */
	uint32_t other_count;
	const uint32_t *node_number; /* of nodes, as leaves have it; 0: none */
};

struct places {
	const struct ground *ground;
	struct weir_arena arena;
	struct regions regions;
	bool blocks_hold_pods;
	struct kinds kinds;
	uint32_t kind_room;
	struct tables tables;
	struct patch_trie trie;
	uint32_t *first_root; /* of the trie as it was made */
};

/* -ENOMEM; another error where there can be none. */
int places_make(const struct ground *ground, struct places **out);
void places_release(struct places *places); /* NULL is allowed */

/* The kind of a pod by one of its addresses. -ENOMEM. */
int places_kind(struct places *places, const struct object_endpoint *pod,
		const struct weir_address *address, uint32_t *kind);
/* The leaf of a pod of a kind. */
uint32_t places_leaf(const struct places *places, const struct object_endpoint *pod, uint32_t kind);
/* The leaf of an address that nobody has. */
uint32_t places_free_leaf(const struct places *places, const struct weir_address *address);

/* The tables for the rules and the kinds as they are. -ENOMEM; -EAGAIN: places must be made anew;
 * another error where there can be none. */
int places_compile(const struct places *places, struct tables *out);

bool ground_is_contended(const struct ground *ground, const struct weir_address *address);
/* Whether an endpoint is in the tables itself. */
bool ground_has(const struct ground *ground, const struct weir_endpoint *endpoint);

/* Whether a pod says that its addresses are its own; and which ones it has said already. */
static inline bool claims_addresses(const struct weir_endpoint *pod)
{
	return !pod->host_network && pod->rank != WEIR_RANK_FINISHED;
}

static inline bool is_repeated(const struct weir_endpoint *pod, uint32_t address)
{
	for (uint32_t i = 0; i < address; i++) {
		if (weir_address_equal(&pod->addresses[i], &pod->addresses[address]))
			return true;
	}
	return false;
}

#endif
