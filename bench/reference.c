#include "reference.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"

enum {
	NAIVE_STEPS = 20 * 1000 * 1000, /* of the naive evaluator: about a tenth of a second */
};

/* The rules of each endpoint and direction, in order: those of endpoint e and direction d are
 * rules[starts[2 * e + d]] up to the next start. */
struct by_endpoint {
	uint32_t *starts;
	uint32_t *rules;
};

struct end {
	const struct weir_address *address;
	uint32_t endpoint; /* WEIR_NONE: outside */
};

static void finish_index(struct by_endpoint *index)
{
	free(index->starts);
	free(index->rules);
}

static int make_index(const struct bench_policy *policy, struct by_endpoint *index)
{
	const struct weir_resolved *resolved = policy->resolved;
	size_t slots = (size_t)resolved->endpoint_count * 2;
	uint32_t *next = calloc(slots + 2, sizeof(*next));
	size_t total = 0;

	*index = (struct by_endpoint){ .starts = next };
	if (!next)
		return -ENOMEM;
	for (uint32_t i = 0; i < resolved->rule_count; i++) {
		const struct weir_rule *rule = &resolved->rules[i];
		const struct weir_set *set = &resolved->sets[rule->subjects];

		total += set->endpoint_count;
		for (uint32_t j = 0; j < set->endpoint_count; j++)
			next[2 * (size_t)set->endpoints[j] + rule->direction + 2]++;
	}
	for (size_t i = 2; i < slots + 2; i++)
		next[i] += next[i - 1];
	index->rules = calloc(total + 1, sizeof(*index->rules));
	if (!index->rules)
		return -ENOMEM;
	for (uint32_t i = 0; i < resolved->rule_count; i++) {
		const struct weir_rule *rule = &resolved->rules[policy->order[i]];
		const struct weir_set *set = &resolved->sets[rule->subjects];

		for (uint32_t j = 0; j < set->endpoint_count; j++) {
			size_t slot = 2 * (size_t)set->endpoints[j] + rule->direction;

			index->rules[next[slot + 1]++] = policy->order[i];
		}
	}
	return 0;
}

