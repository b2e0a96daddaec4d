/*
 * Pods for workloads that have none of their own, so that manifests alone can be asked about.
 *
 * A workload has pods when a pod names it as its owner, or names a workload that it owns; a
 * ReplicaSet that is missing is seen through (owners.h). Of those without pods each stands for
 * itself, but for one that is owned by another with a template: the owner stands for both.
 *
 * Two pods are enough to see everything that many replicas would show: a pod that reaches itself,
 * and one that reaches its like.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "owners.h"
#include "reading.h"
#include "weir/resolved.h"

/* Interned strings, so that the bytes of the pointers stand for the text. */
struct identity {
	const char *kind;
	const char *namespace_name;
	const char *name;
};

struct synthesis {
	struct weir_cluster *cluster;
	struct weir_arena *scratch;
	struct weir_map index_of; /* struct identity to the workload's index */
	uint32_t *parent;         /* of each workload, or WEIR_NONE */
	bool *has_pods;
	struct weir_map names;  /* struct identity, without kind, of the pods that were made */
	struct weir_array made; /* struct k8s_pod */
};

static uint32_t find_workload(const struct synthesis *synthesis, const char *namespace_name,
			      const struct k8s_owner *owner)
{
	struct identity probe = { owner->kind, namespace_name, owner->name };
	const uint32_t *found = weir_map_find(&synthesis->index_of, &probe, sizeof(probe));

	return found ? *found : WEIR_NONE;
}

static int remember(struct synthesis *synthesis, struct weir_map *map, const struct identity *what,
		    uint32_t value)
{
	struct identity *key = weir_arena_new(synthesis->scratch, struct identity);

	if (!key)
		return -ENOMEM;
	*key = *what;
	return weir_map_insert(map, key, sizeof(*key), value, NULL) ? 0 : -ENOMEM;
}

static int index_workloads(struct synthesis *synthesis)
{
	const struct k8s_workload *workloads = synthesis->cluster->workloads.items;
	size_t count = synthesis->cluster->workloads.count;

	synthesis->parent = weir_arena_array(synthesis->scratch, count, uint32_t);
	synthesis->has_pods = weir_arena_array(synthesis->scratch, count, bool);
	if (!synthesis->parent || !synthesis->has_pods)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		const struct k8s_meta *meta = &workloads[i].meta;
		struct identity identity = { workloads[i].kind, meta->namespace_name, meta->name };

		if (remember(synthesis, &synthesis->index_of, &identity, (uint32_t)i))
			return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		const struct k8s_meta *meta = &workloads[i].meta;

		synthesis->parent[i] =
			meta->owner.kind
				? find_workload(synthesis, meta->namespace_name, &meta->owner)
				: WEIR_NONE;
	}
	return 0;
}

static uint32_t workload_of(const struct synthesis *synthesis, const struct k8s_pod *pod)
{
	const struct k8s_owner *owner = &pod->meta.owner;
	uint32_t found;

	if (!owner->kind)
		return k8s_deployment_of(synthesis->cluster, pod, pod->meta.name);
	found = find_workload(synthesis, pod->meta.namespace_name, owner);
	if (found == WEIR_NONE && strcmp(owner->kind, "ReplicaSet") == 0)
		found = k8s_deployment_of(synthesis->cluster, pod, owner->name);
	return found;
}

/* Upwards until somebody is known to have pods; so each is visited once, circles too. */
static void mark_owners(struct synthesis *synthesis)
{
	const struct k8s_pod *pods = synthesis->cluster->pods.items;

	for (size_t i = 0; i < synthesis->cluster->pods.count; i++) {
		uint32_t at = workload_of(synthesis, &pods[i]);

		for (; at != WEIR_NONE && !synthesis->has_pods[at]; at = synthesis->parent[at])
			synthesis->has_pods[at] = true;
	}
}

static bool is_replicated(const struct k8s_workload *workload)
{
	static const char *const kinds[] = { "Deployment", "StatefulSet", "ReplicaSet",
					     "ReplicationController" };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(workload->kind, kinds[i]) == 0)
			return true;
	}
	return false;
}

static unsigned pods_wanted(const struct synthesis *synthesis, size_t index)
{
	const struct k8s_workload *workloads = synthesis->cluster->workloads.items;
	const struct k8s_workload *workload = &workloads[index];
	uint32_t parent = synthesis->parent[index];

	if (!workload->has_template || synthesis->has_pods[index])
		return 0;
	if (parent != WEIR_NONE && parent != index && workloads[parent].has_template)
		return 0;
	if (!is_replicated(workload))
		return 1;
	return workload->replicas < 2 ? workload->replicas : 2;
}

static bool is_free(const struct synthesis *synthesis, const char *namespace_name, const char *name)
{
	struct identity probe = { NULL, namespace_name, name };

	return !k8s_find_pod(synthesis->cluster, namespace_name, name) &&
	       !weir_map_find(&synthesis->names, &probe, sizeof(probe));
}

/* Five characters, as controllers append them. */
static void format_suffix(uint64_t hash, char text[6])
{
	static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";

	for (size_t i = 0; i < 5; i++, hash /= sizeof(alphabet) - 1)
		text[i] = alphabet[hash % (sizeof(alphabet) - 1)];
	text[5] = '\0';
}

static uint64_t hash_workload(const struct k8s_workload *workload, uint64_t seed)
{
	uint64_t hash = weir_hash_bytes(workload->kind, strlen(workload->kind), seed);

	hash = weir_hash_bytes(workload->meta.namespace_name, strlen(workload->meta.namespace_name),
			       hash);
	return weir_hash_bytes(workload->meta.name, strlen(workload->meta.name), hash);
}

