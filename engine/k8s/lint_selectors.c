/* Lints about selectors of policies and of their peers that select no pod. */
#include "lint.h"

#include <errno.h>

static struct k8s_selectors selectors_of(const struct k8s_network_policy *policy)
{
	return (struct k8s_selectors){ .home = policy->meta.namespace_name, .owner = "policy" };
}

/* Which of lint->selection.found is of the host's network; NULL unless all are (S13). */
static const struct k8s_pod *all_of_host_network(const struct k8s_lint *lint,
						 const struct weir_array *found)
{
	const struct k8s_pod *pods = k8s_pods(lint->selection.cluster);
	const uint32_t *items = found->items;

	for (size_t i = 0; i < found->count; i++) {
		if (!pods[items[i]].host_network)
			return NULL;
	}
	return found->count ? &pods[items[0]] : NULL;
}

/* Writes who is selected when these are all of the host's network. That the one found is, is rare,
 * so that everybody is looked for seldom. */
static int say_host_network(struct k8s_lint *lint, const struct k8s_selectors *selectors,
			    struct k8s_lint_text *text)
{
	const struct k8s_pod *example = all_of_host_network(lint, &lint->found);
	struct k8s_meaning meaning;

	if (!example)
		return 0;
	if (k8s_meaning_of(&lint->selection, selectors->home, selectors->namespaces,
			   selectors->pods, &lint->scratch, &meaning) ||
	    k8s_select_pods(&lint->selection, &meaning))
		return -ENOMEM;
	example = all_of_host_network(lint, &lint->selection.found);
	if (example)
		k8s_lint_say(text, "selects only pods of the host's network (%s/%s%s)",
			     example->meta.namespace_name, example->meta.name,
			     lint->selection.found.count > 1 ? " and others" : "");
	return text->status;
}

/* Reports when the selectors select no pod, or none that policies reach; fields are where the one
 * of namespaces stands, and where the one of pods. */
static int report_nobody(struct k8s_lint *lint, enum k8s_lint_code code,
			 const struct k8s_network_policy *policy,
			 const struct k8s_selectors *selectors, const char *const fields[2])
{
	struct k8s_lint_text text = k8s_lint_text(lint);
	enum k8s_blame blame;
	int status = k8s_lint_nobody(lint, selectors, &blame, &text);

	if (!status && blame == K8S_BLAME_NONE) {
		status = say_host_network(lint, selectors, &text);
		blame = selectors->pods ? K8S_BLAME_PODS : K8S_BLAME_NAMESPACES;
		code = K8S_LINT_SELECTS_HOST_NETWORK;
	}
	if (!status && text.bytes.count) {
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
