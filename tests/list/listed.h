/*
 * listed.h - what the rows of a list say of a connection, found by reading them all.
 */
#ifndef WEIR_TESTS_LIST_LISTED_H
#define WEIR_TESTS_LIST_LISTED_H

#include <stdbool.h>

#include "array.h"
#include "weir/list.h"
#include "weir/policy.h"

struct listed {
	const struct weir_policy *policy;
	struct weir_list *list;
	struct weir_array rows; /* struct listed_row */
	bool asks_own_node;     /* pods to their node: false, but where a policy is asked */
};

struct listed_row {
	struct weir_list_row row;       /* prefixes are copies */
	struct weir_address address[2]; /* of ends that are an address */
};

/* Makes a list and keeps its rows; fails the test when it cannot. */
struct listed listed_open(struct weir_policy *policy, const struct weir_list_options *options);
void listed_close(struct listed *listed);

/* Appends the ports at both edges of every listed range, to most at the most: of uint16_t. */
void listed_edge_ports(const struct listed *listed, struct weir_array *ports, size_t most);

/* True for what lists leave out: equal addresses, pairs without a pod, and a pod and its
 * own node. */
bool listed_leaves_out(const struct listed *listed, const struct weir_key *key);

/* Of a key that lists do not leave out. Fails the test when two rows contradict each other. */
enum weir_action listed_says(const struct listed *listed, const struct weir_key *key);

#endif
