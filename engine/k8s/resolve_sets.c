/*
 * Selectors become sets of endpoints; two selectors are one set when they mean the same terms.
 *
 * A pod of the host's network is in no set (S13); finished pods own no address and are left out as
 * well.
 *
 * A pod that nobody knows may have any labels in any namespace. It is never in a set whose terms
 * contradict themselves, always in the set of all pods of all namespaces, maybe in any other. In
 * a set of nodes it is never.
 */
#include "resolve.h"

#include <errno.h>
#include <string.h>

static int copy_terms(struct weir_arena *arena, const struct k8s_terms *from, struct k8s_terms *out)
{
	struct k8s_term *items = weir_arena_array(arena, from->count, struct k8s_term);

	if (!items)
		return -ENOMEM;
	*out = (struct k8s_terms){ items, from->count, from->impossible };
	for (uint32_t i = 0; i < from->count; i++) {
		const char **values =
			weir_arena_array(arena, from->items[i].value_count, const char *);

		if (!values)
			return -ENOMEM;
		for (uint32_t j = 0; j < from->items[i].value_count; j++)
			values[j] = from->items[i].values[j];
		items[i] = from->items[i];
		items[i].values = values;
	}
	return 0;
}

/* The next set's, where somebody wants to know. */
static int keep_meaning(struct k8s_resolver *resolver, const struct k8s_meaning *meaning)
{
	struct k8s_meanings *meanings = resolver->meanings;
	struct k8s_meaning *kept;

	if (!meanings)
		return 0;
	kept = weir_array_push(&meanings->items);
	if (!kept || copy_terms(&meanings->arena, &meaning->namespaces, &kept->namespaces) ||
	    copy_terms(&meanings->arena, &meaning->pods, &kept->pods))
		return -ENOMEM;
	return 0;
}

static const struct k8s_meaning no_pods = { .pods = { .impossible = true } };

/* Adds a set of the pods in resolver->selection.found, without those on their node's network. */
static int add_set(struct k8s_resolver *resolver, enum weir_certainty unknown_pods, uint32_t *out)
{
	const struct k8s_pod *pods = k8s_pods(resolver->cluster);
	const uint32_t *found = resolver->selection.found.items;
	uint32_t *endpoints =
		weir_arena_array(resolver->arena, resolver->selection.found.count, uint32_t);
	struct weir_set *set = weir_array_push(&resolver->result->sets);

	if (!endpoints || !set)
		return -ENOMEM;
	for (size_t i = 0; i < resolver->selection.found.count; i++) {
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
		resolver->selection.found.count = 0;
		if (keep_meaning(resolver, &no_pods) ||
		    add_set(resolver, WEIR_NEVER, &resolver->empty_set))
			return -ENOMEM;
	}
	*out = resolver->empty_set;
	return 0;
}

static int set_of_meaning(struct k8s_resolver *resolver, const struct k8s_meaning *meaning,
			  uint32_t *out)
{
	bool everything = !meaning->namespaces.count && !meaning->pods.count;
	size_t length;
	const void *key = k8s_meaning_key(meaning, &resolver->scratch, &length);
	uint32_t *known;
	int is_new;

	if (!key)
		return -ENOMEM;
	known = weir_map_insert(&resolver->set_of, key, length,
				(uint32_t)resolver->result->sets.count, &is_new);
	if (!known)
		return -ENOMEM;
	*out = *known;
	if (!is_new)
		return 0;
	if (k8s_select_pods(&resolver->selection, meaning) || keep_meaning(resolver, meaning))
		return -ENOMEM;
	return add_set(resolver, everything ? WEIR_ALWAYS : WEIR_MAYBE, out);
}

int k8s_resolve_selector(struct k8s_resolver *resolver, const char *namespace_name,
			 const struct k8s_selector *selector)
{
	struct k8s_meaning meaning;

	if (k8s_meaning_of(&resolver->selection, namespace_name, NULL, selector, &resolver->scratch,
			   &meaning))
		return -ENOMEM;
	return k8s_select_pods(&resolver->selection, &meaning);
}

int k8s_resolve_set(struct k8s_resolver *resolver, const char *namespace_name,
		    const struct k8s_selector *namespace_selector,
		    const struct k8s_selector *pod_selector, uint32_t *out)
{
	struct k8s_meaning meaning;
	int status = k8s_meaning_of(&resolver->selection, namespace_name, namespace_selector,
				    pod_selector, &resolver->scratch, &meaning);

	if (status)
		return status;
	if (meaning.namespaces.impossible || meaning.pods.impossible)
		return empty_set(resolver, out);
	return set_of_meaning(resolver, &meaning, out);
}

static int add_node_set(struct k8s_resolver *resolver, const uint32_t *endpoints, uint32_t count)
{
	struct weir_set *set = weir_array_push(&resolver->result->sets);

	if (!set || keep_meaning(resolver, &no_pods))
		return -ENOMEM;
	*set = (struct weir_set){ endpoints, count, WEIR_NEVER };
	return 0;
}

int k8s_resolve_node_set(struct k8s_resolver *resolver, const struct k8s_selector *selector,
			 uint32_t *out)
{
	const struct weir_array *nodes = &resolver->cluster->nodes;
	const struct k8s_node *items = nodes->items;
	uint32_t pods = k8s_pod_count(resolver->cluster);
	uint32_t *endpoints = weir_arena_array(resolver->arena, nodes->count, uint32_t);
	uint32_t count = 0;
	uint32_t *known;
	int is_new;

	if (!endpoints)
		return -ENOMEM;
	for (uint32_t i = 0; i < nodes->count; i++) {
		if (k8s_selector_matches(selector, &items[i].meta.labels))
			endpoints[count++] = pods + i;
	}
	known = weir_map_insert(&resolver->node_set_of, endpoints, count * sizeof(*endpoints),
				(uint32_t)resolver->result->sets.count, &is_new);
	if (!known)
		return -ENOMEM;
	*out = *known;
	return is_new ? add_node_set(resolver, endpoints, count) : 0;
}
