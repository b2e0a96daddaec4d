#include "shapes.h"

#include <stdlib.h>

#include "gen/dice.h"

enum {
	PODS_PER_APP = 10,
	PODS_PER_NODE = 30,
	APPS_PER_NAMESPACE = 8,
	PORT_SPECS = 16,
	PEERS_MAX = 3,
	HOLES_MAX = 3,
};

static struct weir_address ipv4(uint32_t address)
{
	uint8_t bytes[4] = { (uint8_t)(address >> 24), (uint8_t)(address >> 16),
			     (uint8_t)(address >> 8), (uint8_t)address };

	return weir_address_from_ipv4(bytes);
}

/* Pods have the addresses of their node's /24, as most networks give them. */
static uint32_t pod_address(uint32_t place)
{
	return 0x0a000000u + place / PODS_PER_NODE * 256 + 2 + place % PODS_PER_NODE;
}

static uint32_t node_address(uint32_t node)
{
	return 0xc0a80000u + node;
}

static uint32_t pods_per_app(const struct bench_shape *shape)
{
	return shape->membership == BENCH_LONERS ? 1 : PODS_PER_APP;
}

static uint32_t app_count(const struct bench_shape *shape)
{
	return (shape->pods + pods_per_app(shape) - 1) / pods_per_app(shape);
}

static const struct weir_declared_port declared[] = {
	{ "http", 8080, WEIR_PROTOCOL_TCP },
	{ "metrics", 9090, WEIR_PROTOCOL_TCP },
	{ "http", 80, WEIR_PROTOCOL_TCP },
};

