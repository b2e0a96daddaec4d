/*
 * told.h - what a live policy was told, and under which numbers.
 *
 * A thing has a key: what stays the same while it changes (a pod's namespace and name), or
 * everything that it says when it is never changed (a rule, a block). Under the key stand its
 * number in the live policy, unless it is absent, and what was said of it.
 *
 * Changes are noted as steps: going back undoes them, in which nothing can fail.
 */
#ifndef WEIR_WATCH_TOLD_H
#define WEIR_WATCH_TOLD_H

#include "hash.h"
#include "spelling.h"

/* In which a key begins. */
enum told_kind {
	TOLD_WORKLOAD,
	TOLD_SET,
	TOLD_ENDPOINT,
	TOLD_BLOCK,
	TOLD_RULE,
	TOLD_SERVICE,
};

struct told_state {
	uint32_t number; /* WEIR_NONE: absent */
	uint32_t origin; /* of a rule: the number of its origin, or WEIR_NONE */
	char *content;   /* owned */
	size_t length;
};

struct told_thing {
	char *key; /* owned */
	size_t key_length;
	struct told_state state;
	uint32_t round; /* in which it was seen last */
};

struct told {
	const struct weir_allocator *allocator;
	struct weir_map index_of;
	struct weir_array things;
	struct weir_array steps;
	uint32_t round;
};

void told_init(struct told *told, const struct weir_allocator *allocator);
void told_finish(struct told *told);

/* The index of a key's thing, which may be absent; holds until told_thin. -ENOMEM. */
int told_find(struct told *told, const struct spelling *key, uint32_t *out);
static inline struct told_thing *told_at(const struct told *told, uint32_t index)
{
	return (struct told_thing *)told->things.items + index;
}
enum told_kind told_kind_of(const struct told_thing *thing);
bool told_says(const struct told *told, uint32_t index, const struct spelling *content);

/* -ENOMEM: nothing has changed. */
int told_put(struct told *told, uint32_t index, uint32_t number, uint32_t origin,
	     const struct spelling *content);
int told_forget(struct told *told, uint32_t index);

void told_go_back(struct told *told);
/* Ends the way back. */
void told_keep(struct told *told);
/* Lets go of what is absent, when it is much; indices hold no longer. */
void told_thin(struct told *told);

#endif
