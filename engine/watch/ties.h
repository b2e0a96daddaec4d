/*
 * ties.h - what pods have to do with other objects, counted: whether a pod that comes, changes or
 * goes disturbs anything but itself.
 *
 * The whole is more than its objects. A workload without pods gets some that stand for it; a node
 * that no object describes exists as long as a pod names it, with the addresses that its pods say;
 * an owner that is missing exists as long as it owns; pods without an address get one that depends
 * on who else needs one. All of this is worked out when a cluster is finished and resolved. Ties
 * keep, of the cluster that was resolved last, how many pods stand behind each such fact:
 *
 *	node n1, implied:         named by 12 pods, 12 of them say that it has 192.168.0.1
 *	Deployment web:           3 pods
 *	240.17.3.9:               home of 1 pod
 *
 * A pod that is one more of several changes no fact, and can be put into force alone. The first and
 * the last one of anything are refused, and so is what no count tells: then the cluster is resolved
 * again, and ties begin anew. Refusing too much costs time, never an answer.
 */
#ifndef WEIR_WATCH_TIES_H
#define WEIR_WATCH_TIES_H

#include "resolve.h"
#include "store.h"

/* Pods that all say the same of something, or not. */
struct tie_consensus {
	uint32_t count;
	bool is_mixed;
	uintptr_t said; /* by the first */
};

struct tie_node {
	uint32_t number; /* in the live policy */
	uint32_t named;  /* by so many pods */
	bool described;  /* by an object, with addresses: pods say nothing of them */
	struct tie_consensus addresses;
};

struct tie_workload {
	const char *kind;
	const char *namespace_name;
	const char *name;
	uint32_t number;              /* in the live policy */
	uint32_t parent;              /* index, or WEIR_NONE */
	uint32_t owned;               /* pods that it owns */
	uint32_t marked;              /* of a described one: pods that it need not be stood for */
	struct tie_consensus parents; /* of one that only pods name */
};

struct tie_namespace {
	struct k8s_labels labels;
	struct weir_array sets; /* uint32_t: indices of those that may hold its pods */
	bool is_asked;          /* sets are known */
	bool has_synthetic;     /* pods that stand for workloads */
};

/* An address of the ranges out of which pods get theirs. */
struct tie_address {
	uint32_t shown; /* by objects */
	uint32_t homes; /* of pods without an address */
};

struct tie_step {
	uint32_t *counter;
	uint32_t before;
};

struct ties {
	const struct store *store;
	const struct weir_allocator *allocator;
	struct weir_arena arena;
	struct weir_cluster *view; /* as it was resolved; owned */
	struct k8s_meanings meanings;
	uint32_t *set_numbers; /* in the live policy */

	struct tie_node *nodes;         /* of the view */
	struct tie_workload *workloads; /* those that objects describe first */
	struct weir_map workload_of;    /* struct store_name */
	struct weir_array synthetic;    /* const struct k8s_pod *, of the view */

	struct weir_array namespaces; /* struct tie_namespace */
	struct weir_map namespace_of; /* interned name */

	struct weir_prefix ranges[2];
	uint32_t range_count;
	struct weir_map address_of;
	struct weir_array addresses; /* struct tie_address * */
	bool is_disturbed;           /* a pod has another address than its home */
	uint32_t ipv6;               /* objects that show it */

	struct weir_array steps; /* struct tie_step */
};

/* The numbers in the live policy of what a resolved policy has. */
struct tie_numbers {
	const uint32_t *endpoints;
	const uint32_t *workloads;
	const uint32_t *sets;
};

void ties_init(struct ties *ties, const struct store *store);
void ties_finish(struct ties *ties);
/* Counts the objects of the store behind its batch; ties->view is the cluster of them, finished,
 * and ties->meanings are of the policy that it resolved to. -ENOMEM. */
int ties_count(struct ties *ties, const struct weir_resolved *resolved,
	       const struct tie_numbers *numbers);

enum tie_answer {
	TIES_HOLD,   /* nothing else changes */
	TIES_CHANGE, /* something does, or it is not known */
};

/* Takes an object from one version to another, either of which may be none; an enum tie_answer, or
 * -ENOMEM. */
int ties_move(struct ties *ties, enum store_kind kind, const struct store_version *from,
	      const struct store_version *to);

/* Reads the labels of a namespace again, behind the batch; an enum tie_answer for its pods, or
 * -ENOMEM. */
int ties_relabel(struct ties *ties, const char *name);

void ties_go_back(struct ties *ties);
void ties_keep(struct ties *ties);

/* A pod for which ties hold, as an endpoint of the live policy, and the sets that hold it,
 * ascending. What it points to is the pod's, or in the arena. -ENOMEM. */
int ties_endpoint(struct ties *ties, const struct k8s_pod *pod, struct weir_arena *arena,
		  struct weir_endpoint *out);
int ties_sets(struct ties *ties, const struct k8s_pod *pod, struct weir_array *sets);

#endif
