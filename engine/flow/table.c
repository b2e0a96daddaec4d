/*
 * table.c - buckets of two flows, probed from a home bucket on; nothing moves.
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
 * past its time is not there, whether its entry was swept or not. Sweeping goes around, a few
 * buckets for each burst; when it meets a home whose reach nothing needs any more it draws that in
 * by one.
 *
 * The hash multiplies words that are mixed with secret words, both factors, and folds the
 * product; who does not know the secret can neither make a factor zero nor aim. Reference for
 * the construction: Black et al., "UMAC: Fast and Secure Message Authentication", 1999.
 */
#include "table.h"

#include <errno.h>
#include <string.h>

#include "memory.h"
#include "weir/key.h"

enum {
	SLOTS = 2,   /* entries in a bucket */
	PROBES = 32, /* buckets in which a flow may be */
	WINDOW = 16, /* buckets that are looked at to make room, at most */
	ENOUGH = 8,  /* evictable flows of which the oldest is old */
	SWEEP = 4,   /* buckets of each family swept at each advance */
	LINE = 64,   /* of the cache */
	SECRETS = 8,
	SIGNALS = 1 << WEIR_FLOW_SIGNAL_BITS, /* sets of them */
	META = WEIR_FLOW_META,
	MEMO = WEIR_FLOW_MEMO,
	PORTS = WEIR_FLOW_PORTS,
	ADDRESSES = WEIR_FLOW_ADDRESSES,
	MACHINE_SHIFT = WEIR_FLOW_MACHINE_SHIFT,
	REACH_SHIFT = 27,
	REACH_BITS = 2, /* in an entry */
	REACH_FAR = 15, /* as far as flows go */
	SEEN_SHIFT = WEIR_FLOW_SEEN_SHIFT,
	STEP_SHIFT = 27, /* of nanoseconds to steps */
};

#define KEY_MASK     ((UINT64_C(1) << MACHINE_SHIFT) - 1)
#define KIND_MASK    ((UINT64_C(1) << WEIR_FLOW_KIND_BITS) - 1)
#define MACHINE_MASK (UINT64_C(0xffff) << MACHINE_SHIFT)
#define REACH_MASK   (UINT64_C(3) << REACH_SHIFT)
#define SEEN_MASK    (UINT64_MAX << SEEN_SHIFT)
/* In steps. Later than this time does not go, and no timeout is longer. */
#define LAST_SEEN ((UINT64_C(1) << 35) - 1)

static_assert(WEIR_FLOW_QUOTED + 1 <= KIND_MASK, "kinds have three bits, and free is one");

/* What differs between the families. */
static const struct {
	uint32_t words;
	uint32_t buckets_for_64;
} shapes[2] = { { 4, 62 }, { 8, 47 } };

static_assert(sizeof(uint64_t) * SLOTS * 4 == LINE, "a bucket of IPv4 is a cache line");

struct family {
	void *memory;
	uint64_t *entries;
	uint32_t words; /* of an entry */
	uint32_t buckets;
	uint32_t max;
	uint32_t flows;
	uint32_t swept;    /* the next bucket to sweep */
	uint32_t drawn_in; /* of each SWEEP of them this one's reach is looked at */
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

/* Machines in 16 bits: 5 signals for each side, 6 bits about the opening. */

static uint64_t pack_machine(const struct weir_flow_machine *machine)
{
	uint64_t bits = machine->seen[0] | (uint64_t)machine->seen[1] << 5 |
			(uint64_t)machine->opener << 10;

	return bits << MACHINE_SHIFT;
}

static struct weir_flow_machine unpack_machine(uint64_t meta)
{
	uint64_t bits = meta >> MACHINE_SHIFT;

