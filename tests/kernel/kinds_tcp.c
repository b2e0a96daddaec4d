/*
 * kinds_tcp.c - scripts of TCP. Nobody answers anybody: both sides are written as if everything
 * had come through, so what follows a denied SYN is there as well.
 */
#include "session.h"

static void say(struct session *session, unsigned side, uint8_t flags, size_t length)
{
	struct wire_payload payload;

	wire_tcp(&payload, &session->ends[side], session->ports[side], session->sequence[side],
		 session->sequence[!side], flags, length);
	session_send(session, side, &payload);
	session->sequence[side] += (uint32_t)length + (flags & (SYN | FIN) ? 1 : 0);
}

static void shake_hands(struct session *session)
{
	say(session, CLIENT, SYN, 0);
	say(session, SERVER, SYN | ACK, 0);
	say(session, CLIENT, ACK, 0);
}

static void talk(struct session *session, unsigned turns)
{
	for (unsigned i = 0; i < turns; i++) {
		unsigned side = dice_roll(session->dice, 2);

		say(session, side, ACK | PSH, 1 + dice_roll(session->dice, 60));
		if (dice_chance(session->dice, 50))
			say(session, !side, ACK, 0);
	}
}

static void say_goodbye(struct session *session)
{
	unsigned side = dice_roll(session->dice, 2);

	say(session, side, FIN | ACK, 0);
	if (dice_chance(session->dice, 60))
		say(session, !side, ACK, 0);
	say(session, !side, FIN | ACK, 0);
	say(session, side, ACK, 0);
}

static void plain(struct session *session)
{
	shake_hands(session);
	talk(session, 2 + dice_roll(session->dice, 8));
	say_goodbye(session);
}

/* As a network does that keeps no order; the handshake less often. */
static void reorder(struct session *session)
{
	for (unsigned i = dice_chance(session->dice, 20) ? 0 : 3; i + 1 < session->count; i++) {
		if (dice_chance(session->dice, 30))
			session_swap(session, i, i + 1);
	}
	if (dice_chance(session->dice, 20) && session->count > 8)
		session_shuffle(session, 3, session->count - 4);
}

/* Some packets a second time, a little later. */
static void retransmit(struct session *session)
{
	unsigned times = 1 + session->count / 3;

	for (unsigned n = 0; n < times; n++) {
		unsigned i = dice_roll(session->dice, session->count);
		unsigned later = i + 1 + dice_roll(session->dice, 3);

		session_repeat(session, i);
		for (unsigned j = session->count - 1; j > later; j--)
			session_swap(session, j, j - 1);
	}
}

static void refused(struct session *session)
{
	for (unsigned n = 1 + dice_roll(session->dice, 3); n > 0; n--) {
		say(session, CLIENT, SYN, 0);
		say(session, SERVER, RST | ACK, 0);
	}
}

static void reset(struct session *session)
{
	unsigned side = dice_roll(session->dice, 2);

	shake_hands(session);
	talk(session, dice_roll(session->dice, 6));
	if (dice_chance(session->dice, 20))
		session->sequence[side] += 1000;
	say(session, side, dice_chance(session->dice, 50) ? RST : RST | ACK, 0);
	/* What was on its way. */
	if (dice_chance(session->dice, 60))
		say(session, !side, ACK, 10);
	if (dice_chance(session->dice, 30))
		say(session, side, RST, 0);
}

static void half_open(struct session *session)
{
	for (unsigned n = 1 + dice_roll(session->dice, 4); n > 0; n--) {
		say(session, CLIENT, SYN, 0);
		session->sequence[CLIENT]--;
	}
	if (dice_chance(session->dice, 50))
		say(session, SERVER, SYN | ACK, 0);
	if (dice_chance(session->dice, 30))
		say(session, CLIENT, RST, 0);
}

static void half_closed(struct session *session)
{
	unsigned side = dice_roll(session->dice, 2);

	shake_hands(session);
	say(session, side, FIN | ACK, 0);
	say(session, !side, ACK, 0);
	for (unsigned n = dice_roll(session->dice, 6); n > 0; n--) {
		say(session, !side, ACK | PSH, 20);
		say(session, side, ACK, 0);
	}
	if (dice_chance(session->dice, 60)) {
		say(session, !side, FIN | ACK, 0);
		say(session, side, ACK, 0);
	}
}

