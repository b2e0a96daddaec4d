/*
 * Lints about the tiers: what is shadowed by a rule before it, and what is handed over to nothing.
 *
 * A rule is only called shadowed when one other rule is about all that it is about (extent.h),
 * which holds for pods that are not there yet as well. Rules are compared with all before them in
 * their tier, within the run's budget of looks.
 */
#include "lint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "extent.h"

/* A rule in the order in which it is tried. */
struct placed {
	const struct k8s_cluster_policy *policy;
	const struct k8s_cluster_rule *rule;
	struct k8s_extent extent;
	uint32_t index;
	bool is_egress;
};

struct tiers {
	struct placed *rules; /* by tier, priority, name, kind; then egress before ingress */
	size_t count;
};

static const char *list_of(bool is_egress)
{
	return is_egress ? "egress" : "ingress";
}

static const struct k8s_cluster_policy *policies_of(const struct k8s_lint *lint, size_t *count)
{
	*count = lint->selection.cluster->cluster_policies.count;
	return lint->selection.cluster->cluster_policies.items;
}

static int place_half(struct k8s_lint *lint, const struct k8s_cluster_policy *policy,
		      bool is_egress, struct tiers *tiers)
{
	const struct k8s_cluster_rule *rules = is_egress ? policy->egress : policy->ingress;
	uint32_t count = is_egress ? policy->egress_count : policy->ingress_count;

	for (uint32_t i = 0; i < count; i++) {
		struct placed *placed = &tiers->rules[tiers->count++];

		*placed = (struct placed){
			.policy = policy, .rule = &rules[i], .index = i, .is_egress = is_egress
		};
		if (k8s_extent_of_cluster_rule(&lint->selection, policy, &rules[i], &lint->scratch,
					       &placed->extent))
			return -ENOMEM;
	}
	return 0;
}

static int place_rules(struct k8s_lint *lint, struct tiers *tiers)
{
	size_t count, most = 0;
	const struct k8s_cluster_policy *policies = policies_of(lint, &count);

	for (size_t i = 0; i < count; i++)
		most += (size_t)policies[i].egress_count + policies[i].ingress_count;
	*tiers = (struct tiers){ weir_arena_array(&lint->scratch, most, struct placed), 0 };
	if (!tiers->rules)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (place_half(lint, &policies[i], true, tiers) ||
		    place_half(lint, &policies[i], false, tiers))
			return -ENOMEM;
	}
	return 0;
}

static void report_rule(const struct k8s_lint *lint, enum k8s_lint_code code,
			const struct placed *placed, const struct k8s_lint_text *text)
{
	char field[K8S_LINT_RULE_FIELD];

	snprintf(field, sizeof(field), "spec.%s[%" PRIu32 "]", list_of(placed->is_egress),
		 placed->index);
	k8s_lint_report(lint, &(struct k8s_finding){ .code = code,
						     .kind = placed->policy->kind,
						     .meta = &placed->policy->meta,
						     .position = &placed->rule->position,
						     .field = field,
						     .text = k8s_lint_text_string(text) });
}

/* "ClusterNetworkPolicy early ingress[0] (Deny)" */
static void say_rule(struct k8s_lint_text *text, const struct placed *placed)
{
	k8s_lint_say(text, "%s %s %s[%" PRIu32 "] (%s)", placed->policy->kind,
		     placed->policy->meta.name, list_of(placed->is_egress), placed->index,
		     placed->rule->action);
}

/* Whether the search may look once more. */
static bool may_look(struct k8s_lint *lint)
{
	if (!lint->looks)
		return false;
	lint->looks--;
	return true;
}

/* Rules that are never reached. */

static const struct placed *shadow_of(struct k8s_lint *lint, const struct tiers *tiers,
				      const struct placed *placed)
{
	for (const struct placed *before = tiers->rules; before < placed; before++) {
		if (before->policy->tier != placed->policy->tier ||
		    before->is_egress != placed->is_egress)
			continue;
		if (!may_look(lint))
			return NULL;
		if (k8s_extent_covers(&lint->selection, &before->extent, &placed->extent))
			return before;
	}
	return NULL;
}

int k8s_lint_rule_never_reached(struct k8s_lint *lint)
{
	struct tiers tiers;
	int status = place_rules(lint, &tiers);

	for (size_t i = 0; i < tiers.count && !status; i++) {
		const struct placed *shadow = shadow_of(lint, &tiers, &tiers.rules[i]);
		struct k8s_lint_text text;

		if (!shadow)
			continue;
		text = k8s_lint_text(lint);
		say_rule(&text, shadow);
		k8s_lint_say(&text, " is tried before and decides all that this rule matches");
		status = text.status;
		if (!status)
			report_rule(lint, K8S_LINT_RULE_NEVER_REACHED, &tiers.rules[i], &text);
		k8s_lint_text_finish(&text);
	}
	return status;
}

/* Allows of NetworkPolicies that a Deny before them makes void. */

/* The Deny of the admin tier that decides everything, unless a rule before it may decide
 * something. */
