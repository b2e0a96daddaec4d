/*
 * lint.h - what is legal, and probably not what was meant.
 */
#ifndef WEIR_K8S_LINT_H
#define WEIR_K8S_LINT_H

#include "select.h"

struct k8s_lint {
	const struct weir_sink *sink;
	struct weir_arena arena;   /* of the run */
	struct weir_arena scratch; /* of one policy */
	struct k8s_selection selection;
	struct weir_array found; /* uint32_t: of the latest search */
	uint64_t looks;          /* that searches for what was meant may still take */
};

/* A selector of a policy, or the pair of a peer; those that are not written are NULL. */
struct k8s_selectors {
	const struct k8s_network_policy *policy;
	const struct k8s_selector *namespaces;
	const struct k8s_selector *pods;
};

/* Which of them is to blame for selecting nobody. */
enum k8s_blame {
	K8S_BLAME_NONE, /* somebody is selected */
	K8S_BLAME_PODS,
	K8S_BLAME_NAMESPACES,
};

/* A text that grows, NUL behind. */
struct k8s_lint_text {
	struct weir_array bytes; /* char */
	int status;              /* 0 or -ENOMEM */
};

/* Whether the selectors select no pod; if so, writes why. 0 or -ENOMEM. */
int k8s_lint_nobody(struct k8s_lint *lint, const struct k8s_selectors *selectors,
		    enum k8s_blame *blame, struct k8s_lint_text *text);

#endif
