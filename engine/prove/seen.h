/*
 * seen.h - how the rules of one end see another, in the compiled bytes.
 */
#ifndef WEIR_PROVE_SEEN_H
#define WEIR_PROVE_SEEN_H

#include "array.h"
#include "handle.h"

/* Appends bytes: equal ones for two far ends that explaining does not tell apart when it is asked
 * about this near end. Both ends have leaves of their own. -ENOMEM. */
int seen_append(const struct lookup *lookup, enum weir_direction direction,
		const struct weir_address *near, const struct weir_address *far,
		struct weir_array *bytes);

#endif
