/*
 * plan.h - who is in a generated cluster: what is drawn before anything is written.
 *
 * Where everybody is:
 *
 *	10.0.0.0/24 and on, fd10::/64 and on    pods, a range for each node; .1 is its bridge
 *	192.168.0.1 and on, fd30::1 and on      nodes
 *	172.20.0.1 and on, fd20::1 and on       services
 */
#ifndef WEIR_GEN_PLAN_H
#define WEIR_GEN_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "dice.h"
#include "gen_cluster.h"
#include "roles.h"
#include "weir/address.h"

enum {
	GEN_NAME = 48,
};

enum gen_kind {
	GEN_DEPLOYMENT,
	GEN_STATEFUL_SET,
	GEN_DAEMON_SET,
	GEN_REPLICA_SET,
	GEN_JOB,
	GEN_BARE,
};

struct gen_namespace {
	char name[GEN_NAME];
	const char *team;
	const char *environment;
	uint32_t first_app; /* its workloads are one after the other */
	uint32_t app_count;
	uint32_t isolated_count; /* of its workloads */
};

struct gen_app {
	char name[GEN_NAME];
	const struct gen_role *role;
	const char *version; /* the label; NULL: none */
	struct gen_role_port ports[GEN_ROLE_PORTS + 1];
	uint32_t port_count; /* of the main container; a sidecar's port is one behind */
	uint32_t space;      /* index of the namespace */
	uint32_t first_pod;
	uint32_t pod_count;
	enum gen_kind kind;
	bool has_sidecar;
	bool is_on_host_network;
	bool has_service;
	bool is_isolated;
};

enum gen_phase {
	GEN_RUNNING_POD,
	GEN_PENDING_POD, /* not on any node yet, without address */
	GEN_FINISHED_POD,
};

struct gen_pod {
	uint32_t app;
	uint32_t node;
	uint32_t host; /* in the node's range; the address of a finished pod may be another's too */
	enum gen_phase phase;
};

struct gen_plan {
	const struct gen_cluster_options *options;
	struct gen_namespace *spaces;
	struct gen_app *apps;
	struct gen_pod *pods;
	uint32_t app_count;
};

/* What dice are for. */
enum gen_use {
	GEN_USE_SIZES,
	GEN_USE_SPACES,
	GEN_USE_APPS,
	GEN_USE_PLACES,
	GEN_USE_PHASES,
	GEN_USE_ISOLATION,
	GEN_USE_NAMES,
	GEN_USE_SERVICES,
	GEN_USE_PORT_SPECS,
	GEN_USE_POLICIES,
	GEN_USE_CLUSTER_POLICIES,
};

/* Falls as often as the share says. */
bool gen_falls(struct dice *dice, const struct gen_cluster_options *options, enum gen_share share);

/* 0 or -ENOMEM; to be finished in any case. */
int gen_plan_make(struct gen_plan *plan, const struct gen_cluster_options *options);
void gen_plan_finish(struct gen_plan *plan);

/* Addresses by the layout above; six is IPv6. */
struct weir_address gen_pod_address(bool six, uint32_t node, uint32_t host);
struct weir_address gen_node_address(bool six, uint32_t node);
struct weir_address gen_service_address(bool six, uint32_t service);
struct weir_prefix gen_pod_range(bool six, uint32_t node);

#endif
