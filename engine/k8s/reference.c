/*
 * The specification read aloud; docs/semantics.md says the same in words, row by row.
 *
 * Each end of a connection is an address, and the address says what the end is:
 *
 *	owned by pods         those of the highest rank that claim it (S17)
 *	a node's              it and the pods on its network (S13)
 *	in a range of pods    a pod that nobody knows (S21)
 *	anything else         outside the cluster
 *
 * An end is then a list of candidates: usually one; several pods that share an address; or, for
 * an unknown pod, its two extremes, of which the favourable one is everything that helps the
 * connection and the unfavourable one everything that harms it. Two candidates, one for each
 * end, have a plain verdict, which judge_pair finds. The verdict of the connection is the one
 * that all pairs have in common; when they have none in common it is ambiguous.
 *
 * There is nothing clever here and nothing shared with the resolver or the compiler, which are
 * tested against it.
 */
#include "reference.h"

#include <string.h>

static const char name_label[] = "kubernetes.io/metadata.name";

enum end_kind {
	END_EXTERNAL,
	END_NODE,
	END_PODS,
	END_UNKNOWN_POD,
};

struct question {
	const struct weir_cluster *cluster;
	const struct weir_semantics *semantics;
	const struct weir_key *key;
};

/* What an end may be. */
struct candidate {
	enum end_kind kind;
	const struct weir_address *address;
	const struct k8s_pod *pod; /* of END_PODS */
	bool favourable;           /* of END_UNKNOWN_POD */
};