static bool set_has(const struct weir_set *set, uint32_t endpoint)
{
	uint32_t low = 0;
	uint32_t high = set->endpoint_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (set->endpoints[middle] == endpoint)
			return true;
		if (set->endpoints[middle] < endpoint)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static bool prefix_has(const struct weir_prefix *prefix, const struct weir_address *address)
{
	return weir_prefix_is_ipv4(prefix) == weir_address_is_ipv4(address) &&
	       weir_prefix_contains(prefix, address);
}

static bool block_has(const struct weir_block *block, const struct weir_address *address)
{
	if (!prefix_has(&block->prefix, address))
		return false;
	for (uint32_t i = 0; i < block->hole_count; i++)
		if (prefix_has(&block->holes[i], address))
			return false;
	return true;
}

static bool peers_have(const struct weir_resolved *resolved, const struct weir_rule *rule,
		       const struct end *far)
{
	for (uint32_t i = 0; i < rule->peer_count; i++) {
		const struct weir_peer *peer = &rule->peers[i];

		if (peer->kind == WEIR_PEER_BLOCK
			    ? block_has(&resolved->blocks[peer->index], far->address)
			    : far->endpoint != WEIR_NONE &&
				      set_has(&resolved->sets[peer->index], far->endpoint))
			return true;
	}
	return !rule->peer_count;
}

static bool declares(const struct weir_resolved *resolved, const struct end *end,
		     const struct weir_port *port, const struct weir_key *key)
{
	const struct weir_endpoint *pod;

	if (end->endpoint == WEIR_NONE)
		return false;
	pod = &resolved->endpoints[end->endpoint];
	if (pod->kind != WEIR_ENDPOINT_POD || (port->protocol && port->protocol != key->protocol))
		return false;
	for (uint32_t i = 0; i < pod->port_count; i++)
		if (pod->ports[i].name && pod->ports[i].number == key->destination_port &&
		    pod->ports[i].protocol == key->protocol &&
		    strcmp(pod->ports[i].name, port->name) == 0)
			return true;
	return false;
}

static bool ports_have(const struct weir_resolved *resolved, const struct weir_rule *rule,
		       const struct end *destination, const struct weir_key *key)
{
	bool has_ports = key->protocol == WEIR_PROTOCOL_TCP || key->protocol == WEIR_PROTOCOL_UDP ||
			 key->protocol == WEIR_PROTOCOL_SCTP;

	for (uint32_t i = 0; has_ports && i < rule->port_count; i++) {
		const struct weir_port *port = &rule->ports[i];

		if (port->kind == WEIR_PORT_NAMED
			    ? declares(resolved, destination, port, key)
			    : port->protocol == key->protocol &&
				      (port->kind == WEIR_PORT_ANY ||
				       (key->destination_port >= port->first &&
					key->destination_port <= port->last)))
			return true;
	}
	return !rule->port_count;
}

static bool is_own_node(const struct weir_resolved *resolved, const struct end *pod,
			const struct end *node)
{
	return pod->endpoint != WEIR_NONE && node->endpoint != WEIR_NONE &&
	       resolved->endpoints[pod->endpoint].kind == WEIR_ENDPOINT_POD &&
	       resolved->endpoints[pod->endpoint].node == node->endpoint;
}

static bool half_allows(const struct bench_policy *policy, const struct by_endpoint *index,
			const struct weir_key *key, enum weir_direction direction,
			const struct end *near, const struct end *far)
{
	const struct weir_resolved *resolved = policy->resolved;
	size_t slot = 2 * (size_t)near->endpoint + direction;

	if (near->endpoint == WEIR_NONE ||
	    resolved->endpoints[near->endpoint].kind != WEIR_ENDPOINT_POD ||
	    is_own_node(resolved, near, far))
		return true;
	for (uint32_t i = index->starts[slot]; i < index->starts[slot + 1]; i++) {
		const struct weir_rule *rule = &resolved->rules[index->rules[i]];

		if (peers_have(resolved, rule, far) &&
		    ports_have(resolved, rule, direction == WEIR_INGRESS ? near : far, key))
			return rule->action == WEIR_RULE_ALLOW;
	}
	return true;
}

static bool is_neighbour_discovery(const struct weir_key *key)
{
	return key->protocol == WEIR_PROTOCOL_ICMPV6 && key->icmp_type >= 133 &&
	       key->icmp_type <= 137;
}

static bool is_allowed(const struct bench_policy *policy, const struct by_endpoint *index,
		       const struct weir_key *key)
{
	struct end source = { &key->source, bench_policy_owner(policy, &key->source) };
	struct end destination = { &key->destination,
				   bench_policy_owner(policy, &key->destination) };

	if (weir_address_equal(&key->source, &key->destination) || is_neighbour_discovery(key))
		return true;
	if ((key->flags & WEIR_KEY_EGRESS) &&
	    !half_allows(policy, index, key, WEIR_EGRESS, &source, &destination))
		return false;
	return !(key->flags & WEIR_KEY_INGRESS) ||
	       half_allows(policy, index, key, WEIR_INGRESS, &destination, &source);
}

static uint8_t naive(const struct bench_policy *policy, const struct weir_key *key)
{
	struct weir_explanation explanation;

	weir_resolved_judge(policy->resolved, key, &explanation);
	return explanation.verdict.action;
}

/* Every so many keys the naive evaluator is asked too. */
static size_t naive_stride(const struct bench_policy *policy, size_t n)
{
	uint64_t steps = ((uint64_t)policy->resolved->endpoint_count * 8 +
			  (uint64_t)policy->resolved->rule_count * 16) *
			 n;

	return 1 + (size_t)(steps / NAIVE_STEPS);
}

/* Of a compiled policy there is nothing else to compare with; explaining compares rules, where
 * classifying looks into tables that were made of them. */
static void explain(const struct weir_policy *compiled, const struct weir_key *keys,
		    uint8_t *actions, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct weir_explanation explanation;

		weir_policy_explain(compiled, &keys[i], &explanation);
		actions[i] = explanation.verdict.action;
	}
}

int bench_reference(const struct bench_policy *policy, const struct weir_key *keys,
		    uint8_t *actions, size_t n)
{
	size_t stride = policy->not_plain ? 1 : naive_stride(policy, n);
	struct by_endpoint index;
	int status;

	if (policy->compiled) {
		explain(policy->compiled, keys, actions, n);
		return 0;
	}
	status = make_index(policy, &index);
	for (size_t i = 0; !status && i < n; i++) {
		if (!policy->not_plain)
			actions[i] = is_allowed(policy, &index, &keys[i]);
		if (i % stride == 0) {
			uint8_t action = naive(policy, &keys[i]);

			if (!policy->not_plain && action != actions[i])
				status = -EILSEQ;
			actions[i] = action;
		}
	}
	finish_index(&index);
	return status;
}
