/*
 * conversation.h - the packets of one flow, one after the other.
 *
 *	answered    TCP and SCTP shake hands, carry data both ways and, when there is room for it,
 *	            close; UDP and echoes are asked and answered in turn
 *	not         the first packet, again and again
 */
#ifndef WEIR_GEN_CONVERSATION_H
#define WEIR_GEN_CONVERSATION_H

#include <stdbool.h>
#include <stdint.h>

#include "dice.h"
#include "wire.h"
#include "gen_connections.h"

struct gen_conversation {
	const struct gen_connection *connection;
	struct dice dice;
	uint64_t steps; /* there are in all */
	uint64_t at;
	uint32_t sequences[2]; /* of the next byte: the opener's, the other's */
	uint16_t source_port;  /* or the identifier of echoes */
	uint16_t payload_max;
	bool is_answered;
};

void gen_conversation_begin(struct gen_conversation *conversation);

/* The next packet, as the pod's side sees it, and whether it is a reply. */
bool gen_conversation_next(struct gen_conversation *conversation, struct gen_packet *out);

/* Whether the conversation can do with one packet less, which it then does: one that was to come
 * before it closes. */
bool gen_conversation_spare(struct gen_conversation *conversation);

static inline bool gen_conversation_is_over(const struct gen_conversation *conversation)
{
	return conversation->at == conversation->steps;
}

#endif