	return (struct weir_flow_machine){
		.seen = { bits & 31, bits >> 5 & 31 },
		.opener = bits >> 10 & 63,
	};
}

static uint8_t protocol_of(uint64_t meta)
{
	return (uint8_t)(meta >> WEIR_FLOW_KIND_BITS);
}

static bool is_free(uint64_t meta)
{
	return !(meta & KIND_MASK);
}

/* Nanoseconds. */
static uint64_t last_seen(uint64_t meta)
{
	return meta >> SEEN_SHIFT << STEP_SHIFT;
}

/* As long as no packet comes. */
static uint64_t deadline_of(const struct weir_flow_table *table, uint64_t meta)
{
	struct weir_flow_machine machine = unpack_machine(meta);

	return last_seen(meta) + table->timeouts[weir_flow_timeout_of(&machine, protocol_of(meta))];
}

static inline bool is_expired(const struct weir_flow_table *table, uint64_t meta)
{
	return meta < table->young && deadline_of(table, meta) <= table->now;
}

/* Answered by nobody, not open yet, or over. */
static bool is_evictable(uint64_t meta)
{
	struct weir_flow_machine machine = unpack_machine(meta);
	uint8_t protocol = protocol_of(meta);

	if (!machine.seen[0] || !machine.seen[1])
		return true;
	switch (weir_flow_timeout_of(&machine, protocol)) {
	case WEIR_FLOW_TIMEOUT_TCP_ESTABLISHED:
	case WEIR_FLOW_TIMEOUT_TCP_FIN_WAIT:
	case WEIR_FLOW_TIMEOUT_SCTP_ESTABLISHED:
		return false;
	default:
		return weir_flow_has_handshake(protocol);
	}
}

/* Keys and hashes. */

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

static uint64_t ipv4_word(const struct weir_address *address)
{
	uint32_t word;

	memcpy(&word, &address->bytes[12], sizeof(word));
	return word;
}

/* In words: the compiler would call memcmp, for each packet. */
static bool looks_ipv4(const struct weir_address *address)
{
	static const uint8_t mapped[4] = { 0, 0, 0xff, 0xff };
	uint32_t want;
	uint32_t last;
	uint64_t first;

	memcpy(&first, address->bytes, sizeof(first));
	memcpy(&last, &address->bytes[8], sizeof(last));
	memcpy(&want, mapped, sizeof(want));
	return !(first | (last ^ want));
}

void weir_flow_probe_of(const struct weir_flow_key *key, struct weir_flow_probe *out)
{
	out->family = !(looks_ipv4(&key->ends[0]) && looks_ipv4(&key->ends[1]));
	out->words[META] = weir_flow_probe_meta(key->kind, key->protocol);
	out->words[PORTS] =
		key->ports[0] | (uint64_t)key->ports[1] << 16 | (uint64_t)key->zone << 32;
	if (out->family)
		memcpy(&out->words[ADDRESSES], key->ends, sizeof(key->ends));
	else
		out->words[ADDRESSES] = ipv4_word(&key->ends[0]) | ipv4_word(&key->ends[1]) << 32;
}

static void unpack_key(const uint64_t *words, unsigned family, struct weir_flow_key *out)
{
	*out = (struct weir_flow_key){
		.ports = { (uint16_t)words[PORTS], (uint16_t)(words[PORTS] >> 16) },
		.zone = (uint32_t)(words[PORTS] >> 32),
		.protocol = protocol_of(words[META]),
		.kind = (uint8_t)((words[META] & KIND_MASK) - 1),
	};
	if (family) {
		memcpy(out->ends, &words[ADDRESSES], sizeof(out->ends));
		return;
	}
	for (unsigned i = 0; i < 2; i++) {
		uint32_t address = (uint32_t)(words[ADDRESSES] >> (32 * i));
		uint8_t bytes[4];

		memcpy(bytes, &address, sizeof(bytes));
		out->ends[i] = weir_address_from_ipv4(bytes);
	}
}

void weir_flow_probe_key(const struct weir_flow_probe *probe, struct weir_flow_key *out)
{
	unpack_key(probe->words, probe->family, out);
}

/* All words: a comparison that stops at the first difference would have to guess. */
static inline bool has_key(const uint64_t *entry, const uint64_t *words, uint32_t address_words)
{
	uint64_t different =
		((entry[META] ^ words[META]) & KEY_MASK) | (entry[PORTS] ^ words[PORTS]);

	for (uint32_t i = 0; i < address_words; i++)
		different |= entry[ADDRESSES + i] ^ words[ADDRESSES + i];
	return !different;
}

/* Buckets and their sequences. */

static inline uint64_t *slot_at(const struct family *family, uint32_t bucket, unsigned slot)
{
	return family->entries + ((size_t)bucket * SLOTS + slot) * family->words;
}

/* So many that steps of any length come to all buckets; a small table's sequences are all of it. */
static uint32_t count_buckets(uint64_t wanted)
{
	static const uint8_t primes[] = { 2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31 };
	unsigned i = 0;

	while (wanted >= PROBES && i < sizeof(primes)) {
		if (wanted % primes[i++])
			continue;
		wanted++;
		i = 0;
	}
	return wanted ? (uint32_t)wanted : 1;
}

/* The buckets of a sequence, one after the other. */
struct walk {
	uint32_t home;
	uint32_t bucket;
	uint32_t step;
	unsigned distance;
};

static struct walk walk_from(const struct family *family, uint32_t home)
{
	uint64_t mixed = home * UINT64_C(0x9e3779b97f4a7c15) >> 32;
	uint64_t steps = family->buckets < PROBES ? 1 : family->buckets - 1;

