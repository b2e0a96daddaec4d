/* Lookups over sorted objects, until those that read them land. */
#include "objects.h"

#include <string.h>

const struct k8s_namespace *k8s_find_namespace(const struct weir_cluster *cluster, const char *name)
{
	const struct k8s_namespace *items = cluster->namespaces.items;

	for (size_t i = 0; i < cluster->namespaces.count; i++) {
		if (strcmp(items[i].meta.name, name) == 0)
			return &items[i];
	}
	return NULL;
}

const struct k8s_pod *k8s_find_pod(const struct weir_cluster *cluster, const char *namespace_name,
				   const char *name)
{
	const struct k8s_pod *items = cluster->pods.items;

	for (size_t i = 0; i < cluster->pods.count; i++) {
		if (strcmp(items[i].meta.name, name) == 0 &&
		    strcmp(items[i].meta.namespace_name, namespace_name) == 0)
			return &items[i];
	}
	return NULL;
}

const struct k8s_node *k8s_find_node(const struct weir_cluster *cluster, const char *name)
{
	const struct k8s_node *items = cluster->nodes.items;
	size_t low = 0, high = cluster->nodes.count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(items[middle].meta.name, name);

		if (!order)
			return &items[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

bool k8s_selector_matches(const struct k8s_selector *selector, const struct k8s_labels *labels)
{
	for (uint32_t i = 0; i < selector->count; i++) {
		const struct k8s_requirement *r = &selector->requirements[i];
		const char *value = NULL;
		bool in = false;

		for (uint32_t j = 0; j < labels->count; j++) {
			if (labels->items[j].key == r->key)
				value = labels->items[j].value;
		}
		for (uint32_t j = 0; value && j < r->value_count; j++)
			in = in || r->values[j] == value;
		if ((r->op == K8S_IN && !in) || (r->op == K8S_NOT_IN && in) ||
		    (r->op == K8S_EXISTS && !value) || (r->op == K8S_DOES_NOT_EXIST && value))
			return false;
	}
	return true;
}
