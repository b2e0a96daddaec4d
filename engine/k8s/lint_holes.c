/*
 * Holes that another peer fills. An except narrows its own block and denies nothing (S8), so what
 * another block holds is admitted after all (C5, C6):
 *
 *	10.0.0.0/8 except 10.1.0.0/16     and     10.1.0.0/16   the hole is open
 *	10.0.0.0/8 except 10.1.0.0/16     and     10.1.2.0/24   a part is, which has its reasons
 *	10.0.0.0/8 except 10.1.0.0/16     and     10.0.0.0/8    the hole is open
 *
 * Looked for are other blocks of the same rule, and blocks and missing peers of the policy's other
 * rules of that direction that have at least the rule's ports. What selectors admit by labels in a
 * hole (C7) is not told: blocks are for the outside, and pods are named beside them.
 */
#include "lint.h"

/* Pairs of rules of one policy that are looked at; behind it those of the rule itself are left. */
enum {
	MOST_RULES = 64,
};

enum cover {
	COVER_NONE,
	COVER_PART,
	COVER_WHOLE,
};

static enum cover cover_of(const struct weir_prefix *hole, const struct k8s_block *by)
{
	bool holds = weir_prefix_covers(&by->prefix, hole);

	/* ::/0 has mapped addresses in it only as bits. */
	if (weir_prefix_is_ipv4(&by->prefix) != weir_prefix_is_ipv4(hole))
		return COVER_NONE;
	if (!holds && !weir_prefix_covers(hole, &by->prefix))
		return COVER_NONE;
	for (uint32_t i = 0; i < by->except_count; i++) {
		if (weir_prefix_covers(&by->except[i], hole))
			return COVER_NONE;
		if (weir_prefix_covers(hole, &by->except[i]))
			holds = false;
	}
	return holds ? COVER_WHOLE : COVER_PART;
}

static bool port_covers(const struct k8s_port *outer, const struct k8s_port *inner)
{
	if (outer->protocol != inner->protocol)
		return false;
	if (outer->kind == K8S_PORT_ANY)
		return true;
	if (outer->kind != inner->kind)
		return false;
	if (outer->kind == K8S_PORT_NAME)
		return outer->name == inner->name;
	return outer->first <= inner->first && inner->last <= outer->last;
}

static bool some_port_covers(const struct k8s_rule *outer, const struct k8s_port *inner)
{
	for (uint32_t i = 0; i < outer->port_count; i++) {
		if (port_covers(&outer->ports[i], inner))
			return true;
	}
	return false;
}

static bool ports_cover(const struct k8s_rule *outer, const struct k8s_rule *inner)
{
	if (!outer->port_count)
		return true;
	for (uint32_t i = 0; i < inner->port_count; i++) {
		if (!some_port_covers(outer, &inner->ports[i]))
			return false;
	}
	return inner->port_count > 0;
}

/* A hole, and who fills it most. */
struct filled {
	const struct weir_prefix *hole;
	enum cover cover;
	uint32_t rule;
	uint32_t peer; /* WEIR_NONE: the rule is for everybody */
};

static void fill_by_rule(struct filled *filled, const struct k8s_rule *rule, uint32_t index,
			 const struct k8s_block *own)
{
	if (!rule->peer_count && filled->cover < COVER_WHOLE)
		*filled = (struct filled){ filled->hole, COVER_WHOLE, index, WEIR_NONE };
	for (uint32_t i = 0; i < rule->peer_count && filled->cover < COVER_WHOLE; i++) {
		const struct k8s_peer *peer = &rule->peers[i];
		enum cover cover;

		if (peer->kind != K8S_PEER_BLOCK || &peer->block == own)
			continue;
		cover = cover_of(filled->hole, &peer->block);
		if (cover > filled->cover)
			*filled = (struct filled){ filled->hole, cover, index, i };
	}
}

static struct filled fill(const struct k8s_lint_rule *rule, const struct k8s_block *block,
			  uint32_t hole)
{
	const struct k8s_network_policy *policy = rule->policy;
	const struct k8s_rule *rules = rule->is_egress ? policy->egress : policy->ingress;
	uint32_t count = rule->is_egress ? policy->egress_count : policy->ingress_count;
	struct filled filled = { .hole = &block->except[hole] };

	fill_by_rule(&filled, rule->rule, rule->index, block);
	for (uint32_t i = 0; i < count && count <= MOST_RULES; i++) {
		if (i != rule->index && ports_cover(&rules[i], rule->rule))
			fill_by_rule(&filled, &rules[i], i, block);
	}
	return filled;
}

static void say_who(struct k8s_lint_text *text, const struct k8s_lint_rule *rule,
		    const struct filled *filled)
{
	const struct k8s_network_policy *policy = rule->policy;
	const struct k8s_rule *by =
		&(rule->is_egress ? policy->egress : policy->ingress)[filled->rule];
	char prefix[WEIR_PREFIX_TEXT];

	if (filled->peer == WEIR_NONE) {
		k8s_lint_say(text, "spec.%s[%u], which is for everybody",
			     rule->is_egress ? "egress" : "ingress", filled->rule);
		return;
	}
	weir_prefix_format(&by->peers[filled->peer].block.prefix, prefix);
	k8s_lint_say(text, "%s in spec.%s[%u].%s[%u]", prefix,
		     rule->is_egress ? "egress" : "ingress", filled->rule,
		     rule->is_egress ? "to" : "from", filled->peer);
}

static int report(const struct k8s_lint *lint, const struct k8s_lint_rule *rule, uint32_t peer,
		  const struct filled *filled)
{
	struct k8s_lint_text text = k8s_lint_text(lint);
	bool is_whole = filled->cover == COVER_WHOLE;
	char field[K8S_LINT_FIELD], hole[WEIR_PREFIX_TEXT];

	weir_prefix_format(filled->hole, hole);
	k8s_lint_peer_field(rule, peer, ".ipBlock.except", field);
	k8s_lint_say(&text, "%s%s is admitted after all by ", is_whole ? "" : "a part of ", hole);
	say_who(&text, rule, filled);
	if (!text.status)
		k8s_lint_report_policy(
			lint, is_whole ? K8S_LINT_HOLE_FILLED : K8S_LINT_HOLE_PARTLY_FILLED,
			rule->policy, &rule->rule->peers[peer].position, field,
			k8s_lint_text_string(&text));
	k8s_lint_text_finish(&text);
	return text.status;
}

static int block(const struct k8s_lint *lint, const struct k8s_lint_rule *rule, uint32_t peer)
{
	const struct k8s_block *written = &rule->rule->peers[peer].block;
	int status = 0;

	for (uint32_t i = 0; i < written->except_count && !status; i++) {
		struct filled filled = fill(rule, written, i);

		if (filled.cover != COVER_NONE)
			status = report(lint, rule, peer, &filled);
	}
	return status;
}

int k8s_lint_holes(struct k8s_lint *lint, const struct k8s_lint_rule *rule)
{
	int status = 0;

	for (uint32_t i = 0; i < rule->rule->peer_count && !status; i++) {
		if (rule->rule->peers[i].kind == K8S_PEER_BLOCK)
			status = block(lint, rule, i);
	}
	return status;
}
