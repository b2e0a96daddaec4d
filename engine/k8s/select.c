/*
 * A pair of selectors means terms over the namespace's labels and terms over the pod's. "Pods of
 * the policy's own namespace" is the term kubernetes.io/metadata.name In {that name}, so there is
 * one form for every peer and subject.
 *
 * Pods are sorted by namespace, so the namespaces that match are ranges of pods, within which the
 * pods are selected.
 */
#include "select.h"

#include <errno.h>
#include <string.h>

void k8s_selection_open(struct k8s_selection *selection, struct weir_cluster *cluster,
			struct weir_arena *arena)
{
	*selection = (struct k8s_selection){
		.cluster = cluster,
		.arena = arena,
		.found = weir_array_of(arena->allocator, uint32_t),
		.matched = weir_array_of(arena->allocator, uint32_t),
		.ranges = weir_array_of(arena->allocator, struct k8s_index_range),
	};
}

void k8s_selection_close(struct k8s_selection *selection)
{
	k8s_label_index_finish(&selection->namespace_index);
	k8s_label_index_finish(&selection->pod_index);
	weir_array_finish(&selection->ranges);
	weir_array_finish(&selection->matched);
	weir_array_finish(&selection->found);
}

/* Namespaces and pods are both sorted by the namespace's name, so one walk finds the ranges. */
static int find_ranges(struct k8s_selection *selection)
{
	const struct weir_cluster *cluster = selection->cluster;
	const struct k8s_namespace *namespaces = cluster->namespaces.items;
	const struct k8s_pod *pods = k8s_pods(cluster);
	uint32_t count = (uint32_t)cluster->namespaces.count;
	struct k8s_index_range *ranges =
		weir_arena_array(selection->arena, count, struct k8s_index_range);
	uint32_t pod = 0;

	if (!ranges)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		const char *name = namespaces[i].meta.name;

		while (pod < k8s_pod_count(cluster) &&
		       strcmp(pods[pod].meta.namespace_name, name) < 0)
			pod++;
		ranges[i].first = pod;
		while (pod < k8s_pod_count(cluster) && pods[pod].meta.namespace_name == name)
			pod++;
		ranges[i].end = pod;
	}
	selection->pods_of = ranges;
	return 0;
}

static int index_pods(struct k8s_selection *selection)
{
	const struct k8s_pod *pods = k8s_pods(selection->cluster);
	uint32_t count = k8s_pod_count(selection->cluster);
	const struct k8s_labels **labels =
		weir_arena_array(selection->arena, count, const struct k8s_labels *);

	if (!labels)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		labels[i] = pods[i].phase == K8S_FINISHED ? NULL : &pods[i].meta.labels;
	return k8s_label_index_build(labels, count, selection->arena, &selection->pod_index);
}

static int index_namespaces(struct k8s_selection *selection)
{
	const struct k8s_namespace *namespaces = selection->cluster->namespaces.items;
	uint32_t count = (uint32_t)selection->cluster->namespaces.count;
	const struct k8s_labels **labels =
		weir_arena_array(selection->arena, count, const struct k8s_labels *);

	if (!labels)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		labels[i] = &namespaces[i].meta.labels;
	return k8s_label_index_build(labels, count, selection->arena, &selection->namespace_index);
}

int k8s_selection_index(struct k8s_selection *selection)
{
	static const char name_label[] = "kubernetes.io/metadata.name";

	selection->name_label =
		weir_intern_text(selection->cluster->strings, name_label, sizeof(name_label) - 1);
	if (!selection->name_label || find_ranges(selection) || index_pods(selection) ||
	    index_namespaces(selection))
		return -ENOMEM;
	return 0;
}

int k8s_meaning_of(const struct k8s_selection *selection, const char *namespace_name,
		   const struct k8s_selector *namespace_selector,
		   const struct k8s_selector *pod_selector, struct weir_arena *arena,
		   struct k8s_meaning *out)
{
	static const struct k8s_selector every_pod = { 0 };
	int status;

	if (namespace_selector)
		status = k8s_terms_of(namespace_selector, selection->name_label, arena,
				      &out->namespaces);
	else
		status = k8s_terms_of_label(selection->name_label, namespace_name, arena,
					    &out->namespaces);
	if (status)
		return status;
	return k8s_terms_of(pod_selector ? pod_selector : &every_pod, NULL, arena, &out->pods);
}

/* Terms written as numbers, to be compared as bytes: strings are interned, so a pointer stands
 * for its text. */
static size_t key_words(const struct k8s_terms *terms)
{
	size_t words = 1;

	for (uint32_t i = 0; i < terms->count; i++)
		words += 3 + terms->items[i].value_count;
	return words;
}

static uintptr_t *write_key(uintptr_t *at, const struct k8s_terms *terms)
{
	*at++ = terms->count;
	for (uint32_t i = 0; i < terms->count; i++) {
		const struct k8s_term *term = &terms->items[i];

		*at++ = term->kind;
		*at++ = (uintptr_t)term->key;
		*at++ = term->value_count;
		for (uint32_t j = 0; j < term->value_count; j++)
			*at++ = (uintptr_t)term->values[j];
	}
	return at;
}

const void *k8s_meaning_key(const struct k8s_meaning *meaning, struct weir_arena *arena,
			    size_t *length)
{
	size_t words = key_words(&meaning->namespaces) + key_words(&meaning->pods);
	uintptr_t *key = weir_arena_array(arena, words, uintptr_t);

	if (key)
		write_key(write_key(key, &meaning->namespaces), &meaning->pods);
	*length = words * sizeof(*key);
	return key;
}

/* Ranges that touch become one, so that "all namespaces" is a single range. */
static int add_range(struct weir_array *ranges, struct k8s_index_range range)
{
	struct k8s_index_range *last = ranges->items;

	if (range.first == range.end)
		return 0;
	last = ranges->count ? last + ranges->count - 1 : NULL;
	if (last && last->end == range.first) {
		last->end = range.end;
		return 0;
	}
	last = weir_array_push(ranges);
	if (!last)
		return -ENOMEM;
	*last = range;
	return 0;
}

int k8s_select_namespaces(struct k8s_selection *selection, const struct k8s_terms *terms)
{
	struct k8s_index_range all = { 0, selection->namespace_index.item_count };
	const uint32_t *matched;

	selection->ranges.count = 0;
	if (!terms->count && !terms->impossible)
		return add_range(&selection->ranges,
				 (struct k8s_index_range){ 0, k8s_pod_count(selection->cluster) });
	if (k8s_label_index_select(&selection->namespace_index, terms, &all, 1,
				   &selection->matched))
		return -ENOMEM;
	matched = selection->matched.items;
	for (size_t i = 0; i < selection->matched.count; i++) {
		if (add_range(&selection->ranges, selection->pods_of[matched[i]]))
			return -ENOMEM;
	}
	return 0;
}

int k8s_select_pods(struct k8s_selection *selection, const struct k8s_meaning *meaning)
{
	int status = k8s_select_namespaces(selection, &meaning->namespaces);

	if (status)
		return status;
	return k8s_label_index_select(&selection->pod_index, &meaning->pods,
				      selection->ranges.items, (uint32_t)selection->ranges.count,
				      &selection->found);
}
