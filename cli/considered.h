/*
 * considered.h - why no rule decided: those that were compared, and what of each did not match.
 */
#ifndef WEIR_CLI_CONSIDERED_H
#define WEIR_CLI_CONSIDERED_H

#include <stdio.h>

#include "weir/policy.h"

/* Prints lines about one half of a connection; none unless it is denied because no rule matches. */
void print_considered(FILE *out, const struct weir_policy *policy, const struct weir_key *key,
		      const struct weir_half *half, enum weir_direction direction);

#endif
