/*
 * reference.h - the specification read aloud: one connection judged straight from the objects.
 *
 * Plain loops, never optimised, and no code shared with the resolver or the compiler: this is
 * what everything else is tested against.
 */
#ifndef WEIR_K8S_REFERENCE_H
#define WEIR_K8S_REFERENCE_H

#include "objects.h"
#include "weir/key.h"
#include "weir/policy.h"

/* Why one side came out as it did, with the rule by its name. */
struct k8s_half {
	uint8_t action; /* enum weir_action */
	uint8_t reason; /* enum weir_reason */
	/* When reason is RULE one of the two is the policy, else both are NULL. */
	const struct k8s_network_policy *policy;
	const struct k8s_cluster_policy *cluster_policy;
	uint32_t rule;
	uint32_t peer; /* WEIR_NONE when the rule has no peers */
	uint32_t port; /* WEIR_NONE when the rule has no ports */
};

struct k8s_judgement {
	struct weir_verdict verdict;
	struct k8s_half egress; /* halves are meaningful unless the verdict is ambiguous */
	struct k8s_half ingress;
};

void k8s_reference_judge(const struct weir_cluster *cluster, const struct weir_semantics *semantics,
			 const struct weir_key *key, struct k8s_judgement *out);

#endif
