/*
 * expand.c - near ends x far ends x ports, rule by rule.
 *
 * A rule whose port is a name is several, one for each number that pods declare under it: those of
 * the destinations that declare it are the near ends of ingress, and of egress the far ends.
 */
#include "expand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct prefixes {
	struct bench_prefix *items;
	size_t count;
	size_t capacity;
	bool is_short;
};

/* A port with its number, and which of the destinations declare it. */
struct number {
	uint16_t first;
	uint16_t last;
	uint8_t protocol;
	uint8_t zero; /* so that bytes can be compared */
};

struct expansion {
	const struct bench_policy *policy;
	const struct weir_rule *rule;
	struct bench_acl *out;
	enum weir_direction direction;
	enum bench_expansion_form form;
	size_t max_rules;
	uint32_t rank;
	struct prefixes near;
	struct prefixes far;
	const struct weir_port *name; /* a pod is an end only if it declares this... */
	struct number number;         /* ...as that */
	int status;
};

static void add_prefix(struct prefixes *prefixes, uint32_t address, unsigned length)
{
	if (prefixes->count == prefixes->capacity) {
		size_t capacity = prefixes->capacity ? 2 * prefixes->capacity : 64;
		struct bench_prefix *items =
			realloc(prefixes->items, capacity * sizeof(*prefixes->items));

		if (!items) {
			prefixes->is_short = true;
			return;
		}
		prefixes->items = items;
		prefixes->capacity = capacity;
	}
	prefixes->items[prefixes->count++] = (struct bench_prefix){ address, (uint8_t)length };
}

static uint32_t mask_of(unsigned length)
{
	return length ? ~0u << (32 - length) : 0;
}

static bool holds(const struct bench_prefix *outer, const struct bench_prefix *inner)
{
	return outer->length <= inner->length &&
	       ((outer->address ^ inner->address) & mask_of(outer->length)) == 0;
}

static int compare_prefixes(const void *a, const void *b)
{
	const struct bench_prefix *left = a;
	const struct bench_prefix *right = b;

	if (left->address != right->address)
		return left->address < right->address ? -1 : 1;
	return (int)left->length - (int)right->length;
}

/* Drops what another holds, and joins halves: sorted, so that both are neighbours on a stack. */
static void aggregate(struct prefixes *prefixes)
{
	struct bench_prefix *stack = prefixes->items;
	size_t depth = 0;

	if (prefixes->count)
		qsort(prefixes->items, prefixes->count, sizeof(*prefixes->items), compare_prefixes);
	for (size_t i = 0; i < prefixes->count; i++) {
		struct bench_prefix next = prefixes->items[i];

		if (depth && holds(&stack[depth - 1], &next))
			continue;
		while (depth && next.length && stack[depth - 1].length == next.length &&
		       (stack[depth - 1].address ^ next.address) == 1u << (32 - next.length) &&
		       !(stack[depth - 1].address >> (32 - next.length) & 1)) {
			next = stack[--depth];
			next.length--;
		}
		stack[depth++] = next;
	}
	prefixes->count = depth;
}

static bool to_prefix(const struct weir_prefix *from, struct bench_prefix *out)
{
	if (!weir_prefix_is_ipv4(from))
		return false;
	*out = (struct bench_prefix){ bench_ipv4(&from->address), (uint8_t)(from->length - 96) };
	return true;
}

/* The prefix without the holes: halves that no hole touches, and so on into the others. */
static void add_without_holes(struct prefixes *prefixes, struct bench_prefix prefix,
			      const struct weir_block *block)
{
	bool is_touched = false;

	for (uint32_t i = 0; i < block->hole_count; i++) {
		struct bench_prefix hole;

		if (!to_prefix(&block->holes[i], &hole))
			continue;
		if (holds(&hole, &prefix))
			return;
		is_touched |= holds(&prefix, &hole);
	}
	if (!is_touched) {
		add_prefix(prefixes, prefix.address, prefix.length);
		return;
	}
	prefix.length++;
	add_without_holes(prefixes, prefix, block);
	prefix.address |= 1u << (32 - prefix.length);
	add_without_holes(prefixes, prefix, block);
}

static bool declares(const struct expansion *expansion, const struct weir_endpoint *pod)
{
	const struct number *number = &expansion->number;

	for (uint32_t i = 0; i < pod->port_count; i++)
		if (pod->ports[i].name && pod->ports[i].number == number->first &&
		    pod->ports[i].protocol == number->protocol &&
		    strcmp(pod->ports[i].name, expansion->name->name) == 0)
			return true;
	return false;
}

static void add_address(const struct expansion *expansion, struct prefixes *prefixes,
			uint32_t endpoint, const struct weir_address *address)
{
	if (weir_address_is_ipv4(address) &&
	    bench_policy_owner(expansion->policy, address) == endpoint)
		add_prefix(prefixes, bench_ipv4(address), 32);
}

