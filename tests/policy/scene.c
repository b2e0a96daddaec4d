#include "scene.h"

#include <assert.h>
#include <string.h>

#define V4(a, b, c, d)                                                                             \
	{                                                                                          \
		{                                                                                  \
			0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d                       \
		}                                                                                  \
	}
#define V6(last)                                                                                   \
	{                                                                                          \
		{                                                                                  \
			0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last                       \
		}                                                                                  \
	}
#define LIST(type, ...)                                                                            \
	(const type[]){ __VA_ARGS__ }, sizeof((const type[]){ __VA_ARGS__ }) / sizeof(type)

enum { N1, N2, N3, FREE, WEB, DB, ADMIN, TWIN_A, TWIN_B, OLD, DUAL, ENDPOINTS };

static const struct weir_address addresses[ENDPOINTS][2] = {
	[N1] = { V4(192, 168, 0, 1) },       [N2] = { V4(192, 168, 0, 2), V4(192, 168, 0, 9) },
	[N3] = { V4(192, 168, 0, 9) },       [FREE] = { V4(10, 0, 0, 1) },
	[WEB] = { V4(10, 0, 0, 2) },         [DB] = { V4(10, 0, 0, 3) },
	[ADMIN] = { V4(10, 0, 0, 4) },       [TWIN_A] = { V4(10, 0, 0, 5) },
	[TWIN_B] = { V4(10, 0, 0, 5) },      [OLD] = { V4(10, 0, 0, 2) },
	[DUAL] = { V4(10, 0, 0, 6), V6(6) },
};

static const struct weir_declared_port web_ports[] = { { "http", 8080, WEIR_PROTOCOL_TCP } };
static const struct weir_declared_port db_ports[] = { { "http", 9090, WEIR_PROTOCOL_TCP } };

#define NODE(i, name_, count)                                                                      \
	[i] = { .name = name_,                                                                     \
		.addresses = addresses[i],                                                         \
		.address_count = count,                                                            \
		.node = WEIR_NONE,                                                                 \
		.workload = WEIR_NONE,                                                             \
		.kind = WEIR_ENDPOINT_NODE }
#define POD(i, name_, node_, count, rank_, ...)                                                    \
	[i] = { .namespace_name = "ns",                                                            \
		.name = name_,                                                                     \
		.addresses = addresses[i],                                                         \
		.address_count = count,                                                            \
		.node = node_,                                                                     \
		.workload = WEIR_NONE,                                                             \
		.kind = WEIR_ENDPOINT_POD,                                                         \
		.rank = rank_,                                                                     \
		__VA_ARGS__ }

static const struct weir_endpoint endpoints[ENDPOINTS] = {
	NODE(N1, "n1", 1),
	NODE(N2, "n2", 2),
	NODE(N3, "n3", 1),
	POD(FREE, "free", N1, 1, WEIR_RANK_RUNNING, .port_count = 0),
	POD(WEB, "web", N1, 1, WEIR_RANK_RUNNING, .ports = web_ports, .port_count = 1),
	POD(DB, "db", N2, 1, WEIR_RANK_RUNNING, .ports = db_ports, .port_count = 1),
	POD(ADMIN, "admin", N2, 1, WEIR_RANK_RUNNING, .port_count = 0),
	POD(TWIN_A, "twin-a", N1, 1, WEIR_RANK_RUNNING, .port_count = 0),
	POD(TWIN_B, "twin-b", N1, 1, WEIR_RANK_RUNNING, .port_count = 0),
	POD(OLD, "old", N1, 1, WEIR_RANK_FINISHED, .port_count = 0),
	POD(DUAL, "dual", N1, 2, WEIR_RANK_RUNNING, .port_count = 0),
};

enum { SET_WEB, SET_DB, SET_ADMIN, SET_CLIENTS, SET_ALL, SET_DUAL, SETS };

#define SET(i, unknown, ...) [i] = { LIST(uint32_t, __VA_ARGS__), unknown }

static const struct weir_set sets[SETS] = {
	SET(SET_WEB, WEIR_NEVER, WEB),
	SET(SET_DB, WEIR_NEVER, DB),
	SET(SET_ADMIN, WEIR_NEVER, ADMIN),
	SET(SET_CLIENTS, WEIR_MAYBE, FREE, TWIN_A),
	SET(SET_ALL, WEIR_ALWAYS, FREE, WEB, DB, ADMIN, TWIN_A, TWIN_B, DUAL),
	SET(SET_DUAL, WEIR_NEVER, DUAL),
};

enum { BLOCK_OUTSIDE, BLOCK_ALL_IPV4, BLOCK_ALL_IPV6, BLOCKS };

