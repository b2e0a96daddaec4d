/*
 * wire.h - two interfaces joined by AF_XDP sockets, whose frames lie in one piece of memory:
 *
 *	          ┌──────────────── free frames ◄──────────────┐
 *	       fill ring                                completion ring
 *	          │  the kernel writes                         │  the kernel has sent
 *	          ▼                                            │
 *	side 0: receive ring ── judged: let pass ──► side 1: transmit ring     and the other way
 *
 * A frame that passes is not moved: its place goes from one ring to the other.
 */
#ifndef WIRE_H
#define WIRE_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/packet.h"

enum {
	WIRE_BURST = 32,
};

struct wire_counters {
	uint64_t received;
	uint64_t sent;
	uint64_t unsent; /* let pass, and the other side's ring was full */
	uint64_t lost;   /* by the kernel, before they were received: no room in a ring */
};

struct wire;

/* Attaches libxdp's program, which redirects all that comes, to the first queue of both interfaces.
 * is_generic: behind the kernel's allocation of its own buffers, where a driver has no XDP. Takes
 * privileges. A negative errno. */
int wire_open(const char *const interfaces[2], bool is_generic, struct wire **out);
void wire_close(struct wire *wire); /* NULL is allowed */

/* Waits until a frame may have come. */
void wire_wait(const struct wire *wire, int milliseconds);

/* Takes at most WIRE_BURST frames that came in by a side; how many. wire_settle has to follow. */
unsigned wire_receive(struct wire *wire, unsigned side, struct weir_frame *frames);

/* Whether each of those frames leaves by the other side. */
void wire_settle(struct wire *wire, unsigned side, const bool *may_pass);

void wire_count(const struct wire *wire, unsigned side, struct wire_counters *out);

#endif
