#include "generate.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *const port_names[] = { "http", "dns", "metrics" };
static const uint8_t protocols[] = { WEIR_PROTOCOL_TCP, WEIR_PROTOCOL_TCP, WEIR_PROTOCOL_UDP,
				     WEIR_PROTOCOL_SCTP };
static const uint16_t numbers[] = { 0, 1, 53, 63, 64, 80, 443, 8080, 65534, 65535 };

#define PICK(generator, array)                                                                     \
	((array)[generator_below((generator), sizeof(array) / sizeof((array)[0]))])

void generator_init(struct generator *generator, uint64_t seed)
{
	generator->state = seed * 0x9e3779b97f4a7c15u + 1;
	weir_arena_init(&generator->arena, NULL);
}

void generator_finish(struct generator *generator)
{
	weir_arena_finish(&generator->arena);
}

static uint64_t next(struct generator *generator)
{
	uint64_t z = generator->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint32_t generator_below(struct generator *generator, uint32_t bound)
{
	return (uint32_t)((next(generator) >> 32) * bound >> 32);
}

static bool one_in(struct generator *generator, uint32_t n)
{
	return generator_below(generator, n) == 0;
}

static void *take(struct generator *generator, size_t count, size_t size)
{
	void *memory = weir_arena_allocate(&generator->arena, count, size);

	assert(memory);
	return memory;
}

/* 10.0.x.y and 10.1.0.y, or fd00::x:y and fd00:1::y: few of each. */
static struct weir_address any_address(struct generator *generator)
{
	struct weir_address address = { { 0xfd } };
	uint8_t high = (uint8_t)generator_below(generator, 3);
	uint8_t low = (uint8_t)generator_below(generator, 24);

	if (one_in(generator, 4)) {
		address.bytes[3] = one_in(generator, 3);
		address.bytes[13] = high;
		address.bytes[15] = low;
		return address;
	}
	return weir_address_from_ipv4((uint8_t[4]){ 10, one_in(generator, 6), high, low });
}

static struct weir_prefix prefix_of(struct weir_address address, unsigned length)
{
	for (unsigned i = length; i < 128; i++)
		address.bytes[i / 8] &= (uint8_t) ~(0x80u >> (i % 8));
	return (struct weir_prefix){ address, (uint8_t)length };
}

static struct weir_prefix any_prefix(struct generator *generator)
{
	static const uint8_t ipv4[] = { 96,  100, 104, 109, 110, 111, 112, 116,
					120, 122, 124, 125, 126, 127, 128, 128 };
	static const uint8_t ipv6[] = { 0, 1, 8, 16, 32, 64, 112, 120, 124, 127, 128 };
	struct weir_address address = any_address(generator);

	return prefix_of(address, weir_address_is_ipv4(&address) ? PICK(generator, ipv4)
								 : PICK(generator, ipv6));
}

static const char *any_name(struct generator *generator, const char *what, uint32_t i)
{
	char *name = take(generator, 24, 1);

	snprintf(name, 24, "%s-%u", what, i);
	return name;
}

static void fill_declared(struct generator *generator, struct weir_endpoint *endpoint)
{
	uint32_t count = generator_below(generator, 4);
	struct weir_declared_port *ports = take(generator, count, sizeof(*ports));

	for (uint32_t i = 0; i < count; i++)
		ports[i] = (struct weir_declared_port){
			one_in(generator, 6) ? NULL : PICK(generator, port_names),
			PICK(generator, numbers), PICK(generator, protocols)
		};
	endpoint->ports = ports;
	endpoint->port_count = count;
}

void generate_endpoint(struct generator *generator, struct weir_endpoint *endpoint, uint32_t i,
		       uint32_t nodes)
{
	struct weir_address *addresses;

	*endpoint = (struct weir_endpoint){
		.name = any_name(generator, "e", i),
		.addresses = addresses = take(generator, 3, sizeof(*addresses)),
		.address_count = generator_below(generator, 3) + (one_in(generator, 8) ? 0 : 1),
		.node = nodes && !one_in(generator, 4) ? generator_below(generator, nodes)
						       : WEIR_NONE,
		.workload = WEIR_NONE,
		.kind = i < nodes ? WEIR_ENDPOINT_NODE : WEIR_ENDPOINT_POD,
	};
	for (uint32_t j = 0; j < endpoint->address_count; j++)
		addresses[j] = any_address(generator);
	if (i < nodes) {
		endpoint->node = WEIR_NONE;
		return;
	}
	endpoint->namespace_name = one_in(generator, 2) ? "a" : "b";
	endpoint->rank =
		one_in(generator, 4) ? (uint8_t)generator_below(generator, 3) : WEIR_RANK_RUNNING;
	endpoint->host_network = one_in(generator, 12);
	fill_declared(generator, endpoint);
}

static void fill_set(struct generator *generator, struct weir_set *set, uint32_t endpoints,
		     bool unknown_pods)
{
	uint32_t *items = take(generator, endpoints, sizeof(*items));
	uint32_t sparse = 1 + generator_below(generator, 8);

	set->endpoints = items;
	for (uint32_t i = 0; i < endpoints; i++) {
		if (one_in(generator, sparse))
			items[set->endpoint_count++] = i;
	}
	set->unknown_pods = unknown_pods ? (uint8_t)generator_below(generator, 3) : WEIR_NEVER;
}

/* An address inside a prefix: one end of it, or anywhere. */
static struct weir_address address_in(struct generator *generator, const struct weir_prefix *prefix)
{
	struct weir_address address = prefix->address;
	uint32_t where = generator_below(generator, 3);

	for (unsigned i = prefix->length; i < 128 && where; i++) {
		if (where == 1 || one_in(generator, 2))
			address.bytes[i / 8] |= (uint8_t)(0x80u >> (i % 8));
	}
	return address;
}

void generate_block(struct generator *generator, struct weir_block *block)
{
	uint32_t most = generator_below(generator, 4);
	struct weir_prefix *holes = take(generator, most, sizeof(*holes));

	block->prefix = any_prefix(generator);
	block->always_pods = one_in(generator, 3);
	block->holes = holes;
	for (uint32_t i = 0; i < most && block->prefix.length < 128; i++) {
		unsigned length = block->prefix.length + 1u +
				  generator_below(generator, 128u - block->prefix.length);
		struct weir_address address = one_in(generator, 2)
						      ? any_address(generator)
						      : address_in(generator, &block->prefix);

		if (weir_prefix_contains(&block->prefix, &address))
			holes[block->hole_count++] = prefix_of(address, length);
	}
}

static void fill_port(struct generator *generator, struct weir_port *port)
{
	*port = (struct weir_port){ .protocol = PICK(generator, protocols),
				    .kind = (uint8_t)generator_below(generator, 3) };
	if (port->kind == WEIR_PORT_NAMED)
		port->name = PICK(generator, port_names);
	port->first = PICK(generator, numbers);
	port->last = one_in(generator, 2) ? port->first : PICK(generator, numbers);
	if (port->last < port->first)
		port->last = port->first;
	if (one_in(generator, 16))
		port->protocol = 47; /* no rule's ports are of such a protocol */
	if (one_in(generator, 6))
		port->protocol = 0; /* of a name: any; else none */
}

/* Some peers are one entry with the one before, some are of domain names. */
static void fill_cluster_peers(struct generator *generator, struct weir_rule *rule,
			       struct weir_peer *peers)
{
	bool may_have_names = rule->direction == WEIR_EGRESS && rule->action == WEIR_RULE_ALLOW;

	for (uint32_t i = 0; i < rule->peer_count; i++) {
		peers[i].joined = i && one_in(generator, 3);
		if (may_have_names && one_in(generator, 4))
			peers[i] = (struct weir_peer){ .kind = WEIR_PEER_DOMAINS };
	}
}

void generate_rule(struct generator *generator, struct weir_rule *rule,
		   const struct weir_resolved *resolved, bool tiers)
{
	uint32_t peer_count = generator_below(generator, 4);
	uint32_t port_count = generator_below(generator, 4);
	struct weir_peer *peers = take(generator, peer_count, sizeof(*peers));
	struct weir_port *ports = take(generator, port_count, sizeof(*ports));

	*rule = (struct weir_rule){
		.peers = peers,
		.ports = ports,
		.port_count = port_count,
		.subjects = generator_below(generator, resolved->set_count),
		.precedence = generator_below(generator, 4),
		.origin = generator_below(generator, resolved->origin_count),
		.tier = WEIR_TIER_NETWORK_POLICY,
		.direction = (uint8_t)generator_below(generator, 2),
		.action = WEIR_RULE_ALLOW,
	};
	for (uint32_t i = 0; i < peer_count; i++) {
		bool block = resolved->block_count && one_in(generator, 3);

		peers[rule->peer_count++] = (struct weir_peer){
			block ? WEIR_PEER_BLOCK : WEIR_PEER_SET,
			generator_below(generator,
					block ? resolved->block_count : resolved->set_count)
		};
	}
	for (uint32_t i = 0; i < port_count; i++)
		fill_port(generator, &ports[i]);
	if (one_in(generator, 3)) { /* the isolation of the tier */
		rule->peer_count = rule->port_count = 0;
		rule->action = WEIR_RULE_DENY;
		rule->origin = WEIR_NONE;
		rule->precedence = 9;
	} else if (tiers) {
		rule->tier = (uint8_t)generator_below(generator, WEIR_TIERS);
		rule->action = (uint8_t)generator_below(generator, 3);
		fill_cluster_peers(generator, rule, peers);
	}
}

static void fill_endpoints(struct generator *generator, struct weir_resolved *resolved,
			   const struct generator_shape *shape)
{
	uint32_t nodes = generator_below(generator, shape->nodes + 1);
	struct weir_endpoint *endpoints;

	resolved->endpoint_count = nodes + generator_below(generator, shape->pods + 1);
	resolved->endpoints = endpoints =
		take(generator, resolved->endpoint_count, sizeof(*endpoints));
	for (uint32_t i = 0; i < resolved->endpoint_count; i++)
		generate_endpoint(generator, &endpoints[i], i, nodes);
}

static void fill_selections(struct generator *generator, struct weir_resolved *resolved,
			    const struct generator_shape *shape)
{
	struct weir_set *sets;
	struct weir_block *blocks;

	resolved->set_count = 1 + generator_below(generator, shape->sets);
	resolved->sets = sets = take(generator, resolved->set_count, sizeof(*sets));
	for (uint32_t i = 0; i < resolved->set_count; i++)
		fill_set(generator, &sets[i], resolved->endpoint_count, shape->unknown_pods);
	resolved->block_count = generator_below(generator, shape->blocks + 1);
	resolved->blocks = blocks = take(generator, resolved->block_count, sizeof(*blocks));
	for (uint32_t i = 0; i < resolved->block_count; i++)
		generate_block(generator, &blocks[i]);
}

static void fill_rules(struct generator *generator, struct weir_resolved *resolved,
		       const struct generator_shape *shape)
{
	struct weir_origin *origins;
	struct weir_rule *rules;

	resolved->origin_count = 8;
	resolved->origins = origins = take(generator, resolved->origin_count, sizeof(*origins));
	for (uint32_t i = 0; i < resolved->origin_count; i++)
		origins[i] = (struct weir_origin){ "NetworkPolicy", "a",
						   any_name(generator, "p", i / 2), NULL, i % 2 };
	resolved->rule_count = generator_below(generator, shape->rules + 1);
	resolved->rules = rules = take(generator, resolved->rule_count, sizeof(*rules));
	for (uint32_t i = 0; i < resolved->rule_count; i++)
		generate_rule(generator, &rules[i], resolved, shape->tiers);
}

struct weir_resolved *generate(struct generator *generator, const struct generator_shape *shape)
{
	struct weir_resolved *resolved = take(generator, 1, sizeof(*resolved));
	struct weir_prefix *ranges = take(generator, 3, sizeof(*ranges));

	fill_endpoints(generator, resolved, shape);
	fill_selections(generator, resolved, shape);
	fill_rules(generator, resolved, shape);
	resolved->pod_ranges = ranges;
	resolved->pod_range_count = shape->unknown_pods ? generator_below(generator, 4) : 0;
	for (uint32_t i = 0; i < resolved->pod_range_count; i++)
		ranges[i] = any_prefix(generator);
	resolved->semantics.ipblock_pods = one_in(generator, 3);
	resolved->semantics.own_node = one_in(generator, 3);
	resolved->semantics.other_protocols =
		one_in(generator, 2) ? 0 : (uint8_t)generator_below(generator, 3);
	return resolved;
}

/* The address before or behind, as numbers go. */
static struct weir_address step(struct weir_address address, bool up)
{
	for (unsigned i = 16; i-- > 0;) {
		address.bytes[i] = (uint8_t)(address.bytes[i] + (up ? 1 : -1));
		if (address.bytes[i] != (up ? 0x00 : 0xff))
			break;
	}
	return address;
}

static struct weir_address last_of(const struct weir_prefix *prefix)
{
	struct weir_address address = prefix->address;

	for (unsigned i = prefix->length; i < 128; i++)
		address.bytes[i / 8] |= (uint8_t)(0x80u >> (i % 8));
	return address;
}

/* lo - 1, lo, hi or hi + 1. */
static struct weir_address edge_of(struct generator *generator, const struct weir_prefix *prefix)
{
	bool high = one_in(generator, 2);
	struct weir_address address = high ? last_of(prefix) : prefix->address;

	return one_in(generator, 2) ? address : step(address, high);
}

static struct weir_address asked_address(struct generator *generator,
					 const struct weir_resolved *resolved)
{
	if (resolved->block_count && one_in(generator, 3)) {
		const struct weir_block *block =
			&resolved->blocks[generator_below(generator, resolved->block_count)];

		if (block->hole_count && one_in(generator, 2))
			return edge_of(
				generator,
				&block->holes[generator_below(generator, block->hole_count)]);
		return edge_of(generator, &block->prefix);
	}
	if (resolved->pod_range_count && one_in(generator, 8))
		return edge_of(generator, &resolved->pod_ranges[generator_below(
						  generator, resolved->pod_range_count)]);
	if (resolved->endpoint_count && one_in(generator, 2)) {
		const struct weir_endpoint *endpoint =
			&resolved->endpoints[generator_below(generator, resolved->endpoint_count)];

		if (endpoint->address_count)
			return endpoint
				->addresses[generator_below(generator, endpoint->address_count)];
	}
	return any_address(generator);
}

struct weir_key generate_key(struct generator *generator, const struct weir_resolved *resolved)
{
	static const uint8_t others[] = { WEIR_PROTOCOL_ICMP, WEIR_PROTOCOL_ICMPV6, 47, 0, 255 };
	static const uint8_t types[] = { 0, 128, 132, 133, 135, 137, 138, 255 };
	struct weir_key key = {
		.source = asked_address(generator, resolved),
		.destination = asked_address(generator, resolved),
		.zone = generator_below(generator, 2),
		.source_port = PICK(generator, numbers),
		.destination_port = PICK(generator, numbers),
		.protocol = PICK(generator, protocols),
		.flags = WEIR_KEY_BOTH,
	};

	if (one_in(generator, 4))
		key.destination_port = (uint16_t)(key.destination_port + 1);
	if (one_in(generator, 5)) {
		key.protocol = PICK(generator, others);
		key.icmp_type = PICK(generator, types);
	}
	if (one_in(generator, 5))
		key.flags = (uint8_t)generator_below(generator, 16);
	if (one_in(generator, 10)) {
		key.destination = key.source;
		key.flags |= one_in(generator, 2) ? WEIR_KEY_HAIRPIN : 0;
	}
	return key;
}
