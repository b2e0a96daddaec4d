/*
 * Selectors become sets of endpoints.
 *
 * A selector means terms over the namespace's labels and terms over the pod's. "Pods of the
 * policy's own namespace" is the term kubernetes.io/metadata.name In {that name}, so there is one
 * form for every peer and subject, and two selectors are one set when their terms are equal.
 *
 * Pods are sorted by namespace, so the namespaces that match are ranges of pods, within which the
 * pods are selected. A pod of the host's network is in no set (S13); finished pods own no address
 * and are left out as well.
 *
 * A pod that nobody knows may have any labels in any namespace. It is never in a set whose terms
 * contradict themselves, always in the set of all pods of all namespaces, maybe in any other.
 */
#include "resolve.h"

#include <errno.h>
#include <string.h>

/* Namespaces and pods are both sorted by the namespace's name, so one walk finds the ranges. */
static int find_ranges(struct k8s_resolver *resolver)
{
	const struct weir_cluster *cluster = resolver->cluster;
	const struct k8s_namespace *namespaces = cluster->namespaces.items;
	const struct k8s_pod *pods = k8s_pods(cluster);
	uint32_t count = (uint32_t)cluster->namespaces.count;
	struct k8s_index_range *ranges =
		weir_arena_array(&resolver->scratch, count, struct k8s_index_range);
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
	resolver->pods_of = ranges;
	return 0;
}

static int index_pods(struct k8s_resolver *resolver)
{
	const struct k8s_pod *pods = k8s_pods(resolver->cluster);
	uint32_t count = k8s_pod_count(resolver->cluster);
	const struct k8s_labels **labels =
		weir_arena_array(&resolver->scratch, count, const struct k8s_labels *);

	if (!labels)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		labels[i] = pods[i].phase == K8S_FINISHED ? NULL : &pods[i].meta.labels;
	return k8s_label_index_build(labels, count, &resolver->scratch, &resolver->pod_index);
}

static int index_namespaces(struct k8s_resolver *resolver)
{
	const struct k8s_namespace *namespaces = resolver->cluster->namespaces.items;
	uint32_t count = (uint32_t)resolver->cluster->namespaces.count;
	const struct k8s_labels **labels =
		weir_arena_array(&resolver->scratch, count, const struct k8s_labels *);

	if (!labels)
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++)
		labels[i] = &namespaces[i].meta.labels;
	return k8s_label_index_build(labels, count, &resolver->scratch, &resolver->namespace_index);
}

