/* Small policies from plain structs. */
#ifndef WEIR_TESTS_WORKER_POLICIES_H
#define WEIR_TESTS_WORKER_POLICIES_H

#include "weir/resolved.h"

/* Two pods, 10.0.0.1 and 10.0.0.2, and a rule that lets the first reach the second by one TCP
 * port; nobody else reaches it. NULL: no memory. */
static inline struct weir_policy *policy_of_port(uint16_t port)
{
	static const struct weir_address addresses[] = {
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1 } },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 2 } },
	};
	static const struct weir_endpoint endpoints[] = {
		{ .namespace_name = "a",
		  .name = "client",
		  .addresses = &addresses[0],
		  .address_count = 1,
		  .node = WEIR_NONE,
		  .workload = WEIR_NONE,
		  .rank = WEIR_RANK_RUNNING },
		{ .namespace_name = "a",
		  .name = "server",
		  .addresses = &addresses[1],
		  .address_count = 1,
		  .node = WEIR_NONE,
		  .workload = WEIR_NONE,
		  .rank = WEIR_RANK_RUNNING },
	};
	static const uint32_t client[] = { 0 }, server[] = { 1 };
	static const struct weir_set sets[] = { { client, 1, WEIR_NEVER },
						{ server, 1, WEIR_NEVER } };
	static const struct weir_peer peers[] = { { WEIR_PEER_SET, 0 } };
	static const struct weir_origin origins[] = { { "NetworkPolicy", "a", "p", NULL, 0 } };
	const struct weir_port ports[] = { { NULL, port, port, 6, WEIR_PORT_RANGE } };
	const struct weir_rule rules[] = {
		{ .peers = peers,
		  .ports = ports,
		  .peer_count = 1,
		  .port_count = 1,
		  .subjects = 1,
		  .origin = 0,
		  .tier = WEIR_TIER_NETWORK_POLICY,
		  .direction = WEIR_INGRESS,
		  .action = WEIR_RULE_ALLOW },
		{ .subjects = 1,
		  .precedence = 1,
		  .origin = WEIR_NONE,
		  .tier = WEIR_TIER_NETWORK_POLICY,
		  .direction = WEIR_INGRESS,
		  .action = WEIR_RULE_DENY },
	};
	const struct weir_resolved resolved = {
		.endpoints = endpoints,
		.sets = sets,
		.origins = origins,
		.rules = rules,
		.endpoint_count = 2,
		.set_count = 2,
		.origin_count = 1,
		.rule_count = 2,
	};
	struct weir_policy *policy = NULL;
	struct weir_error error;

	weir_compile(&resolved, &(struct weir_compile_options){ 0 }, &policy, &error);
	return policy;
}

#endif