static const struct placed *denial_of(struct k8s_lint *lint, const struct tiers *tiers,
				      bool is_egress, const struct k8s_extent *extent)
{
	for (size_t i = 0; i < tiers->count; i++) {
		const struct placed *placed = &tiers->rules[i];

		if (placed->policy->tier != WEIR_TIER_ADMIN)
			break;
		if (placed->is_egress != is_egress)
			continue;
		if (!may_look(lint))
			return NULL;
		if (placed->rule->meaning != WEIR_RULE_DENY &&
		    k8s_extent_meets(&lint->selection, &placed->extent, extent))
			return NULL;
		if (placed->rule->meaning == WEIR_RULE_DENY &&
		    k8s_extent_covers(&lint->selection, &placed->extent, extent))
			return placed;
	}
	return NULL;
}

static int lint_allow(struct k8s_lint *lint, const struct tiers *tiers,
		      const struct k8s_network_policy *policy, const struct k8s_rule *rule,
		      bool is_egress)
{
	const struct k8s_rule *first = is_egress ? policy->egress : policy->ingress;
	struct k8s_lint_text text = k8s_lint_text(lint);
	char field[K8S_LINT_RULE_FIELD];
	const struct placed *denial;
	struct k8s_extent extent;

	if (k8s_extent_of_rule(&lint->selection, policy, rule, &lint->scratch, &extent))
		return -ENOMEM;
	denial = denial_of(lint, tiers, is_egress, &extent);
	if (!denial)
		return 0;
	snprintf(field, sizeof(field), "spec.%s[%zu]", list_of(is_egress), (size_t)(rule - first));
	say_rule(&text, denial);
	k8s_lint_say(&text, " is tried before and denies all that this rule allows");
	if (!text.status)
		k8s_lint_report_policy(lint, K8S_LINT_ALLOW_DENIED_BEFORE, policy, &rule->position,
				       field, k8s_lint_text_string(&text));
	k8s_lint_text_finish(&text);
	return text.status;
}

static int lint_allows(struct k8s_lint *lint, const struct tiers *tiers,
		       const struct k8s_network_policy *policy)
{
	int status = 0;

	for (uint32_t i = 0; i < policy->ingress_count && policy->isolates_ingress && !status; i++)
		status = lint_allow(lint, tiers, policy, &policy->ingress[i], false);
	for (uint32_t i = 0; i < policy->egress_count && policy->isolates_egress && !status; i++)
		status = lint_allow(lint, tiers, policy, &policy->egress[i], true);
	return status;
}

static bool has_rule(const struct tiers *tiers, enum weir_tier tier, enum weir_rule_action meaning)
{
	for (size_t i = 0; i < tiers->count; i++) {
		if (tiers->rules[i].policy->tier == tier &&
		    tiers->rules[i].rule->meaning == meaning)
			return true;
	}
	return false;
}

int k8s_lint_allow_denied_before(struct k8s_lint *lint)
{
	const struct weir_array *policies = &lint->selection.cluster->network_policies;
	const struct k8s_network_policy *items = policies->items;
	struct tiers tiers;
	int status = place_rules(lint, &tiers);

	if (status || !has_rule(&tiers, WEIR_TIER_ADMIN, WEIR_RULE_DENY))
		return status;
	for (size_t i = 0; i < policies->count && !status; i++)
		status = lint_allows(lint, &tiers, &items[i]);
	return status;
}

/* Passes to nothing. */

/* Which pods a later tier says something about: a byte each, by direction. */
struct later {
	uint8_t *of[2];
};

static int mark(struct k8s_lint *lint, const struct k8s_meaning *meaning, uint8_t *marks)
{
	const uint32_t *found;

	if (k8s_select_pods(&lint->selection, meaning))
		return -ENOMEM;
	found = lint->selection.found.items;
	for (size_t i = 0; i < lint->selection.found.count; i++)
		marks[found[i]] = 1;
	return 0;
}

static int mark_isolated(struct k8s_lint *lint, const struct k8s_network_policy *policy,
			 const struct later *later)
{
	struct k8s_meaning meaning;

	if (k8s_meaning_of(&lint->selection, policy->meta.namespace_name, NULL,
			   &policy->pod_selector, &lint->scratch, &meaning))
		return -ENOMEM;
	if (policy->isolates_ingress && mark(lint, &meaning, later->of[false]))
		return -ENOMEM;
	return policy->isolates_egress ? mark(lint, &meaning, later->of[true]) : 0;
}

static int find_later(struct k8s_lint *lint, const struct tiers *tiers, struct later *later)
{
	const struct weir_cluster *cluster = lint->selection.cluster;
	const struct k8s_network_policy *policies = cluster->network_policies.items;

	for (unsigned i = 0; i < 2; i++) {
		later->of[i] = weir_arena_array(&lint->scratch, k8s_pod_count(cluster), uint8_t);
		if (!later->of[i])
			return -ENOMEM;
	}
	for (size_t i = 0; i < cluster->network_policies.count; i++) {
		if (mark_isolated(lint, &policies[i], later))
			return -ENOMEM;
	}
	for (size_t i = 0; i < tiers->count; i++) {
		const struct placed *placed = &tiers->rules[i];

		if (placed->policy->tier == WEIR_TIER_BASELINE &&
		    mark(lint, &placed->extent.subjects, later->of[placed->is_egress]))
			return -ENOMEM;
	}
	return 0;
}