static bool same_text(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static bool has_address(const struct weir_address *addresses, uint32_t count,
			const struct weir_address *address)
{
	for (uint32_t i = 0; i < count; i++) {
		if (weir_address_equal(&addresses[i], address))
			return true;
	}
	return false;
}

/* A prefix of one family holds no address of the other, however short it is (S20): ::/0 is every
 * IPv6 address and no IPv4 one. */
static bool is_inside(const struct weir_prefix *prefix, const struct weir_address *address)
{
	return weir_prefix_is_ipv4(prefix) == weir_address_is_ipv4(address) &&
	       weir_prefix_contains(prefix, address);
}

/* Who an address belongs to. */

static const struct k8s_pod *pod_at(const struct weir_cluster *cluster, size_t i)
{
	return (const struct k8s_pod *)cluster->pods.items + i;
}

/* Finished pods own no address (S17); pods on their node's network use the node's (S13). */
static bool claims(const struct k8s_pod *pod, const struct weir_address *address)
{
	return !pod->host_network && pod->phase != K8S_FINISHED &&
	       has_address(pod->addresses, pod->address_count, address);
}

static bool claimed_by_a_running_pod(const struct weir_cluster *cluster,
				     const struct weir_address *address)
{
	for (size_t i = 0; i < cluster->pods.count; i++) {
		if (pod_at(cluster, i)->phase == K8S_RUNNING && claims(pod_at(cluster, i), address))
			return true;
	}
	return false;
}

/* Running pods own before pending ones (S17). */
static bool owns(const struct weir_cluster *cluster, const struct k8s_pod *pod,
		 const struct weir_address *address)
{
	return claims(pod, address) &&
	       (pod->phase == K8S_RUNNING || !claimed_by_a_running_pod(cluster, address));
}

/* The owner behind previous, by (namespace, name); the first when previous is NULL. */
static const struct k8s_pod *next_owner(const struct weir_cluster *cluster,
					const struct weir_address *address,
					const struct k8s_pod *previous)
{
	size_t i = previous ? (size_t)(previous - pod_at(cluster, 0)) + 1 : 0;

	for (; i < cluster->pods.count; i++) {
		if (owns(cluster, pod_at(cluster, i), address))
			return pod_at(cluster, i);
	}
	return NULL;
}

/* What a node's addresses are was settled when the objects were read (T17); those of a node that
 * says none are its pods' hostIPs. A node's name that is NULL means any node. */
static bool is_address_of_node(const struct weir_cluster *cluster, const char *node_name,
			       const struct weir_address *address)
{
	const struct k8s_node *nodes = cluster->nodes.items;

	for (size_t i = 0; i < cluster->nodes.count; i++) {
		if ((!node_name || same_text(nodes[i].meta.name, node_name)) &&
		    has_address(nodes[i].addresses, nodes[i].address_count, address))
			return true;
	}
	return false;
}

static bool is_in_a_pod_range(const struct weir_cluster *cluster,
			      const struct weir_address *address)
{
	for (uint32_t i = 0; i < cluster->pod_range_count; i++) {
		if (is_inside(&cluster->pod_ranges[i], address))
			return true;
	}
	return false;
}

static enum end_kind kind_of(const struct question *question, const struct weir_address *address)
{
	if (next_owner(question->cluster, address, NULL))
		return END_PODS;
	if (is_address_of_node(question->cluster, NULL, address))
		return END_NODE;
	if (is_in_a_pod_range(question->cluster, address) &&
	    !(question->key->flags & WEIR_KEY_UNKNOWN_EXTERNAL))
		return END_UNKNOWN_POD;
	return END_EXTERNAL;
}

/* Selectors (S6, S7). */

static const char *label_value(const struct k8s_labels *labels, const char *key)
{
	for (uint32_t i = 0; i < labels->count; i++) {
		if (same_text(labels->items[i].key, key))
			return labels->items[i].value;
	}
	return NULL;
}

static bool lists_value(const struct k8s_requirement *requirement, const char *value)
{
	for (uint32_t i = 0; i < requirement->value_count; i++) {
		if (same_text(requirement->values[i], value))
			return true;
	}
	return false;
}

/* value is NULL where the label is missing. */
static bool fulfils(const struct k8s_requirement *requirement, const char *value)
{
	switch ((enum k8s_operator)requirement->op) {
	case K8S_IN:
		return value && lists_value(requirement, value);
	case K8S_NOT_IN:
		return !value || !lists_value(requirement, value);
	case K8S_EXISTS:
		return value;
	case K8S_DOES_NOT_EXIST:
		return !value;
	}
	return false;
}

static bool selects(const struct k8s_selector *selector, const struct k8s_labels *labels)
{
	for (uint32_t i = 0; i < selector->count; i++) {
		const struct k8s_requirement *requirement = &selector->requirements[i];

		if (!fulfils(requirement, label_value(labels, requirement->key)))
			return false;
	}
	return true;
}

/* Whether everything that the selector says of this key holds for a label of this value. */
static bool key_may_be(const struct k8s_selector *selector, const char *key, const char *value)
{
	for (uint32_t i = 0; i < selector->count; i++) {
		if (same_text(selector->requirements[i].key, key) &&
		    !fulfils(&selector->requirements[i], value))
			return false;
	}
	return true;
}

/* No label value is this, so no requirement lists it: it stands for all values that are not
 * listed. */
static const char unlisted_value[] = "\001";

static bool key_is_satisfiable(const struct k8s_selector *selector, const char *key,
			       bool may_be_missing)
{
	if (may_be_missing && key_may_be(selector, key, NULL))
		return true;
	if (key_may_be(selector, key, unlisted_value))
		return true;
	for (uint32_t i = 0; i < selector->count; i++) {
		const struct k8s_requirement *requirement = &selector->requirements[i];

		for (uint32_t j = 0; j < requirement->value_count; j++) {
			if (key_may_be(selector, key, requirement->values[j]))
				return true;
		}
	}
	return false;
}

/* Whether some pod could be selected. */
static bool some_pod_fulfils(const struct k8s_selector *selector)
{
	for (uint32_t i = 0; i < selector->count; i++) {
		if (!key_is_satisfiable(selector, selector->requirements[i].key, true))
			return false;
	}
	return true;
}

/* Whether some namespace could be selected: each has the label with its name (S19). */
static bool some_namespace_fulfils(const struct k8s_selector *selector)
{
	for (uint32_t i = 0; i < selector->count; i++) {
		const char *key = selector->requirements[i].key;

		if (!key_is_satisfiable(selector, key, !same_text(key, name_label)))
			return false;
	}
	return true;
}

/* Whether every namespace is selected, whatever its labels. */
static bool every_namespace_fulfils(const struct k8s_selector *selector)
{
	for (uint32_t i = 0; i < selector->count; i++) {
		if (!same_text(selector->requirements[i].key, name_label) ||
		    selector->requirements[i].op != K8S_EXISTS)
			return false;
	}
	return true;
}

static bool namespace_is_selected(const struct weir_cluster *cluster,
				  const struct k8s_selector *selector, const char *name)
{
	const struct k8s_namespace *namespaces = cluster->namespaces.items;

	for (size_t i = 0; i < cluster->namespaces.count; i++) {
		if (same_text(namespaces[i].meta.name, name))
			return selects(selector, &namespaces[i].meta.labels);
	}
	return false;
}

/* Peers (S5, S6, S8). */

static bool block_matches(const struct question *question, const struct k8s_block *block,
			  const struct candidate *far)
{
	bool is_pod = far->kind == END_PODS || far->kind == END_UNKNOWN_POD;

	if (is_pod && question->semantics->ipblock_pods == WEIR_IPBLOCK_PODS_IGNORE)
		return false;
	if (!is_inside(&block->prefix, far->address))
		return false;
	for (uint32_t i = 0; i < block->except_count; i++) {
		if (is_inside(&block->except[i], far->address))
			return false;
	}
	return true;
}

static bool selectors_match_pod(const struct weir_cluster *cluster,
				const struct k8s_network_policy *policy,
				const struct k8s_peer *peer, const struct k8s_pod *pod)
{
	const char *pod_namespace = pod->meta.namespace_name;

	if (peer->has_namespace_selector &&
	    !namespace_is_selected(cluster, &peer->namespace_selector, pod_namespace))
		return false;
	if (!peer->has_namespace_selector && !same_text(pod_namespace, policy->meta.namespace_name))
		return false;
	return !peer->has_pod_selector || selects(&peer->pod_selector, &pod->meta.labels);
}

/* The favourable pod has whatever labels some pod can have; the unfavourable one is only where
 * every pod is (S21). */
static bool selectors_match_unknown(const struct k8s_peer *peer, bool favourable)
{
	if (favourable)
		return (!peer->has_namespace_selector ||
			some_namespace_fulfils(&peer->namespace_selector)) &&
		       (!peer->has_pod_selector || some_pod_fulfils(&peer->pod_selector));
	return peer->has_namespace_selector && every_namespace_fulfils(&peer->namespace_selector) &&
	       (!peer->has_pod_selector || peer->pod_selector.count == 0);
}

static bool peer_matches(const struct question *question, const struct k8s_network_policy *policy,
			 const struct k8s_peer *peer, const struct candidate *far)
{
	if (peer->kind == K8S_PEER_BLOCK)
		return block_matches(question, &peer->block, far);
	if (far->kind == END_PODS)
		return selectors_match_pod(question->cluster, policy, peer, far->pod);
	if (far->kind == END_UNKNOWN_POD)
		return selectors_match_unknown(peer, far->favourable);
	return false;
}

/* Ports (S9, S14). */

static bool is_other_protocol(uint8_t protocol)
{
	return protocol != WEIR_PROTOCOL_TCP && protocol != WEIR_PROTOCOL_UDP &&
	       protocol != WEIR_PROTOCOL_SCTP;
}

static bool declares(const struct k8s_pod *pod, const char *name, uint8_t protocol, uint16_t number)
{
	for (uint32_t i = 0; i < pod->port_count; i++) {
		const struct k8s_container_port *port = &pod->ports[i];

		if (port->name && same_text(port->name, name) && port->protocol == protocol &&
		    port->number == number)
			return true;
	}
	return false;
}

static bool port_matches(const struct weir_key *key, const struct k8s_port *port,
			 const struct candidate *destination)
{
	if (port->protocol != key->protocol)
		return false;
	switch ((enum k8s_port_kind)port->kind) {
	case K8S_PORT_ANY:
		return true;
	case K8S_PORT_NUMBER:
		return port->first <= key->destination_port && key->destination_port <= port->last;
	case K8S_PORT_NAME:
		if (destination->kind == END_PODS)
			return declares(destination->pod, port->name, key->protocol,
					key->destination_port);
		return destination->kind == END_UNKNOWN_POD && destination->favourable;
	}
	return false;
}

/* Rules: the first peer and the first port that match, or WEIR_NONE where a rule has none. */

static bool finds_peer(const struct question *question, const struct k8s_network_policy *policy,
		       const struct k8s_rule *rule, const struct candidate *far, uint32_t *peer)
{
	*peer = WEIR_NONE;
	if (rule->peer_count == 0)
		return true;
	for (uint32_t i = 0; i < rule->peer_count; i++) {
		if (peer_matches(question, policy, &rule->peers[i], far)) {
			*peer = i;
			return true;
		}
	}
	return false;
}

static bool finds_port(const struct question *question, const struct k8s_rule *rule,
		       const struct candidate *destination, uint32_t *port)
{
	*port = WEIR_NONE;
	if (rule->port_count == 0)
		return true;
	for (uint32_t i = 0; i < rule->port_count; i++) {
		if (port_matches(question->key, &rule->ports[i], destination)) {
			*port = i;
			return true;
		}
	}
	return false;
}

/* One direction of a connection: whose policies are asked, and about whom. */
struct side {
	enum weir_direction direction;
	const struct candidate *near;
	const struct candidate *far;
};

static bool isolates(const struct k8s_network_policy *policy, enum weir_direction direction)
{
	return direction == WEIR_INGRESS ? policy->isolates_ingress : policy->isolates_egress;
}

/* Fills half when a rule of the policy matches. */
static bool some_rule_matches(const struct question *question, const struct side *side,
			      const struct k8s_network_policy *policy, struct k8s_half *half)
{
	bool ingress = side->direction == WEIR_INGRESS;
	const struct k8s_rule *rules = ingress ? policy->ingress : policy->egress;
	uint32_t count = ingress ? policy->ingress_count : policy->egress_count;
	const struct candidate *destination = ingress ? side->near : side->far;
	uint32_t peer, port;

	if (is_other_protocol(question->key->protocol) &&
	    question->semantics->other_protocols == WEIR_OTHER_PROTOCOLS_DENY)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		if (finds_peer(question, policy, &rules[i], side->far, &peer) &&
		    finds_port(question, &rules[i], destination, &port)) {
			*half = (struct k8s_half){ WEIR_ALLOW, WEIR_REASON_RULE, policy, i, peer,
						   port };
			return true;
		}
	}
	return false;
}

