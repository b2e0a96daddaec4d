/*
 * plain.h - the commonest frame, read in one look.
 *
 * Most frames of most traces are TCP, UDP or a ping over IP over Ethernet, without options, further
 * headers or tags, with all their headers captured. Those take a handful of comparisons that almost always hold, and
 * loads at fixed offsets. Only frames that have no fault are plain, and only those of which the
 * stages of decode.h would say the same.
 */
#ifndef WEIR_PACKET_PLAIN_H
#define WEIR_PACKET_PLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "load.h"
#include "weir/packet.h"

enum {
	/* what it is */
	WEIR_PLAIN_ETHERNET = 1,
	WEIR_PLAIN_ICMP = 1,
	WEIR_PLAIN_TCP = 6,
	WEIR_PLAIN_UDP = 17,
	WEIR_PLAIN_ICMPV6 = 58,
	WEIR_PLAIN_ECHO = 8, /* types */
	WEIR_PLAIN_ECHO_REPLY = 0,
	WEIR_PLAIN_ECHO_IPV6 = 128,
	WEIR_PLAIN_ECHO_REPLY_IPV6 = 129,
	/* and the bytes of its headers */
	WEIR_PLAIN_LINK = 14,
	WEIR_PLAIN_IPV4 = 20,
	WEIR_PLAIN_IPV6 = 40,
	WEIR_PLAIN_TCP_HEADER = 20,
	WEIR_PLAIN_UDP_HEADER = 8,
	WEIR_PLAIN_ICMP_HEADER = 8,
};

/* The addresses of a packet: the source's and behind it the destination's, as they stand in it. */
struct weir_plain_ends {
	const uint8_t *addresses; /* in the frame */
	bool is_ipv6;             /* neither of which is a mapped IPv4 address */
};

struct weir_plain {
	struct weir_plain_ends ends;
	uint32_t ports;    /* the source's is the high half, in host order */
	uint8_t protocol;  /* TCP or UDP */
	uint8_t tcp_flags; /* 0 of UDP */
};

/* A ping or its answer, as common. */
struct weir_plain_echo {
	struct weir_plain_ends ends;
	uint16_t identifier; /* in host order */
	bool is_reply;
};

static inline uint16_t weir_plain_source_port(const struct weir_plain *plain)
{
	return (uint16_t)(plain->ports >> 16);
}

static inline uint16_t weir_plain_destination_port(const struct weir_plain *plain)
{
	return (uint16_t)plain->ports;
}

