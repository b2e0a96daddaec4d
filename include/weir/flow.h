/*
 * weir/flow.h - the bounded flow table of a live dataplane: how large, how long, what it counted.
 *
 * Times are nanoseconds. A table's own clock is the latest time that it was given. When the last
 * packet of a connection came is kept to a step of 2^27 ns (134 ms), rounded up: by that clock a
 * connection is remembered for its timeout, and less than a step longer.
 *
 * Threads. The functions are of constants: any thread.
 */
#ifndef WEIR_FLOW_H
#define WEIR_FLOW_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How long a connection without a packet is remembered, by what it has lived through. Defaults
 * in brackets, in seconds: those of Linux's nf_conntrack (net.netfilter.nf_conntrack_*). */
enum weir_flow_timeout {
	WEIR_FLOW_TIMEOUT_GENERIC,            /* no ports, not ICMP [600] */
	WEIR_FLOW_TIMEOUT_ICMP,               /* an echo and its like, other messages [30] */
	WEIR_FLOW_TIMEOUT_ICMPV6,             /* [30] */
	WEIR_FLOW_TIMEOUT_UDP,                /* unreplied [30] */
	WEIR_FLOW_TIMEOUT_UDP_STREAM,         /* replied [120] */
	WEIR_FLOW_TIMEOUT_TCP_SYN_SENT,       /* asked to open, by one side or both [120] */
	WEIR_FLOW_TIMEOUT_TCP_SYN_RECEIVED,   /* accepted, and no word of the opener's yet [60] */
	WEIR_FLOW_TIMEOUT_TCP_ESTABLISHED,    /* [432000, five days] */
	WEIR_FLOW_TIMEOUT_TCP_UNACKNOWLEDGED, /* taken up in mid-stream, one side silent [300] */
	WEIR_FLOW_TIMEOUT_TCP_FIN_WAIT,       /* one side has finished [120] */
	WEIR_FLOW_TIMEOUT_TCP_TIME_WAIT,      /* both have [120] */
	WEIR_FLOW_TIMEOUT_TCP_CLOSE,          /* reset [10] */
	WEIR_FLOW_TIMEOUT_SCTP_COOKIE_WAIT,   /* INIT, INIT-ACK [3] */
	WEIR_FLOW_TIMEOUT_SCTP_COOKIE_ECHOED, /* one side has spoken after them [3] */
	WEIR_FLOW_TIMEOUT_SCTP_ESTABLISHED,   /* [210] */
	WEIR_FLOW_TIMEOUT_SCTP_SHUTDOWN,      /* by one side or both [3] */
	WEIR_FLOW_TIMEOUT_SCTP_CLOSED,        /* aborted, or shut down wholly [10] */
	WEIR_FLOW_TIMEOUTS,
};

/* nf_conntrack's word for it ("tcp_timeout_syn_sent"); static storage. */
const char *weir_flow_timeout_name(enum weir_flow_timeout timeout);
/* nf_conntrack's default, in nanoseconds. */
uint64_t weir_flow_timeout_default(enum weir_flow_timeout timeout);

/* Flows of the two families have memory of their own, all of it taken at creation: 62 bytes for
 * each of IPv4, 94 for each of IPv6. */
struct weir_flow_options {
	uint32_t max_ipv4_flows; /* 0: none of the family can be kept */
	uint32_t max_ipv6_flows;
	/* Random, and told to nobody: who knows it can make flows that collide. */
	uint64_t secret[2];
	uint64_t timeouts[WEIR_FLOW_TIMEOUTS]; /* 0: the default */
};

/* When a table is full, room is made for a new flow by the first of: those that have expired; the
 * oldest of those that nobody has answered, that are not open yet (TCP and SCTP before the end of
 * the handshake) or that are over. Looked at are the buckets that a hand going round comes to next,
 * until one has expired or eight of the others were met, and 16 buckets at most: in a table of up
 * to eight flows these are all. When there is none of either the new flow is refused. The same is
 * done, though the table is not full, when the 32 buckets are in which the new flow might be (16 of
 * them are looked at), which is very rare. */
struct weir_flow_counters {
	uint64_t inserted;
	uint64_t restarted; /* flows that ended and began anew, with the same key */
	uint64_t expired;
	uint64_t removed;  /* by the caller */
	uint64_t evicted;  /* to make room */
	uint64_t refused;  /* flows that found no room */
	uint64_t steps;    /* buckets that insertions and expiry looked at */
	uint64_t flows[2]; /* now in the table: [0] IPv4, [1] IPv6; some may have expired */
	size_t bytes;      /* of memory, the same from creation to end */
};

#ifdef __cplusplus
}
#endif
#endif
