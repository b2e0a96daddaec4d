/*
 * keys.h - keys for any resolved policy, from a seed.
 *
 * Half of them are a uniform pick of a rule and a uniform point inside of it; three of ten go from
 * pod to pod with a port that some rule has; the rest come from anywhere or go there. None is of a
 * pod that no object owns. Uniform picks have no locality, which is the worst case of a cache.
 */
#ifndef WEIR_BENCH_KEYS_H
#define WEIR_BENCH_KEYS_H

#include "policy.h"
#include "weir/key.h"

/* All have the flags (enum weir_key_flags). */
void bench_keys(const struct bench_policy *policy, uint64_t seed, uint8_t flags,
		struct weir_key *keys, size_t n);

#endif