static void both_open(struct session *session)
{
	unsigned side = dice_roll(session->dice, 2);

	say(session, CLIENT, SYN, 0);
	say(session, SERVER, SYN, 0);
	for (unsigned i = 0; i < 2; i++) {
		session->sequence[i ? side : !side]--;
		say(session, i ? side : !side, SYN | ACK, 0);
	}
	talk(session, 3);
	say_goodbye(session);
}

/* The same addresses and ports, once more and more often. */
static void reopened(struct session *session, bool is_back)
{
	unsigned end = dice_roll(session->dice, 3);

	plain(session);
	if (end == 1)
		say(session, CLIENT, RST, 0);
	else if (end == 2)
		say(session, SERVER, RST | ACK, 0);
	for (unsigned n = 1 + dice_roll(session->dice, 2); n > 0; n--) {
		for (unsigned i = 0; i < 2; i++)
			session->sequence[i] += 100000;
		say(session, is_back ? SERVER : CLIENT, SYN, 0);
		say(session, is_back ? CLIENT : SERVER, SYN | ACK, 0);
		say(session, is_back ? SERVER : CLIENT, ACK, 0);
		talk(session, 3);
		if (dice_chance(session->dice, 80))
			say_goodbye(session);
	}
}

static void midstream(struct session *session)
{
	say(session, dice_roll(session->dice, 2), ACK, 10);
	talk(session, 4);
	if (dice_chance(session->dice, 50))
		say_goodbye(session);
}

/* One packet that begins nothing. */
static void lone(struct session *session)
{
	static const uint8_t flags[] = { SYN | ACK, FIN | ACK, RST, RST | ACK };

	say(session, dice_roll(session->dice, 2), flags[dice_roll(session->dice, 4)], 0);
}

static void anything(struct session *session)
{
	static const uint8_t flags[] = {
		SYN, SYN | ACK, ACK, ACK | PSH, FIN | ACK, RST, RST | ACK
	};

	for (unsigned n = 6 + dice_roll(session->dice, 20); n > 0; n--) {
		unsigned side = dice_roll(session->dice, 2);

		if (dice_chance(session->dice, 15))
			session->sequence[side] += dice_roll(session->dice, 100000) - 50000;
		say(session, side, flags[dice_roll(session->dice, 7)], 0);
	}
}

static void bad_flags(struct session *session)
{
	static const uint8_t flags[] = {
		0, FIN, SYN | FIN, SYN | RST, FIN | RST, FIN | PSH | URG, URG, SYN | FIN | ACK
	};
	bool is_known = dice_chance(session->dice, 60);

	if (is_known)
		shake_hands(session);
	for (unsigned n = 1 + dice_roll(session->dice, 3); n > 0; n--)
		say(session, dice_roll(session->dice, 2), flags[dice_roll(session->dice, 8)], 0);
	if (is_known)
		talk(session, 3);
}

void kinds_tcp(struct session *session)
{
	switch (session->kind) {
	case TCP_REORDERED:
		plain(session);
		reorder(session);
		break;
	case TCP_RETRANSMITTED:
		plain(session);
		retransmit(session);
		break;
	case TCP_REFUSED:
		refused(session);
		break;
	case TCP_RESET:
		reset(session);
		break;
	case TCP_HALF_OPEN:
		half_open(session);
		break;
	case TCP_HALF_CLOSED:
		half_closed(session);
		break;
	case TCP_BOTH_OPEN:
		both_open(session);
		break;
	case TCP_REOPENED:
	case TCP_REOPENED_BACK:
		reopened(session, session->kind == TCP_REOPENED_BACK);
		break;
	case TCP_MIDSTREAM:
		midstream(session);
		break;
	case TCP_LONE:
		lone(session);
		break;
	case TCP_ANYTHING:
		anything(session);
		break;
	case TCP_BAD_FLAGS:
		bad_flags(session);
		break;
	default:
		plain(session);
	}
}
