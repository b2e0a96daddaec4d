/*
 * NetworkPolicies. Each selects workloads of one namespace, all of which are to be isolated, and
 * every workload that is to be isolated is selected: where a namespace has as many policies as such
 * workloads each policy has one of them in turn, else each has several.
 */
#include "policies.h"

#include <errno.h>
#include <stdlib.h>

enum {
	PEERS_MAX = 5,
};

/* A policy before its rules. */
struct subject {
	const struct gen_namespace *space;
	const uint32_t *apps;
	uint32_t app_count;
	uint32_t nth; /* of its namespace's policies */
	bool is_all;  /* of what can be selected in the namespace */
};

enum body {
	BODY_RULES,
	BODY_DENY_ALL,
	BODY_ALLOW_ALL,
};

/* Ports. */

static void put_port(struct gen_writer *writer, const struct gen_port_spec *spec)
{
	const char *protocol = gen_protocol_name(spec->protocol);

	switch (spec->kind) {
	case GEN_PORT_NAME:
		gen_put(writer->out, "{protocol: %s, port: %s}", protocol, spec->name);
		break;
	case GEN_PORT_RANGE:
		gen_put(writer->out, "{protocol: %s, port: %u, endPort: %u}", protocol, spec->first,
			spec->last);
		break;
	case GEN_PORT_NUMBER:
		gen_put(writer->out, "{protocol: %s, port: %u}", protocol, spec->first);
		break;
	case GEN_PORT_PROTOCOL:
		gen_put(writer->out, "{protocol: %s}", protocol);
		break;
	}
}

static void put_ports(struct gen_writer *writer)
{
	const struct gen_cluster_options *options = writer->plan->options;
	uint32_t count = dice_one_in(&writer->dice, 4) ? 2 : 1;
	uint32_t chosen = dice_below(&writer->dice, options->port_specs);

	/* Neighbours in the pool, so that the two differ. */
	if (options->port_specs == 1)
		count = 1;
	gen_put(writer->out, "    ports:\n");
	for (uint32_t i = 0; i < count; i++) {
		struct gen_port_spec spec =
			options->port_specs ? writer->specs[(chosen + i) % options->port_specs]
					    : gen_draw_port(&writer->dice, options);

		gen_put(writer->out, "    - ");
		put_port(writer, &spec);
		gen_put(writer->out, "\n");
	}
}

/* Peers. */

static void put_peer(struct gen_writer *writer, const struct gen_namespace *space)
{
	const uint16_t *shares = writer->plan->options->shares;
	uint32_t blocks = shares[GEN_BLOCKS];
	uint32_t spaces = blocks + shares[GEN_NAMESPACES];
	uint32_t both = spaces + shares[GEN_NAMESPACED_PODS];
	uint32_t fallen = dice_below(&writer->dice, GEN_ALL);

	if (fallen < blocks) {
		gen_put(writer->out, "    - ipBlock: ");
		gen_put_block(writer);
	} else if (fallen < spaces) {
		gen_put(writer->out, "    - namespaceSelector: ");
		gen_put_namespace_selector(writer);
	} else if (fallen < both) {
		space = gen_draw_space(writer);
		gen_put(writer->out, "    - namespaceSelector: ");
		gen_put_namespace_name(writer, space);
		gen_put(writer->out, "\n      podSelector: ");
		gen_put_pod_selector(writer, space);
	} else {
		gen_put(writer->out, "    - podSelector: ");
		gen_put_pod_selector(writer, space);
	}
	gen_put(writer->out, "\n");
}

static void put_peers(struct gen_writer *writer, const struct gen_namespace *space,
		      const char *peers)
{
	uint32_t count = dice_between(&writer->dice, 1, PEERS_MAX);

	gen_put(writer->out, "    %s:\n", peers);
	for (uint32_t i = 0; i < count; i++)
		put_peer(writer, space);
}

static void put_rule(struct gen_writer *writer, const struct gen_namespace *space,
		     const char *peers)
{
	const uint16_t *shares = writer->plan->options->shares;
	uint32_t fallen = dice_below(&writer->dice, GEN_ALL);
	bool any_peer = fallen < shares[GEN_ANY_PEER];
	bool any_port = !any_peer && fallen < shares[GEN_ANY_PEER] + shares[GEN_ANY_PORT];

	gen_put(writer->out, "  -\n");
	if (!any_peer)
		put_peers(writer, space, peers);
	if (!any_port)
		put_ports(writer);
}

static void put_rules(struct gen_writer *writer, const struct subject *subject, enum body body,
		      const char *direction, const char *peers)
{
	uint32_t count = dice_one_in(&writer->dice, 4) ? 2 : 1;

	if (body == BODY_DENY_ALL)
		return;
	gen_put(writer->out, "  %s:\n", direction);
	if (body == BODY_ALLOW_ALL) {
		gen_put(writer->out, "  - {}\n");
		return;
	}
	for (uint32_t i = 0; i < count; i++)
		put_rule(writer, subject->space, peers);
}

/* Policies. */

static enum body draw_body(struct gen_writer *writer)
{
	const uint16_t *shares = writer->plan->options->shares;
	uint32_t fallen = dice_below(&writer->dice, GEN_ALL);

