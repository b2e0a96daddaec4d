/*
 * decode.h - the stages of reading a frame, each in a file of its own.
 *
 *	link.c       link header, VLAN tags      → where IP begins, and which version it must be
 *	ip.c         IP and extension headers    → addresses, protocol, fragment, where they end
 *	transport.c  TCP, UDP, SCTP, ICMP        → ports, flags, the quote of an ICMP error
 *	tunnel.c     what carries a packet       → the frame inside
 *	decode.c     puts them in a row; a short cut for the commonest frame
 *
 * A stage works on a slice: what is left of the frame. Its two lengths answer two questions.
 * Does the packet contradict itself? Only wire says. Can this byte be read? Only captured says.
 * Every stage asks the first before the second, and in the order of the bytes; therefore a frame
 * that is malformed at one cut is malformed for the same reason at every longer one.
 */
#ifndef WEIR_PACKET_DECODE_H
#define WEIR_PACKET_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "load.h"
#include "plain.h"
#include "weir/packet.h"

struct weir_slice {
	const uint8_t *bytes;
	uint32_t captured; /* bytes that may be read */
	uint32_t wire;     /* bytes that were there; captured <= wire */
};

/* What a stage found: 0 to go on, an enum weir_malformed, or one of these. */
enum weir_finding {
	WEIR_FINDING_NONE = WEIR_MALFORMED_NONE,
	WEIR_FINDING_CUT = WEIR_MALFORMED_REASONS, /* what is needed was not captured */
	WEIR_FINDING_NOT_IP,
	WEIR_FINDING_NO_TUNNEL, /* what looked like one is not */
};

enum weir_link_type {
	LINKTYPE_NULL = 0,
	LINKTYPE_ETHERNET = 1,
	LINKTYPE_RAW_BSD = 12, /* DLT_RAW written where LINKTYPE_RAW belongs */
	LINKTYPE_RAW_OPENBSD = 14,
	LINKTYPE_RAW = 101,
	LINKTYPE_LOOP = 108,
	LINKTYPE_LINUX_SLL = 113,
	LINKTYPE_IPV4 = 228,
	LINKTYPE_IPV6 = 229,
	LINKTYPE_LINUX_SLL2 = 276,
};

enum weir_protocol {
	WEIR_PROTOCOL_HOP_BY_HOP = 0,
	WEIR_PROTOCOL_ICMP = 1,
	WEIR_PROTOCOL_IPV4 = 4,
	WEIR_PROTOCOL_TCP = 6,
	WEIR_PROTOCOL_UDP = 17,
	WEIR_PROTOCOL_IPV6 = 41,
	WEIR_PROTOCOL_ROUTING = 43,
	WEIR_PROTOCOL_FRAGMENT = 44,
	WEIR_PROTOCOL_GRE = 47,
	WEIR_PROTOCOL_AUTHENTICATION = 51,
	WEIR_PROTOCOL_ICMPV6 = 58,
	WEIR_PROTOCOL_NONE = 59,
	WEIR_PROTOCOL_DESTINATION = 60,
	WEIR_PROTOCOL_SCTP = 132,
	WEIR_PROTOCOL_MOBILITY = 135,
	WEIR_PROTOCOL_HIP = 139,
	WEIR_PROTOCOL_SHIM6 = 140,
};

/* The IP and extension headers of one packet. */
struct weir_ip {
	struct weir_slice payload; /* behind them, to the end that the lengths name */
	struct weir_address source;
	struct weir_address destination;
	uint32_t fragment_id;
	uint16_t fragment_offset;
	uint16_t fragment_length;
	uint8_t protocol;
	uint8_t fragment_protocol;
	bool is_ipv6;
	bool is_fragment;
	bool has_more_fragments;
	bool is_later_fragment;
	bool has_extensions;
	bool length_missing; /* the length field was left to the offload engine (T2) */
};

/* weir_address_from_ipv4, inline for the hot path. */
static inline void weir_map_ipv4(const uint8_t bytes[4], struct weir_address *out)
{
	static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

	memcpy(out->bytes, mapped, sizeof(mapped));
	memcpy(out->bytes + sizeof(mapped), bytes, 4);
}

/* In two halves, because gcc makes a slow `rep stos` of more than 64 bytes (10 ns here). */
static inline void weir_packet_clear(struct weir_packet *out)
{
	memset(out, 0, offsetof(struct weir_packet, quote));
	memset(&out->quote, 0, sizeof(*out) - offsetof(struct weir_packet, quote));
}

/* Drops the first count bytes, which the wire has. */
static inline void weir_slice_advance(struct weir_slice *slice, uint32_t count)
{
	uint32_t readable = count < slice->captured ? count : slice->captured;

	slice->bytes += readable;
	slice->captured -= readable;
	slice->wire -= count;
}

/* Drops a header in front of a packet. Of a tunnel's too one that does not fit is the fault of the
 * frame. */
static inline int weir_slice_take(struct weir_slice *slice, uint32_t size)
{
	if (slice->wire < size)
		return WEIR_MALFORMED_ETHERNET_HEADER;
	if (slice->captured < size)
		return WEIR_FINDING_CUT;
	weir_slice_advance(slice, size);
	return WEIR_FINDING_NONE;
}

/* Ends the slice after wire bytes. */
static inline void weir_slice_limit(struct weir_slice *slice, uint32_t wire)
{
	if (slice->wire > wire)
		slice->wire = wire;
	if (slice->captured > wire)
		slice->captured = wire;
}

/* Moves the slice to the IP header; *version is 4, 6, or 0 where the header itself says. */
int weir_link_read(uint32_t link_type, struct weir_slice *slice, unsigned *version);

/* The same from behind an EtherType. */
int weir_link_follow(uint16_t type, struct weir_slice *slice, unsigned *version);

/* Reads the packet that begins at the slice. */
int weir_ip_read(struct weir_slice packet, unsigned version, struct weir_ip *out);

/* The same for the beginning of a packet that an ICMP error quotes: its lengths speak of bytes
 * that are not there, so they are not judged. */
int weir_ip_read_quoted(struct weir_slice packet, unsigned version, struct weir_ip *out);

/* Reads what follows the IP headers. */
int weir_transport_read(const struct weir_ip *ip, struct weir_packet *out);

/* The link and IP headers of a frame. */
static inline int weir_frame_read(const struct weir_frame *frame, struct weir_ip *out)
{
	struct weir_slice slice = { frame->bytes, frame->captured, frame->wire };
	unsigned version;
	int finding;

	weir_slice_limit(&slice, frame->wire);
	finding = weir_link_read(frame->link_type, &slice, &version);
	return finding ? finding : weir_ip_read(slice, version, out);
}

/* Makes the packet what a finding, not NONE, says. */
void weir_packet_conclude(int finding, struct weir_packet *out);

/* weir_packet_decode without the short cut, for the tests that compare them. */
void weir_packet_decode_stages(const struct weir_frame *frame, struct weir_packet *out);

#endif
