/*
 * Namespaces and nodes that other objects name and nobody describes, and the ranges of pods.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "reading.h"

static const struct k8s_meta *meta_at(const struct weir_array *array, size_t index)
{
	return (const struct k8s_meta *)((const char *)array->items + index * array->item_size);
}

/* The label that every namespace has (S19). */
int k8s_imply_labels(struct weir_cluster *cluster, const char *name, struct k8s_labels *out)
{
	static const char key[] = "kubernetes.io/metadata.name";
	struct k8s_label label = { NULL, name };

	label.key = weir_intern_text(cluster->strings, key, sizeof(key) - 1);
	if (!label.key)
		return -ENOMEM;
	out->items =
		(const void *)weir_intern_text(cluster->strings, (char *)&label, sizeof(label));
	out->count = 1;
	return out->items ? 0 : -ENOMEM;
}

static int add_namespace(struct weir_cluster *cluster, const struct k8s_meta *named_by)
{
	struct k8s_namespace *added = weir_array_push(&cluster->namespaces);

	if (!added)
		return -ENOMEM;
	added->meta.namespace_name = weir_intern_text(cluster->strings, "", 0);
	added->meta.name = named_by->namespace_name;
	added->meta.position = named_by->position;
	added->implied = true;
	if (!added->meta.namespace_name)
		return -ENOMEM;
	return k8s_imply_labels(cluster, added->meta.name, &added->meta.labels);
}

/* The array is sorted, so each namespace is met once in it; added ones are found only after they
 * are sorted in. */
static int add_namespaces_of(struct weir_cluster *cluster, const struct weir_array *array)
{
	struct weir_array missing = weir_array_of(cluster->allocator, const struct k8s_meta *);
	const struct k8s_meta *const *named_by;
	const char *last = NULL;
	int status = 0;

	for (size_t i = 0; !status && i < array->count; i++) {
		const struct k8s_meta *meta = meta_at(array, i);
		const struct k8s_meta **added;

		if (meta->namespace_name == last)
			continue;
		last = meta->namespace_name;
		if (k8s_find_namespace(cluster, last))
			continue;
		added = weir_array_push(&missing);
		if (added)
			*added = meta;
		else
			status = -ENOMEM;
	}
	named_by = missing.items;
	for (size_t i = 0; !status && i < missing.count; i++)
		status = add_namespace(cluster, named_by[i]);
	weir_array_finish(&missing);
	return status ? status : k8s_sort_by_name(&cluster->namespaces);
}

int k8s_add_implied_namespaces(struct weir_cluster *cluster)
{
	const struct weir_array *const arrays[] = { &cluster->pods, &cluster->workloads,
						    &cluster->services, &cluster->slices,
						    &cluster->network_policies };

	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++) {
		if (add_namespaces_of(cluster, arrays[i]))
			return -ENOMEM;
	}
	return 0;
}

/* Nodes by name while some are added, and the addresses that objects and options give them. */
struct node_finder {
	struct weir_cluster *cluster;
	struct weir_map index_of; /* by the pointer of the interned name */
	struct weir_array claims; /* struct claim */
};

struct claim {
	uint32_t node;
	uint32_t place; /* among all claims: the first address of a node is its primary one */
	struct weir_address address;
};

static int remember_node(struct node_finder *finder, const char *name, uint32_t index)
{
	const char **key = weir_arena_new(&finder->cluster->reading->scratch, const char *);

	if (!key)
		return -ENOMEM;
	*key = name;
	return weir_map_insert(&finder->index_of, key, sizeof(*key), index, NULL) ? 0 : -ENOMEM;
}

static int find_or_add_node(struct node_finder *finder, const char *name,
			    const struct k8s_position *position, uint32_t *out)
{
	struct weir_array *nodes = &finder->cluster->nodes;
	const uint32_t *known = weir_map_find(&finder->index_of, &name, sizeof(name));
	struct k8s_node *added;

	if (known) {
		*out = *known;
		return 0;
	}
	added = weir_array_push(nodes);
	if (!added)
		return -ENOMEM;
	added->meta.namespace_name = weir_intern_text(finder->cluster->strings, "", 0);
	added->meta.name = name;
	added->meta.position = *position;
	added->implied = true;
	*out = (uint32_t)(nodes->count - 1);
	return added->meta.namespace_name ? remember_node(finder, name, *out) : -ENOMEM;
}

static int claim(struct node_finder *finder, uint32_t node, const struct weir_address *address)
{
	struct claim *added = weir_array_push(&finder->claims);

	if (!added)
		return -ENOMEM;
	added->node = node;
	added->place = (uint32_t)(finder->claims.count - 1);
	added->address = *address;
	return 0;
}

/* A node that says nothing of its addresses has those that its pods say. */
static int claim_for_pod(struct node_finder *finder, const struct k8s_pod *pod)
{
	const struct k8s_node *nodes;
	uint32_t node;

	if (!pod->node_name)
		return 0;
	if (find_or_add_node(finder, pod->node_name, &pod->meta.position, &node))
		return -ENOMEM;
	nodes = finder->cluster->nodes.items;
	if (nodes[node].address_count || pod->phase == K8S_FINISHED)
		return 0;
	for (uint32_t i = 0; i < pod->host_address_count; i++) {
		if (claim(finder, node, &pod->host_addresses[i]))
			return -ENOMEM;
	}
	return 0;
}

