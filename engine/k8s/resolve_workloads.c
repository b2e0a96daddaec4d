/*
 * Who owns whom: pods, workloads, and the workloads that own workloads.
 *
 * The workloads of the input come first, in their order, so that workload i of the cluster is
 * workload i of the result. One that an owner reference names and the input lacks is added behind
 * them by that kind and name.
 */
#include "resolve.h"

#include <errno.h>
#include <string.h>

#include "owners.h"

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
	const char *interned = weir_intern_text(resolver->cluster->strings, kind, strlen(kind));
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

int k8s_resolve_owner(struct k8s_resolver *resolver, const struct k8s_pod *pod, uint32_t *out)
{
	const struct weir_cluster *cluster = resolver->cluster;
	const struct k8s_owner *owner = &pod->meta.owner;
	int status;

	if (!owner->kind) {
		*out = k8s_deployment_of(cluster, pod, pod->meta.name);
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
		workloads(resolver)[*out].parent = k8s_deployment_of(cluster, pod, owner->name);
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
