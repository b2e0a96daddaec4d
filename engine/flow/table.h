/*
 * table.h - the bounded table of live flows: one for each worker, one thread at a time.
 *
 * All memory is taken at creation. Nothing on the path of packets allocates, waits or fails, and
 * each call takes a bounded number of steps. What the caller does for a burst of packets:
 *
 *     weir_flow_table_advance(table, now);                  once; expires a few flows
 *     weir_flow_probe_of(key, probe);                       for each, or a short way
 *     weir_flow_table_prepare(table, probes, n);            hashes and prefetches
 *     weir_flow_table_find_burst(table, probes, entries, n); which are known?
 *     weir_flow_table_expect(table, probe);                for each that is not
 *     ... judge those, all together ...
 *     for each, in order: weir_flow_entry_note, else weir_flow_table_note; _restart or _insert
 *
 * What was found, and that nothing was, holds until the next insertion, removal or advance: an
 * insertion may be that of the same flow, or take another's place. So behind the first of these in
 * a burst a packet's flow is found again. As long as a flow lives it is at one place.
 */
#ifndef WEIR_FLOW_TABLE_H
#define WEIR_FLOW_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "key.h"
#include "machine.h"
#include "weir/allocator.h"
#include "weir/flow.h"

struct weir_flow_table;

/* What the table keeps for the caller with each flow: whatever marks mean (the verdict, the
 * halves that were asked), and which generation of its two groups' rules judged it. */
struct weir_flow_memo {
	uint64_t source_generation : 28; /* compare what was masked with WEIR_FLOW_GENERATION */
	uint64_t destination_generation : 28;
	uint64_t marks : 8;
};
static_assert(sizeof(struct weir_flow_memo) == 8, "one word");

#define WEIR_FLOW_GENERATION ((UINT32_C(1) << 28) - 1)

/* What the words of an entry are; buckets.h has what is in them. */
enum weir_flow_word {
	WEIR_FLOW_META,
	WEIR_FLOW_MEMO,
	WEIR_FLOW_PORTS,
	WEIR_FLOW_ADDRESSES,
};
/* Of the first word. */
enum {
	WEIR_FLOW_KIND_BITS = 3,
	WEIR_FLOW_MACHINE_SHIFT = 11, /* the signals of side 0, of side 1, bits about the opening */
	WEIR_FLOW_SEEN_SHIFT = 29,    /* when its last packet came, in steps, rounded up */
};

/* A flow in the table: the first words of it. */
struct weir_flow_entry {
	uint64_t words[4]; /* by enum weir_flow_word */
};

/* A key as an entry has it, and where that is. */
struct weir_flow_probe {
	uint64_t words[7]; /* by enum weir_flow_word, of IPv6 four of addresses; no memo */
	uint32_t bucket;   /* since it was prepared */
	uint8_t family;    /* 0 IPv4, 1 IPv6 */
};

void weir_flow_probe_of(const struct weir_flow_key *key, struct weir_flow_probe *out);

/* weir_flow_key_question of its key. */
void weir_flow_probe_question(const struct weir_flow_probe *probe, unsigned opener,
			      uint8_t icmp_code, struct weir_key *out);

/* What an entry knows of a key beside addresses and ports. */
static inline uint64_t weir_flow_probe_meta(enum weir_flow_kind kind, uint8_t protocol)
{
	return ((uint64_t)kind + 1) | (uint64_t)protocol << WEIR_FLOW_KIND_BITS;
}

static inline uint8_t weir_flow_probe_protocol(const struct weir_flow_probe *probe)
{
	return (uint8_t)(probe->words[WEIR_FLOW_META] >> WEIR_FLOW_KIND_BITS);
}

/* The rest of a probe over IPv4, in its order of ends: the source's first, or when side 1 sends last.
 * Turned, not chosen: which side sends nobody can predict. */
static inline void weir_flow_probe_set_ipv4(uint64_t addresses, uint32_t ports, uint32_t zone,
					    unsigned side, struct weir_flow_probe *out)
{
	uint64_t ends = htobe64(addresses);
	unsigned turn = 32 * side;

	out->family = 0;
	out->words[WEIR_FLOW_PORTS] = ports | (uint64_t)zone << 32;
	out->words[WEIR_FLOW_ADDRESSES] = ends << turn | ends >> (-turn & 63);
}

