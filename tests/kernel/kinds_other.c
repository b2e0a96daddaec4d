/*
 * kinds_other.c - scripts of UDP, of SCTP, and of protocols without ports.
 */
#include "session.h"

static void say(struct session *session, unsigned side)
{
	struct wire_payload payload;

	wire_udp(&payload, &session->ends[side], session->ports[side],
		 dice_roll(session->dice, 100));
	session_send(session, side, &payload);
}

static void udp(struct session *session)
{
	unsigned turns = 1 + dice_roll(session->dice, 6);

	if (session->kind == UDP_BOTH_OPEN) {
		say(session, SERVER);
		say(session, CLIENT);
	}
	for (unsigned i = 0; i < turns; i++) {
		say(session, CLIENT);
		if (session->kind != UDP_ONE_WAY && dice_chance(session->dice, 70))
			say(session, SERVER);
	}
}

/* Some packets arrive with a byte changed. */
static void bad_checksum(struct session *session)
{
	struct traffic *traffic = session->traffic;

	udp(session);
	for (unsigned i = 0; i < session->count; i++) {
		struct packet *packet = &session->script[i];

		if (!dice_chance(session->dice, 40))
			continue;
		traffic->bytes[packet->at + packet->length - 1u] ^= 0x55;
		traffic->datagrams[packet->datagram].has_bad_checksum = true;
	}
}

enum chunk {
	CHUNK_DATA,
	CHUNK_INIT,
	CHUNK_INIT_ACK,
	CHUNK_SACK,
	CHUNK_ABORT = 6,
	CHUNK_SHUTDOWN,
	CHUNK_SHUTDOWN_ACK,
	CHUNK_COOKIE_ECHO = 10,
	CHUNK_COOKIE_ACK,
	CHUNK_SHUTDOWN_COMPLETE = 14,
};

static void put32(uint8_t *to, uint32_t value)
{
	for (unsigned i = 0; i < 4; i++)
		to[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Each side's tag is the one that it asked to be addressed by. */
static void chunk(struct session *session, unsigned side, enum chunk type)
{
	struct wire_payload payload;
	uint8_t value[24] = { 0 };
	size_t length = 0;
	bool is_opening = type == CHUNK_INIT || type == CHUNK_INIT_ACK;

	if (is_opening) {
		put32(value, session->sequence[side]);
		put32(value + 4, 65535);
		put32(value + 8, 0x00010001);
		put32(value + 12, 1);
		length = 16;
	} else if (type == CHUNK_DATA || type == CHUNK_SACK) {
		length = type == CHUNK_DATA ? 16 : 12;
	} else if (type == CHUNK_COOKIE_ECHO || type == CHUNK_SHUTDOWN) {
		length = 4;
	}
	wire_sctp(&payload, session->ports[side], type == CHUNK_INIT ? 0 : session->sequence[!side],
		  (uint8_t)type, value, length);
	session_send(session, side, &payload);
}

static void sctp(struct session *session)
{
	chunk(session, CLIENT, CHUNK_INIT);
	if (session->kind == SCTP_HALF_OPEN && dice_chance(session->dice, 50))
		return;
	chunk(session, SERVER, CHUNK_INIT_ACK);
	if (session->kind == SCTP_HALF_OPEN)
		return;
	chunk(session, CLIENT, CHUNK_COOKIE_ECHO);
	chunk(session, SERVER, CHUNK_COOKIE_ACK);
	for (unsigned n = dice_roll(session->dice, 4); n > 0; n--) {
		unsigned side = dice_roll(session->dice, 2);

		chunk(session, side, CHUNK_DATA);
		chunk(session, !side, CHUNK_SACK);
	}
	if (session->kind == SCTP_ABORTED) {
		chunk(session, dice_roll(session->dice, 2), CHUNK_ABORT);
		return;
	}
	chunk(session, CLIENT, CHUNK_SHUTDOWN);
	chunk(session, SERVER, CHUNK_SHUTDOWN_ACK);
	chunk(session, CLIENT, CHUNK_SHUTDOWN_COMPLETE);
}

static void other(struct session *session)
{
	struct wire_payload payload;
	uint8_t protocol = dice_chance(session->dice, 50) ? PROTOCOL_ESP : PROTOCOL_TEST;

	for (unsigned n = 1 + dice_roll(session->dice, 4); n > 0; n--) {
		wire_other(&payload, protocol, 24);
		session_send(session, dice_chance(session->dice, 70) ? CLIENT : SERVER, &payload);
	}
}

void kinds_other(struct session *session)
{
	switch (session->kind) {
	case SCTP_PLAIN:
	case SCTP_ABORTED:
	case SCTP_HALF_OPEN:
		sctp(session);
		break;
	case OTHER_PROTOCOL:
		other(session);
		break;
	case BAD_CHECKSUM:
		bad_checksum(session);
		break;
	default:
		udp(session);
	}
}
