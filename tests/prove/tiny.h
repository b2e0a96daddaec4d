/*
 * tiny.h - clusters from a seed whose addresses fit into four bits of each family.
 *
 * All that a policy can say is likely: pods that share addresses, are finished, pending or on their
 * node's network; nodes that share addresses, ranges with pods that nobody knows; blocks with holes
 * in holes; named ports; tiers that pass and deny; domain names. The addresses and ports are those
 * of universe.h.
 */
#ifndef WEIR_TESTS_PROVE_TINY_H
#define WEIR_TESTS_PROVE_TINY_H

#include <stdint.h>

/* The manifests, for the caller to free; NULL: no memory. */
char *tiny_make(uint64_t seed);

#endif