static struct k8s_half half_of(enum weir_action action, enum weir_reason reason)
{
	return (struct k8s_half){ .action = (uint8_t)action,
				  .reason = (uint8_t)reason,
				  .peer = WEIR_NONE,
				  .port = WEIR_NONE };
}

/* The policies that select the pod, in the order of their names (S1-S5). */
static struct k8s_half judge_pod(const struct question *question, const struct side *side)
{
	const struct weir_cluster *cluster = question->cluster;
	const struct k8s_network_policy *policies = cluster->network_policies.items;
	const struct k8s_meta *pod = &side->near->pod->meta;
	bool isolated = false;
	struct k8s_half half;

	for (size_t i = 0; i < cluster->network_policies.count; i++) {
		const struct k8s_network_policy *policy = &policies[i];

		if (!isolates(policy, side->direction) ||
		    !same_text(policy->meta.namespace_name, pod->namespace_name) ||
		    !selects(&policy->pod_selector, &pod->labels))
			continue;
		isolated = true;
		if (some_rule_matches(question, side, policy, &half))
			return half;
	}
	return isolated ? half_of(WEIR_DENY, WEIR_REASON_NO_RULE)
			: half_of(WEIR_ALLOW, WEIR_REASON_NOT_ISOLATED);
}

/* Whether both selectors say the same of a key, whatever its value. */
static bool agree_on_key(const struct k8s_selector *a, const struct k8s_selector *b,
			 const struct k8s_selector *values_of, const char *key)
{
	if (key_may_be(a, key, NULL) != key_may_be(b, key, NULL) ||
	    key_may_be(a, key, unlisted_value) != key_may_be(b, key, unlisted_value))
		return false;
	for (uint32_t i = 0; i < values_of->count; i++) {
		const struct k8s_requirement *requirement = &values_of->requirements[i];

		for (uint32_t j = 0; j < requirement->value_count; j++) {
			const char *value = requirement->values[j];

			if (key_may_be(a, key, value) != key_may_be(b, key, value))
				return false;
		}
	}
	return true;
}

