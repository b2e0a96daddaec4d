#include "exercised.h"

#include <string.h>

#include "hostile.h"
#include "weir/directory.h"

const struct exercise_text exercise_texts[EXERCISES] = {
	[S1] = { "S1", "no policy selects a pod in a direction that was asked for" },
	[S2] = { "S2", "both ends are isolated" },
	[S3] = { "S3", "a policy without policyTypes selects an isolated end" },
	[S4_NOTHING] = { "S4", "a policy without rules isolates an end" },
	[S4_EVERYTHING] = { "S4", "the deciding rule is {} or null" },
	[S5_PEERS] = { "S5", "the deciding rule has no peers, but ports" },
	[S5_PORTS] = { "S5", "the deciding rule has no ports, but peers" },
	[S6_PODS] = { "S6", "the deciding peer is a podSelector alone" },
	[S6_NAMESPACES] = { "S6", "the deciding peer is a namespaceSelector alone" },
	[S6_BOTH] = { "S6", "the deciding peer has both selectors" },
	[S7_IN] = { "S7", "In (or matchLabels) in the deciding policy's podSelector or peer" },
	[S7_NOT_IN] = { "S7", "NotIn there" },
	[S7_EXISTS] = { "S7", "Exists there" },
	[S7_DOES_NOT_EXIST] = { "S7", "DoesNotExist there" },
	[S8_BLOCK] = { "S8", "the deciding peer is a block" },
	[S8_BLOCK_OF_POD] = { "S8", "the deciding peer is a block, the far end a pod" },
	[S8_HOLE] = { "S8", "no rule matches, the far end is in a hole of a block of one" },
	[S9_ANY] = { "S9", "the deciding port is a protocol without number" },
	[S9_NUMBER] = { "S9", "the deciding port is a number" },
	[S9_RANGE] = { "S9", "the deciding port has an endPort" },
	[S9_NAME] = { "S9", "the deciding port is a name" },
	[S11] = { "S11", "a pod and its own address" },
	[S12] = { "S12", "a pod and its own node, by that reason" },
	[S13] = { "S13", "a side that is on its node's network" },
	[S14] = { "S14", "neither TCP, UDP nor SCTP, and an isolated end" },
	[S14_DISCOVERY] = { "S14", "neighbour discovery, by that reason" },
	[S17_SHARED] = { "S17", "an address of several pods of the highest rank" },
	[S17_RANKS] = { "S17", "an address of a running and a pending pod" },
	[S17_FINISHED] = { "S17", "an address that a finished pod had" },
	[S19] = { "S19", "the deciding peer selects by kubernetes.io/metadata.name" },
	[S20] = { "S20", "an IPv6 address, and an isolated end" },
	[S21_AMBIGUOUS] = { "S21", "an unknown pod, and the answer is ambiguous" },
	[S21_DECIDED] = { "S21", "an unknown pod, and the answer is not" },
	[TIER_ACCEPT] = { "tier", "a rule of a cluster policy accepts" },
	[TIER_DENY] = { "tier", "one denies" },
	[TIER_PASS] = { "tier",
			"one passes, as far as is certain, and something behind it decides" },
	[TIER_BASELINE] = { "C38", "a rule of the Baseline tier decides" },
	[TIER_PODS] = { "tier", "the deciding peer is pods or namespaces" },
	[TIER_NODES] = { "tier", "the deciding peer is nodes" },
	[TIER_NETWORKS] = { "C41", "the deciding peer is networks" },
	[TIER_DOMAINS] = { "tier", "a domain name would decide" },
	[TIER_NAMED_PORT] = { "tier", "the deciding port of a cluster policy is a name" },
	[TIER_HAIRPIN] = { "S11", "a pod reaches itself through a service where a tier decides" },
};

const char exercised_rule_between_isolated_text[] =
	"both halves asked for, each with reason rule or no-rule, one of them rule, not ambiguous";

const char exercised_elsewhere[] = "S10, S15, S16 and S18 are about flows and translation: "
				   "tests/trace, tests/query, tests/k8s";

static uint64_t bit(enum exercise exercise)
{
	return (uint64_t)1 << exercise;
}

/* Addresses. */

