/*
 * frames.h - frames built by hand, header by header from the outside in.
 *
 *	struct frame_builder b;
 *	frame_begin(&b, FRAME_ETHERNET);            the link header, if the link type has one
 *	frame_vlan(&b, 0x8100, 12);
 *	frame_ip(&b, "10.0.1.5", "10.0.2.7");       or two IPv6 addresses
 *	frame_tcp(&b, 40000, 80, WEIR_TCP_SYN);
 *	frame_payload(&b, 100);
 *	frame_end(&b);                              writes every length field
 *	struct weir_frame frame = frame_whole(&b);  or frame_cut(&b, captured)
 *
 * Each header writes its type into the header before it. A header behind an ICMP error is its
 * quote. Frames that lie are made by frame_poke8/16 after frame_end; b.ip and b.transport are the
 * offsets of the newest IP header and of what follows it and its extension headers.
 */
#ifndef WEIR_TESTS_FRAMES_H
#define WEIR_TESTS_FRAMES_H

#include <assert.h>
#include <string.h>

#include "weir/address.h"
#include "weir/packet.h"

enum {
	FRAME_NULL = 0,
	FRAME_ETHERNET = 1,
	FRAME_RAW = 101,
	FRAME_LOOP = 108,
	FRAME_SLL = 113,
	FRAME_IPV4 = 228,
	FRAME_IPV6 = 229,
	FRAME_SLL2 = 276,
};

enum {
	FRAME_HOP_BY_HOP = 0,
	FRAME_ROUTING = 43,
	FRAME_AUTHENTICATION = 51,
	FRAME_DESTINATION = 60,
	FRAME_MOBILITY = 135,
	FRAME_HIP = 139,
	FRAME_SHIM6 = 140,
};

enum frame_layer_kind { FRAME_LAYER_IPV4, FRAME_LAYER_IPV6, FRAME_LAYER_UDP };

/* How the next header's type is written into the one before. */
enum frame_next { FRAME_NEXT_NONE, FRAME_NEXT_ETHERTYPE, FRAME_NEXT_FAMILY, FRAME_NEXT_PROTOCOL };

struct frame_builder {
	uint8_t bytes[4096];
	uint32_t length;
	uint32_t link_type;
	uint32_t ip;
	uint32_t transport;
	enum frame_next next;
	uint32_t next_at;
	struct {
		enum frame_layer_kind kind;
		uint32_t at;
	} layers[64];
	unsigned layer_count;
};

static inline void frame_poke8(struct frame_builder *b, uint32_t at, uint8_t value)
{
	assert(at < b->length);
	b->bytes[at] = value;
}

static inline void frame_poke16(struct frame_builder *b, uint32_t at, uint16_t value)
{
	frame_poke8(b, at, (uint8_t)(value >> 8));
	frame_poke8(b, at + 1, (uint8_t)value);
}

static inline void frame_poke32(struct frame_builder *b, uint32_t at, uint32_t value)
{
	frame_poke16(b, at, (uint16_t)(value >> 16));
	frame_poke16(b, at + 2, (uint16_t)value);
}

/* Zeroed room for a header; returns its offset. */
static inline uint32_t frame_append(struct frame_builder *b, uint32_t size)
{
	uint32_t at = b->length;

	assert(at + size <= sizeof(b->bytes));
	memset(b->bytes + at, 0, size);
	b->length += size;
	return at;
}

static inline void frame_payload(struct frame_builder *b, uint32_t size)
{
	uint32_t at = frame_append(b, size);

	for (uint32_t i = 0; i < size; i++)
		b->bytes[at + i] = (uint8_t)(0xa0 + i);
}

static inline void frame_payload_bytes(struct frame_builder *b, const void *bytes, uint32_t size)
{
	memcpy(b->bytes + frame_append(b, size), bytes, size);
}

static inline void frame_layer(struct frame_builder *b, enum frame_layer_kind kind, uint32_t at)
{
	assert(b->layer_count < 64);
	b->layers[b->layer_count].kind = kind;
	b->layers[b->layer_count++].at = at;
}

static inline void frame_expect(struct frame_builder *b, enum frame_next next, uint32_t at)
{
	b->next = next;
	b->next_at = at;
}

