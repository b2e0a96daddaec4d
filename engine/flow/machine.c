#include "machine.h"

#include "key.h"
#include "weir/key.h"

enum {
	SCTP_INIT = 1,
	SCTP_INIT_ACK = 2,
	SCTP_ABORT = 6,
	SCTP_SHUTDOWN = 7,
	SCTP_SHUTDOWN_ACK = 8,
	SCTP_SHUTDOWN_COMPLETE = 14,
};

/* What is remembered about the opening: the first packet, and the first to accept and to ask,
 * since later ones may be retransmissions of somebody else's. */
enum opener_bits {
	FIRST_SIDE = 1,
	FIRST_OPENS = 2,
	ACCEPTED = 4,
	ACCEPTED_SIDE = 8, /* the side that was accepted */
	ASKED = 16,
	ASKED_SIDE = 32,
};

static uint8_t sctp_signals(const struct weir_packet *packet)
{
	if (!packet->sctp_chunk_known)
		return WEIR_FLOW_TALKS;
	switch (packet->sctp_chunk) {
	case SCTP_INIT:
		return WEIR_FLOW_OPENS;
	case SCTP_INIT_ACK:
		return WEIR_FLOW_ACCEPTS;
	case SCTP_SHUTDOWN:
	case SCTP_SHUTDOWN_ACK:
		return WEIR_FLOW_FINISHES;
	case SCTP_ABORT:
	case SCTP_SHUTDOWN_COMPLETE:
		return WEIR_FLOW_ABORTS;
	default:
		return WEIR_FLOW_TALKS;
	}
}

static uint8_t icmp_signals(const struct weir_packet *packet)
{
	struct weir_flow_key key;
	unsigned side = weir_flow_key_of(packet, &key);

	if (key.kind != WEIR_FLOW_QUERY)
		return WEIR_FLOW_TALKS;
	return side ? WEIR_FLOW_ACCEPTS : WEIR_FLOW_OPENS;
}

uint8_t weir_flow_signals(const struct weir_packet *packet)
{
	switch (packet->tuple.protocol) {
	case WEIR_PROTOCOL_TCP:
		return packet->tcp_flags_known ? weir_flow_tcp_signals(packet->tcp_flags)
					       : WEIR_FLOW_TALKS;
	case WEIR_PROTOCOL_SCTP:
		return sctp_signals(packet);
	case WEIR_PROTOCOL_ICMP:
	case WEIR_PROTOCOL_ICMPV6:
		return icmp_signals(packet);
	default:
		return WEIR_FLOW_TALKS;
	}
}

void weir_flow_begin(struct weir_flow_machine *machine, unsigned side, uint8_t signals)
{
	*machine = (struct weir_flow_machine){ .opener = side ? FIRST_SIDE : 0 };
	if (signals & WEIR_FLOW_OPENS)
		machine->opener |= FIRST_OPENS;
	weir_flow_advance(machine, side, signals);
}

void weir_flow_advance(struct weir_flow_machine *machine, unsigned side, uint8_t signals)
{
	if (signals & WEIR_FLOW_ACCEPTS && !(machine->opener & ACCEPTED))
		machine->opener |= (uint8_t)(ACCEPTED | (side ? 0 : ACCEPTED_SIDE));
	if (signals & WEIR_FLOW_OPENS && !(machine->opener & ASKED))
		machine->opener |= (uint8_t)(ASKED | (side ? ASKED_SIDE : 0));
	machine->seen[side] |= signals;
}

static bool is_closed(const struct weir_flow_machine *machine)
{
	return ((machine->seen[0] | machine->seen[1]) & WEIR_FLOW_ABORTS) ||
	       (machine->seen[0] & machine->seen[1] & WEIR_FLOW_FINISHES);
}

bool weir_flow_is_succeeded(const struct weir_flow_machine *machine, uint8_t signals)
{
	return signals & WEIR_FLOW_OPENS && is_closed(machine);
}

enum weir_flow_state weir_flow_state(const struct weir_flow_machine *machine, uint8_t protocol,
				     unsigned opener)
{
	uint8_t either = machine->seen[0] | machine->seen[1];

	if (!weir_flow_has_handshake(protocol))
		return machine->seen[!opener] ? WEIR_FLOW_REPLIED : WEIR_FLOW_UNREPLIED;
	if (is_closed(machine))
		return WEIR_FLOW_CLOSED;
	if (either & WEIR_FLOW_FINISHES)
		return WEIR_FLOW_CLOSING;
	return either == WEIR_FLOW_OPENS ? WEIR_FLOW_NEW : WEIR_FLOW_ESTABLISHED;
}

unsigned weir_flow_first_side(const struct weir_flow_machine *machine)
{
	return (machine->opener & FIRST_SIDE) != 0;
}

bool weir_flow_is_midstream(const struct weir_flow_machine *machine)
{
	return !(machine->opener & FIRST_OPENS);
}

unsigned weir_flow_shown_opener(const struct weir_flow_machine *machine)
{
	if (machine->opener & FIRST_OPENS)
		return weir_flow_first_side(machine);
	if (machine->opener & ACCEPTED)
		return (machine->opener & ACCEPTED_SIDE) != 0;
	if (machine->opener & ASKED)
		return (machine->opener & ASKED_SIDE) != 0;
	return WEIR_FLOW_SIDE_UNKNOWN;
}

const char *weir_flow_state_name(enum weir_flow_state state)
{
	static const char *const names[] = {
		[WEIR_FLOW_NEW] = "new",
		[WEIR_FLOW_ESTABLISHED] = "established",
		[WEIR_FLOW_CLOSING] = "closing",
		[WEIR_FLOW_CLOSED] = "closed",
		[WEIR_FLOW_UNREPLIED] = "unreplied",
		[WEIR_FLOW_REPLIED] = "replied",
	};

	return names[state];
}