	return (struct walk){
		.home = home,
		.bucket = home,
		.step = 1 + (uint32_t)(mixed * steps >> 32),
	};
}

static uint32_t wrap(const struct family *family, uint64_t bucket)
{
	return (uint32_t)(bucket >= family->buckets ? bucket - family->buckets : bucket);
}

static uint32_t neighbour(const struct family *family, uint32_t bucket)
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
static unsigned reach_of(const struct family *family, uint32_t home)
{
	unsigned reach = read_reach(slot_at(family, home, 0), family->words);

	return reach == REACH_FAR ? PROBES - 1 : reach;
}

static void set_reach(struct family *family, uint32_t home, unsigned distance)
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

/* Behind the home. */
static __attribute__((noinline)) uint64_t *
find_away(const struct family *family, const struct weir_flow_probe *probe, unsigned reach)
{
	struct walk walk = walk_from(family, probe->bucket);
	uint64_t *entry = NULL;

	while (walk.distance < reach && !entry) {
		walk_on(family, &walk);
		entry = find_here(family, walk.bucket, probe->words, probe->family);
	}
	return entry;
}

/* The entry with this key, expired or not. */
static uint64_t *find_entry(const struct weir_flow_table *table,
			    const struct weir_flow_probe *probe)
{
	const struct family *family = &table->families[probe->family];
	uint64_t *entry = find_here(family, probe->bucket, probe->words, probe->family);
	unsigned reach;

	if (entry)
		return entry;
	reach = reach_of(family, probe->bucket);
	return reach ? find_away(family, probe, reach) : NULL;
}

static struct family *family_of(struct weir_flow_table *table, const uint64_t *entry)
{
	const struct family *ipv6 = &table->families[1];

	return &table->families[entry >= ipv6->entries && entry < slot_at(ipv6, ipv6->buckets, 0)];
}

static void release(struct family *family, uint64_t *entry)
{
	entry[META] &= REACH_MASK;
	family->flows--;
}

/* Expiry and room. */

static void expire(struct weir_flow_table *table, struct family *family, uint64_t *entry)
{
	release(family, entry);
	table->counters.expired++;
}

static void expire_bucket(struct weir_flow_table *table, struct family *family, uint32_t bucket)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		uint64_t *entry = slot_at(family, bucket, i);

		if (!is_free(entry[META]) && is_expired(table, entry[META]))
			expire(table, family, entry);
	}
	table->counters.steps++;
}

static bool holds_flow_of(const struct weir_flow_table *table, const struct family *family,
			  uint32_t bucket, uint32_t home)
{
	for (unsigned i = 0; i < SLOTS; i++) {
		const uint64_t *entry = slot_at(family, bucket, i);

		if (!is_free(entry[META]) &&
		    bucket_of(table, entry, family == &table->families[1]) == home)
			return true;
	}
	return false;
}

/* By one, unless a flow in the last of the reach is why it is so far. */
static void draw_in(const struct weir_flow_table *table, struct family *family, uint32_t home)
{
	unsigned reach = reach_of(family, home);
	unsigned last = reach < REACH_FAR ? reach : REACH_FAR;
	struct walk walk = walk_from(family, home);

	if (!reach)
		return;
	while (walk.distance < reach) {
		walk_on(family, &walk);
		if (walk.distance >= last && holds_flow_of(table, family, walk.bucket, home))
			return;
	}
	set_reach(family, home, last - 1);
}

