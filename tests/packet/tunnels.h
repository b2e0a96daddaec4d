/* The outsides of tunnels: each appends its headers, and the packet inside may follow. */
#ifndef WEIR_TESTS_PACKET_TUNNELS_H
#define WEIR_TESTS_PACKET_TUNNELS_H

#include "frames.h"

static inline void vxlan(struct frame_builder *b)
{
	frame_vxlan(b, 4789);
}

static inline void vxlan_linux(struct frame_builder *b)
{
	frame_vxlan(b, 8472);
}

static inline void vxlan_vlan(struct frame_builder *b)
{
	frame_vxlan(b, 4789);
	frame_vlan(b, 0x8100, 7);
}

static inline void geneve(struct frame_builder *b)
{
	frame_geneve(b, 0);
	frame_inner_ethernet(b);
}

static inline void geneve_options(struct frame_builder *b)
{
	frame_geneve(b, 252); /* as many as there can be */
	frame_inner_ethernet(b);
}

static inline void geneve_ip(struct frame_builder *b)
{
	frame_geneve(b, 8);
}

static inline void gre(struct frame_builder *b)
{
	frame_gre(b, 0);
}

static inline void gre_checksum(struct frame_builder *b)
{
	frame_gre(b, 0x80);
}

static inline void gre_key(struct frame_builder *b)
{
	frame_gre(b, 0x20);
}

static inline void gre_sequence(struct frame_builder *b)
{
	frame_gre(b, 0x10);
}

static inline void gre_all(struct frame_builder *b)
{
	frame_gre(b, 0xb0);
}

static inline void gre_ethernet(struct frame_builder *b)
{
	frame_gre(b, 0x20);
	frame_inner_ethernet(b);
}

static inline void gre_mpls(struct frame_builder *b)
{
	frame_gre(b, 0);
	frame_label(b, 16, false);
	frame_label(b, 17, true);
}

/* The protocol says it: IPIP, 6in4, 4in6, IPv6 in IPv6. */
static inline void ip_in_ip(struct frame_builder *b)
{
	(void)b;
}

typedef void tunnel(struct frame_builder *b); /* a function type, to name the table's column */

static const struct {
	const char *name;
	tunnel *build;
} tunnels[] = {
	{ "VXLAN", vxlan },
	{ "VXLAN, Linux's port", vxlan_linux },
	{ "VXLAN, a VLAN inside", vxlan_vlan },
	{ "Geneve", geneve },
	{ "Geneve with options", geneve_options },
	{ "Geneve without Ethernet", geneve_ip },
	{ "GRE", gre },
	{ "GRE with a checksum", gre_checksum },
	{ "GRE with a key", gre_key },
	{ "GRE with a sequence number", gre_sequence },
	{ "GRE with all three", gre_all },
	{ "GRE with Ethernet", gre_ethernet },
	{ "GRE with MPLS", gre_mpls },
	{ "IP in IP", ip_in_ip },
};

#endif
