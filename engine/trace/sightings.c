#include "sightings.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "weir/policy.h"

enum {
	SLOTS_MIN = 1024,
	LINE = 64,
};

static bool grow(struct weir_sightings *sightings)
{
	uint64_t old_size = sightings->slots ? sightings->mask + 1 : 0;
	uint64_t size = old_size ? old_size * 2 : SLOTS_MIN;
	struct weir_sighting_slot *slots =
		weir_allocate_zeroed(sightings->allocator, size, sizeof(*slots));

	if (!slots)
		return false;
	for (uint64_t i = 0; i < old_size; i++) {
		uint64_t at = sightings->slots[i].tag & (size - 1);

		if (!sightings->slots[i].number)
			continue;
		while (slots[at].number)
			at = (at + 1) & (size - 1);
		slots[at] = sightings->slots[i];
	}
	weir_release(sightings->allocator, sightings->slots);
	sightings->slots = slots;
	sightings->mask = size - 1;
	return true;
}

int weir_sightings_init(struct weir_sightings *sightings, const struct weir_allocator *allocator,
			const struct weir_flow_secret *secret)
{
	*sightings = (struct weir_sightings){
		.allocator = weir_allocator_or_default(allocator),
		.secret = *secret,
		.chunks = weir_array_of(allocator, struct weir_sighting_chunk),
	};
	return grow(sightings) ? 0 : -ENOMEM;
}

void weir_sightings_finish(struct weir_sightings *sightings)
{
	struct weir_sighting_chunk *chunks = sightings->chunks.items;

	for (size_t i = 0; i < sightings->chunks.count; i++)
		weir_release(sightings->allocator, chunks[i].memory);
	weir_array_finish(&sightings->chunks);
	weir_release(sightings->allocator, sightings->slots);
}

void weir_sightings_rewind(struct weir_sightings *sightings)
{
	memset(sightings->slots, 0, (sightings->mask + 1) * sizeof(*sightings->slots));
	sightings->used = 0;
	sightings->count = 0;
}

uint32_t weir_sightings_find(const struct weir_sightings *sightings,
			     const struct weir_flow_key *key)
{
	uint32_t tag = weir_sightings_tag(sightings, key);
	uint32_t number = weir_sightings_slot(sightings, key, tag)->number;

	return number ? number - 1 : WEIR_NONE;
}

static bool add_chunk(struct weir_sightings *sightings)
{
	struct weir_sighting_chunk *chunk = weir_array_push(&sightings->chunks);
	uintptr_t at;

	if (!chunk)
		return false;
	chunk->memory = weir_allocate(sightings->allocator,
				      WEIR_SIGHTINGS_CHUNK * sizeof(*chunk->records) + LINE);
	if (!chunk->memory) {
		sightings->chunks.count--;
		return false;
	}
	at = (uintptr_t)chunk->memory;
	chunk->records = (void *)((char *)chunk->memory + (LINE - at % LINE) % LINE);
	return true;
}

/* Keeps a free slot beyond every other one, and room for one more record. */
static bool make_room(struct weir_sightings *sightings, bool needs_slot)
{
	if (sightings->count >= WEIR_NONE - 1)
		return false;
	if (sightings->count / WEIR_SIGHTINGS_CHUNK >= sightings->chunks.count &&
	    !add_chunk(sightings))
		return false;
	return !needs_slot || (sightings->used + 1) * 2 <= sightings->mask + 1 || grow(sightings);
}

struct weir_sighting *weir_sightings_add(struct weir_sightings *sightings,
					 struct weir_sighting_slot *slot,
					 const struct weir_flow_key *key, uint32_t tag)
{
	uint64_t mask = sightings->mask;
	struct weir_sighting *sighting;

	if (!make_room(sightings, !slot->number))
		return NULL;
	if (sightings->mask != mask)
		slot = weir_sightings_slot(sightings, key, tag);
	sighting = weir_sighting_at(sightings, sightings->count);
	sighting->key = *key;
	sighting->time = 0;
	sighting->machine = (struct weir_flow_machine){ 0 };
	sighting->icmp_code = 0;
	sighting->oldest = slot->number ? weir_sighting_at(sightings, slot->number - 1)->oldest
					: sightings->count;
	if (sightings->count == sightings->cleared) {
		sighting->tally = (struct weir_tally){ 0 };
		sightings->cleared++;
	}
	if (!slot->number)
		sightings->used++;
	slot->tag = tag;
	slot->number = ++sightings->count;
	return sighting;
}
