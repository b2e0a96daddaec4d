/*
 * policyTypes that surprise (S3): what a policy isolates is not what its lists of rules suggest.
 *
 *	policyTypes          ingress:   egress:
 *	[Ingress]            ...        any list     the list is ignored
 *	[Egress]             any list   ...          the list is ignored
 *	missing or empty     ...        []           egress is not isolated (C21)
 *	missing or empty     missing    rules        ingress is isolated as well, and allows nothing
 */
#include "lint.h"

struct surprise {
	const char *field;
	const char *text;
	const char *advice;
};

static const struct k8s_position *first_rule(const struct k8s_rule *rules, uint32_t count)
{
	return count ? &rules[0].position : NULL;
}

static void report(const struct k8s_lint *lint, const struct k8s_network_policy *policy,
		   const struct k8s_position *position, const struct surprise *surprise)
{
	k8s_lint_report(lint, &(struct k8s_finding){ .code = K8S_LINT_POLICY_TYPES,
						     .kind = "NetworkPolicy",
						     .meta = &policy->meta,
						     .position = position,
						     .field = surprise->field,
						     .text = surprise->text,
						     .advice = surprise->advice });
}

static struct surprise ignored_ingress(bool has_rules)
{
	return (struct surprise){
		"spec.ingress",
		has_rules ? "policyTypes does not list Ingress: these rules are ignored"
			  : "policyTypes does not list Ingress: the empty list isolates nothing",
		has_rules ? "add Ingress to policyTypes, or remove the rules"
			  : "add Ingress to policyTypes, or remove the list",
	};
}

static struct surprise ignored_egress(const struct k8s_network_policy *policy)
{
	if (!policy->has_types)
		return (struct surprise){
			"spec.egress",
			"an empty list without policyTypes isolates nothing: everything may leave",
			"write policyTypes: [Ingress, Egress] or [Egress], or remove the list",
		};
	return (struct surprise){
		"spec.egress",
		policy->egress_count
			? "policyTypes does not list Egress: these rules are ignored"
			: "policyTypes does not list Egress: the empty list isolates nothing",
		policy->egress_count ? "add Egress to policyTypes, or remove the rules"
				     : "add Egress to policyTypes, or remove the list",
	};
}

int k8s_lint_policy_types(struct k8s_lint *lint, const struct k8s_network_policy *policy)
{
	static const struct surprise both = {
		"spec",
		"rules for egress only and no policyTypes: ingress is isolated as well, and "
		"nothing "
		"may enter",
		"write policyTypes: [Egress], or [Ingress, Egress] if that is meant",
	};

	if (policy->has_ingress && !policy->isolates_ingress) {
		struct surprise ignored = ignored_ingress(policy->ingress_count > 0);

		report(lint, policy, first_rule(policy->ingress, policy->ingress_count), &ignored);
	}
	if (policy->has_egress && !policy->isolates_egress) {
		struct surprise ignored = ignored_egress(policy);

		report(lint, policy, first_rule(policy->egress, policy->egress_count), &ignored);
	}
	if (!policy->has_types && !policy->has_ingress && policy->egress_count)
		report(lint, policy, NULL, &both);
	return 0;
}
