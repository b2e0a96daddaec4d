/*
 * lint.h - what is legal, and probably not what was meant.
 *
 * A lint is a function in one of the tables of lint.c: over every policy, over every rule in
 * effect, or over the cluster. It tells what it finds through k8s_lint_report under a code, whose
 * row in lint_codes.c says how grave it is, why it matters and what to do.
 *
 * All of them return 0 or -ENOMEM.
 */
#ifndef WEIR_K8S_LINT_H
#define WEIR_K8S_LINT_H

#include "select.h"

/* By code; each has its row in lint_codes.c and in docs/lint.md. */
enum k8s_lint_code {
	K8S_LINT_NO_PODS,
	K8S_LINT_POLICY_SELECTS_NOTHING,
	K8S_LINT_PEER_SELECTS_NOTHING,
	K8S_LINT_SELECTS_HOST_NETWORK,
	K8S_LINT_NULL_RULE,
	K8S_LINT_HOST_BITS,
	K8S_LINT_UNKNOWN_PORT_NAME,
	K8S_LINT_UNKNOWN_NAMESPACE,
	K8S_LINT_NOT_ISOLATED,
	K8S_LINT_SERVICE_SELECTS_NOTHING,
	K8S_LINT_SERVICES_OVERLAP,
	K8S_LINT_SERVICES_CLASH,
	K8S_LINT_RULE_NEVER_REACHED,
	K8S_LINT_EQUAL_PRIORITY,
	K8S_LINT_ALLOW_DENIED_BEFORE,
	K8S_LINT_PASS_TO_NOTHING,
	K8S_LINT_POLICY_TYPES,
	K8S_LINT_HOLE_FILLED,
	K8S_LINT_HOLE_PARTLY_FILLED,
	K8S_LINT_BLOCK_OF_PODS,
	K8S_LINT_BLOCK_HOLDS_PODS,
	K8S_LINT_NO_DNS,
	K8S_LINT_POLICY_REDUNDANT,
	K8S_LINT_RULE_REDUNDANT,
	K8S_LINT_COUNT,
};

struct k8s_lint_addresses;
struct k8s_lint_ports;

struct k8s_lint {
	const struct weir_sink *sink;
	struct weir_arena arena;   /* of the run */
	struct weir_arena scratch; /* of one policy, or of one lint over the cluster */
	struct k8s_selection selection;
	bool has_pods;                /* that are not finished */
	struct weir_array found;      /* uint32_t: of the latest search */
	struct k8s_lint_ports *ports; /* made when it is needed, as the next */
	struct k8s_lint_addresses *addresses;
	uint64_t looks; /* that searches for what was meant may still take */
};

/* Reporting. */

struct k8s_finding {
	enum k8s_lint_code code;
	const char *kind; /* of the object; NULL when the finding is about none */
	const struct k8s_meta *meta;
	const struct k8s_position *position; /* NULL: the object's, if there is one */
	const char *field;                   /* NULL: the whole object */
	const char *text;                    /* what is wrong */
	const char *advice;                  /* what to do; NULL: what the code's row says */
};
void k8s_lint_report(const struct k8s_lint *lint, const struct k8s_finding *finding);

/* The same about a NetworkPolicy. */
void k8s_lint_report_policy(const struct k8s_lint *lint, enum k8s_lint_code code,
			    const struct k8s_network_policy *policy,
			    const struct k8s_position *position, const char *field,
			    const char *text);

