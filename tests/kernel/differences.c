#include "differences.h"

#define BIT(n) (1u << (n))

enum {
	BOTH_MANNERS = BIT(MANNER_LENIENT) | BIT(MANNER_STRICT),
	KNOWN = BIT(WEIR_PACKET_FLOW) | BIT(WEIR_PACKET_REPLY),
	LET_IN = KNOWN | BIT(WEIR_PACKET_JUDGED),
	ABORT = 6, /* chunks of SCTP */
	SHUTDOWN_ACK = 8,
	SHUTDOWN_COMPLETE = 14,
	NODE_QUERY = 139,
	NODE_REPLY = 140,
	REDIRECT = 137,
};

/* Packets. */

static bool has_bad_checksum(const struct view *view)
{
	return view->datagram->has_bad_checksum;
}

/* Sessions that are written in an order in which no two ends talk. */
static bool is_out_of_order(const struct view *view)
{
	switch (view->datagram->kind) {
	case TCP_REORDERED:
	case TCP_RETRANSMITTED:
	case TCP_BOTH_OPEN:
	case TCP_REOPENED_BACK:
	case TCP_ANYTHING:
	case TCP_BAD_FLAGS:
		return true;
	default:
		return false;
	}
}

static bool is_opening(const struct view *view)
{
	return view->header.protocol == PROTOCOL_TCP &&
	       (view->header.tcp_flags & (SYN | ACK | RST | FIN)) == SYN;
}

/* A SYN never fits in by mistake: it is judged. */
static bool goes_on_out_of_order(const struct view *view)
{
	return !is_opening(view) && is_out_of_order(view);
}

/* For one of the two it begins another connection, for the other it is of the one that is there. */
static bool restarts_for_one(const struct view *view)
{
	return is_opening(view) &&
	       (view->datagram->fate == FATE_NEW) != (view->answer.why == WEIR_PACKET_JUDGED);
}

static bool is_reset(const struct view *view)
{
	return view->header.protocol == PROTOCOL_TCP && view->header.tcp_flags & RST;
}

static bool has_handshake(const struct view *view)
{
	return view->header.protocol == PROTOCOL_TCP || view->header.protocol == PROTOCOL_SCTP;
}

static bool is_shutdown_ack(const struct view *view)
{
	return view->header.protocol == PROTOCOL_SCTP && view->header.type == SHUTDOWN_ACK;
}

static bool is_icmpv6_of(const struct view *view, uint8_t first, uint8_t last)
{
	return view->header.protocol == PROTOCOL_ICMPV6 && view->header.type >= first &&
	       view->header.type <= last;
}

static bool is_node_information(const struct view *view)
{
	return is_icmpv6_of(view, NODE_QUERY, NODE_REPLY);
}

static bool is_redirect(const struct view *view)
{
	return is_icmpv6_of(view, REDIRECT, REDIRECT);
}

static bool is_incomplete(const struct view *view)
{
	return view->datagram->kind == FRAGMENTS_INCOMPLETE;
}

static bool is_overlapping(const struct view *view)
{
	return view->datagram->kind == FRAGMENTS_OVERLAPPING;
}

static bool is_tiny(const struct view *view)
{
	return view->datagram->kind == FRAGMENTS_TINY;
}

static bool is_scattered(const struct view *view)
{
	return view->datagram->kind == FRAGMENTS_SCATTERED;
}

static bool has_two_headers(const struct view *view)
{
	return view->header.fragment_headers > 1;
}

/* Resets and their like, and what is said in ICMP; with its fragments. */
static bool begins_nothing(const struct view *view)
{
	switch (view->datagram->protocol) {
	case PROTOCOL_TCP:
		return view->header.tcp_flags & RST;
	case PROTOCOL_SCTP:
		return view->header.type == ABORT || view->header.type == SHUTDOWN_COMPLETE;
	case PROTOCOL_ICMP:
	case PROTOCOL_ICMPV6:
		return true;
	default:
		return false;
	}
}

/* Classes. */

/* What weir answers. */
enum { ALLOWED = 1, DENIED = 2 };

