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

static bool reopens_out_of_order(const struct view *view)
{
	return is_opening(view) && is_out_of_order(view);
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

static const struct {
	const char *name;
	unsigned manners, fates, whys; /* bits */
	bool is_allowed;               /* by weir, else denied */
	bool is_silent;                /* there are consequences even if the two agree */
	bool has_followers;
	bool (*is_about)(const struct view *view);
} classes[DIFFERENCES] = {
	[DIFFERENCE_CHECKSUM] = { "checksums", BOTH_MANNERS, BIT(FATE_INVALID), LET_IN, true, false,
				  true, has_bad_checksum },
	[DIFFERENCE_TWO_HEADERS] = { "two-headers", BOTH_MANNERS, BIT(FATE_INVALID),
				     LET_IN | BIT(WEIR_PACKET_FRAGMENT), true, false, true,
				     has_two_headers },
	[DIFFERENCE_TCP_STATE] = { "tcp-state", BOTH_MANNERS, BIT(FATE_INVALID), KNOWN, true, false,
				   true, is_out_of_order },
	[DIFFERENCE_OPENED_BACK] = { "opened-back", BOTH_MANNERS, BIT(FATE_INVALID),
				     BIT(WEIR_PACKET_JUDGED), true, true, true, is_opening },
	[DIFFERENCE_REOPENED] = { "reopened", BIT(MANNER_LENIENT),
				  BIT(FATE_ESTABLISHED) | BIT(FATE_TAKEN_UP),
				  BIT(WEIR_PACKET_JUDGED), false, false, true, is_opening },
	[DIFFERENCE_RESET_AGAIN] = { "reset-again", BOTH_MANNERS, BIT(FATE_INVALID), KNOWN, true,
				     false, true, is_reset },
	[DIFFERENCE_FIN_AGAIN] = { "fin-again", BOTH_MANNERS, BIT(FATE_NEW), KNOWN, true, true,
				   true, reopens_out_of_order },
	[DIFFERENCE_MIDSTREAM] = { "mid-stream", BIT(MANNER_LENIENT), BIT(FATE_INVALID),
				   BIT(WEIR_PACKET_MIDSTREAM), true, false, true, has_handshake },
	[DIFFERENCE_BY_ITSELF] = { "by-itself", BIT(MANNER_LENIENT), BIT(FATE_INVALID),
				   BIT(WEIR_PACKET_JUDGED) | BIT(WEIR_PACKET_FRAGMENT), true, false,
				   false, begins_nothing },
	[DIFFERENCE_SHUTDOWN_ACK] = { "shutdown-ack", BIT(MANNER_STRICT), BIT(FATE_NEW),
				      BIT(WEIR_PACKET_UNEXPECTED), false, false, true,
				      is_shutdown_ack },
	[DIFFERENCE_NODE_INFORMATION] = { "node-information", BOTH_MANNERS, BIT(FATE_INVALID),
					  KNOWN, true, false, false, is_node_information },
	[DIFFERENCE_REDIRECT] = { "redirect", BOTH_MANNERS, BIT(FATE_INVALID),
				  BIT(WEIR_PACKET_JUDGED), true, false, false, is_redirect },
	[DIFFERENCE_INCOMPLETE] = { "incomplete", BOTH_MANNERS, BIT(FATE_STOPPED),
				    LET_IN | BIT(WEIR_PACKET_FRAGMENT), true, false, true,
				    is_incomplete },
	[DIFFERENCE_OVERLAP] = { "overlap", BOTH_MANNERS, BIT(FATE_STOPPED),
				 LET_IN | BIT(WEIR_PACKET_FRAGMENT), true, false, true,
				 is_overlapping },
	[DIFFERENCE_TINY] = { "tiny", BOTH_MANNERS, BIT(FATE_NEW),
			      BIT(WEIR_PACKET_TINY) | BIT(WEIR_PACKET_ORPHAN), false, false, false,
			      is_tiny },
	[DIFFERENCE_PIECES] = { "pieces", BOTH_MANNERS, BIT(FATE_NEW), BIT(WEIR_PACKET_OVERLAP),
				false, false, true, is_scattered },
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
	       (classes[difference].is_silent ||
		classes[difference].is_allowed == view->answer.is_allowed) &&
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
	return classes[difference].has_followers;
}

bool difference_may_follow(const struct view *view)
{
	unsigned fate = view->datagram->fate;

	return view->answer.why != WEIR_PACKET_JUDGED || (fate != FATE_NEW && fate != FATE_STOPPED);
}
