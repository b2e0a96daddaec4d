/*
 * kinds_icmp.c - scripts of ICMP of both families: echoes, other questions, messages that are
 * neither asked nor answered, and errors about connections.
 */
#include "session.h"

#include <string.h>

enum { QUOTE_MAX = 128 };

struct type {
	uint8_t type, code;
};

/* Appends a message of length bytes behind type, code and checksum. */
static void tell(struct session *session, const struct wire_ends *ends, struct type type,
		 const uint8_t *message, size_t length)
{
	struct wire_payload payload;

	wire_icmp(&payload, ends, type.type, type.code, message, length);
	session_send_from(session, ends, &payload);
}

/* A question, or its answer: with an identifier, which is the client's port here. */
static void query(struct session *session, unsigned side, uint8_t type, size_t length)
{
	uint8_t message[64] = { (uint8_t)(session->ports[CLIENT][0] >> 8),
				(uint8_t)session->ports[CLIENT][0], 0, (uint8_t)session->count };

	tell(session, &session->ends[side], (struct type){ type, 0 }, message, 4 + length);
}

static void echo(struct session *session)
{
	uint8_t ask = session->is_ipv6 ? 128 : 8, answer = session->is_ipv6 ? 129 : 0;

	for (unsigned n = 1 + dice_roll(session->dice, 4); n > 0; n--) {
		query(session, CLIENT, ask, 16);
		if (dice_chance(session->dice, 80))
			query(session, SERVER, answer, 16);
		if (dice_chance(session->dice, 10))
			query(session, SERVER, answer, 16);
	}
	/* The other way round, with the same identifier: another connection. */
	if (dice_chance(session->dice, 20)) {
		query(session, SERVER, ask, 16);
		query(session, CLIENT, answer, 16);
	}
}

/* Timestamps, masks; of IPv6, what nodes ask of each other. */
static void other_query(struct session *session)
{
	static const uint8_t questions[] = { 13, 15, 17 };
	uint8_t ask = session->is_ipv6 ? 139 : questions[dice_roll(session->dice, 3)];

	query(session, CLIENT, ask, 12);
	query(session, SERVER, ask + 1, 12);
	if (dice_chance(session->dice, 30))
		query(session, CLIENT, ask + 1, 12);
	/* The answer to another question. */
	if (dice_chance(session->dice, 30)) {
		session_renew(session);
		query(session, SERVER, ask + 1, 12);
	}
}

/* Router discovery of IPv4; listeners and neighbours of IPv6, which do not really pass routers. */
static void message(struct session *session)
{
	static const uint8_t types[2][4] = { { 9, 10, 9, 10 }, { 131, 135, 136, 137 } };
	static const uint8_t nothing[40] = { 0 };
	uint8_t type = types[session->is_ipv6][dice_roll(session->dice, 4)];

	for (unsigned n = 1 + dice_roll(session->dice, 2); n > 0; n--)
		tell(session, &session->ends[CLIENT], (struct type){ type, 0 }, nothing,
		     type == 131 ? 20 : sizeof(nothing));
}

/* Errors. */

static const struct type errors[2][8] = {
	{ { 3, 1 }, { 3, 3 }, { 3, 4 }, { 11, 0 }, { 12, 0 }, { 5, 1 }, { 4, 0 }, { 3, 13 } },
	{ { 1, 0 }, { 1, 4 }, { 2, 0 }, { 3, 0 }, { 4, 0 }, { 1, 1 }, { 1, 3 }, { 3, 0 } },
};

/* Whoever is on a leg, and is not the one. */
static const struct party *bystander(const struct session *session, enum leg leg,
				     const struct party *other)
{
	const struct party *party;

	do
		party = &session->traffic->cluster->parties[dice_roll(session->dice, PARTIES)];
	while (party->leg != leg || party == other);
	return party;
}