/* Whether both select the same pods in every world. */
static bool are_equivalent(const struct k8s_selector *a, const struct k8s_selector *b)
{
	const struct k8s_selector *both[] = { a, b };

	for (size_t i = 0; i < 2; i++) {
		for (uint32_t j = 0; j < both[i]->count; j++) {
			const char *key = both[i]->requirements[j].key;

			if (!agree_on_key(a, b, a, key) || !agree_on_key(a, b, b, key))
				return false;
		}
	}
	return true;
}

/* Whether a pod of which nothing is known but that this policy selects it is allowed: by this
 * policy, or by one with the same subjects, which selects it as well. */
static bool subjects_are_allowed(const struct question *question, const struct side *side,
				 const struct k8s_network_policy *policy)
{
	const struct k8s_network_policy *policies = question->cluster->network_policies.items;
	struct k8s_half ignored;

	for (size_t i = 0; i < question->cluster->network_policies.count; i++) {
		if (isolates(&policies[i], side->direction) &&
		    same_text(policies[i].meta.namespace_name, policy->meta.namespace_name) &&
		    are_equivalent(&policies[i].pod_selector, &policy->pod_selector) &&
		    some_rule_matches(question, side, &policies[i], &ignored))
			return true;
	}
	return false;
}

/* The favourable pod is selected by nothing; the unfavourable one by whatever could select a pod
 * and does not allow it (S21). */
