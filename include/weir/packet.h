/*
 * weir/packet.h - one captured frame, and what its headers say.
 *
 * Threads. These functions touch nothing but their arguments: any thread may call them.
 */
#ifndef WEIR_PACKET_H
#define WEIR_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/address.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A frame: its bytes are borrowed. */
struct weir_frame {
	const uint8_t *bytes;
	uint32_t captured;  /* bytes present */
	uint32_t wire;      /* bytes that the frame had */
	uint32_t link_type; /* LINKTYPE_ value of the pcap format */
	uint32_t interface; /* index of where it was captured */
	uint64_t time;      /* nanoseconds since 1970 */
	uint64_t number;    /* from 1, over the whole trace */
	uint32_t
		options; /* bytes of pcapng options behind bytes, padded to 4; 0 in other formats */
	bool options_are_swapped; /* written by a machine of the other byte order */
};

/* What can be said of a frame before any policy (T1). */
enum weir_packet_class {
	WEIR_PACKET_OK,
	WEIR_PACKET_NOT_IP,
	WEIR_PACKET_OPAQUE,
	WEIR_PACKET_MALFORMED,
};

/* Reasons of MALFORMED (T24). */
enum weir_malformed {
	WEIR_MALFORMED_NONE,
	WEIR_MALFORMED_ETHERNET_HEADER,
	WEIR_MALFORMED_IP_VERSION,
	WEIR_MALFORMED_IP_HEADER_LENGTH,
	WEIR_MALFORMED_IP_TOTAL_LENGTH,
	WEIR_MALFORMED_IPV6_EXTENSION,
	WEIR_MALFORMED_TCP_DATA_OFFSET,
	WEIR_MALFORMED_UDP_LENGTH,
	WEIR_MALFORMED_SCTP_LENGTH,
	WEIR_MALFORMED_ICMP_LENGTH,
	WEIR_MALFORMED_TUNNEL_DEPTH,
	WEIR_MALFORMED_FRAGMENT,
	WEIR_MALFORMED_REASONS,
};

/* The contract's word ("ip-total-length"); static storage. */
const char *weir_malformed_name(enum weir_malformed reason);

enum weir_tcp_flags {
	WEIR_TCP_FIN = 0x01,
	WEIR_TCP_SYN = 0x02,
	WEIR_TCP_RST = 0x04,
	WEIR_TCP_ACK = 0x10,
};

/* The addresses, protocol and ports of one packet, as far as it has them. */
struct weir_tuple {
	struct weir_address source;
	struct weir_address destination;
	uint16_t source_port; /* an identifier of ICMP is both ports */
	uint16_t destination_port;
	uint8_t protocol;
};

struct weir_packet {
	uint8_t kind;      /* enum weir_packet_class; nothing below holds unless OK */
	uint8_t malformed; /* enum weir_malformed */
	struct weir_tuple tuple;
	uint8_t icmp_type;
	uint8_t icmp_code;
	uint8_t tcp_flags;         /* enum weir_tcp_flags and the rest of the byte */
	bool tcp_flags_known;      /* false when the capture cut them */
	uint8_t sctp_chunk;        /* type of the first chunk */
	bool sctp_chunk_known;     /* false when the capture cut it */
	bool is_fragment;          /* first or later */
	bool is_later_fragment;    /* has no ports */
	bool has_quote;            /* an ICMP error that quotes a packet's addresses and ports */
	bool has_more_fragments;   /* it is not the datagram's end */
	uint16_t fragment_offset;  /* in bytes, of what it carries of the datagram */
	uint16_t fragment_length;  /* in bytes: as many as the wire's lengths say */
	uint8_t fragment_protocol; /* equal in all fragments of a packet: IPv4's, 0 for IPv6 */
	uint8_t quote_icmp_type;   /* of a quoted ICMP message */
	uint32_t fragment_id;
	uint8_t quote_icmp_code;
	bool is_tunnel;          /* may carry a packet: weir_packet_decode_inner (T8) */
	struct weir_tuple quote; /* as quoted: from the sender of the quoted packet */
};

/* Reads the headers of one frame. Cannot fail: whatever the bytes, it says what they are. Reads
 * nothing beyond captured bytes. */
void weir_packet_decode(const struct weir_frame *frame, struct weir_packet *out);

/* Takes a tunnel off a frame whose packet was found to be one: *frame becomes what it carries, a
 * frame with a link type of its own inside the same bytes, and *packet what that one is. False, and
 * both as they were, when it was no tunnel after all. */
bool weir_packet_decode_inner(struct weir_frame *frame, struct weir_packet *packet);

/* Whether the decoder has a parser for a link type. */
bool weir_link_type_supported(uint32_t link_type);

#ifdef __cplusplus
}
#endif
#endif
