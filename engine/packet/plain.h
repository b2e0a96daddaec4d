/*
 * plain.h - the commonest frame, read in one look.
 *
 * Most frames of most traces are TCP, UDP or a ping over IPv4 over Ethernet, without options or tags,
 * with all their headers captured. Those take a handful of comparisons that almost always hold, and
 * loads at fixed offsets. Only frames that have no fault are plain, and only those of which the
 * stages of decode.h would say the same.
 */
#ifndef WEIR_PACKET_PLAIN_H
#define WEIR_PACKET_PLAIN_H

#include <stdbool.h>

#include "load.h"
#include "weir/packet.h"

enum {
	/* what it is */
	WEIR_PLAIN_ETHERNET = 1,
	WEIR_PLAIN_ICMP = 1,
	WEIR_PLAIN_TCP = 6,
	WEIR_PLAIN_UDP = 17,
	WEIR_PLAIN_ECHO = 8, /* ICMP types */
	WEIR_PLAIN_ECHO_REPLY = 0,
	/* and the bytes of its headers */
	WEIR_PLAIN_LINK = 14,
	WEIR_PLAIN_IP = 20,
	WEIR_PLAIN_TCP_HEADER = 20,
	WEIR_PLAIN_UDP_HEADER = 8,
	WEIR_PLAIN_ICMP_HEADER = 8,
};

/* Source and destination side by side, as they stand in the packet: the source is the high half. All
 * in host order. */
struct weir_plain {
	uint64_t addresses;
	uint32_t ports;
	uint8_t protocol;  /* TCP or UDP */
	uint8_t tcp_flags; /* 0 of UDP */
};

/* A ping or its answer, as common. */
struct weir_plain_echo {
	uint64_t addresses;
	uint16_t identifier;
	bool is_reply;
};

static inline uint32_t weir_plain_source(uint64_t addresses)
{
	return (uint32_t)(addresses >> 32);
}

static inline uint32_t weir_plain_destination(uint64_t addresses)
{
	return (uint32_t)addresses;
}

static inline uint16_t weir_plain_source_port(const struct weir_plain *plain)
{
	return (uint16_t)(plain->ports >> 16);
}

static inline uint16_t weir_plain_destination_port(const struct weir_plain *plain)
{
	return (uint16_t)plain->ports;
}

enum weir_tunnel_port {
	WEIR_PORT_VXLAN = 4789,
	WEIR_PORT_VXLAN_LINUX = 8472, /* before there was a number; flannel and Cilium kept it */
	WEIR_PORT_GENEVE = 6081,
};

/* Whether a UDP datagram to the port may be a tunnel's. */
static inline bool weir_is_tunnel_port(uint16_t port)
{
	return port == WEIR_PORT_VXLAN || port == WEIR_PORT_VXLAN_LINUX || port == WEIR_PORT_GENEVE;
}

/* Whether an unfragmented IPv4 packet without options lies wholly inside the frame, and enough of
 * it for a UDP header was captured; *total is its length. */
static inline bool weir_plain_ip(const struct weir_frame *frame, uint32_t *total)
{
	const uint8_t *bytes = frame->bytes;

	if (frame->link_type != WEIR_PLAIN_ETHERNET ||
	    frame->captured < WEIR_PLAIN_LINK + WEIR_PLAIN_IP + WEIR_PLAIN_UDP_HEADER ||
	    frame->captured > frame->wire)
		return false;
	*total = weir_load16(bytes + WEIR_PLAIN_LINK + 2);
	return (weir_load32(bytes + 12) & 0xffffff00) == 0x08004500 &&
	       (weir_load32(bytes + WEIR_PLAIN_LINK + 4) & 0x3fff) == 0 &&
	       *total <= frame->wire - WEIR_PLAIN_LINK;
}

/* Whether a TCP or UDP header stands whole behind the IP header of a packet of that length. */
static inline bool weir_plain_transport(const struct weir_frame *frame, uint32_t total)
{
	const uint8_t *ip = frame->bytes + WEIR_PLAIN_LINK;
	uint32_t length;

	if (ip[9] == WEIR_PLAIN_TCP) {
		if (frame->captured < WEIR_PLAIN_LINK + WEIR_PLAIN_IP + WEIR_PLAIN_TCP_HEADER)
			return false;
		length = (ip[WEIR_PLAIN_IP + 12] & 0xf0u) >> 2;
		return length >= WEIR_PLAIN_TCP_HEADER && WEIR_PLAIN_IP + length <= total;
	}
	length = weir_load16(ip + WEIR_PLAIN_IP + 4);
	return ip[9] == WEIR_PLAIN_UDP && length >= WEIR_PLAIN_UDP_HEADER &&
	       WEIR_PLAIN_IP + length <= total;
}

/* True when the frame is plain: *out is what it says. */
static inline bool weir_plain_read(const struct weir_frame *frame, struct weir_plain *out)
{
	const uint8_t *ip = frame->bytes + WEIR_PLAIN_LINK;
	uint32_t total;

	if (!weir_plain_ip(frame, &total) || !weir_plain_transport(frame, total))
		return false;
	out->addresses = weir_load64(ip + 12);
	out->ports = weir_load32(ip + WEIR_PLAIN_IP);
	out->protocol = ip[9];
	out->tcp_flags = ip[9] == WEIR_PLAIN_TCP ? ip[WEIR_PLAIN_IP + 13] : 0;
	return true;
}

/* The same for a ping, whose code is 0. */
static inline bool weir_plain_read_echo(const struct weir_frame *frame, struct weir_plain_echo *out)
{
	const uint8_t *ip = frame->bytes + WEIR_PLAIN_LINK;
	uint32_t total;
	uint32_t type;

	if (!weir_plain_ip(frame, &total) || ip[9] != WEIR_PLAIN_ICMP ||
	    total < WEIR_PLAIN_IP + WEIR_PLAIN_ICMP_HEADER)
		return false;
	type = weir_load16(ip + WEIR_PLAIN_IP);
	if (type != WEIR_PLAIN_ECHO << 8 && type != WEIR_PLAIN_ECHO_REPLY << 8)
		return false;
	out->addresses = weir_load64(ip + 12);
	out->identifier = weir_load16(ip + WEIR_PLAIN_IP + 4);
	out->is_reply = type == WEIR_PLAIN_ECHO_REPLY << 8;
	return true;
}

/* Whether it may carry a packet (weir_packet.is_tunnel). */
static inline bool weir_plain_may_be_tunnel(const struct weir_plain *plain)
{
	return plain->protocol == WEIR_PLAIN_UDP &&
	       weir_is_tunnel_port(weir_plain_destination_port(plain));
}

#endif