/* Of one bucket in each call the reach is looked at, which takes a line from elsewhere: of
 * another one of the call's at each time around. */
static void sweep(struct weir_flow_table *table, struct family *family)
{
	for (unsigned i = 0; i < SWEEP; i++) {
		expire_bucket(table, family, family->swept);
		if (i == family->drawn_in)
			draw_in(table, family, family->swept);
		if (++family->swept < family->buckets)
			continue;
		family->swept = 0;
		family->drawn_in = (family->drawn_in + 1) % SWEEP;
	}
	for (unsigned i = 0; i < SWEEP && family->swept + i < family->buckets; i++)
		__builtin_prefetch(slot_at(family, family->swept + i, 0));
}

/* Who was met on the way of making room. */
struct met {
	unsigned expired;
	unsigned evictable;
	uint64_t *oldest; /* of those */
};

static void meet_bucket(struct weir_flow_table *table, struct family *family, uint32_t bucket,
			struct met *met)
{
	table->counters.steps++;
	for (unsigned i = 0; i < SLOTS; i++) {
		uint64_t *entry = slot_at(family, bucket, i);

		if (is_free(entry[META]))
			continue;
		if (is_expired(table, entry[META])) {
			expire(table, family, entry);
			met->expired++;
			continue;
		}
		if (!is_evictable(entry[META]))
			continue;
		met->evictable++;
		if (!met->oldest || last_seen(entry[META]) < last_seen(met->oldest[META]))
			met->oldest = entry;
	}
}

/* Makes room in a walk's buckets and returns how many it went through; 0: all flows in them are in
 * use. Where some may go it need not go through all to find an old one. */
static unsigned make_room(struct weir_flow_table *table, struct family *family, struct walk walk)
{
	struct met met = { 0 };
	unsigned count = 0;

	for (; count < WINDOW && !met.expired && met.evictable < ENOUGH; count++) {
		meet_bucket(table, family, walk.bucket, &met);
		walk_on(family, &walk);
	}
	if (met.expired)
		return count;
	if (!met.oldest)
		return 0;
	release(family, met.oldest);
	table->counters.evicted++;
	return count;
}

/* The hand goes around through all buckets; where it will be next is fetched. */
static bool has_room(struct weir_flow_table *table, struct family *family)
{
	struct walk walk = { .bucket = family->hand, .step = 1, .distance = 2 };
	unsigned count;

	if (family->flows < family->max)
		return true;
	count = make_room(table, family, walk);
	family->hand =
		(uint32_t)(((uint64_t)family->hand + (count ? count : WINDOW)) % family->buckets);
	for (unsigned i = 0; i < ENOUGH && family->hand + i < family->buckets; i++)
		__builtin_prefetch(slot_at(family, family->hand + i, 0));
	return count;
}

/* The first free entry of the flow's sequence, which its home then reaches; or NULL. */
static uint64_t *take_place(struct weir_flow_table *table, const struct weir_flow_probe *probe)
{
	struct family *family = &table->families[probe->family];
	struct walk walk = walk_from(family, probe->bucket);
	unsigned free;

	for (; walk.distance < PROBES; walk_on(family, &walk)) {
		uint64_t *first = slot_at(family, walk.bucket, 0);

		table->counters.steps++;
		free = free_in_bucket(first, family->words);
		if (!free)
			continue;
		if (walk.distance > reach_of(family, probe->bucket))
			set_reach(family, probe->bucket, walk.distance);
		return first + (size_t)__builtin_ctz(free) * family->words;
	}
	return NULL;
}

/* The flow's own entry, expired or not, which is free then; or one where room may have to be made.
 * NULL: there is none. */
static __attribute__((noinline)) uint64_t *make_place(struct weir_flow_table *table,
						      const struct weir_flow_probe *probe)
{
	struct family *family = &table->families[probe->family];
	uint64_t *place = find_entry(table, probe);

	if (place) {
		*(is_expired(table, place[META]) ? &table->counters.expired
						 : &table->counters.removed) += 1;
		release(family, place);
		return place;
	}
	/* What was gone through in vain is near now, and the next need not go as far. */
	draw_in(table, family, probe->bucket);
	if (!has_room(table, family))
		return NULL;
	place = take_place(table, probe);
	if (!place && make_room(table, family, walk_from(family, probe->bucket)))
		place = take_place(table, probe);
	return place;
}

