/*
 * wire.h - frames with right checksums.
 *
 * A frame is Ethernet and one IP packet. Its tag tells it from others when it comes back from the
 * kernel: the identification of IPv4 with the time to live, the flow label of IPv6.
 */
#ifndef KERNEL_WIRE_H
#define KERNEL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cluster.h"

enum {
	WIRE_MAX =
		2048, /* bytes of a frame, and of what an IP packet carries before it is cut up */
	WIRE_LINK = 14,
	WIRE_TTL = 64, /* with bit 7 for what is sent again under its own identification */
	WIRE_AGAIN = 128,
	PROTOCOL_ICMP = 1,
	PROTOCOL_TCP = 6,
	PROTOCOL_UDP = 17,
	PROTOCOL_ROUTING = 43,
	PROTOCOL_FRAGMENT = 44,
	PROTOCOL_ESP = 50,
	PROTOCOL_ICMPV6 = 58,
	PROTOCOL_OPTIONS = 60,
	PROTOCOL_SCTP = 132,
	PROTOCOL_TEST = 253,
};

enum tcp_flags { FIN = 1, SYN = 2, RST = 4, PSH = 8, ACK = 16, URG = 32 };

/* The last byte of the address of the router's port on each leg; that of what is behind it. */
extern const uint8_t wire_router[2][6], wire_behind[2][6];

struct wire_ends {
	const struct party *from, *to;
	bool is_ipv6;
};

/* Extension headers in front of what an IPv6 packet carries. */
enum wire_extras {
	EXTRAS_NONE,
	EXTRAS_HOP_BY_HOP,
	EXTRAS_OPTIONS,
	EXTRAS_ROUTING,
	EXTRAS_TWO,    /* hop by hop, options */
	EXTRAS_ATOMIC, /* a fragment header, and no fragment */
	EXTRAS_KINDS,
};

/* What an IP packet carries: a header of a transport and what is behind. */
struct wire_payload {
	uint8_t protocol;
	size_t length;
	uint8_t bytes[WIRE_MAX];
};

void wire_tcp(struct wire_payload *out, const struct wire_ends *ends, const uint16_t ports[2],
	      uint32_t sequence, uint32_t acknowledgment, uint8_t flags, size_t length);
void wire_udp(struct wire_payload *out, const struct wire_ends *ends, const uint16_t ports[2],
	      size_t length);
/* Of either family, with a message of length bytes behind its first 4. */
void wire_icmp(struct wire_payload *out, const struct wire_ends *ends, uint8_t type, uint8_t code,
	       const uint8_t *message, size_t length);
void wire_sctp(struct wire_payload *out, const uint16_t ports[2], uint32_t tag, uint8_t chunk,
	       const uint8_t *value, size_t length);
void wire_other(struct wire_payload *out, uint8_t protocol, size_t length);

/* Bytes first..first+length of the payload as a fragment. */
struct wire_fragment {
	uint32_t id;
	size_t first, length;
	bool more;
};

/* What a frame is beside its payload. */
struct wire_shell {
	uint32_t tag;
	bool is_again;
	enum wire_extras extras;              /* IPv6 */
	bool has_options;                     /* IPv4: four bytes of no operation */
	const struct wire_fragment *fragment; /* NULL: whole */
};

/* Returns the length of the frame, at most WIRE_MAX. */
size_t wire_frame(uint8_t *out, const struct wire_ends *ends, const struct wire_payload *payload,
		  const struct wire_shell *shell);

/* Tags a frame that wire_frame made anew. */
void wire_retag(uint8_t *frame, uint32_t tag);
/* The tag of a frame that came back, and what it says of its fate; false: not one of ours. */
bool wire_read(const uint8_t *frame, size_t length, bool *is_ipv6, uint32_t *tag, bool *is_again,
	       unsigned *fate);

/* What a frame of ours is about. */
struct wire_header {
	uint8_t protocol;         /* behind what IPv6 puts in front */
	uint8_t fragment_headers; /* of IPv6 */
	bool is_later;            /* a fragment but the first: nothing of the transport is there */
	uint16_t ports[2];        /* of TCP, UDP and SCTP */
	uint8_t tcp_flags;
	uint8_t type, code; /* of ICMP; of SCTP, the chunk */
};
void wire_parse(const uint8_t *frame, size_t length, struct wire_header *out);

enum { WIRE_TEXT = 192 };
/* A line for people. */
void wire_describe(const uint8_t *frame, size_t length, char text[WIRE_TEXT]);

#endif