/* A name that is free; attempts differ by the seed of the hash. NULL: no memory. */
static const char *choose_name(struct synthesis *synthesis, const struct k8s_workload *workload,
			       unsigned ordinal)
{
	char text[320], suffix[6];
	const char *name;

	snprintf(text, sizeof(text), "%.253s-%u", workload->meta.name, ordinal);
	for (uint64_t attempt = 0;; attempt++) {
		if (attempt || strcmp(workload->kind, "StatefulSet") != 0) {
			format_suffix(hash_workload(workload, attempt * 2 + ordinal), suffix);
			snprintf(text, sizeof(text), "%.253s-%s", workload->meta.name, suffix);
		}
		name = weir_intern_text(synthesis->cluster->strings, text, strlen(text));
		if (!name || is_free(synthesis, workload->meta.namespace_name, name))
			return name;
	}
}

/* Controllers label their pods, and policies select by that: one pod of a StatefulSet, those of
 * a Job. */
static const struct {
	const char *kind;
	const char *key;
	bool names_pod; /* else the workload */
} added_labels[] = {
	{ "StatefulSet", "statefulset.kubernetes.io/pod-name", true },
	{ "Job", "batch.kubernetes.io/job-name", false },
	{ "Job", "job-name", false },
};

static int compare_labels(const void *a, const void *b)
{
	return strcmp(((const struct k8s_label *)a)->key, ((const struct k8s_label *)b)->key);
}

static int add_label(struct synthesis *synthesis, struct k8s_labels *labels, const char *key,
		     const char *value)
{
	struct weir_intern *strings = synthesis->cluster->strings;
	struct k8s_label *items =
		weir_arena_array(synthesis->scratch, labels->count + (size_t)1, struct k8s_label);
	const char *interned = weir_intern_text(strings, key, strlen(key));
	uint32_t count = 0;

	if (!items || !interned)
		return -ENOMEM;
	for (uint32_t i = 0; i < labels->count; i++) {
		if (labels->items[i].key != interned)
			items[count++] = labels->items[i];
	}
	items[count++] = (struct k8s_label){ interned, value };
	qsort(items, count, sizeof(*items), compare_labels);
	labels->items = (const void *)weir_intern_text(strings, (const char *)items,
						       count * sizeof(*items));
	labels->count = count;
	return labels->items ? 0 : -ENOMEM;
}

static int add_labels(struct synthesis *synthesis, const struct k8s_workload *workload,
		      struct k8s_pod *pod)
{
	for (size_t i = 0; i < sizeof(added_labels) / sizeof(added_labels[0]); i++) {
		const char *value =
			added_labels[i].names_pod ? pod->meta.name : workload->meta.name;

		if (strcmp(added_labels[i].kind, workload->kind) == 0 &&
		    add_label(synthesis, &pod->meta.labels, added_labels[i].key, value))
			return -ENOMEM;
	}
	return 0;
}

static int make_pod(struct synthesis *synthesis, const struct k8s_workload *workload,
		    unsigned ordinal)
{
	struct identity identity = { NULL, workload->meta.namespace_name,
				     choose_name(synthesis, workload, ordinal) };
	struct k8s_pod *pod = weir_array_push(&synthesis->made);

	if (!identity.name || !pod || remember(synthesis, &synthesis->names, &identity, 0))
		return -ENOMEM;
	pod->meta.namespace_name = workload->meta.namespace_name;
	pod->meta.name = identity.name;
	pod->meta.labels = workload->template_labels;
	pod->meta.owner = (struct k8s_owner){ workload->kind, workload->meta.name };
	pod->meta.position = workload->meta.position;
	pod->node_name = workload->node_name;
	pod->ports = workload->ports;
	pod->port_count = workload->port_count;
	pod->phase = K8S_RUNNING;
	pod->host_network = workload->host_network;
	pod->synthetic = true;
	return add_labels(synthesis, workload, pod);
}

static int make_pods(struct synthesis *synthesis)
{
	struct weir_cluster *cluster = synthesis->cluster;
	const struct k8s_workload *workloads = cluster->workloads.items;
	const struct k8s_pod *made;

	for (size_t i = 0; i < cluster->workloads.count; i++) {
		unsigned wanted = pods_wanted(synthesis, i);

		for (unsigned ordinal = 0; ordinal < wanted; ordinal++) {
			if (make_pod(synthesis, &workloads[i], ordinal))
				return -ENOMEM;
		}
	}
	made = synthesis->made.items;
	for (size_t i = 0; i < synthesis->made.count; i++) {
		struct k8s_pod *pod = weir_array_push(&cluster->pods);

		if (!pod)
			return -ENOMEM;
		*pod = made[i];
	}
	cluster->counts.synthetic_pods = (uint32_t)synthesis->made.count;
	return k8s_sort_by_name(&cluster->pods);
}

int k8s_add_synthetic_pods(struct weir_cluster *cluster)
{
	struct synthesis synthesis = { .cluster = cluster,
				       .scratch = &cluster->reading->scratch,
				       .made = weir_array_of(cluster->allocator, struct k8s_pod) };
	int status;

	weir_map_init(&synthesis.index_of, cluster->allocator);
	weir_map_init(&synthesis.names, cluster->allocator);
	status = index_workloads(&synthesis);
	if (!status) {
		mark_owners(&synthesis);
		status = make_pods(&synthesis);
	}
	weir_map_finish(&synthesis.names);
	weir_map_finish(&synthesis.index_of);
	weir_array_finish(&synthesis.made);
	weir_arena_reset(synthesis.scratch);
	return status;
}
