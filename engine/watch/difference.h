/*
 * difference.h - a resolved policy, told to a live policy that knows another one.
 */
#ifndef WEIR_WATCH_DIFFERENCE_H
#define WEIR_WATCH_DIFFERENCE_H

#include "resolve.h"
#include "teller.h"
#include "ties.h"

/* Tells everything that the live policy does not know, and what is gone; services only where they
 * are given. The numbers of endpoints, workloads and sets are in the arena. Errors are those of the
 * teller. */
int difference_tell(struct teller *teller, const struct weir_resolved *resolved,
		    const struct k8s_meanings *meanings, struct weir_arena *arena,
		    struct tie_numbers *out);

#endif