static inline void frame_link_type(struct frame_builder *b, uint16_t ethertype)
{
	if (b->next == FRAME_NEXT_ETHERTYPE)
		frame_poke16(b, b->next_at, ethertype);
	/* BSD families are in the byte order of the capturing machine: here the little one. LOOP is
	 * always in network order. */
	if (b->next == FRAME_NEXT_FAMILY) {
		uint8_t family = ethertype == 0x86dd ? 30 : 2;

		frame_poke8(b, b->next_at + (b->link_type == FRAME_LOOP ? 3 : 0), family);
	}
	/* IP in IP */
	if (b->next == FRAME_NEXT_PROTOCOL)
		frame_poke8(b, b->next_at, ethertype == 0x86dd ? 41 : 4);
	b->next = FRAME_NEXT_NONE;
}

static inline void frame_protocol(struct frame_builder *b, uint8_t protocol)
{
	if (b->next == FRAME_NEXT_PROTOCOL)
		frame_poke8(b, b->next_at, protocol);
	b->next = FRAME_NEXT_NONE;
}

static inline void frame_begin(struct frame_builder *b, uint32_t link_type)
{
	uint32_t at;

	memset(b, 0, sizeof(*b));
	b->link_type = link_type;
	switch (link_type) {
	case FRAME_ETHERNET:
		at = frame_append(b, 14);
		frame_poke8(b, at, 2);
		frame_poke8(b, at + 6, 2);
		frame_poke8(b, at + 11, 1);
		frame_expect(b, FRAME_NEXT_ETHERTYPE, at + 12);
		break;
	case FRAME_SLL:
		at = frame_append(b, 16);
		frame_poke16(b, at + 2, 1); /* ARPHRD_ETHER */
		frame_poke16(b, at + 4, 6);
		frame_expect(b, FRAME_NEXT_ETHERTYPE, at + 14);
		break;
	case FRAME_SLL2:
		at = frame_append(b, 20);
		frame_poke32(b, at + 4, 2); /* interface index */
		frame_poke16(b, at + 8, 1); /* ARPHRD_ETHER */
		frame_poke8(b, at + 11, 6);
		frame_expect(b, FRAME_NEXT_ETHERTYPE, at);
		break;
	case FRAME_NULL:
	case FRAME_LOOP:
		at = frame_append(b, 4);
		frame_expect(b, FRAME_NEXT_FAMILY, at);
		break;
	default:
		break;
	}
}

static inline void frame_vlan(struct frame_builder *b, uint16_t tag_type, uint16_t vlan)
{
	uint32_t at;

	frame_link_type(b, tag_type);
	at = frame_append(b, 4);
	frame_poke16(b, at, vlan);
	frame_expect(b, FRAME_NEXT_ETHERTYPE, at + 2);
}

/* Something that is not IP behind the link header: ARP is 0x0806. */
static inline void frame_ethertype(struct frame_builder *b, uint16_t ethertype)
{
	frame_link_type(b, ethertype);
}

/* options: bytes, a multiple of 4, filled with no-operations. */
static inline void frame_ipv4_options(struct frame_builder *b, const char *source,
				      const char *destination, uint32_t options)
{
	struct weir_address from;
	struct weir_address to;
	uint32_t at;

	if (weir_address_parse(source, strlen(source), &from) ||
	    weir_address_parse(destination, strlen(destination), &to))
		assert(!"an address");
	frame_link_type(b, 0x0800);
	at = frame_append(b, 20 + options);
	frame_poke8(b, at, (uint8_t)(0x45 + options / 4));
	frame_poke8(b, at + 8, 64);
	memcpy(b->bytes + at + 12, from.bytes + 12, 4);
	memcpy(b->bytes + at + 16, to.bytes + 12, 4);
	memset(b->bytes + at + 20, 1, options);
	b->ip = at;
	b->transport = b->length;
	frame_layer(b, FRAME_LAYER_IPV4, at);
	frame_expect(b, FRAME_NEXT_PROTOCOL, at + 9);
}

static inline void frame_ipv6(struct frame_builder *b, const char *source, const char *destination)
{
	struct weir_address from;
	struct weir_address to;
	uint32_t at;

	if (weir_address_parse(source, strlen(source), &from) ||
	    weir_address_parse(destination, strlen(destination), &to))
		assert(!"an address");
	frame_link_type(b, 0x86dd);
	at = frame_append(b, 40);
	frame_poke8(b, at, 0x60);
	frame_poke8(b, at + 6, 59); /* no next header, until there is one */
	frame_poke8(b, at + 7, 64);
	memcpy(b->bytes + at + 8, from.bytes, 16);
	memcpy(b->bytes + at + 24, to.bytes, 16);
	b->ip = at;
	b->transport = b->length;
	frame_layer(b, FRAME_LAYER_IPV6, at);
	frame_expect(b, FRAME_NEXT_PROTOCOL, at + 6);
}

