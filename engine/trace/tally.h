/*
 * tally.h - what is counted about packets that belong together.
 */
#ifndef WEIR_TRACE_TALLY_H
#define WEIR_TRACE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#include "interfaces.h"
#include "weir/packet.h"

struct weir_tally {
	uint64_t first_number; /* of the first packet; nothing holds while there is none */
	uint64_t first;        /* least and greatest time */
	uint64_t last;
	uint64_t packets[2]; /* by the side that sent them */
	uint64_t bytes[2];
	uint32_t interfaces; /* a set */
	uint32_t interface;  /* the latest: in the set */
};

static inline bool weir_tally_is_empty(const struct weir_tally *tally)
{
	return !(tally->packets[0] + tally->packets[1]);
}

/* The first frame of a tally, or the first at another interface; 0 or -ENOMEM. */
int weir_tally_meet(struct weir_tally *tally, const struct weir_frame *frame,
		    struct weir_interface_sets *sets);

/* Counts one frame; 0 or -ENOMEM. */
static inline int weir_tally_frame(struct weir_tally *tally, unsigned side,
				   const struct weir_frame *frame, struct weir_interface_sets *sets)
{
	if (weir_tally_is_empty(tally) || tally->interface != frame->interface) {
		int status = weir_tally_meet(tally, frame, sets);

		if (status)
			return status;
	}
	if (frame->time < tally->first)
		tally->first = frame->time;
	if (frame->time > tally->last)
		tally->last = frame->time;
	tally->packets[side]++;
	tally->bytes[side] += frame->wire;
	return 0;
}

/* Moves all of from into tally, its side 0 becoming this one's side; 0 or -ENOMEM. */
int weir_tally_move(struct weir_tally *tally, struct weir_tally *from, unsigned side,
		    struct weir_interface_sets *sets);

#endif