static bool has_address(const struct k8s_pod *pod, const struct weir_address *address)
{
	for (uint32_t i = 0; i < pod->address_count; i++) {
		if (weir_address_equal(&pod->addresses[i], address))
			return true;
	}
	return false;
}

/* What an address is, as far as rows speak of it. */
struct end {
	const struct k8s_pod *pod; /* the first owner, or NULL */
	uint64_t rows;
	bool is_unknown;
};

static void look_at_pods(const struct weir_cluster *cluster, const struct weir_address *address,
			 struct end *end)
{
	const struct k8s_pod *pods = cluster->pods.items;
	uint32_t counts[3] = { 0 };

	for (size_t i = 0; i < cluster->pods.count; i++) {
		uint8_t phase = pods[i].phase;

		if (pods[i].host_network || !has_address(&pods[i], address))
			continue;
		counts[phase]++;
		if (phase != K8S_FINISHED &&
		    (!end->pod || (phase == K8S_RUNNING && end->pod->phase != K8S_RUNNING)))
			end->pod = &pods[i];
	}
	if (counts[K8S_RUNNING] > 1 || (!counts[K8S_RUNNING] && counts[K8S_PENDING] > 1))
		end->rows |= bit(S17_SHARED);
	if (counts[K8S_RUNNING] && counts[K8S_PENDING])
		end->rows |= bit(S17_RANKS);
	if (counts[K8S_FINISHED])
		end->rows |= bit(S17_FINISHED);
}

static struct end look_at(const struct subject *subject, const struct weir_key *key,
			  const struct weir_address *address)
{
	struct end end = { NULL, 0, false };
	struct weir_owner owner;

	look_at_pods(subject->cluster, address, &end);
	weir_policy_owner(subject->policy, address, &owner);
	end.is_unknown =
		owner.kind == WEIR_OWNER_UNKNOWN_POD && !(key->flags & WEIR_KEY_UNKNOWN_EXTERNAL);
	return end;
}

/* Halves. */

/* One half that was asked for. */
struct side {
	const struct subject *subject;
	const struct weir_key *key;
	const struct k8s_half *half;
	const struct end *near;
	const struct end *far;
	const struct weir_address *far_address;
	bool ingress;
};

static bool is_isolated(const struct k8s_half *half)
{
	return half->reason == WEIR_REASON_RULE || half->reason == WEIR_REASON_NO_RULE;
}

static bool is_in_a_hole(const struct k8s_block *block, const struct weir_address *address)
{
	if (weir_prefix_is_ipv4(&block->prefix) != weir_address_is_ipv4(address))
		return false;
	for (uint32_t i = 0; i < block->except_count; i++) {
		if (weir_prefix_contains(&block->except[i], address))
			return true;
	}
	return false;
}

static bool far_is_in_a_hole(const struct side *side, const struct k8s_rule *rules, uint32_t count)
{
	if ((side->far->pod || side->far->is_unknown) &&
	    side->subject->semantics.ipblock_pods == WEIR_IPBLOCK_PODS_IGNORE)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		for (uint32_t j = 0; j < rules[i].peer_count; j++) {
			if (rules[i].peers[j].kind == K8S_PEER_BLOCK &&
			    is_in_a_hole(&rules[i].peers[j].block, side->far_address))
				return true;
		}
	}
	return false;
}

/* A policy that isolates the near end. */
static uint64_t rows_of_isolating(const struct side *side, const struct k8s_network_policy *policy)
{
	const struct k8s_rule *rules = side->ingress ? policy->ingress : policy->egress;
	uint32_t count = side->ingress ? policy->ingress_count : policy->egress_count;
	uint64_t rows = 0;

	if (strstr(policy->meta.name, HOSTILE_UNTYPED))
		rows |= bit(S3);
	if (!count)
		rows |= bit(S4_NOTHING);
	if (side->half->reason == WEIR_REASON_NO_RULE && far_is_in_a_hole(side, rules, count))
		rows |= bit(S8_HOLE);
	return rows;
}

