/*
 * Who owns whom: pods, workloads, and the workloads that own workloads.
 *
 * The workloads of the input come first, in their order, so that workload i of the cluster is
 * workload i of the result. One that an owner reference names and the input lacks is added behind
 * them by that kind and name.
 *
 * Dumps often leave ReplicaSets out. A pod's ReplicaSet is then known by name only, but it is
 * named DEPLOYMENT-HASH, and the pod carries the hash as its label pod-template-hash; when a
 * Deployment of that name selects the pod, it is the ReplicaSet's owner. A pod that lost its owner
 * reference too is named DEPLOYMENT-HASH-xxxxx, and belongs to the Deployment itself.
 */
#include "resolve.h"

#include <errno.h>
#include <string.h>

/* Interned strings, so that the bytes of the pointers stand for the text. */
struct workload_key {
	const char *kind;
	const char *namespace_name;
	const char *name;
};

static struct weir_workload *workloads(struct k8s_resolver *resolver)
{
	return resolver->result->workloads.items;
}

static int find_or_add(struct k8s_resolver *resolver, const char *kind, const char *namespace_name,
		       const char *name, uint32_t *out)
{
	struct weir_array *array = &resolver->result->workloads;
	const char *interned = weir_intern_text(&resolver->cluster->strings, kind, strlen(kind));
	struct workload_key probe = { interned, namespace_name, name };
	struct workload_key *key;
	struct weir_workload *added;
	uint32_t *known;

	if (!interned)
		return -ENOMEM;
	known = weir_map_find(&resolver->workload_of, &probe, sizeof(probe));
	if (known) {
		*out = *known;
		return 0;
	}
	key = weir_arena_new(&resolver->scratch, struct workload_key);
	if (!key)
		return -ENOMEM;
	*key = probe;
	if (!weir_map_insert(&resolver->workload_of, key, sizeof(*key), (uint32_t)array->count,
			     NULL))
		return -ENOMEM;
	added = weir_array_push(array);
	if (!added)
		return -ENOMEM;
	*added = (struct weir_workload){ interned, namespace_name, name, WEIR_NONE };
	*out = (uint32_t)(array->count - 1);
	return 0;
}

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

/* The Deployment that a pod belongs to by a name (its ReplicaSet's, or its own), its template's
 * hash and the selector; or WEIR_NONE. */
static uint32_t deployment_of(const struct weir_cluster *cluster, const struct k8s_pod *pod,
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

int k8s_resolve_owner(struct k8s_resolver *resolver, const struct k8s_pod *pod, uint32_t *out)
{
	const struct weir_cluster *cluster = resolver->cluster;
	const struct k8s_owner *owner = &pod->meta.owner;
	int status;

	if (!owner->kind) {
		*out = deployment_of(cluster, pod, pod->meta.name);
		return 0;
	}
	/* The mirror of a static pod is owned by its Node, which is no workload. */
	if (strcmp(owner->kind, "Node") == 0) {
		*out = WEIR_NONE;
		return 0;
	}
	status = find_or_add(resolver, owner->kind, pod->meta.namespace_name, owner->name, out);
	if (status)
		return status;
	if (*out >= cluster->workloads.count && workloads(resolver)[*out].parent == WEIR_NONE &&
	    strcmp(owner->kind, "ReplicaSet") == 0)
		workloads(resolver)[*out].parent = deployment_of(cluster, pod, owner->name);
	return 0;
}

/* Owner references of hostile input may go in circles; what closes one is dropped. */
static int break_circles(struct k8s_resolver *resolver)
{
	uint32_t count = (uint32_t)resolver->result->workloads.count;
	/* The walk that met a workload first, from 1. */
	uint32_t *walk = weir_arena_array(&resolver->scratch, count, uint32_t);

	if (!walk)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = i;

		while (!walk[at]) {
			uint32_t parent = workloads(resolver)[at].parent;

			walk[at] = i + 1;
			if (parent == WEIR_NONE)
				break;
			if (walk[parent] == i + 1) {
				workloads(resolver)[at].parent = WEIR_NONE;
				break;
			}
			at = parent;
		}
	}
	return 0;
}

int k8s_resolve_workloads(struct k8s_resolver *resolver)
{
	const struct weir_array *array = &resolver->cluster->workloads;
	const struct k8s_workload *items = array->items;
	uint32_t index;

	for (size_t i = 0; i < array->count; i++) {
		if (find_or_add(resolver, items[i].kind, items[i].meta.namespace_name,
				items[i].meta.name, &index))
			return -ENOMEM;
	}
	for (uint32_t i = 0; i < array->count; i++) {
		const struct k8s_meta *meta = &items[i].meta;

		if (!meta->owner.kind)
			continue;
		if (find_or_add(resolver, meta->owner.kind, meta->namespace_name, meta->owner.name,
				&index))
			return -ENOMEM;
		workloads(resolver)[i].parent = index;
	}
	return break_circles(resolver);
}
