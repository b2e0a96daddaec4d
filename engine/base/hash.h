/*
 * hash.h - hashes of bytes, and a map from byte strings to 32-bit numbers.
 *
 * The hash is FNV-1a over 8-byte words with a final mix: stable over runs and machines, good
 * enough where nobody chooses the input to hurt. What faces the network keys its own hash.
 */
#ifndef WEIR_BASE_HASH_H
#define WEIR_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "memory.h"

uint64_t weir_hash_bytes(const void *bytes, size_t length, uint64_t seed);

/* Keys are borrowed: they must stay where they are as long as the map. */
struct weir_map_slot {
	const void *key;
	uint32_t length;
	uint32_t value;
	uint64_t hash;
};

struct weir_map {
	const struct weir_allocator *allocator;
	struct weir_map_slot *slots; /* a power of two; key NULL is free */
	size_t count;
	size_t capacity;
};

void weir_map_init(struct weir_map *map, const struct weir_allocator *allocator);
void weir_map_finish(struct weir_map *map);

/* The two halves of an insertion, for callers that keep the key only when it is new: the slot
 * that has the key or, with key NULL, is free for it (NULL: no memory); then its filling. The hash
 * is weir_hash_bytes with one seed for all of a map: 0 where find and insert are used too. */
struct weir_map_slot *weir_map_slot(struct weir_map *map, const void *key, size_t length,
				    uint64_t hash);
void weir_map_fill(struct weir_map *map, struct weir_map_slot *slot, const void *key, size_t length,
		   uint64_t hash, uint32_t value);

/* The value of a key, or NULL. Holds until the next insertion. */
uint32_t *weir_map_find(const struct weir_map *map, const void *key, size_t length);
/* The value of a key, inserted as value when it is new (*is_new, may be NULL). NULL: no memory. */
uint32_t *weir_map_insert(struct weir_map *map, const void *key, size_t length, uint32_t value,
			  int *is_new);

#endif
