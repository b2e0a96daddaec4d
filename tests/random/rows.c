/*
 * A row counts as exercised when what it speaks of decided, or was there to decide wrongly: the
 * objects and the reference's answer tell.
 */
#include "rows.h"

#include <string.h>

#include "generator.h"
#include "weir/directory.h"

bool row_is_about_keys(unsigned row)
{
	return row != 0 && row != 10 && row != 15 && row != 16 && row != 18;
}

static bool by_policies(const struct k8s_half *half)
{
	return half->reason == WEIR_REASON_RULE || half->reason == WEIR_REASON_NO_RULE;
}

static bool has_ports(uint8_t protocol)
{
	return protocol == WEIR_PROTOCOL_TCP || protocol == WEIR_PROTOCOL_UDP ||
	       protocol == WEIR_PROTOCOL_SCTP;
}

static bool names_the_name_label(const struct k8s_selector *selector)
{
	for (uint32_t i = 0; i < selector->count; i++) {
		if (strcmp(selector->requirements[i].key, "kubernetes.io/metadata.name") == 0)
			return true;
	}
	return false;
}

static void mark_rule(bool *rows, const struct k8s_half *half, enum weir_direction direction)
{
	const struct k8s_network_policy *policy = half->policy;
	const struct k8s_rule *rule = direction == WEIR_INGRESS ? &policy->ingress[half->rule]
								: &policy->egress[half->rule];
	const struct k8s_peer *peer = half->peer == WEIR_NONE ? NULL : &rule->peers[half->peer];

	rows[4] |= rule->peer_count == 0 && rule->port_count == 0;
	rows[5] |= rule->peer_count == 0 || rule->port_count == 0;
	rows[7] |= policy->pod_selector.count > 0;
	rows[9] |= half->port != WEIR_NONE;
	if (!peer)
		return;
	rows[6] |= peer->kind == K8S_PEER_SELECTOR;
	rows[7] |= peer->pod_selector.count > 0 || peer->namespace_selector.count > 0;
	rows[8] |= peer->kind == K8S_PEER_BLOCK;
	rows[19] |= names_the_name_label(&peer->namespace_selector);
}

/* Policies that isolate the pod, whether or not one of their rules decided. */
static void mark_isolation(bool *rows, const struct weir_cluster *cluster,
			   const struct k8s_pod *pod, enum weir_direction direction)
{
	const struct k8s_network_policy *policies = cluster->network_policies.items;

	for (size_t i = 0; i < cluster->network_policies.count; i++) {
		const struct k8s_network_policy *policy = &policies[i];
		bool ingress = direction == WEIR_INGRESS;

		if (!(ingress ? policy->isolates_ingress : policy->isolates_egress) ||
		    strcmp(policy->meta.namespace_name, pod->meta.namespace_name) != 0 ||
		    !k8s_selector_matches(&policy->pod_selector, &pod->meta.labels))
			continue;
		rows[3] |= strncmp(policy->meta.name, GENERATED_UNTYPED,
				   strlen(GENERATED_UNTYPED)) == 0;
		rows[4] |= (ingress ? policy->ingress_count : policy->egress_count) == 0;
	}
}

static void mark_half(bool *rows, const struct judges *judges, const struct weir_key *key,
		      const struct k8s_half *half, enum weir_direction direction)
{
	const struct k8s_pod *pods = judges->cluster->pods.items;
	struct weir_owner near;

	weir_policy_owner(judges->policy,
			  direction == WEIR_INGRESS ? &key->destination : &key->source, &near);
	if (!(key->flags & (direction == WEIR_INGRESS ? WEIR_KEY_INGRESS : WEIR_KEY_EGRESS)))
		return;
	rows[1] |= half->reason == WEIR_REASON_NOT_ISOLATED && has_ports(key->protocol);
	rows[11] |= half->reason == WEIR_REASON_SELF;
	rows[12] |= half->reason == WEIR_REASON_OWN_NODE;
	rows[13] |= half->reason == WEIR_REASON_HOST_NETWORK;
	rows[14] |= half->reason == WEIR_REASON_NEIGHBOUR_DISCOVERY ||
		    (!has_ports(key->protocol) &&
		     (by_policies(half) || half->reason == WEIR_REASON_NOT_ISOLATED));
	if (half->reason == WEIR_REASON_RULE)
		mark_rule(rows, half, direction);
	/* Endpoint i is pod i. */
	if (by_policies(half) && near.kind == WEIR_OWNER_POD)
		mark_isolation(rows, judges->cluster, &pods[near.endpoints[0]], direction);
}

static bool is_claimed_twice(const struct weir_cluster *cluster, const struct weir_address *address)
{
	const struct k8s_pod *pods = cluster->pods.items;
	unsigned claims = 0;

	for (size_t i = 0; i < cluster->pods.count; i++) {
		for (uint32_t j = 0; j < pods[i].address_count; j++)
			claims += !pods[i].host_network &&
				  weir_address_equal(&pods[i].addresses[j], address);
	}
	return claims > 1;
}

static void mark_end(bool *rows, const struct judges *judges, const struct weir_key *key,
		     const struct weir_address *address)
{
	struct weir_owner owner;

	weir_policy_owner(judges->policy, address, &owner);
	rows[17] |= is_claimed_twice(judges->cluster, address);
	rows[20] |= owner.kind == WEIR_OWNER_POD && !weir_address_is_ipv4(address);
	rows[21] |=
		owner.kind == WEIR_OWNER_UNKNOWN_POD && !(key->flags & WEIR_KEY_UNKNOWN_EXTERNAL);
}

void tally_add(struct tally *tally, const struct judges *judges, const struct weir_key *key,
	       const struct k8s_judgement *judgement)
{
	const struct k8s_half *egress = &judgement->egress;
	const struct k8s_half *ingress = &judgement->ingress;
	bool rows[ROWS] = { false };
	bool both = by_policies(egress) && by_policies(ingress);

	tally->verdicts++;
	tally->actions[judgement->verdict.action]++;
	mark_end(rows, judges, key, &key->source);
	mark_end(rows, judges, key, &key->destination);
	if (judgement->verdict.action != WEIR_AMBIGUOUS) {
		mark_half(rows, judges, key, egress, WEIR_EGRESS);
		mark_half(rows, judges, key, ingress, WEIR_INGRESS);
		rows[2] = both;
		tally->ruled_isolated += both && (egress->reason == WEIR_REASON_RULE ||
						  ingress->reason == WEIR_REASON_RULE);
	}
	for (unsigned i = 0; i < ROWS; i++)
		tally->rows[i] += rows[i];
}
