/*
 * machine.h - what a connection has lived through, from the signals that its packets give.
 *
 * A packet is reduced to signals (it asks to open, it accepts, it finishes, it aborts), the same
 * for TCP, SCTP and ICMP queries. The machine remembers which signals each side gave, and from
 * that alone tells the state, whether another opening means another connection (T15), and which
 * side opened (T4). A signal given twice changes nothing: a packet that was captured at two
 * interfaces, or sent again, cannot confuse it.
 */
#ifndef WEIR_FLOW_MACHINE_H
#define WEIR_FLOW_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/packet.h"
#include "weir/trace.h"

enum weir_flow_signal {
	WEIR_FLOW_OPENS = 1,    /* a lone SYN, INIT, a request */
	WEIR_FLOW_ACCEPTS = 2,  /* SYN-ACK, INIT-ACK, a reply */
	WEIR_FLOW_FINISHES = 4, /* FIN, SHUTDOWN, SHUTDOWN-ACK */
	WEIR_FLOW_ABORTS = 8,   /* RST, ABORT, SHUTDOWN-COMPLETE: nothing is left of it */
	WEIR_FLOW_TALKS = 16,   /* anything else */
};
enum { WEIR_FLOW_SIGNAL_BITS = 5 };

struct weir_flow_machine {
	uint8_t seen[2]; /* signals by side */
	uint8_t opener;  /* who came first, was accepted, asked: bits of machine.c */
};

enum { WEIR_FLOW_SIDE_UNKNOWN = 2 };

/* Nanoseconds, as all times are. */
#define WEIR_FLOW_SECOND UINT64_C(1000000000)
/* So long without a packet ends UDP and others that have no end of their own (T15). */
#define WEIR_FLOW_IDLE (180 * WEIR_FLOW_SECOND)

/* The signals of a packet that has its ports, whichever side sends it. */
uint8_t weir_flow_signals(const struct weir_packet *packet);

/* The same of TCP flags. */
static inline uint8_t weir_flow_tcp_signals(uint8_t flags)
{
	uint8_t signals = 0;

	if (!(flags & (WEIR_TCP_FIN | WEIR_TCP_SYN | WEIR_TCP_RST)))
		return WEIR_FLOW_TALKS;
	if (flags & WEIR_TCP_RST)
		return WEIR_FLOW_ABORTS;
	if (flags & WEIR_TCP_FIN)
		signals |= WEIR_FLOW_FINISHES;
	if ((flags & (WEIR_TCP_SYN | WEIR_TCP_ACK)) == (WEIR_TCP_SYN | WEIR_TCP_ACK))
		signals |= WEIR_FLOW_ACCEPTS;
	else if (flags & WEIR_TCP_SYN && !signals)
		signals |= WEIR_FLOW_OPENS;
	return signals ? signals : WEIR_FLOW_TALKS;
}

/* The first packet of a connection, and every further one. */
void weir_flow_begin(struct weir_flow_machine *machine, unsigned side, uint8_t signals);
void weir_flow_advance(struct weir_flow_machine *machine, unsigned side, uint8_t signals);

/* Whether to advance would change anything: most packets say what their side said before. */
static inline bool weir_flow_is_news(const struct weir_flow_machine *machine, unsigned side,
				     uint8_t signals)
{
	return signals & ~machine->seen[side];
}

/* True for protocols that open and end (TCP, SCTP): time alone does not end them. */
static inline bool weir_flow_has_handshake(uint8_t protocol)
{
	return protocol == 6 || protocol == 132;
}

/* True when a packet of these signals begins a new connection after this one. */
bool weir_flow_is_succeeded(const struct weir_flow_machine *machine, uint8_t signals);

/* opener: the side that opened, by whatever evidence. */
enum weir_flow_state weir_flow_state(const struct weir_flow_machine *machine, uint8_t protocol,
				     unsigned opener);

/* The side that sent the first packet. */
unsigned weir_flow_first_side(const struct weir_flow_machine *machine);

/* True when the first packet could not open a connection of a protocol that has openings. */
bool weir_flow_is_midstream(const struct weir_flow_machine *machine);

/* The side that opened, as far as the packets' signals show it: whoever sent the first packet
 * when that opens, else who was accepted, else who asked later; else WEIR_FLOW_SIDE_UNKNOWN. */
unsigned weir_flow_shown_opener(const struct weir_flow_machine *machine);

#endif
