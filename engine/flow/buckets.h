/*
 * buckets.h - how flows lie in the table: buckets of two, probed from a home bucket on; nothing
 * moves.
 *
 * A flow is an entry of 4 words (IPv4) or 8 (IPv6, one cache line):
 *
 *     meta   kind + 1 (0: free) : 3, protocol : 8 | machine : 16, reach : 2, seen : 35
 *     memo   the caller's
 *     ports and zone
 *     addresses: 1 word or 4      (and a word that is not used)
 *
 * The low 11 bits of meta and the words behind memo are the key; they are compared whole. Two
 * entries are a bucket: one cache line of IPv4, with everything that a packet needs in it. A keyed
 * hash names the home bucket. When that is full the flow goes to the next of a sequence of buckets
 * that the home determines: its neighbour, whose line is near in memory, then those that lie a step
 * of the home's own apart, 32 buckets in all. The home remembers how far along any of its flows
 * went: its reach, a number of four bits, two in each of its entries, free or not, of which the
 * last stands for all the rest. So
 *
 *     a lookup reads the home, and no more as long as nothing of that home lies elsewhere;
 *     a removal leaves everything else where it is.
 *
 * A full table has 1.94 entries for each flow of IPv4 and 1.47 of IPv6: most flows are at
 * home. That all 32 buckets of a sequence are full meets not one flow in a hundred million then,
 * and is treated as a full table is.
 *
 * When a flow was last seen is a number of steps of 2^27 ns, rounded up; 35 bits of them reach to
 * the year 2116, where time stands still: no wild time wraps. How long it is kept from then on its
 * machine says, which nobody asks about a flow that was seen within the least of all timeouts. So
 * most packets cost a comparison, and those that follow another within a step write nothing. A flow
 * past its time is not there, whether its entry was swept or not.
 *
 * The hash multiplies words that are mixed with secret words, both factors, and folds the
 * product; who does not know the secret can neither make a factor zero nor aim. Reference for
 * the construction: Black et al., "UMAC: Fast and Secure Message Authentication", 1999.
 *
 * How one flow is found is here. table.c finds bursts of them, begins them and takes their packets;
 * room.c tells the time, lets go of flows and makes room.
 */
#ifndef WEIR_FLOW_BUCKETS_H
#define WEIR_FLOW_BUCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "table.h"

enum {
	SLOTS = 2,   /* entries in a bucket */
	PROBES = 32, /* buckets in which a flow may be */
	LINE = 64,   /* of the cache */
	SECRETS = 8,
	SIGNALS = 1 << WEIR_FLOW_SIGNAL_BITS, /* sets of them */
	META = WEIR_FLOW_META,
	MEMO = WEIR_FLOW_MEMO,
	PORTS = WEIR_FLOW_PORTS,
	ADDRESSES = WEIR_FLOW_ADDRESSES,
	MACHINE_SHIFT = WEIR_FLOW_MACHINE_SHIFT,
	MACHINE_BITS = 16,
	REACH_SHIFT = MACHINE_SHIFT + MACHINE_BITS,
	REACH_BITS = 2,                            /* in an entry */
	REACH_FAR = (1 << SLOTS * REACH_BITS) - 1, /* as far as flows go */
	SEEN_SHIFT = WEIR_FLOW_SEEN_SHIFT,
	STEP_SHIFT = 27, /* of nanoseconds to steps */
};

#define KEY_MASK     ((UINT64_C(1) << MACHINE_SHIFT) - 1)
#define KIND_MASK    ((UINT64_C(1) << WEIR_FLOW_KIND_BITS) - 1)
#define MACHINE_MASK (((UINT64_C(1) << MACHINE_BITS) - 1) << MACHINE_SHIFT)
#define REACH_MASK   (((UINT64_C(1) << REACH_BITS) - 1) << REACH_SHIFT)
#define SEEN_MASK    (UINT64_MAX << SEEN_SHIFT)
/* In steps. Later than this time does not go, and no timeout is longer. */
#define LAST_SEEN ((UINT64_C(1) << (64 - SEEN_SHIFT)) - 1)

static_assert(WEIR_FLOW_QUOTED + 1 <= KIND_MASK, "kinds have three bits, and free is one");
static_assert(MACHINE_SHIFT == WEIR_FLOW_KIND_BITS + 8, "kind and protocol are before the machine");
static_assert(SEEN_SHIFT == REACH_SHIFT + REACH_BITS, "nothing is between reach and seen");
static_assert(sizeof(uint64_t) * SLOTS * 4 == LINE, "a bucket of IPv4 is a cache line");