static const struct weir_prefix holes[] = { { V4(198, 51, 100, 128), 96 + 25 } };
static const struct weir_block blocks[BLOCKS] = {
	[BLOCK_OUTSIDE] = { .prefix = { V4(198, 51, 100, 0), 96 + 24 },
			    .holes = holes,
			    .hole_count = 1 },
	[BLOCK_ALL_IPV4] = { .prefix = { V4(0, 0, 0, 0), 96 } },
	[BLOCK_ALL_IPV6] = { .prefix = { { { 0 } }, 0 } },
};

static const struct weir_origin origins[] = {
	{ "NetworkPolicy", "ns", "web", NULL, 0 },
	{ "NetworkPolicy", "ns", "db", NULL, 0 },
	{ "ClusterNetworkPolicy", NULL, "tiers", "Deny", 0 },
	{ "NetworkPolicy", "ns", "dual", NULL, 0 },
};

#define PEER_SET(i)                                                                                \
	{                                                                                          \
		WEIR_PEER_SET, i                                                                   \
	}
#define PEER_BLOCK(i)                                                                              \
	{                                                                                          \
		WEIR_PEER_BLOCK, i                                                                 \
	}
#define TCP(first_, last_)                                                                         \
	{                                                                                          \
		NULL, first_, last_, WEIR_PROTOCOL_TCP, WEIR_PORT_RANGE                            \
	}
#define ANY(protocol_)                                                                             \
	{                                                                                          \
		NULL, 0, 0, protocol_, WEIR_PORT_ANY                                               \
	}
#define NAMED(name_)                                                                               \
	{                                                                                          \
		name_, 0, 0, WEIR_PROTOCOL_TCP, WEIR_PORT_NAMED                                    \
	}
#define NP .tier = WEIR_TIER_NETWORK_POLICY
#define ISOLATE(subjects_, direction_)                                                             \
	{                                                                                          \
		.subjects = subjects_, .precedence = 1, .origin = WEIR_NONE, NP,                   \
		.direction = direction_, .action = WEIR_RULE_DENY                                  \
	}

static const struct weir_peer clients_and_outside[] = { PEER_SET(SET_CLIENTS),
							PEER_BLOCK(BLOCK_OUTSIDE) };
static const struct weir_peer clients[] = { PEER_SET(SET_CLIENTS) };
static const struct weir_peer admin[] = { PEER_SET(SET_ADMIN) };
static const struct weir_peer web[] = { PEER_SET(SET_WEB) };
static const struct weir_peer all_ipv4[] = { PEER_BLOCK(BLOCK_ALL_IPV4) };
static const struct weir_port http[] = { NAMED("http") };
static const struct weir_port udp_any[] = { ANY(WEIR_PROTOCOL_UDP) };
static const struct weir_port tier_1[] = { TCP(1, 1) };
static const struct weir_port tier_2[] = { TCP(2, 2) };
static const struct weir_port tier_3[] = { TCP(3, 3) };
static const struct weir_port tier_4[] = { TCP(4, 4) };
static const struct weir_port tier_1_to_4[] = { TCP(1, 4) };

/* On admin: port 1 is denied by the admin tier before what allows it; 2 is allowed by it; 3 is
 * passed to the network policies, which allow it; 4 is passed, and the baseline denies it; 5 is
 * allowed by precedence before the deny that was written first. */
static const struct weir_port tier_5[] = { TCP(5, 5) };

