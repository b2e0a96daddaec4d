/*
 * traffic.h - packets of many sessions at once, in the order in which they are sent.
 */
#ifndef KERNEL_TRAFFIC_H
#define KERNEL_TRAFFIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster.h"
#include "rules.h"

/* What a session is about. */
enum kind {
	TCP_PLAIN,
	TCP_REORDERED,
	TCP_RETRANSMITTED,
	TCP_REFUSED,
	TCP_RESET,
	TCP_HALF_OPEN,
	TCP_HALF_CLOSED,
	TCP_BOTH_OPEN,
	TCP_REOPENED,
	TCP_REOPENED_BACK,
	TCP_MIDSTREAM,
	TCP_LONE,
	TCP_ANYTHING,
	TCP_BAD_FLAGS,
	UDP_ONE_WAY,
	UDP_REPLIED,
	UDP_BOTH_OPEN,
	ECHO,
	ECHO_REPLY_ALONE,
	ICMP_QUERY,
	ICMP_MESSAGE,
	ERROR_RELATED,
	ERROR_UNKNOWN,
	ERROR_FORGED,
	ERROR_SHORT,
	SCTP_PLAIN,
	SCTP_ABORTED,
	SCTP_HALF_OPEN,
	OTHER_PROTOCOL,
	BAD_CHECKSUM,
	FRAGMENTS_IN_ORDER,
	FRAGMENTS_REVERSED,
	FRAGMENTS_SHUFFLED,
	FRAGMENTS_REPEATED,
	FRAGMENTS_SENT_AGAIN,
	FRAGMENTS_INCOMPLETE,
	FRAGMENTS_OVERLAPPING,
	FRAGMENTS_SCATTERED,
	FRAGMENTS_TINY,
	KINDS,
};

const char *kind_name(enum kind kind);

struct packet {
	uint64_t at; /* of its frame, in the bytes of all */
	uint32_t datagram;
	uint16_t length;
	uint8_t leg;      /* where it comes from */
	bool is_repeated; /* a fragment that was there already */
	bool is_fragment;
};

/* An IP packet, whole or in fragments. */
struct datagram {
	uint32_t tag;
	uint32_t session; /* a number */
	bool is_ipv6;
	bool is_again; /* sent with the identification of another */
	bool is_whole; /* all of it is sent, once, and in a way that can be put together */
	bool has_bad_checksum;
	uint8_t protocol;
	uint8_t kind; /* enum kind */
	uint8_t fate; /* enum fate */
};

struct traffic {
	const struct cluster *cluster;
	struct dice dice;
	struct packet *packets;
	size_t count;
	struct datagram *datagrams;
	size_t datagram_count, datagram_room;
	uint8_t *bytes;
	size_t size, bytes_room;
	uint32_t tags[4]; /* counters: IPv4 whole, in fragments, in fragments that do not come
			     together; IPv6 */
	uint32_t ports, sessions; /* counters */
};

/* count packets, or a few more, of sessions of all kinds. 0 or -ENOMEM; finish in both cases. */
int traffic_make(struct traffic *traffic, const struct cluster *cluster, struct dice dice,
		 size_t count);
void traffic_finish(struct traffic *traffic);

#endif