/* And over IPv6, of the addresses as a packet has them; neither is a mapped IPv4 address. */
static inline void weir_flow_probe_set_ipv6(const uint8_t *addresses, uint32_t ports, uint32_t zone,
					    unsigned side, struct weir_flow_probe *out)
{
	uint64_t *words = &out->words[WEIR_FLOW_ADDRESSES];

	out->family = 1;
	out->words[WEIR_FLOW_PORTS] = ports | (uint64_t)zone << 32;
	memcpy(words, addresses + 16 * (size_t)side, 16);
	memcpy(words + 2, addresses + 16 * (size_t)!side, 16);
}

/* Ports in the order of a probe's ends. */
static inline uint32_t weir_flow_probe_ports(uint32_t ports, unsigned side)
{
	unsigned turn = 16 * !side;

	return ports << turn | ports >> (-turn & 31);
}

/* The probes of TCP and UDP as weir_flow_side_ipv4 and _ipv6 have them, in one go; they return the
 * side that sends. */
static inline unsigned weir_flow_probe_ipv4(uint64_t addresses, uint32_t ports, uint8_t protocol,
					    uint32_t zone, struct weir_flow_probe *out)
{
	unsigned side = weir_flow_side_ipv4(addresses, ports);

	out->words[WEIR_FLOW_META] = weir_flow_probe_meta(WEIR_FLOW_SYMMETRIC, protocol);
	weir_flow_probe_set_ipv4(addresses, weir_flow_probe_ports(ports, side), zone, side, out);
	return side;
}

static inline unsigned weir_flow_probe_ipv6(const uint8_t *addresses, uint32_t ports,
					    uint8_t protocol, uint32_t zone,
					    struct weir_flow_probe *out)
{
	unsigned side = weir_flow_side_ipv6(addresses, ports);

	out->words[WEIR_FLOW_META] = weir_flow_probe_meta(WEIR_FLOW_SYMMETRIC, protocol);
	weir_flow_probe_set_ipv6(addresses, weir_flow_probe_ports(ports, side), zone, side, out);
	return side;
}

/* The probes of a ping or of its answer; they return the side that sends. */

static inline uint32_t weir_flow_echo_ports(uint8_t request, uint16_t identifier)
{
	return weir_flow_icmp_port(request, 0) | (uint32_t)identifier << 16;
}

static inline unsigned weir_flow_probe_echo_ipv4(uint64_t addresses, uint16_t identifier,
						 bool is_reply, uint32_t zone,
						 struct weir_flow_probe *out)
{
	out->words[WEIR_FLOW_META] = weir_flow_probe_meta(WEIR_FLOW_QUERY, WEIR_PROTOCOL_ICMP);
	weir_flow_probe_set_ipv4(addresses, weir_flow_echo_ports(WEIR_FLOW_ECHO, identifier), zone,
				 is_reply, out);
	return is_reply;
}

static inline unsigned weir_flow_probe_echo_ipv6(const uint8_t *addresses, uint16_t identifier,
						 bool is_reply, uint32_t zone,
						 struct weir_flow_probe *out)
{
	out->words[WEIR_FLOW_META] = weir_flow_probe_meta(WEIR_FLOW_QUERY, WEIR_PROTOCOL_ICMPV6);
	weir_flow_probe_set_ipv6(addresses, weir_flow_echo_ports(WEIR_FLOW_ECHO_IPV6, identifier),
				 zone, is_reply, out);
	return is_reply;
}

/* Fills what the caller left 0 with the defaults, and takes the memory. 0 or -ENOMEM. */
int weir_flow_table_create(const struct weir_flow_options *options,
			   const struct weir_allocator *allocator, struct weir_flow_table **out);
void weir_flow_table_destroy(struct weir_flow_table *table); /* NULL is allowed */

/* Tells the time; one that is earlier than the last changes nothing. Forgets flows that expired,
 * a few buckets each call. Call it once a burst, or whenever there is time. */
