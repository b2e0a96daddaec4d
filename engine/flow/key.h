/*
 * key.h - by what packets of one connection are known as such.
 *
 * Most connections have one key for both directions: the two ends in a fixed order. A packet's
 * side says which end sent it. Where the direction is part of what a message is (an echo request
 * asks, its reply answers), ends[0] is the one that asks, so that two hosts that ping each other
 * with one identifier have two connections.
 */
#ifndef WEIR_FLOW_KEY_H
#define WEIR_FLOW_KEY_H

#include <assert.h>
#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "weir/address.h"
#include "weir/key.h"
#include "weir/packet.h"

/* The types of a ping's request. */
enum {
	WEIR_FLOW_ECHO = 8,
	WEIR_FLOW_ECHO_IPV6 = 128,
};

enum weir_flow_kind {
	WEIR_FLOW_SYMMETRIC, /* ends in order of address, then port; either may have opened */
	WEIR_FLOW_QUERY,     /* ICMP echo and its like: ends[0] asks */
	WEIR_FLOW_MESSAGE,   /* ICMP that nothing answers: ends[0] sends */
	WEIR_FLOW_ONE_WAY,   /* one direction by itself: ends[0] sends */
	WEIR_FLOW_FRAGMENTS, /* fragments without their first: ends[0] sends */
	WEIR_FLOW_QUOTED,    /* errors that quote a connection not seen yet; as SYMMETRIC */
};

struct weir_flow_key {
	struct weir_address ends[2];
	uint16_t ports[2]; /* of the ends; ICMP: type and code, then the echo's identifier */
	uint32_t zone;     /* keeps apart what may have equal ends */
	uint8_t protocol;
	uint8_t kind; /* enum weir_flow_kind */
	uint8_t zero[6];
};
static_assert(sizeof(struct weir_flow_key) == 48, "six words, no padding that hashing would read");

/* TCP, UDP and SCTP: the protocols whose connections are between ports. */
static inline bool weir_flow_has_ports(uint8_t protocol)
{
	return protocol == 6 || protocol == 17 || protocol == 132;
}

static inline bool weir_flow_is_icmp(uint8_t protocol)
{
	return protocol == 1 || protocol == 58;
}

/* ICMP's type and code as a key has them. */
static inline uint16_t weir_flow_icmp_port(uint8_t type, uint8_t code)
{
	return (uint16_t)(type << 8 | code);
}
static inline uint8_t weir_flow_icmp_type(const struct weir_flow_key *key)
{
	return (uint8_t)(key->ports[0] >> 8);
}

/* The key of a packet that has its ports; returns the side that sent it. */
unsigned weir_flow_key_of(const struct weir_packet *packet, struct weir_flow_key *out);

/* The key of a packet's direction by itself: ends[0] sends. */
void weir_flow_key_one_way(const struct weir_packet *packet, struct weir_flow_key *out);

/* The key of later fragments whose first is not known. */
void weir_flow_key_fragments(const struct weir_packet *packet, struct weir_flow_key *out);

/* The key of the connection that an ICMP error quotes; returns the side that sent the quoted
 * packet. The quote does not say whether an echo was asked or answered: it is taken as asked. */
unsigned weir_flow_key_of_quote(const struct weir_packet *packet, struct weir_flow_key *out);

/* The key of the flow that an ICMP error belongs to; false: it quotes none, or goes to somebody
 * else than the sender of what it quotes, and is judged by itself. */
bool weir_flow_key_of_related(const struct weir_packet *packet, struct weir_flow_key *out,
			      unsigned *side);

/* What a connection that one side opened is judged by, both halves; an icmp_code that the key does
 * not have is told. */
static inline void weir_flow_key_question(const struct weir_flow_key *key, unsigned opener,
					  uint8_t icmp_code, struct weir_key *out)
{
	*out = (struct weir_key){
		.source = key->ends[opener],
		.destination = key->ends[!opener],
		.zone = key->zone,
		.protocol = key->protocol,
		.flags = WEIR_KEY_BOTH,
	};
	if (weir_flow_is_icmp(key->protocol)) {
		out->icmp_type = weir_flow_icmp_type(key);
		out->icmp_code = icmp_code;
	} else if (weir_flow_has_ports(key->protocol)) {
		out->source_port = key->ports[opener];
		out->destination_port = key->ports[!opener];
	}
}

