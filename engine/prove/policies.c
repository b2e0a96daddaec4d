/* The policies of each direction, in the order in which they are tried, as lists to walk. */
#include "facts.h"

#include <errno.h>
#include <string.h>

static int push_ports(struct side_facts *side, const struct k8s_port *ports, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct k8s_port **port = weir_array_push(&side->ports);

		if (!port)
			return -ENOMEM;
		*port = &ports[i];
	}
	return 0;
}

/* With its ports; the first of its peers is the one that is pushed next. */
static int push_rule(struct side_facts *side, const struct rule *written,
		     const struct k8s_port *ports)
{
	struct rule *rule = weir_array_push(&side->rules);

	if (!rule)
		return -ENOMEM;
	*rule = *written;
	rule->policy = (uint32_t)side->policies.count - 1;
	rule->first_peer = (uint32_t)side->peers.count;
	rule->first_port = (uint32_t)side->ports.count;
	return push_ports(side, ports, written->port_count);
}

static int push_peer(struct side_facts *side, const struct peer *written)
{
	struct peer *peer = weir_array_push(&side->peers);

	if (!peer)
		return -ENOMEM;
	*peer = *written;
	return 0;
}

static int push_network_rule(struct side_facts *side, const struct k8s_network_policy *policy,
			     const struct k8s_rule *written, uint32_t index)
{
	const struct rule rule = { .index = index,
				   .peer_count = written->peer_count,
				   .port_count = written->port_count,
				   .meaning = WEIR_RULE_ALLOW };
	int status = push_rule(side, &rule, written->ports);

	for (uint32_t i = 0; i < written->peer_count && !status; i++) {
		const struct k8s_peer *peer = &written->peers[i];

		status = push_peer(side,
				   &(struct peer){ .policy = policy,
						   .peer = peer,
						   .by_address = peer->kind == K8S_PEER_BLOCK });
	}
	return status;
}

static int push_cluster_rule(struct side_facts *side, const struct k8s_cluster_rule *written,
			     uint32_t index)
{
	const struct rule rule = { .index = index,
				   .peer_count = written->peer_count,
				   .port_count = written->port_count,
				   .meaning = written->meaning };
	int status = push_rule(side, &rule, written->ports);

	for (uint32_t i = 0; i < written->peer_count && !status; i++) {
		const struct k8s_cluster_peer *peer = &written->peers[i];

		status = push_peer(
			side, &(struct peer){ .cluster_peer = peer,
					      .by_address = peer->kind == K8S_CLUSTER_PEER_NETWORKS,
					      .by_node = peer->kind == K8S_CLUSTER_PEER_NODES });
	}
	return status;
}

static bool same_subjects(const struct policy *a, const struct policy *b)
{
	if (a->tier != b->tier)
		return false;
	return a->network ? k8s_reference_same_subjects(a->network, b->network)
			  : k8s_reference_same_scope(&a->cluster->subject, &b->cluster->subject);
}

static struct policy *push_policy(struct side_facts *side, uint8_t tier)
{
	struct policy *policy = weir_array_push(&side->policies);

	if (policy)
		*policy =
			(struct policy){ .first_rule = (uint32_t)side->rules.count, .tier = tier };
	return policy;
}

static void find_subjects(struct side_facts *side)
{
	struct policy *policies = side->policies.items;
	struct policy *last = &policies[side->policies.count - 1];

	last->subjects = 0;
	while (!same_subjects(&policies[last->subjects], last))
		last->subjects++;
}

static int push_network_policies(struct facts *facts, enum weir_direction direction)
{
	const struct k8s_network_policy *policies = facts->cluster->network_policies.items;
	struct side_facts *side = &facts->sides[direction];
	bool ingress = direction == WEIR_INGRESS;
	int status = 0;

	for (size_t i = 0; i < facts->cluster->network_policies.count && !status; i++) {
		const struct k8s_rule *rules = ingress ? policies[i].ingress : policies[i].egress;
		uint32_t count = ingress ? policies[i].ingress_count : policies[i].egress_count;
		struct policy *policy;

		if (!(ingress ? policies[i].isolates_ingress : policies[i].isolates_egress))
			continue;
		policy = push_policy(side, WEIR_TIER_NETWORK_POLICY);
		if (!policy)
			return -ENOMEM;
		policy->network = &policies[i];
		policy->rule_count = count;
		find_subjects(side);
		for (uint32_t j = 0; j < count && !status; j++)
			status = push_network_rule(side, &policies[i], &rules[j], j);
	}
	return status;
}

static int push_cluster_policies(struct facts *facts, enum weir_direction direction,
				 enum weir_tier tier)
{
	const struct k8s_cluster_policy *policies = facts->cluster->cluster_policies.items;
	struct side_facts *side = &facts->sides[direction];
	bool ingress = direction == WEIR_INGRESS;
	int status = 0;

	for (size_t i = 0; i < facts->cluster->cluster_policies.count && !status; i++) {
		const struct k8s_cluster_rule *rules =
			ingress ? policies[i].ingress : policies[i].egress;
		uint32_t count = ingress ? policies[i].ingress_count : policies[i].egress_count;
		struct policy *policy;

		if (policies[i].tier != tier)
			continue;
		policy = push_policy(side, (uint8_t)tier);
		if (!policy)
			return -ENOMEM;
		policy->cluster = &policies[i];
		policy->rule_count = count;
		find_subjects(side);
		for (uint32_t j = 0; j < count && !status; j++)
			status = push_cluster_rule(side, &rules[j], j);
	}
	return status;
}

static int note_names(struct facts *facts, const struct side_facts *side)
{
	const struct k8s_port *const *ports = side->ports.items;

	for (size_t i = 0; i < side->ports.count; i++) {
		if (ports[i]->kind == K8S_PORT_NAME &&
		    !weir_map_insert(&facts->names, ports[i]->name, strlen(ports[i]->name), 0,
				     NULL))
			return -ENOMEM;
	}
	return 0;
}

static int list_peers_by_address(struct facts *facts, struct side_facts *side)
{
	const struct peer *peers = side->peers.items;
	size_t count = side->peers.count;

	side->by_address = weir_arena_array(&facts->arena, count + 1, uint32_t);
	for (unsigned i = 0; i < 2; i++)
		side->inside[i] = weir_arena_array(&facts->arena, count + 1, uint8_t);
	if (!side->by_address || !side->inside[0] || !side->inside[1])
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		if (peers[i].by_address)
			side->by_address[side->by_address_count++] = i;
	}
	return 0;
}

int facts_make_side(struct facts *facts, enum weir_direction direction)
{
	struct side_facts *side = &facts->sides[direction];
	int status = push_cluster_policies(facts, direction, WEIR_TIER_ADMIN);

	if (!status)
		status = push_network_policies(facts, direction);
	if (!status)
		status = push_cluster_policies(facts, direction, WEIR_TIER_BASELINE);
	if (status)
		return status;
	side->scratch = weir_arena_array(&facts->arena, side->peers.count + 1, uint8_t);
	side->selected = weir_arena_array(&facts->arena, side->policies.count + 1, struct selected);
	if (!side->scratch || !side->selected || list_peers_by_address(facts, side))
		return -ENOMEM;
	return note_names(facts, side);
}