/* A text that grows, NUL behind. */
struct k8s_lint_text {
	struct weir_array bytes; /* char */
	int status;              /* 0 or -ENOMEM, once and for all */
};
struct k8s_lint_text k8s_lint_text(const struct k8s_lint *lint);
void k8s_lint_say(struct k8s_lint_text *text, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
const char *k8s_lint_text_string(const struct k8s_lint_text *text); /* "" when it is empty */
void k8s_lint_text_finish(struct k8s_lint_text *text);

/* Of the three that ports have. */
const char *k8s_lint_protocol(uint8_t protocol);

/* Rules. */

enum {
	K8S_LINT_RULE_FIELD = 32, /* "spec.ingress[4294967295]" */
	K8S_LINT_FIELD = 128,     /* and ".from[4294967295].namespaceSelector" behind */
};

/* A rule in effect: its direction is among the policyTypes. */
struct k8s_lint_rule {
	const struct k8s_network_policy *policy;
	const struct k8s_rule *rule;
	bool is_egress;
	uint32_t index;
	char field[K8S_LINT_RULE_FIELD]; /* "spec.ingress[0]" */
};

/* Writes "spec.ingress[0].from[1]" and "spec.ingress[0].ports[1]", with a tail behind. */
void k8s_lint_peer_field(const struct k8s_lint_rule *rule, uint32_t peer, const char *tail,
			 char out[K8S_LINT_FIELD]);
void k8s_lint_port_field(const struct k8s_lint_rule *rule, uint32_t port, const char *tail,
			 char out[K8S_LINT_FIELD]);

/* Nobody. */

/* A selector of a policy or a Service, or the pair of a peer; those that are not written are NULL.
 */
struct k8s_selectors {
	const char *home;  /* the namespace that is meant when none is selected */
	const char *owner; /* "policy" or "Service" */
	const struct k8s_selector *namespaces;
	const struct k8s_selector *pods;
};

/* Which of them is to blame for selecting nobody. */
enum k8s_blame {
	K8S_BLAME_NONE, /* somebody is selected */
	K8S_BLAME_PODS,
	K8S_BLAME_NAMESPACES,
};

/* Whether the selectors select no pod; if so, writes why. If not, one of those that they do is in
 * lint->found. */
int k8s_lint_nobody(struct k8s_lint *lint, const struct k8s_selectors *selectors,
		    enum k8s_blame *blame, struct k8s_lint_text *text);

/* The lints, by what they are about. */

int k8s_lint_policy_selects_nothing(struct k8s_lint *lint, const struct k8s_network_policy *policy);
int k8s_lint_policy_types(struct k8s_lint *lint, const struct k8s_network_policy *policy);

int k8s_lint_null_rule(struct k8s_lint *lint, const struct k8s_lint_rule *rule);
int k8s_lint_host_bits(struct k8s_lint *lint, const struct k8s_lint_rule *rule);
int k8s_lint_peer_selects_nothing(struct k8s_lint *lint, const struct k8s_lint_rule *rule);
int k8s_lint_port_names(struct k8s_lint *lint, const struct k8s_lint_rule *rule);
int k8s_lint_namespace_names(struct k8s_lint *lint, const struct k8s_lint_rule *rule);
int k8s_lint_holes(struct k8s_lint *lint, const struct k8s_lint_rule *rule);
int k8s_lint_pod_blocks(struct k8s_lint *lint, const struct k8s_lint_rule *rule);

int k8s_lint_unknown_namespaces(struct k8s_lint *lint);
int k8s_lint_not_isolated(struct k8s_lint *lint);
int k8s_lint_no_dns(struct k8s_lint *lint);
int k8s_lint_redundant(struct k8s_lint *lint);
int k8s_lint_services(struct k8s_lint *lint);
int k8s_lint_services_overlap(struct k8s_lint *lint);
int k8s_lint_services_clash(struct k8s_lint *lint);

/* Whether no pod behind a Service has a target port that is given by name; if so, writes that. */
int k8s_lint_target_name(struct k8s_lint *lint, const struct k8s_service *service,
			 const struct k8s_service_port *port, struct k8s_lint_text *text);

int k8s_lint_rule_never_reached(struct k8s_lint *lint);
int k8s_lint_equal_priority(struct k8s_lint *lint);
int k8s_lint_allow_denied_before(struct k8s_lint *lint);
int k8s_lint_pass_to_nothing(struct k8s_lint *lint);

#endif