/* A cluster, and everything that its structs point to. */
struct bench_cluster {
	struct weir_resolved resolved;
	struct dice dice;
	const struct bench_shape *shape;
	uint32_t apps;
	uint32_t nodes;
	uint32_t namespaces;
	struct weir_address *addresses;
	struct weir_endpoint *endpoints;
	uint32_t *members; /* pods by app, then by namespace */
	uint32_t *places;  /* of pods, on nodes one after the other */
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

static bool allocate(struct bench_cluster *cluster)
{
	uint32_t endpoints = cluster->nodes + cluster->shape->pods;
	uint32_t rules = cluster->shape->policies * 2;
	size_t lists = cluster->shape->membership == BENCH_CROWDS ? 1 + (size_t)cluster->apps : 2;

	cluster->addresses = calloc(endpoints, sizeof(*cluster->addresses));
	cluster->endpoints = calloc(endpoints, sizeof(*cluster->endpoints));
	cluster->members = calloc(cluster->shape->pods * lists, sizeof(*cluster->members));
	cluster->places = calloc(cluster->shape->pods, sizeof(*cluster->places));
	cluster->sets = calloc((size_t)cluster->apps + cluster->namespaces, sizeof(*cluster->sets));
	cluster->blocks = calloc((size_t)rules * PEERS_MAX, sizeof(*cluster->blocks));
	cluster->holes = calloc((size_t)rules * PEERS_MAX * HOLES_MAX, sizeof(*cluster->holes));
	cluster->peers = calloc((size_t)rules * PEERS_MAX, sizeof(*cluster->peers));
	cluster->ports = calloc(PORT_SPECS, sizeof(*cluster->ports));
	cluster->origins = calloc(rules, sizeof(*cluster->origins));
	cluster->rules = calloc((size_t)rules * 2, sizeof(*cluster->rules));
	return cluster->addresses && cluster->endpoints && cluster->members && cluster->places &&
	       cluster->sets && cluster->blocks && cluster->holes && cluster->peers &&
	       cluster->ports && cluster->origins && cluster->rules;
}

static void release(struct bench_cluster *cluster)
{
	free(cluster->addresses);
	free(cluster->endpoints);
	free(cluster->members);
	free(cluster->places);
	free(cluster->sets);
	free(cluster->blocks);
	free(cluster->holes);
	free(cluster->peers);
	free(cluster->ports);
	free(cluster->origins);
	free(cluster->rules);
}

static void make_places(struct bench_cluster *cluster)
{
	uint32_t *places = cluster->places;

	for (uint32_t i = 0; i < cluster->shape->pods; i++)
		places[i] = i;
	if (cluster->shape->placement == BENCH_PACKED)
		return;
	for (uint32_t i = cluster->shape->pods - 1; i; i--) {
		uint32_t other = dice_below(&cluster->dice, i + 1);
		uint32_t place = places[i];

		places[i] = places[other];
		places[other] = place;
	}
}

static void make_endpoints(struct bench_cluster *cluster)
{
	for (uint32_t i = 0; i < cluster->nodes; i++) {
		cluster->addresses[i] = ipv4(node_address(i));
		cluster->endpoints[i] = (struct weir_endpoint){ .name = "node",
								.node = WEIR_NONE,
								.kind = WEIR_ENDPOINT_NODE };
	}
	for (uint32_t i = 0; i < cluster->shape->pods; i++) {
		uint32_t app = i / pods_per_app(cluster->shape);

		cluster->addresses[cluster->nodes + i] = ipv4(pod_address(cluster->places[i]));
		cluster->endpoints[cluster->nodes + i] =
			(struct weir_endpoint){ .namespace_name = "bench",
						.name = "pod",
						.ports = &declared[app % 2],
						.port_count = 2,
						.node = cluster->places[i] / PODS_PER_NODE,
						.kind = WEIR_ENDPOINT_POD,
						.rank = WEIR_RANK_RUNNING };
	}
	for (uint32_t i = 0; i < cluster->nodes + cluster->shape->pods; i++) {
		cluster->endpoints[i].addresses = &cluster->addresses[i];
		cluster->endpoints[i].address_count = 1;
		cluster->endpoints[i].workload = WEIR_NONE;
	}
}

/* Apps and namespaces are runs of pods, so that one list serves both. */
static void make_sets(struct bench_cluster *cluster)
{
	uint32_t pods = cluster->shape->pods;

	for (uint32_t i = 0; i < pods; i++)
		cluster->members[i] = cluster->nodes + i;
	for (uint32_t i = 0; i < cluster->apps + cluster->namespaces; i++) {
		bool is_app = i < cluster->apps;
		uint32_t size = pods_per_app(cluster->shape) * (is_app ? 1 : APPS_PER_NAMESPACE);
		uint32_t first = (is_app ? i : i - cluster->apps) * size;

		cluster->sets[i].endpoints = &cluster->members[first];
		cluster->sets[i].endpoint_count = pods - first < size ? pods - first : size;
		cluster->sets[i].unknown_pods = WEIR_MAYBE;
	}
}

/* Apps become random quarters of the pods; namespaces stay. */
static void scatter(struct bench_cluster *cluster)
{
	uint32_t *list = cluster->members;

	for (uint32_t i = 0; i < cluster->apps; i++) {
		uint32_t count = 0;

		list += cluster->shape->pods;
		for (uint32_t pod = 0; pod < cluster->shape->pods; pod++)
			if (dice_below(&cluster->dice, 4) == 0)
				list[count++] = cluster->nodes + pod;
		cluster->sets[i].endpoints = list;
		cluster->sets[i].endpoint_count = count;
	}
}

static void make_ports(struct bench_cluster *cluster)
{
	for (uint32_t i = 0; i < PORT_SPECS; i++) {
		uint16_t first = (uint16_t)(80 + i * 500);

		cluster->ports[i] = (struct weir_port){
			.first = first,
			.last = (uint16_t)(first + (i % 4 == 3 ? 100 : 0)),
			.protocol = i % 5 == 4 ? WEIR_PROTOCOL_UDP : WEIR_PROTOCOL_TCP,
			.kind = WEIR_PORT_RANGE,
		};
	}
	for (uint32_t i = 0; i < 2; i++)
		cluster->ports[i] = (struct weir_port){ .name = declared[i].name,
							.protocol = WEIR_PROTOCOL_TCP,
							.kind = WEIR_PORT_NAMED };
}

static struct weir_prefix prefix_in(struct dice *dice, const struct weir_prefix *outer,
				    uint32_t address, uint32_t length)
{
	uint32_t kept = outer ? ~0u << (128 - outer->length) : 0;
	uint32_t mask = ~0u << (32 - length);
	uint32_t bits = (address & kept) | (dice_below(dice, UINT32_MAX) & ~kept);

	return (struct weir_prefix){ ipv4(bits & mask), (uint8_t)(96 + length) };
}

/* A block outside the cluster, /8 to /24, with up to three holes. */
static struct weir_peer make_block(struct bench_cluster *cluster)
{
	struct weir_block *block = &cluster->blocks[cluster->block_count];
	uint32_t length = 8 + dice_below(&cluster->dice, 17);
	uint32_t address;

