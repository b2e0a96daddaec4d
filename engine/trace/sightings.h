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

struct weir_sightings {
	const struct weir_allocator *allocator;
	struct weir_sighting_slot *slots; /* a power of two, at most half full */
	uint64_t mask;
	uint64_t used;
	struct weir_flow_secret secret;
	struct weir_array chunks; /* struct chunk */
	uint32_t count;
};

void weir_sightings_init(struct weir_sightings *sightings, const struct weir_allocator *allocator,
			 const struct weir_flow_secret *secret);
void weir_sightings_finish(struct weir_sightings *sightings);

/* Forgets the order but not the records: what was counted stays. */
void weir_sightings_rewind(struct weir_sightings *sightings);

struct weir_sighting *weir_sighting_at(const struct weir_sightings *sightings, uint32_t number);

uint32_t weir_sightings_tag(const struct weir_sightings *sightings,
			    const struct weir_flow_key *key);
void weir_sightings_fetch_slot(const struct weir_sightings *sightings, uint32_t tag);
void weir_sightings_fetch_record(const struct weir_sightings *sightings, uint32_t tag);

/* The latest sighting of a key, or WEIR_NONE. */
uint32_t weir_sightings_find(const struct weir_sightings *sightings,
			     const struct weir_flow_key *key);

/* The slot of a key and its tag, free or with its latest sighting; NULL: no memory. Holds until
 * the next call. */
struct weir_sighting_slot *weir_sightings_slot(struct weir_sightings *sightings,
					       const struct weir_flow_key *key, uint32_t tag);
/* A new sighting in a slot, after the one that the slot may have; NULL: no memory. */
struct weir_sighting *weir_sightings_add(struct weir_sightings *sightings,
					 struct weir_sighting_slot *slot,
					 const struct weir_flow_key *key, uint32_t tag);

#endif
