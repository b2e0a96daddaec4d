/*
 * The lints, in tables, and the walks that call them. Policies are gone through by name and lints
 * in the order of their table, so findings come in an order that depends on nothing else.
 *
 * To find that something is wrong must cost about as much as resolving. To find out what was
 * probably meant may cost more, and happens for what is wrong only: there is a budget for the
 * whole run (struct k8s_lint's looks), behind which findings are told without it.
 */
#include "lint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

static const uint64_t most_looks = 20000000;

/* Without any pod every selector selects nobody, which says nothing about the selector. */
enum needs {
	NEEDS_NOTHING,
	NEEDS_PODS,
};

static const struct {
	int (*run)(struct k8s_lint *lint, const struct k8s_network_policy *policy);
	enum needs needs;
} policy_lints[] = {
	{ k8s_lint_policy_types, NEEDS_NOTHING },
	{ k8s_lint_policy_selects_nothing, NEEDS_PODS },
};

static const struct {
	int (*run)(struct k8s_lint *lint, const struct k8s_lint_rule *rule);
	enum needs needs;
} rule_lints[] = {
	{ k8s_lint_null_rule, NEEDS_NOTHING },         { k8s_lint_host_bits, NEEDS_NOTHING },
	{ k8s_lint_peer_selects_nothing, NEEDS_PODS }, { k8s_lint_namespace_names, NEEDS_PODS },
	{ k8s_lint_port_names, NEEDS_PODS },           { k8s_lint_holes, NEEDS_NOTHING },
	{ k8s_lint_pod_blocks, NEEDS_PODS },
};

static int no_pods(struct k8s_lint *lint);

static const struct {
	int (*run)(struct k8s_lint *lint);
	enum needs needs;
} cluster_lints[] = {
	{ no_pods, NEEDS_NOTHING },
	{ k8s_lint_unknown_namespaces, NEEDS_NOTHING },
	{ k8s_lint_services, NEEDS_PODS },
	{ k8s_lint_services_overlap, NEEDS_PODS },
	{ k8s_lint_services_clash, NEEDS_NOTHING },
	{ k8s_lint_not_isolated, NEEDS_PODS },
	{ k8s_lint_no_dns, NEEDS_PODS },
	{ k8s_lint_redundant, NEEDS_PODS },
	{ k8s_lint_rule_never_reached, NEEDS_NOTHING },
	{ k8s_lint_equal_priority, NEEDS_NOTHING },
	{ k8s_lint_allow_denied_before, NEEDS_NOTHING },
	{ k8s_lint_pass_to_nothing, NEEDS_PODS },
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool has_what(const struct k8s_lint *lint, enum needs needs)
{
	return needs == NEEDS_NOTHING || lint->has_pods;
}

static int no_pods(struct k8s_lint *lint)
{
	if (!k8s_pod_count(lint->selection.cluster))
		k8s_lint_report(lint, &(struct k8s_finding){
					      .code = K8S_LINT_NO_PODS,
					      .text = "there is no pod in the input: no policy "
						      "selects anything" });
	return 0;
}

static int lint_rule(struct k8s_lint *lint, const struct k8s_lint_rule *rule)
{
	int status = 0;

	for (size_t i = 0; i < COUNT(rule_lints) && !status; i++) {
		if (has_what(lint, rule_lints[i].needs))
			status = rule_lints[i].run(lint, rule);
	}
	return status;
}

/* One direction of a policy. */
struct half {
	const char *name;
	bool is_egress;
	bool is_in_effect; /* else its rules decide nothing */
	const struct k8s_rule *rules;
	uint32_t count;
};

static int lint_half(struct k8s_lint *lint, const struct k8s_network_policy *policy,
		     const struct half *half)
{
	int status = 0;

	for (uint32_t i = 0; half->is_in_effect && i < half->count && !status; i++) {
		struct k8s_lint_rule rule = { policy, &half->rules[i], half->is_egress, i, "" };

		snprintf(rule.field, sizeof(rule.field), "spec.%s[%" PRIu32 "]", half->name, i);
		status = lint_rule(lint, &rule);
	}
	return status;
}

static int lint_policy(struct k8s_lint *lint, const struct k8s_network_policy *policy)
{
	const struct half ingress = { "ingress", false, policy->isolates_ingress, policy->ingress,
				      policy->ingress_count };
	const struct half egress = { "egress", true, policy->isolates_egress, policy->egress,
				     policy->egress_count };
	int status = 0;

	for (size_t i = 0; i < COUNT(policy_lints) && !status; i++) {
		if (has_what(lint, policy_lints[i].needs))
			status = policy_lints[i].run(lint, policy);
	}
	if (!status)
		status = lint_half(lint, policy, &ingress);
	if (!status)
		status = lint_half(lint, policy, &egress);
	weir_arena_reset(&lint->scratch);
	return status;
}

static int lint_cluster(struct k8s_lint *lint)
{
	const struct weir_array *policies = &lint->selection.cluster->network_policies;
	const struct k8s_network_policy *items = policies->items;
	int status = k8s_selection_index(&lint->selection);

	for (size_t i = 0; i < policies->count && !status; i++)
		status = lint_policy(lint, &items[i]);
	for (size_t i = 0; i < COUNT(cluster_lints) && !status; i++) {
		if (has_what(lint, cluster_lints[i].needs))
			status = cluster_lints[i].run(lint);
		weir_arena_reset(&lint->scratch);
	}
	return status;
}

static bool has_unfinished_pods(const struct weir_cluster *cluster)
{
	const struct k8s_pod *pods = k8s_pods(cluster);

	for (uint32_t i = 0; i < k8s_pod_count(cluster); i++) {
		if (pods[i].phase != K8S_FINISHED)
			return true;
	}
	return false;
}

int weir_cluster_lint(struct weir_cluster *cluster, const struct weir_sink *sink)
{
	const struct weir_allocator *allocator = weir_allocator_or_default(cluster->allocator);
	struct k8s_lint lint = { .sink = sink,
				 .has_pods = has_unfinished_pods(cluster),
				 .found = weir_array_of(allocator, uint32_t),
				 .looks = most_looks };
	int status;

	if (!sink || !sink->report)
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