static struct k8s_half judge_unknown_pod(const struct question *question, const struct side *side)
{
	const struct k8s_network_policy *policies = question->cluster->network_policies.items;
	size_t count = question->cluster->network_policies.count;

	for (size_t i = 0; i < count && !side->near->favourable; i++) {
		if (isolates(&policies[i], side->direction) &&
		    some_pod_fulfils(&policies[i].pod_selector) &&
		    !subjects_are_allowed(question, side, &policies[i]))
			return half_of(WEIR_DENY, WEIR_REASON_NO_RULE);
	}
	return half_of(WEIR_ALLOW, WEIR_REASON_NOT_ISOLATED);
}

/* A pod and the node that it runs on (S12). */
static bool is_own_node(const struct question *question, const struct side *side)
{
	if (side->far->kind != END_NODE)
		return false;
	if (side->direction == WEIR_EGRESS && question->semantics->own_node == WEIR_OWN_NODE_POLICY)
		return false;
	if (side->near->kind == END_UNKNOWN_POD)
		return side->near->favourable;
	return side->near->pod->node_name &&
	       is_address_of_node(question->cluster, side->near->pod->node_name,
				  side->far->address);
}

/* ICMPv6 router and neighbour solicitation and advertisement, and redirect (RFC 4861). */
static bool is_neighbour_discovery(const struct weir_key *key)
{
	return key->protocol == WEIR_PROTOCOL_ICMPV6 && key->icmp_type >= 133 &&
	       key->icmp_type <= 137;
}

/* The reasons in the contract's order; the first that applies. */
static struct k8s_half judge_side(const struct question *question, const struct side *side)
{
	if (side->near->kind == END_EXTERNAL)
		return half_of(WEIR_ALLOW, WEIR_REASON_NOT_A_POD);
	if (side->near->kind == END_NODE)
		return half_of(WEIR_ALLOW, WEIR_REASON_HOST_NETWORK);
	if (weir_address_equal(side->near->address, side->far->address))
		return half_of(WEIR_ALLOW, WEIR_REASON_SELF);
	if (is_neighbour_discovery(question->key))
		return half_of(WEIR_ALLOW, WEIR_REASON_NEIGHBOUR_DISCOVERY);
	if (is_own_node(question, side))
		return half_of(WEIR_ALLOW, WEIR_REASON_OWN_NODE);
	if (is_other_protocol(question->key->protocol) &&
	    question->semantics->other_protocols == WEIR_OTHER_PROTOCOLS_ALLOW)
		return half_of(WEIR_ALLOW, WEIR_REASON_NOT_ISOLATED);
	if (side->near->kind == END_UNKNOWN_POD)
		return judge_unknown_pod(question, side);
	return judge_pod(question, side);
}

