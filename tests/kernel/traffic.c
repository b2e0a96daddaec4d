#include "traffic.h"

#include <errno.h>
#include <stdlib.h>

#include "session.h"

enum { SESSIONS = 48 }; /* at once */

static const struct {
	const char *name;
	void (*write)(struct session *session);
	unsigned weight;
} kinds[KINDS] = {
	[TCP_PLAIN] = { "tcp", kinds_tcp, 10 },
	[TCP_REORDERED] = { "tcp, out of order", kinds_tcp, 10 },
	[TCP_RETRANSMITTED] = { "tcp, sent again", kinds_tcp, 10 },
	[TCP_REFUSED] = { "tcp, refused", kinds_tcp, 4 },
	[TCP_RESET] = { "tcp, reset", kinds_tcp, 8 },
	[TCP_HALF_OPEN] = { "tcp, half open", kinds_tcp, 4 },
	[TCP_HALF_CLOSED] = { "tcp, half closed", kinds_tcp, 5 },
	[TCP_BOTH_OPEN] = { "tcp, opened by both", kinds_tcp, 4 },
	[TCP_REOPENED] = { "tcp, opened again", kinds_tcp, 5 },
	[TCP_REOPENED_BACK] = { "tcp, opened again from the other side", kinds_tcp, 3 },
	[TCP_MIDSTREAM] = { "tcp, from its middle", kinds_tcp, 6 },
	[TCP_LONE] = { "tcp, one packet that begins nothing", kinds_tcp, 6 },
	[TCP_ANYTHING] = { "tcp, any flags in any order", kinds_tcp, 6 },
	[TCP_BAD_FLAGS] = { "tcp, flags that make no sense", kinds_tcp, 4 },
	[UDP_ONE_WAY] = { "udp, unanswered", kinds_other, 10 },
	[UDP_REPLIED] = { "udp, answered", kinds_other, 15 },
	[UDP_BOTH_OPEN] = { "udp, from both sides", kinds_other, 8 },
	[ECHO] = { "echo", kinds_icmp, 12 },
	[ECHO_REPLY_ALONE] = { "echo reply to nothing", kinds_icmp, 6 },
	[ICMP_QUERY] = { "icmp, other questions", kinds_icmp, 6 },
	[ICMP_MESSAGE] = { "icmp, messages", kinds_icmp, 6 },
	[ERROR_RELATED] = { "error about a connection", kinds_icmp, 14 },
	[ERROR_UNKNOWN] = { "error about nothing known", kinds_icmp, 8 },
	[ERROR_FORGED] = { "error to somebody else", kinds_icmp, 6 },
	[ERROR_SHORT] = { "error with a short quote", kinds_icmp, 6 },
	[SCTP_PLAIN] = { "sctp", kinds_other, 5 },
	[SCTP_ABORTED] = { "sctp, aborted", kinds_other, 4 },
	[SCTP_HALF_OPEN] = { "sctp, half open", kinds_other, 3 },
	[OTHER_PROTOCOL] = { "protocols without ports", kinds_other, 10 },
	[BAD_CHECKSUM] = { "udp with wrong checksums", kinds_other, 4 },
	[FRAGMENTS_IN_ORDER] = { "fragments", kinds_fragments, 6 },
	[FRAGMENTS_REVERSED] = { "fragments, the last first", kinds_fragments, 5 },
	[FRAGMENTS_SHUFFLED] = { "fragments in any order", kinds_fragments, 5 },
	[FRAGMENTS_REPEATED] = { "fragments, one twice", kinds_fragments, 4 },
	[FRAGMENTS_SENT_AGAIN] = { "fragments, all twice", kinds_fragments, 3 },
	[FRAGMENTS_INCOMPLETE] = { "fragments, one missing", kinds_fragments, 3 },
	[FRAGMENTS_OVERLAPPING] = { "fragments that overlap", kinds_fragments, 3 },
	[FRAGMENTS_SCATTERED] = { "fragments in many pieces", kinds_fragments, 2 },
	[FRAGMENTS_TINY] = { "fragments, tiny", kinds_fragments, 3 },
};

const char *kind_name(enum kind kind)
{
	return kinds[kind].name;
}

static enum kind pick_kind(struct dice *dice)
{
	unsigned sum = 0, at, kind = 0;

	for (unsigned i = 0; i < KINDS; i++)
		sum += kinds[i].weight;
	at = dice_roll(dice, sum);
	while (at >= kinds[kind].weight)
		at -= kinds[kind++].weight;
	return (enum kind)kind;
}

static void begin(struct session *session, struct traffic *traffic)
{
	enum kind kind = pick_kind(&traffic->dice);

	session_begin(session, traffic, kind);
	kinds[kind].write(session);
}

static void send_next(struct traffic *traffic, struct session *session)
{
	if (session->next < session->count)
		traffic->packets[traffic->count++] = session->script[session->next++];
}

int traffic_make(struct traffic *traffic, const struct cluster *cluster, struct dice dice,
		 size_t count)
{
	struct session *sessions = calloc(SESSIONS, sizeof(*sessions));
	bool is_short = !sessions;

	*traffic = (struct traffic){ .cluster = cluster, .dice = dice };
	traffic->packets = calloc(count + (size_t)SESSIONS * SCRIPT_MAX, sizeof(*traffic->packets));
	is_short |= !traffic->packets;
	while (!is_short && traffic->count < count) {
		struct session *session = &sessions[dice_roll(&traffic->dice, SESSIONS)];

		if (session->next == session->count)
			begin(session, traffic);
		send_next(traffic, session);
		is_short = session->is_out_of_memory;
	}
	/* What has begun is told to its end. */
	for (unsigned i = 0; !is_short && i < SESSIONS; i++) {
		while (sessions[i].next < sessions[i].count)
			send_next(traffic, &sessions[i]);
	}
	free(sessions);
	return is_short ? -ENOMEM : 0;
}

void traffic_finish(struct traffic *traffic)
{
	free(traffic->packets);
	free(traffic->datagrams);
	free(traffic->bytes);
}
