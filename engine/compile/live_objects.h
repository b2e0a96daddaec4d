/*
 * live_objects.h - what a live policy says, object by object, with a way back.
 *
 * Objects have numbers, kind by kind, and refer to each other by them. An object is one allocation
 * with everything that it points to, and never changes: a change puts another one in its place and
 * notes the one before as a step. Going back takes the steps from behind, in which nothing can
 * fail; keeping them lets go of what they replaced.
 *
 * An endpoint knows its sets, not a set its endpoints: so what happens to one pod touches one
 * object, however large the sets are.
 */
#ifndef WEIR_COMPILE_LIVE_OBJECTS_H
#define WEIR_COMPILE_LIVE_OBJECTS_H

#include "array.h"
#include "memory.h"
#include "weir/resolved.h"

enum object_kind {
	OBJECT_ENDPOINT,
	OBJECT_WORKLOAD,
	OBJECT_SERVICE,
	OBJECT_SET, /* this and the following say what is allowed, and refer to each other only */
	OBJECT_BLOCK,
	OBJECT_ORIGIN,
	OBJECT_RULE,
	OBJECT_KINDS,
};

/* What an object of a kind is; the others are the structs of weir/resolved.h. A set here has no
 * endpoints. */
struct object_endpoint {
	struct weir_endpoint endpoint;
	const uint32_t *sets; /* ascending, each once */
	uint32_t set_count;
};

/* A number's place. */
struct object_slot {
	void *object;       /* NULL: the number is free */
	uint32_t next_free; /* number, or WEIR_NONE */
};

struct object_pool {
	struct weir_array slots;
	uint32_t first_free;
	uint32_t count; /* of objects */
};

struct object_step {
	void *before; /* NULL: the number was free */
	uint32_t number;
	uint8_t kind; /* enum object_kind */
};

struct objects {
	const struct weir_allocator *allocator;
	struct object_pool pools[OBJECT_KINDS];
	struct weir_array order;     /* numbers of rules, in the order in which they are tried */
	struct weir_array old_order; /* where is_reordered: as it was before the steps */
	bool is_reordered;
	struct weir_array steps;
};

void objects_init(struct objects *objects, const struct weir_allocator *allocator);
void objects_finish(struct objects *objects);

/* Fills the error, which may be NULL, and returns the status. */
int objects_fail(struct weir_error *error, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Everything of a resolved policy that compiles, under its indices; no steps remain. -ENOMEM. */
int objects_load(struct objects *objects, const struct weir_resolved *resolved);

/* The object, or NULL. */
void *objects_get(const struct objects *objects, enum object_kind kind, uint32_t number);

/* A copy under the next number, without a step; what it refers to is right, whether it is there
 * already or not. -ENOMEM. */
int objects_take(struct objects *objects, enum object_kind kind, const void *from);

/* Changes. from is copied. -ENOENT, -EINVAL (a number in it is of no object), -ENOMEM: nothing has
 * changed. */
int objects_add(struct objects *objects, enum object_kind kind, const void *from, uint32_t *out,
		struct weir_error *error);
int objects_change(struct objects *objects, enum object_kind kind, uint32_t number,
		   const void *from, struct weir_error *error);
int objects_remove(struct objects *objects, enum object_kind kind, uint32_t number,
		   struct weir_error *error);
/* A rule's place: behind all, or before another one. */
int objects_add_rule(struct objects *objects, const struct weir_rule *rule, uint32_t before,
		     uint32_t *out, struct weir_error *error);
int objects_remove_rule(struct objects *objects, uint32_t number, struct weir_error *error);
/* Exactly these endpoints are in the set from now on. */
int objects_fill_set(struct objects *objects, uint32_t set, const uint32_t *endpoints,
		     uint32_t count, struct weir_error *error);

/* Back to where there were so many steps; 0 is all of them. */
void objects_go_back(struct objects *objects, size_t steps);
void objects_keep(struct objects *objects);
bool objects_have_changed(const struct objects *objects);

/* The objects as a resolved policy whose memory is the arena's and theirs: of each kind in the
 * order of numbers, rules in their order. Semantics and pod ranges are left alone. -EINVAL: one
 * refers to another that is not there. -ENOMEM. */
int objects_resolve(const struct objects *objects, struct weir_arena *arena,
		    struct weir_resolved *out, struct weir_error *error);
/* The same of sets, blocks, origins and rules only, the sets without endpoints; where each set is
 * by its number. */
int objects_resolve_rules(const struct objects *objects, struct weir_arena *arena,
			  struct weir_resolved *out, const uint32_t **index_of_set);

/* Sets take their endpoints in one by one, in the order in which they will have them. */
struct set_filler {
	struct weir_set *sets;
	uint32_t **members; /* by set; NULL: they are only counted */
};

static inline void set_filler_put(const struct set_filler *filler, uint32_t set, uint32_t endpoint)
{
	struct weir_set *to = &filler->sets[set];

	if (filler->members)
		filler->members[set][to->endpoint_count] = endpoint;
	to->endpoint_count++;
}

/* Fills sets that are empty. put_all puts every endpoint, and is called twice. -ENOMEM. */
int sets_fill(struct weir_set *sets, uint32_t count, struct weir_arena *arena,
	      void (*put_all)(const void *context, const struct set_filler *filler),
	      const void *context);

#endif
