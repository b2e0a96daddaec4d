/* Ties are counted from a store, and from the cluster that it resolved to. */
#include "ties_inside.h"

#include <errno.h>

#include "reading.h"

static int count_nodes(struct ties *ties, const struct tie_numbers *numbers)
{
	const struct k8s_node *nodes = ties->view->nodes.items;
	size_t count = ties->view->nodes.count;

	ties->nodes = weir_arena_array(&ties->arena, count, struct tie_node);
	if (!ties->nodes)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct k8s_node *object = store_find(
			ties->store, STORE_NODE, nodes[i].meta.namespace_name, nodes[i].meta.name);

		ties->nodes[i].number = numbers->endpoints[ties->view->pods.count + i];
		ties->nodes[i].described = object && object->address_count;
	}
	return 0;
}

static int count_workloads(struct ties *ties, const struct weir_resolved *resolved,
			   const struct tie_numbers *numbers)
{
	ties->workloads =
		weir_arena_array(&ties->arena, resolved->workload_count, struct tie_workload);
	if (!ties->workloads)
		return -ENOMEM;
	for (uint32_t i = 0; i < resolved->workload_count; i++) {
		const struct weir_workload *workload = &resolved->workloads[i];
		struct store_name *key = weir_arena_new(&ties->arena, struct store_name);

		ties->workloads[i].number = numbers->workloads[i];
		if (!key)
			return -ENOMEM;
		*key = (struct store_name){ workload->kind, workload->namespace_name,
					    workload->name };
		if (!weir_map_insert(&ties->workload_of, key, sizeof(*key), i, NULL))
			return -ENOMEM;
	}
	return 0;
}

static int copy_set_numbers(struct ties *ties, const struct tie_numbers *numbers)
{
	size_t count = ties->meanings.items.count;

	ties->set_numbers = weir_arena_array(&ties->arena, count, uint32_t);
	if (!ties->set_numbers)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++)
		ties->set_numbers[i] = numbers->sets[i];
	return 0;
}

static bool is_disturbed(const struct ties *ties, const struct k8s_pod *pod)
{
	for (uint32_t i = 0; pod->assigned && i < pod->address_count; i++) {
		const struct weir_address home = k8s_home_address(&ties->ranges[i], pod);

		if (!weir_address_equal(&home, &pod->addresses[i]))
			return true;
	}
	return false;
}

/* Pods that stand for workloads need addresses too. */
static int count_synthetic(struct ties *ties)
{
	const struct k8s_pod *pods = ties->view->pods.items;

	for (size_t i = 0; i < ties->view->pods.count; i++) {
		const struct k8s_pod **added;
		struct k8s_pod without_address = pods[i];
		struct bonds bonds;

		ties->is_disturbed = ties->is_disturbed || is_disturbed(ties, &pods[i]);
		if (!pods[i].synthetic)
			continue;
		added = weir_array_push(&ties->synthetic);
		if (!added)
			return -ENOMEM;
		*added = &pods[i];
		without_address.address_count = 0;
		if (ties_tally_pod(ties, &ties_counting, &without_address))
			return -ENOMEM;
		if (ties_find_bonds(ties, &pods[i], &bonds) && bonds.node &&
		    raise_counter(ties, &bonds.node->named))
			return -ENOMEM;
	}
	return 0;
}

static int count_object(struct ties *ties, enum store_kind kind,
			const struct store_version *version)
{
	struct bonds bonds;

	if (!version->object)
		return 0;
	ties->ipv6 += version->shows_ipv6;
	if (ties_tally(ties, &ties_counting, kind, version->object))
		return -ENOMEM;
	if (kind == STORE_POD && ties_find_bonds(ties, version->object, &bonds))
		return ties_join(ties, version->object, &bonds);
	return 0;
}

static int count_objects(struct ties *ties)
{
	const struct store *store = ties->store;

	for (int i = 0; i < STORE_KINDS; i++) {
		for (uint32_t j = 0; j < store->pools[i].slots.count; j++) {
			const struct store_slot *slot = store_slot(store, (enum store_kind)i, j);

			if (count_object(ties, (enum store_kind)i, store_latest(slot)))
				return -ENOMEM;
		}
	}
	return 0;
}

static void find_ranges(struct ties *ties)
{
	const struct weir_cluster_options *options = &ties->store->cluster->reading->options;

	ties->ranges[0] = options->pod_cidr_ipv4;
	ties->ranges[1] = options->pod_cidr_ipv6;
	ties->range_count = 1;
	for (int i = 0; i < STORE_KINDS; i++) {
		for (uint32_t j = 0; j < ties->store->pools[i].slots.count; j++) {
			const struct store_version *version =
				store_latest(store_slot(ties->store, (enum store_kind)i, j));

			if (version->object && version->shows_ipv6)
				ties->range_count = 2;
		}
	}
	for (size_t i = 0; i < options->node_address_count; i++) {
		if (!weir_address_is_ipv4(&options->node_addresses[i].address))
			ties->range_count = 2;
	}
}

int ties_count(struct ties *ties, const struct weir_resolved *resolved,
	       const struct tie_numbers *numbers)
{
	find_ranges(ties);
	if (count_nodes(ties, numbers) || count_workloads(ties, resolved, numbers) ||
	    copy_set_numbers(ties, numbers) || ties_count_options(ties) || count_objects(ties) ||
	    count_synthetic(ties))
		return -ENOMEM;
	ties_keep(ties);
	return 0;
}
