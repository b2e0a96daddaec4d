#include "shop.h"

#define IPV4(a, b, c, d)                                                                           \
	{                                                                                          \
		{                                                                                  \
			0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d                       \
		}                                                                                  \
	}
#define IPV6(a, b, last)                                                                           \
	{                                                                                          \
		{                                                                                  \
			0xfd, 0, a, b, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last                       \
		}                                                                                  \
	}

static const struct weir_address web_0[] = { IPV4(10, 0, 0, 1), IPV6(0, 0, 1) };
static const struct weir_address web_1[] = { IPV4(10, 0, 0, 2) };
static const struct weir_address db_0[] = { IPV4(10, 0, 0, 9), IPV6(0, 0, 9) };
static const struct weir_address six[] = { IPV6(0, 0, 6) };
static const struct weir_address twin[] = { IPV4(10, 0, 0, 50) };
static const struct weir_address node_db[] = { IPV4(10, 0, 0, 30) };
static const struct weir_address n1[] = { IPV4(192, 168, 0, 1), IPV6(0, 1, 1) };
static const struct weir_address n2[] = { IPV4(192, 168, 0, 2) };

enum { WEB_0 = 7, WEB_1, NODE_1 = 9, NODE_2, DB_0 = 0, TWIN_A = 5 };

#define POD(ns, name_, list, workload_)                                                            \
	{                                                                                          \
		.namespace_name = ns, .name = name_, .addresses = list,                            \
		.address_count = sizeof(list) / sizeof(list[0]), .node = WEIR_NONE,                \
		.workload = workload_, .kind = WEIR_ENDPOINT_POD, .rank = WEIR_RANK_RUNNING        \
	}

enum { WORKLOAD_WEB_SET, WORKLOAD_WEB, WORKLOAD_DB, WORKLOAD_OLD, WORKLOAD_NODE_DB, WORKLOAD_NONE };

static const struct weir_workload workloads[] = {
	{ "ReplicaSet", "shop", "web-a", WORKLOAD_WEB }, { "Deployment", "shop", "web", WEIR_NONE },
	{ "StatefulSet", "shop", "db", WEIR_NONE },      { "Job", "shop", "old", WEIR_NONE },
	{ "Deployment", "node", "db", WEIR_NONE },       { "Rollout", "shop", "canary", WEIR_NONE },
};

static const struct weir_endpoint endpoints[] = {
	POD("shop", "db-0", db_0, WORKLOAD_DB),
	{ .namespace_name = "shop",
	  .name = "done",
	  .addresses = web_1,
	  .address_count = 1,
	  .node = WEIR_NONE,
	  .workload = WORKLOAD_OLD,
	  .rank = WEIR_RANK_FINISHED },
	{ .namespace_name = "shop",
	  .name = "host",
	  .addresses = n1,
	  .address_count = 1,
	  .node = NODE_1,
	  .workload = WEIR_NONE,
	  .rank = WEIR_RANK_RUNNING,
	  .host_network = true },
	POD("shop", "six", six, WEIR_NONE),
	POD("node", "db", node_db, WORKLOAD_NODE_DB),
	POD("shop", "twin-a", twin, WEIR_NONE),
	POD("shop", "twin-b", twin, WEIR_NONE),
	{ .namespace_name = "shop",
	  .name = "web-0",
	  .addresses = web_0,
	  .address_count = 2,
	  .node = NODE_1,
	  .workload = WORKLOAD_WEB_SET,
	  .rank = WEIR_RANK_RUNNING },
	POD("shop", "web-1", web_1, WORKLOAD_WEB_SET),
	{ .name = "n1",
	  .addresses = n1,
	  .address_count = 2,
	  .node = WEIR_NONE,
	  .workload = WEIR_NONE,
	  .kind = WEIR_ENDPOINT_NODE,
	  .rank = WEIR_RANK_RUNNING },
	{ .name = "n2",
	  .addresses = n2,
	  .address_count = 1,
	  .node = WEIR_NONE,
	  .workload = WEIR_NONE,
	  .kind = WEIR_ENDPOINT_NODE,
	  .rank = WEIR_RANK_RUNNING },
};

static const struct weir_address db_addresses[] = { IPV4(10, 96, 0, 1), IPV6(0, 0x96, 1) };
static const struct weir_address web_addresses[] = { IPV4(10, 96, 0, 2) };
static const struct weir_address stray_addresses[] = { IPV4(10, 96, 0, 3) };
static const struct weir_address empty_addresses[] = { IPV4(10, 96, 0, 4) };

static const struct weir_backend db_backends[] = {
	{ IPV4(10, 0, 0, 9), DB_0, 85 },
	{ IPV6(0, 0, 9), DB_0, 85 },
};
static const struct weir_backend web_backends[] = {
	{ IPV4(10, 0, 0, 1), WEB_0, 8080 },
	{ IPV4(10, 0, 0, 2), WEB_1, 80 },
};
static const struct weir_backend stray_backends[] = { { IPV4(10, 0, 77, 7), WEIR_NONE, 80 } };

