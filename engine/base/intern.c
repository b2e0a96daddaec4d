#include "intern.h"

void weir_intern_init(struct weir_intern *intern, const struct weir_allocator *allocator)
{
	weir_arena_init(&intern->arena, allocator);
	weir_map_init(&intern->map, allocator);
}

void weir_intern_finish(struct weir_intern *intern)
{
	weir_map_finish(&intern->map);
	weir_arena_finish(&intern->arena);
}

/* The map's key is the string itself, so a found slot already holds the pointer. */
const char *weir_intern_text(struct weir_intern *intern, const char *text, size_t length)
{
	uint64_t hash = weir_hash_bytes(text, length, 0);
	struct weir_map_slot *slot = weir_map_slot(&intern->map, text, length, hash);
	const char *copy;

	if (!slot)
		return NULL;
	if (slot->key)
		return slot->key;
	copy = weir_arena_copy(&intern->arena, text, length);
	if (!copy)
		return NULL;
	weir_map_fill(&intern->map, slot, copy, length, hash, 0);
	return copy;
}
