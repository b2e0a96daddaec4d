/*
 * Namespaces that are named and not there. Where no Namespace object is given at all, nothing is
 * missing: manifests often leave them out.
 */
#include "lint.h"

#include <string.h>

#include "read.h"

/* Looks at a label that a comparison of two names is worth. */
static const uint64_t distance_costs = 100;

static bool any_is_given(const struct weir_cluster *cluster)
{
	const struct k8s_namespace *namespaces = cluster->namespaces.items;

	for (size_t i = 0; i < cluster->namespaces.count; i++) {
		if (!namespaces[i].implied)
			return true;
	}
	return false;
}

/* Those that a cluster makes for itself. */
static bool is_builtin(const char *name)
{
	return strcmp(name, "default") == 0 || strncmp(name, "kube-", 5) == 0;
}

/* The given namespace whose name is nearest, if one is near. */
static const char *nearest_given(struct k8s_lint *lint, const char *name)
{
	const struct weir_cluster *cluster = lint->selection.cluster;
	const struct k8s_namespace *namespaces = cluster->namespaces.items;
	size_t least = strlen(name) / 3 + 1;
	const char *nearest = NULL;

	for (size_t i = 0; i < cluster->namespaces.count && lint->looks > distance_costs; i++) {
		const char *given = namespaces[i].meta.name;
		size_t distance = k8s_distance(given, strlen(given), name, strlen(name));

		lint->looks -= distance_costs;
		if (!namespaces[i].implied && distance < least) {
			least = distance;
			nearest = given;
		}
	}
	return nearest;
}

static void say_nearest(struct k8s_lint *lint, const char *name, struct k8s_lint_text *text)
{
	const char *nearest = nearest_given(lint, name);

	if (nearest)
		k8s_lint_say(text, "; did you mean %s?", nearest);
}

static int report_namespace(struct k8s_lint *lint, const struct k8s_namespace *namespace)
{
	struct k8s_lint_text text = k8s_lint_text(lint);

	k8s_lint_say(&text, "objects are in it, and no Namespace object has its name, while other "
			    "Namespaces are given");
	say_nearest(lint, namespace->meta.name, &text);
	if (!text.status)
		k8s_lint_report(lint, &(struct k8s_finding){ .code = K8S_LINT_UNKNOWN_NAMESPACE,
							     .kind = "Namespace",
							     .meta = &namespace->meta,
							     .text = k8s_lint_text_string(&text) });
	k8s_lint_text_finish(&text);
	return text.status;
}

int k8s_lint_unknown_namespaces(struct k8s_lint *lint)
{
	const struct weir_cluster *cluster = lint->selection.cluster;
	const struct k8s_namespace *namespaces = cluster->namespaces.items;
	int status = 0;

	if (!any_is_given(cluster))
		return 0;
	for (size_t i = 0; i < cluster->namespaces.count && !status; i++) {
		if (namespaces[i].implied && !is_builtin(namespaces[i].meta.name))
			status = report_namespace(lint, &namespaces[i]);
	}
	return status;
}

static int report_name(struct k8s_lint *lint, const struct k8s_lint_rule *rule, uint32_t peer,
		       const char *name)
{
	struct k8s_lint_text text = k8s_lint_text(lint);
	char field[K8S_LINT_FIELD];

	k8s_lint_peer_field(rule, peer, ".namespaceSelector", field);
	k8s_lint_say(&text, "no namespace is named %s", name);
	say_nearest(lint, name, &text);
	if (!text.status)
		k8s_lint_report_policy(lint, K8S_LINT_UNKNOWN_NAMESPACE, rule->policy,
				       &rule->rule->peers[peer].namespace_selector.position, field,
				       k8s_lint_text_string(&text));
	k8s_lint_text_finish(&text);
	return text.status;
}

/* One of several names. That none of them is there is for the lint about selectors. */
static int names_of(struct k8s_lint *lint, const struct k8s_lint_rule *rule, uint32_t peer,
		    const struct k8s_requirement *names)
{
	const struct weir_cluster *cluster = lint->selection.cluster;
	uint32_t missing = 0;
	int status = 0;

	for (uint32_t i = 0; i < names->value_count; i++)
		missing += !k8s_find_namespace(cluster, names->values[i]);
	for (uint32_t i = 0; missing < names->value_count && i < names->value_count && !status;
	     i++) {
		if (!k8s_find_namespace(cluster, names->values[i]))
			status = report_name(lint, rule, peer, names->values[i]);
	}
	return status;
}

int k8s_lint_namespace_names(struct k8s_lint *lint, const struct k8s_lint_rule *rule)
{
	int status = 0;

	for (uint32_t i = 0; i < rule->rule->peer_count && !status; i++) {
		const struct k8s_selector *selector = &rule->rule->peers[i].namespace_selector;

		for (uint32_t j = 0; j < selector->count && !status; j++) {
			const struct k8s_requirement *one = &selector->requirements[j];

			if (one->op == K8S_IN && one->key == lint->selection.name_label &&
			    any_is_given(lint->selection.cluster))
				status = names_of(lint, rule, i, one);
		}
	}
	return status;
}
