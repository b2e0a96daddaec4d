/*
 * sightings.h - every connection as it was seen in one form, and the table that finds them.
 *
 * A sighting is one life of one key: a connection seen before and after translation has two, and
 * a port pair that was opened again has one more. Sightings are numbered from 0 in the order in
 * which their packets come and never move. The table leads from a key to its latest sighting,
 * and `oldest` from there to its first.
 *
 * A record is two cache lines. The first is what assigning packets needs: it is made anew in the
 * second pass, in the same order, and so with the same numbers. The second is what the first
 * pass counts. The table's slots hold 32 bits of the hash, the key's tag, so that other keys are
 * almost never looked at, and the table can grow without reading the records.
 *
 * Slots and records miss the cache where flows are many. So who knows a tag before its turn may
 * ask for the slot, and later, from the slot, for the record: both are hints and change nothing.
 */
#ifndef WEIR_TRACE_SIGHTINGS_H
#define WEIR_TRACE_SIGHTINGS_H

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>

#include "array.h"
#include "key.h"
#include "machine.h"
#include "tally.h"

struct weir_sighting {
	alignas(64) struct weir_flow_key key;
	uint64_t time; /* the greatest so far */
	struct weir_flow_machine machine;
	uint8_t icmp_code; /* of the first packet, when it asks */
	uint32_t oldest;   /* the first sighting of the same key */
	struct weir_tally tally;
};
static_assert(sizeof(struct weir_sighting) == 128, "two cache lines");
static_assert(offsetof(struct weir_sighting, tally) == 64, "the second line is the counts");

struct weir_sighting_slot {
	uint32_t tag;
	uint32_t number; /* plus one; 0 is free */
};

struct weir_sighting_chunk {
	void *memory;
	struct weir_sighting *records; /* inside, on a line of its own */
};

enum {
	WEIR_SIGHTINGS_CHUNK = 16384, /* records, 2 MiB: what is never used is never touched */
};

struct weir_sightings {
	const struct weir_allocator *allocator;
	struct weir_sighting_slot *slots; /* a power of two, at most half full */
	uint64_t mask;
	uint64_t used;
	struct weir_flow_secret secret;
	struct weir_array chunks; /* struct weir_sighting_chunk */
	uint32_t count;
	uint32_t cleared; /* records that were begun once, in the first pass */
};

/* 0 or -ENOMEM; finish is right in both cases. */
int weir_sightings_init(struct weir_sightings *sightings, const struct weir_allocator *allocator,
			const struct weir_flow_secret *secret);
void weir_sightings_finish(struct weir_sightings *sightings);

/* Forgets the order but not the records: what was counted stays. */
void weir_sightings_rewind(struct weir_sightings *sightings);

static inline struct weir_sighting *weir_sighting_at(const struct weir_sightings *sightings,
						     uint32_t number)
{
	const struct weir_sighting_chunk *chunks = sightings->chunks.items;

	return &chunks[number / WEIR_SIGHTINGS_CHUNK].records[number % WEIR_SIGHTINGS_CHUNK];
}

static inline uint32_t weir_sightings_tag(const struct weir_sightings *sightings,
					  const struct weir_flow_key *key)
{
	return (uint32_t)weir_flow_hash(key, &sightings->secret);
}

static inline void weir_sightings_fetch_slot(const struct weir_sightings *sightings, uint32_t tag)
{
	__builtin_prefetch(&sightings->slots[tag & sightings->mask]);
}

static inline void weir_sightings_fetch_record(const struct weir_sightings *sightings, uint32_t tag)
{
	uint64_t at = tag & sightings->mask;
	const struct weir_sighting *sighting;

	while (sightings->slots[at].number && sightings->slots[at].tag != tag)
		at = (at + 1) & sightings->mask;
	if (!sightings->slots[at].number)
		return;
	sighting = weir_sighting_at(sightings, sightings->slots[at].number - 1);
	__builtin_prefetch(sighting, 1);
	__builtin_prefetch(&sighting->tally, 1);
}

/* The slot that has the key, or the free one where it belongs. Slots lie at their tag, so that
 * a larger table is filled from the tags alone. */
static inline struct weir_sighting_slot *weir_sightings_slot(const struct weir_sightings *sightings,
							     const struct weir_flow_key *key,
							     uint32_t tag)
{
	uint64_t at = tag & sightings->mask;
	struct weir_sighting_slot *slot = &sightings->slots[at];

	while (slot->number &&
	       (slot->tag != tag ||
		!weir_flow_key_equal(&weir_sighting_at(sightings, slot->number - 1)->key, key))) {
		at = (at + 1) & sightings->mask;
		slot = &sightings->slots[at];
	}
	return slot;
}

/* The latest sighting of a key, or WEIR_NONE. */
uint32_t weir_sightings_find(const struct weir_sightings *sightings,
			     const struct weir_flow_key *key);

/* A new sighting in a slot, which has the one before or is free for the key; NULL: no memory.
 * Slots of other keys may move. */
struct weir_sighting *weir_sightings_add(struct weir_sightings *sightings,
					 struct weir_sighting_slot *slot,
					 const struct weir_flow_key *key, uint32_t tag);

#endif
