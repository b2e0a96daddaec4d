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
 * Threads share the work by tables: a key's tag says which one it is in, and who works on one
 * touches no other. Numbers tell the table too, so they are in order in each, not over all; order
 * is that of the sightings' beginnings over all, which a single table's numbers are.
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
	uint32_t number; /* in the table, plus one; 0 is free */
};

struct weir_sighting_chunk {
	void *memory;
	struct weir_sighting *records; /* inside, on a line of its own */
};

enum {
	WEIR_SIGHTINGS_CHUNK = 16384, /* records, 2 MiB: what is never used is never touched */
	WEIR_SIGHTINGS_BITS = 4,      /* of a tag that tell one of many tables */
	WEIR_SIGHTINGS_TABLES = 1 << WEIR_SIGHTINGS_BITS,
};

struct weir_sighting_table {
	struct weir_sighting_slot *slots; /* a power of two, at most half full */
	uint64_t mask;
	uint64_t used;
	struct weir_array chunks; /* struct weir_sighting_chunk */
	struct weir_array births; /* uint64_t, of many tables' sightings */
	uint32_t count;
	uint32_t cleared; /* records that were begun once, in the first pass */
};

struct weir_sightings {
	const struct weir_allocator *allocator;
	struct weir_sighting_table *tables;
	unsigned bits; /* of the tables' number: 0 or WEIR_SIGHTINGS_BITS */
	struct weir_flow_secret secret;
	uint32_t *order; /* of many tables, once sealed */
};

/* One table, or many. 0 or -ENOMEM; finish is right in both cases. */
int weir_sightings_init(struct weir_sightings *sightings, const struct weir_allocator *allocator,
			const struct weir_flow_secret *secret, unsigned bits);
void weir_sightings_finish(struct weir_sightings *sightings);

/* Forgets the order but not the records: what was counted stays. */
void weir_sightings_rewind(struct weir_sightings *sightings);

/* Nothing is added any more in this pass: nth may be asked. 0 or -ENOMEM. */
int weir_sightings_seal(struct weir_sightings *sightings);

/* All sightings, and what is above every number; numbers between may be nobody's. */
uint32_t weir_sightings_count(const struct weir_sightings *sightings);
uint32_t weir_sightings_end(const struct weir_sightings *sightings);

/* The number of the sighting that began after as many others. */
static inline uint32_t weir_sightings_nth(const struct weir_sightings *sightings, uint32_t at)
{
	return sightings->order ? sightings->order[at] : at;
}

/* A table's chunks are every so many of all chunks. */
static inline uint32_t weir_sightings_number(const struct weir_sightings *sightings, unsigned table,
					     uint32_t local)
{
	return ((local / WEIR_SIGHTINGS_CHUNK) << sightings->bits | table) * WEIR_SIGHTINGS_CHUNK +
	       local % WEIR_SIGHTINGS_CHUNK;
}

static inline unsigned weir_sightings_table_of(const struct weir_sightings *sightings,
					       uint32_t number)
{
	return number / WEIR_SIGHTINGS_CHUNK & ((1u << sightings->bits) - 1);
}

static inline struct weir_sighting *weir_sighting_in(const struct weir_sighting_table *table,
						     uint32_t local)
{
	const struct weir_sighting_chunk *chunks = table->chunks.items;

	return &chunks[local / WEIR_SIGHTINGS_CHUNK].records[local % WEIR_SIGHTINGS_CHUNK];
}

static inline struct weir_sighting *weir_sighting_at(const struct weir_sightings *sightings,
						     uint32_t number)
{
	const struct weir_sighting_table *table =
		&sightings->tables[weir_sightings_table_of(sightings, number)];
	const struct weir_sighting_chunk *chunks = table->chunks.items;

	return &chunks[number / WEIR_SIGHTINGS_CHUNK >> sightings->bits]
			.records[number % WEIR_SIGHTINGS_CHUNK];
}

static inline uint32_t weir_sightings_tag(const struct weir_sightings *sightings,
					  const struct weir_flow_key *key)
{
	return (uint32_t)weir_flow_hash(key, &sightings->secret);
}

/* Which table has a tag. */
static inline unsigned weir_sightings_choose(const struct weir_sightings *sightings, uint32_t tag)
{
	return (unsigned)((uint64_t)tag >> (32 - sightings->bits));
}

static inline void weir_sightings_fetch_slot(const struct weir_sightings *sightings, uint32_t tag)
{
	const struct weir_sighting_table *table =
		&sightings->tables[weir_sightings_choose(sightings, tag)];

	__builtin_prefetch(&table->slots[tag & table->mask]);
}

static inline void weir_sightings_fetch_record(const struct weir_sightings *sightings, uint32_t tag)
{
	const struct weir_sighting_table *table =
		&sightings->tables[weir_sightings_choose(sightings, tag)];
	uint64_t at = tag & table->mask;
	const struct weir_sighting *sighting;

	while (table->slots[at].number && table->slots[at].tag != tag)
		at = (at + 1) & table->mask;
	if (!table->slots[at].number)
		return;
	sighting = weir_sighting_in(table, table->slots[at].number - 1);
	__builtin_prefetch(sighting, 1);
	__builtin_prefetch(&sighting->tally, 1);
}

/* The slot that has the key, or the free one where it belongs. Slots lie at their tag, so that
 * a larger table is filled from the tags alone. */
static inline struct weir_sighting_slot *
weir_sightings_slot(const struct weir_sighting_table *table, const struct weir_flow_key *key,
		    uint32_t tag)
{
	uint64_t at = tag & table->mask;
	struct weir_sighting_slot *slot = &table->slots[at];

	while (slot->number &&
	       (slot->tag != tag ||
		!weir_flow_key_equal(&weir_sighting_in(table, slot->number - 1)->key, key))) {
		at = (at + 1) & table->mask;
		slot = &table->slots[at];
	}
	return slot;
}

/* The latest sighting of a key, or WEIR_NONE. */
uint32_t weir_sightings_find(const struct weir_sightings *sightings,
			     const struct weir_flow_key *key);

/* A new sighting in a slot of its key's table, which has the one before or is free for the key;
 * NULL: no memory. Slots of other keys may move. birth is above that of all that began before. */
struct weir_sighting *weir_sightings_add(struct weir_sightings *sightings,
					 struct weir_sighting_slot *slot,
					 const struct weir_flow_key *key, uint32_t tag,
					 uint64_t birth);

#endif