/* Those of a set which declare the port's name, where they have to. */
static void add_set(const struct expansion *expansion, struct prefixes *prefixes,
		    const struct weir_set *set, bool must_declare)
{
	for (uint32_t i = 0; i < set->endpoint_count; i++) {
		const struct weir_endpoint *endpoint =
			&expansion->policy->resolved->endpoints[set->endpoints[i]];

		if (must_declare && !declares(expansion, endpoint))
			continue;
		for (uint32_t j = 0; j < endpoint->address_count; j++)
			add_address(expansion, prefixes, set->endpoints[i],
				    &endpoint->addresses[j]);
	}
}

/* Of a block, or of everything when it is NULL, the pods that declare the port's name. */
static void add_declaring(const struct expansion *expansion, struct prefixes *prefixes,
			  const struct weir_block *block)
{
	const struct bench_policy *policy = expansion->policy;
	struct prefixes held = { 0 };

	if (block) {
		struct bench_prefix prefix;

		if (to_prefix(&block->prefix, &prefix))
			add_without_holes(&held, prefix, block);
	} else {
		add_prefix(&held, 0, 0);
	}
	for (uint32_t i = 0; i < policy->owner_count; i++) {
		const struct bench_owner *owner = &policy->owners[i];
		struct bench_prefix address = { bench_ipv4(&owner->address), 32 };

		if (!weir_address_is_ipv4(&owner->address) ||
		    !declares(expansion, &policy->resolved->endpoints[owner->endpoint]))
			continue;
		for (size_t j = 0; j < held.count; j++)
			if (holds(&held.items[j], &address)) {
				add_prefix(prefixes, address.address, 32);
				break;
			}
	}
	prefixes->is_short |= held.is_short;
	free(held.items);
}

static void add_block(const struct expansion *expansion, struct prefixes *prefixes,
		      const struct weir_block *block, bool must_declare)
{
	struct bench_prefix prefix;

	if (must_declare)
		add_declaring(expansion, prefixes, block);
	else if (to_prefix(&block->prefix, &prefix))
		add_without_holes(prefixes, prefix, block);
}

static void add_peers(struct expansion *expansion)
{
	const struct weir_resolved *resolved = expansion->policy->resolved;
	const struct weir_rule *rule = expansion->rule;
	bool must_declare = expansion->name && expansion->direction == WEIR_EGRESS;

	for (uint32_t i = 0; i < rule->peer_count; i++) {
		const struct weir_peer *peer = &rule->peers[i];

		if (peer->kind == WEIR_PEER_BLOCK)
			add_block(expansion, &expansion->far, &resolved->blocks[peer->index],
				  must_declare);
		else
			add_set(expansion, &expansion->far, &resolved->sets[peer->index],
				must_declare);
	}
	if (!rule->peer_count && must_declare)
		add_declaring(expansion, &expansion->far, NULL);
	else if (!rule->peer_count)
		add_prefix(&expansion->far, 0, 0);
}

static void add_rule(struct expansion *expansion, const struct bench_prefix *near,
		     const struct bench_prefix *far)
{
	bool is_ingress = expansion->direction == WEIR_INGRESS;
	struct bench_acl *out = expansion->out;

	if (out->count == out->capacity) {
		size_t capacity = out->capacity ? 2 * out->capacity : 1024;
		struct bench_acl_rule *rules = realloc(out->rules, capacity * sizeof(*rules));

		if (!rules) {
			expansion->status = -ENOMEM;
			return;
		}
		out->rules = rules;
		out->capacity = capacity;
	}
	if (out->count == expansion->max_rules) {
		expansion->status = -ERANGE;
		return;
	}
	out->rules[out->count++] = (struct bench_acl_rule){
		.source = is_ingress ? *far : *near,
		.destination = is_ingress ? *near : *far,
		.first_port = expansion->number.first,
		.last_port = expansion->number.last,
		.protocol = expansion->number.protocol,
		.allows = !expansion->rule || expansion->rule->action == WEIR_RULE_ALLOW,
		.rank = expansion->rank,
	};
}

static void multiply(struct expansion *expansion)
{
	if (expansion->form == BENCH_BY_PREFIX) {
		aggregate(&expansion->near);
		aggregate(&expansion->far);
	}
	if (expansion->near.is_short || expansion->far.is_short)
		expansion->status = -ENOMEM;
	for (size_t i = 0; i < expansion->near.count; i++)
		for (size_t j = 0; j < expansion->far.count && !expansion->status; j++)
			add_rule(expansion, &expansion->near.items[i], &expansion->far.items[j]);
	expansion->near.count = 0;
	expansion->far.count = 0;
}

static void expand_number(struct expansion *expansion, struct number number)
{
	const struct weir_resolved *resolved = expansion->policy->resolved;
	const struct weir_rule *rule = expansion->rule;

	expansion->number = number;
	add_set(expansion, &expansion->near, &resolved->sets[rule->subjects],
		expansion->name && expansion->direction == WEIR_INGRESS);
	add_peers(expansion);
	multiply(expansion);
}

