/*
 * live_shapes.h - what the objects of a live policy are made of.
 *
 * A shape says where in a struct there are texts, arrays, and numbers of other objects. What is
 * done to objects of all kinds alike goes by it: a copy with everything that it points to, whether
 * what it refers to is there, indices in place of numbers.
 */
#ifndef WEIR_COMPILE_LIVE_SHAPES_H
#define WEIR_COMPILE_LIVE_SHAPES_H

#include "live_objects.h"

enum field_kind {
	FIELD_TEXT,      /* const char *, which may be NULL */
	FIELD_ARRAY,     /* a pointer to items, and how many in a uint32_t */
	FIELD_PASSING,   /* the same, which is only handed over: a copy has none */
	FIELD_STRUCT,    /* inside of this one */
	FIELD_REFERENCE, /* uint32_t: the number of an object */
	FIELD_OPTIONAL,  /* the same, or WEIR_NONE */
	FIELD_PEER,      /* struct weir_peer: its kind tells of what the number is */
};

struct field {
	uint8_t kind;   /* enum field_kind */
	uint8_t target; /* enum object_kind: of what the number is */
	uint16_t offset;
	uint16_t count;            /* the offset of an array's count */
	const struct shape *items; /* of an array, or a struct */
};

struct shape {
	uint32_t size;
	uint32_t field_count;
	const struct field *fields;
};

/* What an object of a kind is, and what a resolved policy has of it. */
extern const struct shape *const object_shapes[OBJECT_KINDS];
extern const struct shape *const resolved_shapes[OBJECT_KINDS];
extern const char *const object_kind_names[OBJECT_KINDS];

/* A copy in one allocation, or NULL. */
void *shape_copy(const struct shape *shape, const void *from,
		 const struct weir_allocator *allocator);

/* Whether all that an object refers to is there, and all that it counts. number is its own,
 * WEIR_NONE while it has none. -EINVAL. */
int shape_check(const struct objects *objects, enum object_kind kind, uint32_t number,
		const void *object, struct weir_error *error);

/* Puts indices in the place of numbers, in a copy of the struct; arrays with numbers in them are
 * made again in the arena. index_of is by kind and number. -ENOMEM. */
int shape_renumber(const struct shape *shape, void *at, uint32_t *const index_of[OBJECT_KINDS],
		   struct weir_arena *arena);

#endif
