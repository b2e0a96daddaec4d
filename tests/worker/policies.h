/* A compiled policy of two pods, 10.0.0.1 and 10.0.0.2. */
#ifndef WEIR_TESTS_WORKER_POLICIES_H
#define WEIR_TESTS_WORKER_POLICIES_H

#include "two_pods.h"

/* The first reaches the second by one TCP port; nobody else does. NULL: no memory. */
static inline struct weir_policy *policy_of_port(uint16_t port)
{
	struct weir_policy *policy = NULL;
	struct weir_error error;
	struct two_pods pods;

	two_pods_init(&pods, port);
	weir_compile(&pods.resolved, &(struct weir_compile_options){ 0 }, &policy, &error);
	return policy;
}

/* Two pods, 10.0.0.1 and 10.0.0.2, each with a rule of its own, and both rules say the same:
 * TCP to port 80 from anywhere. NULL: no memory. */
static inline struct weir_policy *policy_of_twins(void)
{
	static const struct weir_address addresses[] = {
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1 } },
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 2 } },
	};
	static const uint32_t members[] = { 0, 1 };
	static const struct weir_port port = { NULL, 80, 80, 6, WEIR_PORT_RANGE };
	struct weir_endpoint endpoints[2];
	struct weir_set sets[2];
	struct weir_origin origins[2];
	struct weir_rule rules[4];
	struct weir_resolved resolved = {
		.endpoints = endpoints,
		.sets = sets,
		.origins = origins,
		.rules = rules,
		.endpoint_count = 2,
		.set_count = 2,
		.origin_count = 2,
		.rule_count = 4,
	};
	struct weir_policy *policy = NULL;

	for (uint32_t i = 0; i < 2; i++) {
		endpoints[i] = (struct weir_endpoint){ .namespace_name = "a",
						       .name = i ? "right" : "left",
						       .addresses = &addresses[i],
						       .address_count = 1,
						       .node = WEIR_NONE,
						       .workload = WEIR_NONE,
						       .rank = WEIR_RANK_RUNNING };
		sets[i] = (struct weir_set){ &members[i], 1, WEIR_NEVER };
		origins[i] =
			(struct weir_origin){ "NetworkPolicy", "a", endpoints[i].name, NULL, 0 };
		rules[2 * i] = (struct weir_rule){ .ports = &port,
						   .port_count = 1,
						   .subjects = i,
						   .origin = i,
						   .tier = WEIR_TIER_NETWORK_POLICY,
						   .direction = WEIR_INGRESS,
						   .action = WEIR_RULE_ALLOW };
		rules[2 * i + 1] = (struct weir_rule){ .subjects = i,
						       .precedence = 1,
						       .origin = WEIR_NONE,
						       .tier = WEIR_TIER_NETWORK_POLICY,
						       .direction = WEIR_INGRESS,
						       .action = WEIR_RULE_DENY };
	}
	weir_compile(&resolved, NULL, &policy, NULL);
	return policy;
}

#endif