static const struct weir_rule rules[] = {
	{ clients_and_outside, http, 2, 1, SET_WEB, 0, 0, NP, WEIR_INGRESS, WEIR_RULE_ALLOW },
	{ NULL, udp_any, 0, 1, SET_WEB, 0, 0, NP, WEIR_INGRESS, WEIR_RULE_ALLOW },
	ISOLATE(SET_WEB, WEIR_INGRESS),
	{ clients, NULL, 1, 0, SET_DB, 0, 1, NP, WEIR_INGRESS, WEIR_RULE_ALLOW },
	ISOLATE(SET_DB, WEIR_INGRESS),
	{ web, http, 1, 1, SET_DB, 0, 1, NP, WEIR_EGRESS, WEIR_RULE_ALLOW },
	ISOLATE(SET_DB, WEIR_EGRESS),
	{ all_ipv4, NULL, 1, 0, SET_DUAL, 0, 3, NP, WEIR_EGRESS, WEIR_RULE_ALLOW },
	ISOLATE(SET_DUAL, WEIR_EGRESS),
	{ NULL, tier_1, 0, 1, SET_ADMIN, 0, 2, WEIR_TIER_ADMIN, WEIR_INGRESS, WEIR_RULE_DENY },
	{ NULL, tier_2, 0, 1, SET_ADMIN, 1, 2, WEIR_TIER_ADMIN, WEIR_INGRESS, WEIR_RULE_ALLOW },
	{ NULL, tier_3, 0, 1, SET_ADMIN, 1, 2, WEIR_TIER_ADMIN, WEIR_INGRESS, WEIR_RULE_PASS },
	{ NULL, tier_4, 0, 1, SET_ADMIN, 1, 2, WEIR_TIER_ADMIN, WEIR_INGRESS, WEIR_RULE_PASS },
	{ NULL, tier_1_to_4, 0, 1, SET_ADMIN, 2, 2, WEIR_TIER_ADMIN, WEIR_INGRESS, WEIR_RULE_DENY },
	{ NULL, tier_3, 0, 1, SET_ADMIN, 0, 2, NP, WEIR_INGRESS, WEIR_RULE_ALLOW },
	{ NULL, tier_4, 0, 1, SET_ADMIN, 0, 2, WEIR_TIER_BASELINE, WEIR_INGRESS, WEIR_RULE_DENY },
	{ NULL, tier_5, 0, 1, SET_ADMIN, 7, 2, WEIR_TIER_ADMIN, WEIR_INGRESS, WEIR_RULE_DENY },
	{ NULL, tier_5, 0, 1, SET_ADMIN, 6, 2, WEIR_TIER_ADMIN, WEIR_INGRESS, WEIR_RULE_ALLOW },
	{ admin, NULL, 1, 0, SET_ADMIN, 0, 2, NP, WEIR_EGRESS, WEIR_RULE_ALLOW },
	ISOLATE(SET_ADMIN, WEIR_EGRESS),
};

static const struct weir_prefix pod_ranges[] = { { V4(10, 0, 0, 0), 96 + 24 },
						 { { { 0xfd } }, 64 } };

const struct weir_resolved scene = {
	.endpoints = endpoints,
	.endpoint_count = ENDPOINTS,
	.sets = sets,
	.set_count = SETS,
	.blocks = blocks,
	.block_count = BLOCKS,
	.origins = origins,
	.origin_count = 4,
	.rules = rules,
	.rule_count = sizeof(rules) / sizeof(rules[0]),
	.pod_ranges = pod_ranges,
	.pod_range_count = 2,
};

#define NODE_1     "192.168.0.1"
#define NODE_2     "192.168.0.2"
#define NODES_2_3  "192.168.0.9"
#define OUT        "198.51.100.1"
#define HOLE       "198.51.100.128"
#define FREE_POD   "10.0.0.1"
#define WEB_POD    "10.0.0.2"
#define DB_POD     "10.0.0.3"
#define ADMIN_POD  "10.0.0.4"
#define TWINS      "10.0.0.5"
#define DUAL_POD   "10.0.0.6"
#define DUAL_IPV6  "fd00::6"
#define UNKNOWN    "10.0.0.99"
#define UNKNOWN_V6 "fd00::99"
#define T          WEIR_PROTOCOL_TCP
#define ICMP6      WEIR_PROTOCOL_ICMPV6
#define ALLOW      WEIR_ALLOW, WEIR_WHY_NONE
#define DENY       WEIR_DENY, WEIR_WHY_NONE
#define MAYBE(why) WEIR_AMBIGUOUS, WEIR_WHY_##why
#define R(reason)  WEIR_REASON_##reason

