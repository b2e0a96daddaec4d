/*
 * regions.h - the address space cut at every prefix that matters.
 *
 * A region is a prefix without the longer ones inside it. Regions are kept by (family, address,
 * length), so those inside a prefix are the run from it up to its end: a block is such a run,
 * without the runs of its holes. The first region of each family is all of it.
 */
#ifndef WEIR_COMPILE_REGIONS_H
#define WEIR_COMPILE_REGIONS_H

#include <endian.h>
#include <string.h>

#include "memory.h"
#include "weir/resolved.h"

/* As memcmp of the bytes: addresses are sorted by the hundred thousand. */
static inline int address_compare(const struct weir_address *a, const struct weir_address *b)
{
	uint64_t left[2], right[2];
	bool is_high;

	memcpy(left, a->bytes, sizeof(left));
	memcpy(right, b->bytes, sizeof(right));
	is_high = left[0] != right[0];
	left[0] = be64toh(is_high ? left[0] : left[1]);
	right[0] = be64toh(is_high ? right[0] : right[1]);
	return (left[0] > right[0]) - (left[0] < right[0]);
}

struct region {
	struct weir_prefix prefix;
	bool in_pod_range;
	uint32_t parent; /* WEIR_NONE for all of a family */
	uint32_t end;    /* one behind the last region inside */
};

struct regions {
	struct region *items;
	uint32_t count;
	uint32_t ipv4_count;  /* IPv4 comes first */
	uint32_t *of_block;   /* the region of each block's prefix */
	uint32_t *hole_first; /* of each block in hole_runs; one more for the end */
	uint32_t *holes;      /* regions, of each block ascending; no other family's */
};

/* Regions of all blocks, their holes and the pod ranges; -ENOMEM. */
int regions_build(struct regions *regions, struct weir_arena *arena,
		  const struct weir_resolved *resolved);

/* The region that has an address. */
uint32_t regions_find(const struct regions *regions, const struct weir_address *address);

/* Whether a region is inside a block and none of its holes. */
bool regions_in_block(const struct regions *regions, uint32_t block, uint32_t region);

/* The next region of a block at or behind region, or WEIR_NONE:
 *	for (r = regions_next(x, b, 0); r != WEIR_NONE; r = regions_next(x, b, r + 1)) */
uint32_t regions_next(const struct regions *regions, uint32_t block, uint32_t region);

#endif
