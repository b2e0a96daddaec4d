/*
 * main.c - a pipeline of rte_graph with weir-filter in it:
 *
 *	weir compile -f MANIFESTS -o POLICY.weir
 *	graph-filter POLICY.weir [EAL arguments]
 *
 *	port 0 → example-receive → weir-filter → weir-allowed → port 1
 *	                                       → weir-denied
 *
 * It ends when no packet has come for a while, and prints what the filter counted; on standard error
 * what each node took.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_graph.h>
#include <rte_graph_worker.h>

#include "weir/capture.h"
#include "weir/policy_file.h"

#include "filter_node.h"

enum {
	BURST = 32,
	RING = 512,
	PACKETS = 8191,
	MAX_FLOWS = 65536,
	IDLE_ROUNDS = 200000,
};

/* The nodes at both ends. */

static uint16_t receive(struct rte_graph *graph, struct rte_node *node, void **packets, uint16_t n)
{
	(void)packets;
	(void)n;
	n = rte_eth_rx_burst(0, 0, (struct rte_mbuf **)node->objs, BURST);
	if (n) {
		node->idx = n;
		rte_node_next_stream_move(graph, node, 0);
	}
	return n;
}

static uint16_t transmit(struct rte_graph *graph, struct rte_node *node, void **packets, uint16_t n)
{
	uint16_t sent = rte_eth_tx_burst(1, 0, (struct rte_mbuf **)packets, n);

	(void)graph;
	(void)node;
	rte_pktmbuf_free_bulk((struct rte_mbuf **)packets + sent, (unsigned)(n - sent));
	return n;
}

static uint16_t discard(struct rte_graph *graph, struct rte_node *node, void **packets, uint16_t n)
{
	(void)graph;
	(void)node;
	rte_pktmbuf_free_bulk((struct rte_mbuf **)packets, n);
	return n;
}

static struct rte_node_register receive_node = {
	.name = "example-receive",
	.flags = RTE_NODE_SOURCE_F,
	.process = receive,
	.nb_edges = 1,
	.next_nodes = { "weir-filter" },
};
RTE_NODE_REGISTER(receive_node)

static struct rte_node_register send_node = { .name = "weir-allowed", .process = transmit };
RTE_NODE_REGISTER(send_node)

static struct rte_node_register discard_node = { .name = "weir-denied", .process = discard };
RTE_NODE_REGISTER(discard_node)

static bool start_port(uint16_t port, struct rte_mempool *pool)
{
	const struct rte_eth_conf conf = { 0 };

	return rte_eth_dev_configure(port, 1, 1, &conf) == 0 &&
	       rte_eth_rx_queue_setup(port, 0, RING, (unsigned)SOCKET_ID_ANY, NULL, pool) == 0 &&
	       rte_eth_tx_queue_setup(port, 0, RING, (unsigned)SOCKET_ID_ANY, NULL) == 0 &&
	       rte_eth_dev_start(port) == 0;
}

static bool start_ports(void)
{
	struct rte_mempool *pool = rte_pktmbuf_pool_create(
		"packets", PACKETS, 0, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);

	return pool && rte_eth_dev_count_avail() == 2 && start_port(0, pool) && start_port(1, pool);
}

/* What each node took, as DPDK prints it: calls, packets, cycles a call. */
static void print_nodes(void)
{
	const char *graphs[] = { "example" };
	struct rte_graph_cluster_stats_param param = { .socket_id = SOCKET_ID_ANY,
						       .f = stderr,
						       .nb_graph_patterns = 1,
						       .graph_patterns = graphs };
	struct rte_graph_cluster_stats *stats = rte_graph_cluster_stats_create(&param);

	if (stats)
		rte_graph_cluster_stats_get(stats, false);
	rte_graph_cluster_stats_destroy(stats);
}

/* Walks the graph until nothing comes any more. */
static bool run_graph(const struct filter *filter)
{
	const char *patterns[] = { "example-receive", "weir-filter", "weir-allowed",
				   "weir-denied" };
	struct rte_graph_param param = { .socket_id = SOCKET_ID_ANY,
					 .nb_node_patterns = 4,
					 .node_patterns = patterns };
	struct rte_graph *graph;
	rte_graph_t id = rte_graph_create("example", &param);
	const struct rte_node *source;
	uint64_t seen = 0;

	if (id == RTE_GRAPH_ID_INVALID || filter_node_attach("example", "weir-filter", filter))
		return false;
	graph = rte_graph_lookup("example");
	source = rte_graph_node_get_by_name("example", "example-receive");
	for (unsigned idle = 0; idle < IDLE_ROUNDS; idle++) {
		rte_graph_walk(graph);
		if (source->total_objs != seen)
			idle = 0;
		seen = source->total_objs;
	}
	print_nodes();
	return rte_graph_destroy(id) == 0;
}

static struct weir_policy *open_policy(const char *path, struct weir_file *file)
{
	struct weir_error error = { "" };
	struct weir_policy *policy;

	if (weir_file_load(path, SIZE_MAX, file, &error)) {
		fprintf(stderr, "%s\n", error.text);
		return NULL;
	}
	if (weir_policy_open(file->bytes, file->length, NULL, &policy, &error) == 0)
		return policy;
	fprintf(stderr, "%s: %s\n", path, error.text);
	weir_file_release(file);
	return NULL;
}

static bool filter_ports(struct weir_policy *policy)
{
	struct weir_worker_options options = { .flows = { .max_ipv4_flows = MAX_FLOWS,
							  .max_ipv6_flows = MAX_FLOWS } };
	struct filter filter = { .origin.halves = WEIR_KEY_BOTH };
	struct weir_worker_counters counters;
	bool has_run = false;

	if (getentropy(options.flows.secret, sizeof(options.flows.secret)) == 0 &&
	    weir_slot_create(policy, 1, NULL, &options.slot) == 0 &&
	    weir_worker_create(&options, &filter.worker) == 0 && start_ports())
		has_run = run_graph(&filter);
	if (has_run) {
		weir_worker_count(filter.worker, &counters);
		printf("%" PRIu64 " allowed, %" PRIu64 " denied\n",
		       counters.packets[WEIR_PACKET_ALLOW], counters.packets[WEIR_PACKET_DENY]);
	}
	weir_worker_destroy(filter.worker);
	weir_slot_destroy(options.slot);
	return has_run;
}

int main(int argc, char **argv)
{
	struct weir_policy *policy;
	struct weir_file file;
	bool has_run;

	if (argc < 2) {
		fprintf(stderr, "usage: graph-filter POLICY.weir [EAL arguments]\n");
		return 2;
	}
	policy = open_policy(argv[1], &file);
	if (!policy)
		return 2;
	has_run = rte_eal_init(argc - 1, argv + 1) >= 0 && filter_ports(policy);
	if (!has_run)
		fprintf(stderr, "graph-filter: it takes EAL, two ports and memory\n");
	weir_policy_unref(policy);
	weir_file_release(&file);
	return has_run ? 0 : 2;
}
