/*
 * partition.h - elements into classes by refinement.
 *
 * Elements begin in the classes of a key. Each refine splits every class into those of its
 * elements that are members and those that are not, in time linear in the members: a class's
 * elements are a run of one array, members are swapped to its front, and where that front is not
 * the whole run it becomes a class of its own. (Hopcroft 1971; Paige and Tarjan 1987.)
 */
#ifndef WEIR_COMPILE_PARTITION_H
#define WEIR_COMPILE_PARTITION_H

#include <stdint.h>

#include "memory.h"

struct partition {
	uint32_t element_count;
	uint32_t class_count;
	uint32_t *class_of; /* by element */
	uint32_t *elements; /* class after class */
	uint32_t *place;    /* of each element in elements */
	uint32_t *first;    /* of each class in elements */
	uint32_t *size;
	uint32_t *marked;  /* elements at the front of a class that are members */
	uint32_t *touched; /* classes with marked elements */
	uint32_t touched_count;
};

/* All elements in one class (none when there are no elements); -ENOMEM. */
int partition_init(struct partition *partition, struct weir_arena *arena, uint32_t element_count);

/* Members are told one after the other, repetition does not matter; then the classes split. */
void partition_mark(struct partition *partition, uint32_t element);
void partition_split(struct partition *partition);

/* Splits by a key of every element; -ENOMEM. */
int partition_by_key(struct partition *partition, struct weir_arena *arena, const uint32_t *keys,
		     uint32_t key_count);

#endif
