/* Lints about selectors of policies and of their peers that select no pod. */
#include "lint.h"

static struct k8s_selectors selectors_of(const struct k8s_network_policy *policy)
{
	return (struct k8s_selectors){ .home = policy->meta.namespace_name, .owner = "policy" };
}

/* Reports when the selectors select no pod; fields are where the one of namespaces stands, and
 * where the one of pods. */
static int report_nobody(struct k8s_lint *lint, enum k8s_lint_code code,
			 const struct k8s_network_policy *policy,
			 const struct k8s_selectors *selectors, const char *const fields[2])
{
	struct k8s_lint_text text = k8s_lint_text(lint);
	enum k8s_blame blame;
	int status = k8s_lint_nobody(lint, selectors, &blame, &text);

	if (!status && blame != K8S_BLAME_NONE) {
		bool of_pods = blame == K8S_BLAME_PODS;
		const struct k8s_selector *blamed =
			of_pods ? selectors->pods : selectors->namespaces;

		k8s_lint_report_policy(lint, code, policy, &blamed->position, fields[of_pods],
				       k8s_lint_text_string(&text));
	}
	k8s_lint_text_finish(&text);
	return status;
}

int k8s_lint_policy_selects_nothing(struct k8s_lint *lint, const struct k8s_network_policy *policy)
{
	static const char *const fields[2] = { NULL, "spec.podSelector" };
	struct k8s_selectors selectors = selectors_of(policy);

	selectors.pods = &policy->pod_selector;
	return report_nobody(lint, K8S_LINT_POLICY_SELECTS_NOTHING, policy, &selectors, fields);
}

static int peer(struct k8s_lint *lint, const struct k8s_lint_rule *rule, uint32_t index)
{
	const struct k8s_peer *written = &rule->rule->peers[index];
	struct k8s_selectors selectors = selectors_of(rule->policy);
	char of_namespaces[K8S_LINT_FIELD], of_pods[K8S_LINT_FIELD];
	const char *const fields[2] = { of_namespaces, of_pods };

	k8s_lint_peer_field(rule, index, ".namespaceSelector", of_namespaces);
	k8s_lint_peer_field(rule, index, ".podSelector", of_pods);
	if (written->has_namespace_selector)
		selectors.namespaces = &written->namespace_selector;
	if (written->has_pod_selector)
		selectors.pods = &written->pod_selector;
	return report_nobody(lint, K8S_LINT_PEER_SELECTS_NOTHING, rule->policy, &selectors, fields);
}

int k8s_lint_peer_selects_nothing(struct k8s_lint *lint, const struct k8s_lint_rule *rule)
{
	int status = 0;

	for (uint32_t i = 0; i < rule->rule->peer_count && !status; i++) {
		if (rule->rule->peers[i].kind == K8S_PEER_SELECTOR)
			status = peer(lint, rule, i);
	}
	return status;
}