/* Most flows are new, and find a place at home. Which of its entries that is nobody can predict. */
static inline __attribute__((always_inline)) uint64_t *
place_at_home(struct weir_flow_table *table, const struct weir_flow_probe *probe,
	      size_t entry_words, uint32_t address_words)
{
	const struct family *family = &table->families[probe->family];
	uint64_t *home = family->entries + (size_t)probe->bucket * SLOTS * entry_words;
	unsigned free = free_in_bucket(home, entry_words);

	if (!free || family->flows >= family->max || read_reach(home, (uint32_t)entry_words) ||
	    find_in_bucket(home, probe->words, entry_words, address_words))
		return make_place(table, probe);
	table->counters.steps++;
	return home + (unsigned)__builtin_ctz(free) * entry_words;
}

static inline void begin(const struct weir_flow_table *table, uint64_t *entry, unsigned side,
			 uint8_t signals, struct weir_flow_memo memo)
{
	uint64_t meta = entry[META] & (KEY_MASK | REACH_MASK);

	entry[META] = meta | table->begun[side][signals & (SIGNALS - 1)] | table->seen;
	memcpy(&entry[MEMO], &memo, sizeof(memo));
}

/* Making and unmaking. */

static int make_family(struct weir_flow_table *table, unsigned which, uint32_t max)
{
	struct family *family = &table->families[which];
	size_t bytes;

	*family = (struct family){
		.words = shapes[which].words,
		.buckets = count_buckets(((uint64_t)max * shapes[which].buckets_for_64 + 63) / 64),
		.max = max,
	};
	bytes = (size_t)family->buckets * SLOTS * family->words * sizeof(uint64_t) + LINE;
	family->memory = weir_allocate(table->allocator, bytes);
	if (!family->memory)
		return -ENOMEM;
	/* Written, not only promised to be zero: or else each page would be made when its first
	 * flow comes, on the path of packets. */
	memset(family->memory, 0, bytes);
	family->entries = (uint64_t *)(((uintptr_t)family->memory + LINE - 1) & -(uintptr_t)LINE);
	table->counters.bytes += bytes;
	return 0;
}

/* From two secret words as many as the hash takes, none of them zero. */
static void make_secrets(struct weir_flow_table *table, const uint64_t secret[2])
{
	for (unsigned i = 0; i < SECRETS; i++) {
		uint64_t word =
			weir_flow_fold(secret[i & 1] ^ (i + 1) * UINT64_C(0x9e3779b97f4a7c15),
				       secret[!(i & 1)] ^ (i + 1) * UINT64_C(0xd6e8feb86659fd93));

		table->secrets[i] = word | 1;
	}
}

static void set_timeouts(struct weir_flow_table *table, const uint64_t timeouts[])
{
	table->least_timeout = LAST_SEEN << STEP_SHIFT;
	for (unsigned i = 0; i < WEIR_FLOW_TIMEOUTS; i++) {
		uint64_t timeout = timeouts[i] ? timeouts[i] : weir_flow_timeout_default(i);

		if (timeout > LAST_SEEN << STEP_SHIFT)
			timeout = LAST_SEEN << STEP_SHIFT;
		if (timeout < table->least_timeout)
			table->least_timeout = timeout;
		table->timeouts[i] = timeout;
	}
}

static void prepare_beginnings(struct weir_flow_table *table)
{
	for (unsigned side = 0; side < 2; side++) {
		for (unsigned signals = 0; signals < SIGNALS; signals++) {
			struct weir_flow_machine machine;

			weir_flow_begin(&machine, side, (uint8_t)signals);
			table->begun[side][signals] = pack_machine(&machine);
		}
	}
}

int weir_flow_table_create(const struct weir_flow_options *options,
			   const struct weir_allocator *allocator, struct weir_flow_table **out)
{
	struct weir_flow_table *table;

	allocator = weir_allocator_or_default(allocator);
	table = weir_allocate_zeroed(allocator, 1, sizeof(*table));
	if (!table)
		return -ENOMEM;
	table->allocator = allocator;
	table->counters.bytes = sizeof(*table);
	make_secrets(table, options->secret);
	set_timeouts(table, options->timeouts);
	prepare_beginnings(table);
	if (make_family(table, 0, options->max_ipv4_flows) ||
	    make_family(table, 1, options->max_ipv6_flows)) {
		weir_flow_table_destroy(table);
		return -ENOMEM;
	}
	*out = table;
	return 0;
}

