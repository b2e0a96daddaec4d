/*
 * Each lint is a function that looks at one policy; the table at the end lists them, and policies
 * are gone through by name, so findings come in an order that depends on nothing else.
 *
 * To find that something is wrong must cost about as much as resolving. To find out what was
 * probably meant may cost more, and happens for what is wrong only: there is a budget for the
 * whole run (struct k8s_lint's looks), behind which findings are told without it.
 */
#include "lint.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

enum {
	PREFIX_TEXT = 48, /* "spec.ingress[4294967295].from[4294967295]" */
	FIELD_TEXT = 96,  /* and ".namespaceSelector" behind */
	BLOCK_TEXT = 256,
	OBJECT_TEXT = 352, /* "NetworkPolicy " and a namespace and a name, 63 and 253 bytes long */
};

static const uint64_t most_looks = 20000000;

static void warn(const struct k8s_lint *lint, const struct k8s_network_policy *policy,
		 const struct k8s_position *position, const char *field, const char *text)
{
	char object[OBJECT_TEXT];

	snprintf(object, sizeof(object), "NetworkPolicy %s/%s", policy->meta.namespace_name,
		 policy->meta.name);
	lint->sink->report(lint->sink->context,
			   &(struct weir_diagnostic){ .severity = WEIR_SEVERITY_WARNING,
						      .file = position->file,
						      .line = position->line,
						      .column = position->column,
						      .object = object,
						      .field = field,
						      .text = text });
}

/* Warns when the selectors, which stand in the field named by the prefix, select no pod. */
static int selects_somebody(struct k8s_lint *lint, const struct k8s_selectors *selectors,
			    const char *prefix)
{
	struct k8s_lint_text text = { weir_array_of(lint->arena.allocator, char), 0 };
	enum k8s_blame blame;
	char field[FIELD_TEXT];
	int status = k8s_lint_nobody(lint, selectors, &blame, &text);

	if (!status && blame != K8S_BLAME_NONE) {
		bool of_pods = blame == K8S_BLAME_PODS;
		const struct k8s_selector *blamed =
			of_pods ? selectors->pods : selectors->namespaces;

		snprintf(field, sizeof(field), "%s.%s", prefix,
			 of_pods ? "podSelector" : "namespaceSelector");
		warn(lint, selectors->policy, &blamed->position, field, text.bytes.items);
	}
	weir_array_finish(&text.bytes);
	return status;
}

static int subjects(struct k8s_lint *lint, const struct k8s_network_policy *policy)
{
	const struct k8s_selectors selectors = { .policy = policy, .pods = &policy->pod_selector };

	return selects_somebody(lint, &selectors, "spec");
}

/* One direction of a policy, by its words. */
struct half {
	const struct k8s_rule *rules;
	uint32_t count;
	const char *name;
	const char *peers;
};

/* Writes "10.1.0.0/24 except 10.1.0.64/26, ...", cut to size. */
static void format_block(const struct k8s_block *block, char *text, size_t size)
{
	char prefix[WEIR_PREFIX_TEXT];
	size_t length;

	weir_prefix_format(&block->prefix, prefix);
	length = (size_t)snprintf(text, size, "%s", prefix);
	for (uint32_t i = 0; i < block->except_count && length < size; i++) {
		weir_prefix_format(&block->except[i], prefix);
		length += (size_t)snprintf(text + length, size - length, "%s%s",
					   i ? ", " : " except ", prefix);
	}
}

/* Host bits are masked (S8). */
static void host_bits(const struct k8s_lint *lint, const struct k8s_network_policy *policy,
		      const struct k8s_peer *written, const char *prefix)
{
	char field[FIELD_TEXT], block[BLOCK_TEXT], text[BLOCK_TEXT + 128];

	if (!written->block.host_bits)
		return;
	format_block(&written->block, block, sizeof(block));
	snprintf(field, sizeof(field), "%s.ipBlock", prefix);
	snprintf(
		text, sizeof(text),
		"bits are set behind a prefix length; they are ignored here, and newer API servers "
		"refuse them: write %s",
		block);
	warn(lint, policy, &written->position, field, text);
}

