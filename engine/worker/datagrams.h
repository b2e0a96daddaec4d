/*
 * datagrams.h - fragmented datagrams on a live path: the first fragment decides, the others follow.
 *
 * A bounded cache with an entry a datagram. Its first fragment is judged like any packet and
 * leaves its answer here; later fragments get that answer. One that came before the first waits:
 * it gets a ticket, and its packet is the caller's to keep until the ticket is released. Nothing
 * here keeps bytes.
 *
 * What a datagram's fragments cover is remembered as ranges. A fragment that overlaps what is
 * there condemns the whole datagram, since what the destination would put together from it is
 * not what was judged; one that only repeats what is there is denied by itself. A datagram that is
 * there whole is done with, and the next one may have its identification.
 *
 * Entries lie in buckets of a few; a full bucket gives up its oldest entry. Who came and never
 * heard of a first fragment is denied when its entry goes, by age or for another.
 */
#ifndef WEIR_WORKER_DATAGRAMS_H
#define WEIR_WORKER_DATAGRAMS_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "key.h"
#include "weir/address.h"
#include "weir/allocator.h"
#include "weir/packet.h"
#include "weir/worker.h"

enum {
	WEIR_DATAGRAM_RANGES = 6, /* disjoint pieces; a datagram in more is condemned */
};

struct weir_datagram_key {
	struct weir_address source;
	struct weir_address destination;
	uint32_t id;
	uint32_t zone;
	uint8_t protocol; /* 0 for IPv6 */
	uint8_t zero[7];
};
static_assert(sizeof(struct weir_datagram_key) == 48, "six words, no padding that hashing reads");

struct weir_datagram;

struct weir_datagrams {
	const struct weir_allocator *allocator;
	void *memory;
	struct weir_datagram *entries; /* inside, on a cache line */
	uint16_t *tickets;             /* of a ticket, the next of its list */
	struct weir_release *released; /* tickets whose packets have an answer */
	struct weir_flow_secret secret;
	uint32_t bucket_mask;
	uint32_t ticket_count;
	uint16_t free_ticket;
	uint32_t released_count;
	uint32_t hand;           /* the next entry whose age is looked at */
	uint32_t least_fragment; /* fewer bytes, with more to follow, are denied */
};

/* entries is rounded up to whole buckets, a power of two of them. 0 or -ENOMEM; finish is right
 * in both cases. */
int weir_datagrams_init(struct weir_datagrams *datagrams, uint32_t entries, uint32_t tickets,
			uint32_t least_fragment, const uint64_t random[2],
			const struct weir_allocator *allocator);
void weir_datagrams_finish(struct weir_datagrams *datagrams);

void weir_datagram_key_of(const struct weir_packet *packet, uint32_t zone,
			  struct weir_datagram_key *out);

/* What the fragment itself and the ones before say about a first fragment, before it is judged:
 * false when it is to be denied, with *out saying why. */
bool weir_datagrams_admit_first(struct weir_datagrams *datagrams,
				const struct weir_datagram_key *key,
				const struct weir_packet *packet, uint64_t now,
				struct weir_packet_verdict *out);
/* What was answered for a first fragment that was admitted: those that wait have it now too. */
void weir_datagrams_decide(struct weir_datagrams *datagrams, const struct weir_datagram_key *key,
			   const struct weir_packet_verdict *verdict);

/* The answer for a later fragment, which may be a ticket. */
void weir_datagrams_follow(struct weir_datagrams *datagrams, const struct weir_datagram_key *key,
			   const struct weir_packet *packet, uint64_t now,
			   struct weir_packet_verdict *out);

/* Looks at the age of some entries more. */
void weir_datagrams_expire(struct weir_datagrams *datagrams, uint64_t now);

/* Takes at most size notes of tickets that have an answer; returns how many. */
uint32_t weir_datagrams_take_released(struct weir_datagrams *datagrams, struct weir_release *out,
				      uint32_t size);

#endif