/* The family is that of the text. */
static inline void frame_ip(struct frame_builder *b, const char *source, const char *destination)
{
	if (strchr(source, ':'))
		frame_ipv6(b, source, destination);
	else
		frame_ipv4_options(b, source, destination, 0);
}

/* Makes the newest IPv4 header one of a fragment; offset in units of 8 bytes. */
static inline void frame_ipv4_fragment(struct frame_builder *b, uint16_t id, uint16_t offset,
				       bool more)
{
	frame_poke16(b, b->ip + 4, id);
	frame_poke16(b, b->ip + 6, (uint16_t)(offset | (more ? 0x2000 : 0)));
}

/* The IPv6 fragment header; offset in units of 8 bytes. */
static inline void frame_ipv6_fragment(struct frame_builder *b, uint32_t id, uint16_t offset,
				       bool more)
{
	uint32_t at;

	frame_protocol(b, 44);
	at = frame_append(b, 8);
	frame_poke8(b, at, 59);
	frame_poke16(b, at + 2, (uint16_t)(offset << 3 | (more ? 1 : 0)));
	frame_poke32(b, at + 4, id);
	b->transport = b->length;
	frame_expect(b, FRAME_NEXT_PROTOCOL, at);
}

/* An extension header of size bytes (a multiple of 8, of 4 for AH): FRAME_HOP_BY_HOP... */
static inline void frame_extension(struct frame_builder *b, uint8_t type, uint32_t size)
{
	uint32_t at;

	frame_protocol(b, type);
	at = frame_append(b, size);
	frame_poke8(b, at, 59);
	frame_poke8(b, at + 1,
		    (uint8_t)(type == FRAME_AUTHENTICATION ? size / 4 - 2 : size / 8 - 1));
	b->transport = b->length;
	frame_expect(b, FRAME_NEXT_PROTOCOL, at);
}

/* Any protocol: its header is the caller's payload. */
static inline void frame_other(struct frame_builder *b, uint8_t protocol)
{
	frame_protocol(b, protocol);
	b->transport = b->length;
}

static inline void frame_tcp(struct frame_builder *b, uint16_t source_port,
			     uint16_t destination_port, uint8_t flags)
{
	uint32_t at;

	frame_other(b, 6);
	at = frame_append(b, 20);
	frame_poke16(b, at, source_port);
	frame_poke16(b, at + 2, destination_port);
	frame_poke8(b, at + 12, 0x50);
	frame_poke8(b, at + 13, flags);
}

static inline void frame_udp(struct frame_builder *b, uint16_t source_port,
			     uint16_t destination_port)
{
	uint32_t at;

	frame_other(b, 17);
	at = frame_append(b, 8);
	frame_poke16(b, at, source_port);
	frame_poke16(b, at + 2, destination_port);
	frame_layer(b, FRAME_LAYER_UDP, at);
}

/* A link header inside a tunnel: behind frame_vxlan, or what names it, frame_geneve and frame_gre.
 */
static inline void frame_inner_ethernet(struct frame_builder *b)
{
	uint32_t at;

	frame_link_type(b, 0x6558);
	at = frame_append(b, 14);
	frame_poke8(b, at, 2);
	frame_poke8(b, at + 6, 2);
	frame_poke8(b, at + 11, 2);
	frame_expect(b, FRAME_NEXT_ETHERTYPE, at + 12);
}

/* An MPLS label; the next one, or IP, follows. */
static inline void frame_label(struct frame_builder *b, uint32_t label, bool is_bottom)
{
	uint32_t at;

	frame_link_type(b, 0x8847);
	at = frame_append(b, 4);
	frame_poke32(b, at, label << 12 | (is_bottom ? 0x100 : 0) | 64);
}

/* VXLAN over UDP, and the link header inside. port: 4789 or 8472. */
static inline void frame_vxlan(struct frame_builder *b, uint16_t port)
{
	uint32_t at;

	frame_udp(b, 50000, port);
	at = frame_append(b, 8);
	frame_poke8(b, at, 8);
	frame_poke8(b, at + 6, 42);
	frame_expect(b, FRAME_NEXT_NONE, 0);
	frame_inner_ethernet(b);
}

/* Geneve over UDP; options: bytes, a multiple of 4. The packet inside follows, or
 * frame_inner_ethernet. */
static inline void frame_geneve(struct frame_builder *b, uint32_t options)
{
	uint32_t at;

	frame_udp(b, 50000, 6081);
	at = frame_append(b, 8 + options);
	frame_poke8(b, at, (uint8_t)(options / 4));
	frame_poke8(b, at + 6, 42);
	frame_expect(b, FRAME_NEXT_ETHERTYPE, at + 2);
}

