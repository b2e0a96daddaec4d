/*
 * two_pods.h - a client, a server, and nobody else who reaches the server: the smallest policy
 * that has both verdicts.
 */
#ifndef WEIR_TESTS_TWO_PODS_H
#define WEIR_TESTS_TWO_PODS_H

#include "weir/resolved.h"

enum {
	CLIENTS, /* sets */
	SERVERS,
};

static const struct weir_address client_address = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10,
						      0, 0, 1 } };
static const struct weir_address server_address = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10,
						      0, 0, 2 } };

/* Not to be moved: the policy points into it. */
struct two_pods {
	struct weir_endpoint endpoints[2];
	struct weir_port port;
	struct weir_rule rules[2];
	struct weir_resolved resolved;
};

static inline struct weir_endpoint pod_of(const char *name, const struct weir_address *address)
{
	return (struct weir_endpoint){ .namespace_name = "a",
				       .name = name,
				       .addresses = address,
				       .address_count = 1,
				       .node = WEIR_NONE,
				       .workload = WEIR_NONE,
				       .rank = WEIR_RANK_RUNNING };
}

/* The client reaches the server by this TCP port. */
static inline void two_pods_init(struct two_pods *pods, uint16_t port)
{
	static const uint32_t client[] = { 0 }, server[] = { 1 };
	static const struct weir_set sets[] = { { client, 1, WEIR_NEVER },
						{ server, 1, WEIR_NEVER } };
	static const struct weir_peer peers[] = { { WEIR_PEER_SET, CLIENTS } };
	static const struct weir_origin origins[] = { { "NetworkPolicy", "a", "p", NULL, 0 } };

	*pods = (struct two_pods){
		.endpoints = { pod_of("client", &client_address),
			       pod_of("server", &server_address) },
		.port = { NULL, port, port, 6, WEIR_PORT_RANGE },
		.rules = { { .peers = peers,
			     .ports = &pods->port,
			     .peer_count = 1,
			     .port_count = 1,
			     .subjects = SERVERS,
			     .tier = WEIR_TIER_NETWORK_POLICY,
			     .direction = WEIR_INGRESS },
			   { .subjects = SERVERS,
			     .precedence = 1,
			     .origin = WEIR_NONE,
			     .tier = WEIR_TIER_NETWORK_POLICY,
			     .direction = WEIR_INGRESS,
			     .action = WEIR_RULE_DENY } },
		.resolved = { .endpoints = pods->endpoints,
			      .sets = sets,
			      .origins = origins,
			      .rules = pods->rules,
			      .endpoint_count = 2,
			      .set_count = 2,
			      .origin_count = 1,
			      .rule_count = 2 },
	};
}

#endif