void weir_flow_table_destroy(struct weir_flow_table *table)
{
	if (!table)
		return;
	for (unsigned i = 0; i < 2; i++)
		weir_release(table->allocator, table->families[i].memory);
	weir_release(table->allocator, table);
}

uint64_t weir_flow_table_present(const struct weir_flow_table *table)
{
	return table->seen;
}

static void tell_time(struct weir_flow_table *table, uint64_t now)
{
	const uint64_t step = UINT64_C(1) << STEP_SHIFT;

	table->now = now;
	table->seen = (now + step - 1) >> STEP_SHIFT << SEEN_SHIFT;
	table->young = 0;
	if (now >= table->least_timeout)
		table->young = (((now - table->least_timeout) >> STEP_SHIFT) + 1) << SEEN_SHIFT;
}

void weir_flow_table_advance(struct weir_flow_table *table, uint64_t now)
{
	const uint64_t last = (LAST_SEEN << STEP_SHIFT) - 1;

	if (now > last)
		now = last;
	if (now > table->now)
		tell_time(table, now);
	for (unsigned i = 0; i < 2; i++) {
		if (table->families[i].flows)
			sweep(table, &table->families[i]);
	}
}

/* Inlined for each family, whose numbers are constants then. */
static inline __attribute__((always_inline)) void
prepare(const struct weir_flow_table *table, struct weir_flow_probe *probe, unsigned which)
{
	const struct family *family = &table->families[which];
	const size_t entry_words = which ? 8 : 4;
	const char *bucket;

	probe->bucket = bucket_of(table, probe->words, which);
	bucket = (const char *)(family->entries + (size_t)probe->bucket * SLOTS * entry_words);
	__builtin_prefetch(bucket);
	if (which)
		__builtin_prefetch(bucket + LINE);
}

void weir_flow_table_prepare(const struct weir_flow_table *table, struct weir_flow_probe *probes,
			     size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (probes[i].family)
			prepare(table, &probes[i], 1);
		else
			prepare(table, &probes[i], 0);
	}
}

static struct weir_flow_entry *alive(const struct weir_flow_table *table, uint64_t *entry)
{
	return entry && !is_expired(table, entry[META]) ? (struct weir_flow_entry *)entry : NULL;
}

struct weir_flow_entry *weir_flow_table_find(const struct weir_flow_table *table,
					     const struct weir_flow_probe *probe)
{
	return alive(table, find_entry(table, probe));
}

enum { AT_ONCE = 64 };

/* First those at home; meanwhile the next bucket of the others comes. */
static void find_some(const struct weir_flow_table *table, const struct weir_flow_probe *probes,
		      struct weir_flow_entry **entries, unsigned n)
{
	uint8_t away[AT_ONCE];
	unsigned count = 0;

	for (unsigned i = 0; i < n; i++) {
		const struct weir_flow_probe *probe = &probes[i];
		const struct family *family = &table->families[probe->family];
		uint64_t *entry = find_here(family, probe->bucket, probe->words, probe->family);

		entries[i] = alive(table, entry);
		if (entry || !reach_of(family, probe->bucket))
			continue;
		away[count++] = (uint8_t)i;
		__builtin_prefetch(slot_at(family, neighbour(family, probe->bucket), 0));
	}
	for (unsigned i = 0; i < count; i++) {
		const struct weir_flow_probe *probe = &probes[away[i]];
		const struct family *family = &table->families[probe->family];

		entries[away[i]] =
			alive(table, find_away(family, probe, reach_of(family, probe->bucket)));
	}
}

void weir_flow_table_find_burst(const struct weir_flow_table *table,
				const struct weir_flow_probe *probes,
				struct weir_flow_entry **entries, size_t n)
{
	for (size_t i = 0; i < n; i += AT_ONCE)
		find_some(table, probes + i, entries + i,
			  (unsigned)(n - i < AT_ONCE ? n - i : AT_ONCE));
}

