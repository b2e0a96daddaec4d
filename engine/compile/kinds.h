/*
 * kinds.h - pods that are alike, whatever rules there may be.
 *
 * Pods in the same sets, with the same ports of a name, and with addresses in the same region where
 * blocks hold pods, are of one kind: no rule tells them apart. A cluster has many pods of few
 * kinds, so what rules mean is compiled for one pod of each (tables.h).
 *
 * A kind keeps its number. One without a pod stays; it is like a pod that nobody asks for.
 */
#ifndef WEIR_COMPILE_KINDS_H
#define WEIR_COMPILE_KINDS_H

#include "hash.h"
#include "live_objects.h"

struct kind {
	const uint32_t *sets; /* by numbers of objects, ascending */
	const struct weir_declared_port *ports;
	uint32_t set_count;
	uint32_t port_count;
	struct weir_address address; /* the first pod's */
};

struct kinds {
	struct weir_arena arena;
	struct weir_array items;
	struct weir_map numbers; /* of keys */
	struct weir_map names;   /* of ports: a number each */
	struct weir_array key;   /* scratch */
};

void kinds_init(struct kinds *kinds, const struct weir_allocator *allocator);
void kinds_finish(struct kinds *kinds);

/* The kind of a pod by one of its addresses; region tells addresses apart that blocks do. -ENOMEM.
 */
int kinds_number(struct kinds *kinds, const struct object_endpoint *pod,
		 const struct weir_address *address, uint32_t region, uint32_t *number);

static inline uint32_t kinds_count(const struct kinds *kinds)
{
	return (uint32_t)kinds->items.count;
}

static inline const struct kind *kinds_at(const struct kinds *kinds, uint32_t number)
{
	return (const struct kind *)kinds->items.items + number;
}

#endif