struct family {
	void *memory;
	uint64_t *entries;
	uint32_t words; /* of an entry */
	uint32_t buckets;
	uint32_t max;
	uint32_t flows;
	uint32_t swept;    /* the next bucket to sweep */
	uint32_t drawn_in; /* of the buckets of one sweep this one's reach is looked at */
	uint32_t hand;     /* the next bucket to look for room in */
};

struct weir_flow_table {
	const struct weir_allocator *allocator;
	struct family families[2];
	uint64_t secrets[SECRETS];
	uint64_t now;   /* nanoseconds */
	uint64_t seen;  /* what a packet leaves in meta now */
	uint64_t young; /* the least meta that no timeout can be over for */
	uint64_t timeouts[WEIR_FLOW_TIMEOUTS];
	uint64_t least_timeout;
	uint64_t begun[2][SIGNALS]; /* what a flow's first packet leaves in meta */
	struct weir_flow_counters counters;
};

/* The first word: the machine is the signals of each side, and 6 bits about the opening. */

static inline uint64_t pack_machine(const struct weir_flow_machine *machine)
{
	uint64_t bits = machine->seen[0] | (uint64_t)machine->seen[1] << WEIR_FLOW_SIGNAL_BITS |
			(uint64_t)machine->opener << 2 * WEIR_FLOW_SIGNAL_BITS;

	return bits << MACHINE_SHIFT;
}

static inline struct weir_flow_machine unpack_machine(uint64_t meta)
{
	uint64_t bits = meta >> MACHINE_SHIFT;

	return (struct weir_flow_machine){
		.seen = { bits & (SIGNALS - 1), bits >> WEIR_FLOW_SIGNAL_BITS & (SIGNALS - 1) },
		.opener = bits >> 2 * WEIR_FLOW_SIGNAL_BITS & 63,
	};
}

static inline uint8_t protocol_of(uint64_t meta)
{
	return (uint8_t)(meta >> WEIR_FLOW_KIND_BITS);
}

static inline bool is_free(uint64_t meta)
{
	return !(meta & KIND_MASK);
}

/* Nanoseconds. */
static inline uint64_t last_seen(uint64_t meta)
{
	return meta >> SEEN_SHIFT << STEP_SHIFT;
}

/* As long as no packet comes. */
static inline uint64_t deadline_of(const struct weir_flow_table *table, uint64_t meta)
{
	struct weir_flow_machine machine = unpack_machine(meta);

	return last_seen(meta) + table->timeouts[weir_flow_timeout_of(&machine, protocol_of(meta))];
}

static inline bool is_expired(const struct weir_flow_table *table, uint64_t meta)
{
	return meta < table->young && deadline_of(table, meta) <= table->now;
}

/* The hash. */

static inline uint64_t hash_key(const struct weir_flow_table *table, const uint64_t *words,
				bool is_ipv6)
{
	const uint64_t *secrets = table->secrets;
	uint64_t h = words[ADDRESSES];

	if (is_ipv6)
		h = weir_flow_fold(words[ADDRESSES] ^ secrets[0],
				   words[ADDRESSES + 1] ^ secrets[1]) ^
		    weir_flow_fold(words[ADDRESSES + 2] ^ secrets[2],
				   words[ADDRESSES + 3] ^ secrets[3]);
	h = weir_flow_fold(h ^ secrets[4], words[PORTS] ^ secrets[5]);
	return weir_flow_fold(h ^ (words[META] & KEY_MASK) ^ secrets[6], secrets[7]);
}

static inline uint32_t bucket_of(const struct weir_flow_table *table, const uint64_t *words,
				 unsigned family)
{
	uint64_t high = hash_key(table, words, family) >> 32;

	return (uint32_t)(high * table->families[family].buckets >> 32);
}

/* Buckets and their sequences. */

static inline uint64_t *slot_at(const struct family *family, uint32_t bucket, unsigned slot)
{
	return family->entries + ((size_t)bucket * SLOTS + slot) * family->words;
}

/* The buckets of a sequence, one after the other. */
struct walk {
	uint32_t home;
	uint32_t bucket;
	uint32_t step;
	unsigned distance;
};

static inline struct walk walk_from(const struct family *family, uint32_t home)
{
	uint64_t mixed = home * UINT64_C(0x9e3779b97f4a7c15) >> 32;
	uint64_t steps = family->buckets < PROBES ? 1 : family->buckets - 1;

	return (struct walk){
		.home = home,
		.bucket = home,
		.step = 1 + (uint32_t)(mixed * steps >> 32),
	};
}

