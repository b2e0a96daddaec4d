#include "shapes.h"

#include <stdlib.h>

#include "weir/resolved.h"

enum {
	PODS_PER_APP = 10,
	PODS_PER_NODE = 30,
	APPS_PER_NAMESPACE = 8,
	PORT_SPECS = 16,
	PEERS_MAX = 3,
	HOLES_MAX = 3,
};

struct random {
	uint64_t state;
};

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint32_t below(struct random *random, uint32_t bound)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return (uint32_t)(((z ^ z >> 31) >> 32) * bound >> 32);
}

static struct weir_address ipv4(uint32_t address)
{
	uint8_t bytes[4] = { (uint8_t)(address >> 24), (uint8_t)(address >> 16),
			     (uint8_t)(address >> 8), (uint8_t)address };

	return weir_address_from_ipv4(bytes);
}

/* Pods have the addresses of their node's /24, as most networks give them. */
static uint32_t pod_address(uint32_t pod)
{
	return 0x0a000000u + pod / PODS_PER_NODE * 256 + 2 + pod % PODS_PER_NODE;
}

static uint32_t node_address(uint32_t node)
{
	return 0xc0a80000u + node;
}

static uint32_t app_count(const struct bench_shape *shape)
{
	return (shape->pods + PODS_PER_APP - 1) / PODS_PER_APP;
}

static const struct weir_declared_port declared[] = {
	{ "http", 8080, WEIR_PROTOCOL_TCP },
	{ "metrics", 9090, WEIR_PROTOCOL_TCP },
	{ "http", 80, WEIR_PROTOCOL_TCP },
};

/* Everything that the structs of one cluster point to. */
struct making {
	struct random random;
	const struct bench_shape *shape;
	uint32_t apps;
	uint32_t nodes;
	uint32_t namespaces;
	struct weir_address *addresses;
	struct weir_endpoint *endpoints;
	uint32_t *members; /* pods by app, then by namespace */
	struct weir_set *sets;
	struct weir_block *blocks;
	struct weir_prefix *holes;
	struct weir_peer *peers;
	struct weir_port *ports;
	struct weir_origin *origins;
	struct weir_rule *rules;
	uint32_t block_count;
	uint32_t hole_count;
	uint32_t peer_count;
	uint32_t rule_count;
};

static bool allocate(struct making *making)
{
	uint32_t endpoints = making->nodes + making->shape->pods;
	uint32_t rules = making->shape->policies * 2;

	making->addresses = calloc(endpoints, sizeof(*making->addresses));
	making->endpoints = calloc(endpoints, sizeof(*making->endpoints));
	making->members = calloc((size_t)making->shape->pods * 2, sizeof(*making->members));
	making->sets = calloc((size_t)making->apps + making->namespaces, sizeof(*making->sets));
	making->blocks = calloc((size_t)rules * PEERS_MAX, sizeof(*making->blocks));
	making->holes = calloc((size_t)rules * PEERS_MAX * HOLES_MAX, sizeof(*making->holes));
	making->peers = calloc((size_t)rules * PEERS_MAX, sizeof(*making->peers));
	making->ports = calloc(PORT_SPECS, sizeof(*making->ports));
	making->origins = calloc(rules, sizeof(*making->origins));
	making->rules = calloc((size_t)rules * 2, sizeof(*making->rules));
	return making->addresses && making->endpoints && making->members && making->sets &&
	       making->blocks && making->holes && making->peers && making->ports &&
	       making->origins && making->rules;
}

static void release(struct making *making)
{
	free(making->addresses);
	free(making->endpoints);
	free(making->members);
	free(making->sets);
	free(making->blocks);
	free(making->holes);
	free(making->peers);
	free(making->ports);
	free(making->origins);
	free(making->rules);
}

