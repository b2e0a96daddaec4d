/*
 * objects.h - the Kubernetes objects that verdicts need, read, checked and defaulted.
 *
 * These structs say what the API server would have stored. Strings are interned in the cluster:
 * equal strings are one pointer. Arrays are in the order written unless said otherwise. After
 * weir_cluster_finish nothing changes.
 */
#ifndef WEIR_K8S_OBJECTS_H
#define WEIR_K8S_OBJECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "array.h"
#include "hash.h"
#include "intern.h"
#include "memory.h"
#include "weir/address.h"
#include "weir/cluster.h"

struct k8s_position {
	const char *file;
	uint32_t line;
	uint32_t column;
};

struct k8s_label {
	const char *key;
	const char *value;
};

struct k8s_labels {
	const struct k8s_label *items; /* by key */
	uint32_t count;
};

/* The controller in metadata.ownerReferences; kind is NULL when there is none. */
struct k8s_owner {
	const char *kind;
	const char *name;
};

struct k8s_meta {
	const char
		*namespace_name; /* "default" where it was missing; "" for cluster-scoped kinds */
	const char *name;
	struct k8s_labels labels;
	struct k8s_owner owner;
	struct k8s_position position;
};

enum k8s_operator {
	K8S_IN,
	K8S_NOT_IN,
	K8S_EXISTS,
	K8S_DOES_NOT_EXIST,
};

struct k8s_requirement {
	const char *key;
	const char *const *values;
	uint32_t value_count;
	uint8_t op; /* enum k8s_operator */
};

/* All requirements must hold; none: everything. matchLabels are IN with one value. */
struct k8s_selector {
	const struct k8s_requirement *requirements;
	uint32_t count;
	struct k8s_position position;
};

struct k8s_namespace {
	struct k8s_meta meta; /* labels hold kubernetes.io/metadata.name, always the name (S19) */
	bool implied;         /* named by other objects only: no labels but that one */
};

enum k8s_phase {
	K8S_RUNNING,  /* also a missing phase: a manifest stands for a pod that runs */
	K8S_PENDING,  /* also Unknown */
	K8S_FINISHED, /* Succeeded or Failed */
};

struct k8s_container_port {
	const char *name; /* NULL when it has none */
	uint16_t number;
	uint8_t protocol;
};

struct k8s_pod {
	struct k8s_meta meta;
	const char *node_name;                /* NULL while unscheduled */
	const struct weir_address *addresses; /* status.podIPs; of a hostNetwork pod its node's */
	const struct weir_address *host_addresses; /* status.hostIPs */
	const struct k8s_container_port *ports; /* of containers and restartable init containers */
	uint32_t address_count;
	uint32_t host_address_count;
	uint32_t port_count;
	uint8_t phase; /* enum k8s_phase */
	bool host_network;
	bool synthetic; /* stands for a workload's template */
	bool assigned;  /* its addresses are made up */
};

struct k8s_node {
	struct k8s_meta meta;
	const struct weir_address *addresses; /* T17: status, podCIDR bridges, tunnels, options */
	const struct weir_prefix *pod_cidrs;
	uint32_t address_count;
	uint32_t pod_cidr_count;
	bool implied; /* named by pods or options only */
};

struct k8s_service_port {
	const char *name;        /* NULL when it has none */
	const char *target_name; /* NULL when the target is a number */
	uint16_t port;
	uint16_t target_port;
	uint16_t node_port; /* 0 when it has none */
	uint8_t protocol;
};

struct k8s_service {
	struct k8s_meta meta;
	struct k8s_selector selector;
	const struct weir_address *addresses; /* cluster, external and load-balancer addresses */
	const struct k8s_service_port *ports;
	uint32_t address_count;
	uint32_t port_count;
	bool has_selector; /* a service without one has only its slices */
	bool headless;
	bool external_name;
	bool published; /* type NodePort or LoadBalancer; no verdict depends on it */
	bool publish_not_ready;
};

struct k8s_slice_endpoint {
	const struct weir_address *addresses;
	uint32_t address_count;
	bool ready;      /* a missing condition means ready */
	const char *pod; /* name of targetRef of kind Pod, or NULL */
};

struct k8s_slice_port {
	const char *name;
	uint16_t port;
	uint8_t protocol;
};

struct k8s_slice {
	struct k8s_meta meta;
	const char *service; /* label kubernetes.io/service-name */
	const struct k8s_slice_endpoint *endpoints;
	const struct k8s_slice_port *ports;
	uint32_t endpoint_count;
	uint32_t port_count;
};

struct k8s_workload {
	struct k8s_meta meta;
	const char *kind; /* "Deployment"... */
	struct k8s_selector selector;
	bool has_selector;
	uint32_t replicas; /* 1 where it was missing */
	bool has_template;
	struct k8s_labels template_labels;
	const struct k8s_container_port *ports;
	uint32_t port_count;
	bool host_network;
	const char *node_name;
};

struct k8s_block {
	struct weir_prefix prefix;
	const struct weir_prefix *except;
	uint32_t except_count;
	bool host_bits; /* some were set, and masked */
};

enum k8s_peer_kind {
	K8S_PEER_SELECTOR,
	K8S_PEER_BLOCK,
};

struct k8s_peer {
	uint8_t kind; /* enum k8s_peer_kind */
	bool has_pod_selector;
	bool has_namespace_selector;
	struct k8s_selector pod_selector;
	struct k8s_selector namespace_selector;
	struct k8s_block block;
	struct k8s_position position;
};

