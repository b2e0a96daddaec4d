/*
 * Pods, by (namespace, name), then nodes, by name, become endpoints: endpoint i is pod i of the
 * cluster, and endpoint pods + j is node j. Addresses are the cluster's own arrays.
 */
#include "resolve.h"

#include <errno.h>

static enum weir_rank rank_of(const struct k8s_pod *pod)
{
	switch ((enum k8s_phase)pod->phase) {
	case K8S_RUNNING:
		return WEIR_RANK_RUNNING;
	case K8S_PENDING:
		return WEIR_RANK_PENDING;
	case K8S_FINISHED:
		return WEIR_RANK_FINISHED;
	}
	return WEIR_RANK_FINISHED;
}

static uint32_t node_of(const struct weir_cluster *cluster, const struct k8s_pod *pod)
{
	const struct k8s_node *first = cluster->nodes.items;
	const struct k8s_node *node =
		pod->node_name ? k8s_find_node(cluster, pod->node_name) : NULL;

	return node ? k8s_pod_count(cluster) + (uint32_t)(node - first) : WEIR_NONE;
}

static int copy_ports(struct weir_arena *arena, const struct k8s_pod *pod,
		      struct weir_endpoint *out)
{
	struct weir_declared_port *ports =
		weir_arena_array(arena, pod->port_count, struct weir_declared_port);

	if (!ports)
		return -ENOMEM;
	for (uint32_t i = 0; i < pod->port_count; i++)
		ports[i] = (struct weir_declared_port){ pod->ports[i].name, pod->ports[i].number,
							pod->ports[i].protocol };
	out->ports = ports;
	out->port_count = pod->port_count;
	return 0;
}

int k8s_endpoint_of(const struct k8s_pod *pod, struct weir_arena *arena, struct weir_endpoint *out)
{
	*out = (struct weir_endpoint){ .namespace_name = pod->meta.namespace_name,
				       .name = pod->meta.name,
				       .addresses = pod->addresses,
				       .address_count = pod->address_count,
				       .node = WEIR_NONE,
				       .workload = WEIR_NONE,
				       .kind = WEIR_ENDPOINT_POD,
				       .rank = (uint8_t)rank_of(pod),
				       .host_network = pod->host_network };
	return copy_ports(arena, pod, out);
}

static int resolve_pod(struct k8s_resolver *resolver, const struct k8s_pod *pod,
		       struct weir_endpoint *out)
{
	if (k8s_endpoint_of(pod, resolver->arena, out))
		return -ENOMEM;
	out->node = node_of(resolver->cluster, pod);
	return k8s_resolve_owner(resolver, pod, &out->workload);
}

static struct weir_endpoint resolve_node(const struct k8s_node *node)
{
	return (struct weir_endpoint){ .name = node->meta.name,
				       .addresses = node->addresses,
				       .address_count = node->address_count,
				       .node = WEIR_NONE,
				       .workload = WEIR_NONE,
				       .kind = WEIR_ENDPOINT_NODE,
				       .rank = WEIR_RANK_RUNNING };
}

int k8s_resolve_endpoints(struct k8s_resolver *resolver)
{
	const struct weir_cluster *cluster = resolver->cluster;
	const struct k8s_node *nodes = cluster->nodes.items;
	uint32_t pod_count = k8s_pod_count(cluster);
	uint32_t node_count = (uint32_t)cluster->nodes.count;
	struct weir_endpoint *endpoints = weir_arena_array(
		resolver->arena, (size_t)pod_count + node_count, struct weir_endpoint);

	if (!endpoints)
		return -ENOMEM;
	for (uint32_t i = 0; i < pod_count; i++) {
		if (resolve_pod(resolver, &k8s_pods(cluster)[i], &endpoints[i]))
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < node_count; i++)
		endpoints[pod_count + i] = resolve_node(&nodes[i]);
	resolver->result->resolved.endpoints = endpoints;
	resolver->result->resolved.endpoint_count = pod_count + node_count;
	return 0;
}
