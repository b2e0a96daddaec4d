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
 * connection and the unfavourable one everything that harms it. Something outside may have every
 * domain name that rules allow, or none. Two candidates, one for each end, have a plain verdict,
 * which judge_pair finds. The verdict of the connection is the one that all pairs have in common;
 * when they have none in common it is ambiguous.
 *
 * One side is judged tier by tier: Admin, NetworkPolicy, Baseline. Each tier decides, or leaves it
 * to the next. Of an unknown pod a rule matches certainly, not at all, or perhaps; whether what
 * matches perhaps helps or harms depends on what comes behind it, so the favourable pod is allowed
 * wherever some way through the rules ends with that, and the unfavourable one denied wherever
 * some way does.
 *
 * There is nothing clever here and nothing shared with the resolver or the compiler, which are
 * tested against it.
 */
#include "reference.h"

#include <string.h>

#include "weir/cluster.h"

static const char name_label[] = "kubernetes.io/metadata.name";

struct question {
	const struct weir_cluster *cluster;
	const struct weir_semantics *semantics;
	const struct weir_key *key;
};

static enum k8s_match match_if(bool matches)
{
	return matches ? K8S_MATCH_CERTAIN : K8S_MATCH_NO;
}

static enum k8s_match worse(enum k8s_match a, enum k8s_match b)
{
	return a < b ? a : b;
}

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

