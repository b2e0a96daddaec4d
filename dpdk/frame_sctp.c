/*
 * frame_sctp.c - what a frame of SCTP has behind its ports (RFC 9260).
 *
 *	 0  ports, tag, checksum         of everything, CRC-32C
 *	12  chunk: INIT, INIT ACK        with one parameter (padding, RFC 4820; a cookie), or
 *	    DATA                         with its payload
 *	36  the stamp                    inside of either, and zeros
 *
 * So both fill the frame, and have the stamp at the same place.
 */
#include "frame.h"

#include <rte_hash_crc.h>

#include "wire.h"

enum {
	TAG = 4,
	SUM = 8,
	CHUNK = 12,
	BODY = 16,
	PARAMETER = 32,
	DATA_COMPLETE = 3,   /* flags: the only fragment of its message */
	PADDING = 0x8005,    /* a parameter */
	COOKIE = 7,          /* another */
	WINDOW = 0x0000faf0, /* 64240 */
};

static void put32(uint8_t *at, uint32_t number)
{
	number = __builtin_bswap32(number);
	memcpy(at, &number, sizeof(number));
}

static void put_chunk(uint8_t *at, enum gen_chunk kind, uint8_t flags, unsigned length)
{
	at[0] = (uint8_t)kind;
	at[1] = flags;
	frame_put16(at + 2, frame_order(length));
}

/* One stream each way; its own tag and number are 1. */
static void put_init(uint8_t *transport, enum gen_chunk kind, unsigned length)
{
	put_chunk(transport + CHUNK, kind, 0, length - CHUNK);
	put32(transport + BODY, 1);
	put32(transport + BODY + 4, WINDOW);
	put32(transport + BODY + 8, 1 << 16 | 1);
	put32(transport + BODY + 12, 1);
	frame_put16(transport + PARAMETER, frame_order(kind == GEN_CHUNK_INIT ? PADDING : COOKIE));
	frame_put16(transport + PARAMETER + 2, frame_order(length - PARAMETER));
}

/* Of whole words, wherever they begin. */
static uint32_t crc32c(const uint8_t *bytes, unsigned length)
{
	uint32_t crc = UINT32_MAX;
	uint64_t eight;
	uint32_t four;

	for (; length >= sizeof(eight); length -= sizeof(eight), bytes += sizeof(eight)) {
		memcpy(&eight, bytes, sizeof(eight));
		crc = rte_hash_crc_8byte(eight, crc);
	}
	if (length) {
		memcpy(&four, bytes, sizeof(four));
		crc = rte_hash_crc_4byte(four, crc);
	}
	return crc;
}

void frame_finish_sctp(const struct frame_template *from, const struct frame *frame, uint8_t *out)
{
	uint8_t *transport = out + from->transport;
	unsigned length = (unsigned)frame->length - from->transport;
	uint32_t sum;

	put32(transport + TAG, frame->tcp_flags != GEN_SYN);
	if (frame->tcp_flags == GEN_SYN) {
		put_init(transport, GEN_CHUNK_INIT, length);
	} else if (frame->tcp_flags & GEN_SYN) {
		put_init(transport, GEN_CHUNK_INIT_ACK, length);
	} else {
		put_chunk(transport + CHUNK, GEN_CHUNK_DATA, DATA_COMPLETE, length - CHUNK);
		put32(transport + BODY, frame->stamp.sequence);
	}
	sum = ~crc32c(transport, length);
	memcpy(transport + SUM, &sum, sizeof(sum));
}
