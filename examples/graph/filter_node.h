/*
 * filter_node.h - a node of rte_graph that judges packets: "weir-filter".
 *
 * Packets go on by its edge "allowed" or "denied"; name nodes for them with rte_node_edge_update,
 * or clone this one with other edges. Each graph in which it is runs on one core and has a filter
 * of its own. Neither holds the node packets back: a fragment that comes before its first is
 * denied.
 */
#ifndef FILTER_NODE_H
#define FILTER_NODE_H

#include "weir/worker.h"

enum filter_edge {
	FILTER_ALLOWED,
	FILTER_DENIED,
	FILTER_EDGES,
};

struct filter {
	struct weir_worker *worker; /* one alone: not one of several, and none waits */
	struct weir_origin_of_frames origin;
};

/* Gives the node of a graph its filter, which outlives the graph. -ENOENT: there is no such node.
 */
int filter_node_attach(const char *graph, const char *node, const struct filter *filter);

#endif