/* GRE; flags: its first byte, of which checksum 0x80, key 0x20 and sequence 0x10 have 4 bytes each.
 * The packet inside follows, or frame_inner_ethernet. */
static inline void frame_gre(struct frame_builder *b, uint8_t flags)
{
	uint32_t at;

	frame_other(b, 47);
	at = frame_append(b, 4 + 4 * (uint32_t)__builtin_popcount(flags & 0xb0));
	frame_poke8(b, at, flags);
	frame_expect(b, FRAME_NEXT_ETHERTYPE, at + 2);
}

/* chunk: type of the first chunk (1 INIT, 2 INIT-ACK, 0 DATA...). */
static inline void frame_sctp(struct frame_builder *b, uint16_t source_port,
			      uint16_t destination_port, uint8_t chunk)
{
	uint32_t at;

	frame_other(b, 132);
	at = frame_append(b, 16);
	frame_poke16(b, at, source_port);
	frame_poke16(b, at + 2, destination_port);
	frame_poke8(b, at + 12, chunk);
	frame_poke16(b, at + 14, 4);
}

static inline bool frame_is_ipv6(const struct frame_builder *b)
{
	return b->bytes[b->ip] >> 4 == 6;
}

/* ICMP or ICMPv6, as the newest IP header is: 8 bytes, rest being bytes 4..7. For an error, the
 * quoted packet's headers follow. */
static inline void frame_icmp(struct frame_builder *b, uint8_t type, uint8_t code, uint32_t rest)
{
	uint32_t at;

	frame_other(b, frame_is_ipv6(b) ? 58 : 1);
	at = frame_append(b, 8);
	frame_poke8(b, at, type);
	frame_poke8(b, at + 1, code);
	frame_poke32(b, at + 4, rest);
}

static inline void frame_echo(struct frame_builder *b, bool reply, uint16_t identifier,
			      uint16_t sequence)
{
	uint8_t type = frame_is_ipv6(b) ? (reply ? 129 : 128) : (reply ? 0 : 8);

	frame_icmp(b, type, 0, (uint32_t)identifier << 16 | sequence);
}

/* Writes the lengths of all headers: each reaches to the end of the frame as it is now. */
static inline void frame_end(struct frame_builder *b)
{
	for (unsigned i = 0; i < b->layer_count; i++) {
		uint32_t at = b->layers[i].at;
		uint16_t length = (uint16_t)(b->length - at);

		switch (b->layers[i].kind) {
		case FRAME_LAYER_IPV4:
			frame_poke16(b, at + 2, length);
			break;
		case FRAME_LAYER_IPV6:
			frame_poke16(b, at + 4, (uint16_t)(length - 40));
			break;
		case FRAME_LAYER_UDP:
			frame_poke16(b, at + 4, length);
			break;
		}
	}
}

/* The frame of which only captured bytes were kept. */
static inline struct weir_frame frame_cut(const struct frame_builder *b, uint32_t captured)
{
	return (struct weir_frame){
		.bytes = b->bytes,
		.captured = captured < b->length ? captured : b->length,
		.wire = b->length,
		.link_type = b->link_type,
	};
}

static inline struct weir_frame frame_whole(const struct frame_builder *b)
{
	return frame_cut(b, b->length);
}

/* Whole packets on Ethernet, ended. Flags as in enum weir_tcp_flags. */
static inline void frame_tcp_packet(struct frame_builder *b, const char *source,
				    uint16_t source_port, const char *destination,
				    uint16_t destination_port, uint8_t flags)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ip(b, source, destination);
	frame_tcp(b, source_port, destination_port, flags);
	frame_end(b);
}

static inline void frame_udp_packet(struct frame_builder *b, const char *source,
				    uint16_t source_port, const char *destination,
				    uint16_t destination_port, uint32_t payload)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ip(b, source, destination);
	frame_udp(b, source_port, destination_port);
	frame_payload(b, payload);
	frame_end(b);
}

static inline void frame_sctp_packet(struct frame_builder *b, const char *source,
				     uint16_t source_port, const char *destination,
				     uint16_t destination_port, uint8_t chunk)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ip(b, source, destination);
	frame_sctp(b, source_port, destination_port, chunk);
	frame_end(b);
}

static inline void frame_echo_packet(struct frame_builder *b, const char *source,
				     const char *destination, bool reply, uint16_t identifier)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ip(b, source, destination);
	frame_echo(b, reply, identifier, 1);
	frame_payload(b, 16);
	frame_end(b);
}

#endif