const struct scene_case scene_cases[] = {
	{ "S1 nothing selects them", FREE_POD, DUAL_POD, T, 1, ALLOW, R(NOT_ISOLATED),
	  R(NOT_ISOLATED) },
	{ "S2 both sides are asked", DB_POD, ADMIN_POD, T, 2, DENY, R(NO_RULE), R(RULE) },
	{ "S2 ingress only", DB_POD, ADMIN_POD, T, 2, ALLOW, R(NOT_ISOLATED), R(RULE),
	  .flags = WEIR_KEY_INGRESS },
	{ "S2 egress only", DB_POD, WEB_POD, T, 1, DENY, R(NO_RULE), R(NOT_ISOLATED),
	  .flags = WEIR_KEY_EGRESS },
	{ "no side", DB_POD, WEB_POD, T, 1, ALLOW, R(NOT_ISOLATED), R(NOT_ISOLATED), .flags = 8 },
	{ "S8 in the block", OUT, WEB_POD, T, 8080, ALLOW, R(NOT_A_POD), R(RULE) },
	{ "S8 in the hole", HOLE, WEB_POD, T, 8080, DENY, R(NOT_A_POD), R(NO_RULE) },
	{ "S8 a block matches pods", DUAL_POD, FREE_POD, T, 1, ALLOW, R(RULE), R(NOT_ISOLATED) },
	{ "S8 a block ignores pods", DUAL_POD, FREE_POD, T, 1, DENY, R(NO_RULE), R(NOT_ISOLATED),
	  .semantics = { .ipblock_pods = WEIR_IPBLOCK_PODS_IGNORE } },
	{ "C9 a block matches nodes", DUAL_POD, NODE_2, T, 1, ALLOW, R(RULE), R(HOST_NETWORK) },
	{ "S9 all UDP", OUT, WEB_POD, WEIR_PROTOCOL_UDP, 9, ALLOW, R(NOT_A_POD), R(RULE) },
	{ "C4 SCTP is not UDP", OUT, WEB_POD, WEIR_PROTOCOL_SCTP, 9, DENY, R(NOT_A_POD),
	  R(NO_RULE) },
	{ "C13 named port, its number", FREE_POD, WEB_POD, T, 8080, ALLOW, R(NOT_ISOLATED),
	  R(RULE) },
	{ "C13 named port, another's number", FREE_POD, WEB_POD, T, 9090, DENY, R(NOT_ISOLATED),
	  R(NO_RULE) },
	{ "S9 named port of egress is the destination's", DB_POD, WEB_POD, T, 8080, DENY, R(RULE),
	  R(NO_RULE) },
	{ "S9 named port of egress is not the source's", DB_POD, WEB_POD, T, 9090, DENY, R(NO_RULE),
	  R(NO_RULE) },
	{ "C18 named port and port 0", FREE_POD, WEB_POD, T, 0, DENY, R(NOT_ISOLATED), R(NO_RULE) },
	{ "S11 self", DB_POD, DB_POD, T, 1, ALLOW, R(SELF), R(SELF) },
	{ "S11 an unknown pod's self", UNKNOWN, UNKNOWN, T, 1, ALLOW, R(SELF), R(SELF) },
	{ "S12 node to its pod", NODE_2, DB_POD, T, 1, ALLOW, R(HOST_NETWORK), R(OWN_NODE) },
	{ "S12 another node", NODE_1, DB_POD, T, 1, DENY, R(HOST_NETWORK), R(NO_RULE) },
	{ "S12 an address of two nodes, one its own", NODES_2_3, DB_POD, T, 1, ALLOW,
	  R(HOST_NETWORK), R(OWN_NODE) },
	{ "S12 pod to own node", DB_POD, NODE_2, T, 1, ALLOW, R(OWN_NODE), R(HOST_NETWORK) },
	{ "S12 pod to own node by policy", DB_POD, NODE_2, T, 1, DENY, R(NO_RULE), R(HOST_NETWORK),
	  .semantics = { .own_node = WEIR_OWN_NODE_POLICY } },
	{ "S12 node to its pod whatever the switch", NODE_2, DB_POD, T, 1, ALLOW, R(HOST_NETWORK),
	  R(OWN_NODE), .semantics = { .own_node = WEIR_OWN_NODE_POLICY } },
	{ "pods of one node are no nodes", FREE_POD, WEB_POD, T, 1, DENY, R(NOT_ISOLATED),
	  R(NO_RULE) },
	{ "S13 nodes", NODE_1, NODE_2, T, 1, ALLOW, R(HOST_NETWORK), R(HOST_NETWORK) },
	{ "S14 ping and a rule without ports", FREE_POD, DB_POD, WEIR_PROTOCOL_ICMP, 8, ALLOW,
	  R(NOT_ISOLATED), R(RULE) },
	{ "S14 ping and a rule with ports", FREE_POD, WEB_POD, WEIR_PROTOCOL_ICMP, 8, DENY,
	  R(NOT_ISOLATED), R(NO_RULE) },
	{ "S14 ping, others allowed", FREE_POD, WEB_POD, WEIR_PROTOCOL_ICMP, 8, ALLOW,
	  R(NOT_ISOLATED), R(NOT_ISOLATED),
	  .semantics = { .other_protocols = WEIR_OTHER_PROTOCOLS_ALLOW } },
	{ "S14 ping, others denied", FREE_POD, DB_POD, WEIR_PROTOCOL_ICMP, 8, DENY, R(NOT_ISOLATED),
	  R(NO_RULE), .semantics = { .other_protocols = WEIR_OTHER_PROTOCOLS_DENY } },
	{ "S14 ping, others denied, not isolated", FREE_POD, TWINS, WEIR_PROTOCOL_ICMP, 8, ALLOW,
	  R(NOT_ISOLATED), R(NOT_ISOLATED),
	  .semantics = { .other_protocols = WEIR_OTHER_PROTOCOLS_DENY } },
	{ "C35 neighbour discovery, its first type", DUAL_IPV6, "fd00:1::1", ICMP6, 133, ALLOW,
	  R(NEIGHBOUR_DISCOVERY), R(NOT_A_POD) },
	{ "C35 neighbour discovery, its last type", DUAL_IPV6, "fd00:1::1", ICMP6, 137, ALLOW,
	  R(NEIGHBOUR_DISCOVERY), R(NOT_A_POD) },
	{ "S14 one before neighbour discovery", DUAL_IPV6, "fd00:1::1", ICMP6, 132, DENY,
	  R(NO_RULE), R(NOT_A_POD) },
	{ "S14 one behind neighbour discovery", DUAL_IPV6, "fd00:1::1", ICMP6, 138, DENY,
	  R(NO_RULE), R(NOT_A_POD) },
	{ "S17 twins that disagree", TWINS, WEB_POD, T, 8080, MAYBE(SHARED_ADDRESS),
	  R(NOT_ISOLATED), R(RULE) },
	{ "S17 twins that agree", TWINS, WEB_POD, T, 1, DENY, R(NOT_ISOLATED), R(NO_RULE) },
	{ "S20 all IPv4 is no IPv6", DUAL_IPV6, "fd00:1::1", T, 1, DENY, R(NO_RULE), R(NOT_A_POD) },
	{ "S21 an unknown client", UNKNOWN, WEB_POD, T, 8080, MAYBE(UNKNOWN_POD), R(NOT_ISOLATED),
	  R(RULE) },
	{ "S21 no label would help", UNKNOWN, WEB_POD, T, 1, DENY, R(NOT_ISOLATED), R(NO_RULE) },
	{ "S21 nothing can harm", UNKNOWN, OUT, T, 1, ALLOW, R(NOT_ISOLATED), R(NOT_A_POD) },
	{ "S21 taken as external", UNKNOWN, WEB_POD, T, 8080, DENY, R(NOT_A_POD), R(NO_RULE),
	  .flags = WEIR_KEY_BOTH | WEIR_KEY_UNKNOWN_EXTERNAL },
	{ "S21 IPv6", UNKNOWN_V6, WEB_POD, T, 8080, MAYBE(UNKNOWN_POD), R(NOT_ISOLATED), R(RULE) },
	{ "C25 the finished pod does not count", FREE_POD, WEB_POD, T, 8080, ALLOW, R(NOT_ISOLATED),
	  R(RULE) },
	{ "tiers: deny ends", FREE_POD, ADMIN_POD, T, 1, DENY, R(NOT_ISOLATED), R(RULE) },
	{ "tiers: allow ends", FREE_POD, ADMIN_POD, T, 2, ALLOW, R(NOT_ISOLATED), R(RULE) },
	{ "tiers: pass, allowed by the next", FREE_POD, ADMIN_POD, T, 3, ALLOW, R(NOT_ISOLATED),
	  R(RULE) },
	{ "tiers: pass, denied by the last", FREE_POD, ADMIN_POD, T, 4, DENY, R(NOT_ISOLATED),
	  R(RULE) },
	{ "tiers: precedence before place", FREE_POD, ADMIN_POD, T, 5, ALLOW, R(NOT_ISOLATED),
	  R(RULE) },
	{ "tiers: none matches", FREE_POD, ADMIN_POD, T, 6, ALLOW, R(NOT_ISOLATED),
	  R(NOT_ISOLATED) },
	{ "C41 outside", OUT, OUT, T, 6, ALLOW, R(NOT_A_POD), R(NOT_A_POD) },
};
const unsigned scene_case_count = sizeof(scene_cases) / sizeof(scene_cases[0]);

static struct weir_address address_of(const char *text)
{
	struct weir_address address;
	int status = weir_address_parse(text, strlen(text), &address);

	assert(!status);
	(void)status;
	return address;
}

struct weir_key scene_key(const struct scene_case *scene_case)
{
	bool icmp = scene_case->protocol == WEIR_PROTOCOL_ICMP ||
		    scene_case->protocol == WEIR_PROTOCOL_ICMPV6;

	return (struct weir_key){
		.source = address_of(scene_case->from),
		.destination = address_of(scene_case->to),
		.source_port = 40000,
		.destination_port = icmp ? 0 : scene_case->port,
		.protocol = scene_case->protocol,
		.icmp_type = icmp ? (uint8_t)scene_case->port : 0,
		.flags = scene_case->flags ? scene_case->flags : WEIR_KEY_BOTH,
	};
}
