/*
 * settle.h - a trace that has no end: what is over is told, what lives is carried on.
 *
 * Settling judges everything that is there, as the end of a trace would: nothing else knows which
 * sightings belong together. Then it goes on as a copying collector does. A flow is over when time
 * has passed over each of its sightings; those are left behind, and all others are copied, as they
 * were before they were judged, to a new table:
 *
 *	sightings   A    B    C    D    E     B, D: a connection, before and after translation
 *	saved       a    b    c    d    e     what judging moves about: counts and signals
 *	flows       1:A  2:BD 3:C       4:E
 *	over        1         3
 *	kept             b         d    e     numbered anew; the next settling joins b and d again
 *
 * What a sighting takes along besides: the number that its flow was told under, a digest of what
 * was told, and a suspicion (masquerade.c), since the visit that raised it may be left behind.
 *
 * Everything is looked at each time, so settling is due only after a share of as many packets.
 */
#ifndef WEIR_TRACE_SETTLE_H
#define WEIR_TRACE_SETTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "flows.h"

/* Of a sighting. */
struct weir_carried {
	uint64_t number; /* of its flow; 0: none yet */
	uint32_t told;   /* digest of what was said about it */
	bool is_suspect;
};

struct weir_settler {
	struct weir_array carried; /* struct weir_carried, by sighting; those behind have nothing */
	struct weir_array saved;   /* struct saved, by sighting */
	struct weir_array told;    /* struct told, by flow */
	uint64_t last_number;
	bool is_settled; /* nothing was forgotten since */
};

void weir_settler_init(struct weir_settler *settler, const struct weir_allocator *allocator);
void weir_settler_finish(struct weir_settler *settler);

/* Before flows are made: remembers what that changes. 0 or -ENOMEM. */
int weir_settler_save(struct weir_settler *settler, const struct weir_assigner *assigner);

/* After it: numbers the flows, and says which are over at a time. 0 or -ENOMEM. */
int weir_settler_tell(struct weir_settler *settler, const struct weir_assigner *assigner,
		      const struct weir_flows *flows, uint64_t now);
uint64_t weir_settler_number(const struct weir_settler *settler, uint32_t flow);
enum weir_trace_news weir_settler_news(const struct weir_settler *settler, uint32_t flow);

/* Forgets the flows that are over. 0 or -ENOMEM. */
int weir_settler_forget(struct weir_settler *settler, struct weir_assigner *assigner,
			const struct weir_flows *flows);

/* Whether a sighting was suspect when the reason was left behind. */
bool weir_settler_suspects(const struct weir_settler *settler, uint32_t sighting);

#endif
