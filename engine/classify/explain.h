/*
 * explain.h - why two ends that are known decide as they do.
 */
#ifndef WEIR_CLASSIFY_EXPLAIN_H
#define WEIR_CLASSIFY_EXPLAIN_H

#include "handle.h"

/* What weir_policy_explain says of the two halves, by enum weir_direction, of a key whose addresses
 * have these leaves, neither of them a special. */
void explain_ends(const struct lookup *lookup, const struct weir_key *key, uint32_t source,
		  uint32_t destination, struct weir_half halves[2]);

#endif
