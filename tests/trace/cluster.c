#include "cluster.h"

#include "test.h"

#include <string.h>

#include "weir/resolved.h"

enum { WEB, CLIENT, DB, CACHE, TWIN_A, TWIN_B, N1, N2, N3, ENDPOINTS };
enum { DB_ONLY, WEB_ONLY, TWIN_A_ONLY, CACHE_ONLY, SETS };
enum { ONE, TWO, NOBODY, OPEN, SERVICES };

static struct weir_address address(const char *text)
{
	struct weir_address parsed = { { 0 } };

	weir_address_parse(text, strlen(text), &parsed);
	return parsed;
}

static struct weir_prefix prefix(const char *text)
{
	struct weir_prefix parsed = { .length = 0 };

	weir_prefix_parse(text, strlen(text), &parsed, NULL);
	return parsed;
}

struct weir_policy *cluster_policy(void)
{
	const struct weir_address web[] = { address("10.0.1.1"), address("fd00::11") };
	const struct weir_address client[] = { address("10.0.1.2") };
	const struct weir_address db[] = { address("10.0.2.1"), address("fd00::21") };
	const struct weir_address cache[] = { address("10.0.2.2") };
	const struct weir_address twin[] = { address("10.0.3.1") };
	const struct weir_address n1[] = { address("192.168.0.1") };
	const struct weir_address n2[] = { address("192.168.0.2") };
	const struct weir_address n3[] = { address("192.168.0.3"), address("fd00::31"),
					   address("172.16.200.1") };
	const struct weir_declared_port web_ports[] = { { NULL, 5000, 6 } };
	const struct weir_declared_port client_ports[] = { { NULL, 7000, 6 } };
	const struct weir_declared_port db_ports[] = { { NULL, 80, 6 },
						       { NULL, 53, 17 },
						       { NULL, 3868, 132 } };
#define POD(name_, list, ports_, port_count_, node_)                                               \
	{                                                                                          \
		.namespace_name = "shop", .name = name_, .addresses = list,                        \
		.address_count = sizeof(list) / sizeof((list)[0]), .ports = ports_,                \
		.port_count = port_count_, .node = node_, .workload = WEIR_NONE,                   \
		.kind = WEIR_ENDPOINT_POD, .rank = WEIR_RANK_RUNNING                               \
	}
#define NODE(name_, list)                                                                          \
	{                                                                                          \
		.name = name_, .addresses = list,                                                  \
		.address_count = sizeof(list) / sizeof((list)[0]), .node = WEIR_NONE,              \
		.workload = WEIR_NONE, .kind = WEIR_ENDPOINT_NODE                                  \
	}
	const struct weir_endpoint endpoints[ENDPOINTS] = {
		[WEB] = POD("web", web, web_ports, 1, N1),
		[CLIENT] = POD("client", client, client_ports, 1, N2),
		[DB] = POD("db", db, db_ports, 3, N2),
		[CACHE] = POD("cache", cache, NULL, 0, N2),
		[TWIN_A] = POD("twin-a", twin, NULL, 0, N1),
		[TWIN_B] = POD("twin-b", twin, NULL, 0, N1),
		[N1] = NODE("n1", n1),
		[N2] = NODE("n2", n2),
		[N3] = NODE("n3", n3),
	};
#undef POD
#undef NODE
	const struct weir_backend to_db[] = { { db[0], DB, 8080 } };
	const struct weir_backend to_dns[] = { { db[0], DB, 5353 } };
	const struct weir_backend to_both[] = { { db[0], DB, 8080 }, { cache[0], CACHE, 8080 } };
	const struct weir_backend to_cache[] = { { cache[0], CACHE, 8080 } };
	const struct weir_service_port one[] = { { "http", to_db, 1, 80, 30080, 6 },
						 { "dns", to_dns, 1, 53, 0, 17 } };
	const struct weir_service_port two[] = { { NULL, to_both, 2, 80, 0, 6 } };
	const struct weir_service_port nobody[] = { { NULL, NULL, 0, 80, 0, 6 } };
	const struct weir_service_port open[] = { { NULL, to_cache, 1, 80, 30081, 6 } };
	const struct weir_address virtual[] = { address("10.96.0.1"), address("10.96.0.2"),
						address("10.96.0.3"), address("10.96.0.4") };
	const struct weir_service services[SERVICES] = {
		[ONE] = { "shop", "one", &virtual[0], one, 1, 2 },
		[TWO] = { "shop", "two", &virtual[1], two, 1, 1 },
		[NOBODY] = { "shop", "none", &virtual[2], nobody, 1, 1 },
		[OPEN] = { "shop", "open", &virtual[3], open, 1, 1 },
	};
	const uint32_t members[] = { WEB, DB, TWIN_A, CACHE };
	const struct weir_set sets[SETS] = {
		[WEB_ONLY] = { &members[0], 1, WEIR_MAYBE },
		[DB_ONLY] = { &members[1], 1, WEIR_MAYBE },
		[TWIN_A_ONLY] = { &members[2], 1, WEIR_NEVER },
		[CACHE_ONLY] = { &members[3], 1, WEIR_NEVER },
	};
	const struct weir_block blocks[] = { { .prefix = prefix("172.16.0.0/12") },
					     { .prefix = prefix("203.0.113.0/24") } };
	const struct weir_origin origins[] = {
		{ "NetworkPolicy", "shop", "db", NULL, 0 },
		{ "ClusterNetworkPolicy", NULL, "guard", "Deny", 0 },
		{ "ClusterNetworkPolicy", NULL, "names", "Accept", 0 },
		{ "ClusterNetworkPolicy", NULL, "names", "Deny", 1 },
	};
	const struct weir_peer peers[] = { { WEIR_PEER_SET, WEB_ONLY }, { WEIR_PEER_BLOCK, 0 } };
	const struct weir_peer caches[] = { { WEIR_PEER_SET, CACHE_ONLY } };
	const struct weir_peer names[] = { { .kind = WEIR_PEER_DOMAINS } };
	const struct weir_peer named[] = { { WEIR_PEER_BLOCK, 1 } };
#define RULE_OF(tier_, direction_, subjects_, peers_, peer_count_, precedence_, origin_, action_)  \
	{                                                                                          \
		.peers = peers_, .peer_count = peer_count_, .subjects = subjects_,                 \
		.precedence = precedence_, .origin = origin_, .tier = WEIR_TIER_##tier_,           \
		.direction = WEIR_##direction_, .action = action_                                  \
	}
#define RULE(...) RULE_OF(NETWORK_POLICY, __VA_ARGS__)
	const struct weir_rule rules[] = {
		RULE(INGRESS, DB_ONLY, peers, 2, 0, 0, WEIR_RULE_ALLOW),
		RULE(INGRESS, DB_ONLY, NULL, 0, 1, WEIR_NONE, WEIR_RULE_DENY),
		RULE(INGRESS, TWIN_A_ONLY, NULL, 0, 1, WEIR_NONE, WEIR_RULE_DENY),
		RULE(EGRESS, CACHE_ONLY, NULL, 0, 1, WEIR_NONE, WEIR_RULE_DENY),
		RULE_OF(ADMIN, INGRESS, CACHE_ONLY, caches, 1, 0, 1, WEIR_RULE_DENY),
		RULE_OF(ADMIN, EGRESS, WEB_ONLY, names, 1, 1, 2, WEIR_RULE_ALLOW),
		RULE_OF(ADMIN, EGRESS, WEB_ONLY, named, 1, 1, 3, WEIR_RULE_DENY),
	};
#undef RULE
#undef RULE_OF
	const struct weir_prefix ranges[] = { prefix("10.0.0.0/16") };
	const struct weir_resolved resolved = {
		.endpoints = endpoints,
		.services = services,
		.sets = sets,
		.blocks = blocks,
		.origins = origins,
		.rules = rules,
		.pod_ranges = ranges,
		.endpoint_count = ENDPOINTS,
		.service_count = SERVICES,
		.set_count = SETS,
		.block_count = sizeof(blocks) / sizeof(blocks[0]),
		.origin_count = sizeof(origins) / sizeof(origins[0]),
		.rule_count = sizeof(rules) / sizeof(rules[0]),
		.pod_range_count = 1,
	};
	const struct weir_compile_options options = { 0 };
	struct weir_policy *policy;
	struct weir_error error;

	return weir_compile(&resolved, &options, &policy, &error) ? NULL : policy;
}

struct weir_trace *cluster_trace(const struct weir_trace_options *options)
{
	struct weir_policy *policy = cluster_policy();
	struct weir_trace *trace;

	assert_non_null(policy);
	assert_int_equal(weir_trace_create(policy, options, &trace), 0);
	weir_policy_unref(policy);
	return trace;
}