void weir_flow_table_advance(struct weir_flow_table *table, uint64_t now);

/* Makes probes[0..n) ready and asks for the memory they lie in. Best in bursts of 32. */
void weir_flow_table_prepare(const struct weir_flow_table *table, struct weir_flow_probe *probes,
			     size_t n);

/* The flow with this key, or NULL; one that has expired is none. */
struct weir_flow_entry *weir_flow_table_find(const struct weir_flow_table *table,
					     const struct weir_flow_probe *probe);

/* The same, of which an earlier find gave the entry, or NULL: a flow stays where it is. */
struct weir_flow_entry *weir_flow_table_find_again(const struct weir_flow_table *table,
						   const struct weir_flow_probe *probe,
						   struct weir_flow_entry *entry);

/* entries[i] is what find says of probes[i], before any of them is noted. */
void weir_flow_table_find_burst(const struct weir_flow_table *table,
				const struct weir_flow_probe *probes,
				struct weir_flow_entry **entries, size_t n);

/* This one will likely be inserted, after others: fetches the bucket to which it goes when its home
 * is full. The home was fetched by prepare. */
void weir_flow_table_expect(const struct weir_flow_table *table,
			    const struct weir_flow_probe *probe);

/* Begins a flow that is not in the table, with its first packet. NULL: there is no room. One that
 * is in the table after all gives way. */
struct weir_flow_entry *weir_flow_table_insert(struct weir_flow_table *table,
					       const struct weir_flow_probe *probe, unsigned side,
					       uint8_t signals, struct weir_flow_memo memo);

/* What a packet of the present leaves in an entry's first word; until the next advance. */
uint64_t weir_flow_table_present(const struct weir_flow_table *table);

/* A further packet that signals nothing which its side has not signalled before, as most do not.
 * False: it does, and nothing is done. */
static inline bool weir_flow_entry_note(struct weir_flow_entry *entry, uint64_t present,
					unsigned side, uint8_t signals)
{
	uint64_t meta = entry->words[WEIR_FLOW_META];
	uint64_t noted = (meta & ((UINT64_C(1) << WEIR_FLOW_SEEN_SHIFT) - 1)) | present;

	if ((uint64_t)signals << (WEIR_FLOW_MACHINE_SHIFT + side * WEIR_FLOW_SIGNAL_BITS) & ~meta)
		return false;
	/* Most come within a step, and an unwritten line need not go back to memory. */
	if (noted != meta)
		entry->words[WEIR_FLOW_META] = noted;
	return true;
}

/* A further packet: what it signals, and that the flow is alive. Related errors are no packets
 * of a flow: they do not keep it alive. */
void weir_flow_table_note(struct weir_flow_table *table, struct weir_flow_entry *entry,
			  unsigned side, uint8_t signals);

/* The flow ended, and this packet begins the next one with its key (is_succeeded). */
void weir_flow_table_restart(struct weir_flow_table *table, struct weir_flow_entry *entry,
			     unsigned side, uint8_t signals, struct weir_flow_memo memo);

void weir_flow_table_remove(struct weir_flow_table *table, struct weir_flow_entry *entry);
/* Forgets all flows. Takes as long as the table is large: not for the path of packets. */
void weir_flow_table_flush(struct weir_flow_table *table);

static inline struct weir_flow_memo weir_flow_entry_memo(const struct weir_flow_entry *entry)
{
	struct weir_flow_memo memo;

	memcpy(&memo, &entry->words[WEIR_FLOW_MEMO], sizeof(memo));
	return memo;
}
static inline void weir_flow_entry_set_memo(struct weir_flow_entry *entry,
					    struct weir_flow_memo memo)
{
	memcpy(&entry->words[WEIR_FLOW_MEMO], &memo, sizeof(memo));
}

struct weir_flow_machine weir_flow_entry_machine(const struct weir_flow_entry *entry);

void weir_flow_table_count(const struct weir_flow_table *table, struct weir_flow_counters *out);

/* Which timeout holds for a connection. */
enum weir_flow_timeout weir_flow_timeout_of(const struct weir_flow_machine *machine,
					    uint8_t protocol);

#endif