static void make_endpoints(struct making *making)
{
	for (uint32_t i = 0; i < making->nodes; i++) {
		making->addresses[i] = ipv4(node_address(i));
		making->endpoints[i] = (struct weir_endpoint){ .name = "node",
							       .node = WEIR_NONE,
							       .kind = WEIR_ENDPOINT_NODE };
	}
	for (uint32_t i = 0; i < making->shape->pods; i++) {
		uint32_t app = i / PODS_PER_APP;

		making->addresses[making->nodes + i] = ipv4(pod_address(i));
		making->endpoints[making->nodes + i] =
			(struct weir_endpoint){ .namespace_name = "bench",
						.name = "pod",
						.ports = &declared[app % 2],
						.port_count = 2,
						.node = i / PODS_PER_NODE,
						.kind = WEIR_ENDPOINT_POD,
						.rank = WEIR_RANK_RUNNING };
	}
	for (uint32_t i = 0; i < making->nodes + making->shape->pods; i++) {
		making->endpoints[i].addresses = &making->addresses[i];
		making->endpoints[i].address_count = 1;
		making->endpoints[i].workload = WEIR_NONE;
	}
}

/* Apps and namespaces are runs of pods, so that one list serves both. */
static void make_sets(struct making *making)
{
	uint32_t pods = making->shape->pods;

	for (uint32_t i = 0; i < pods; i++)
		making->members[i] = making->nodes + i;
	for (uint32_t i = 0; i < making->apps + making->namespaces; i++) {
		bool is_app = i < making->apps;
		uint32_t size = is_app ? PODS_PER_APP : PODS_PER_APP * APPS_PER_NAMESPACE;
		uint32_t first = (is_app ? i : i - making->apps) * size;

		making->sets[i].endpoints = &making->members[first];
		making->sets[i].endpoint_count = pods - first < size ? pods - first : size;
		making->sets[i].unknown_pods = WEIR_MAYBE;
	}
}

static void make_ports(struct making *making)
{
	for (uint32_t i = 0; i < PORT_SPECS; i++) {
		uint16_t first = (uint16_t)(80 + i * 500);

		making->ports[i] = (struct weir_port){
			.first = first,
			.last = (uint16_t)(first + (i % 4 == 3 ? 100 : 0)),
			.protocol = i % 5 == 4 ? WEIR_PROTOCOL_UDP : WEIR_PROTOCOL_TCP,
			.kind = WEIR_PORT_RANGE,
		};
	}
	for (uint32_t i = 0; i < 2; i++)
		making->ports[i] = (struct weir_port){ .name = declared[i].name,
						       .protocol = WEIR_PROTOCOL_TCP,
						       .kind = WEIR_PORT_NAMED };
}

static struct weir_prefix prefix_in(struct random *random, const struct weir_prefix *outer,
				    uint32_t address, uint32_t length)
{
	uint32_t kept = outer ? ~0u << (128 - outer->length) : 0;
	uint32_t mask = ~0u << (32 - length);
	uint32_t bits = (address & kept) | (below(random, UINT32_MAX) & ~kept);

	return (struct weir_prefix){ ipv4(bits & mask), (uint8_t)(96 + length) };
}

/* A block outside the cluster, /8 to /24, with up to three holes. */
static struct weir_peer make_block(struct making *making)
{
	struct weir_block *block = &making->blocks[making->block_count];
	uint32_t length = 8 + below(&making->random, 17);
	uint32_t address;

	block->prefix = prefix_in(&making->random, NULL, 0, length);
	block->holes = &making->holes[making->hole_count];
	block->hole_count = below(&making->random, HOLES_MAX + 1);
	address = (uint32_t)block->prefix.address.bytes[12] << 24 |
		  (uint32_t)block->prefix.address.bytes[13] << 16 |
		  (uint32_t)block->prefix.address.bytes[14] << 8;
	for (uint32_t i = 0; i < block->hole_count; i++)
		making->holes[making->hole_count++] =
			prefix_in(&making->random, &block->prefix, address, length + 1 + i * 2);
	return (struct weir_peer){ WEIR_PEER_BLOCK, making->block_count++ };
}

static struct weir_peer make_peer(struct making *making)
{
	uint32_t pick = below(&making->random, 100);

