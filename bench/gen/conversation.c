#include "conversation.h"

enum {
	HANDSHAKE_TCP = 3,
	HANDSHAKE_SCTP = 4,
	CLOSE = 3,
	ECHO_REPLY_IPV4 = 0,
	ECHO_REPLY_IPV6 = 129,
};

void gen_conversation_begin(struct gen_conversation *conversation)
{
	conversation->at = 0;
	conversation->sequences[0] = (uint32_t)dice_next(&conversation->dice);
	conversation->sequences[1] = (uint32_t)dice_next(&conversation->dice);
}

/* Which of the last packets, if it closes and this is one: 0, 1, 2; else CLOSE. */
static uint32_t closing_step(const struct gen_conversation *conversation, uint32_t handshake)
{
	uint64_t left = conversation->steps - conversation->at;

	return conversation->steps >= handshake + CLOSE && left <= CLOSE ? CLOSE - (uint32_t)left
									 : (uint32_t)CLOSE;
}

static uint16_t draw_payload(struct gen_conversation *conversation)
{
	return (uint16_t)dice_below(&conversation->dice, conversation->payload_max + 1u);
}

static bool tcp(struct gen_conversation *conversation, struct gen_packet *out)
{
	uint32_t closing = closing_step(conversation, HANDSHAKE_TCP);
	uint64_t at = conversation->at;
	bool is_reply = false;

	out->kind = GEN_ACK;
	if (!conversation->is_answered || at == 0) {
		out->kind = GEN_SYN;
	} else if (at == 1) {
		out->kind = GEN_SYN | GEN_ACK;
		is_reply = true;
	} else if (closing < CLOSE) {
		is_reply = closing == 1;
		if (closing < 2)
			out->kind |= GEN_FIN;
	} else if (at >= HANDSHAKE_TCP) {
		is_reply = dice_one_in(&conversation->dice, 2);
		out->payload = draw_payload(conversation);
		if (out->payload)
			out->kind |= GEN_PUSH;
	}
	out->sequence = conversation->sequences[is_reply];
	out->acknowledged = out->kind & GEN_ACK ? conversation->sequences[!is_reply] : 0;
	if (conversation->is_answered)
		conversation->sequences[is_reply] +=
			out->payload + (out->kind & (GEN_SYN | GEN_FIN) ? 1 : 0);
	return is_reply;
}

/* The tags of both sides are their sequence numbers at the beginning, which stay as they are. */
static bool sctp(struct gen_conversation *conversation, struct gen_packet *out)
{
	static const uint8_t handshake[] = { GEN_CHUNK_INIT, GEN_CHUNK_INIT_ACK,
					     GEN_CHUNK_COOKIE_ECHO, GEN_CHUNK_COOKIE_ACK };
	static const uint8_t close[] = { GEN_CHUNK_SHUTDOWN, GEN_CHUNK_SHUTDOWN_ACK,
					 GEN_CHUNK_SHUTDOWN_COMPLETE };
	uint32_t closing = closing_step(conversation, HANDSHAKE_SCTP);
	bool is_reply = false;

	if (!conversation->is_answered) {
		out->kind = GEN_CHUNK_INIT;
	} else if (conversation->at < HANDSHAKE_SCTP) {
		out->kind = handshake[conversation->at];
		is_reply = conversation->at % 2;
	} else if (closing < CLOSE) {
		out->kind = close[closing];
		is_reply = closing == 1;
	} else {
		out->kind = GEN_CHUNK_DATA;
		is_reply = dice_one_in(&conversation->dice, 2);
		/* A message has at least a byte. */
		out->payload = draw_payload(conversation);
		out->payload = out->payload ? out->payload : 1;
	}
	out->sequence = out->kind == GEN_CHUNK_INIT ? 0 : conversation->sequences[!is_reply];
	out->acknowledged = conversation->sequences[is_reply];
	if (out->kind == GEN_CHUNK_DATA)
		out->acknowledged += (uint32_t)conversation->at;
	return is_reply;
}

static bool udp(struct gen_conversation *conversation, struct gen_packet *out)
{
	out->payload = draw_payload(conversation);
	return conversation->is_answered && conversation->at % 2;
}

static bool echo(struct gen_conversation *conversation, struct gen_packet *out)
{
	bool is_reply = conversation->is_answered && conversation->at % 2;
	uint8_t answer = out->protocol == WEIR_PROTOCOL_ICMP ? ECHO_REPLY_IPV4 : ECHO_REPLY_IPV6;

	out->kind = is_reply ? answer : conversation->connection->key.icmp_type;
	out->echo = conversation->source_port;
	out->echo_sequence = (uint16_t)(conversation->at >> conversation->is_answered);
	out->payload = conversation->payload_max < 56 ? conversation->payload_max : 56;
	return is_reply;
}

static void turn_round(struct gen_packet *packet)
{
	struct weir_address address = packet->source;
	uint16_t port = packet->source_port;

	packet->source = packet->destination;
	packet->source_port = packet->destination_port;
	packet->destination = address;
	packet->destination_port = port;
}

bool gen_conversation_next(struct gen_conversation *conversation, struct gen_packet *out)
{
	const struct weir_key *key = &conversation->connection->key;
	bool is_reply;

	*out = (struct gen_packet){ .source = key->source,
				    .destination = key->destination,
				    .protocol = key->protocol,
				    .source_port = conversation->source_port,
				    .destination_port = key->destination_port,
				    .identification = (uint16_t)dice_next(&conversation->dice) };
	switch (key->protocol) {
	case WEIR_PROTOCOL_TCP:
		is_reply = tcp(conversation, out);
		break;
	case WEIR_PROTOCOL_SCTP:
		is_reply = sctp(conversation, out);
		break;
	case WEIR_PROTOCOL_UDP:
		is_reply = udp(conversation, out);
		break;
	default:
		is_reply = echo(conversation, out);
	}
	if (is_reply)
		turn_round(out);
	conversation->at++;
	return is_reply;
}

bool gen_conversation_spare(struct gen_conversation *conversation)
{
	uint64_t left = conversation->steps - conversation->at;

	if (left <= (conversation->is_answered ? CLOSE : 0))
		return false;
	conversation->steps--;
	return true;
}
