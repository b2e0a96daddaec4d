#include "hash.h"

#include <stdbool.h>
#include <string.h>

static uint64_t mix(uint64_t h)
{
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93u;
	h ^= h >> 32;
	h *= 0xd6e8feb86659fd93u;
	h ^= h >> 32;
	return h;
}

static uint64_t load_word(const unsigned char *bytes, size_t length)
{
	uint64_t word = 0;

	for (size_t i = 0; i < length; i++)
		word |= (uint64_t)bytes[i] << (8 * i);
	return word;
}

uint64_t weir_hash_bytes(const void *bytes, size_t length, uint64_t seed)
{
	const unsigned char *at = bytes;
	uint64_t h = 0xcbf29ce484222325u ^ mix(seed + length);

	for (; length >= 8; at += 8, length -= 8)
		h = mix(h ^ load_word(at, 8)) * 0x100000001b3u;
	if (length)
		h = mix(h ^ load_word(at, length)) * 0x100000001b3u;
	return mix(h);
}

void weir_map_init(struct weir_map *map, const struct weir_allocator *allocator)
{
	*map = (struct weir_map){ .allocator = weir_allocator_or_default(allocator) };
}

void weir_map_finish(struct weir_map *map)
{
	weir_release(map->allocator, map->slots);
	weir_map_init(map, map->allocator);
}

static bool slot_is(const struct weir_map_slot *slot, const void *key, size_t length, uint64_t hash)
{
	return slot->hash == hash && slot->length == length && memcmp(slot->key, key, length) == 0;
}

/* The slot of the key, or the free slot where it belongs. There is always a free one. */
static struct weir_map_slot *probe(const struct weir_map *map, const void *key, size_t length,
				   uint64_t hash)
{
	size_t at = hash & (map->capacity - 1);

	while (map->slots[at].key && !slot_is(&map->slots[at], key, length, hash))
		at = (at + 1) & (map->capacity - 1);
	return &map->slots[at];
}

uint32_t *weir_map_find(const struct weir_map *map, const void *key, size_t length)
{
	struct weir_map_slot *slot;

	if (!map->capacity)
		return NULL;
	slot = probe(map, key, length, weir_hash_bytes(key, length, 0));
	return slot->key ? &slot->value : NULL;
}

static bool grow(struct weir_map *map)
{
	struct weir_map larger = { .allocator = map->allocator,
				   .count = map->count,
				   .capacity = map->capacity ? map->capacity * 2 : 64 };

	larger.slots = weir_allocate_zeroed(map->allocator, larger.capacity, sizeof(*larger.slots));
	if (!larger.slots)
		return false;
	for (size_t i = 0; i < map->capacity; i++) {
		const struct weir_map_slot *slot = &map->slots[i];

		if (slot->key)
			*probe(&larger, slot->key, slot->length, slot->hash) = *slot;
	}
	weir_release(map->allocator, map->slots);
	*map = larger;
	return true;
}

struct weir_map_slot *weir_map_slot(struct weir_map *map, const void *key, size_t length,
				    uint64_t hash)
{
	if (map->count + 1 > map->capacity / 4 * 3 && !grow(map))
		return NULL;
	return probe(map, key, length, hash);
}

void weir_map_fill(struct weir_map *map, struct weir_map_slot *slot, const void *key, size_t length,
		   uint64_t hash, uint32_t value)
{
	*slot = (struct weir_map_slot){ key, (uint32_t)length, value, hash };
	map->count++;
}

uint32_t *weir_map_insert(struct weir_map *map, const void *key, size_t length, uint32_t value,
			  int *is_new)
{
	uint64_t hash = weir_hash_bytes(key, length, 0);
	struct weir_map_slot *slot = weir_map_slot(map, key, length, hash);

	if (!slot)
		return NULL;
	if (is_new)
		*is_new = !slot->key;
	if (!slot->key)
		weir_map_fill(map, slot, key, length, hash, value);
	return &slot->value;
}
