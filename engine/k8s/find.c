/* Finding objects by name, and by what a selector asks for. */
#include <string.h>

#include "objects.h"

/* Every object begins with its meta, and arrays are sorted by (namespace, name). */
static const struct k8s_meta *meta_at(const struct weir_array *array, size_t index)
{
	return (const struct k8s_meta *)((const char *)array->items + index * array->item_size);
}

static const void *find(const struct weir_array *array, const char *namespace_name,
			const char *name)
{
	size_t low = 0, high = array->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct k8s_meta *meta = meta_at(array, middle);
		int order = strcmp(meta->namespace_name, namespace_name);

		if (!order)
			order = strcmp(meta->name, name);
		if (!order)
			return meta;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const struct k8s_namespace *k8s_find_namespace(const struct weir_cluster *cluster, const char *name)
{
	return find(&cluster->namespaces, "", name);
}

const struct k8s_pod *k8s_find_pod(const struct weir_cluster *cluster, const char *namespace_name,
				   const char *name)
{
	return find(&cluster->pods, namespace_name, name);
}

const struct k8s_node *k8s_find_node(const struct weir_cluster *cluster, const char *name)
{
	return find(&cluster->nodes, "", name);
}

const struct k8s_service *k8s_find_service(const struct weir_cluster *cluster,
					   const char *namespace_name, const char *name)
{
	return find(&cluster->services, namespace_name, name);
}

static const char *find_label(const struct k8s_labels *labels, const char *key)
{
	uint32_t low = 0, high = labels->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(labels->items[middle].key, key);

		if (!order)
			return labels->items[middle].value;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

static bool is_among(const struct k8s_requirement *requirement, const char *value)
{
	for (uint32_t i = 0; i < requirement->value_count; i++) {
		if (strcmp(requirement->values[i], value) == 0)
			return true;
	}
	return false;
}

static bool holds(const struct k8s_requirement *requirement, const struct k8s_labels *labels)
{
	const char *value = find_label(labels, requirement->key);

	switch ((enum k8s_operator)requirement->op) {
	case K8S_IN:
		return value && is_among(requirement, value);
	case K8S_NOT_IN:
		return !value || !is_among(requirement, value);
	case K8S_EXISTS:
		return value != NULL;
	case K8S_DOES_NOT_EXIST:
		return value == NULL;
	}
	return false;
}

bool k8s_selector_matches(const struct k8s_selector *selector, const struct k8s_labels *labels)
{
	for (uint32_t i = 0; i < selector->count; i++) {
		if (!holds(&selector->requirements[i], labels))
			return false;
	}
	return true;
}
