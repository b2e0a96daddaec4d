/* Frames that the tests of this room start from. */
#ifndef WEIR_TESTS_PACKET_BASES_H
#define WEIR_TESTS_PACKET_BASES_H

#include "frames.h"

/* On Ethernet: IPv4 begins at 14, its payload at 34; IPv6 at 14, its payload at 54. */
static inline void tcp4(struct frame_builder *b)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ip(b, "10.0.0.1", "10.0.0.2");
	frame_tcp(b, 40000, 80, WEIR_TCP_SYN);
	frame_payload(b, 12);
	frame_end(b);
}

static inline void tcp6(struct frame_builder *b)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ip(b, "fd00::1", "fd00::2");
	frame_tcp(b, 40000, 80, WEIR_TCP_SYN);
	frame_payload(b, 12);
	frame_end(b);
}

static inline void udp4(struct frame_builder *b)
{
	frame_udp_packet(b, "10.0.0.1", 5353, "10.0.0.2", 53, 20);
}

static inline void udp6(struct frame_builder *b)
{
	frame_udp_packet(b, "fd00::1", 5353, "fd00::2", 53, 20);
}

static inline void sctp4(struct frame_builder *b)
{
	frame_sctp_packet(b, "10.0.0.1", 5000, "10.0.0.2", 5001, 1);
}

static inline void echo4(struct frame_builder *b)
{
	frame_echo_packet(b, "10.0.0.1", "10.0.0.2", false, 777);
}

static inline void echo6(struct frame_builder *b)
{
	frame_echo_packet(b, "fd00::1", "fd00::2", true, 777);
}

static inline void options4(struct frame_builder *b)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ipv4_options(b, "10.0.0.1", "10.0.0.2", 12);
	frame_tcp(b, 40000, 80, WEIR_TCP_SYN);
	frame_end(b);
}

/* Every extension header that there is, an atomic fragment among them. */
static inline void extensions6(struct frame_builder *b)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ip(b, "fd00::1", "fd00::2");
	frame_extension(b, FRAME_HOP_BY_HOP, 8);
	frame_extension(b, FRAME_ROUTING, 24);
	frame_ipv6_fragment(b, 99, 0, false);
	frame_extension(b, FRAME_AUTHENTICATION, 20);
	frame_extension(b, FRAME_DESTINATION, 16);
	frame_extension(b, FRAME_MOBILITY, 8);
	frame_extension(b, FRAME_HIP, 40);
	frame_extension(b, FRAME_SHIM6, 8);
	frame_tcp(b, 40000, 80, WEIR_TCP_SYN);
	frame_end(b);
}

static inline void hop6(struct frame_builder *b)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ip(b, "fd00::1", "fd00::2");
	frame_extension(b, FRAME_HOP_BY_HOP, 8);
	frame_udp(b, 5353, 53);
	frame_payload(b, 4);
	frame_end(b);
}

static inline void authenticated4(struct frame_builder *b)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ip(b, "10.0.0.1", "10.0.0.2");
	frame_extension(b, FRAME_AUTHENTICATION, 24);
	frame_tcp(b, 40000, 80, WEIR_TCP_SYN);
	frame_end(b);
}

static inline void vlans4(struct frame_builder *b)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_vlan(b, 0x88a8, 1);
	frame_vlan(b, 0x9100, 2);
	frame_vlan(b, 0x8100, 3);
	frame_ip(b, "10.0.0.1", "10.0.0.2");
	frame_tcp(b, 40000, 80, WEIR_TCP_SYN);
	frame_end(b);
}

/* Two MPLS labels: IPv4 begins at 22. */
static inline void labels4(struct frame_builder *b)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_label(b, 17, false);
	frame_label(b, 0xfffff, true);
	frame_ip(b, "10.0.0.1", "10.0.0.2");
	frame_tcp(b, 40000, 80, WEIR_TCP_SYN);
	frame_end(b);
}

static inline void labels6(struct frame_builder *b)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_vlan(b, 0x8100, 5);
	frame_label(b, 2, true);
	frame_ip(b, "fd00::1", "fd00::2");
	frame_udp(b, 5353, 53);
	frame_end(b);
}