/* The packet of a frame, as much of it as an error quotes. */
static size_t quote(const struct session *session, const struct packet *packet, uint8_t *message)
{
	size_t length = packet->length - (size_t)WIRE_LINK;
	size_t most = QUOTE_MAX;

	if (!session->is_ipv6 && dice_chance(session->dice, 50))
		most = 20 + (session->has_options ? 4 : 0) + 8;
	memset(message, 0, 4);
	length = length < most ? length : most;
	memcpy(message + 4, session->traffic->bytes + packet->at + WIRE_LINK, length);
	return 4 + length;
}

/* Its receiver, or somebody on the way to it, tells the sender of a packet of an error. */
static void complain(struct session *session, unsigned i, bool is_forged, size_t cut)
{
	const struct packet *packet = &session->script[i];
	unsigned side = session->ends[CLIENT].from->leg == packet->leg ? CLIENT : SERVER;
	struct wire_ends ends = session->ends[!side];
	uint8_t message[QUOTE_MAX + 4];
	size_t length = quote(session, packet, message);

	if (dice_chance(session->dice, 50))
		ends.from = bystander(session, ends.from->leg, ends.from);
	if (is_forged)
		ends.to = bystander(session, ends.to->leg, ends.to);
	if (cut && cut < length)
		length = cut;
	tell(session, &ends, errors[session->is_ipv6][dice_roll(session->dice, 8)], message,
	     length);
}

/* Some packets of a connection; of another protocol each time. */
static void converse(struct session *session)
{
	struct wire_payload payload;
	uint8_t ask = session->is_ipv6 ? 128 : 8;
	unsigned protocol = dice_roll(session->dice, 4);

	for (unsigned n = 0, end = 2 + dice_roll(session->dice, 2); n < end; n++) {
		unsigned side = n % 2;

		if (protocol == 0)
			wire_tcp(&payload, &session->ends[side], session->ports[side],
				 session->sequence[side] + (n > 1), session->sequence[!side] + 1,
				 n < 2 ? (side ? SYN | ACK : SYN) : ACK, 0);
		else if (protocol == 1)
			wire_udp(&payload, &session->ends[side], session->ports[side], 20);
		else if (protocol == 2)
			wire_other(&payload, PROTOCOL_TEST, 24);
		if (protocol < 3)
			session_send(session, side, &payload);
		else
			query(session, side, side ? (session->is_ipv6 ? ask + 1 : 0) : ask, 16);
	}
}

/* Errors about packets that were never sent: their bytes stay in the script's memory only. */
static void about_unknown(struct session *session)
{
	unsigned sent = session->count;

	session_renew(session);
	converse(session);
	for (unsigned n = 1 + dice_roll(session->dice, 2); n > 0; n--)
		complain(session, sent + dice_roll(session->dice, 2), false, 0);
	for (unsigned i = sent; i + 2 < session->count; i++)
		session->script[i] = session->script[i + 2];
	session->count -= session->count > sent + 2 ? 2 : 0;
}

static void error(struct session *session)
{
	unsigned sent;

	converse(session);
	sent = session->count;
	if (session->kind == ERROR_UNKNOWN) {
		about_unknown(session);
		return;
	}
	for (unsigned n = 1 + dice_roll(session->dice, 3); n > 0; n--)
		complain(session, dice_roll(session->dice, sent), session->kind == ERROR_FORGED,
			 session->kind == ERROR_SHORT ? 4 + dice_roll(session->dice, 24) : 0);
	if (dice_chance(session->dice, 50))
		session_repeat(session, dice_roll(session->dice, sent));
}

void kinds_icmp(struct session *session)
{
	switch (session->kind) {
	case ECHO:
		echo(session);
		break;
	case ECHO_REPLY_ALONE:
		query(session, SERVER, session->is_ipv6 ? 129 : 0, 16);
		break;
	case ICMP_QUERY:
		other_query(session);
		break;
	case ICMP_MESSAGE:
		message(session);
		break;
	default:
		error(session);
	}
}
