/*
 * select.h - which pods the selectors of policies and services mean.
 */
#ifndef WEIR_K8S_SELECT_H
#define WEIR_K8S_SELECT_H

#include "label_index.h"
#include "objects.h"
#include "terms.h"

/* A finished cluster, ready for being asked. */
struct k8s_selection {
	struct weir_cluster *cluster;
	struct weir_arena *arena;  /* of the indices */
	struct weir_array found;   /* uint32_t: pods that were selected */
	struct weir_array matched; /* uint32_t: namespaces that were, unless every one was */
	struct weir_array ranges;  /* struct k8s_index_range: the pods of those */

	struct k8s_label_index pod_index; /* of pods that are not finished */
	struct k8s_label_index namespace_index;
	const struct k8s_index_range *pods_of; /* by namespace */
	const char *name_label;                /* kubernetes.io/metadata.name */
};

void k8s_selection_open(struct k8s_selection *selection, struct weir_cluster *cluster,
			struct weir_arena *arena);
void k8s_selection_close(struct k8s_selection *selection);
/* Makes what the functions below need; 0 or -ENOMEM, as all of them. */
int k8s_selection_index(struct k8s_selection *selection);

/* What two selectors mean together. */
struct k8s_meaning {
	struct k8s_terms namespaces;
	struct k8s_terms pods;
};

/* A NULL namespace_selector means the namespace itself, a NULL pod_selector every pod. */
int k8s_meaning_of(const struct k8s_selection *selection, const char *namespace_name,
		   const struct k8s_selector *namespace_selector,
		   const struct k8s_selector *pod_selector, struct weir_arena *arena,
		   struct k8s_meaning *out);

/* Bytes that are the same for selectors that mean the same; in the arena, NULL: no memory. */
const void *k8s_meaning_key(const struct k8s_meaning *meaning, struct weir_arena *arena,
			    size_t *length);

/* Puts the pods of the namespaces that fulfil the terms into selection->ranges. */
int k8s_select_namespaces(struct k8s_selection *selection, const struct k8s_terms *terms);

/* Puts the unfinished pods that are meant into selection->found. */
int k8s_select_pods(struct k8s_selection *selection, const struct k8s_meaning *meaning);

static inline const struct k8s_pod *k8s_pods(const struct weir_cluster *cluster)
{
	return cluster->pods.items;
}

static inline uint32_t k8s_pod_count(const struct weir_cluster *cluster)
{
	return (uint32_t)cluster->pods.count;
}

#endif