/* A port unreachable about a UDP packet from 10.0.0.1 to 10.0.0.2. The quote is at 42. */
static inline void error4(struct frame_builder *b)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ip(b, "10.0.0.9", "10.0.0.1");
	frame_icmp(b, 3, 3, 0);
	frame_ip(b, "10.0.0.1", "10.0.0.2");
	frame_udp(b, 5353, 53);
	frame_end(b);
}

static inline void error6(struct frame_builder *b)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ip(b, "fd00::9", "fd00::1");
	frame_icmp(b, 2, 0, 1280);
	frame_ip(b, "fd00::1", "fd00::2");
	frame_extension(b, FRAME_DESTINATION, 8);
	frame_tcp(b, 40000, 80, WEIR_TCP_ACK);
	frame_end(b);
}

static inline void first_fragment4(struct frame_builder *b)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ip(b, "10.0.0.1", "10.0.0.2");
	frame_ipv4_fragment(b, 4711, 0, true);
	frame_udp(b, 5353, 53);
	frame_payload(b, 8);
	frame_end(b);
	frame_poke16(b, b->transport + 4, 1400); /* the length of the whole datagram */
}

static inline void later_fragment4(struct frame_builder *b)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ip(b, "10.0.0.1", "10.0.0.2");
	frame_ipv4_fragment(b, 4711, 2, true);
	frame_other(b, 17);
	frame_payload(b, 16);
	frame_end(b);
}

static inline void first_fragment6(struct frame_builder *b)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ip(b, "fd00::1", "fd00::2");
	frame_extension(b, FRAME_HOP_BY_HOP, 8);
	frame_ipv6_fragment(b, 0xdeadbeef, 0, true);
	frame_extension(b, FRAME_DESTINATION, 8);
	frame_tcp(b, 40000, 80, WEIR_TCP_SYN);
	frame_payload(b, 4);
	frame_end(b);
}

static inline void later_fragment6(struct frame_builder *b)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ip(b, "fd00::1", "fd00::2");
	frame_ipv6_fragment(b, 0xdeadbeef, 5, false);
	frame_other(b, 60); /* what the first fragment begins with, not what this one does */
	frame_payload(b, 16);
	frame_end(b);
}

static inline void cooked4(struct frame_builder *b)
{
	frame_begin(b, FRAME_SLL);
	frame_vlan(b, 0x8100, 5);
	frame_ip(b, "10.0.0.1", "10.0.0.2");
	frame_tcp(b, 40000, 80, WEIR_TCP_SYN);
	frame_end(b);
}

static inline void cooked6(struct frame_builder *b)
{
	frame_begin(b, FRAME_SLL2);
	frame_ip(b, "fd00::1", "fd00::2");
	frame_udp(b, 5353, 53);
	frame_end(b);
}

static inline void null6(struct frame_builder *b)
{
	frame_begin(b, FRAME_NULL);
	frame_ip(b, "fd00::1", "fd00::2");
	frame_udp(b, 5353, 53);
	frame_end(b);
}

static inline void raw4(struct frame_builder *b)
{
	frame_begin(b, FRAME_RAW);
	frame_ip(b, "10.0.0.1", "10.0.0.2");
	frame_udp(b, 5353, 53);
	frame_end(b);
}

static inline void arp(struct frame_builder *b)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ethertype(b, 0x0806);
	frame_payload(b, 28);
	frame_end(b);
}

typedef void base(struct frame_builder *b); /* a function type, to name the tables' columns */

static base *const bases[] = {
	tcp4,
	tcp6,
	udp4,
	udp6,
	sctp4,
	echo4,
	echo6,
	options4,
	extensions6,
	hop6,
	authenticated4,
	vlans4,
	labels4,
	labels6,
	error4,
	error6,
	first_fragment4,
	later_fragment4,
	first_fragment6,
	later_fragment6,
	cooked4,
	cooked6,
	null6,
	raw4,
	arp,
};

#endif
