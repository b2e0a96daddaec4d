/*
 * weir/worker.h - packets in, verdicts out: what a live dataplane runs on each core.
 *
 * A worker owns a flow table, a cache of fragmented datagrams, counters and scratch, and takes the
 * policy from a slot. Frames come in bursts: they are decoded, their connections are looked up,
 * those that are new are judged, and every frame has a verdict. Processing cannot fail, allocates
 * nothing and never waits. One thread at a time for each worker; workers share nothing but the
 * slot.
 *
 * A connection has one worker, whichever way its packets go, as symmetric RSS or weir_worker_owner
 * has it. What comes to another is answered with ELSEWHERE, and the caller moves the frame to the
 * worker named. Where hardware spreads packets that is rare: fragments, whose later ones have no
 * ports, and ICMP errors, whose connection is in their quote. Where nothing does, any worker may
 * receive any packet.
 */
#ifndef WEIR_WORKER_H
#define WEIR_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/allocator.h"
#include "weir/flow.h"
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
	WEIR_PACKET_ACTIONS,
};

/* Why. */
enum weir_packet_why {
	WEIR_PACKET_JUDGED,     /* by the policy, as the first packet of a connection */
	WEIR_PACKET_FLOW,       /* of a connection that was allowed, in its opener's direction */
	WEIR_PACKET_REPLY,      /* the other direction */
	WEIR_PACKET_RELATED,    /* an ICMP error about an allowed connection */
	WEIR_PACKET_FRAGMENT,   /* like its first fragment; or waiting for that */
	WEIR_PACKET_MIDSTREAM,  /* a connection taken up after its beginning */
	WEIR_PACKET_UNJUDGED,   /* not IP: no policy speaks of it; allowed */
	WEIR_PACKET_AMBIGUOUS,  /* the objects do not say: as on_ambiguous says */
	WEIR_PACKET_UNREADABLE, /* malformed, or cut before its ports: denied, like all below */
	WEIR_PACKET_UNEXPECTED, /* opens nothing and belongs to nothing (strict) */
	WEIR_PACKET_TABLE_FULL, /* the policy allows it, and there is no room for its flow */
	WEIR_PACKET_OVERLAP,    /* a fragment over another one, or of a datagram that had such */
	WEIR_PACKET_TINY,       /* a fragment too small to be honest */
	WEIR_PACKET_ORPHAN,     /* a fragment whose first did not come, or without room to wait */
	WEIR_PACKET_WHYS,
};
/* The word for it ("table-full"); static storage. */
const char *weir_packet_why_name(enum weir_packet_why why);

struct weir_packet_verdict {
	uint8_t action;  /* enum weir_packet_action */
	uint8_t why;     /* enum weir_packet_why */
	uint16_t worker; /* of ELSEWHERE, whose why is FLOW, FRAGMENT or RELATED */
	uint32_t ticket; /* of WAIT: below max_waiting */
};

/* What a policy that replaces another means for connections that it would not allow (S18). */
enum weir_at_change {
	WEIR_AT_CHANGE_REVALIDATE, /* they end with their next packet */
	WEIR_AT_CHANGE_KEEP,       /* they go on */
	WEIR_AT_CHANGE_FLUSH,      /* all connections are forgotten, allowed or not */
};

/* How packets come to their worker. */
enum weir_arrival {
	WEIR_ARRIVAL_OWN, /* spread by connection: only fragments and errors are looked at */
	WEIR_ARRIVAL_ANY, /* each is looked at; all fragments of a datagram come to one worker */
};

struct weir_worker_options {
	const struct weir_allocator *allocator; /* NULL: the C library's */
	struct weir_slot *slot;                 /* outlives the worker */
	struct weir_flow_options flows;
	uint32_t max_datagrams;  /* fragmented ones remembered at once; 0: 1024 */
	uint32_t max_waiting;    /* fragments before their first; 0: none waits. At most 65535 */
	uint32_t least_fragment; /* bytes of a fragment with more to follow; fewer are denied */
	/* Of so many workers this is number index; a count of 0 is one. */
	uint16_t index;
	uint16_t count;
	/* Which worker has a connection, whichever way its packet goes; NULL: weir_worker_owner. */
	uint16_t (*owner)(void *context, const struct weir_tuple *tuple);
	void *owner_context;
	uint8_t arrival;      /* enum weir_arrival */
	uint8_t at_change;    /* enum weir_at_change */
	uint8_t on_ambiguous; /* WEIR_DENY or WEIR_ALLOW */
	/* TCP and SCTP must begin with their opening; resets, answers, errors and messages that
	 * belong to nothing known are denied, but for what IPv6 neighbours say to each other. */
	bool strict;
	bool unknown_pods_external;
};

struct weir_worker;

/* A worker, owned by the caller (weir_worker_destroy), joined to the slot as a reader; all memory
 * that it will ever have. Options are copied, but for the allocator. -EINVAL: no slot. -ENOSPC: the
 * slot has no place for one more reader. -ENOMEM. */
int weir_worker_create(const struct weir_worker_options *options, struct weir_worker **out);
/* Leaves the slot and forgets all connections. NULL is allowed. */
void weir_worker_destroy(struct weir_worker *worker);

/* Where frames come from. */
struct weir_origin_of_frames {
	uint32_t zone;  /* keeps connections of separate networks apart */
	uint8_t halves; /* of enum weir_key_flags: WEIR_KEY_BOTH, or a node's own half */
};

/* Answers frames[0..n) in their order; verdicts[i] answers frames[i]. A frame's time tells the
 * time; one before the latest changes nothing. Best in bursts of 32. */
void weir_worker_process(struct weir_worker *worker, const struct weir_origin_of_frames *origin,
			 const struct weir_frame *frames, size_t n,
			 struct weir_packet_verdict *verdicts);

/* The same for frames that another worker answered with ELSEWHERE, in the order in which it did. */
void weir_worker_take(struct weir_worker *worker, const struct weir_origin_of_frames *origin,
		      const struct weir_frame *frames, size_t n,
		      struct weir_packet_verdict *verdicts);

/* An answer for a frame that was told to wait. */
struct weir_release {
	uint32_t ticket;
	struct weir_packet_verdict verdict; /* never WAIT */
};
/* Fills at most size answers and returns how many; after processing, until it returns 0. A ticket
 * is free again once its answer was taken. */
size_t weir_worker_released(struct weir_worker *worker, struct weir_release *out, size_t size);

/* When no frames come: lets time pass, and lets go of the policy until the next burst. */
void weir_worker_rest(struct weir_worker *worker, uint64_t now);

/* Which of count workers has a connection: the same for both directions. Any thread. */
uint16_t weir_worker_owner(const struct weir_tuple *tuple, uint16_t count);

struct weir_worker_counters {
	uint64_t packets[WEIR_PACKET_ACTIONS]; /* as they were answered first */
	uint64_t bytes[WEIR_PACKET_ACTIONS];
	uint64_t why[WEIR_PACKET_WHYS]; /* but of ELSEWHERE: who takes them says */
	uint64_t malformed[WEIR_MALFORMED_REASONS];
	uint64_t released[2]; /* that had waited: denied, allowed; elsewhere in neither */
	/* Judged connections, each denied packet being one: by direction, reason and action. */
	uint64_t halves[2][WEIR_REASONS][2];
	uint64_t revoked; /* connections that a later policy ended */
	struct weir_flow_counters flows;
};
/* What was counted since it was created; on the worker's own thread, or while that does not
 * process. */
void weir_worker_count(const struct weir_worker *worker, struct weir_worker_counters *out);

#ifdef __cplusplus
}
#endif
#endif