static inline uint32_t wrap(const struct family *family, uint64_t bucket)
{
	return (uint32_t)(bucket >= family->buckets ? bucket - family->buckets : bucket);
}

static inline uint32_t neighbour(const struct family *family, uint32_t bucket)
{
	return wrap(family, bucket ^ 1);
}

static inline void walk_on(const struct family *family, struct walk *walk)
{
	switch (walk->distance++) {
	case 0:
		walk->bucket = neighbour(family, walk->home);
		break;
	case 1:
		walk->bucket = wrap(family, (uint64_t)walk->home + walk->step);
		break;
	default:
		walk->bucket = wrap(family, (uint64_t)walk->bucket + walk->step);
	}
}

static inline unsigned read_reach(const uint64_t *first, uint32_t entry_words)
{
	uint64_t low = first[META] & REACH_MASK;
	uint64_t high = first[entry_words + META] & REACH_MASK;

	return (unsigned)(low >> REACH_SHIFT | high >> REACH_SHIFT << REACH_BITS);
}

/* The distance up to which flows of this home may lie. */
static inline unsigned reach_of(const struct family *family, uint32_t home)
{
	unsigned reach = read_reach(slot_at(family, home, 0), family->words);

	return reach == REACH_FAR ? PROBES - 1 : reach;
}

static inline void set_reach(struct family *family, uint32_t home, unsigned distance)
{
	unsigned reach = distance < REACH_FAR ? distance : REACH_FAR;

	for (unsigned i = 0; i < SLOTS; i++) {
		uint64_t *meta = &slot_at(family, home, i)[META];
		uint64_t bits = (uint64_t)reach >> (i * REACH_BITS) << REACH_SHIFT;

		*meta = (*meta & ~REACH_MASK) | (bits & REACH_MASK);
	}
}

/* Which of a bucket's entries are free, a bit each. */
static inline unsigned free_in_bucket(const uint64_t *first, size_t entry_words)
{
	unsigned free = 0;

	for (unsigned i = 0; i < SLOTS; i++)
		free |= (unsigned)is_free(first[i * entry_words + META]) << i;
	return free;
}

static inline void release(struct family *family, uint64_t *entry)
{
	entry[META] &= REACH_MASK;
	family->flows--;
}

/* Finding. */

/* All words: a comparison that stops at the first difference would have to guess. */
static inline bool has_key(const uint64_t *entry, const uint64_t *words, uint32_t address_words)
{
	uint64_t different =
		((entry[META] ^ words[META]) & KEY_MASK) | (entry[PORTS] ^ words[PORTS]);

	for (uint32_t i = 0; i < address_words; i++)
		different |= entry[ADDRESSES + i] ^ words[ADDRESSES + i];
	return !different;
}

/* Both are compared before the answer is looked at: in which one it is nobody can predict.
 * Inlined with the family's numbers as constants. */
static inline __attribute__((always_inline)) uint64_t *
find_in_bucket(uint64_t *first, const uint64_t *words, size_t entry_words, uint32_t address_words)
{
	unsigned found = 0;

	for (unsigned i = 0; i < SLOTS; i++)
		found |= (unsigned)has_key(first + i * entry_words, words, address_words) << i;
	return found ? first + (unsigned)__builtin_ctz(found) * entry_words : NULL;
}

static inline uint64_t *find_here(const struct family *family, uint32_t bucket,
				  const uint64_t *words, bool is_ipv6)
{
	uint64_t *entries = family->entries;

	return is_ipv6 ? find_in_bucket(entries + (size_t)bucket * SLOTS * 8, words, 8, 4)
		       : find_in_bucket(entries + (size_t)bucket * SLOTS * 4, words, 4, 1);
}

/* In table.c: looks in the buckets of the sequence behind the home, up to the reach. */
uint64_t *weir_flow_find_away(const struct family *family, const struct weir_flow_probe *probe,
			      unsigned reach);

/* The entry with this key, expired or not. */
static inline uint64_t *find_entry(const struct weir_flow_table *table,
				   const struct weir_flow_probe *probe)
{
	const struct family *family = &table->families[probe->family];
	uint64_t *entry = find_here(family, probe->bucket, probe->words, probe->family);
	unsigned reach;

	if (entry)
		return entry;
	reach = reach_of(family, probe->bucket);
	return reach ? weir_flow_find_away(family, probe, reach) : NULL;
}

/* In room.c: the flow's own entry, expired or not, which is free then; or another that is free, for
 * which room may have to be made. NULL: there is none. */
uint64_t *weir_flow_make_place(struct weir_flow_table *table, const struct weir_flow_probe *probe);

#endif
