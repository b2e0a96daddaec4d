/*
 * memberships.h - the sets of each endpoint of a resolved policy, whose sets list endpoints.
 */
#ifndef WEIR_BASE_MEMBERSHIPS_H
#define WEIR_BASE_MEMBERSHIPS_H

#include <stdint.h>

#include "memory.h"
#include "weir/resolved.h"

/* Those of endpoint i are sets[first[i]..first[i + 1]), the lower before the higher. */
struct weir_memberships {
	uint32_t *first;
	uint32_t *sets;
};

/* In the arena. 0 or -ENOMEM. */
int weir_find_memberships(const struct weir_resolved *resolved, struct weir_arena *arena,
			  struct weir_memberships *out);

#endif