static enum k8s_end_kind kind_of(const struct question *question,
				 const struct weir_address *address)
{
	if (next_owner(question->cluster, address, NULL))
		return K8S_END_PODS;
	if (is_address_of_node(question->cluster, NULL, address))
		return K8S_END_NODE;
	if (is_in_a_pod_range(question->cluster, address) &&
	    !(question->key->flags & WEIR_KEY_UNKNOWN_EXTERNAL))
		return K8S_END_UNKNOWN_POD;
	return K8S_END_EXTERNAL;
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
			  const struct k8s_candidate *far)
{
	bool is_pod = far->kind == K8S_END_PODS || far->kind == K8S_END_UNKNOWN_POD;

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

/* NULL where there is no selector. A pod of which nothing is known is perhaps where some pod is,
 * and certainly where every pod is (S21). */
static enum k8s_match selectors_match_unknown(const struct k8s_selector *namespaces,
					      const struct k8s_selector *pods)
{
	if (namespaces && every_namespace_fulfils(namespaces) && (!pods || pods->count == 0))
		return K8S_MATCH_CERTAIN;
	if ((!namespaces || some_namespace_fulfils(namespaces)) &&
	    (!pods || some_pod_fulfils(pods)))
		return K8S_MATCH_PERHAPS;
	return K8S_MATCH_NO;
}

static enum k8s_match peer_matches(const struct question *question,
				   const struct k8s_network_policy *policy,
				   const struct k8s_peer *peer, const struct k8s_candidate *far)
{
	if (peer->kind == K8S_PEER_BLOCK)
		return match_if(block_matches(question, &peer->block, far));
	if (far->kind == K8S_END_PODS)
		return match_if(selectors_match_pod(question->cluster, policy, peer, far->pod));
	if (far->kind == K8S_END_UNKNOWN_POD)
		return selectors_match_unknown(
			peer->has_namespace_selector ? &peer->namespace_selector : NULL,
			peer->has_pod_selector ? &peer->pod_selector : NULL);
	return K8S_MATCH_NO;
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

/* A cluster policy's named port has no protocol: whatever the pod declares the name with. */
static bool is_of_protocol(const struct k8s_port *port, uint8_t protocol)
{
	return port->protocol == protocol || (port->kind == K8S_PORT_NAME && !port->protocol);
}

static enum k8s_match port_matches(const struct weir_key *key, const struct k8s_port *port,
				   const struct k8s_candidate *destination)
{
	if (is_other_protocol(key->protocol) || !is_of_protocol(port, key->protocol))
		return K8S_MATCH_NO;
	switch ((enum k8s_port_kind)port->kind) {
	case K8S_PORT_ANY:
		return K8S_MATCH_CERTAIN;
	case K8S_PORT_NUMBER:
		return match_if(port->first <= key->destination_port &&
				key->destination_port <= port->last);
	case K8S_PORT_NAME:
		if (destination->kind == K8S_END_PODS)
			return match_if(declares(destination->pod, port->name, key->protocol,
						 key->destination_port));
		return destination->kind == K8S_END_UNKNOWN_POD ? K8S_MATCH_PERHAPS : K8S_MATCH_NO;
	}
	return K8S_MATCH_NO;
}

/* One direction of a connection: whose policies are asked, and about whom. */
struct side {
	enum weir_direction direction;
	const struct k8s_candidate *near;
	const struct k8s_candidate *far;
};

/* A rule, whatever the family: what its peers and ports come to. The first entry that matches at
 * least so well is named; WEIR_NONE where a rule has no entries. */

static enum k8s_match match_peers(const struct question *question,
				  const struct k8s_network_policy *policy,
				  const struct k8s_rule *rule, const struct k8s_candidate *far,
				  enum k8s_match least, uint32_t *first)
{
	enum k8s_match best = match_if(rule->peer_count == 0);

	*first = WEIR_NONE;
	for (uint32_t i = 0; i < rule->peer_count; i++) {
		enum k8s_match match = peer_matches(question, policy, &rule->peers[i], far);

		if (match > best)
			best = match;
		if (match >= least && *first == WEIR_NONE)
			*first = i;
	}
	return best;
}

static enum k8s_match match_ports(const struct question *question, const struct k8s_port *ports,
				  uint32_t count, const struct k8s_candidate *destination,
				  enum k8s_match least, uint32_t *first)
{
	enum k8s_match best = match_if(count == 0);

	*first = WEIR_NONE;
	if (is_other_protocol(question->key->protocol) &&
	    question->semantics->other_protocols == WEIR_OTHER_PROTOCOLS_DENY)
		return K8S_MATCH_NO;
	for (uint32_t i = 0; i < count; i++) {
		enum k8s_match match = port_matches(question->key, &ports[i], destination);

		if (match > best)
			best = match;
		if (match >= least && *first == WEIR_NONE)
			*first = i;
	}
	return best;
}

static const struct k8s_candidate *destination_of(const struct side *side)
{
	return side->direction == WEIR_INGRESS ? side->near : side->far;
}

static struct k8s_half half_of(enum weir_action action, enum weir_reason reason)
{
	return (struct k8s_half){ .action = (uint8_t)action,
				  .reason = (uint8_t)reason,
				  .peer = WEIR_NONE,
				  .port = WEIR_NONE };
}

/* NetworkPolicy (S1-S5). */

static bool isolates(const struct k8s_network_policy *policy, enum weir_direction direction)
{
	return direction == WEIR_INGRESS ? policy->isolates_ingress : policy->isolates_egress;
}

static bool selects_pod(const struct k8s_network_policy *policy, const struct k8s_pod *pod)
{
	return same_text(policy->meta.namespace_name, pod->meta.namespace_name) &&
	       selects(&policy->pod_selector, &pod->meta.labels);
}

/* Whether a rule of the policy matches at least so well; fills half with the first that does. */
static bool some_rule_matches(const struct question *question, const struct side *side,
			      const struct k8s_network_policy *policy, enum k8s_match least,
			      struct k8s_half *half)
{
	bool ingress = side->direction == WEIR_INGRESS;
	const struct k8s_rule *rules = ingress ? policy->ingress : policy->egress;
	uint32_t count = ingress ? policy->ingress_count : policy->egress_count;

	for (uint32_t i = 0; i < count; i++) {
		const struct k8s_rule *rule = &rules[i];
		struct k8s_half found = half_of(WEIR_ALLOW, WEIR_REASON_RULE);
		enum k8s_match peers =
			match_peers(question, policy, rule, side->far, least, &found.peer);
		enum k8s_match ports = match_ports(question, rule->ports, rule->port_count,
						   destination_of(side), least, &found.port);

		if (worse(peers, ports) < least)
			continue;
		found.policy = policy;
		found.rule = i;
		*half = found;
		return true;
	}
	return false;
}

/* Where the tier leads, asked about one action: whether it may end with that, or certainly does
 * where only what is certain counts; and whether it may leave the decision to the next tier. */
struct way {
	enum weir_action wanted;
	enum k8s_match least; /* PERHAPS, or CERTAIN */
	struct k8s_half half; /* of what was found */
	bool goes_on;
};

/* The policies that select the pod, in the order of their names. */
static bool network_policies_lead_to(const struct question *question, const struct side *side,
				     struct way *way)
{
	const struct weir_cluster *cluster = question->cluster;
	const struct k8s_network_policy *policies = cluster->network_policies.items;
	bool isolated = false;
	struct k8s_half ignored;

	way->goes_on = false;
	for (size_t i = 0; i < cluster->network_policies.count; i++) {
		if (!isolates(&policies[i], side->direction) ||
		    !selects_pod(&policies[i], side->near->pod))
			continue;
		isolated = true;
		if (way->wanted == WEIR_ALLOW &&
		    some_rule_matches(question, side, &policies[i], way->least, &way->half))
			return true;
		if (some_rule_matches(question, side, &policies[i], K8S_MATCH_CERTAIN, &ignored))
			return false;
	}
	way->goes_on = !isolated;
	if (isolated && way->wanted == WEIR_DENY)
		way->half = half_of(WEIR_DENY, WEIR_REASON_NO_RULE);
	return isolated && way->wanted == WEIR_DENY;
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

/* Whether both select the same in every world. */
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
		    some_rule_matches(question, side, &policies[i], K8S_MATCH_CERTAIN, &ignored))
			return true;
	}
	return false;
}

