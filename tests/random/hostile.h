/*
 * hostile.h - small Kubernetes clusters from a seed, as the text of their manifests.
 *
 * Everything that is legal and odd is likely: pods that share addresses, are finished, have no
 * address or sit on their node's network; nodes with many addresses, that share them, or that
 * only pods name; ranges of pods with addresses that nobody owns; blocks that cover all of this,
 * with holes in holes; selectors that contradict themselves; rules that are missing, null or
 * empty; tiers that pass and deny, of equal priorities. Labels, names and ports come from small
 * pools, so that selectors and rules hit.
 */
#ifndef WEIR_TESTS_RANDOM_HOSTILE_H
#define WEIR_TESTS_RANDOM_HOSTILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/cluster.h"

enum {
	HOSTILE_NAMESPACES_MAX = 8,
	HOSTILE_NODES_MAX = 8,
	HOSTILE_PODS_MAX = 200, /* host parts of addresses are bytes */
	HOSTILE_POLICIES_MAX = 1009,
};

struct hostile_shape {
	uint32_t namespaces; /* 1..HOSTILE_NAMESPACES_MAX, some of which no object describes */
	uint32_t nodes;      /* 1..HOSTILE_NODES_MAX, some of which only pods name */
	uint32_t pods;       /* 0..HOSTILE_PODS_MAX */
	uint32_t policies;   /* 0..HOSTILE_POLICIES_MAX */
	uint32_t cluster_policies; /* of the tiers around NetworkPolicy; 0: there are none */
	uint32_t services;
	uint32_t workloads; /* without pods of their own */
	bool dual_stack;
	bool shared_addresses; /* of pods with each other, and with nodes */
	bool pod_ranges;       /* podCIDRs, and at times cluster_cidrs */
};

/* A policy of this ending has no policyTypes or empty ones; objects do not keep that. */
#define HOSTILE_UNTYPED "-untyped"

struct hostile {
	char *yaml; /* with a NUL */
	size_t length;
	struct weir_prefix cluster_cidrs[2]; /* for the options */
	size_t cluster_cidr_count;
};

/* 10 to 60 pods, 5 to 30 policies, switches as they fall. */
struct hostile_shape hostile_draw_shape(uint64_t seed);

/* Equal seeds and shapes give equal texts. False when memory runs out. */
bool hostile_make(uint64_t seed, const struct hostile_shape *shape, struct hostile *out);
void hostile_release(struct hostile *hostile);

#endif
