/*
 * The codes of lints: how grave each is, why it matters, and what to do about it.
 *
 * A warning is probably a mistake. A note is worth knowing and often right as it is.
 */
#include "lint.h"

#include <assert.h>

/* clang-format off */
static const struct weir_lint lints[] = {
	[K8S_LINT_NO_PODS] = {
		"no-pods", WEIR_SEVERITY_WARNING,
		"policies are about pods, so nothing can be said about them",
		"give the cluster's pods, or the workloads that make them, with -f",
	},
	[K8S_LINT_POLICY_SELECTS_NOTHING] = {
		"policy-selects-nothing", WEIR_SEVERITY_WARNING,
		"the policy isolates nobody: what it was to protect stays open",
		"write labels that the pods have, or remove the policy",
	},
	[K8S_LINT_PEER_SELECTS_NOTHING] = {
		"peer-selects-nothing", WEIR_SEVERITY_WARNING,
		"the entry admits nobody: whom it was to admit is denied",
		"write labels that the pods and namespaces have, or remove the entry",
	},
	[K8S_LINT_SELECTS_HOST_NETWORK] = {
		"selects-host-network", WEIR_SEVERITY_WARNING,
		"such a pod has its node's address: no policy isolates it, and no selector admits it",
		"admit the addresses of its nodes by an ipBlock; to isolate it, take it off the host's network",
	},
	[K8S_LINT_NULL_RULE] = {
		"null-rule", WEIR_SEVERITY_WARNING,
		"an entry that was left empty by mistake opens the pods to everybody",
		"write {} if everything is meant, or remove the entry",
	},
	[K8S_LINT_HOST_BITS] = {
		"host-bits", WEIR_SEVERITY_WARNING,
		"they are ignored, so the block may be larger than was meant; newer API servers "
		"refuse them",
		"write the block's first address",
	},
	[K8S_LINT_UNKNOWN_PORT_NAME] = {
		"unknown-port-name", WEIR_SEVERITY_WARNING,
		"a name that no destination has stands for no port, so nothing is admitted or forwarded",
		"write a name that containers there declare for that protocol, or the number",
	},
	[K8S_LINT_UNKNOWN_NAMESPACE] = {
		"unknown-namespace", WEIR_SEVERITY_WARNING,
		"a mistyped namespace has no pods, and selectors cannot know the labels of a missing one",
		"mend the name, or give the Namespace with -f",
	},
	[K8S_LINT_NOT_ISOLATED] = {
		"not-isolated", WEIR_SEVERITY_NOTE,
		"everything is allowed to a pod, or from it, that no policy isolates in that direction",
		"add a policy that selects them in that direction, unless they are meant to be open",
	},
	[K8S_LINT_SERVICE_SELECTS_NOTHING] = {
		"service-selects-nothing", WEIR_SEVERITY_WARNING,
		"nobody is behind the Service: connections to it go nowhere",
		"write labels that the pods have, or remove the Service",
	},
	[K8S_LINT_SERVICES_OVERLAP] = {
		"services-overlap", WEIR_SEVERITY_WARNING,
		"two names for one thing: what is changed in one of them and not in the other surprises",
		"remove one, or tell their selectors apart",
	},
	[K8S_LINT_SERVICES_CLASH] = {
		"services-clash", WEIR_SEVERITY_WARNING,
		"only one of them can have it, and which one is not said anywhere",
		"give each an address or a port of its own",
	},
	[K8S_LINT_RULE_NEVER_REACHED] = {
		"rule-never-reached", WEIR_SEVERITY_WARNING,
		"what it was to allow, deny or pass on is decided otherwise, or it says the same twice",
		"put it before the other rule, or remove it",
	},
	[K8S_LINT_EQUAL_PRIORITY] = {
		"equal-priority", WEIR_SEVERITY_WARNING,
		"which of them is tried first is not defined: weir goes by their names, an "
		"implementation may do otherwise",
		"give each policy of a tier a priority of its own",
	},
	[K8S_LINT_ALLOW_DENIED_BEFORE] = {
		"allow-denied-before", WEIR_SEVERITY_WARNING,
		"the rule allows nothing, whatever it says: the Admin tier comes before NetworkPolicy",
		"remove the rule, or let a rule of the Admin tier pass this on before it is denied",
	},
	[K8S_LINT_PASS_TO_NOTHING] = {
		"pass-to-nothing", WEIR_SEVERITY_NOTE,
		"what is passed on and nothing later decides is allowed",
		"isolate these pods with a NetworkPolicy, deny by default in the Baseline tier, or "
		"say that it is allowed",
	},
	[K8S_LINT_POLICY_TYPES] = {
		"policy-types", WEIR_SEVERITY_WARNING,
		"policyTypes alone says what a policy isolates; without it that is ingress, and egress if "
		"there is a rule for it",
		"write policyTypes with the directions that are meant",
	},
	[K8S_LINT_HOLE_FILLED] = {
		"hole-filled", WEIR_SEVERITY_WARNING,
		"an except only narrows its own block: it denies nothing that another entry admits",
		"take those addresses out of the other entry as well, or remove the except",
	},
	[K8S_LINT_HOLE_PARTLY_FILLED] = {
		"hole-partly-filled", WEIR_SEVERITY_NOTE,
		"an except only narrows its own block: it denies nothing that another entry admits",
		"take those addresses out of the other entry, unless they are meant to be an exception",
	},
	[K8S_LINT_BLOCK_OF_PODS] = {
		"block-of-pods", WEIR_SEVERITY_WARNING,
		"pods change their addresses whenever they are made anew, and others get the old ones",
		"name pods by podSelector and namespaceSelector; keep blocks for the outside",
	},
	[K8S_LINT_BLOCK_HOLDS_PODS] = {
		"block-holds-pods", WEIR_SEVERITY_NOTE,
		"a block matches the addresses of pods as well, and those change from day to day",
		"cut them out with except, and name pods by selectors, unless the block is to hold them",
	},
	[K8S_LINT_NO_DNS] = {
		"no-dns", WEIR_SEVERITY_NOTE,
		"whoever finds others by name asks a name server first, and that is egress as well",
		"allow UDP and TCP port 53 to the cluster's DNS, unless these pods use addresses only",
	},
	[K8S_LINT_POLICY_REDUNDANT] = {
		"policy-redundant", WEIR_SEVERITY_WARNING,
		"to change it or to remove it changes nothing, which surprises whoever does so",
		"remove it, or narrow the policies beside it if they admit more than was meant",
	},
	[K8S_LINT_RULE_REDUNDANT] = {
		"rule-redundant", WEIR_SEVERITY_NOTE,
		"to change it or to remove it changes nothing, which surprises whoever does so",
		"remove it, or narrow the rules beside it if they admit more than was meant",
	},
};
/* clang-format on */

static_assert(sizeof(lints) / sizeof(lints[0]) == K8S_LINT_COUNT, "a row a code");

const struct weir_lint *weir_lint_table(size_t *count)
{
	*count = K8S_LINT_COUNT;
	return lints;
}