static const struct {
	const char *name;
	bool (*is_about)(const struct view *view);
	uint8_t manners, fates, answers; /* bits */
	uint16_t whys;
	bool has_consequences; /* even where the two agree about the packet itself */
} classes[DIFFERENCES] = {
	[DIFFERENCE_CHECKSUM] = { .name = "checksums",
				  .is_about = has_bad_checksum,
				  .manners = BOTH_MANNERS,
				  .fates = BIT(FATE_INVALID),
				  .answers = ALLOWED,
				  .whys = LET_IN,
				  .has_consequences = true },
	[DIFFERENCE_TWO_HEADERS] = { .name = "two-headers",
				     .is_about = has_two_headers,
				     .manners = BOTH_MANNERS,
				     .fates = BIT(FATE_INVALID),
				     .answers = ALLOWED,
				     .whys = LET_IN | BIT(WEIR_PACKET_FRAGMENT) },
	[DIFFERENCE_TCP_STATE] = { .name = "tcp-state",
				   .is_about = goes_on_out_of_order,
				   .manners = BOTH_MANNERS,
				   .fates = BIT(FATE_INVALID),
				   .answers = ALLOWED,
				   .whys = KNOWN,
				   .has_consequences = true },
	[DIFFERENCE_OPENED_BACK] = { .name = "opened-back",
				     .is_about = is_opening,
				     .manners = BOTH_MANNERS,
				     .fates = BIT(FATE_INVALID),
				     .answers = ALLOWED | DENIED,
				     .whys = BIT(WEIR_PACKET_JUDGED),
				     .has_consequences = true },
	[DIFFERENCE_TAKEN_UP] = { .name = "taken-up",
				  .is_about = is_opening,
				  .manners = BIT(MANNER_LENIENT),
				  .fates = BIT(FATE_INVALID),
				  .answers = ALLOWED,
				  .whys = KNOWN },
	[DIFFERENCE_REOPENED] = { .name = "reopened",
				  .is_about = is_opening,
				  .manners = BIT(MANNER_LENIENT),
				  .fates = BIT(FATE_ESTABLISHED) | BIT(FATE_TAKEN_UP),
				  .answers = DENIED,
				  .whys = BIT(WEIR_PACKET_JUDGED),
				  .has_consequences = true },
	[DIFFERENCE_RESTARTED] = { .name = "restarted",
				   .is_about = restarts_for_one,
				   .manners = BOTH_MANNERS,
				   .fates = BIT(FATE_ESTABLISHED) | BIT(FATE_NEW),
				   .answers = ALLOWED,
				   .whys = LET_IN,
				   .has_consequences = true },
	[DIFFERENCE_RESET_AGAIN] = { .name = "reset-again",
				     .is_about = is_reset,
				     .manners = BOTH_MANNERS,
				     .fates = BIT(FATE_INVALID),
				     .answers = ALLOWED,
				     .whys = KNOWN },
	[DIFFERENCE_MIDSTREAM] = { .name = "mid-stream",
				   .is_about = has_handshake,
				   .manners = BIT(MANNER_LENIENT),
				   .fates = BIT(FATE_INVALID),
				   .answers = ALLOWED,
				   .whys = BIT(WEIR_PACKET_MIDSTREAM),
				   .has_consequences = true },
	[DIFFERENCE_BY_ITSELF] = { .name = "by-itself",
				   .is_about = begins_nothing,
				   .manners = BIT(MANNER_LENIENT),
				   .fates = BIT(FATE_INVALID),
				   .answers = ALLOWED,
				   .whys = BIT(WEIR_PACKET_JUDGED) | BIT(WEIR_PACKET_FRAGMENT) },
	[DIFFERENCE_SHUTDOWN_ACK] = { .name = "shutdown-ack",
				      .is_about = is_shutdown_ack,
				      .manners = BIT(MANNER_STRICT),
				      .fates = BIT(FATE_NEW),
				      .answers = DENIED,
				      .whys = BIT(WEIR_PACKET_UNEXPECTED) },
	[DIFFERENCE_NODE_INFORMATION] = { .name = "node-information",
					  .is_about = is_node_information,
					  .manners = BOTH_MANNERS,
					  .fates = BIT(FATE_INVALID),
					  .answers = ALLOWED,
					  .whys = KNOWN },
	[DIFFERENCE_REDIRECT] = { .name = "redirect",
				  .is_about = is_redirect,
				  .manners = BOTH_MANNERS,
				  .fates = BIT(FATE_INVALID),
				  .answers = ALLOWED,
				  .whys = BIT(WEIR_PACKET_JUDGED) },
	[DIFFERENCE_INCOMPLETE] = { .name = "incomplete",
				    .is_about = is_incomplete,
				    .manners = BOTH_MANNERS,
				    .fates = BIT(FATE_STOPPED),
				    .answers = ALLOWED,
				    .whys = LET_IN | BIT(WEIR_PACKET_FRAGMENT) },
	[DIFFERENCE_OVERLAP] = { .name = "overlap",
				 .is_about = is_overlapping,
				 .manners = BOTH_MANNERS,
				 .fates = BIT(FATE_STOPPED),
				 .answers = ALLOWED,
				 .whys = LET_IN | BIT(WEIR_PACKET_FRAGMENT) },
	[DIFFERENCE_TINY] = { .name = "tiny",
			      .is_about = is_tiny,
			      .manners = BOTH_MANNERS,
			      .fates = BIT(FATE_NEW),
			      .answers = DENIED,
			      .whys = BIT(WEIR_PACKET_TINY) | BIT(WEIR_PACKET_ORPHAN) },
	[DIFFERENCE_PIECES] = { .name = "pieces",
				.is_about = is_scattered,
				.manners = BOTH_MANNERS,
				.fates = BIT(FATE_NEW),
				.answers = DENIED,
				.whys = BIT(WEIR_PACKET_OVERLAP) },
};

const char *difference_name(enum difference difference)
{
	return classes[difference].name;
}

bool difference_kernel_allows(const struct view *view)
{
	unsigned fate = view->datagram->fate;

	return fate != FATE_STOPPED && fate != FATE_INVALID && !view->packet->is_repeated;
}

static bool is_of(const struct view *view, enum difference difference)
{
	return classes[difference].manners & BIT(view->manner) &&
	       classes[difference].fates & BIT(view->datagram->fate) &&
	       classes[difference].whys & BIT(view->answer.why) &&
	       classes[difference].answers & (view->answer.is_allowed ? ALLOWED : DENIED) &&
	       classes[difference].is_about(view);
}

enum difference difference_of(const struct view *view)
{
	for (unsigned i = DIFFERENCE_NONE + 1; i < DIFFERENCES; i++) {
		if (is_of(view, (enum difference)i))
			return (enum difference)i;
	}
	return DIFFERENCE_NONE;
}

bool difference_has_consequences(enum difference difference)
{
	return classes[difference].has_consequences;
}

bool difference_may_follow(const struct view *view)
{
	unsigned fate = view->datagram->fate;

	return view->answer.why != WEIR_PACKET_JUDGED || (fate != FATE_NEW && fate != FATE_STOPPED);
}