	if (pick < 60)
		return (struct weir_peer){ WEIR_PEER_SET, below(&making->random, making->apps) };
	if (pick < 75)
		return (struct weir_peer){
			WEIR_PEER_SET, making->apps + below(&making->random, making->namespaces)
		};
	return make_block(making);
}

static void make_rule(struct making *making, uint32_t app, enum weir_direction direction)
{
	uint32_t peers = 1 + below(&making->random, PEERS_MAX);
	struct weir_rule *allow = &making->rules[making->rule_count++];
	struct weir_rule *isolation = &making->rules[making->rule_count++];
	uint32_t origin = (making->rule_count - 2) / 2;

	*allow = (struct weir_rule){
		.peers = &making->peers[making->peer_count],
		.ports = &making->ports[below(&making->random, PORT_SPECS)],
		.peer_count = peers,
		.port_count = 1,
		.subjects = app,
		.origin = origin,
		.tier = WEIR_TIER_NETWORK_POLICY,
		.direction = (uint8_t)direction,
		.action = WEIR_RULE_ALLOW,
	};
	for (uint32_t i = 0; i < peers; i++)
		making->peers[making->peer_count++] = make_peer(making);
	*isolation = (struct weir_rule){ .subjects = app,
					 .precedence = 1,
					 .origin = WEIR_NONE,
					 .tier = WEIR_TIER_NETWORK_POLICY,
					 .direction = (uint8_t)direction,
					 .action = WEIR_RULE_DENY };
	making->origins[origin] =
		(struct weir_origin){ "NetworkPolicy", "bench", "policy", NULL, origin };
}

static void make_rules(struct making *making)
{
	uint32_t isolated = making->apps - making->apps / 5;

	for (uint32_t i = 0; i < making->shape->policies; i++) {
		uint32_t app = (uint32_t)((uint64_t)i * isolated / making->shape->policies);
		uint32_t both = below(&making->random, 3);

		if (both != 0)
			make_rule(making, app, WEIR_INGRESS);
		if (both != 1)
			make_rule(making, app, WEIR_EGRESS);
	}
}

struct weir_policy *bench_shape_compile(const struct bench_shape *shape)
{
	struct making making = {
		.random = { shape->pods },
		.shape = shape,
		.apps = app_count(shape),
		.nodes = (shape->pods + PODS_PER_NODE - 1) / PODS_PER_NODE,
		.namespaces = (app_count(shape) + APPS_PER_NAMESPACE - 1) / APPS_PER_NAMESPACE,
	};
	struct weir_resolved resolved = { 0 };
	struct weir_policy *policy = NULL;

	if (allocate(&making)) {
		make_endpoints(&making);
		make_sets(&making);
		make_ports(&making);
		make_rules(&making);
		resolved = (struct weir_resolved){
			.endpoints = making.endpoints,
			.sets = making.sets,
			.blocks = making.blocks,
			.origins = making.origins,
			.rules = making.rules,
			.endpoint_count = making.nodes + shape->pods,
			.set_count = making.apps + making.namespaces,
			.block_count = making.block_count,
			.origin_count = making.rule_count / 2,
			.rule_count = making.rule_count,
		};
		if (weir_compile(&resolved, NULL, &policy, NULL))
			policy = NULL;
	}
	release(&making);
	return policy;
}

void bench_shape_keys(const struct bench_shape *shape, struct weir_key *keys, size_t count)
{
	struct random random = { 1 };

	for (size_t i = 0; i < count; i++) {
		uint32_t source = pod_address(below(&random, shape->pods));

		if (i % 4 == 3)
			source = below(&random, UINT32_MAX);
		keys[i] = (struct weir_key){
			.source = ipv4(source),
			.destination = ipv4(pod_address(below(&random, shape->pods))),
			.source_port = 40000,
			.destination_port = (uint16_t)(80 + below(&random, PORT_SPECS) * 500),
			.protocol = below(&random, 5) ? WEIR_PROTOCOL_TCP : WEIR_PROTOCOL_UDP,
			.flags = WEIR_KEY_BOTH,
		};
	}
}
