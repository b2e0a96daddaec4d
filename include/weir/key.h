/*
 * weir/key.h - what a connection is judged by, and the answer.
 */
#ifndef WEIR_KEY_H
#define WEIR_KEY_H

#include <stdint.h>

#include "weir/address.h"

#ifdef __cplusplus
extern "C" {
#endif

/* IP protocol numbers that policies name, and ICMP of both families (IANA). */
enum weir_protocol {
	WEIR_PROTOCOL_ICMP = 1,
	WEIR_PROTOCOL_TCP = 6,
	WEIR_PROTOCOL_UDP = 17,
	WEIR_PROTOCOL_ICMPV6 = 58,
	WEIR_PROTOCOL_SCTP = 132,
};

enum weir_key_flags {
	WEIR_KEY_EGRESS = 1,  /* judge the source's side */
	WEIR_KEY_INGRESS = 2, /* judge the destination's side */
	WEIR_KEY_BOTH = WEIR_KEY_EGRESS | WEIR_KEY_INGRESS,
	/* Take an address of a pod range that no object owns as outside the cluster, instead of
	 * as a pod that nobody knows. */
	WEIR_KEY_UNKNOWN_EXTERNAL = 4,
	/* Source and destination are one pod, which reaches itself through a service: unlike a
	 * pod and its own address, this is asked of the rules of the tiers before and behind
	 * NetworkPolicy. NetworkPolicy itself allows it: a side that it isolates is decided (S11).
	 * Without meaning where the two addresses differ. */
	WEIR_KEY_HAIRPIN = 8,
};

/* The first packet of a connection. Ports are in host order, 0 where the protocol has none. */
struct weir_key {
	struct weir_address source;
	struct weir_address destination;
	uint32_t
		zone; /* keeps connections of separate networks apart; policies do not look at it */
	uint16_t source_port;
	uint16_t destination_port;
	uint8_t protocol;  /* IP protocol number */
	uint8_t icmp_type; /* of ICMP and ICMPv6; 0 otherwise */
	uint8_t icmp_code;
	uint8_t flags; /* enum weir_key_flags; a side that is not asked for counts as allowed */
};

enum weir_action {
	WEIR_DENY = 0,
	WEIR_ALLOW = 1,
	WEIR_AMBIGUOUS = 2, /* the objects do not say which of the two */
};

/* Why an action is ambiguous. */
enum weir_why {
	WEIR_WHY_NONE,
	WEIR_WHY_UNKNOWN_POD,    /* an address of a pod range that no object owns */
	WEIR_WHY_SHARED_ADDRESS, /* pods of equal rank share an address and disagree */
	/* It takes a domain name to decide, and nobody knows whose address the destination is;
	 * so for every pod that an unknown or a shared address may be. */
	WEIR_WHY_DOMAIN_NAME,
};

struct weir_verdict {
	uint8_t action; /* enum weir_action: allowed only when both sides allow */
	uint8_t why;    /* enum weir_why */
};

#ifdef __cplusplus
}
#endif
#endif