/* An unknown pod: no policy certainly selects it, so the tier may always leave it to the next
 * (S21). */
static bool network_policies_may_lead_to(const struct question *question, const struct side *side,
					 struct way *way)
{
	const struct k8s_network_policy *policies = question->cluster->network_policies.items;

	way->goes_on = true;
	if (way->least == K8S_MATCH_CERTAIN)
		return false;
	for (size_t i = 0; i < question->cluster->network_policies.count; i++) {
		if (!isolates(&policies[i], side->direction) ||
		    !some_pod_fulfils(&policies[i].pod_selector))
			continue;
		if (way->wanted == WEIR_ALLOW &&
		    some_rule_matches(question, side, &policies[i], K8S_MATCH_PERHAPS, &way->half))
			return true;
		if (way->wanted == WEIR_DENY &&
		    !subjects_are_allowed(question, side, &policies[i])) {
			way->half = half_of(WEIR_DENY, WEIR_REASON_NO_RULE);
			return true;
		}
	}
	return false;
}

/* The tiers before and behind NetworkPolicy. */

static enum k8s_match scope_matches(const struct question *question,
				    const struct k8s_pods_scope *scope,
				    const struct k8s_candidate *end)
{
	if (end->kind == K8S_END_PODS)
		return match_if(
			namespace_is_selected(question->cluster, &scope->namespaces,
					      end->pod->meta.namespace_name) &&
			(!scope->has_pods || selects(&scope->pods, &end->pod->meta.labels)));
	if (end->kind == K8S_END_UNKNOWN_POD)
		return selectors_match_unknown(&scope->namespaces,
					       scope->has_pods ? &scope->pods : NULL);
	return K8S_MATCH_NO;
}

/* A node is its addresses: one that several nodes have is each of them. */
static bool some_node_is_selected(const struct weir_cluster *cluster,
				  const struct k8s_selector *selector,
				  const struct weir_address *address)
{
	const struct k8s_node *nodes = cluster->nodes.items;

	for (size_t i = 0; i < cluster->nodes.count; i++) {
		if (has_address(nodes[i].addresses, nodes[i].address_count, address) &&
		    selects(selector, &nodes[i].meta.labels))
			return true;
	}
	return false;
}

