/*
 * resolve.h - the parts of resolving and what they share; resolve.c runs them in order.
 */
#ifndef WEIR_K8S_RESOLVE_H
#define WEIR_K8S_RESOLVE_H

#include "objects.h"
#include "select.h"
#include "weir/resolved.h"

/* A resolved policy and the memory that it lives in. Names, addresses and holes are the
 * cluster's. */
struct k8s_resolution {
	struct weir_resolved resolved; /* first: what the caller holds */
	struct weir_arena arena;
	struct weir_array workloads; /* struct weir_workload */
	struct weir_array sets;      /* struct weir_set */
	struct weir_array blocks;    /* struct weir_block */
	struct weir_array origins;   /* struct weir_origin */
	struct weir_array rules;     /* struct weir_rule */
};

/* By set: the pods that are in it. A set of nodes and an empty one mean what is impossible. */
struct k8s_meanings {
	struct weir_arena arena;
	struct weir_array items; /* struct k8s_meaning */
};

/* What is needed only while resolving. */
struct k8s_resolver {
	struct weir_cluster *cluster;
	struct k8s_resolution *result;
	struct weir_arena *arena;  /* the result's */
	struct weir_arena scratch; /* gone when resolving ends */
	struct k8s_selection selection;

	struct weir_map set_of; /* canonical selector -> set */
	uint32_t empty_set;     /* of selectors that nothing can fulfil; WEIR_NONE until needed */
	struct weir_map block_of;
	struct weir_map node_set_of; /* nodes -> set */

	struct weir_map workload_of; /* kind, namespace, name -> workload */

	uint32_t *subjects; /* by NetworkPolicy: its set, to be written unless this is NULL */
	struct k8s_meanings *meanings; /* of the sets, to be written unless this is NULL */
};

/* As weir_cluster_resolve with the semantics of a zeroed struct; writes the set of subjects of each
 * NetworkPolicy. Their rules stand first, by policy, those for egress before those for ingress. */
int k8s_resolve_subjects(struct weir_cluster *cluster, uint32_t *subjects,
			 struct weir_resolved **out);

/* As weir_cluster_resolve, with what the sets mean: for pods that the cluster does not have yet. */
int k8s_resolve_meanings(struct weir_cluster *cluster, const struct weir_semantics *semantics,
			 struct k8s_meanings *meanings, struct weir_resolved **out);

/* Each fills its part of the result; 0 or -ENOMEM. */
int k8s_resolve_workloads(struct k8s_resolver *resolver);
int k8s_resolve_endpoints(struct k8s_resolver *resolver); /* after the workloads */
int k8s_resolve_services(struct k8s_resolver *resolver);  /* after the endpoints */
int k8s_resolve_policies(struct k8s_resolver *resolver);  /* after the index */
int k8s_resolve_tiers(struct k8s_resolver *resolver);     /* after the index */

/* What a pod alone says of its endpoint: all but its node and its workload. Ports are in the arena.
 * -ENOMEM. */
int k8s_endpoint_of(const struct k8s_pod *pod, struct weir_arena *arena, struct weir_endpoint *out);

/* The workload of a pod: what owns it, found or made. *out may become WEIR_NONE. */
int k8s_resolve_owner(struct k8s_resolver *resolver, const struct k8s_pod *pod, uint32_t *out);

/* Puts the unfinished pods of one namespace that a selector selects into
 * resolver->selection.found. */
int k8s_resolve_selector(struct k8s_resolver *resolver, const char *namespace_name,
			 const struct k8s_selector *selector);

/* The set of the pods that policies of the namespace mean by these selectors; a NULL
 * namespace_selector means that namespace, a NULL pod_selector every pod. */
int k8s_resolve_set(struct k8s_resolver *resolver, const char *namespace_name,
		    const struct k8s_selector *namespace_selector,
		    const struct k8s_selector *pod_selector, uint32_t *out);

/* The set of the nodes that a selector selects. */
int k8s_resolve_node_set(struct k8s_resolver *resolver, const struct k8s_selector *selector,
			 uint32_t *out);

/* The number of a block, whose like is there once; its holes are borrowed. */
int k8s_resolve_block(struct k8s_resolver *resolver, const struct weir_block *block, uint32_t *out);

/* Entries of a rule's ports. */
int k8s_resolve_ports(struct k8s_resolver *resolver, const struct k8s_port *ports, uint32_t count,
		      struct weir_rule *out);

/* Adds a rule, and with it its origin. */
int k8s_add_rule(struct k8s_resolver *resolver, struct weir_rule *rule,
		 const struct weir_origin *origin);

#endif
