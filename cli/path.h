/*
 * path.h - how one side of a connection went through the tiers.
 */
#ifndef WEIR_CLI_PATH_H
#define WEIR_CLI_PATH_H

#include <stdbool.h>
#include <stdio.h>

#include "weir/policy.h"

/* A line for each tier that the side came to: what passed it on, and what decided. Nothing where no
 * rule of a cluster's tier is about the pod. False when memory ran out. */
bool print_path(FILE *out, const struct weir_policy *policy, const struct weir_key *key,
		const struct weir_half *half, enum weir_direction direction);

#endif
