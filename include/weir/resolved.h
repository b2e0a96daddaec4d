/*
 * weir/resolved.h - a policy with every selector resolved, as plain structs, and its compiler.
 *
 * This is where every policy family meets. Whoever reads policies of some family produces these
 * structs; nothing behind them knows the family. Everything is borrowed: weir_compile copies
 * what it keeps, so the structs may go as soon as it returns.
 *
 * How it is read. Endpoints are pods and nodes. For one direction of one connection the rules
 * whose subjects hold the near endpoint are tried by (tier, precedence, place in the array);
 * the first whose peers and ports match the far end decides: allow, deny, or pass, which goes
 * on with the next tier. When no rule matches the direction is allowed. Isolation, as
 * NetworkPolicy has it, is a deny rule of every peer and port behind the allows of its tier,
 * with origin WEIR_NONE: it decides as "no-rule".
 *
 * A peer of domain names matches none of the endpoints, and any address outside the cluster only
 * perhaps: where it depends on that the verdict is ambiguous (WEIR_WHY_DOMAIN_NAME).
 */
#ifndef WEIR_RESOLVED_H
#define WEIR_RESOLVED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/address.h"
#include "weir/allocator.h"
#include "weir/error.h"
#include "weir/policy.h"
#include "weir/semantics.h"

