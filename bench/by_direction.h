/*
 * by_direction.h - engines that have the rules of each direction apart, of plain policies only.
 */
#ifndef WEIR_BENCH_BY_DIRECTION_H
#define WEIR_BENCH_BY_DIRECTION_H

#include "engine.h"

/* The form of such an engine. */
struct bench_by_direction {
	size_t size; /* of what is built; it begins as zeros */
	/* Builds one direction of it. What it has on failure, the engine's destroy takes. */
	int (*build)(const struct bench_policy *policy, const struct bench_limits *limits,
		     enum weir_direction direction, void *built, struct weir_error *error);
};

/* The engine's function of the same name. */
int bench_build_by_direction(const struct bench_engine *engine, const struct bench_policy *policy,
			     const struct bench_limits *limits, void **out,
			     struct weir_error *error);

#endif
