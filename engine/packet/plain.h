/*
 * plain.h - the commonest frame, read in one look.
 *
 * Most frames of most traces are TCP or UDP over IPv4 over Ethernet, without options or tags, with
 * all their headers captured. Those take a handful of comparisons that almost always hold, and
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
	WEIR_PLAIN_TCP = 6,
	WEIR_PLAIN_UDP = 17,
	/* and the bytes of its headers */
	WEIR_PLAIN_LINK = 14,
	WEIR_PLAIN_IP = 20,
	WEIR_PLAIN_TCP_HEADER = 20,
	WEIR_PLAIN_UDP_HEADER = 8,
};

struct weir_plain {
	uint32_t source; /* in host order, as all here */
	uint32_t destination;
	uint16_t source_port;
	uint16_t destination_port;
	uint8_t protocol;  /* TCP or UDP */
	uint8_t tcp_flags; /* 0 of UDP */
};

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
	       (weir_load16(bytes + WEIR_PLAIN_LINK + 6) & 0x3fff) == 0 &&
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
		length = (ip[WEIR_PLAIN_IP + 12] >> 4) * 4u;
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
	out->source = weir_load32(ip + 12);
	out->destination = weir_load32(ip + 16);
	out->source_port = weir_load16(ip + WEIR_PLAIN_IP);
	out->destination_port = weir_load16(ip + WEIR_PLAIN_IP + 2);
	out->protocol = ip[9];
	out->tcp_flags = ip[9] == WEIR_PLAIN_TCP ? ip[WEIR_PLAIN_IP + 13] : 0;
	return true;
}

/* Whether it may carry a packet (weir_packet.is_tunnel). */
static inline bool weir_plain_may_be_tunnel(const struct weir_plain *plain)
{
	return plain->protocol == WEIR_PLAIN_UDP && weir_is_tunnel_port(plain->destination_port);
}

#endif
