/*
 * differences.h - where weir and the kernel are known to differ.
 *
 * A class says which packets it is about, what the kernel makes of them and what weir answers, and
 * for which manner. docs/semantics.md has the reasons.
 */
#ifndef KERNEL_DIFFERENCES_H
#define KERNEL_DIFFERENCES_H

#include "rules.h"
#include "traffic.h"
#include "weir/worker.h"
#include "wire.h"

/* What weir answered. */
struct answer {
	bool is_allowed;
	uint8_t why; /* enum weir_packet_why */
};

/* One packet, and what the two made of it. */
struct view {
	enum manner manner;
	const struct packet *packet;
	const struct datagram *datagram;
	struct wire_header header;
	struct answer answer;
};

enum difference {
	DIFFERENCE_NONE, /* nothing is remarkable about the packet */
	DIFFERENCE_CHECKSUM,
	DIFFERENCE_TCP_STATE,
	DIFFERENCE_OPENED_BACK,
	DIFFERENCE_TAKEN_UP,
	DIFFERENCE_REOPENED,
	DIFFERENCE_RESTARTED,
	DIFFERENCE_RESET_AGAIN,
	DIFFERENCE_MIDSTREAM,
	DIFFERENCE_SHUTDOWN_ACK,
	DIFFERENCE_NODE_INFORMATION,
	DIFFERENCE_REDIRECT,
	DIFFERENCE_BY_ITSELF,
	DIFFERENCE_INCOMPLETE,
	DIFFERENCE_OVERLAP,
	DIFFERENCE_TINY,
	DIFFERENCE_PIECES,
	DIFFERENCE_TWO_HEADERS,
	DIFFERENCES,
};

/* What docs/semantics.md calls it. */
const char *difference_name(enum difference difference);

/* Whether the kernel let the packet through. */
bool difference_kernel_allows(const struct view *view);

/* The class of a packet: what the two disagree about, or judged alike for different reasons. */
enum difference difference_of(const struct view *view);

/* Whether other differences may follow from one, in the same session: one of the two knows a
 * connection that the other does not. */
bool difference_has_consequences(enum difference difference);
/* Whether a difference may be such a one. Where both judged, no past explains it. */
bool difference_may_follow(const struct view *view);

#endif
