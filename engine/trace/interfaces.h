/*
 * interfaces.h - sets of interfaces, each stored once and known by a number.
 *
 * Flows by the thousand are seen at the same few interfaces, so a flow keeps four bytes and the
 * sets are shared. Set 0 is the empty one. A set that grows by one at a time leaves the smaller
 * ones behind it, so a bound on the sets is one on the memory of a flow.
 */
#ifndef WEIR_TRACE_INTERFACES_H
#define WEIR_TRACE_INTERFACES_H

#include <stdint.h>

#include "array.h"
#include "hash.h"
#include "memory.h"

enum {
	WEIR_INTERFACES_MAX = 64, /* in a set; what comes later is left out */
};

struct weir_interface_set {
	const uint32_t *items; /* ascending */
	uint32_t count;
};

struct weir_interface_sets {
	struct weir_arena arena;
	struct weir_map map;     /* from items to the set's number */
	struct weir_array sets;  /* struct weir_interface_set */
	uint64_t secret;         /* of the map's hash */
	uint32_t last_interface; /* the last set of one that was asked for, and its number */
	uint32_t last_single;
};

/* 0 or -ENOMEM; finish is right in both cases. */
int weir_interface_sets_init(struct weir_interface_sets *sets,
			     const struct weir_allocator *allocator, uint64_t secret);
void weir_interface_sets_finish(struct weir_interface_sets *sets);

const struct weir_interface_set *weir_interface_set_at(const struct weir_interface_sets *sets,
						       uint32_t set);

/* The number of the set and one interface more; 0 or -ENOMEM. */
int weir_interface_sets_with(struct weir_interface_sets *sets, uint32_t set, uint32_t interface,
			     uint32_t *out);
/* The number here of a set of others; 0 or -ENOMEM. */
int weir_interface_sets_import(struct weir_interface_sets *sets,
			       const struct weir_interface_sets *from, uint32_t set, uint32_t *out);
/* The number of the union; 0 or -ENOMEM. */
int weir_interface_sets_union(struct weir_interface_sets *sets, uint32_t a, uint32_t b,
			      uint32_t *out);

#endif
