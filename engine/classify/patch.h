/*
 * patch.h - what became of endpoints behind a block: pods that came and went since it was compiled.
 *
 * The versions of a live policy that have a block in common share one patch, to which its only
 * writer adds while readers look. Versions are counted by stamps. An entry says who has an address,
 * or a name, from its stamp on; the newest is first in its chain, and a reader of a version takes
 * the first that is not younger than that. So what is added for the next version is there before
 * anybody can see it, and nothing that somebody sees is changed:
 *
 *	chain of 10.0.0.7:   stamp 9, nobody → stamp 4, endpoint 1012 → none: as in the block
 *	a reader of version 8 sees 1012, one of version 3 the block's owner, one of 9 nobody
 *
 * Endpoints of the patch are numbered behind those of the block. An address in a patch has one
 * owner: where several claim one the policy is compiled anew.
 */
#ifndef WEIR_CLASSIFY_PATCH_H
#define WEIR_CLASSIFY_PATCH_H

#include "layout.h"

struct lookup;

struct patch_endpoint {
	const char *namespace_name;
	const char *name;
	const struct weir_address *addresses;
	const struct weir_declared_port *declared;
	uint32_t address_count;
	uint32_t declared_count;
	uint32_t node;
	uint32_t workload;
	uint8_t rank;
	bool host_network;
};

/* Names are those of its endpoint; where there is none they stand in name. */
struct patch_entry {
	const struct patch_entry *older;
	uint64_t stamp;
	uint32_t endpoint; /* WEIR_NONE: nobody */
	uint32_t hash;
	struct weir_address address;
	const char *namespace_name;
	const char *name;
};

struct patch {
	const struct patch_entry **addresses; /* chains, by hash */
	const struct patch_entry **names;
	uint32_t chain_mask;
	uint32_t block_endpoints;
	const struct patch_endpoint **added; /* by number, less those of the block */
	uint64_t *ended; /* by endpoint: the stamp from which on it is no more, or UINT64_MAX */
};

uint32_t patch_hash_address(const struct weir_address *address);
uint32_t patch_hash_name(const char *namespace_name, const char *name);

/* The entry that holds for a version, or NULL: as in the block. */
const struct patch_entry *patch_find_address(const struct patch *patch, uint64_t stamp,
					     const struct weir_address *address);
const struct patch_entry *patch_find_name(const struct patch *patch, uint64_t stamp,
					  const char *namespace_name, const char *name);

/* The endpoint of this number where it is the patch's, or NULL: it is the block's. */
static inline const struct patch_endpoint *patch_endpoint_at(const struct patch *patch,
							     uint32_t endpoint)
{
	return patch && endpoint >= patch->block_endpoints
		       ? patch->added[endpoint - patch->block_endpoints]
		       : NULL;
}

/* Whether an endpoint is no more in a version. */
static inline bool patch_has_ended(const struct patch *patch, uint64_t stamp, uint32_t endpoint)
{
	return patch && __atomic_load_n(&patch->ended[endpoint], __ATOMIC_RELAXED) <= stamp;
}

/* Who has an address in a version: pods, or, where owner_count is 0, a node. */
struct patch_owner {
	const uint32_t *owners;
	uint32_t owner_count;
	uint32_t node; /* WEIR_NONE: nobody has it */
};
struct patch_owner patch_owner_of(const struct lookup *lookup, const struct weir_address *address);

#endif