/* Each number that any pod declares under the name, once. */
static void expand_name(struct expansion *expansion, const struct weir_port *port)
{
	const struct weir_resolved *resolved = expansion->policy->resolved;
	struct number seen[64];
	size_t count = 0;

	expansion->name = port;
	for (uint32_t i = 0; i < resolved->endpoint_count; i++) {
		const struct weir_endpoint *pod = &resolved->endpoints[i];

		for (uint32_t j = 0; j < pod->port_count; j++) {
			const struct weir_declared_port *declared = &pod->ports[j];
			struct number number = { declared->number, declared->number,
						 declared->protocol, 0 };
			size_t k = 0;

			if (!declared->name || strcmp(declared->name, port->name) != 0 ||
			    (port->protocol && port->protocol != declared->protocol))
				continue;
			while (k < count && memcmp(&seen[k], &number, sizeof(number)) != 0)
				k++;
			if (k < count)
				continue;
			if (count == sizeof(seen) / sizeof(seen[0])) {
				expansion->status = -ERANGE;
				return;
			}
			seen[count++] = number;
			expand_number(expansion, number);
		}
	}
	expansion->name = NULL;
}

static void expand_rule(struct expansion *expansion)
{
	const struct weir_rule *rule = expansion->rule;

	for (uint32_t i = 0; i < rule->port_count && !expansion->status; i++) {
		const struct weir_port *port = &rule->ports[i];
		struct number number = { 0, UINT16_MAX, port->protocol, 0 };

		if (port->kind == WEIR_PORT_NAMED) {
			expand_name(expansion, port);
			continue;
		}
		if (port->kind == WEIR_PORT_RANGE) {
			number.first = port->first;
			number.last = port->last;
		}
		expand_number(expansion, number);
	}
	if (!rule->port_count)
		expand_number(expansion, (struct number){ 0, UINT16_MAX, 0, 0 });
}

/* Whether rules of the direction have the endpoint as their subject. */
static uint8_t *list_subjects(const struct expansion *expansion)
{
	const struct weir_resolved *resolved = expansion->policy->resolved;
	uint8_t *is_subject = calloc((size_t)resolved->endpoint_count + 1, 1);

	for (uint32_t i = 0; is_subject && i < resolved->rule_count; i++) {
		const struct weir_set *set = &resolved->sets[resolved->rules[i].subjects];

		if (resolved->rules[i].direction == expansion->direction)
			for (uint32_t j = 0; j < set->endpoint_count; j++)
				is_subject[set->endpoints[j]] = 1;
	}
	return is_subject;
}

/* A pod and its node, before all rules. */
static void expand_own_nodes(struct expansion *expansion)
{
	const struct weir_resolved *resolved = expansion->policy->resolved;
	uint8_t *is_subject = list_subjects(expansion);

	if (!is_subject)
		expansion->status = -ENOMEM;
	expansion->number = (struct number){ 0, UINT16_MAX, 0, 0 };
	for (uint32_t i = 0; i < expansion->policy->owner_count && !expansion->status; i++) {
		const struct bench_owner *owner = &expansion->policy->owners[i];
		const struct weir_endpoint *pod = &resolved->endpoints[owner->endpoint];
		const struct weir_endpoint *node;

		if (pod->kind != WEIR_ENDPOINT_POD || pod->node == WEIR_NONE ||
		    !is_subject[owner->endpoint])
			continue;
		node = &resolved->endpoints[pod->node];
		add_address(expansion, &expansion->near, owner->endpoint, &owner->address);
		for (uint32_t j = 0; j < node->address_count; j++)
			add_address(expansion, &expansion->far, pod->node, &node->addresses[j]);
		multiply(expansion);
	}
	free(is_subject);
}

static bool is_next_rank(const struct weir_rule *last, const struct weir_rule *rule)
{
	return !last || last->tier != rule->tier || last->precedence != rule->precedence ||
	       last->action != rule->action;
}

int bench_expand(const struct bench_policy *policy, enum weir_direction direction,
		 enum bench_expansion_form form, size_t max_rules, struct bench_acl *out)
{
	struct expansion expansion = { .policy = policy,
				       .out = out,
				       .direction = direction,
				       .form = form,
				       .max_rules = max_rules };
	const struct weir_rule *last = NULL;

	*out = (struct bench_acl){ 0 };
	expand_own_nodes(&expansion);
	for (uint32_t i = 0; i < policy->resolved->rule_count && !expansion.status; i++) {
		expansion.rule = &policy->resolved->rules[policy->order[i]];
		expansion.rank += is_next_rank(last, expansion.rule);
		last = expansion.rule;
		if (expansion.rule->direction == direction)
			expand_rule(&expansion);
	}
	free(expansion.near.items);
	free(expansion.far.items);
	if (expansion.status)
		bench_acl_finish(out);
	return expansion.status;
}

void bench_acl_finish(struct bench_acl *acl)
{
	free(acl->rules);
	*acl = (struct bench_acl){ 0 };
}