static int peer(struct k8s_lint *lint, const struct k8s_network_policy *policy,
		const struct k8s_peer *written, const char *prefix)
{
	struct k8s_selectors selectors = { .policy = policy };

	if (written->kind == K8S_PEER_BLOCK) {
		host_bits(lint, policy, written, prefix);
		return 0;
	}
	if (written->has_namespace_selector)
		selectors.namespaces = &written->namespace_selector;
	if (written->has_pod_selector)
		selectors.pods = &written->pod_selector;
	return selects_somebody(lint, &selectors, prefix);
}

/* A null rule is an empty one (S4). */
static void null_rule(const struct k8s_lint *lint, const struct k8s_network_policy *policy,
		      const struct k8s_rule *rule, const char *field)
{
	if (rule->was_null)
		warn(lint, policy, &rule->position, field,
		     "null is an empty rule, which allows everything; write {} if that is meant, "
		     "or "
		     "remove the entry");
}

static int rules_of_half(struct k8s_lint *lint, const struct k8s_network_policy *policy,
			 const struct half *half)
{
	char prefix[PREFIX_TEXT];
	int status = 0;

	for (uint32_t i = 0; i < half->count; i++) {
		const struct k8s_rule *rule = &half->rules[i];

		snprintf(prefix, sizeof(prefix), "spec.%s[%" PRIu32 "]", half->name, i);
		null_rule(lint, policy, rule, prefix);
		for (uint32_t j = 0; j < rule->peer_count && !status; j++) {
			snprintf(prefix, sizeof(prefix), "spec.%s[%" PRIu32 "].%s[%" PRIu32 "]",
				 half->name, i, half->peers, j);
			status = peer(lint, policy, &rule->peers[j], prefix);
		}
	}
	return status;
}

/* Rules of a direction that policyTypes leaves out decide nothing. */
static int rules(struct k8s_lint *lint, const struct k8s_network_policy *policy)
{
	const struct half ingress = { policy->ingress, policy->ingress_count, "ingress", "from" };
	const struct half egress = { policy->egress, policy->egress_count, "egress", "to" };
	int status = policy->isolates_ingress ? rules_of_half(lint, policy, &ingress) : 0;

	if (!status && policy->isolates_egress)
		status = rules_of_half(lint, policy, &egress);
	return status;
}

static int (*const policy_lints[])(struct k8s_lint *lint,
				   const struct k8s_network_policy *policy) = {
	subjects, /* a policy that selects no pod */
	rules,    /* a null rule, a peer that selects no pod, a block with host bits */
};

static int lint_policy(struct k8s_lint *lint, const struct k8s_network_policy *policy)
{
	int status = 0;

	for (size_t i = 0; i < sizeof(policy_lints) / sizeof(policy_lints[0]) && !status; i++)
		status = policy_lints[i](lint, policy);
	weir_arena_reset(&lint->scratch);
	return status;
}

static bool has_pods(const struct weir_cluster *cluster)
{
	const struct k8s_pod *pods = k8s_pods(cluster);

	for (uint32_t i = 0; i < k8s_pod_count(cluster); i++) {
		if (pods[i].phase != K8S_FINISHED)
			return true;
	}
	return false;
}

static int lint_cluster(struct k8s_lint *lint)
{
	const struct weir_array *policies = &lint->selection.cluster->network_policies;
	const struct k8s_network_policy *items = policies->items;
	int status = k8s_selection_index(&lint->selection);

	for (size_t i = 0; i < policies->count && !status; i++)
		status = lint_policy(lint, &items[i]);
	return status;
}

int weir_cluster_lint(struct weir_cluster *cluster, const struct weir_sink *sink)
{
	const struct weir_allocator *allocator = weir_allocator_or_default(cluster->allocator);
	struct k8s_lint lint = { .sink = sink,
				 .found = weir_array_of(allocator, uint32_t),
				 .looks = most_looks };
	int status;

	if (!sink || !sink->report || !cluster->network_policies.count || !has_pods(cluster))
		return 0;
	weir_arena_init(&lint.arena, allocator);
	weir_arena_init(&lint.scratch, allocator);
	k8s_selection_open(&lint.selection, cluster, &lint.arena);
	status = lint_cluster(&lint);
	k8s_selection_close(&lint.selection);
	weir_array_finish(&lint.found);
	weir_arena_finish(&lint.scratch);
	weir_arena_finish(&lint.arena);
	return status;
}