int k8s_resolve_index(struct k8s_resolver *resolver)
{
	static const char name_label[] = "kubernetes.io/metadata.name";

	resolver->name_label =
		weir_intern_text(&resolver->cluster->strings, name_label, sizeof(name_label) - 1);
	if (!resolver->name_label || find_ranges(resolver) || index_pods(resolver) ||
	    index_namespaces(resolver))
		return -ENOMEM;
	return 0;
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

/* Puts the pods of the namespaces that fulfil the terms into resolver->ranges. */
static int match_namespaces(struct k8s_resolver *resolver, const struct k8s_terms *terms)
{
	struct k8s_index_range all = { 0, resolver->namespace_index.item_count };
	const uint32_t *matched;

	resolver->ranges.count = 0;
	if (!terms->count && !terms->impossible)
		return add_range(&resolver->ranges,
				 (struct k8s_index_range){ 0, k8s_pod_count(resolver->cluster) });
	if (k8s_label_index_select(&resolver->namespace_index, terms, &all, 1, &resolver->matched))
		return -ENOMEM;
	matched = resolver->matched.items;
	for (size_t i = 0; i < resolver->matched.count; i++) {
		if (add_range(&resolver->ranges, resolver->pods_of[matched[i]]))
			return -ENOMEM;
	}
	return 0;
}

static int select_pods(struct k8s_resolver *resolver, const struct k8s_terms *namespaces,
		       const struct k8s_terms *pods)
{
	int status = match_namespaces(resolver, namespaces);

	if (status)
		return status;
	return k8s_label_index_select(&resolver->pod_index, pods, resolver->ranges.items,
				      (uint32_t)resolver->ranges.count, &resolver->found);
}

int k8s_resolve_selector(struct k8s_resolver *resolver, const char *namespace_name,
			 const struct k8s_selector *selector)
{
	struct k8s_terms namespaces, pods;

	if (k8s_terms_of_label(resolver->name_label, namespace_name, &resolver->scratch,
			       &namespaces) ||
	    k8s_terms_of(selector, NULL, &resolver->scratch, &pods))
		return -ENOMEM;
	return select_pods(resolver, &namespaces, &pods);
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

/* Adds a set of the pods in resolver->found, without those on their node's network. */
static int add_set(struct k8s_resolver *resolver, enum weir_certainty unknown_pods, uint32_t *out)
{
	const struct k8s_pod *pods = k8s_pods(resolver->cluster);
	const uint32_t *found = resolver->found.items;
	uint32_t *endpoints = weir_arena_array(resolver->arena, resolver->found.count, uint32_t);
	struct weir_set *set = weir_array_push(&resolver->result->sets);

	if (!endpoints || !set)
		return -ENOMEM;
	for (size_t i = 0; i < resolver->found.count; i++) {
		if (!pods[found[i]].host_network)
			endpoints[set->endpoint_count++] = found[i];
	}
	set->endpoints = endpoints;
	set->unknown_pods = (uint8_t)unknown_pods;
	*out = (uint32_t)(resolver->result->sets.count - 1);
	return 0;
}

/* Every selector that nothing can fulfil has the same set. */
static int empty_set(struct k8s_resolver *resolver, uint32_t *out)
{
	if (resolver->empty_set == WEIR_NONE) {
		resolver->found.count = 0;
		if (add_set(resolver, WEIR_NEVER, &resolver->empty_set))
			return -ENOMEM;
	}
	*out = resolver->empty_set;
	return 0;
}

static int set_of_terms(struct k8s_resolver *resolver, const struct k8s_terms *namespaces,
			const struct k8s_terms *pods, uint32_t *out)
{
	size_t words = key_words(namespaces) + key_words(pods);
	uintptr_t *key = weir_arena_array(&resolver->scratch, words, uintptr_t);
	bool everything = !namespaces->count && !pods->count;
	uint32_t *known;
	int is_new;

	if (!key)
		return -ENOMEM;
	write_key(write_key(key, namespaces), pods);
	known = weir_map_insert(&resolver->set_of, key, words * sizeof(*key),
				(uint32_t)resolver->result->sets.count, &is_new);
	if (!known)
		return -ENOMEM;
	*out = *known;
	if (!is_new)
		return 0;
	if (select_pods(resolver, namespaces, pods))
		return -ENOMEM;
	return add_set(resolver, everything ? WEIR_ALWAYS : WEIR_MAYBE, out);
}

int k8s_resolve_set(struct k8s_resolver *resolver, const char *namespace_name,
		    const struct k8s_selector *namespace_selector,
		    const struct k8s_selector *pod_selector, uint32_t *out)
{
	static const struct k8s_selector every_pod = { 0 };
	struct k8s_terms namespaces, pods;
	int status;

	if (namespace_selector)
		status = k8s_terms_of(namespace_selector, resolver->name_label, &resolver->scratch,
				      &namespaces);
	else
		status = k8s_terms_of_label(resolver->name_label, namespace_name,
					    &resolver->scratch, &namespaces);
	if (!status)
		status = k8s_terms_of(pod_selector ? pod_selector : &every_pod, NULL,
				      &resolver->scratch, &pods);
	if (status)
		return status;
	if (namespaces.impossible || pods.impossible)
		return empty_set(resolver, out);
	return set_of_terms(resolver, &namespaces, &pods, out);
}