static enum k8s_match cluster_peer_matches(const struct question *question,
					   const struct k8s_cluster_peer *peer,
					   const struct k8s_candidate *far)
{
	switch ((enum k8s_cluster_peer_kind)peer->kind) {
	case K8S_CLUSTER_PEER_PODS:
		return scope_matches(question, &peer->scope, far);
	case K8S_CLUSTER_PEER_NODES:
		return match_if(
			far->kind == K8S_END_NODE &&
			some_node_is_selected(question->cluster, &peer->nodes, far->address));
	case K8S_CLUSTER_PEER_NETWORKS:
		for (uint32_t i = 0; i < peer->network_count; i++) {
			if (is_inside(&peer->networks[i], far->address))
				return K8S_MATCH_CERTAIN;
		}
		return K8S_MATCH_NO;
	case K8S_CLUSTER_PEER_DOMAINS:
		return match_if(far->kind == K8S_END_EXTERNAL && far->has_names);
	}
	return K8S_MATCH_NO;
}

/* How well a rule's peers and ports match, with the first entries that do at least so well. */
static enum k8s_match cluster_rule_matches(const struct question *question, const struct side *side,
					   const struct k8s_cluster_rule *rule,
					   enum k8s_match least, struct k8s_half *half)
{
	enum k8s_match best = K8S_MATCH_NO;
	enum k8s_match ports = match_ports(question, rule->ports, rule->port_count,
					   destination_of(side), least, &half->port);

	half->peer = WEIR_NONE;
	for (uint32_t i = 0; i < rule->peer_count; i++) {
		enum k8s_match match = cluster_peer_matches(question, &rule->peers[i], side->far);

		if (match > best)
			best = match;
		if (match >= least && half->peer == WEIR_NONE)
			half->peer = i;
	}
	return worse(best, ports);
}

static bool same_subject(const struct k8s_pods_scope *a, const struct k8s_pods_scope *b)
{
	static const struct k8s_selector everything;
	const struct k8s_selector *a_pods = a->has_pods ? &a->pods : &everything;
	const struct k8s_selector *b_pods = b->has_pods ? &b->pods : &everything;

	return are_equivalent(&a->namespaces, &b->namespaces) && are_equivalent(a_pods, b_pods);
}

static const struct k8s_cluster_rule *rules_of(const struct k8s_cluster_policy *policy,
					       enum weir_direction direction, uint32_t *count)
{
	*count = direction == WEIR_INGRESS ? policy->ingress_count : policy->egress_count;
	return direction == WEIR_INGRESS ? policy->ingress : policy->egress;
}

/* Whether an unknown pod that the policy selects never gets as far as this rule: an earlier one of
 * the tier with the same subjects certainly matches. */
static bool is_out_of_reach(const struct question *question, const struct side *side,
			    const struct k8s_cluster_policy *policy, uint32_t rule)
{
	const struct k8s_cluster_policy *policies = question->cluster->cluster_policies.items;

	for (const struct k8s_cluster_policy *earlier = policies; earlier <= policy; earlier++) {
		uint32_t count;
		const struct k8s_cluster_rule *rules = rules_of(earlier, side->direction, &count);
		struct k8s_half ignored;

		if (earlier->tier != policy->tier ||
		    !same_subject(&earlier->subject, &policy->subject))
			continue;
		for (uint32_t i = 0; i < count && (earlier != policy || i < rule); i++) {
			if (cluster_rule_matches(question, side, &rules[i], K8S_MATCH_CERTAIN,
						 &ignored) == K8S_MATCH_CERTAIN)
				return true;
		}
	}
	return false;
}

static enum weir_action action_of(const struct k8s_cluster_rule *rule)
{
	return rule->meaning == WEIR_RULE_ALLOW ? WEIR_ALLOW : WEIR_DENY;
}

/* The rules of a tier, by priority, then name, then as written (C39). */
static bool cluster_tier_leads_to(const struct question *question, const struct side *side,
				  enum weir_tier tier, struct way *way)
{
	const struct k8s_cluster_policy *policies = question->cluster->cluster_policies.items;
	bool may_pass = false;

