/*
 * extent.h - what a rule is about, in whatever cluster: whether one rule is about everything that
 * another is about, and whether both may be about the same.
 *
 * Both answers are proofs from selectors, prefixes and ports as they are written, but for the
 * labels of namespaces that are named: covers is true, and meets is false, only when that is
 * certain.
 */
#ifndef WEIR_K8S_EXTENT_H
#define WEIR_K8S_EXTENT_H

#include "select.h"

enum k8s_far_kind {
	K8S_FAR_PODS,
	K8S_FAR_NODES,
	K8S_FAR_NETWORKS,
	K8S_FAR_DOMAINS,
};

/* One entry of a rule's peers. */
struct k8s_far {
	struct k8s_meaning pods;            /* of PODS */
	struct k8s_terms nodes;             /* of NODES */
	const struct weir_prefix *networks; /* of NETWORKS */
	uint32_t network_count;
	uint8_t kind; /* enum k8s_far_kind */
};

struct k8s_extent {
	struct k8s_meaning subjects;
	const struct k8s_far *peers;  /* none: everything */
	const struct k8s_port *ports; /* none: every port and protocol */
	uint32_t peer_count;
	uint32_t port_count;
};

/* Of one rule of a policy; what out points to is in the arena, or the cluster's. 0 or -ENOMEM. */
int k8s_extent_of_rule(const struct k8s_selection *selection,
		       const struct k8s_network_policy *policy, const struct k8s_rule *rule,
		       struct weir_arena *arena, struct k8s_extent *out);
int k8s_extent_of_cluster_rule(const struct k8s_selection *selection,
			       const struct k8s_cluster_policy *policy,
			       const struct k8s_cluster_rule *rule, struct weir_arena *arena,
			       struct k8s_extent *out);

/* Whether a rule of extent a is about all that a rule of extent b is about. */
bool k8s_extent_covers(const struct k8s_selection *selection, const struct k8s_extent *a,
		       const struct k8s_extent *b);

/* Whether they may be about the same. */
bool k8s_extent_meets(const struct k8s_selection *selection, const struct k8s_extent *a,
		      const struct k8s_extent *b);

/* The same of pods alone. */
bool k8s_meaning_covers(const struct k8s_selection *selection, const struct k8s_meaning *a,
			const struct k8s_meaning *b);
bool k8s_meaning_meets(const struct k8s_selection *selection, const struct k8s_meaning *a,
		       const struct k8s_meaning *b);

#endif
