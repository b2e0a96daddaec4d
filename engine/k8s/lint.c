/*
 * Each lint is a function that looks at one policy; the table at the end lists them, and policies
 * are gone through by name, so findings come in an order that depends on nothing else.
 *
 * To find that something is wrong must cost about as much as resolving. To find out what was
 * probably meant may cost more, and happens for what is wrong only: there is a budget for the
 * whole run (struct k8s_lint's looks), behind which findings are told without it.
 */
#include "lint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum {
	FIELD_TEXT = 96,   /* "spec.ingress[4294967295].from[4294967295].namespaceSelector" */
	OBJECT_TEXT = 352, /* "NetworkPolicy " and a namespace and a name, 63 and 253 bytes long */
};

static const uint64_t most_looks = 20000000;

static void warn(const struct k8s_lint *lint, const struct k8s_network_policy *policy,
		 const struct k8s_position *position, const char *field, const char *text)
{
	char object[OBJECT_TEXT];

	snprintf(object, sizeof(object), "NetworkPolicy %s/%s", policy->meta.namespace_name,
		 policy->meta.name);
	lint->sink->report(lint->sink->context,
			   &(struct weir_diagnostic){ .severity = WEIR_SEVERITY_WARNING,
						      .file = position->file,
						      .line = position->line,
						      .column = position->column,
						      .object = object,
						      .field = field,
						      .text = text });
}

/* Warns when the selectors, which stand in the field named by the prefix, select no pod. */
static int selects_somebody(struct k8s_lint *lint, const struct k8s_selectors *selectors,
			    const char *prefix)
{
	struct k8s_lint_text text = { weir_array_of(lint->arena.allocator, char), 0 };
	enum k8s_blame blame;
	char field[FIELD_TEXT];
	int status = k8s_lint_nobody(lint, selectors, &blame, &text);

	if (!status && blame != K8S_BLAME_NONE) {
		bool of_pods = blame == K8S_BLAME_PODS;
		const struct k8s_selector *blamed =
			of_pods ? selectors->pods : selectors->namespaces;

		snprintf(field, sizeof(field), "%s.%s", prefix,
			 of_pods ? "podSelector" : "namespaceSelector");
		warn(lint, selectors->policy, &blamed->position, field, text.bytes.items);
	}
	weir_array_finish(&text.bytes);
	return status;
}

static int subjects(struct k8s_lint *lint, const struct k8s_network_policy *policy)
{
	const struct k8s_selectors selectors = { .policy = policy, .pods = &policy->pod_selector };

	return selects_somebody(lint, &selectors, "spec");
}

/* One direction of a policy, by its words. */
struct half {
	const struct k8s_rule *rules;
	uint32_t count;
	const char *name;
	const char *peers;
};

static int peer(struct k8s_lint *lint, const struct k8s_network_policy *policy,
		const struct k8s_peer *written, const char *prefix)
{
	struct k8s_selectors selectors = { .policy = policy };

	if (written->kind != K8S_PEER_SELECTOR)
		return 0;
	if (written->has_namespace_selector)
		selectors.namespaces = &written->namespace_selector;
	if (written->has_pod_selector)
		selectors.pods = &written->pod_selector;
	return selects_somebody(lint, &selectors, prefix);
}

static int peers_of_half(struct k8s_lint *lint, const struct k8s_network_policy *policy,
			 const struct half *half)
{
	char prefix[FIELD_TEXT];
	int status = 0;

	for (uint32_t i = 0; i < half->count; i++) {
		const struct k8s_rule *rule = &half->rules[i];

		for (uint32_t j = 0; j < rule->peer_count && !status; j++) {
			snprintf(prefix, sizeof(prefix), "spec.%s[%" PRIu32 "].%s[%" PRIu32 "]",
				 half->name, i, half->peers, j);
			status = peer(lint, policy, &rule->peers[j], prefix);
		}
	}
	return status;
}

/* Rules of a direction that policyTypes leaves out decide nothing. */
static int peers(struct k8s_lint *lint, const struct k8s_network_policy *policy)
{
	const struct half ingress = { policy->ingress, policy->ingress_count, "ingress", "from" };
	const struct half egress = { policy->egress, policy->egress_count, "egress", "to" };
	int status = policy->isolates_ingress ? peers_of_half(lint, policy, &ingress) : 0;

	if (!status && policy->isolates_egress)
		status = peers_of_half(lint, policy, &egress);
	return status;
}

static int (*const policy_lints[])(struct k8s_lint *lint,
				   const struct k8s_network_policy *policy) = {
	subjects, /* a policy that selects no pod */
	peers,    /* a peer that selects no pod */
};

static int lint_policy(struct k8s_lint *lint, const struct k8s_network_policy *policy)
{
	int status = 0;

	for (size_t i = 0; i < sizeof(policy_lints) / sizeof(policy_lints[0]) && !status; i++)
		status = policy_lints[i](lint, policy);
	weir_arena_reset(&lint->scratch);
	return status;
}

static bool has_pods(const struct weir_cluster *cluster)
{
	const struct k8s_pod *pods = k8s_pods(cluster);

	for (uint32_t i = 0; i < k8s_pod_count(cluster); i++) {
		if (pods[i].phase != K8S_FINISHED)
			return true;
	}
	return false;
}

static int lint_cluster(struct k8s_lint *lint)
{
	const struct weir_array *policies = &lint->selection.cluster->network_policies;
	const struct k8s_network_policy *items = policies->items;
	int status = k8s_selection_index(&lint->selection);

	for (size_t i = 0; i < policies->count && !status; i++)
		status = lint_policy(lint, &items[i]);
	return status;
}

int weir_cluster_lint(struct weir_cluster *cluster, const struct weir_sink *sink)
{
	const struct weir_allocator *allocator = weir_allocator_or_default(cluster->allocator);
	struct k8s_lint lint = { .sink = sink,
				 .found = weir_array_of(allocator, uint32_t),
				 .looks = most_looks };
	int status;

	if (!sink || !sink->report || !cluster->network_policies.count || !has_pods(cluster))
		return 0;
	weir_arena_init(&lint.arena, allocator);
	weir_arena_init(&lint.scratch, allocator);
	k8s_selection_open(&lint.selection, cluster, &lint.arena);
	status = lint_cluster(&lint);
	k8s_selection_close(&lint.selection);
	weir_array_finish(&lint.found);
	weir_arena_finish(&lint.scratch);
	weir_arena_finish(&lint.arena);
	return status;
}