static int claim_for_options(struct node_finder *finder)
{
	const struct weir_cluster_options *options = &finder->cluster->reading->options;
	const struct k8s_position nowhere = { NULL, 0, 0 };

	for (size_t i = 0; i < options->node_address_count; i++) {
		const struct weir_node_address *given = &options->node_addresses[i];
		uint32_t node;

		if (find_or_add_node(finder, given->node, &nowhere, &node) ||
		    claim(finder, node, &given->address))
			return -ENOMEM;
		if (!weir_address_is_ipv4(&given->address))
			finder->cluster->reading->shows_ipv6 = true;
	}
	return 0;
}

static int compare_claims(const void *a, const void *b)
{
	const struct claim *left = a, *right = b;

	if (left->node != right->node)
		return left->node < right->node ? -1 : 1;
	return (left->place > right->place) - (left->place < right->place);
}

enum {
	ADDRESSES_COMPARED = 64, /* repetitions among more are let be */
};

static bool has_address(const struct weir_address *addresses, uint32_t count,
			const struct weir_address *address)
{
	for (uint32_t i = 0; i < count && i < ADDRESSES_COMPARED; i++) {
		if (weir_address_equal(&addresses[i], address))
			return true;
	}
	return false;
}

/* Appends the claims for one node, each once. */
static int grant(struct weir_cluster *cluster, struct k8s_node *node, const struct claim *claims,
		 size_t count)
{
	struct weir_address *addresses =
		weir_arena_array(&cluster->arena, node->address_count + count, struct weir_address);

	if (!addresses)
		return -ENOMEM;
	if (node->address_count)
		memcpy(addresses, node->addresses, node->address_count * sizeof(*addresses));
	node->addresses = addresses;
	for (size_t i = 0; i < count; i++) {
		if (!has_address(addresses, node->address_count, &claims[i].address))
			addresses[node->address_count++] = claims[i].address;
	}
	return 0;
}

static int grant_all(struct node_finder *finder)
{
	struct claim *claims = finder->claims.items;
	size_t count = finder->claims.count;
	struct k8s_node *nodes = finder->cluster->nodes.items;
	size_t end;

	if (count)
		qsort(claims, count, sizeof(*claims), compare_claims);
	for (size_t start = 0; start < count; start = end) {
		for (end = start + 1; end < count && claims[end].node == claims[start].node;)
			end++;
		if (grant(finder->cluster, &nodes[claims[start].node], claims + start, end - start))
			return -ENOMEM;
	}
	return 0;
}

static int claim_all(struct node_finder *finder)
{
	const struct k8s_node *nodes = finder->cluster->nodes.items;
	const struct k8s_pod *pods = finder->cluster->pods.items;

	for (size_t i = 0; i < finder->cluster->nodes.count; i++) {
		if (remember_node(finder, nodes[i].meta.name, (uint32_t)i))
			return -ENOMEM;
	}
	for (size_t i = 0; i < finder->cluster->pods.count; i++) {
		if (claim_for_pod(finder, &pods[i]))
			return -ENOMEM;
	}
	return claim_for_options(finder);
}

int k8s_add_implied_nodes(struct weir_cluster *cluster)
{
	struct node_finder finder = { .cluster = cluster,
				      .claims = weir_array_of(cluster->allocator, struct claim) };
	int status;

	weir_map_init(&finder.index_of, cluster->allocator);
	status = claim_all(&finder);
	if (!status)
		status = grant_all(&finder);
	weir_map_finish(&finder.index_of);
	weir_array_finish(&finder.claims);
	weir_arena_reset(&cluster->reading->scratch);
	return status ? status : k8s_sort_by_name(&cluster->nodes);
}

static int compare_prefixes(const void *a, const void *b)
{
	const struct weir_prefix *left = a, *right = b;
	int order = memcmp(left->address.bytes, right->address.bytes, sizeof(left->address.bytes));

	return order ? order : (int)left->length - (int)right->length;
}

/* Ranges in order, each once. */
int k8s_collect_pod_ranges(struct weir_cluster *cluster)
{
	const struct weir_cluster_options *options = &cluster->reading->options;
	const struct k8s_node *nodes = cluster->nodes.items;
	size_t count = options->cluster_cidr_count, kept = 0;
	struct weir_prefix *ranges;

	for (size_t i = 0; i < cluster->nodes.count; i++)
		count += nodes[i].pod_cidr_count;
	ranges = weir_arena_array(&cluster->arena, count, struct weir_prefix);
	if (!ranges)
		return -ENOMEM;
	count = 0;
	for (size_t i = 0; i < options->cluster_cidr_count; i++)
		ranges[count++] = options->cluster_cidrs[i];
	for (size_t i = 0; i < cluster->nodes.count; i++) {
		for (uint32_t j = 0; j < nodes[i].pod_cidr_count; j++)
			ranges[count++] = nodes[i].pod_cidrs[j];
	}
	qsort(ranges, count, sizeof(*ranges), compare_prefixes);
	for (size_t i = 0; i < count; i++) {
		if (!kept || compare_prefixes(&ranges[kept - 1], &ranges[i]) != 0)
			ranges[kept++] = ranges[i];
	}
	cluster->pod_ranges = ranges;
	cluster->pod_range_count = (uint32_t)kept;
	return 0;
}
