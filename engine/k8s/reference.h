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

/* The predicates that it is made of, each about one address, one policy or one entry of a rule,
 * for whoever puts them together in another way. None looks at more than it is given. */

enum k8s_end_kind {
	K8S_END_EXTERNAL,
	K8S_END_NODE,
	K8S_END_PODS,
	K8S_END_UNKNOWN_POD,
};

/* What an end may be. */
struct k8s_candidate {
	enum k8s_end_kind kind;
	const struct weir_address *address;
	const struct k8s_pod *pod; /* of K8S_END_PODS */
	bool favourable;           /* of K8S_END_UNKNOWN_POD */
	bool has_names;            /* of K8S_END_EXTERNAL: every domain name is its own */
};

/* How well something matches, where not everything is known. */
enum k8s_match {
	K8S_MATCH_NO,
	K8S_MATCH_PERHAPS,
	K8S_MATCH_CERTAIN,
};

/* Whether a pod would own the address if no other did (S13, S17). */
bool k8s_reference_claims(const struct k8s_pod *pod, const struct weir_address *address);
bool k8s_reference_in_pod_range(const struct weir_cluster *cluster,
				const struct weir_address *address);
bool k8s_reference_is_other_protocol(const struct weir_key *key);
bool k8s_reference_is_neighbour_discovery(const struct weir_key *key);

/* Subjects. */
enum k8s_match k8s_reference_selects(const struct k8s_network_policy *policy,
				     const struct k8s_candidate *near);
enum k8s_match k8s_reference_scope(const struct weir_cluster *cluster,
				   const struct k8s_pods_scope *scope,
				   const struct k8s_candidate *end);
/* Whether both select the same pods in every world. */
bool k8s_reference_same_subjects(const struct k8s_network_policy *a,
				 const struct k8s_network_policy *b);
bool k8s_reference_same_scope(const struct k8s_pods_scope *a, const struct k8s_pods_scope *b);

/* Peers and ports. */
enum k8s_match k8s_reference_peer(const struct weir_cluster *cluster,
				  const struct weir_semantics *semantics,
				  const struct k8s_network_policy *policy,
				  const struct k8s_peer *peer, const struct k8s_candidate *far);
enum k8s_match k8s_reference_cluster_peer(const struct weir_cluster *cluster,
					  const struct k8s_cluster_peer *peer,
					  const struct k8s_candidate *far);
enum k8s_match k8s_reference_port(const struct weir_key *key, const struct k8s_port *port,
				  const struct k8s_candidate *destination);

#endif
