/*
 * join.h - the visits of a trace: connections to a Service as they were before translation.
 *
 * Made and answered by join.c; masquerade.c answers those that are left, where a node put its own
 * address in the client's place.
 */
#ifndef WEIR_TRACE_JOIN_H
#define WEIR_TRACE_JOIN_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flows.h"

struct weir_visit {
	/* The client, by which it is found. */
	struct weir_address client;
	uint16_t port;
	uint16_t protocol;

	uint32_t sighting;
	uint32_t rank; /* among the sightings' beginnings */
	uint32_t service;
	uint32_t service_port;
	uint32_t backend;  /* the sighting behind it, or WEIR_NONE */
	uint8_t forward;   /* side of the backend's sighting that is the client */
	uint64_t distance; /* between the beginnings */
	uint64_t first;    /* when it began */
};

enum {
	WEIR_VISIT_CLIENT_BYTES = 20,
	/* Visits that are looked at, before and after a moment: a client may have come again from
	 * the same port while one lasted, but not often. */
	WEIR_VISIT_NEIGHBOURS = 16,
};
static_assert(offsetof(struct weir_visit, sighting) == WEIR_VISIT_CLIENT_BYTES,
	      "a client has no padding");

struct weir_join {
	const struct weir_judge *judge;
	struct weir_outcome *outcomes;
	uint32_t *translated;      /* as weir_join_translated fills it */
	struct weir_array visits;  /* struct weir_visit, by client and time */
	struct weir_array matches; /* struct weir_match */
};

/* A sighting that may lie behind a visit: the best one for it. */
struct weir_match {
	uint32_t sighting;
	uint32_t visit; /* or WEIR_NONE */
	uint8_t forward;
	uint64_t distance;
};

static inline const struct weir_sighting *weir_join_sighting(const struct weir_join *join,
							     uint32_t number)
{
	return weir_sighting_at(&join->judge->assigner->sightings, number);
}

/* Whether a sighting counts for itself, and has two ends with a port each. */
bool weir_join_is_live(const struct weir_join *join, uint32_t number);

/* Makes the visit its sighting's match when it is nearer than what is there and they overlap in
 * time. */
void weir_join_consider(const struct weir_join *join, uint32_t visit, struct weir_match *match);

/* Notes a match that has a visit, which it answers when it is nearest; 0 or -ENOMEM. */
int weir_join_note(struct weir_join *join, const struct weir_match *match);

/* Joins the matches from the first on to the visits that they answer; 0 or -ENOMEM. */
int weir_join_matches(struct weir_join *join, size_t first);

/* masquerade.c: joins what nodes masqueraded to the visits that nothing answered, and marks what
 * may lie behind one of them (is_suspect). 0 or -ENOMEM. */
int weir_join_masqueraded(struct weir_join *join, const struct weir_allocator *allocator);

#endif
