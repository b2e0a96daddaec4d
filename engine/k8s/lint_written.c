/* Lints that need nothing but the rule as it is written. */
#include "lint.h"

#include <stdio.h>

/* A null rule is an empty one (S4). */
int k8s_lint_null_rule(struct k8s_lint *lint, const struct k8s_lint_rule *rule)
{
	if (rule->rule->was_null)
		k8s_lint_report_policy(lint, K8S_LINT_NULL_RULE, rule->policy,
				       &rule->rule->position, rule->field,
				       "null is an empty rule, which allows everything");
	return 0;
}

static void say_block(struct k8s_lint_text *text, const struct k8s_block *block)
{
	char prefix[WEIR_PREFIX_TEXT];

	weir_prefix_format(&block->prefix, prefix);
	k8s_lint_say(text, "%s", prefix);
	for (uint32_t i = 0; i < block->except_count; i++) {
		weir_prefix_format(&block->except[i], prefix);
		k8s_lint_say(text, "%s%s", i ? ", " : " except ", prefix);
	}
}

static int host_bits(const struct k8s_lint *lint, const struct k8s_lint_rule *rule, uint32_t peer)
{
	const struct k8s_peer *written = &rule->rule->peers[peer];
	struct k8s_lint_text advice = k8s_lint_text(lint);
	char field[K8S_LINT_FIELD];

	k8s_lint_say(&advice, "write ");
	say_block(&advice, &written->block);
	k8s_lint_peer_field(rule, peer, ".ipBlock", field);
	if (!advice.status)
		k8s_lint_report(
			lint, &(struct k8s_finding){ .code = K8S_LINT_HOST_BITS,
						     .kind = "NetworkPolicy",
						     .meta = &rule->policy->meta,
						     .position = &written->position,
						     .field = field,
						     .text = "bits are set behind a prefix length",
						     .advice = k8s_lint_text_string(&advice) });
	k8s_lint_text_finish(&advice);
	return advice.status;
}

/* Host bits are masked (S8). */
int k8s_lint_host_bits(struct k8s_lint *lint, const struct k8s_lint_rule *rule)
{
	int status = 0;

	for (uint32_t i = 0; i < rule->rule->peer_count && !status; i++) {
		const struct k8s_peer *peer = &rule->rule->peers[i];

		if (peer->kind == K8S_PEER_BLOCK && peer->block.host_bits)
			status = host_bits(lint, rule, i);
	}
	return status;
}