/* Both sides of a connection between two candidates (S2): never ambiguous. */
static void judge_pair(const struct question *question, const struct candidate *source,
		       const struct candidate *destination, struct k8s_judgement *out)
{
	struct side egress = { WEIR_EGRESS, source, destination };
	struct side ingress = { WEIR_INGRESS, destination, source };
	bool allowed;

	out->egress = half_of(WEIR_ALLOW, WEIR_REASON_NOT_ISOLATED);
	out->ingress = half_of(WEIR_ALLOW, WEIR_REASON_NOT_ISOLATED);
	if (question->key->flags & WEIR_KEY_EGRESS)
		out->egress = judge_side(question, &egress);
	if (question->key->flags & WEIR_KEY_INGRESS)
		out->ingress = judge_side(question, &ingress);
	allowed = out->egress.action == WEIR_ALLOW && out->ingress.action == WEIR_ALLOW;
	out->verdict.action = allowed ? WEIR_ALLOW : WEIR_DENY;
	out->verdict.why = WEIR_WHY_NONE;
}

/* The first candidate of an end; favourable is which extreme of an unknown pod is meant. */
static struct candidate first_candidate(const struct question *question,
					const struct weir_address *address, bool favourable)
{
	return (struct candidate){
		.kind = kind_of(question, address),
		.address = address,
		.pod = next_owner(question->cluster, address, NULL),
		.favourable = favourable,
	};
}

static bool advance(const struct question *question, struct candidate *candidate)
{
	if (candidate->kind != END_PODS)
		return false;
	candidate->pod = next_owner(question->cluster, candidate->address, candidate->pod);
	return candidate->pod != NULL;
}

/* Every pair of candidates, the source outermost (S17): the first pair's judgement when all have
 * its verdict, else ambiguous. */
static void judge_all(const struct question *question, bool favourable, struct k8s_judgement *out)
{
	struct candidate source = first_candidate(question, &question->key->source, favourable);
	bool is_first = true;

	do {
		struct candidate destination =
			first_candidate(question, &question->key->destination, favourable);

		do {
			struct k8s_judgement pair;

			judge_pair(question, &source, &destination, &pair);
			if (is_first)
				*out = pair;
			else if (pair.verdict.action != out->verdict.action)
				out->verdict = (struct weir_verdict){ WEIR_AMBIGUOUS,
								      WEIR_WHY_SHARED_ADDRESS };
			is_first = false;
		} while (advance(question, &destination));
	} while (advance(question, &source));
}

/* An unknown pod leaves a verdict only where both its extremes agree on it (S21). What is allowed
 * is explained by the unfavourable extreme, what is denied by the favourable one: the explanation
 * that holds for every pod it may be. */
static void judge_extremes(const struct question *question, struct k8s_judgement *out)
{
	struct k8s_judgement favourable, unfavourable;

	judge_all(question, true, &favourable);
	judge_all(question, false, &unfavourable);
	if (unfavourable.verdict.action == WEIR_ALLOW && favourable.verdict.action == WEIR_ALLOW) {
		*out = unfavourable;
		return;
	}
	*out = favourable;
	if (unfavourable.verdict.action != WEIR_DENY || favourable.verdict.action != WEIR_DENY)
		out->verdict = (struct weir_verdict){ WEIR_AMBIGUOUS, WEIR_WHY_UNKNOWN_POD };
}

void k8s_reference_judge(const struct weir_cluster *cluster, const struct weir_semantics *semantics,
			 const struct weir_key *key, struct k8s_judgement *out)
{
	struct question question = { cluster, semantics, key };

	if (kind_of(&question, &key->source) == END_UNKNOWN_POD ||
	    kind_of(&question, &key->destination) == END_UNKNOWN_POD)
		judge_extremes(&question, out);
	else
		judge_all(&question, false, out);
}