	if (fallen < shares[GEN_DENY_ALL])
		return BODY_DENY_ALL;
	return fallen < shares[GEN_DENY_ALL] + shares[GEN_ALLOW_ALL] ? BODY_ALLOW_ALL : BODY_RULES;
}

/* Without policyTypes a policy isolates ingress, and egress when it has a rule for that (S3). */
static void put_types(struct gen_writer *writer, bool ingress, bool egress, enum body body)
{
	bool same_without = ingress && (!egress || body != BODY_DENY_ALL);

	if (same_without && gen_falls(&writer->dice, writer->plan->options, GEN_UNTYPED))
		return;
	gen_put(writer->out, "  policyTypes: [%s%s%s]\n", ingress ? "Ingress" : "",
		ingress && egress ? ", " : "", egress ? "Egress" : "");
}

static void put_policy(struct gen_writer *writer, const struct subject *subject)
{
	static const char *const words[] = {
		[BODY_RULES] = "allow", [BODY_DENY_ALL] = "deny", [BODY_ALLOW_ALL] = "open"
	};
	const uint16_t *shares = writer->plan->options->shares;
	enum body body = draw_body(writer);
	/* One throw for both: together the shares leave nobody out, or ingress takes the rest. */
	uint32_t fallen = dice_below(&writer->dice, GEN_ALL);
	bool egress = fallen >= (uint32_t)GEN_ALL - shares[GEN_EGRESS];
	bool ingress = fallen < shares[GEN_INGRESS] || !egress;
	bool all = body == BODY_DENY_ALL && subject->is_all;

	gen_put(writer->out,
		"---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
		"metadata:\n  name: %s-%s-%u\n  namespace: %s\nspec:\n  podSelector: ",
		all ? "default" : writer->plan->apps[subject->apps[0]].name, words[body],
		subject->nth + 1, subject->space->name);
	if (all)
		gen_put(writer->out, "{}");
	else
		gen_put_group_selector(writer, subject->apps, subject->app_count);
	gen_put(writer->out, "\n");
	put_types(writer, ingress, egress, body);
	if (ingress)
		put_rules(writer, subject, body, "ingress", "from");
	if (egress)
		put_rules(writer, subject, body, "egress", "to");
}

/* A namespace's policies. */
struct batch {
	const struct gen_namespace *space;
	uint32_t *isolated; /* its workloads that are to be isolated */
	uint32_t count;     /* of policies */
};

static void list_isolated(const struct gen_plan *plan, struct batch *batch)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < batch->space->app_count; i++)
		if (plan->apps[batch->space->first_app + i].is_isolated)
			batch->isolated[count++] = batch->space->first_app + i;
}

static bool is_whole(const struct gen_plan *plan, const struct gen_namespace *space)
{
	for (uint32_t i = 0; i < space->app_count; i++) {
		const struct gen_app *app = &plan->apps[space->first_app + i];

		if (!app->is_isolated && !app->is_on_host_network)
			return false;
	}
	return true;
}

static void put_batch(struct gen_writer *writer, struct batch *batch)
{
	const struct gen_plan *plan = writer->plan;
	uint64_t isolated = batch->space->isolated_count;
	bool is_all = is_whole(plan, batch->space);

	list_isolated(plan, batch);
	for (uint32_t i = 0; i < batch->count; i++) {
		uint32_t first = (uint32_t)(i * isolated / batch->count);
		uint32_t last = (uint32_t)((i + 1) * isolated / batch->count);
		struct subject subject = { .space = batch->space, .nth = i, .is_all = is_all };

		if (batch->count >= isolated) {
			first = (uint32_t)(i % isolated);
			last = first + 1;
		}
		subject.apps = &batch->isolated[first];
		subject.app_count = last - first;
		writer->dice = dice_for(plan->options->seed, GEN_USE_POLICIES,
					(uint64_t)(batch->space - plan->spaces) << 32 | i);
		put_policy(writer, &subject);
	}
}

/* One for each namespace that needs one; the others as there are workloads to isolate, rounded so
 * that none is lost. */
static void put_batches(struct gen_writer *writer, uint32_t *isolated)
{
	const struct gen_plan *plan = writer->plan;
	uint64_t spare = plan->options->policies;
	uint64_t total = 0;
	uint64_t before = 0;

	for (uint32_t i = 0; i < plan->options->namespaces; i++) {
		total += plan->spaces[i].isolated_count;
		spare -= plan->spaces[i].isolated_count > 0;
	}
	for (uint32_t i = 0; i < plan->options->namespaces; i++) {
		uint64_t behind = before + plan->spaces[i].isolated_count;
		struct batch batch = { .space = &plan->spaces[i], .isolated = isolated };

		if (behind == before)
			continue;
		batch.count = (uint32_t)(1 + spare * behind / total - spare * before / total);
		before = behind;
		put_batch(writer, &batch);
	}
}

int gen_put_network_policies(struct gen_out *out, const struct gen_plan *plan)
{
	struct gen_port_spec *specs = calloc(plan->options->port_specs + 1u, sizeof(*specs));
	uint32_t *isolated = calloc(plan->app_count + 1u, sizeof(*isolated));
	struct gen_writer writer = { .out = out, .plan = plan, .specs = specs };
	int status = -ENOMEM;

	if (specs && isolated) {
		gen_draw_port_specs(plan->options, specs);
		put_batches(&writer, isolated);
		status = 0;
	}
	free(isolated);
	free(specs);
	return status;
}
