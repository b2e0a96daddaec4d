/*
 * table.c - flows are found, begun, and take their packets. How they lie is in buckets.h.
 */
#include "buckets.h"

#include <errno.h>
#include <string.h>

#include "memory.h"
#include "weir/key.h"

/* What differs between the families. */
static const struct {
	uint32_t words;
	uint32_t buckets_for_64;
} shapes[2] = { { 4, 62 }, { 8, 47 } };

/* Keys. */

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
	for (unsigned i = 0; i < 2; i++)
		out->ends[i] = weir_flow_ipv4(be32toh((uint32_t)(words[ADDRESSES] >> (32 * i))));
}

void weir_flow_probe_question(const struct weir_flow_probe *probe, unsigned opener,
			      uint8_t icmp_code, struct weir_key *out)
{
	struct weir_flow_key key;

	unpack_key(probe->words, probe->family, &key);
	weir_flow_key_question(&key, opener, icmp_code, out);
}

/* Behind the home. */
uint64_t *weir_flow_find_away(const struct family *family, const struct weir_flow_probe *probe,
			      unsigned reach)
{
	struct walk walk = walk_from(family, probe->bucket);
	uint64_t *entry = NULL;

	while (walk.distance < reach && !entry) {
		walk_on(family, &walk);
		entry = find_here(family, walk.bucket, probe->words, probe->family);
	}
	return entry;
}

static struct family *family_of(struct weir_flow_table *table, const uint64_t *entry)
{
	const struct family *ipv6 = &table->families[1];

	return &table->families[entry >= ipv6->entries && entry < slot_at(ipv6, ipv6->buckets, 0)];
}

/* Places for new flows. */

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
		return weir_flow_make_place(table, probe);
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

/* So many that a step of any length goes through PROBES of them before it is back; a small table's
 * sequences are all of it. */
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

struct weir_flow_entry *weir_flow_table_find_again(const struct weir_flow_table *table,
						   const struct weir_flow_probe *probe,
						   struct weir_flow_entry *entry)
{
	if (entry && has_key(entry->words, probe->words, probe->family ? 4 : 1))
		return entry;
	return weir_flow_table_find(table, probe);
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

		entries[away[i]] = alive(
			table, weir_flow_find_away(family, probe, reach_of(family, probe->bucket)));
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
