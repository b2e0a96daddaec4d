/*
 * interview.h - everything that may be asked of a policy, asked.
 *
 * Answers are not judged, since those of a mutated policy mean nothing: asking must come to an end,
 * and touch no byte that is not the policy's. Only the kernels must agree.
 */
#ifndef WEIR_TESTS_RANDOM_INTERVIEW_H
#define WEIR_TESTS_RANDOM_INTERVIEW_H

#include <stdbool.h>

#include "dice.h"
#include "weir/policy.h"

struct interview {
	struct dice dice;
	const struct weir_key *keys;
	size_t key_count;
	bool with_list;    /* it takes long */
	uint64_t checksum; /* of what was read, so that nothing is left out */
};

/* False when kernels differ. */
bool interview_hold(struct interview *interview, struct weir_policy *policy);

#endif
