/*
 * shapes.h - clusters of a given size as resolved policies, and keys for them, from a seed.
 *
 * Apps of ten pods, nodes of thirty; eight of ten apps are isolated, inwards, outwards or both,
 * with one to three peers a rule: apps, whole namespaces, blocks with up to three holes; 16 port
 * specs, two of them names. Keys are three quarters pod to pod, the rest from anywhere; a uniform
 * pick, without locality, which is the worst case of a cache.
 */
#ifndef WEIR_BENCH_SHAPES_H
#define WEIR_BENCH_SHAPES_H

#include <stddef.h>
#include <stdint.h>

#include "weir/key.h"
#include "weir/policy.h"

struct bench_shape {
	uint32_t pods;
	uint32_t policies;
};

/* Compiles the cluster of a shape; NULL: no memory. */
struct weir_policy *bench_shape_compile(const struct bench_shape *shape);
void bench_shape_keys(const struct bench_shape *shape, struct weir_key *keys, size_t count);

#endif