/* Whether the rule is about some pod, and later about none of its pods. */
static int is_to_nothing(struct k8s_lint *lint, const struct placed *placed,
			 const struct later *later, bool *out)
{
	const struct k8s_pod *pods = k8s_pods(lint->selection.cluster);
	const uint32_t *found;

	*out = false;
	if (k8s_select_pods(&lint->selection, &placed->extent.subjects))
		return -ENOMEM;
	found = lint->selection.found.items;
	for (size_t i = 0; i < lint->selection.found.count; i++) {
		if (later->of[placed->is_egress][found[i]]) {
			*out = false;
			return 0;
		}
		*out |= !pods[found[i]].host_network;
	}
	return 0;
}

static int lint_pass(struct k8s_lint *lint, const struct placed *placed, const struct later *later)
{
	struct k8s_lint_text text = k8s_lint_text(lint);
	bool to_nothing;

	if (placed->policy->tier != WEIR_TIER_ADMIN || placed->rule->meaning != WEIR_RULE_PASS)
		return 0;
	if (is_to_nothing(lint, placed, later, &to_nothing))
		return -ENOMEM;
	if (!to_nothing)
		return 0;
	k8s_lint_say(&text,
		     "hands over to nothing: no NetworkPolicy isolates a pod that it is about in "
		     "this direction, and no rule of the Baseline tier is about one");
	if (!text.status)
		report_rule(lint, K8S_LINT_PASS_TO_NOTHING, placed, &text);
	k8s_lint_text_finish(&text);
	return text.status;
}

int k8s_lint_pass_to_nothing(struct k8s_lint *lint)
{
	struct later later;
	struct tiers tiers;
	int status = place_rules(lint, &tiers);

	if (status || !has_rule(&tiers, WEIR_TIER_ADMIN, WEIR_RULE_PASS))
		return status;
	status = find_later(lint, &tiers, &later);
	for (size_t i = 0; i < tiers.count && !status; i++)
		status = lint_pass(lint, &tiers.rules[i], &later);
	return status;
}

/* Equal priorities. */

static bool share_a_direction(const struct k8s_cluster_policy *a,
			      const struct k8s_cluster_policy *b)
{
	return (a->egress_count && b->egress_count) || (a->ingress_count && b->ingress_count);
}

static int meaning_of_subject(struct k8s_lint *lint, const struct k8s_cluster_policy *policy,
			      struct k8s_meaning *out)
{
	return k8s_meaning_of(&lint->selection, NULL, &policy->subject.namespaces,
			      policy->subject.has_pods ? &policy->subject.pods : NULL,
			      &lint->scratch, out);
}

static int report_equal(struct k8s_lint *lint, const struct k8s_cluster_policy *first,
			const struct k8s_cluster_policy *second)
{
	struct k8s_lint_text text = k8s_lint_text(lint);

	k8s_lint_say(&text,
		     "%s %s has the same priority %" PRIu32
		     " and may be about the same pods: its rules are tried first, by its name",
		     first->kind, first->meta.name, first->priority);
	if (!text.status)
		k8s_lint_report(lint, &(struct k8s_finding){ .code = K8S_LINT_EQUAL_PRIORITY,
							     .kind = second->kind,
							     .meta = &second->meta,
							     .field = "spec.priority",
							     .text = k8s_lint_text_string(&text) });
	k8s_lint_text_finish(&text);
	return text.status;
}

/* Compares a policy with those before it of its tier and priority, which are next to it. */
static int lint_priority(struct k8s_lint *lint, const struct k8s_cluster_policy *policies,
			 size_t at)
{
	const struct k8s_cluster_policy *policy = &policies[at];
	struct k8s_meaning own, other;

	if (policy->priority >= K8S_PRIORITY_LAST || meaning_of_subject(lint, policy, &own))
		return policy->priority >= K8S_PRIORITY_LAST ? 0 : -ENOMEM;
	while (at-- > 0 && policies[at].tier == policy->tier &&
	       policies[at].priority == policy->priority && may_look(lint)) {
		if (!share_a_direction(&policies[at], policy))
			continue;
		if (meaning_of_subject(lint, &policies[at], &other))
			return -ENOMEM;
		if (k8s_meaning_meets(&lint->selection, &other, &own))
			return report_equal(lint, &policies[at], policy);
	}
	return 0;
}

int k8s_lint_equal_priority(struct k8s_lint *lint)
{
	size_t count;
	const struct k8s_cluster_policy *policies = policies_of(lint, &count);
	int status = 0;

	for (size_t i = 1; i < count && !status; i++)
		status = lint_priority(lint, policies, i);
	return status;
}
