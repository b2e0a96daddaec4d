/*
 * session.h - the script of one session: who says what, in which order.
 */
#ifndef KERNEL_SESSION_H
#define KERNEL_SESSION_H

#include "traffic.h"
#include "wire.h"

enum {
	SCRIPT_MAX = 96, /* packets of a session; what is more is left out */
	CLIENT = 0,
	SERVER = 1,
};

struct session {
	struct traffic *traffic;
	struct dice *dice;
	enum kind kind;
	uint32_t number;
	bool is_ipv6;
	struct wire_ends ends[2]; /* by the side that sends */
	uint16_t ports[2][2];
	uint32_t sequence[2]; /* of TCP, the next byte; of SCTP, the verification tag */
	enum wire_extras extras;
	bool has_options;
	bool is_out_of_memory;
	unsigned count, next;
	struct packet script[SCRIPT_MAX];
};

/* Two parties on two sides, a port that policies may name; everything else anew as well. */
void session_begin(struct session *session, struct traffic *traffic, enum kind kind);

/* New ports, new sequence numbers. */
void session_renew(struct session *session);

/* Appends what a side sends. */
void session_send(struct session *session, unsigned side, const struct wire_payload *payload);
/* The same with other ends, for who is no side. */
void session_send_from(struct session *session, const struct wire_ends *ends,
		       const struct wire_payload *payload);

/* Appends a datagram in fragments: pieces of payload, each a struct packet that the caller may
 * exchange or leave out. */
struct cut {
	unsigned pieces;
	bool is_whole;
	bool is_again; /* under the identification of the cut before */
	uint32_t id;   /* of IPv6 */
};
void session_cut(struct session *session, unsigned side, const struct wire_payload *payload,
		 const struct cut *cut);
/* One fragment of the datagram that was begun last. */
void session_fragment(struct session *session, unsigned side, const struct wire_payload *payload,
		      const struct wire_fragment *fragment);
/* Begins a datagram for session_fragment. */
void session_begin_datagram(struct session *session, uint8_t protocol, const struct cut *cut);

/* Appends packet i again, as a datagram of its own. */
void session_repeat(struct session *session, unsigned i);
void session_swap(struct session *session, unsigned i, unsigned j);
void session_shuffle(struct session *session, unsigned first, unsigned end);

/* Writes the scripts: one file of kinds a family of protocols. */
void kinds_tcp(struct session *session);
void kinds_icmp(struct session *session);
void kinds_fragments(struct session *session);
void kinds_other(struct session *session);

#endif
