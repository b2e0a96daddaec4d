#include "subject.h"

#include <stdio.h>
#include <string.h>

#include "evaluate.h"
#include "handle.h"
#include "weir/directory.h"

struct weir_semantics subject_semantics(uint64_t number)
{
	return (struct weir_semantics){
		.ipblock_pods = number % 2,
		.own_node = number / 2 % 2,
		.other_protocols = (uint8_t)(number / 4 % 3),
	};
}

static void print_error(void *context, const struct weir_diagnostic *diagnostic)
{
	(void)context;
	if (diagnostic->severity == WEIR_SEVERITY_ERROR)
		printf("%u:%u: %s: %s: %s\n", diagnostic->line, diagnostic->column,
		       diagnostic->object ? diagnostic->object : "",
		       diagnostic->field ? diagnostic->field : "", diagnostic->text);
}

const struct weir_sink subject_problems = { print_error, NULL };

struct weir_cluster *subject_read(const struct hostile *hostile, struct weir_sink sink)
{
	struct weir_cluster_options options = {
		.sink = sink,
		.cluster_cidrs = hostile->cluster_cidrs,
		.cluster_cidr_count = hostile->cluster_cidr_count,
	};
	struct weir_cluster *cluster;

	if (weir_cluster_create(&options, &cluster))
		return NULL;
	if (weir_cluster_read(cluster, "hostile.yaml", WEIR_FOUND_NAMED, hostile->yaml,
			      hostile->length) ||
	    weir_cluster_finish(cluster)) {
		weir_cluster_destroy(cluster);
		return NULL;
	}
	return cluster;
}

bool subject_open(struct subject *subject, struct weir_error *error)
{
	subject->resolved = NULL;
	subject->policy = NULL;
	snprintf(error->text, sizeof(error->text), "not resolved");
	return !weir_cluster_resolve(subject->cluster, &subject->semantics, &subject->resolved) &&
	       !weir_compile(subject->resolved, NULL, &subject->policy, error);
}

void subject_close(struct subject *subject)
{
	weir_policy_unref(subject->policy);
	weir_resolved_destroy(subject->resolved);
}

/* Comparing. */

static bool same_verdict(struct weir_verdict a, struct weir_verdict b)
{
	return a.action == b.action && a.why == b.why;
}

static bool same_rule(const struct weir_policy *policy, const struct k8s_half *want,
		      const struct weir_half *got, enum weir_direction direction)
{
	struct weir_rule_view view;

	if (want->reason != WEIR_REASON_RULE || got->rule == WEIR_NONE)
		return want->reason != WEIR_REASON_RULE && got->rule == WEIR_NONE;
	weir_policy_rule(policy, got->rule, &view);
	if (view.direction != direction || view.index != want->rule)
		return false;
	if (want->cluster_policy)
		return strcmp(view.kind, want->cluster_policy->kind) == 0 &&
		       strcmp(view.namespace_name, "") == 0 &&
		       strcmp(view.name, want->cluster_policy->meta.name) == 0;
	return strcmp(view.kind, "NetworkPolicy") == 0 &&
	       strcmp(view.namespace_name, want->policy->meta.namespace_name) == 0 &&
	       strcmp(view.name, want->policy->meta.name) == 0;
}

static bool same_half(const struct weir_policy *policy, const struct k8s_half *want,
		      const struct weir_half *got, enum weir_direction direction)
{
	return want->action == got->action && want->reason == got->reason &&
	       want->peer == got->peer && want->port == got->port &&
	       same_rule(policy, want, got, direction);
}

bool subject_same_verdict(const struct k8s_judgement *want, struct weir_verdict classified)
{
	return same_verdict(want->verdict, classified);
}

const struct weir_kernel *subject_wrong_kernel(const struct weir_policy *policy,
					       const struct weir_key *keys,
					       const struct k8s_judgement *want,
					       struct weir_verdict *verdicts, size_t n, size_t *i)
{
	struct weir_policy asked = *policy;
	size_t count;
	const struct weir_kernel *kernels = weir_kernels(&count);

	for (size_t k = 0; k < count; k++) {
		if (!kernels[k].is_supported())
			continue;
		asked.kernel = &kernels[k];
		weir_policy_classify(&asked, keys, verdicts, n);
		for (*i = 0; *i < n; ++*i) {
			if (!subject_same_verdict(&want[*i], verdicts[*i]))
				return &kernels[k];
		}
	}
	return NULL;
}

