/*
 * ties_inside.h - what the files of ties share.
 */
#ifndef WEIR_WATCH_TIES_INSIDE_H
#define WEIR_WATCH_TIES_INSIDE_H

#include "ties.h"

/* Counters, with a way back. -ENOMEM. */
int ties_set_counter(struct ties *ties, uint32_t *counter, uint32_t value);
static inline int raise_counter(struct ties *ties, uint32_t *counter)
{
	return ties_set_counter(ties, counter, *counter + 1);
}
static inline int lower_counter(struct ties *ties, uint32_t *counter)
{
	return ties_set_counter(ties, counter, *counter - 1);
}

/* What a pod is tied to. */
struct bonds {
	struct tie_node *node; /* NULL: none */
	bool node_is_implied;
	bool says_addresses; /* of the node */
	uint32_t owner;      /* workload, or WEIR_NONE */
	uint32_t marked;     /* described workload, or WEIR_NONE */
	bool says_parent;    /* of the owner */
	uint32_t parent;
};

/* False when the pod names what is not known. */
bool ties_find_bonds(const struct ties *ties, const struct k8s_pod *pod, struct bonds *out);
/* Counts a pod, whether it may come or not. -ENOMEM. */
int ties_join(struct ties *ties, const struct k8s_pod *pod, const struct bonds *bonds);
/* An enum tie_answer, or -ENOMEM. */
int ties_move_pod(struct ties *ties, const struct k8s_pod *from, const struct k8s_pod *to);

/* How counts of addresses change, and whether they may. */
struct tally {
	int (*shown)(struct ties *ties, struct tie_address *address);
	int (*home)(struct ties *ties, struct tie_address *address);
};
extern const struct tally ties_counting, ties_coming, ties_going;

/* The addresses of an object, or of a pod; an enum tie_answer, or -ENOMEM. */
int ties_tally(struct ties *ties, const struct tally *tally, enum store_kind kind,
	       const void *object);
int ties_tally_pod(struct ties *ties, const struct tally *tally, const struct k8s_pod *pod);
/* Counts the addresses that options give to nodes. -ENOMEM. */
int ties_count_options(struct ties *ties);

#endif