enum k8s_port_kind {
	K8S_PORT_ANY,
	K8S_PORT_NUMBER, /* first..last */
	K8S_PORT_NAME,
};

struct k8s_port {
	uint8_t protocol; /* IP protocol number; TCP where it was missing */
	uint8_t kind;     /* enum k8s_port_kind */
	uint16_t first;
	uint16_t last;
	const char *name;
	struct k8s_position position;
};

struct k8s_rule {
	const struct k8s_peer *peers; /* none: every peer */
	const struct k8s_port *ports; /* none: every port and protocol */
	uint32_t peer_count;
	uint32_t port_count;
	bool was_null; /* written as null: it allows everything (lint) */
	struct k8s_position position;
};

struct k8s_network_policy {
	struct k8s_meta meta;
	struct k8s_selector pod_selector;
	bool isolates_ingress; /* policyTypes after defaulting (S3) */
	bool isolates_egress;
	const struct k8s_rule *ingress;
	const struct k8s_rule *egress;
	uint32_t ingress_count;
	uint32_t egress_count;
	bool has_types;   /* policyTypes are written, and not empty; no verdict depends on these */
	bool has_ingress; /* a list is written, which may be empty */
	bool has_egress;
};

/* Pods by their namespaces' labels and, where pods is said, by their own. */
struct k8s_pods_scope {
	struct k8s_selector namespaces;
	struct k8s_selector pods; /* matches everything unless has_pods */
	bool has_pods;            /* written as pods, else as namespaces */
};

enum k8s_cluster_peer_kind {
	K8S_CLUSTER_PEER_PODS,
	K8S_CLUSTER_PEER_NODES,
	K8S_CLUSTER_PEER_NETWORKS,
	K8S_CLUSTER_PEER_DOMAINS,
};

struct k8s_cluster_peer {
	uint8_t kind;                       /* enum k8s_cluster_peer_kind */
	struct k8s_pods_scope scope;        /* of PODS */
	struct k8s_selector nodes;          /* of NODES */
	const struct weir_prefix *networks; /* of NETWORKS: also the addresses of pods */
	const char *const *domains;         /* of DOMAINS: as written, "*." in front or not */
	uint32_t network_count;
	uint32_t domain_count;
	struct k8s_position position;
};

/* Of ports, one of kind NAME has protocol 0: whatever protocol the pod declares it with. */
struct k8s_cluster_rule {
	const char *name;   /* NULL when it has none */
	const char *action; /* the kind's word: "Accept", "Allow", "Deny", "Pass" */
	const struct k8s_cluster_peer *peers; /* at least one */
	const struct k8s_port *ports;         /* none: every port and protocol */
	uint32_t peer_count;
	uint32_t port_count;
	uint8_t meaning; /* enum weir_rule_action */
	struct k8s_position position;
};

/* ClusterNetworkPolicy, AdminNetworkPolicy, BaselineAdminNetworkPolicy. */
struct k8s_cluster_policy {
	struct k8s_meta meta;
	const char *kind;
	struct k8s_pods_scope subject;
	const struct k8s_cluster_rule *ingress;
	const struct k8s_cluster_rule *egress;
	uint32_t ingress_count;
	uint32_t egress_count;
	uint32_t priority; /* 0 to 1000, lower first; BaselineAdminNetworkPolicy has
			    * K8S_PRIORITY_LAST */
	uint8_t tier;      /* enum weir_tier */
};

/* Behind every priority that can be written. */
#define K8S_PRIORITY_LAST 1001

/* Everything read. Arrays hold structs of the name's type, by (namespace, name) after finish. */
struct weir_cluster {
	const struct weir_allocator *allocator;
	struct weir_arena arena;
	struct weir_intern *strings; /* own_strings, or those of another cluster */
	struct weir_intern own_strings;
	struct weir_array namespaces;         /* struct k8s_namespace */
	struct weir_array pods;               /* struct k8s_pod */
	struct weir_array nodes;              /* struct k8s_node */
	struct weir_array services;           /* struct k8s_service */
	struct weir_array slices;             /* struct k8s_slice */
	struct weir_array workloads;          /* struct k8s_workload; by (namespace, kind, name) */
	struct weir_array network_policies;   /* struct k8s_network_policy */
	struct weir_array cluster_policies;   /* struct k8s_cluster_policy; by (tier, priority,
					       * name, kind): the order in which they are tried */
	const struct weir_prefix *pod_ranges; /* nodes' podCIDRs and --cluster-cidr */
	uint32_t pod_range_count;
	struct weir_cluster_counts counts;
	struct k8s_reading *reading; /* what only reading needs; NULL after finish */
};

/* The pods of every Namespace etc. are found by binary search over the sorted arrays. */
const struct k8s_namespace *k8s_find_namespace(const struct weir_cluster *cluster,
					       const char *name);
const struct k8s_pod *k8s_find_pod(const struct weir_cluster *cluster, const char *namespace_name,
				   const char *name);
const struct k8s_node *k8s_find_node(const struct weir_cluster *cluster, const char *name);
const struct k8s_service *k8s_find_service(const struct weir_cluster *cluster,
					   const char *namespace_name, const char *name);

/* Whether labels fulfil a selector. */
bool k8s_selector_matches(const struct k8s_selector *selector, const struct k8s_labels *labels);

#endif
