/*
 * tunnel.c - the frame that a packet carries.
 *
 *	IPIP, 6in4, 4in6, IPv6 in IPv6    the protocol says what follows
 *	GRE                               flags, EtherType; checksum, key, number by the flags
 *	VXLAN, to UDP 4789 and 8472       a flag and a network's number; then Ethernet
 *	Geneve, to UDP 6081               version, options' length, EtherType; the options
 *
 * A frame inside is one like any other: bytes, how many were captured and how many there were, and
 * a link type. So it is read by the same stages as the frame that carries it, one tunnel a call.
 *
 * A protocol number is a promise, a port is none: datagrams that do not begin as VXLAN (its flag is
 * set) or Geneve (version 0) are no tunnel's, but UDP to a port. Fragments are not opened: of the
 * packet inside the first has a part, and the others nothing that could be read.
 */
#include "decode.h"

enum {
	UDP_SIZE = 8,
	VXLAN_SIZE = 8,
	VXLAN_HAS_NETWORK = 0x08, /* all other flags are for the receiver to ignore */
	GENEVE_SIZE = 8,
	GENEVE_VERSION = 0xc0,
	GENEVE_OPTIONS = 0x3f, /* in units of 4 bytes */
	GRE_SIZE = 4,
	GRE_CHECKSUM = 0x80,
	GRE_ROUTING = 0x40,
	GRE_KEY = 0x20,
	GRE_SEQUENCE = 0x10,
	GRE_VERSION = 0x07, /* in the second byte */
	GRE_FIELD_SIZE = 4,
	ETHERTYPE_ETHERNET = 0x6558,
	ETHERTYPE_LEAST = 0x0600,
};

/* Labels and tags may stand between the type and the packet. */
static int follow_type(uint16_t type, struct weir_slice *slice, uint32_t *link_type)
{
	unsigned version;
	int finding;

	*link_type = LINKTYPE_ETHERNET;
	if (type == ETHERTYPE_ETHERNET)
		return WEIR_FINDING_NONE;
	if (type < ETHERTYPE_LEAST)
		return WEIR_FINDING_NOT_IP;
	finding = weir_link_follow(type, slice, &version);
	if (!finding)
		*link_type = version == 6 ? LINKTYPE_IPV6 : LINKTYPE_IPV4;
	return finding;
}

/* Version 1 carries PPP (RFC 2637). With routing (RFC 1701, withdrawn) no receiver takes it off. */
static int open_gre(struct weir_slice *slice, uint32_t *link_type)
{
	const uint8_t *header = slice->bytes;
	int finding = weir_slice_take(slice, GRE_SIZE);
	uint32_t fields;

	if (finding)
		return finding;
	if (header[1] & GRE_VERSION)
		return WEIR_FINDING_NOT_IP;
	if (header[0] & GRE_ROUTING)
		return WEIR_FINDING_NO_TUNNEL;
	fields = (uint32_t)__builtin_popcount(header[0] & (GRE_CHECKSUM | GRE_KEY | GRE_SEQUENCE));
	finding = weir_slice_take(slice, fields * GRE_FIELD_SIZE);
	return finding ? finding : follow_type(weir_load16(header + 2), slice, link_type);
}

static int open_vxlan(struct weir_slice *slice, uint32_t *link_type)
{
	const uint8_t *header = slice->bytes;

	if (slice->wire < VXLAN_SIZE)
		return WEIR_FINDING_NO_TUNNEL;
	if (slice->captured == 0)
		return WEIR_FINDING_CUT;
	if (!(header[0] & VXLAN_HAS_NETWORK))
		return WEIR_FINDING_NO_TUNNEL;
	*link_type = LINKTYPE_ETHERNET;
	return weir_slice_take(slice, VXLAN_SIZE);
}

static int open_geneve(struct weir_slice *slice, uint32_t *link_type)
{
	const uint8_t *header = slice->bytes;
	int finding;

	if (slice->wire < GENEVE_SIZE)
		return WEIR_FINDING_NO_TUNNEL;
	if (slice->captured == 0)
		return WEIR_FINDING_CUT;
	if (header[0] & GENEVE_VERSION)
		return WEIR_FINDING_NO_TUNNEL;
	finding = weir_slice_take(slice, GENEVE_SIZE + (header[0] & GENEVE_OPTIONS) * 4u);
	return finding ? finding : follow_type(weir_load16(header + 2), slice, link_type);
}

/* Up to the end that the datagram's length names, or the packet's where it has none (T2). */
static int open_udp(struct weir_slice *slice, uint32_t *link_type)
{
	const uint8_t *header = slice->bytes;
	int finding = weir_slice_take(slice, UDP_SIZE);
	uint16_t port;
	uint16_t length;

	if (finding)
		return finding;
	port = weir_load16(header + 2);
	length = weir_load16(header + 4);
	if (length >= UDP_SIZE)
		weir_slice_limit(slice, length - UDP_SIZE);
	if (!weir_is_tunnel_port(port))
		return WEIR_FINDING_NO_TUNNEL;
	return port == WEIR_PORT_GENEVE ? open_geneve(slice, link_type)
					: open_vxlan(slice, link_type);
}

static int open_tunnel(struct weir_ip *ip, uint32_t *link_type)
{
	if (ip->is_fragment)
		return WEIR_FINDING_NO_TUNNEL;
	switch (ip->protocol) {
	case WEIR_PROTOCOL_IPV4:
		*link_type = LINKTYPE_IPV4;
		return WEIR_FINDING_NONE;
	case WEIR_PROTOCOL_IPV6:
		*link_type = LINKTYPE_IPV6;
		return WEIR_FINDING_NONE;
	case WEIR_PROTOCOL_GRE:
		return open_gre(&ip->payload, link_type);
	case WEIR_PROTOCOL_UDP:
		return open_udp(&ip->payload, link_type);
	default:
		return WEIR_FINDING_NO_TUNNEL;
	}
}

bool weir_packet_decode_inner(struct weir_frame *frame, struct weir_packet *packet)
{
	uint32_t link_type = 0;
	struct weir_ip ip;
	int finding = weir_frame_read(frame, &ip);

	if (!finding)
		finding = open_tunnel(&ip, &link_type);
	if (finding == WEIR_FINDING_NO_TUNNEL)
		return false;
	if (finding) {
		weir_packet_conclude(finding, packet);
		return true;
	}
	frame->bytes = ip.payload.bytes;
	frame->captured = ip.payload.captured;
	frame->wire = ip.payload.wire;
	frame->link_type = link_type;
	weir_packet_decode(frame, packet);
	return true;
}