/* The source's, 0, or the destination's, 1. */
static inline struct weir_address weir_plain_address(const struct weir_plain_ends *ends,
						     unsigned which)
{
	struct weir_address out;

	if (!ends->is_ipv6)
		return weir_address_from_ipv4(ends->addresses + 4 * (size_t)which);
	memcpy(out.bytes, ends->addresses + 16 * (size_t)which, sizeof(out.bytes));
	return out;
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

/* A packet that lies wholly inside its frame: offsets in that. */
struct weir_plain_ip {
	struct weir_plain_ends ends;
	uint32_t at;  /* the transport's header, of which enough for UDP was captured */
	uint32_t end; /* of the packet */
	uint8_t protocol;
};

/* An unfragmented IPv4 packet without options. */
static inline bool weir_plain_ipv4(const struct weir_frame *frame, struct weir_plain_ip *out)
{
	const uint8_t *ip = frame->bytes + WEIR_PLAIN_LINK;

	out->ends = (struct weir_plain_ends){ ip + 12, false };
	out->at = WEIR_PLAIN_LINK + WEIR_PLAIN_IPV4;
	out->end = WEIR_PLAIN_LINK + weir_load16(ip + 2);
	out->protocol = ip[9];
	return (weir_load32(ip + 4) & 0x3fff) == 0 && out->end <= frame->wire;
}

/* An IPv6 packet without other headers between. Addresses that begin with so many zeros may be IPv4
 * ones, and are common on no network. */
static inline bool weir_plain_ipv6(const struct weir_frame *frame, struct weir_plain_ip *out)
{
	const uint8_t *ip = frame->bytes + WEIR_PLAIN_LINK;

	if (frame->captured < WEIR_PLAIN_LINK + WEIR_PLAIN_IPV6 + WEIR_PLAIN_UDP_HEADER)
		return false;
	out->ends = (struct weir_plain_ends){ ip + 8, true };
	out->at = WEIR_PLAIN_LINK + WEIR_PLAIN_IPV6;
	out->end = WEIR_PLAIN_LINK + WEIR_PLAIN_IPV6 + weir_load16(ip + 4);
	out->protocol = ip[6];
	return weir_load64(ip + 8) && weir_load64(ip + 24) && out->end <= frame->wire;
}

static inline bool weir_plain_read_ip(const struct weir_frame *frame, struct weir_plain_ip *out)
{
	uint32_t begin;

	if (frame->link_type != WEIR_PLAIN_ETHERNET ||
	    frame->captured < WEIR_PLAIN_LINK + WEIR_PLAIN_IPV4 + WEIR_PLAIN_UDP_HEADER ||
	    frame->captured > frame->wire)
		return false;
	begin = weir_load32(frame->bytes + WEIR_PLAIN_LINK - 2);
	if ((begin & 0xffffff00) == 0x08004500)
		return weir_plain_ipv4(frame, out);
	return (begin & 0xfffff000) == 0x86dd6000 && weir_plain_ipv6(frame, out);
}

/* Whether a TCP or UDP header stands whole in the packet. */
static inline __attribute__((always_inline)) bool
weir_plain_transport(const struct weir_frame *frame, const struct weir_plain_ip *ip, uint32_t at)
{
	const uint8_t *header = frame->bytes + at;
	uint32_t length;

	if (ip->protocol == WEIR_PLAIN_TCP) {
		if (frame->captured < at + WEIR_PLAIN_TCP_HEADER)
			return false;
		length = (header[12] & 0xf0u) >> 2;
		return length >= WEIR_PLAIN_TCP_HEADER && at + length <= ip->end;
	}
	length = weir_load16(header + 4);
	return ip->protocol == WEIR_PLAIN_UDP && length >= WEIR_PLAIN_UDP_HEADER &&
	       at + length <= ip->end;
}

/* Inlined for each family, whose offsets are constants then. */
static inline __attribute__((always_inline)) bool
weir_plain_read_ports(const struct weir_frame *frame, const struct weir_plain_ip *ip, uint32_t at,
		      struct weir_plain *out)
{
	const uint8_t *header = frame->bytes + at;

	if (!weir_plain_transport(frame, ip, at))
		return false;
	out->ends = ip->ends;
	out->ports = weir_load32(header);
	out->protocol = ip->protocol;
	out->tcp_flags = ip->protocol == WEIR_PLAIN_TCP ? header[13] : 0;
	return true;
}

/* True when the frame is plain: *out is what it says. */
static inline bool weir_plain_read(const struct weir_frame *frame, struct weir_plain *out)
{
	struct weir_plain_ip ip;

	if (!weir_plain_read_ip(frame, &ip))
		return false;
	if (ip.ends.is_ipv6)
		return weir_plain_read_ports(frame, &ip, WEIR_PLAIN_LINK + WEIR_PLAIN_IPV6, out);
	return weir_plain_read_ports(frame, &ip, WEIR_PLAIN_LINK + WEIR_PLAIN_IPV4, out);
}

/* The same for a ping, whose code is 0. */
static inline bool weir_plain_read_echo(const struct weir_frame *frame, struct weir_plain_echo *out)
{
	struct weir_plain_ip ip;
	const uint8_t *header;
	uint32_t request, reply, type;

	if (!weir_plain_read_ip(frame, &ip) || ip.end < ip.at + WEIR_PLAIN_ICMP_HEADER ||
	    ip.protocol != (ip.ends.is_ipv6 ? WEIR_PLAIN_ICMPV6 : WEIR_PLAIN_ICMP))
		return false;
	header = frame->bytes + ip.at;
	type = weir_load16(header);
	request = (ip.ends.is_ipv6 ? WEIR_PLAIN_ECHO_IPV6 : WEIR_PLAIN_ECHO) << 8;
	reply = (ip.ends.is_ipv6 ? WEIR_PLAIN_ECHO_REPLY_IPV6 : WEIR_PLAIN_ECHO_REPLY) << 8;
	if (type != request && type != reply)
		return false;
	out->ends = ip.ends;
	out->identifier = weir_load16(header + 4);
	out->is_reply = type == reply;
	return true;
}

/* Whether it may carry a packet (weir_packet.is_tunnel). */
static inline bool weir_plain_may_be_tunnel(const struct weir_plain *plain)
{
	return plain->protocol == WEIR_PLAIN_UDP &&
	       weir_is_tunnel_port(weir_plain_destination_port(plain));
}

#endif
