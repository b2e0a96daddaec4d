/*
 * frame.h - frames from templates: one is copied, then patched with what differs.
 *
 * A template is one direction of a connection: all headers, but for lengths, checksums, the
 * opener's port, TCP's flags and the stamp, which are zero in it. Checksums of the Internet are
 * sums, so a template carries the sum of what it has, and a frame adds what it differs by: no
 * byte is read twice. The payload behind the stamp is zero, which no sum sees; buffers hold zeros
 * there from the beginning, and only the first FRAME_HEADERS bytes are ever written.
 */
#ifndef WEIR_DPDK_FRAME_H
#define WEIR_DPDK_FRAME_H

#include <stdint.h>
#include <string.h>

#include "weir/key.h"

#include "stamp.h"

enum {
	FRAME_HEADERS = 120, /* Ethernet, IPv6 and its extensions, SCTP as far as its stamp */
	FRAME_CHECK = 4,     /* bytes that hardware puts behind a frame, and its size counts */
	FRAME_LEAST = 64,
	FRAME_MOST = 1518,
};

struct frame_template {
	uint8_t bytes[FRAME_HEADERS];
	uint32_t ip_sum;        /* of IPv4's header */
	uint32_t transport_sum; /* of the pseudo header and the transport's */
	uint8_t transport;      /* where it is */
	uint8_t protocol;
	uint8_t port_at;        /* the opener's; of echoes the identifier */
	uint8_t sum_at;         /* the transport's */
	uint8_t length_at;      /* IP's */
	uint8_t length_without; /* bytes of the frame that it does not count */
	uint8_t lengths_summed; /* so often is the transport's length in its sum */
	bool is_ipv4;
};

/* What a frame differs from its template by. */
struct frame {
	struct stamp stamp;
	uint16_t port;     /* in network order */
	uint16_t length;   /* without the check behind it */
	uint8_t tcp_flags; /* enum gen_tcp_flags; of SCTP the same stand for its chunks */
};

static inline uint32_t frame_sum32(uint32_t word)
{
	return (word & 0xffff) + (word >> 16);
}

static inline uint16_t frame_fold(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

static inline void frame_put16(uint8_t *at, uint16_t word)
{
	memcpy(at, &word, sizeof(word));
}

static inline uint16_t frame_order(unsigned number)
{
	return __builtin_bswap16((uint16_t)number);
}

static inline uint32_t frame_sum_stamp(const struct stamp *stamp)
{
	return frame_sum32(stamp->flow) + frame_sum32(stamp->sequence) + frame_sum32(stamp->time) +
	       stamp->mark;
}

/* Writes an association's chunk, and the checksum over everything. */
void frame_finish_sctp(const struct frame_template *from, const struct frame *frame, uint8_t *out);

/* The nearest length, not above, that a frame may have: chunks are of whole words. */
static inline uint16_t frame_length(const struct frame_template *from, uint16_t length)
{
	if (from->protocol != WEIR_PROTOCOL_SCTP)
		return length;
	return (uint16_t)(length - (length - from->transport) % 4);
}

/* Writes FRAME_HEADERS bytes. */
static inline void frame_write(const struct frame_template *from, const struct frame *frame,
			       uint8_t *out)
{
	uint16_t ip_length = frame_order(frame->length - from->length_without);
	uint16_t length = frame_order((unsigned)frame->length - from->transport);
	uint32_t sum = from->transport_sum + (uint32_t)from->lengths_summed * length + frame->port +
		       frame_sum_stamp(&frame->stamp);
	uint16_t folded;

	memcpy(out, from->bytes, FRAME_HEADERS);
	frame_put16(out + from->length_at, ip_length);
	if (from->is_ipv4)
		frame_put16(out + 24, frame_fold(from->ip_sum + ip_length));
	frame_put16(out + from->port_at, frame->port);
	stamp_write(&frame->stamp, stamp_places(from->protocol, from->transport), out);
	if (from->protocol == WEIR_PROTOCOL_TCP) {
		out[from->transport + 13] = frame->tcp_flags;
		sum += frame_order(frame->tcp_flags);
	} else if (from->protocol == WEIR_PROTOCOL_UDP) {
		frame_put16(out + from->transport + 4, length);
	}
	if (from->protocol == WEIR_PROTOCOL_SCTP) {
		frame_finish_sctp(from, frame, out);
		return;
	}
	folded = frame_fold(sum);
	/* A sum of zero would say that UDP has none; of the others it is the same number. */
	frame_put16(out + from->sum_at, folded ? folded : 0xffff);
}

/* Of the Internet checksum, not inverted; the length is even. */
uint32_t frame_sum(const uint8_t *bytes, size_t length);

/* Which way a packet of a connection goes. */
enum frame_way {
	FRAME_FORWARD, /* as its opener's */
	FRAME_REPLY,
	FRAME_WAYS,
};

/* Of the connection that a key opens. */
void frame_template_make(const struct weir_key *key, enum frame_way way,
			 struct frame_template *out);

/* Whether frames of such a connection can be made: TCP, UDP, SCTP and echoes. */
bool frame_is_possible(const struct weir_key *key);
/* The smallest frame of a connection that has room for a stamp, with the check behind it. */
uint16_t frame_least(const struct weir_key *key);

#endif
