/*
 * stamp.h - what a generated packet says about itself, so that whoever receives it can check it.
 *
 * 14 bytes, in the host's order, that a frame of 64 bytes has room for behind the headers of IPv4
 * and UDP, but not behind those of TCP: there they are in two parts.
 *
 *	            8 bytes: flow, sequence              6 bytes: time, mark
 *	TCP         its sequence and acknowledgement     behind its header
 *	UDP, ICMP   behind the header                    behind these
 *	SCTP        in its first chunk                   behind these
 *	fragments   the first as above; a later one where UDP has it
 *
 * The flow's word has two bits for what is expected of the packet. Sequences are of one direction
 * of one flow. The mark is twelve bits that tell a trial's packets from everybody else's, and four
 * of the connection's number: a flow whose connections come one after the other keeps its place and
 * its sequence.
 */
#ifndef WEIR_DPDK_STAMP_H
#define WEIR_DPDK_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
	STAMP_HEAD = 8,
	STAMP_TAIL = 6,
	STAMP_FLOWS_MAX = 1 << 26,
	STAMP_GENERATIONS = 16,
};
#define STAMP_ALLOWED  (UINT32_C(1) << 31) /* it is to come through */
#define STAMP_REPLY    (UINT32_C(1) << 30)
#define STAMP_FLOW     (STAMP_REPLY - 1)
#define STAMP_SALT     UINT16_C(0xa5c0)
#define STAMP_RUN_MASK UINT16_C(0xfff0)

struct stamp {
	uint32_t flow;     /* with the bits above */
	uint32_t sequence; /* of the direction, from 0 */
	uint32_t time;     /* latency_ticks */
	uint16_t mark;
};

static inline uint16_t stamp_mark(uint16_t run, uint8_t generation)
{
	return (uint16_t)((STAMP_SALT ^ run << 4) & STAMP_RUN_MASK) |
	       generation % STAMP_GENERATIONS;
}

/* Where the two parts are, from the frame's beginning, of a transport header that is at there. */
struct stamp_places {
	uint8_t head;
	uint8_t tail;
};
static inline struct stamp_places stamp_places(uint8_t protocol, unsigned transport)
{
	if (protocol == 6)
		return (struct stamp_places){ (uint8_t)(transport + 4), (uint8_t)(transport + 20) };
	if (protocol == 132)
		return (struct stamp_places){ (uint8_t)(transport + 36),
					      (uint8_t)(transport + 44) };
	return (struct stamp_places){ (uint8_t)(transport + 8), (uint8_t)(transport + 16) };
}

static inline void stamp_write(const struct stamp *stamp, struct stamp_places places,
			       uint8_t *frame)
{
	memcpy(frame + places.head, &stamp->flow, 4);
	memcpy(frame + places.head + 4, &stamp->sequence, 4);
	memcpy(frame + places.tail, &stamp->time, 4);
	memcpy(frame + places.tail + 4, &stamp->mark, 2);
}

/* Behind IPv6's header: other headers, as generators put them there; 0: it is no such frame. A
 * later fragment has no transport: its stamp is where UDP's would be. */
static inline unsigned stamp_skip_extensions(const uint8_t *frame, uint32_t length,
					     uint8_t *protocol)
{
	unsigned at = 14 + 40;

	for (unsigned i = 0; i < 3; i++) {
		bool is_fragment = *protocol == 44;

		if (*protocol != 0 && *protocol != 60 && !is_fragment)
			return at;
		if (length < at + 8)
			return 0;
		*protocol = frame[at];
		if (is_fragment && (frame[at + 2] || frame[at + 3] & 0xf8))
			*protocol = 17;
		at += 8;
	}
	return at;
}

/* Of a frame as generators make them: Ethernet, IPv4 without options or IPv6, perhaps a fragment;
 * TCP, UDP, SCTP or ICMP. False when it is no such frame. */
static inline bool stamp_read(const uint8_t *frame, uint32_t length, struct stamp *out)
{
	struct stamp_places places;
	unsigned transport = 0;
	uint8_t protocol;

	if (length < 56)
		return false;
	if (frame[12] == 0x08 && frame[13] == 0x00 && frame[14] == 0x45) {
		bool is_later = frame[20] & 0x1f || frame[21];

		protocol = is_later ? 17 : frame[23];
		transport = 14 + 20;
	} else if (frame[12] == 0x86 && frame[13] == 0xdd && frame[14] >> 4 == 6) {
		protocol = frame[20];
		transport = stamp_skip_extensions(frame, length, &protocol);
	}
	if (!transport)
		return false;
	places = stamp_places(protocol, transport);
	if (length < (uint32_t)places.tail + STAMP_TAIL)
		return false;
	memcpy(&out->flow, frame + places.head, 4);
	memcpy(&out->sequence, frame + places.head + 4, 4);
	memcpy(&out->time, frame + places.tail, 4);
	memcpy(&out->mark, frame + places.tail + 4, 2);
	return true;
}

#endif
