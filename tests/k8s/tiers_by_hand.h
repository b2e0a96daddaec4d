/*
 * tiers_by_hand.h - cluster policies from short texts, for what works on objects.
 *
 * A rule is "Deny pods team=red app=web & networks 10.0.0.0/8 ::/0 & nodes role=x & domains
 * example.com ; tcp tcp:80-90 http". Pods are selected by their namespaces and then, if it is
 * there, by their own labels; * selects all.
 */
#ifndef WEIR_TESTS_K8S_TIERS_BY_HAND_H
#define WEIR_TESTS_K8S_TIERS_BY_HAND_H

#include "by_hand.h"

enum {
	TIERS_RULES_MOST = 4,
};

struct tiers_written {
	const char *name;
	enum weir_tier tier;
	uint32_t priority;
	const char *namespaces; /* the subject's */
	const char *pods;
	const char *egress[TIERS_RULES_MOST];
	const char *ingress[TIERS_RULES_MOST];
};

/* Adds a ClusterNetworkPolicy. */
void tiers_by_hand_add(struct by_hand *hand, const struct tiers_written *written);

#endif
