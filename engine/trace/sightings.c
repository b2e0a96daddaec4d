#include "sightings.h"

#include <stdbool.h>
#include <string.h>

#include "weir/policy.h"

enum {
	CHUNK = 1024, /* records */
	SLOTS_MIN = 1024,
	LINE = 64,
};

struct chunk {
	void *memory;
	struct weir_sighting *records; /* inside, on a cache line */
};

void weir_sightings_init(struct weir_sightings *sightings, const struct weir_allocator *allocator,
			 const struct weir_flow_secret *secret)
{
	*sightings = (struct weir_sightings){
		.allocator = weir_allocator_or_default(allocator),
		.secret = *secret,
		.chunks = weir_array_of(allocator, struct chunk),
	};
}

void weir_sightings_finish(struct weir_sightings *sightings)
{
	struct chunk *chunks = sightings->chunks.items;

	for (size_t i = 0; i < sightings->chunks.count; i++)
		weir_release(sightings->allocator, chunks[i].memory);
	weir_array_finish(&sightings->chunks);
	weir_release(sightings->allocator, sightings->slots);
}

void weir_sightings_rewind(struct weir_sightings *sightings)
{
	if (sightings->slots)
		memset(sightings->slots, 0, (sightings->mask + 1) * sizeof(*sightings->slots));
	sightings->used = 0;
	sightings->count = 0;
}

struct weir_sighting *weir_sighting_at(const struct weir_sightings *sightings, uint32_t number)
{
	const struct chunk *chunks = sightings->chunks.items;

	return &chunks[number / CHUNK].records[number % CHUNK];
}

/* The slot that has the key, or the free one where it belongs. Slots lie at their tag, so that
 * a larger table is filled from the tags alone. */
static struct weir_sighting_slot *probe(const struct weir_sightings *sightings,
					const struct weir_flow_key *key, uint32_t tag)
{
	uint64_t at = tag & sightings->mask;
	struct weir_sighting_slot *slot = &sightings->slots[at];

	while (slot->number) {
		if (slot->tag == tag &&
		    weir_flow_key_equal(&weir_sighting_at(sightings, slot->number - 1)->key, key))
			return slot;
		at = (at + 1) & sightings->mask;
		slot = &sightings->slots[at];
	}
	return slot;
}

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

uint32_t weir_sightings_tag(const struct weir_sightings *sightings, const struct weir_flow_key *key)
{
	return (uint32_t)weir_flow_hash(key, &sightings->secret);
}

void weir_sightings_fetch_slot(const struct weir_sightings *sightings, uint32_t tag)
{
	if (sightings->slots)
		__builtin_prefetch(&sightings->slots[tag & sightings->mask]);
}

void weir_sightings_fetch_record(const struct weir_sightings *sightings, uint32_t tag)
{
	const struct weir_sighting_slot *slot;
	const struct weir_sighting *sighting;

	if (!sightings->slots)
		return;
	slot = &sightings->slots[tag & sightings->mask];
	while (slot->number && slot->tag != tag && slot != &sightings->slots[sightings->mask])
		slot++;
	if (!slot->number)
		return;
	sighting = weir_sighting_at(sightings, slot->number - 1);
	__builtin_prefetch(sighting, 1);
	__builtin_prefetch(&sighting->tally, 1);
}

uint32_t weir_sightings_find(const struct weir_sightings *sightings,
			     const struct weir_flow_key *key)
{
	uint32_t number =
		sightings->slots ? probe(sightings, key, weir_sightings_tag(sightings, key))->number
				 : 0;

	return number ? number - 1 : WEIR_NONE;
}

struct weir_sighting_slot *weir_sightings_slot(struct weir_sightings *sightings,
					       const struct weir_flow_key *key, uint32_t tag)
{
	bool is_full = !sightings->slots || (sightings->used + 1) * 2 > sightings->mask + 1;

	if (is_full && !grow(sightings))
		return NULL;
	return probe(sightings, key, tag);
}

static bool add_chunk(struct weir_sightings *sightings)
{
	struct chunk *chunk = weir_array_push(&sightings->chunks);
	uintptr_t at;

	if (!chunk)
		return false;
	chunk->memory = weir_allocate_zeroed(sightings->allocator,
					     CHUNK * sizeof(*chunk->records) + LINE, 1);
	if (!chunk->memory) {
		sightings->chunks.count--;
		return false;
	}
	at = (uintptr_t)chunk->memory;
	chunk->records = (void *)((char *)chunk->memory + (LINE - at % LINE) % LINE);
	return true;
}

struct weir_sighting *weir_sightings_add(struct weir_sightings *sightings,
					 struct weir_sighting_slot *slot,
					 const struct weir_flow_key *key, uint32_t tag)
{
	struct weir_sighting *sighting;

	if (sightings->count >= WEIR_NONE - 1)
		return NULL;
	if (sightings->count / CHUNK >= sightings->chunks.count && !add_chunk(sightings))
		return NULL;
	sighting = weir_sighting_at(sightings, sightings->count);
	sighting->key = *key;
	sighting->time = 0;
	sighting->machine = (struct weir_flow_machine){ 0 };
	sighting->icmp_code = 0;
	sighting->oldest = slot->number ? weir_sighting_at(sightings, slot->number - 1)->oldest
					: sightings->count;
	if (!slot->number)
		sightings->used++;
	slot->tag = tag;
	slot->number = ++sightings->count;
	return sighting;
}
