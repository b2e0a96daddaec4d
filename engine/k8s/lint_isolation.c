/*
 * Pods that no policy isolates, in a cluster that has policies. A note a namespace: whether such
 * pods are meant to be open only their owner knows.
 */
#include "lint.h"

#include <errno.h>

enum {
	INGRESS = 1,
	EGRESS = 2,
};

struct marking {
	struct weir_map done; /* what a selector means -> the directions marked by it */
	uint8_t *isolated;    /* by pod: directions */
};

/* Policies that select the same are many. */
static int mark(struct k8s_lint *lint, const struct k8s_network_policy *policy,
		struct marking *marking)
{
	unsigned directions =
		(policy->isolates_ingress ? INGRESS : 0U) | (policy->isolates_egress ? EGRESS : 0U);
	struct k8s_meaning meaning;
	const uint32_t *found;
	const void *key = NULL;
	uint32_t *done;
	size_t length;

	if (!k8s_meaning_of(&lint->selection, policy->meta.namespace_name, NULL,
			    &policy->pod_selector, &lint->scratch, &meaning))
		key = k8s_meaning_key(&meaning, &lint->arena, &length);
	done = key ? weir_map_insert(&marking->done, key, length, 0, NULL) : NULL;
	if (!done)
		return -ENOMEM;
	if ((*done & directions) == directions)
		return 0;
	*done |= directions;
	if (k8s_select_pods(&lint->selection, &meaning))
		return -ENOMEM;
	found = lint->selection.found.items;
	for (size_t i = 0; i < lint->selection.found.count; i++)
		marking->isolated[found[i]] |= (uint8_t)directions;
	return 0;
}

/* By pod: the directions in which it is isolated. NULL: no memory. */
static const uint8_t *mark_all(struct k8s_lint *lint)
{
	const struct weir_cluster *cluster = lint->selection.cluster;
	const struct k8s_network_policy *policies = cluster->network_policies.items;
	struct marking marking = { .isolated = weir_arena_array(&lint->arena,
								k8s_pod_count(cluster), uint8_t) };
	int status = marking.isolated ? 0 : -ENOMEM;

	weir_map_init(&marking.done, lint->arena.allocator);
	for (size_t i = 0; !status && i < cluster->network_policies.count; i++) {
		status = mark(lint, &policies[i], &marking);
		weir_arena_reset(&lint->scratch);
	}
	weir_map_finish(&marking.done);
	return status ? NULL : marking.isolated;
}

/* The pods of a namespace that policies could select, and those open in a direction. */
struct open_pods {
	uint32_t pods, open;
	const struct k8s_pod *example;
};

static struct open_pods count_open(const struct k8s_lint *lint, const struct k8s_index_range *range,
				   const uint8_t *isolated, unsigned direction)
{
	const struct k8s_pod *pods = k8s_pods(lint->selection.cluster);
	struct open_pods counted = { 0 };

	for (uint32_t i = range->first; i < range->end; i++) {
		if (pods[i].phase == K8S_FINISHED || pods[i].host_network)
			continue;
		counted.pods++;
		if (isolated[i] & direction)
			continue;
		if (!counted.open++)
			counted.example = &pods[i];
	}
	return counted;
}

static void say_open(struct k8s_lint_text *text, const struct open_pods *counted,
		     const char *direction)
{
	if (counted->open)
		k8s_lint_say(text, "%s%u of %u pods for %s (%s%s)",
			     text->bytes.count ? ", " : "isolated by no policy: ", counted->open,
			     counted->pods, direction, counted->example->meta.name,
			     counted->open > 1 ? " and others" : "");
}

static int report_open(const struct k8s_lint *lint, const struct k8s_namespace *namespace,
		       const struct k8s_index_range *range, const uint8_t *isolated)
{
	struct open_pods ingress = count_open(lint, range, isolated, INGRESS);
	struct open_pods egress = count_open(lint, range, isolated, EGRESS);
	struct k8s_lint_text text = k8s_lint_text(lint);

	say_open(&text, &ingress, "ingress");
	say_open(&text, &egress, "egress");
	if (!text.status && text.bytes.count)
		k8s_lint_report(lint, &(struct k8s_finding){ .code = K8S_LINT_NOT_ISOLATED,
							     .kind = "Namespace",
							     .meta = &namespace->meta,
							     .text = k8s_lint_text_string(&text) });
	k8s_lint_text_finish(&text);
	return text.status;
}

int k8s_lint_not_isolated(struct k8s_lint *lint)
{
	const struct weir_array *namespaces = &lint->selection.cluster->namespaces;
	const struct k8s_namespace *items = namespaces->items;
	const uint8_t *isolated;
	int status = 0;

	if (!lint->selection.cluster->network_policies.count)
		return 0;
	isolated = mark_all(lint);
	if (!isolated)
		return -ENOMEM;
	for (size_t i = 0; i < namespaces->count && !status; i++)
		status = report_open(lint, &items[i], &lint->selection.pods_of[i], isolated);
	return status;
}
