/*
 * weir/directory.h - the names inside a compiled policy: pods, nodes, services, rules.
 *
 * The directory is the cold part of the policy's block. Views point into the block and live as
 * long as the policy. Indices are those of the resolved policy that was compiled; one that is out
 * of range is the caller's mistake, and not looked for.
 *
 * Threads. All of it reads the immutable block: any number of threads at once. Nothing fails, and
 * nothing is allocated.
 */
#ifndef WEIR_DIRECTORY_H
#define WEIR_DIRECTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/address.h"
#include "weir/policy.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_endpoint_view {
	const char *namespace_name; /* "" for a node */
	const char *name;
	const struct weir_address *addresses;
	uint32_t address_count;
	uint32_t port_count; /* for weir_policy_endpoint_port */
	uint32_t node;       /* endpoint index, or WEIR_NONE */
	uint32_t workload;   /* index, or WEIR_NONE */
	uint8_t kind;        /* enum weir_endpoint_kind */
	uint8_t rank;        /* enum weir_rank */
	bool host_network;
};

/* How many endpoints there are. */
uint32_t weir_policy_endpoint_count(const struct weir_policy *policy);
/* One endpoint, by its index. */
void weir_policy_endpoint(const struct weir_policy *policy, uint32_t index,
			  struct weir_endpoint_view *out);

/* The index of the pod of that name, or WEIR_NONE. */
uint32_t weir_policy_find_pod(const struct weir_policy *policy, const char *namespace_name,
			      const char *name);
/* The index of the node of that name, or WEIR_NONE. */
uint32_t weir_policy_find_node(const struct weir_policy *policy, const char *name);

/* True when the pod declares the port. */
bool weir_policy_endpoint_declares(const struct weir_policy *policy, uint32_t endpoint,
				   uint8_t protocol, uint16_t port);

/* What an address is. */
enum weir_owner_kind {
	WEIR_OWNER_EXTERNAL,    /* nothing in the cluster */
	WEIR_OWNER_POD,         /* the pods of highest rank that claim it: usually one */
	WEIR_OWNER_NODE,        /* one node, and the pods on its network */
	WEIR_OWNER_SERVICE,     /* a service's virtual address */
	WEIR_OWNER_UNKNOWN_POD, /* inside a pod range, and nobody's */
};

/* Whose an address is. */
struct weir_owner {
	uint8_t kind;              /* enum weir_owner_kind */
	uint32_t index;            /* endpoint or service index; WEIR_NONE when there is none */
	const uint32_t *endpoints; /* all owning pods, by (namespace, name), when kind is POD */
	uint32_t endpoint_count;
};
/* Finds whose an address is. */
void weir_policy_owner(const struct weir_policy *policy, const struct weir_address *address,
		       struct weir_owner *out);

/* What owns pods. */
struct weir_workload_view {
	const char *kind;
	const char *namespace_name;
	const char *name;
	uint32_t parent; /* index of what owns it, or WEIR_NONE */
};
/* How many workloads there are. */
uint32_t weir_policy_workload_count(const struct weir_policy *policy);
/* One workload, by its index. */
void weir_policy_workload(const struct weir_policy *policy, uint32_t index,
			  struct weir_workload_view *out);
/* The index of the workload of that kind and name, or WEIR_NONE. */
uint32_t weir_policy_find_workload(const struct weir_policy *policy, const char *kind,
				   const char *namespace_name, const char *name);

struct weir_service_view {
	const char *namespace_name;
	const char *name;
	const struct weir_address *addresses;
	uint32_t address_count;
	uint32_t port_count;
};
struct weir_backend_view {
	struct weir_address address;
	uint32_t endpoint;
	uint16_t port;
	uint16_t reserved;
};
struct weir_service_port_view {
	const char *name; /* "" when it has none */
	const struct weir_backend_view *backends;
	uint32_t backend_count;
	uint16_t port;
	uint16_t node_port;
	uint8_t protocol;
};
/* How many services there are. */
uint32_t weir_policy_service_count(const struct weir_policy *policy);
/* One service, by its index. */
void weir_policy_service(const struct weir_policy *policy, uint32_t index,
			 struct weir_service_view *out);
/* One port of a service, by its place from 0. */
void weir_policy_service_port(const struct weir_policy *policy, uint32_t service, uint32_t port,
			      struct weir_service_port_view *out);
/* The index of the service of that name, or WEIR_NONE. */
uint32_t weir_policy_find_service(const struct weir_policy *policy, const char *namespace_name,
				  const char *name);

/* The service and its port that packets to (address, port) are translated by: a virtual address
 * and its port, or a node's address and a node port. False when there is none. */
bool weir_policy_translates(const struct weir_policy *policy, const struct weir_address *address,
			    uint8_t protocol, uint16_t port, uint32_t *service,
			    uint32_t *service_port);

/* A rule as a person wrote it. */
struct weir_rule_view {
	const char *kind;
	const char *namespace_name; /* "" for cluster-scoped kinds */
	const char *name;
	const char *action; /* "" where the family has no word for it */
	uint32_t index;
	uint8_t direction; /* enum weir_direction */
};
/* One rule, by the index that a half or a considered rule has. */
void weir_policy_rule(const struct weir_policy *policy, uint32_t rule, struct weir_rule_view *out);

/* Writes "NetworkPolicy ns/name ingress[i] from[j] ports[k]" for the rule of a half, and the word
 * for its action behind it (": Deny") where the family has one, cut to size with its NUL; returns
 * the length that the whole text has. 0 when the half names no rule. */
size_t weir_policy_format_rule(const struct weir_policy *policy, const struct weir_half *half,
			       char *text, size_t size);

#ifdef __cplusplus
}
#endif
#endif
