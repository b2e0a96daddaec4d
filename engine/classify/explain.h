/*
 * explain.h - why two ends that are known decide as they do.
 */
#ifndef WEIR_CLASSIFY_EXPLAIN_H
#define WEIR_CLASSIFY_EXPLAIN_H

#include "handle.h"

/* What weir_policy_explain says of a half of a key whose source and destination have these leaves,
 * neither of them a special. */
struct weir_half explain_half(const struct lookup *lookup, const struct weir_key *key,
			      const uint32_t leaves[2], enum weir_direction direction);

#endif
