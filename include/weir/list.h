/*
 * weir/list.h - who may reach whom: every pair of ends of a compiled policy, and the ports.
 *
 * Ends are workloads (or pods), nodes when they are asked for, and what is outside the cluster.
 * A row says what one end may open to another; pairs without a row are denied. Where the pods of a
 * workload do not agree about a pair its row splits into rows of pods, and where a pod's addresses
 * do not agree into rows of addresses: a row always holds for everything that its ends stand for.
 *
 * Left out is what no policy decides: a pod and itself, a pod and its own node (but for pods to
 * their node where own-node is a matter of policy), pairs without a pod, neighbour discovery. Pods
 * that have finished or are on their node's network are no ends.
 */
#ifndef WEIR_LIST_H
#define WEIR_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/address.h"
#include "weir/allocator.h"
#include "weir/error.h"
#include "weir/policy.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_list_options {
	const struct weir_allocator *allocator; /* NULL: the C library's */
	const char *from;           /* only this end: an endpoint as weir/query.h has them, but no
				     * service; or a CIDR, for what is outside; NULL: all */
	const char *to;             /* the same of the other side */
	const char *namespace_name; /* only rows with an end in it; NULL: all */
	bool by_pod;                /* pods are the ends, instead of workloads */
	bool with_nodes;            /* nodes are ends too */
};

enum weir_list_end_kind {
	WEIR_LIST_WORKLOAD,
	WEIR_LIST_POD,
	WEIR_LIST_NODE,
	WEIR_LIST_ADDRESS, /* one of a pod's or a node's addresses */
	WEIR_LIST_OUTSIDE, /* addresses that no pod and no node has */
};

struct weir_list_end {
	uint8_t kind;     /* enum weir_list_end_kind */
	bool is_anywhere; /* OUTSIDE: all of every family that the other end has */
	uint32_t index;   /* of the workload or endpoint; WEIR_NONE of what is outside */
	uint32_t pods;    /* how many pods it stands for */
	uint32_t prefix_count;
	const char *text;                   /* an endpoint; NULL of what is outside */
	const struct weir_prefix *prefixes; /* OUTSIDE: disjoint, IPv4 first, each ascending */
};

/* What its ends point to lives until the next row; texts live as long as the list. */
struct weir_list_row {
	struct weir_list_end from;
	struct weir_list_end to;
	uint32_t ports;    /* for weir_list_ports */
	bool is_ambiguous; /* of pods that share an address some are allowed and some are not... */
	bool may_be_named; /* ... or it takes a domain name, and nobody knows whose address it is */
};

enum weir_list_protocol {
	WEIR_LIST_ANY, /* every port of every protocol; then it stands alone */
	WEIR_LIST_TCP,
	WEIR_LIST_UDP,
	WEIR_LIST_SCTP,
	WEIR_LIST_OTHER, /* every protocol but these three */
	WEIR_LIST_PROTOCOLS,
};

struct weir_list_range {
	uint16_t first;
	uint16_t last;
};

struct weir_list_ports {
	const struct weir_list_range *ranges; /* ascending; of ANY and OTHER one of all numbers */
	uint32_t range_count;
	uint8_t protocol; /* enum weir_list_protocol */
};

/* A list is for one thread at a time; different ones for different threads at once, of one policy
 * too. */
struct weir_list;

/* A list, owned by the caller (weir_list_destroy), which keeps a reference on the policy. Options
 * are copied, but for the allocator. -ENOENT: there is no end of that name; -EINVAL: a text that
 * names no end, or a version of a live policy that was not frozen; -ENOMEM. error says more, but
 * for -ENOMEM. */
int weir_list_create(struct weir_policy *policy, const struct weir_list_options *options,
		     struct weir_list **out, struct weir_error *error);
/* NULL is allowed. */
void weir_list_destroy(struct weir_list *list);

/* Tells every row, ordered by from, then to: workloads and pods by (namespace, kind, name), nodes,
 * what is outside. A row function that returns other than 0 ends it; that is then returned, else
 * 0 or -ENOMEM. May be called again. */
int weir_list_each(struct weir_list *list,
		   int (*row)(void *context, const struct weir_list_row *row), void *context);

/* The protocols of a row's ports, in the order of enum weir_list_protocol: at least one. They live
 * as long as the list. */
uint32_t weir_list_ports(const struct weir_list *list, uint32_t ports,
			 const struct weir_list_ports **out);

#ifdef __cplusplus
}
#endif
#endif
