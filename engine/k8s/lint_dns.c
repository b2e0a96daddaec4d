/*
 * Pods that may connect to somewhere, and not to a name server: no policy that isolates them for
 * egress has a rule for UDP port 53, be it by name, to whomever.
 *
 * A pod that may connect to nobody at all needs no names, and policies without a rule for egress
 * are not told: they close what is left.
 */
#include "lint.h"

#include <errno.h>
#include <netinet/in.h>

enum {
	DNS = 53,
};

/* A name may stand for any number. */
static bool is_for_dns(const struct k8s_port *port)
{
	if (port->protocol != IPPROTO_UDP)
		return false;
	return port->kind != K8S_PORT_NUMBER || (port->first <= DNS && DNS <= port->last);
}

static bool rule_has_dns(const struct k8s_rule *rule)
{
	bool has = !rule->port_count;

	for (uint32_t i = 0; i < rule->port_count && !has; i++)
		has = is_for_dns(&rule->ports[i]);
	return has;
}

static bool has_dns(const struct k8s_network_policy *policy)
{
	bool has = false;

	for (uint32_t i = 0; i < policy->egress_count && !has; i++)
		has = rule_has_dns(&policy->egress[i]);
	return has;
}

/* Puts the pods of a policy into lint->selection.found. */
static int select_pods(struct k8s_lint *lint, const struct k8s_network_policy *policy)
{
	struct k8s_meaning meaning;
	int status = k8s_meaning_of(&lint->selection, policy->meta.namespace_name, NULL,
				    &policy->pod_selector, &lint->scratch, &meaning);

	if (!status)
		status = k8s_select_pods(&lint->selection, &meaning);
	weir_arena_reset(&lint->scratch);
	return status;
}

/* The first pod of those selected that no policy gives DNS; WEIR_NONE when there is none. */
static uint32_t first_without(const struct k8s_lint *lint, const bool *given)
{
	const struct k8s_pod *pods = k8s_pods(lint->selection.cluster);
	const uint32_t *found = lint->selection.found.items;

	for (size_t i = 0; i < lint->selection.found.count; i++) {
		if (!given[found[i]] && !pods[found[i]].host_network)
			return found[i];
	}
	return WEIR_NONE;
}

static int give(struct k8s_lint *lint, const struct k8s_network_policy *policy, bool *given)
{
	const uint32_t *found;

	if (select_pods(lint, policy))
		return -ENOMEM;
	found = lint->selection.found.items;
	for (size_t i = 0; i < lint->selection.found.count; i++)
		given[found[i]] = true;
	return 0;
}

static int report(struct k8s_lint *lint, const struct k8s_network_policy *policy, const bool *given)
{
	const struct k8s_pod *pods = k8s_pods(lint->selection.cluster);
	struct k8s_lint_text text = k8s_lint_text(lint);
	uint32_t pod;

	if (select_pods(lint, policy))
		return -ENOMEM;
	pod = first_without(lint, given);
	if (pod == WEIR_NONE)
		return 0;
	k8s_lint_say(&text, "Pod %s may connect to somewhere, and no policy allows it DNS",
		     pods[pod].meta.name);
	if (!text.status)
		k8s_lint_report_policy(lint, K8S_LINT_NO_DNS, policy, &policy->egress[0].position,
				       "spec.egress", k8s_lint_text_string(&text));
	k8s_lint_text_finish(&text);
	return text.status;
}

int k8s_lint_no_dns(struct k8s_lint *lint)
{
	const struct weir_cluster *cluster = lint->selection.cluster;
	const struct k8s_network_policy *policies = cluster->network_policies.items;
	size_t count = cluster->network_policies.count;
	bool *given = weir_arena_array(&lint->arena, k8s_pod_count(cluster), bool);
	int status = given ? 0 : -ENOMEM;

	for (size_t i = 0; i < count && !status; i++) {
		if (policies[i].isolates_egress && has_dns(&policies[i]))
			status = give(lint, &policies[i], given);
	}
	for (size_t i = 0; i < count && !status; i++) {
		if (policies[i].isolates_egress && policies[i].egress_count &&
		    !has_dns(&policies[i]))
			status = report(lint, &policies[i], given);
	}
	return status;
}