	for (size_t i = 0; i < question->cluster->cluster_policies.count; i++) {
		const struct k8s_cluster_policy *policy = &policies[i];
		enum k8s_match subject = scope_matches(question, &policy->subject, side->near);
		uint32_t count;
		const struct k8s_cluster_rule *rules = rules_of(policy, side->direction, &count);

		for (uint32_t j = 0; j < count && policy->tier == tier; j++) {
			struct k8s_half half = half_of(action_of(&rules[j]), WEIR_REASON_RULE);
			enum k8s_match match =
				worse(subject, cluster_rule_matches(question, side, &rules[j],
								    way->least, &half));

			if (match == K8S_MATCH_NO || (side->near->kind == K8S_END_UNKNOWN_POD &&
						      is_out_of_reach(question, side, policy, j)))
				continue;
			if (rules[j].meaning == WEIR_RULE_PASS) {
				may_pass = true;
			} else if (half.action == way->wanted && match >= way->least) {
				half.cluster_policy = policy;
				half.rule = j;
				way->half = half;
				return true;
			}
			if (match == K8S_MATCH_CERTAIN) {
				way->goes_on = may_pass;
				return false;
			}
		}
	}
	way->goes_on = true;
	return false;
}

static bool tier_leads_to(const struct question *question, const struct side *side,
			  enum weir_tier tier, struct way *way)
{
	if (tier != WEIR_TIER_NETWORK_POLICY)
		return cluster_tier_leads_to(question, side, tier, way);
	if (side->near->kind == K8S_END_UNKNOWN_POD)
		return network_policies_may_lead_to(question, side, way);
	return network_policies_lead_to(question, side, way);
}

/* Whether the tiers together lead to an action; behind all of them everything is allowed. */
static bool tiers_lead_to(const struct question *question, const struct side *side, struct way *way)
{
	for (unsigned tier = 0; tier < WEIR_TIERS; tier++) {
		if (tier_leads_to(question, side, (enum weir_tier)tier, way))
			return true;
		if (!way->goes_on)
			return false;
	}
	way->half = half_of(WEIR_ALLOW, WEIR_REASON_NOT_ISOLATED);
	return way->wanted == WEIR_ALLOW;
}

/* What the favourable end would rather have is tried first: then what is left is certain. Where
 * everything is known both ways are the same. */
static struct k8s_half judge_by_rules(const struct question *question, const struct side *side)
{
	bool favourable = side->near->favourable || side->far->favourable;
	struct way way = { .wanted = favourable ? WEIR_ALLOW : WEIR_DENY,
			   .least = K8S_MATCH_PERHAPS };

	if (!tiers_lead_to(question, side, &way)) {
		way.wanted = favourable ? WEIR_DENY : WEIR_ALLOW;
		way.least = K8S_MATCH_CERTAIN;
		tiers_lead_to(question, side, &way);
	}
	if (side->near->kind == K8S_END_UNKNOWN_POD && way.half.action == WEIR_ALLOW)
		return half_of(WEIR_ALLOW, WEIR_REASON_NOT_ISOLATED);
	return way.half;
}

static bool is_isolated(const struct question *question, const struct side *side)
{
	const struct k8s_network_policy *policies = question->cluster->network_policies.items;

	for (size_t i = 0; i < question->cluster->network_policies.count; i++) {
		if (isolates(&policies[i], side->direction) &&
		    selects_pod(&policies[i], side->near->pod))
			return true;
	}
	return false;
}

/* A pod that reaches itself through a service: a pod that NetworkPolicy isolates is allowed that;
 * the tiers around it are asked like of any other connection (S11). */
static struct k8s_half judge_hairpin(const struct question *question, const struct side *side)
{
	struct way allow = { .wanted = WEIR_ALLOW, .least = K8S_MATCH_CERTAIN };
	struct way deny = { .wanted = WEIR_DENY, .least = K8S_MATCH_CERTAIN };

