/*
 * Policies of the cluster tiers become rules.
 *
 * Policies come by (tier, priority, name, kind), so the place of a policy is the precedence of its
 * rules, and within it they are tried as written. There is no isolation: whom no rule decides
 * about goes on with the next tier.
 *
 * A peer of networks has several CIDRs, which become a block each, joined into one entry since
 * answers name entries. These blocks hold pods whatever --ipblock-pods says: that choice is about
 * the ipBlock of NetworkPolicy, while of networks it is defined that they match pods too (C41).
 * Pods and nodes are sets. Domain names match what is outside perhaps.
 */
#include "resolve.h"

#include <errno.h>

static int resolve_networks(struct k8s_resolver *resolver, const struct k8s_cluster_peer *peer,
			    struct weir_peer *out)
{
	for (uint32_t i = 0; i < peer->network_count; i++) {
		const struct weir_block block = { .prefix = peer->networks[i],
						  .always_pods = true };

		out[i].kind = WEIR_PEER_BLOCK;
		out[i].joined = i > 0;
		if (k8s_resolve_block(resolver, &block, &out[i].index))
			return -ENOMEM;
	}
	return 0;
}

static int resolve_scope(struct k8s_resolver *resolver, const struct k8s_pods_scope *scope,
			 uint32_t *out)
{
	return k8s_resolve_set(resolver, NULL, &scope->namespaces,
			       scope->has_pods ? &scope->pods : NULL, out);
}

static int resolve_peer(struct k8s_resolver *resolver, const struct k8s_cluster_peer *peer,
			struct weir_peer *out)
{
	switch ((enum k8s_cluster_peer_kind)peer->kind) {
	case K8S_CLUSTER_PEER_PODS:
		out->kind = WEIR_PEER_SET;
		return resolve_scope(resolver, &peer->scope, &out->index);
	case K8S_CLUSTER_PEER_NODES:
		out->kind = WEIR_PEER_SET;
		return k8s_resolve_node_set(resolver, &peer->nodes, &out->index);
	case K8S_CLUSTER_PEER_NETWORKS:
		return resolve_networks(resolver, peer, out);
	case K8S_CLUSTER_PEER_DOMAINS:
		out->kind = WEIR_PEER_DOMAINS;
		return 0;
	}
	return 0;
}

static uint32_t count_peers(const struct k8s_cluster_peer *peer)
{
	return peer->kind == K8S_CLUSTER_PEER_NETWORKS ? peer->network_count : 1;
}

static int resolve_peers(struct k8s_resolver *resolver, const struct k8s_cluster_rule *rule,
			 struct weir_rule *out)
{
	struct weir_peer *peers;

	for (uint32_t i = 0; i < rule->peer_count; i++)
		out->peer_count += count_peers(&rule->peers[i]);
	out->peers = peers = weir_arena_array(resolver->arena, out->peer_count, struct weir_peer);
	if (!peers)
		return -ENOMEM;
	for (uint32_t i = 0; i < rule->peer_count; i++) {
		if (resolve_peer(resolver, &rule->peers[i], peers))
			return -ENOMEM;
		peers += count_peers(&rule->peers[i]);
	}
	return 0;
}

/* One direction of a policy. */
struct half {
	const struct k8s_cluster_policy *policy;
	const struct k8s_cluster_rule *rules;
	uint32_t rule_count;
	uint32_t subjects;
	uint32_t precedence;
	enum weir_direction direction;
};

static int resolve_rule(struct k8s_resolver *resolver, const struct half *half, uint32_t index)
{
	const struct k8s_cluster_rule *rule = &half->rules[index];
	struct weir_rule out = { .subjects = half->subjects,
				 .precedence = half->precedence,
				 .tier = half->policy->tier,
				 .direction = (uint8_t)half->direction,
				 .action = rule->meaning };
	const struct weir_origin origin = { .kind = half->policy->kind,
					    .name = half->policy->meta.name,
					    .action = rule->action,
					    .index = index };

	if (resolve_peers(resolver, rule, &out) ||
	    k8s_resolve_ports(resolver, rule->ports, rule->port_count, &out))
		return -ENOMEM;
	return k8s_add_rule(resolver, &out, &origin);
}

static int resolve_policy(struct k8s_resolver *resolver, const struct k8s_cluster_policy *policy,
			  uint32_t precedence)
{
	struct half halves[] = {
		{ .policy = policy,
		  .rules = policy->egress,
		  .rule_count = policy->egress_count,
		  .precedence = precedence,
		  .direction = WEIR_EGRESS },
		{ .policy = policy,
		  .rules = policy->ingress,
		  .rule_count = policy->ingress_count,
		  .precedence = precedence,
		  .direction = WEIR_INGRESS },
	};
	uint32_t subjects;

	if (resolve_scope(resolver, &policy->subject, &subjects))
		return -ENOMEM;
	for (unsigned i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
		halves[i].subjects = subjects;
		for (uint32_t j = 0; j < halves[i].rule_count; j++) {
			if (resolve_rule(resolver, &halves[i], j))
				return -ENOMEM;
		}
	}
	return 0;
}

int k8s_resolve_tiers(struct k8s_resolver *resolver)
{
	const struct weir_array *policies = &resolver->cluster->cluster_policies;
	const struct k8s_cluster_policy *items = policies->items;

	for (uint32_t i = 0; i < policies->count; i++) {
		if (resolve_policy(resolver, &items[i], i))
			return -ENOMEM;
	}
	return 0;
}
