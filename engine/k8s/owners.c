/*
 * Whose pods they are when the ReplicaSet between is missing.
 *
 * Dumps often leave ReplicaSets out. A pod's ReplicaSet is then known by name only, but it is
 * named DEPLOYMENT-HASH, and the pod carries the hash as its label pod-template-hash; when a
 * Deployment of that name selects the pod, it is the ReplicaSet's owner. A pod that lost its owner
 * reference too is named DEPLOYMENT-HASH-xxxxx, and belongs to the Deployment itself.
 */
#include "owners.h"

#include <string.h>

#include "weir/resolved.h"

/* strcmp of (namespace, kind, name) with a name of that length. */
static int compare_workload(const struct k8s_workload *workload, const char *namespace_name,
			    const char *kind, const char *name, size_t length)
{
	int order = strcmp(workload->meta.namespace_name, namespace_name);

	if (!order)
		order = strcmp(workload->kind, kind);
	if (!order)
		order = strncmp(workload->meta.name, name, length);
	if (!order && workload->meta.name[length])
		order = 1;
	return order;
}

static uint32_t find_deployment(const struct weir_cluster *cluster, const char *namespace_name,
				const char *name, size_t length)
{
	const struct k8s_workload *items = cluster->workloads.items;
	size_t low = 0, high = cluster->workloads.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare_workload(&items[middle], namespace_name, "Deployment", name,
					     length);

		if (!order)
			return (uint32_t)middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return WEIR_NONE;
}

/* The length of D when text is D-HASH, or D-HASH-anything; 0 when it is neither. */
static size_t deployment_name(const char *text, const char *hash)
{
	size_t hash_length = strlen(hash);
	size_t length = strlen(text);

	for (size_t i = length; hash_length && i-- > 1;) {
		const char *rest = text + i + 1;

		if (text[i] == '-' && strncmp(rest, hash, hash_length) == 0 &&
		    (!rest[hash_length] || rest[hash_length] == '-'))
			return i;
	}
	return 0;
}

static const char *template_hash(const struct k8s_pod *pod)
{
	for (uint32_t i = 0; i < pod->meta.labels.count; i++) {
		if (strcmp(pod->meta.labels.items[i].key, "pod-template-hash") == 0)
			return pod->meta.labels.items[i].value;
	}
	return NULL;
}

uint32_t k8s_deployment_of(const struct weir_cluster *cluster, const struct k8s_pod *pod,
			   const char *name)
{
	const struct k8s_workload *items = cluster->workloads.items;
	const char *hash = template_hash(pod);
	size_t length = hash ? deployment_name(name, hash) : 0;
	uint32_t found = WEIR_NONE;

	if (length)
		found = find_deployment(cluster, pod->meta.namespace_name, name, length);
	if (found != WEIR_NONE &&
	    !(items[found].has_selector &&
	      k8s_selector_matches(&items[found].selector, &pod->meta.labels)))
		found = WEIR_NONE;
	return found;
}
