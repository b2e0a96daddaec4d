/*
 * assign.h - which sighting a packet belongs to.
 *
 * Assigning looks at the past only, so both passes run it and come to the same numbers. What
 * only the future tells (whose a later fragment is that came before its first) is logged in the
 * first pass and looked up in the second.
 */
#ifndef WEIR_TRACE_ASSIGN_H
#define WEIR_TRACE_ASSIGN_H

#include <assert.h>
#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>

#include "fragments.h"
#include "sightings.h"
#include "tunnels.h"

/* The end of time: nothing comes after it. */
#define WEIR_TRACE_END UINT64_MAX

/* Fragments that waited and found their first. */
struct weir_arrival {
	uint64_t serial;
	struct weir_place place;
};

struct weir_assigner {
	struct weir_sightings sightings;
	struct weir_fragments fragments;
	struct weir_interface_sets sets;        /* of all; while packets come, of fragments */
	struct weir_interface_sets *table_sets; /* of each of many tables' sightings, till then */
	struct weir_array arrivals; /* struct weir_arrival; by serial after the first pass */
	struct weir_tunnels tunnels;
	bool is_stateless;
	bool is_endless; /* there is no second pass */
	bool is_second_pass;
};

/* A packet on its way: what can be told of it without the ones before. */
struct weir_incoming {
	alignas(64) struct weir_flow_key
		key; /* and what follows, up to the kind: when it has one */
	uint32_t tag;
	uint8_t side;
	uint8_t signals;
	uint8_t icmp_code;
	bool is_fragment;  /* the first of a datagram */
	uint8_t kind;      /* enum weir_packet_class */
	uint8_t malformed; /* enum weir_malformed */
	bool has_key;      /* it is OK, and neither a later fragment nor an error that quotes */
};
static_assert(sizeof(struct weir_incoming) == 64, "one cache line");

struct weir_assignment {
	struct weir_place place;
	struct weir_tally *tally;         /* where the first pass counts it, by place.side */
	struct weir_interface_sets *sets; /* of the tally */
	bool is_later_fragment;
};

int weir_assigner_init(struct weir_assigner *assigner, const struct weir_allocator *allocator,
		       const uint64_t random[2], const struct weir_tunnels *tunnels,
		       bool is_stateless, unsigned table_bits);
void weir_assigner_finish(struct weir_assigner *assigner);

/* Decodes one frame, and finds the tag of its key. Any thread may, at any time. */
void weir_assigner_read(const struct weir_assigner *assigner, const struct weir_frame *frame,
			struct weir_incoming *out);

/* Decodes a burst, and fetches what assigning its packets will touch. */
void weir_assigner_expect(const struct weir_assigner *assigner, const struct weir_frame *frames,
			  size_t n, struct weir_incoming *out);

/* Places the packet of a frame that decode calls OK, and takes notice of it. 0 or -ENOMEM. */
int weir_assign(struct weir_assigner *assigner, const struct weir_frame *frame,
		const struct weir_incoming *incoming, struct weir_assignment *out);

/* Assigns the packets of frames that decode calls OK, and counts them: the first pass. 0 or
 * -ENOMEM. */
int weir_assigner_count(struct weir_assigner *assigner, const struct weir_frame *frames,
			const struct weir_incoming *incoming, size_t n);

/* Asks for what the next two need of the listed frames: they lie apart, as no processor foresees.
 */
void weir_assigner_fetch_listed(const struct weir_frame *frames,
				const struct weir_incoming *incoming, const uint16_t *list,
				size_t n);

/* The same, and weir_assign, for those of the listed frames. All must have a key of one table,
 * which then only this thread works on, and be no fragments: so no other's work is touched. */
int weir_assigner_count_listed(struct weir_assigner *assigner, const struct weir_frame *frames,
			       const struct weir_incoming *incoming, const uint16_t *list,
			       size_t n);
int weir_assigner_assign_listed(struct weir_assigner *assigner, const struct weir_frame *frames,
				const struct weir_incoming *incoming, const uint16_t *list,
				size_t n, struct weir_assignment *out);

/* Nothing comes any more: what still waits has no first fragment. 0 or -ENOMEM. */
int weir_assigner_end(struct weir_assigner *assigner);

/* What waits for so long that its first fragment can no longer come has none. 0 or -ENOMEM. */
int weir_assigner_end_waiting(struct weir_assigner *assigner, uint64_t now);

/* Sighting i is number moved[i] now, or forgotten: WEIR_NONE. */
void weir_assigner_move_fragments(struct weir_assigner *assigner, const uint32_t *moved);

/* From now on the second pass. */
void weir_assigner_rewind(struct weir_assigner *assigner);

#endif