#ifdef __cplusplus
extern "C" {
#endif

enum weir_endpoint_kind {
	WEIR_ENDPOINT_POD,
	WEIR_ENDPOINT_NODE,
};

/* Who owns an address that several pods claim: the highest rank (S17). */
enum weir_rank {
	WEIR_RANK_FINISHED, /* Succeeded or Failed: owns no address */
	WEIR_RANK_PENDING,
	WEIR_RANK_RUNNING,
};

/* A port that a container declares. */
struct weir_declared_port {
	const char *name; /* NULL when it has none */
	uint16_t number;
	uint8_t protocol;
};

struct weir_endpoint {
	const char *namespace_name; /* NULL for a node */
	const char *name;
	const struct weir_address *addresses; /* the first is the primary one */
	const struct weir_declared_port *ports;
	uint32_t address_count;
	uint32_t port_count;
	uint32_t node;     /* index of the node endpoint that a pod runs on, or WEIR_NONE */
	uint32_t workload; /* index of the workload that owns the pod, or WEIR_NONE */
	uint8_t kind;      /* enum weir_endpoint_kind */
	uint8_t rank;      /* enum weir_rank; for pods */
	bool host_network; /* a pod on its node's network: in no set, and owns no address */
};

/* What owns pods; the parent is what owns the workload (a ReplicaSet's Deployment). */
struct weir_workload {
	const char *kind;
	const char *namespace_name;
	const char *name;
	uint32_t parent; /* index, or WEIR_NONE */
};

struct weir_backend {
	struct weir_address address;
	uint32_t endpoint; /* the pod that owns the address, or WEIR_NONE */
	uint16_t port;     /* the target port on this backend */
};

struct weir_service_port {
	const char *name; /* NULL when it has none */
	const struct weir_backend *backends;
	uint32_t backend_count;
	uint16_t port;
	uint16_t node_port; /* 0 when it has none; reached on every node's addresses */
	uint8_t protocol;
};

struct weir_service {
	const char *namespace_name;
	const char *name;
	const struct weir_address *addresses; /* cluster, external and load-balancer addresses */
	const struct weir_service_port *ports;
	uint32_t address_count; /* 0 for a headless service */
	uint32_t port_count;
};

/* Whether a pod that nobody knows would be in a set. */
enum weir_certainty {
	WEIR_NEVER,
	WEIR_MAYBE,
	WEIR_ALWAYS,
};

/* Endpoints, pods or nodes, that one selector selects. Rules share sets. */
struct weir_set {
	const uint32_t *endpoints; /* strictly ascending indices */
	uint32_t endpoint_count;
	uint8_t unknown_pods; /* enum weir_certainty */
};

struct weir_block {
	struct weir_prefix prefix;
	bool always_pods; /* holds the addresses of pods whatever weir_semantics says of blocks */
	uint32_t hole_count;
	const struct weir_prefix *holes; /* each strictly inside the prefix */
};

enum weir_peer_kind {
	WEIR_PEER_SET,
	WEIR_PEER_BLOCK,
	WEIR_PEER_DOMAINS, /* in rules of egress that allow */
};

struct weir_peer {
	uint8_t kind;   /* enum weir_peer_kind */
	uint32_t index; /* of the set or the block; 0 for domain names */
	bool joined;    /* was written in one entry with the peer before it */
};

enum weir_port_kind {
	WEIR_PORT_ANY,   /* every port of the protocol */
	WEIR_PORT_RANGE, /* first..last */
	WEIR_PORT_NAMED, /* the number that the destination pod declares under the name */
};

struct weir_port {
	const char *name; /* for WEIR_PORT_NAMED */
	uint16_t first;
	uint16_t last;
	uint8_t protocol; /* 0 for WEIR_PORT_NAMED: whatever the pod declares the name with */
	uint8_t kind;     /* enum weir_port_kind */
};

enum weir_tier {
	WEIR_TIER_ADMIN,
	WEIR_TIER_NETWORK_POLICY,
	WEIR_TIER_BASELINE,
	WEIR_TIERS,
};

enum weir_rule_action {
	WEIR_RULE_ALLOW,
	WEIR_RULE_DENY,
	WEIR_RULE_PASS,
};

/* What a person wrote: "NetworkPolicy ns/name ingress[index]". */
struct weir_origin {
	const char *kind;
	const char *namespace_name; /* NULL for cluster-scoped kinds */
	const char *name;
	const char *action; /* the family's word where it has one ("Accept"), else NULL */
	uint32_t index;     /* of the rule in its direction's list */
};

struct weir_rule {
	const struct weir_peer *peers; /* in the order written */
	const struct weir_port *ports; /* in the order written */
	uint32_t peer_count;           /* 0: every peer, inside the cluster and outside */
	uint32_t port_count;           /* 0: every port of every protocol */
	uint32_t subjects;             /* index of a set */
	uint32_t precedence;           /* lower is tried first within the tier */
	uint32_t origin;               /* index, or WEIR_NONE: the isolation of a tier */
	uint8_t tier;                  /* enum weir_tier */
	uint8_t direction;             /* enum weir_direction */
	uint8_t action;                /* enum weir_rule_action */
};

struct weir_resolved {
	const struct weir_endpoint *endpoints;
	const struct weir_workload *workloads;
	const struct weir_service *services;
	const struct weir_set *sets;
	const struct weir_block *blocks;
	const struct weir_origin *origins;
	const struct weir_rule *rules;
	const struct weir_prefix *pod_ranges; /* where an address without owner is an unknown pod */
	uint32_t endpoint_count;
	uint32_t workload_count;
	uint32_t service_count;
	uint32_t set_count;
	uint32_t block_count;
	uint32_t origin_count;
	uint32_t rule_count;
	uint32_t pod_range_count;
	struct weir_semantics semantics;
};

struct weir_compile_options {
	const struct weir_allocator *allocator; /* NULL: the C library's */
	size_t max_bytes;                       /* of the compiled block; 0: no bound */
};

/* Compiles a resolved policy. It only reads the structs: any number of threads may compile at once,
 * the same ones too. *out is owned by the caller (weir_policy_unref). -EINVAL: the structs
 * contradict themselves (an index out of range, a set out of order...). -ERANGE: the block would
 * exceed max_bytes. -ENOMEM. error says more. */
int weir_compile(const struct weir_resolved *resolved, const struct weir_compile_options *options,
		 struct weir_policy **out, struct weir_error *error);

#ifdef __cplusplus
}
#endif
#endif