void weir_flow_table_expect(const struct weir_flow_table *table,
			    const struct weir_flow_probe *probe)
{
	const struct family *family = &table->families[probe->family];

	if (!free_in_bucket(slot_at(family, probe->bucket, 0), family->words))
		__builtin_prefetch(slot_at(family, neighbour(family, probe->bucket), 0));
}

struct weir_flow_entry *weir_flow_table_insert(struct weir_flow_table *table,
					       const struct weir_flow_probe *probe, unsigned side,
					       uint8_t signals, struct weir_flow_memo memo)
{
	uint64_t *entry = probe->family ? place_at_home(table, probe, 8, 4)
					: place_at_home(table, probe, 4, 1);

	if (!entry) {
		table->counters.refused++;
		return NULL;
	}
	entry[META] = (entry[META] & REACH_MASK) | probe->words[META];
	/* In copies of known length, which are no calls. */
	memcpy(&entry[PORTS], &probe->words[PORTS], 2 * sizeof(uint64_t));
	if (probe->family)
		memcpy(&entry[ADDRESSES + 1], &probe->words[ADDRESSES + 1], 3 * sizeof(uint64_t));
	begin(table, entry, side, signals, memo);
	table->families[probe->family].flows++;
	table->counters.inserted++;
	return (struct weir_flow_entry *)entry;
}

void weir_flow_table_note(struct weir_flow_table *table, struct weir_flow_entry *entry,
			  unsigned side, uint8_t signals)
{
	uint64_t meta = entry->words[META];
	struct weir_flow_machine machine;

	if (weir_flow_entry_note(entry, table->seen, side, signals))
		return;
	machine = unpack_machine(meta);
	weir_flow_advance(&machine, side, signals);
	entry->words[META] =
		(meta & ~(SEEN_MASK | MACHINE_MASK)) | pack_machine(&machine) | table->seen;
}

void weir_flow_table_restart(struct weir_flow_table *table, struct weir_flow_entry *entry,
			     unsigned side, uint8_t signals, struct weir_flow_memo memo)
{
	begin(table, entry->words, side, signals, memo);
	table->counters.restarted++;
}

void weir_flow_table_remove(struct weir_flow_table *table, struct weir_flow_entry *entry)
{
	release(family_of(table, entry->words), entry->words);
	table->counters.removed++;
}

void weir_flow_table_flush(struct weir_flow_table *table)
{
	for (unsigned i = 0; i < 2; i++) {
		struct family *family = &table->families[i];

		memset(family->entries, 0,
		       (size_t)family->buckets * SLOTS * family->words * sizeof(uint64_t));
		table->counters.removed += family->flows;
		family->flows = 0;
	}
}

struct weir_flow_machine weir_flow_entry_machine(const struct weir_flow_entry *entry)
{
	return unpack_machine(entry->words[META]);
}

void weir_flow_table_count(const struct weir_flow_table *table, struct weir_flow_counters *out)
{
	*out = table->counters;
	out->flows[0] = table->families[0].flows;
	out->flows[1] = table->families[1].flows;
}

static void view(const struct weir_flow_table *table, const uint64_t *entry, unsigned family,
		 struct weir_flow_view *out)
{
	unpack_key(entry, family, &out->key);
	out->machine = unpack_machine(entry[META]);
	memcpy(&out->memo, &entry[MEMO], sizeof(out->memo));
	out->expires = deadline_of(table, entry[META]);
	out->timeout = weir_flow_timeout_of(&out->machine, out->key.protocol);
}

bool weir_flow_table_next(const struct weir_flow_table *table, uint64_t *cursor,
			  struct weir_flow_view *out)
{
	uint64_t ipv4_slots = (uint64_t)table->families[0].buckets * SLOTS;
	uint64_t slots = ipv4_slots + (uint64_t)table->families[1].buckets * SLOTS;

	while (*cursor < slots) {
		uint64_t at = (*cursor)++;
		unsigned which = at >= ipv4_slots;
		const struct family *family = &table->families[which];
		const uint64_t *entry =
			family->entries + (which ? at - ipv4_slots : at) * family->words;

		if (is_free(entry[META]) || is_expired(table, entry[META]))
			continue;
		view(table, entry, which, out);
		return true;
	}
	return false;
}
