/*
 * Policies of the tiers around NetworkPolicy, in the words of their kind. One
 * BaselineAdminNetworkPolicy comes first: a cluster has one at most, of a name that is given.
 */
#include "policies.h"

#include <string.h>

struct dialect {
	const char *kind;
	const char *version;
	const char *ports;      /* the key of the list */
	const char *named_port; /* the key of an entry */
	const char *actions[3];
	uint32_t action_count;
	bool has_domains; /* in the first action's egress */
};

static const struct dialect dialects[] = {
	{ "BaselineAdminNetworkPolicy",
	  "policy.networking.k8s.io/v1alpha1",
	  "ports",
	  "namedPort",
	  { "Allow", "Deny" },
	  2,
	  false },
	{ "AdminNetworkPolicy",
	  "policy.networking.k8s.io/v1alpha1",
	  "ports",
	  "namedPort",
	  { "Allow", "Deny", "Pass" },
	  3,
	  true },
	{ "ClusterNetworkPolicy",
	  "policy.networking.k8s.io/v1alpha2",
	  "protocols",
	  "destinationNamedPort",
	  { "Accept", "Deny", "Pass" },
	  3,
	  true },
};

enum { BASELINE_KIND, ADMIN_KIND, CLUSTER_KIND };

static void put_scope(struct gen_writer *writer)
{
	const struct gen_namespace *space = gen_draw_space(writer);

	if (dice_one_in(&writer->dice, 2)) {
		gen_put(writer->out, "{namespaces: ");
		gen_put_namespace_selector(writer);
		gen_put(writer->out, "}");
		return;
	}
	gen_put(writer->out, "{pods: {namespaceSelector: ");
	gen_put_namespace_name(writer, space);
	gen_put(writer->out, ", podSelector: ");
	gen_put_pod_selector(writer, space);
	gen_put(writer->out, "}}");
}

/* Of egress, whom names of ports do not fit; false when it writes nothing. */
static bool put_far_peer(struct gen_writer *writer, const struct dialect *dialect, uint32_t action)
{
	struct weir_prefix block;

	switch (dice_below(&writer->dice, 8)) {
	case 0:
		gen_put(writer->out,
			"{nodes: {matchLabels: {topology.kubernetes.io/zone: zone-a}}}");
		return true;
	case 1:
		gen_put(writer->out, "{nodes: {matchExpressions: [{key: "
				     "node-role.kubernetes.io/control-plane, operator: Exists}]}}");
		return true;
	case 2:
	case 3:
		block = gen_draw_block(writer);
		gen_put(writer->out, "{networks: [");
		gen_put_prefix(writer->out, &block);
		gen_put(writer->out, "]}");
		return true;
	case 4:
		if (!dialect->has_domains || action != 0)
			return false;
		gen_put(writer->out, "{domainNames: [\"*.example.com\", www.example.org]}");
		return true;
	default:
		return false;
	}
}

static const char *lower(uint8_t protocol)
{
	const char *name = gen_protocol_name(protocol);

	return name[0] == 'U' ? "udp" : name[0] == 'S' ? "sctp" : "tcp";
}

static void put_number(struct gen_writer *writer, const struct dialect *dialect,
		       const struct gen_port_spec *spec)
{
	bool is_range = spec->last > spec->first;

	if (dialect == &dialects[CLUSTER_KIND] && is_range)
		gen_put(writer->out, "{%s: {destinationPort: {range: {start: %u, end: %u}}}}",
			lower(spec->protocol), spec->first, spec->last);
	else if (dialect == &dialects[CLUSTER_KIND])
		gen_put(writer->out, "{%s: {destinationPort: {number: %u}}}", lower(spec->protocol),
			spec->first);
	else if (is_range)
		gen_put(writer->out, "{portRange: {protocol: %s, start: %u, end: %u}}",
			gen_protocol_name(spec->protocol), spec->first, spec->last);
	else
		gen_put(writer->out, "{portNumber: {protocol: %s, port: %u}}",
			gen_protocol_name(spec->protocol), spec->first);
}

/* What has neither number nor range nor a name that may be used becomes port 443. */
static void put_port(struct gen_writer *writer, const struct dialect *dialect, bool may_be_named)
{
	const struct gen_cluster_options *options = writer->plan->options;
	struct gen_port_spec spec = gen_draw_port(&writer->dice, options);

	gen_put(writer->out, "      - ");
	if (spec.kind == GEN_PORT_NAME && may_be_named)
		gen_put(writer->out, "{%s: %s}", dialect->named_port, spec.name);
	else if (spec.first)
		put_number(writer, dialect, &spec);
	else
		put_number(writer, dialect,
			   &(struct gen_port_spec){
				   .protocol = spec.protocol, .first = 443, .last = 443 });
	gen_put(writer->out, "\n");
}

static void put_rule(struct gen_writer *writer, const struct dialect *dialect, const char *peers)
{
	uint32_t action = dice_below(&writer->dice, dialect->action_count);
	uint32_t count = dice_between(&writer->dice, 1, 3);
	bool has_far = false;

	gen_put(writer->out, "  - action: %s\n    %s:\n", dialect->actions[action], peers);
	for (uint32_t i = 0; i < count; i++) {
		bool is_far;

		gen_put(writer->out, "      - ");
		is_far = strcmp(peers, "to") == 0 && put_far_peer(writer, dialect, action);
		has_far = has_far || is_far;
		if (!is_far)
			put_scope(writer);
		gen_put(writer->out, "\n");
	}
	count = dice_below(&writer->dice, 3);
	if (count)
		gen_put(writer->out, "    %s:\n", dialect->ports);
	for (uint32_t i = 0; i < count; i++)
		put_port(writer, dialect, !has_far);
}

static void put_rules(struct gen_writer *writer, const struct dialect *dialect,
		      const char *direction, const char *peers)
{
	uint32_t count = dice_below(&writer->dice, 4);

	if (count)
		gen_put(writer->out, "  %s:\n", direction);
	for (uint32_t i = 0; i < count; i++)
		put_rule(writer, dialect, peers);
}

/* Priorities go up in steps that leave room, and are met again by every tenth policy. */
static void put_policy(struct gen_writer *writer, uint32_t index)
{
	const struct dialect *dialect =
		&dialects[index == 0 ? BASELINE_KIND : ADMIN_KIND + index % 2];

	gen_put(writer->out, "---\napiVersion: %s\nkind: %s\nmetadata:\n", dialect->version,
		dialect->kind);
	if (index == 0)
		gen_put(writer->out, "  name: default\nspec:\n");
	else
		gen_put(writer->out, "  name: guard-%u\nspec:\n  priority: %u\n", index,
			index % 10 * 100);
	if (dialect == &dialects[CLUSTER_KIND])
		gen_put(writer->out, "  tier: %s\n",
			dice_one_in(&writer->dice, 3) ? "Baseline" : "Admin");
	gen_put(writer->out, "  subject: ");
	put_scope(writer);
	gen_put(writer->out, "\n");
	put_rules(writer, dialect, "ingress", "from");
	put_rules(writer, dialect, "egress", "to");
}

void gen_put_cluster_policies(struct gen_out *out, const struct gen_plan *plan)
{
	for (uint32_t i = 0; i < plan->options->cluster_policies; i++) {
		struct gen_writer writer = {
			.out = out,
			.plan = plan,
			.dice = dice_for(plan->options->seed, GEN_USE_CLUSTER_POLICIES, i),
		};

		put_policy(&writer, i);
	}
}
