/*
 * fragments.h - which first fragment a later fragment belongs to (T13).
 *
 * The window holds the latest fragmented datagrams. A first fragment puts an entry there that
 * says which sighting it belongs to, and later fragments follow it. Later fragments that came
 * before their first wait in an entry of their own, with their counts, until the first comes, or
 * until it no longer can. So the memory is bounded, whatever the trace; when the window is full
 * its oldest entry goes, and what waited there has no first fragment.
 *
 * Entries of equal hash are chained from the newest to the oldest; an entry leaves the window
 * only as the oldest of all, which is the end of its chain. Chains are walked for entries of one
 * key, each of which is met once as waiting: a trace in which all fragments have one identification
 * has one long chain, so nothing may search it.
 */
#ifndef WEIR_TRACE_FRAGMENTS_H
#define WEIR_TRACE_FRAGMENTS_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "key.h"
#include "tally.h"

enum {
	WEIR_FRAGMENT_SECONDS = 60, /* a first fragment and a later one lie no further apart */
	WEIR_FRAGMENT_WINDOW = 1 << 15,
};

/* Where packets belong. */
struct weir_place {
	uint32_t sighting;
	uint8_t side; /* that sent them */
	bool is_related;
};

enum weir_fragment_kind {
	WEIR_FRAGMENT_SETTLED, /* waited once; nothing looks at it any more */
	WEIR_FRAGMENT_FIRST,
	WEIR_FRAGMENT_WAITING,
};

struct weir_fragment_key {
	struct weir_address source;
	struct weir_address destination;
	uint32_t id;
	uint8_t protocol; /* 0 for IPv6 */
	uint8_t zero[11]; /* hashed too */
};
static_assert(sizeof(struct weir_fragment_key) == 48, "six words, no padding");

struct weir_fragment {
	struct weir_fragment_key key;
	uint8_t kind;            /* enum weir_fragment_kind */
	uint8_t protocol;        /* of the waiting fragments */
	uint32_t older;          /* of the same chain, or WEIR_NONE */
	uint32_t newer;          /* of the same chain, or WEIR_NONE */
	uint64_t first;          /* the newest FIRST of the key when this one was made, this one
				    included: its number among all entries plus one; 0: none */
	uint64_t time;           /* of the first fragment, or of the first that waits */
	uint64_t latest;         /* of the fragments that wait */
	uint64_t serial;         /* of the waiting entry, from 0 over the whole trace */
	struct weir_place place; /* of FIRST; of WAITING while no first fragment comes */
	struct weir_tally tally; /* of the waiting fragments, as sent by side 0 */
};

struct weir_fragments {
	const struct weir_allocator *allocator;
	struct weir_fragment *entries; /* a ring; NULL until the first fragment comes */
	uint32_t *heads;               /* of the chains */
	uint64_t begun;                /* entries ever made: the next is begun % WINDOW */
	uint64_t serial;
	struct weir_flow_secret secret;
};

void weir_fragments_init(struct weir_fragments *fragments, const struct weir_allocator *allocator,
			 const struct weir_flow_secret *secret);
void weir_fragments_finish(struct weir_fragments *fragments);
void weir_fragments_rewind(struct weir_fragments *fragments);

struct weir_fragment_key weir_fragment_key_of(const struct weir_packet *packet);

/* The newest entry of the key, then each one before it; NULL at the end. */
struct weir_fragment *weir_fragments_newest(const struct weir_fragments *fragments,
					    const struct weir_fragment_key *key);
struct weir_fragment *weir_fragments_older(const struct weir_fragments *fragments,
					   const struct weir_fragment *entry);

/* The newest entry of the key that is FIRST, or NULL. */
struct weir_fragment *weir_fragments_first(const struct weir_fragments *fragments,
					   const struct weir_fragment_key *key);

/* The oldest entry of all when the window is full, which the next call of begin reuses; else
 * NULL. */
struct weir_fragment *weir_fragments_leaving(const struct weir_fragments *fragments);

/* A new entry, zeroed but for its key and kind, and serial when it waits; NULL: no memory. */
struct weir_fragment *weir_fragments_begin(struct weir_fragments *fragments,
					   const struct weir_fragment_key *key,
					   enum weir_fragment_kind kind);

/* True when two times lie within the limit of each other. */
bool weir_fragments_are_near(uint64_t a, uint64_t b);

#endif