static const struct weir_service_port db_ports[] = {
	{ NULL, db_backends, 2, 5432, 30432, WEIR_PROTOCOL_TCP },
};
static const struct weir_service_port web_ports[] = {
	{ "http", web_backends, 2, 80, 0, WEIR_PROTOCOL_TCP },
	{ "dns", web_backends, 1, 53, 0, WEIR_PROTOCOL_UDP },
};
static const struct weir_service_port stray_ports[] = {
	{ NULL, stray_backends, 1, 80, 0, WEIR_PROTOCOL_TCP },
};
static const struct weir_service_port empty_ports[] = {
	{ NULL, NULL, 0, 80, 0, WEIR_PROTOCOL_TCP },
};

static const struct weir_service services[] = {
	{ "shop", "db", db_addresses, db_ports, 2, 1 },
	{ "shop", "web", web_addresses, web_ports, 1, 2 },
	{ "shop", "stray", stray_addresses, stray_ports, 1, 1 },
	{ "shop", "empty", empty_addresses, empty_ports, 1, 1 },
	{ "shop", "outside", NULL, NULL, 0, 0 },
};

static const uint32_t db_members[] = { DB_0 };
static const uint32_t web_members[] = { WEB_0, WEB_1 };
static const uint32_t web_1_members[] = { WEB_1 };
static const uint32_t twin_members[] = { TWIN_A };

enum { SET_DB, SET_WEB, SET_WEB_1, SET_TWIN };

static const struct weir_set sets[] = {
	{ db_members, 1, WEIR_MAYBE },
	{ web_members, 2, WEIR_MAYBE },
	{ web_1_members, 1, WEIR_MAYBE },
	{ twin_members, 1, WEIR_MAYBE },
};

static const struct weir_block blocks[] = {
	{ .prefix = { IPV4(172, 16, 0, 0), 96 + 12 } },
};

static const struct weir_prefix pod_ranges[] = { { IPV4(10, 0, 0, 0), 96 + 16 } };

static const struct weir_peer from_web[] = { { WEIR_PEER_SET, SET_WEB } };
static const struct weir_peer from_block[] = { { WEIR_PEER_BLOCK, 0 } };
static const struct weir_peer to_db[] = { { WEIR_PEER_SET, SET_DB } };
static const struct weir_port tcp_85[] = {
	{ .first = 85, .last = 85, .protocol = WEIR_PROTOCOL_TCP, .kind = WEIR_PORT_RANGE },
};

static const struct weir_origin origins[] = {
	{ "NetworkPolicy", "shop", "db", NULL, 0 },
	{ "NetworkPolicy", "shop", "db", NULL, 1 },
	{ "NetworkPolicy", "shop", "web-1", NULL, 0 },
	{ "ClusterNetworkPolicy", NULL, "guard", "Deny", 0 },
};

#define ISOLATION(set, direction_)                                                                 \
	{                                                                                          \
		.subjects = set, .precedence = 1, .origin = WEIR_NONE,                             \
		.tier = WEIR_TIER_NETWORK_POLICY, .direction = direction_,                         \
		.action = WEIR_RULE_DENY                                                           \
	}

static const struct weir_rule rules[] = {
	{ from_web, tcp_85, 1, 1, SET_DB, 0, 0, WEIR_TIER_NETWORK_POLICY, WEIR_INGRESS,
	  WEIR_RULE_ALLOW },
	{ from_block, NULL, 1, 0, SET_DB, 0, 1, WEIR_TIER_NETWORK_POLICY, WEIR_INGRESS,
	  WEIR_RULE_ALLOW },
	{ to_db, tcp_85, 1, 1, SET_WEB_1, 0, 2, WEIR_TIER_NETWORK_POLICY, WEIR_EGRESS,
	  WEIR_RULE_ALLOW },
	{ to_db, NULL, 1, 0, SET_DB, 0, 3, WEIR_TIER_ADMIN, WEIR_INGRESS, WEIR_RULE_DENY },
	ISOLATION(SET_DB, WEIR_INGRESS),
	ISOLATION(SET_WEB, WEIR_INGRESS),
	ISOLATION(SET_TWIN, WEIR_INGRESS),
	ISOLATION(SET_WEB_1, WEIR_EGRESS),
};

#define LIST(list) (sizeof(list) / sizeof((list)[0]))

static const struct weir_resolved resolved = {
	.endpoints = endpoints,
	.workloads = workloads,
	.services = services,
	.sets = sets,
	.blocks = blocks,
	.origins = origins,
	.rules = rules,
	.pod_ranges = pod_ranges,
	.endpoint_count = LIST(endpoints),
	.workload_count = LIST(workloads),
	.service_count = LIST(services),
	.set_count = LIST(sets),
	.block_count = LIST(blocks),
	.origin_count = LIST(origins),
	.rule_count = LIST(rules),
	.pod_range_count = LIST(pod_ranges),
};

const struct weir_resolved *shop(void)
{
	return &resolved;
}