static uint64_t rows_of_isolation(const struct side *side)
{
	const struct weir_cluster *cluster = side->subject->cluster;
	const struct k8s_network_policy *policies = cluster->network_policies.items;
	const struct k8s_pod *pod = side->near->pod;
	uint64_t rows = 0;

	for (size_t i = 0; pod && i < cluster->network_policies.count; i++) {
		const struct k8s_network_policy *policy = &policies[i];

		if ((side->ingress ? policy->isolates_ingress : policy->isolates_egress) &&
		    policy->meta.namespace_name == pod->meta.namespace_name &&
		    k8s_selector_matches(&policy->pod_selector, &pod->meta.labels))
			rows |= rows_of_isolating(side, policy);
	}
	return rows;
}

static uint64_t rows_of_selector(const struct k8s_selector *selector)
{
	uint64_t rows = 0;

	for (uint32_t i = 0; i < selector->count; i++)
		rows |= bit((enum exercise)(S7_IN + selector->requirements[i].op));
	return rows;
}

static bool names_namespace(const struct k8s_selector *selector)
{
	for (uint32_t i = 0; i < selector->count; i++) {
		if (strcmp(selector->requirements[i].key, "kubernetes.io/metadata.name") == 0)
			return true;
	}
	return false;
}

static uint64_t rows_of_peer(const struct side *side, const struct k8s_peer *peer)
{
	uint64_t rows = 0;

	if (peer->kind == K8S_PEER_BLOCK)
		return bit(S8_BLOCK) | (side->far->pod ? bit(S8_BLOCK_OF_POD) : 0);
	if (peer->has_pod_selector && peer->has_namespace_selector)
		rows |= bit(S6_BOTH);
	else
		rows |= bit(peer->has_pod_selector ? S6_PODS : S6_NAMESPACES);
	if (peer->has_namespace_selector && names_namespace(&peer->namespace_selector))
		rows |= bit(S19);
	return rows | rows_of_selector(&peer->pod_selector) |
	       rows_of_selector(&peer->namespace_selector);
}

static uint64_t rows_of_port(const struct k8s_port *port)
{
	switch ((enum k8s_port_kind)port->kind) {
	case K8S_PORT_ANY:
		return bit(S9_ANY);
	case K8S_PORT_NAME:
		return bit(S9_NAME);
	case K8S_PORT_NUMBER:
		return bit(port->first == port->last ? S9_NUMBER : S9_RANGE);
	}
	return 0;
}

static uint64_t rows_of_cluster_rule(const struct side *side)
{
	const struct k8s_half *half = side->half;
	const struct k8s_cluster_policy *policy = half->cluster_policy;
	const struct k8s_cluster_rule *rule =
		&(side->ingress ? policy->ingress : policy->egress)[half->rule];
	uint64_t rows = bit(half->action == WEIR_ALLOW ? TIER_ACCEPT : TIER_DENY) |
			bit((enum exercise)(TIER_PODS + rule->peers[half->peer].kind));

	if (policy->tier == WEIR_TIER_BASELINE)
		rows |= bit(TIER_BASELINE);
	if (rule->port_count && rule->ports[half->port].kind == K8S_PORT_NAME)
		rows |= bit(TIER_NAMED_PORT);
	if (side->key->flags & WEIR_KEY_HAIRPIN)
		rows |= bit(TIER_HAIRPIN);
	return rows;
}

static uint64_t rows_of_rule(const struct side *side)
{
	const struct k8s_half *half = side->half;
	const struct k8s_rule *rule;
	uint64_t rows;

	if (half->cluster_policy)
		return 0;
	rule = &(side->ingress ? half->policy->ingress : half->policy->egress)[half->rule];
	rows = rows_of_selector(&half->policy->pod_selector);

	if (!rule->peer_count && !rule->port_count)
		return rows | bit(S4_EVERYTHING);
	if (rule->peer_count)
		rows |= rows_of_peer(side, &rule->peers[half->peer]);
	else
		rows |= bit(S5_PEERS);
	if (rule->port_count)
		rows |= rows_of_port(&rule->ports[half->port]);
	else
		rows |= bit(S5_PORTS);
	return rows;
}

static bool is_other_protocol(uint8_t protocol)
{
	return protocol != WEIR_PROTOCOL_TCP && protocol != WEIR_PROTOCOL_UDP &&
	       protocol != WEIR_PROTOCOL_SCTP;
}

