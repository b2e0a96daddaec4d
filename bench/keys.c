#include "keys.h"

#include <string.h>

#include "gen/dice.h"

/* An address of the family that a pod or a block has. */
static struct weir_address anywhere(struct dice *dice, const struct weir_address *like)
{
	struct weir_address address = *like;
	size_t first = weir_address_is_ipv4(like) ? 12 : 0;

	for (size_t i = first; i < sizeof(address.bytes); i++)
		address.bytes[i] = (uint8_t)dice_next(dice);
	return address;
}

static struct weir_address inside(struct dice *dice, const struct weir_prefix *prefix)
{
	struct weir_address address = anywhere(dice, &prefix->address);

	for (unsigned bit = 0; bit < prefix->length; bit++) {
		uint8_t mask = (uint8_t)(0x80 >> bit % 8);
		uint8_t *byte = &address.bytes[bit / 8];

		*byte = (uint8_t)((*byte & ~mask) | (prefix->address.bytes[bit / 8] & mask));
	}
	return address;
}

static const struct bench_owner *some_owner(const struct bench_policy *policy, struct dice *dice)
{
	return &policy->owners[dice_below(dice, policy->owner_count)];
}

/* Of a member of the set; of anybody when it has none with an address. */
static struct weir_address member(const struct bench_policy *policy, struct dice *dice,
				  const struct weir_set *set)
{
	if (set->endpoint_count) {
		uint32_t pick = set->endpoints[dice_below(dice, set->endpoint_count)];
		const struct weir_endpoint *endpoint = &policy->resolved->endpoints[pick];

		if (endpoint->address_count)
			return endpoint->addresses[dice_below(dice, endpoint->address_count)];
	}
	return some_owner(policy, dice)->address;
}

static struct weir_address peer_of(const struct bench_policy *policy, struct dice *dice,
				   const struct weir_rule *rule)
{
	const struct weir_peer *peer;

	if (!rule->peer_count)
		return some_owner(policy, dice)->address;
	peer = &rule->peers[dice_below(dice, rule->peer_count)];
	if (peer->kind == WEIR_PEER_BLOCK)
		return inside(dice, &policy->resolved->blocks[peer->index].prefix);
	return member(policy, dice, &policy->resolved->sets[peer->index]);
}

static void set_named_port(const struct bench_policy *policy, const struct weir_port *port,
			   struct weir_key *key)
{
	uint32_t owner = bench_policy_owner(policy, &key->destination);
	const struct weir_endpoint *pod;

	if (owner == WEIR_NONE)
		return;
	pod = &policy->resolved->endpoints[owner];
	for (uint32_t i = 0; i < pod->port_count; i++) {
		if (!pod->ports[i].name || strcmp(pod->ports[i].name, port->name) != 0)
			continue;
		key->protocol = pod->ports[i].protocol;
		key->destination_port = pod->ports[i].number;
	}
}

/* TCP and port 80 unless the rule says otherwise. */
static void set_port(const struct bench_policy *policy, struct dice *dice,
		     const struct weir_rule *rule, struct weir_key *key)
{
	const struct weir_port *port;

	key->protocol = WEIR_PROTOCOL_TCP;
	key->destination_port = 80;
	if (!rule->port_count)
		return;
	port = &rule->ports[dice_below(dice, rule->port_count)];
	if (port->kind == WEIR_PORT_NAMED) {
		set_named_port(policy, port, key);
		return;
	}
	key->protocol = port->protocol;
	key->destination_port =
		port->kind == WEIR_PORT_ANY
			? (uint16_t)dice_next(dice)
			: (uint16_t)(port->first + dice_below(dice, port->last - port->first + 1u));
}

static void make_inside(const struct bench_policy *policy, struct dice *dice,
			const struct weir_rule *rule, struct weir_key *key)
{
	struct weir_address near = member(policy, dice, &policy->resolved->sets[rule->subjects]);
	struct weir_address far = peer_of(policy, dice, rule);

	key->source = rule->direction == WEIR_INGRESS ? far : near;
	key->destination = rule->direction == WEIR_INGRESS ? near : far;
}

/* Where only one end has a family, the other gets an address of it. */
static void mend_family(struct dice *dice, struct weir_key *key)
{
	if (weir_address_is_ipv4(&key->source) != weir_address_is_ipv4(&key->destination))
		key->source = anywhere(dice, &key->destination);
}

/* Where no rules are known: what services often have, and anything. */
static void set_any_port(struct dice *dice, struct weir_key *key)
{
	static const uint16_t often[] = { 53, 80, 443, 5432, 6379, 8080, 9090, 9100 };

	key->protocol = dice_below(dice, 4) ? WEIR_PROTOCOL_TCP : WEIR_PROTOCOL_UDP;
	key->destination_port = dice_below(dice, 2)
					? often[dice_below(dice, sizeof(often) / sizeof(often[0]))]
					: (uint16_t)dice_next(dice);
}

static struct weir_key make_key(const struct bench_policy *policy, struct dice *dice)
{
	static const struct weir_rule nothing;
	const struct weir_resolved *resolved = policy->resolved;
	uint32_t pick = dice_below(dice, 10);
	const struct weir_rule *rule =
		resolved->rule_count ? &resolved->rules[dice_below(dice, resolved->rule_count)]
				     : &nothing;
	struct weir_key key = { .source_port = (uint16_t)(32768 + dice_below(dice, 28000)) };

	key.source = some_owner(policy, dice)->address;
	key.destination = some_owner(policy, dice)->address;
	if (pick < 5 && resolved->rule_count)
		make_inside(policy, dice, rule, &key);
	else if (pick == 8)
		key.source = anywhere(dice, &key.destination);
	else if (pick == 9)
		key.destination = anywhere(dice, &key.source);
	mend_family(dice, &key);
	if (policy->compiled)
		set_any_port(dice, &key);
	else
		set_port(policy, dice, rule, &key);
	return key;
}

/* A key of nobody's pods makes way for one between two owners. */
static struct weir_key make_known_key(const struct bench_policy *policy, struct dice *dice)
{
	struct weir_key key = make_key(policy, dice);

	if (!bench_policy_is_unknown(policy, &key.source) &&
	    !bench_policy_is_unknown(policy, &key.destination))
		return key;
	key.source = some_owner(policy, dice)->address;
	key.destination = some_owner(policy, dice)->address;
	if (weir_address_is_ipv4(&key.source) != weir_address_is_ipv4(&key.destination))
		key.source = key.destination;
	return key;
}

void bench_keys(const struct bench_policy *policy, uint64_t seed, uint8_t flags,
		struct weir_key *keys, size_t n)
{
	struct dice dice = { seed };

	for (size_t i = 0; i < n; i++) {
		keys[i] = make_known_key(policy, &dice);
		keys[i].flags = flags;
	}
}
