/*
 * wire.h - packets as bytes on Ethernet, with right checksums and a payload of zeros.
 */
#ifndef WEIR_GEN_WIRE_H
#define WEIR_GEN_WIRE_H

#include <stddef.h>
#include <stdint.h>

#include "weir/address.h"

enum {
	GEN_PAYLOAD_MAX = 1400,
	GEN_FRAGMENTED = 48, /* bytes of payload that are worth two fragments */
	GEN_FRAME_MAX = 14 + 40 + 44 + GEN_PAYLOAD_MAX, /* link, IPv6, SCTP with any chunk */
	GEN_TUNNEL_MAX = 14 + 40 + 8 + 8,
};

enum gen_tcp_flags {
	GEN_FIN = 1,
	GEN_SYN = 2,
	GEN_PUSH = 8,
	GEN_ACK = 16,
};

/* SCTP's, by the numbers of their types (RFC 9260). */
enum gen_chunk {
	GEN_CHUNK_DATA = 0,
	GEN_CHUNK_INIT = 1,
	GEN_CHUNK_INIT_ACK = 2,
	GEN_CHUNK_SHUTDOWN = 7,
	GEN_CHUNK_SHUTDOWN_ACK = 8,
	GEN_CHUNK_COOKIE_ECHO = 10,
	GEN_CHUNK_COOKIE_ACK = 11,
	GEN_CHUNK_SHUTDOWN_COMPLETE = 14,
};

struct gen_packet {
	struct weir_address source;
	struct weir_address destination;
	uint8_t protocol;
	uint8_t kind; /* flags of TCP, chunk of SCTP, type of ICMP */
	uint16_t source_port;
	uint16_t destination_port;
	uint16_t payload; /* bytes, at most GEN_PAYLOAD_MAX */
	uint16_t identification;
	uint16_t echo;          /* identifier of ICMP */
	uint16_t echo_sequence; /* of ICMP */
	uint32_t sequence;      /* of TCP; the tag of SCTP */
	uint32_t acknowledged;  /* of TCP; the transmission sequence number of SCTP */
};

/* These write a frame and say how long it is: at most GEN_FRAME_MAX. */
size_t gen_frame_build(const struct gen_packet *packet, uint8_t *out);

/* The first or the last half of a packet that is GEN_FRAGMENTED. */
enum gen_half {
	GEN_FIRST_HALF,
	GEN_LAST_HALF,
};
size_t gen_fragment_build(const struct gen_packet *packet, enum gen_half half, uint8_t *out);

/* The other end's complaint that the packet was too big. */
size_t gen_error_build(const struct gen_packet *packet, uint8_t *out);

/* How much room a tunnel between these addresses takes in front of a frame, and what goes there. */
size_t gen_tunnel_length(const struct weir_address *source);
void gen_tunnel_build(const struct weir_address *source, const struct weir_address *destination,
		      size_t length, uint8_t *out);

/* A question that is not of IP: who has that address? */
size_t gen_noise_build(const struct weir_address *source, uint8_t *out);

#endif