static uint64_t rows_of_isolated(const struct side *side)
{
	const struct weir_key *key = side->key;
	uint64_t rows = rows_of_isolation(side);

	if (is_other_protocol(key->protocol))
		rows |= bit(S14);
	if (!weir_address_is_ipv4(&key->source) || !weir_address_is_ipv4(&key->destination))
		rows |= bit(S20);
	if (side->half->cluster_policy)
		return rows | rows_of_cluster_rule(side);
	return side->half->reason == WEIR_REASON_RULE ? rows | rows_of_rule(side) : rows;
}

/* Asked of the policy, since it takes a walk through the tiers. */
static uint64_t rows_of_passing(const struct side *side)
{
	enum { MOST = 64 };
	struct weir_considered considered[MOST];
	size_t count;

	if (!side->subject->cluster->cluster_policies.count)
		return 0;
	count = weir_policy_considered(side->subject->policy, side->key,
				       side->ingress ? WEIR_INGRESS : WEIR_EGRESS, considered,
				       MOST);
	for (size_t i = 0; i < count && i < MOST; i++) {
		if (considered[i].is_certain)
			return considered[i].action == WEIR_RULE_PASS ? bit(TIER_PASS) : 0;
	}
	return 0;
}

static uint64_t rows_of_reason(const struct side *side)
{
	switch ((enum weir_reason)side->half->reason) {
	case WEIR_REASON_NOT_A_POD:
		return 0;
	case WEIR_REASON_HOST_NETWORK:
		return bit(S13);
	case WEIR_REASON_SELF:
		return bit(S11);
	case WEIR_REASON_NEIGHBOUR_DISCOVERY:
		return bit(S14_DISCOVERY);
	case WEIR_REASON_OWN_NODE:
		return bit(S12);
	case WEIR_REASON_RULE:
	case WEIR_REASON_NO_RULE:
		return rows_of_isolated(side);
	case WEIR_REASON_NOT_ISOLATED:
		/* Where protocols are not restricted, isolation is not asked about. */
		if (side->near->pod && !is_other_protocol(side->key->protocol))
			return bit(S1);
		return 0;
	}
	return 0;
}

static uint64_t rows_of_side(const struct side *side)
{
	uint64_t rows = rows_of_reason(side);

	return rows && side->half->reason >= WEIR_REASON_RULE ? rows | rows_of_passing(side) : rows;
}

uint64_t exercised_by(const struct subject *subject, const struct weir_key *key,
		      const struct k8s_judgement *judgement)
{
	struct end source = look_at(subject, key, &key->source);
	struct end destination = look_at(subject, key, &key->destination);
	struct side egress = { subject,           key,  &judgement->egress, &source, &destination,
			       &key->destination, false };
	struct side ingress = { subject,      key, &judgement->ingress, &destination, &source,
				&key->source, true };
	bool is_ambiguous = judgement->verdict.action == WEIR_AMBIGUOUS;
	uint64_t rows = source.rows | destination.rows;

	if (source.is_unknown || destination.is_unknown)
		rows |= bit(is_ambiguous ? S21_AMBIGUOUS : S21_DECIDED);
	if (judgement->verdict.why == WEIR_WHY_DOMAIN_NAME)
		rows |= bit(TIER_DOMAINS);
	if (is_ambiguous)
		return rows;
	if (key->flags & WEIR_KEY_EGRESS)
		rows |= rows_of_side(&egress);
	if (key->flags & WEIR_KEY_INGRESS)
		rows |= rows_of_side(&ingress);
	if (is_isolated(&judgement->egress) && is_isolated(&judgement->ingress))
		rows |= bit(S2);
	return rows;
}

bool exercised_rule_between_isolated(const struct k8s_judgement *judgement)
{
	/* A side that was not asked for has the reason not-isolated. */
	return judgement->verdict.action != WEIR_AMBIGUOUS && is_isolated(&judgement->egress) &&
	       is_isolated(&judgement->ingress) &&
	       (judgement->egress.reason == WEIR_REASON_RULE ||
		judgement->ingress.reason == WEIR_REASON_RULE);
}