/* The same key with its ends exchanged, which means the other asker for QUERY. */
void weir_flow_key_swap_addresses(struct weir_flow_key *key);

/* The mapped form of an IPv4 address in host order. */
static inline struct weir_address weir_flow_ipv4(uint32_t address)
{
	const uint64_t words[2] = { 0, htobe64(UINT64_C(0xffff00000000) | address) };
	struct weir_address out;

	memcpy(out.bytes, words, sizeof(words));
	return out;
}

/* The side that sends, of TCP and UDP over IPv4: the ends are in order. The source is the high half
 * of both, in host order. */
static inline unsigned weir_flow_side_ipv4(uint64_t addresses, uint32_t ports)
{
	uint64_t source = addresses >> 32 << 16 | ports >> 16;
	uint64_t destination = (addresses & UINT32_MAX) << 16 | (ports & UINT16_MAX);

	return source > destination;
}

/* The same over IPv6, of the addresses as a packet has them, the source's first. */
static inline unsigned weir_flow_side_ipv6(const uint8_t *addresses, uint32_t ports)
{
	uint64_t words[4];

	memcpy(words, addresses, sizeof(words));
	for (unsigned i = 0; i < 2; i++) {
		if (words[i] != words[2 + i])
			return be64toh(words[i]) > be64toh(words[2 + i]);
	}
	return ports >> 16 > (ports & UINT16_MAX);
}

/* weir_flow_key_of for these, of the ends as addresses and the side that sends: the key is written in
 * whole words, as it is read to be hashed. */
static inline void weir_flow_key_between(struct weir_address source,
					 struct weir_address destination, uint32_t ports,
					 uint8_t protocol, unsigned side, struct weir_flow_key *out)
{
	out->ends[side] = source;
	out->ends[!side] = destination;
	out->ports[side] = (uint16_t)(ports >> 16);
	out->ports[!side] = (uint16_t)ports;
	out->zone = 0;
	out->protocol = protocol;
	out->kind = WEIR_FLOW_SYMMETRIC;
	memset(out->zero, 0, sizeof(out->zero));
}

/* Both halves of a product depend on every bit of the factors. */
static inline uint64_t weir_flow_fold(uint64_t a, uint64_t b)
{
	__extension__ unsigned __int128 product = a;

	product *= b;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Every factor has a secret word of its own: who knew one could make it zero, and then the other
 * factor would say nothing. */
struct weir_flow_secret {
	uint64_t words[6];
};

/* From two random words. */
void weir_flow_secret_make(const uint64_t random[2], struct weir_flow_secret *out);

/* A hash of 48 bytes that who does not know the secret cannot aim at. */
static inline uint64_t weir_flow_hash_bytes(const void *bytes,
					    const struct weir_flow_secret *secret)
{
	uint64_t words[6];
	uint64_t h;

	memcpy(words, bytes, sizeof(words));
	for (unsigned i = 0; i < 6; i++)
		words[i] ^= secret->words[i];
	h = weir_flow_fold(words[0], words[1]) ^ weir_flow_fold(words[2], words[3]);
	return weir_flow_fold(h ^ words[4], words[5]);
}

static inline uint64_t weir_flow_hash(const struct weir_flow_key *key,
				      const struct weir_flow_secret *secret)
{
	return weir_flow_hash_bytes(key, secret);
}

static inline bool weir_flow_key_equal(const struct weir_flow_key *a, const struct weir_flow_key *b)
{
	uint64_t left[6], right[6];
	uint64_t different = 0;

	memcpy(left, a, sizeof(left));
	memcpy(right, b, sizeof(right));
	for (unsigned i = 0; i < 6; i++)
		different |= left[i] ^ right[i];
	return !different;
}

#endif