	for (unsigned tier = 0; tier < WEIR_TIERS; tier++) {
		if (side->near->kind != K8S_END_PODS || is_other_protocol(question->key->protocol))
			break;
		if (tier == WEIR_TIER_NETWORK_POLICY && is_isolated(question, side))
			break;
		if (tier == WEIR_TIER_NETWORK_POLICY)
			continue;
		if (cluster_tier_leads_to(question, side, (enum weir_tier)tier, &allow))
			return allow.half;
		if (cluster_tier_leads_to(question, side, (enum weir_tier)tier, &deny))
			return deny.half;
	}
	return half_of(WEIR_ALLOW, WEIR_REASON_SELF);
}

/* A pod and the node that it runs on (S12). */
static bool is_own_node(const struct question *question, const struct side *side)
{
	if (side->far->kind != K8S_END_NODE)
		return false;
	if (side->direction == WEIR_EGRESS && question->semantics->own_node == WEIR_OWN_NODE_POLICY)
		return false;
	if (side->near->kind == K8S_END_UNKNOWN_POD)
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
	if (side->near->kind == K8S_END_EXTERNAL)
		return half_of(WEIR_ALLOW, WEIR_REASON_NOT_A_POD);
	if (side->near->kind == K8S_END_NODE)
		return half_of(WEIR_ALLOW, WEIR_REASON_HOST_NETWORK);
	if (weir_address_equal(side->near->address, side->far->address))
		return question->key->flags & WEIR_KEY_HAIRPIN
			       ? judge_hairpin(question, side)
			       : half_of(WEIR_ALLOW, WEIR_REASON_SELF);
	if (is_neighbour_discovery(question->key))
		return half_of(WEIR_ALLOW, WEIR_REASON_NEIGHBOUR_DISCOVERY);
	if (is_own_node(question, side))
		return half_of(WEIR_ALLOW, WEIR_REASON_OWN_NODE);
	if (is_other_protocol(question->key->protocol) &&
	    question->semantics->other_protocols == WEIR_OTHER_PROTOCOLS_ALLOW)
		return half_of(WEIR_ALLOW, WEIR_REASON_NOT_ISOLATED);
	return judge_by_rules(question, side);
}

/* Both sides of a connection between two candidates (S2): never ambiguous. */
static void judge_as_named(const struct question *question, const struct k8s_candidate *source,
			   const struct k8s_candidate *destination, struct k8s_judgement *out)
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

/* Whether something outside has the names that rules allow is not known: ambiguous where the
 * verdict hangs on that, and explained by what holds without them. */
static void judge_pair(const struct question *question, const struct k8s_candidate *source,
		       const struct k8s_candidate *destination, struct k8s_judgement *out)
{
	struct k8s_candidate named = *destination;
	struct k8s_judgement with_names;

	judge_as_named(question, source, destination, out);
	if (destination->kind != K8S_END_EXTERNAL)
		return;
	named.has_names = true;
	judge_as_named(question, source, &named, &with_names);
	if (with_names.verdict.action != out->verdict.action)
		out->verdict = (struct weir_verdict){ WEIR_AMBIGUOUS, WEIR_WHY_DOMAIN_NAME };
}

/* The first candidate of an end; favourable is which extreme of an unknown pod is meant. */
static struct k8s_candidate first_candidate(const struct question *question,
					    const struct weir_address *address, bool favourable)
{
	return (struct k8s_candidate){
		.kind = kind_of(question, address),
		.address = address,
		.pod = next_owner(question->cluster, address, NULL),
		.favourable = favourable,
	};
}

static bool advance(const struct question *question, struct k8s_candidate *candidate)
{
	if (candidate->kind != K8S_END_PODS)
		return false;
	candidate->pod = next_owner(question->cluster, candidate->address, candidate->pod);
	return candidate->pod != NULL;
}

/* Every pair of candidates, the source outermost (S17): the first pair's judgement when all have
 * its verdict, else ambiguous. */
