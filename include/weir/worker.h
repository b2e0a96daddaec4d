/*
 * weir/worker.h - packets in, verdicts out: what a live dataplane runs on each core.
 *
 * A worker owns a flow table, a cache of fragmented datagrams, counters and scratch; it takes the
 * policy from a slot. Frames come in bursts: they are decoded, their connections are looked up,
 * the first packets of new ones are judged, and every frame has a verdict. Processing cannot fail,
 * allocates nothing and never waits. One thread at a time for each worker; workers share nothing
 * but the slot.
 *
 * Connections are spread over workers by who opened what: all packets of one must come to the
 * same worker, as symmetric RSS or weir_worker_owner has it. What a NIC spreads otherwise
 * (fragments, whose later ones have no ports, and ICMP errors, whose connection is in the quote)
 * is answered with ELSEWHERE, and the caller moves the frame to the worker named.
 */
#ifndef WEIR_WORKER_H
#define WEIR_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/allocator.h"
#include "weir/packet.h"
#include "weir/policy.h"
#include "weir/slot.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What becomes of a frame. */
enum weir_packet_action {
	WEIR_PACKET_DENY,
	WEIR_PACKET_ALLOW,
	WEIR_PACKET_WAIT,      /* a fragment before its first: keep it under the ticket */
	WEIR_PACKET_ELSEWHERE, /* another worker's: give the frame to that one */
};

/* Why. */
enum weir_packet_why {
	WEIR_PACKET_JUDGED,     /* by the policy, as the first packet of a connection */
	WEIR_PACKET_FLOW,       /* of a connection that was allowed, in its opener's direction */
	WEIR_PACKET_REPLY,      /* the other direction */
	WEIR_PACKET_RELATED,    /* an ICMP error about an allowed connection */
	WEIR_PACKET_FRAGMENT,   /* as its first fragment */
	WEIR_PACKET_MIDSTREAM,  /* of a connection taken up after its beginning */
	WEIR_PACKET_NOT_JUDGED, /* not IP: no policy speaks of it */
	/* denied whatever the policy says, or where it does not say */
	WEIR_PACKET_AMBIGUOUS,  /* the objects do not say: on_ambiguous decided */
	WEIR_PACKET_UNREADABLE, /* malformed, or cut before its ports */
	WEIR_PACKET_UNEXPECTED, /* opens nothing and belongs to nothing */
	WEIR_PACKET_TABLE_FULL, /* allowed, but there is no room for its flow */
	WEIR_PACKET_OVERLAP,    /* a fragment over another one, or a datagram that had such */
	WEIR_PACKET_TINY,       /* a fragment too small to be honest */
	WEIR_PACKET_ORPHAN,     /* a fragment whose first did not come, or had no room to wait */
	WEIR_PACKET_WHYS,
};
/* The word for it ("table-full"); static storage. */
const char *weir_packet_why_name(enum weir_packet_why why);

struct weir_packet_verdict {
	uint8_t action;  /* enum weir_packet_action */
	uint8_t why;     /* enum weir_packet_why */
	uint16_t worker; /* of ELSEWHERE */
	uint32_t ticket; /* of WAIT */
};

/* An answer for a frame that was told to wait. */
struct weir_release_note {
	uint32_t ticket;
	struct weir_packet_verdict verdict;
};

#ifdef __cplusplus
}
#endif
#endif