bool subject_explains(const struct weir_policy *policy, const struct weir_key *key,
		      const struct k8s_judgement *want)
{
	struct weir_explanation got;

	weir_policy_explain(policy, key, &got);
	if (!same_verdict(want->verdict, got.verdict))
		return false;
	return want->verdict.action == WEIR_AMBIGUOUS ||
	       (same_half(policy, &want->egress, &got.egress, WEIR_EGRESS) &&
		same_half(policy, &want->ingress, &got.ingress, WEIR_INGRESS));
}

static bool same_index(const struct weir_half *a, const struct weir_half *b)
{
	return a->action == b->action && a->reason == b->reason && a->rule == b->rule &&
	       a->peer == b->peer && a->port == b->port;
}

bool subject_evaluates_alike(const struct subject *subject, const struct weir_key *key)
{
	struct weir_explanation naive, compiled;

	weir_resolved_judge(subject->resolved, key, &naive);
	weir_policy_explain(subject->policy, key, &compiled);
	return same_verdict(naive.verdict, compiled.verdict) &&
	       same_index(&naive.egress, &compiled.egress) &&
	       same_index(&naive.ingress, &compiled.ingress);
}

/* Printing. */

static void print_verdict(const char *who, struct weir_verdict verdict)
{
	printf("  %s: action %u why %u\n", who, verdict.action, verdict.why);
}

static void print_entry(const char *name, uint32_t index)
{
	if (index != WEIR_NONE)
		printf(" %s %u", name, index);
}

static void print_wanted(const char *direction, const struct k8s_half *half)
{
	printf("    %s: action %u, %s", direction, half->action,
	       weir_reason_name((enum weir_reason)half->reason));
	if (half->cluster_policy)
		printf(" %s %s %s[%u]", half->cluster_policy->kind, half->cluster_policy->meta.name,
		       direction, half->rule);
	else if (half->policy)
		printf(" %s/%s %s[%u]", half->policy->meta.namespace_name, half->policy->meta.name,
		       direction, half->rule);
	print_entry("peer", half->peer);
	print_entry("port", half->port);
	printf("\n");
}

static void print_half(const struct weir_policy *policy, const char *direction,
		       const struct weir_half *half)
{
	struct weir_rule_view view;

	printf("    %s: action %u, %s", direction, half->action,
	       weir_reason_name((enum weir_reason)half->reason));
	if (half->rule != WEIR_NONE) {
		weir_policy_rule(policy, half->rule, &view);
		printf(" %s %s/%s %s[%u]", view.kind,
		       view.namespace_name ? view.namespace_name : "", view.name,
		       view.direction == WEIR_INGRESS ? "ingress" : "egress", view.index);
	}
	print_entry("peer", half->peer);
	print_entry("port", half->port);
	printf("\n");
}

static void print_explanation(const struct subject *subject, const char *who,
			      const struct weir_explanation *explanation)
{
	print_verdict(who, explanation->verdict);
	print_half(subject->policy, "egress", &explanation->egress);
	print_half(subject->policy, "ingress", &explanation->ingress);
}

void subject_print(const struct subject *subject, const struct weir_key *key,
		   const struct k8s_judgement *want, struct weir_verdict classified)
{
	char source[WEIR_ADDRESS_TEXT], destination[WEIR_ADDRESS_TEXT];
	struct weir_explanation got;

	weir_address_format(&key->source, source);
	weir_address_format(&key->destination, destination);
	printf("  %s -> %s protocol %u port %u type %u code %u flags %u\n"
	       "  ipblock-pods %u, own-node %u, other-protocols %u\n",
	       source, destination, key->protocol, key->destination_port, key->icmp_type,
	       key->icmp_code, key->flags, subject->semantics.ipblock_pods,
	       subject->semantics.own_node, subject->semantics.other_protocols);
	print_verdict("reference", want->verdict);
	print_wanted("egress", &want->egress);
	print_wanted("ingress", &want->ingress);
	print_verdict("classify", classified);
	weir_policy_explain(subject->policy, key, &got);
	print_explanation(subject, "explain", &got);
	weir_resolved_judge(subject->resolved, key, &got);
	print_explanation(subject, "evaluator", &got);
}