static void judge_all(const struct question *question, bool favourable, struct k8s_judgement *out)
{
	struct k8s_candidate source = first_candidate(question, &question->key->source, favourable);
	bool is_first = true;

	do {
		struct k8s_candidate destination =
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

static bool same_verdict(struct weir_verdict a, struct weir_verdict b)
{
	return a.action == b.action && a.why == b.why;
}

/* An unknown pod leaves a verdict only where both its extremes agree on it (S21). What is allowed
 * is explained by the unfavourable extreme, what is denied by the favourable one: the explanation
 * that holds for every pod it may be. */
static void judge_extremes(const struct question *question, struct k8s_judgement *out)
{
	struct k8s_judgement favourable, unfavourable;

	judge_all(question, true, &favourable);
	judge_all(question, false, &unfavourable);
	*out = favourable.verdict.action == WEIR_ALLOW ? unfavourable : favourable;
	if (!same_verdict(favourable.verdict, unfavourable.verdict) ||
	    favourable.verdict.why == WEIR_WHY_SHARED_ADDRESS)
		out->verdict = (struct weir_verdict){ WEIR_AMBIGUOUS, WEIR_WHY_UNKNOWN_POD };
}

void k8s_reference_judge(const struct weir_cluster *cluster, const struct weir_semantics *semantics,
			 const struct weir_key *key, struct k8s_judgement *out)
{
	struct question question = { cluster, semantics, key };

	if (kind_of(&question, &key->source) == K8S_END_UNKNOWN_POD ||
	    kind_of(&question, &key->destination) == K8S_END_UNKNOWN_POD)
		judge_extremes(&question, out);
	else
		judge_all(&question, false, out);
}

void weir_cluster_judge(const struct weir_cluster *cluster, const struct weir_semantics *semantics,
			const struct weir_key *key, struct weir_verdict *out)
{
	struct k8s_judgement judgement;

	k8s_reference_judge(cluster, semantics, key, &judgement);
	*out = judgement.verdict;
}

/* The predicates, one by one. */

bool k8s_reference_claims(const struct k8s_pod *pod, const struct weir_address *address)
{
	return claims(pod, address);
}

bool k8s_reference_in_pod_range(const struct weir_cluster *cluster,
				const struct weir_address *address)
{
	return is_in_a_pod_range(cluster, address);
}

bool k8s_reference_is_other_protocol(const struct weir_key *key)
{
	return is_other_protocol(key->protocol);
}

bool k8s_reference_is_neighbour_discovery(const struct weir_key *key)
{
	return is_neighbour_discovery(key);
}

enum k8s_match k8s_reference_selects(const struct k8s_network_policy *policy,
				     const struct k8s_candidate *near)
{
	if (near->kind == K8S_END_PODS)
		return match_if(selects_pod(policy, near->pod));
	if (near->kind == K8S_END_UNKNOWN_POD && some_pod_fulfils(&policy->pod_selector))
		return K8S_MATCH_PERHAPS;
	return K8S_MATCH_NO;
}

enum k8s_match k8s_reference_scope(const struct weir_cluster *cluster,
				   const struct k8s_pods_scope *scope,
				   const struct k8s_candidate *end)
{
	struct question question = { .cluster = cluster };

	return scope_matches(&question, scope, end);
}

enum k8s_match k8s_reference_peer(const struct weir_cluster *cluster,
				  const struct weir_semantics *semantics,
				  const struct k8s_network_policy *policy,
				  const struct k8s_peer *peer, const struct k8s_candidate *far)
{
	struct question question = { cluster, semantics, NULL };

	return peer_matches(&question, policy, peer, far);
}

enum k8s_match k8s_reference_cluster_peer(const struct weir_cluster *cluster,
					  const struct k8s_cluster_peer *peer,
					  const struct k8s_candidate *far)
{
	struct question question = { .cluster = cluster };

	return cluster_peer_matches(&question, peer, far);
}

enum k8s_match k8s_reference_port(const struct weir_key *key, const struct k8s_port *port,
				  const struct k8s_candidate *destination)
{
	return port_matches(key, port, destination);
}

bool k8s_reference_same_subjects(const struct k8s_network_policy *a,
				 const struct k8s_network_policy *b)
{
	return same_text(a->meta.namespace_name, b->meta.namespace_name) &&
	       are_equivalent(&a->pod_selector, &b->pod_selector);
}

bool k8s_reference_same_scope(const struct k8s_pods_scope *a, const struct k8s_pods_scope *b)
{
	return same_subject(a, b);
}
