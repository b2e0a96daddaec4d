#include "filter_node.h"

#include <errno.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_graph.h>
#include <rte_graph_worker.h>
#include <rte_mbuf.h>

enum {
	BURST = 64,
	ETHERNET = 1, /* LINKTYPE_ETHERNET */
};

/* Nanoseconds by the cycle counter: a worker wants to know how much time passes, not since when. */
static uint64_t now(void)
{
	uint64_t cycles = rte_rdtsc();
	uint64_t hz = rte_get_tsc_hz();

	return cycles / hz * 1000000000 + cycles % hz * 1000000000 / hz;
}

static void judge(const struct filter *filter, void **packets, uint16_t n, rte_edge_t *edges)
{
	struct weir_packet_verdict verdicts[BURST];
	struct weir_frame frames[BURST];
	uint64_t time = now();

	for (uint16_t i = 0; i < n; i++)
		frames[i] = (struct weir_frame){
			.bytes = rte_pktmbuf_mtod((struct rte_mbuf *)packets[i], const uint8_t *),
			.captured = rte_pktmbuf_data_len((struct rte_mbuf *)packets[i]),
			.wire = rte_pktmbuf_pkt_len((struct rte_mbuf *)packets[i]),
			.link_type = ETHERNET,
			.time = time,
		};
	weir_worker_process(filter->worker, &filter->origin, frames, n, verdicts);
	for (uint16_t i = 0; i < n; i++)
		edges[i] = verdicts[i].action == WEIR_PACKET_ALLOW ? FILTER_ALLOWED : FILTER_DENIED;
}

/* The context of a node holds a pointer. */
static const struct filter *filter_of(const struct rte_node *node)
{
	const struct filter *filter;

	memcpy(&filter, node->ctx, sizeof(filter));
	return filter;
}

static uint16_t process(struct rte_graph *graph, struct rte_node *node, void **packets, uint16_t n)
{
	const struct filter *filter = filter_of(node);

	for (uint16_t i = 0; i < n; i += BURST) {
		uint16_t size = n - i < BURST ? n - i : BURST;
		rte_edge_t edges[BURST];

		judge(filter, packets + i, size, edges);
		rte_node_enqueue_next(graph, node, edges, packets + i, size);
	}
	return n;
}

static struct rte_node_register filter_node = {
	.name = "weir-filter",
	.process = process,
	.nb_edges = FILTER_EDGES,
	.next_nodes = { [FILTER_ALLOWED] = "weir-allowed", [FILTER_DENIED] = "weir-denied" },
};
RTE_NODE_REGISTER(filter_node)

int filter_node_attach(const char *graph, const char *name, const struct filter *filter)
{
	struct rte_node *node = rte_graph_node_get_by_name(graph, name);

	if (!node)
		return -ENOENT;
	memcpy(node->ctx, &filter, sizeof(filter));
	return 0;
}