	block->prefix = prefix_in(&cluster->dice, NULL, 0, length);
	block->holes = &cluster->holes[cluster->hole_count];
	block->hole_count = dice_below(&cluster->dice, HOLES_MAX + 1);
	address = (uint32_t)block->prefix.address.bytes[12] << 24 |
		  (uint32_t)block->prefix.address.bytes[13] << 16 |
		  (uint32_t)block->prefix.address.bytes[14] << 8;
	for (uint32_t i = 0; i < block->hole_count; i++)
		cluster->holes[cluster->hole_count++] =
			prefix_in(&cluster->dice, &block->prefix, address, length + 1 + i * 2);
	return (struct weir_peer){ WEIR_PEER_BLOCK, cluster->block_count++ };
}

static struct weir_peer make_peer(struct bench_cluster *cluster)
{
	uint32_t pick = dice_below(&cluster->dice, 100);

	if (pick < 60)
		return (struct weir_peer){ WEIR_PEER_SET,
					   dice_below(&cluster->dice, cluster->apps) };
	if (pick < 75)
		return (struct weir_peer){ WEIR_PEER_SET,
					   cluster->apps + dice_below(&cluster->dice,
								      cluster->namespaces) };
	return make_block(cluster);
}

static void make_rule(struct bench_cluster *cluster, uint32_t app, enum weir_direction direction)
{
	uint32_t peers = 1 + dice_below(&cluster->dice, PEERS_MAX);
	struct weir_rule *allow = &cluster->rules[cluster->rule_count++];
	struct weir_rule *isolation = &cluster->rules[cluster->rule_count++];
	uint32_t origin = (cluster->rule_count - 2) / 2;

	*allow = (struct weir_rule){
		.peers = &cluster->peers[cluster->peer_count],
		.ports = &cluster->ports[dice_below(&cluster->dice, PORT_SPECS)],
		.peer_count = peers,
		.port_count = 1,
		.subjects = app,
		.origin = origin,
		.tier = WEIR_TIER_NETWORK_POLICY,
		.direction = (uint8_t)direction,
		.action = WEIR_RULE_ALLOW,
	};
	for (uint32_t i = 0; i < peers; i++)
		cluster->peers[cluster->peer_count++] = make_peer(cluster);
	*isolation = (struct weir_rule){ .subjects = app,
					 .precedence = 1,
					 .origin = WEIR_NONE,
					 .tier = WEIR_TIER_NETWORK_POLICY,
					 .direction = (uint8_t)direction,
					 .action = WEIR_RULE_DENY };
	cluster->origins[origin] =
		(struct weir_origin){ "NetworkPolicy", "bench", "policy", NULL, origin };
}

static void make_rules(struct bench_cluster *cluster)
{
	uint32_t isolated = cluster->apps - cluster->apps / 5;

	for (uint32_t i = 0; i < cluster->shape->policies; i++) {
		uint32_t app = (uint32_t)((uint64_t)i * isolated / cluster->shape->policies);
		uint32_t both = dice_below(&cluster->dice, 3);

		if (both != 0)
			make_rule(cluster, app, WEIR_INGRESS);
		if (both != 1)
			make_rule(cluster, app, WEIR_EGRESS);
	}
}

static struct weir_resolved resolved_of(const struct bench_cluster *cluster)
{
	return (struct weir_resolved){
		.endpoints = cluster->endpoints,
		.sets = cluster->sets,
		.blocks = cluster->blocks,
		.origins = cluster->origins,
		.rules = cluster->rules,
		.endpoint_count = cluster->nodes + cluster->shape->pods,
		.set_count = cluster->apps + cluster->namespaces,
		.block_count = cluster->block_count,
		.origin_count = cluster->rule_count / 2,
		.rule_count = cluster->rule_count,
	};
}

struct bench_cluster *bench_cluster_create(const struct bench_shape *shape)
{
	struct bench_cluster *cluster = calloc(1, sizeof(*cluster));

	if (!cluster)
		return NULL;
	cluster->dice.state = shape->pods;
	cluster->shape = shape;
	cluster->apps = app_count(shape);
	cluster->nodes = (shape->pods + PODS_PER_NODE - 1) / PODS_PER_NODE;
	cluster->namespaces = (cluster->apps + APPS_PER_NAMESPACE - 1) / APPS_PER_NAMESPACE;
	if (!allocate(cluster)) {
		bench_cluster_destroy(cluster);
		return NULL;
	}
	make_places(cluster);
	make_endpoints(cluster);
	make_sets(cluster);
	if (shape->membership == BENCH_CROWDS)
		scatter(cluster);
	make_ports(cluster);
	make_rules(cluster);
	cluster->resolved = resolved_of(cluster);
	return cluster;
}

void bench_cluster_destroy(struct bench_cluster *cluster)
{
	if (!cluster)
		return;
	release(cluster);
	free(cluster);
}

const struct weir_resolved *bench_cluster_resolved(const struct bench_cluster *cluster)
{
	return &cluster->resolved;
}
