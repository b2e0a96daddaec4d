/*
 * kinds_fragments.c - scripts of fragmented datagrams. A whole one is answered; of those that are
 * not put together, nothing more is said.
 */
#include "session.h"

enum { SMALL = 8 };

static void make_payload(const struct session *session, unsigned side, size_t length,
			 struct wire_payload *out)
{
	uint8_t message[WIRE_MAX / 2] = { (uint8_t)(session->ports[CLIENT][0] >> 8),
					  (uint8_t)session->ports[CLIENT][0] };
	uint8_t ask = session->is_ipv6 ? 128 : 8, answer = session->is_ipv6 ? 129 : 0;

	switch (session->ports[CLIENT][0] % 4) {
	case 0:
		wire_icmp(out, &session->ends[side], side == CLIENT ? ask : answer, 0, message,
			  length);
		break;
	case 1:
		wire_tcp(out, &session->ends[side], session->ports[side], session->sequence[side],
			 session->sequence[!side] + 1, side == CLIENT ? SYN : SYN | ACK, length);
		break;
	default:
		wire_udp(out, &session->ends[side], session->ports[side], length);
	}
}

/* Cuts a datagram into at most six pieces, which are reordered and repeated as the kind says. */
static void send(struct session *session, unsigned side, struct cut cut)
{
	struct wire_payload payload;
	unsigned first = session->count;

	make_payload(session, side, 100 + dice_roll(session->dice, 400), &payload);
	session_cut(session, side, &payload, &cut);
	if (session->kind == FRAGMENTS_REVERSED) {
		for (unsigned i = first, j = session->count; i + 1 < j; i++, j--)
			session_swap(session, i, j - 1);
	} else if (session->kind != FRAGMENTS_IN_ORDER) {
		session_shuffle(session, first, session->count);
	}
}

/* Before the last one. */
static void repeat_fragment(struct session *session)
{
	unsigned last = session->count;

	if (last < 2 || last == SCRIPT_MAX)
		return;
	session->script[last] = session->script[dice_roll(session->dice, last - 1)];
	session->script[last].is_repeated = true;
	session->count++;
	session_swap(session, last - 1, last);
}

/* One piece reaches into the next one's. */
static void overlap(struct session *session, const struct cut *cut)
{
	struct wire_payload payload;

	make_payload(session, CLIENT, 200, &payload);
	session_begin_datagram(session, payload.protocol, cut);
	for (size_t first = 0; first < 160; first += 40) {
		struct wire_fragment fragment = { cut->id, first, first == 40 ? 48 : 40,
						  first + 40 < 160 };

		session_fragment(session, CLIENT, &payload, &fragment);
	}
	if (dice_chance(session->dice, 50))
		session_shuffle(session, 0, session->count);
}

/* TCP whose flags are in the second fragment, or might be: its first has 8 bytes. Or a piece
 * in the middle that is no multiple of 8. */
static void tiny(struct session *session, const struct cut *cut)
{
	struct wire_payload payload;
	bool is_odd = dice_chance(session->dice, 30);
	struct wire_fragment head = { cut->id, 0, is_odd ? 28 : SMALL, true };
	struct wire_fragment tail = { cut->id, is_odd ? 24 : SMALL, 0, false };

	wire_tcp(&payload, &session->ends[CLIENT], session->ports[CLIENT],
		 session->sequence[CLIENT], 0, SYN, 60);
	tail.length = payload.length - tail.first;
	session_begin_datagram(session, PROTOCOL_TCP, cut);
	session_fragment(session, CLIENT, &payload, &head);
	session_fragment(session, CLIENT, &payload, &tail);
}

/* Every other piece first. */
static void scatter(struct session *session, struct cut cut)
{
	struct wire_payload payload;
	unsigned half;

	cut.pieces = 16;
	make_payload(session, CLIENT, 16 * 32, &payload);
	session_cut(session, CLIENT, &payload, &cut);
	half = session->count / 2;
	for (unsigned i = 1; i < half; i++) {
		for (unsigned j = 2 * i; j > i; j--)
			session_swap(session, j, j - 1);
	}
}

static void send_whole(struct session *session, struct cut cut)
{
	send(session, CLIENT, cut);
	if (session->kind == FRAGMENTS_REPEATED)
		repeat_fragment(session);
	if (session->kind == FRAGMENTS_SENT_AGAIN) {
		cut.is_again = true;
		send(session, CLIENT, cut);
	}
	cut.is_again = false;
	cut.id++;
	if (dice_chance(session->dice, 70))
		send(session, SERVER, cut);
}

void kinds_fragments(struct session *session)
{
	struct cut cut = { .pieces = 2 + dice_roll(session->dice, 5),
			   .is_whole = true,
			   .id = (uint32_t)dice_bits(session->dice) };

	switch (session->kind) {
	case FRAGMENTS_INCOMPLETE:
		cut.is_whole = false;
		send(session, CLIENT, cut);
		session->count -= session->count > 1;
		break;
	case FRAGMENTS_OVERLAPPING:
		cut.is_whole = false;
		overlap(session, &cut);
		break;
	case FRAGMENTS_TINY:
		cut.is_whole = false;
		tiny(session, &cut);
		break;
	case FRAGMENTS_SCATTERED:
		cut.is_whole = false;
		scatter(session, cut);
		break;
	default:
		send_whole(session, cut);
	}
}
