/*
 * validate.c - a resolved policy comes from a program, and programs err: nothing is believed.
 */
#include "build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

enum {
	PORT_NAME_MOST = 254,
	PARENTS_MOST = 32,
};

int build_fail(struct build *build, int status, const char *format, ...)
{
	va_list arguments;

	if (!build->error)
		return status;
	va_start(arguments, format);
	vsnprintf(build->error->text, sizeof(build->error->text), format, arguments);
	va_end(arguments);
	return status;
}

#define INVALID(build, ...) build_fail((build), -EINVAL, __VA_ARGS__)

static bool is_index(uint32_t index, uint32_t count)
{
	return index == WEIR_NONE || index < count;
}

static int check_endpoint(struct build *build, uint32_t i)
{
	const struct weir_resolved *resolved = build->resolved;
	const struct weir_endpoint *endpoint = &resolved->endpoints[i];

	if (endpoint->kind > WEIR_ENDPOINT_NODE || endpoint->rank > WEIR_RANK_RUNNING)
		return INVALID(build, "endpoint %u has no such kind or rank", i);
	if (!endpoint->name || (endpoint->kind == WEIR_ENDPOINT_POD && !endpoint->namespace_name))
		return INVALID(build, "endpoint %u has no name", i);
	if ((endpoint->address_count && !endpoint->addresses) ||
	    (endpoint->port_count && !endpoint->ports))
		return INVALID(build, "endpoint %u counts what it does not have", i);
	if (!is_index(endpoint->node, resolved->endpoint_count) ||
	    (endpoint->node != WEIR_NONE &&
	     resolved->endpoints[endpoint->node].kind != WEIR_ENDPOINT_NODE))
		return INVALID(build, "endpoint %u is on endpoint %u, which is no node", i,
			       endpoint->node);
	if (!is_index(endpoint->workload, resolved->workload_count))
		return INVALID(build, "endpoint %u is of workload %u, which does not exist", i,
			       endpoint->workload);
	return 0;
}

static int check_workload(struct build *build, uint32_t i)
{
	const struct weir_workload *workloads = build->resolved->workloads;
	uint32_t ancestor = i;

	if (!workloads[i].kind || !workloads[i].name)
		return INVALID(build, "workload %u has no kind or name", i);
	for (unsigned depth = 0; depth < PARENTS_MOST; depth++) {
		ancestor = workloads[ancestor].parent;
		if (ancestor == WEIR_NONE)
			return 0;
		if (ancestor >= build->resolved->workload_count)
			return INVALID(build, "workload %u has parent %u, which does not exist", i,
				       ancestor);
	}
	return INVALID(build, "workload %u has more than %d ancestors, or is its own", i,
		       PARENTS_MOST);
}

static int check_service(struct build *build, uint32_t i)
{
	const struct weir_service *service = &build->resolved->services[i];

	if (!service->name || !service->namespace_name)
		return INVALID(build, "service %u has no name", i);
	if ((service->address_count && !service->addresses) ||
	    (service->port_count && !service->ports))
		return INVALID(build, "service %u counts what it does not have", i);
	for (uint32_t j = 0; j < service->port_count; j++) {
		const struct weir_service_port *port = &service->ports[j];

		if (port->backend_count && !port->backends)
			return INVALID(build, "service %u counts what it does not have", i);
		for (uint32_t k = 0; k < port->backend_count; k++) {
			if (!is_index(port->backends[k].endpoint, build->resolved->endpoint_count))
				return INVALID(build,
					       "service %u: backend %u of port %u does not exist",
					       i, k, j);
		}
	}
	return 0;
}

static int check_set(struct build *build, uint32_t i)
{
	const struct weir_set *set = &build->resolved->sets[i];

	if (set->unknown_pods > WEIR_ALWAYS)
		return INVALID(build, "set %u has no such certainty", i);
	if (set->endpoint_count && !set->endpoints)
		return INVALID(build, "set %u counts what it does not have", i);
	for (uint32_t j = 0; j < set->endpoint_count; j++) {
		if (set->endpoints[j] >= build->resolved->endpoint_count)
			return INVALID(build, "set %u holds endpoint %u, which does not exist", i,
				       set->endpoints[j]);
		if (j && set->endpoints[j] <= set->endpoints[j - 1])
			return INVALID(build, "set %u is not in ascending order at entry %u", i, j);
	}
	return 0;
}

static int check_block(struct build *build, uint32_t i)
{
	const struct weir_block *block = &build->resolved->blocks[i];

	if (!weir_prefix_is_valid(&block->prefix))
		return INVALID(build, "block %u is no prefix", i);
	if (block->hole_count && !block->holes)
		return INVALID(build, "block %u counts what it does not have", i);
	for (uint32_t j = 0; j < block->hole_count; j++) {
		const struct weir_prefix *hole = &block->holes[j];

		if (!weir_prefix_is_valid(hole) || hole->length <= block->prefix.length ||
		    !weir_prefix_covers(&block->prefix, hole))
			return INVALID(build, "block %u: hole %u is not strictly inside it", i, j);
	}
	return 0;
}

static int check_origin(struct build *build, uint32_t i)
{
	const struct weir_origin *origin = &build->resolved->origins[i];

	if (!origin->kind || !origin->name)
		return INVALID(build, "origin %u has no kind or name", i);
	return 0;
}

static int check_port(struct build *build, uint32_t i, uint32_t j)
{
	const struct weir_port *port = &build->resolved->rules[i].ports[j];

	switch (port->kind) {
	case WEIR_PORT_ANY:
		return 0;
	case WEIR_PORT_RANGE:
		if (port->first > port->last)
			return INVALID(build, "rule %u: port %u goes from %u to %u", i, j,
				       port->first, port->last);
		return 0;
	case WEIR_PORT_NAMED:
		if (!port->name || strlen(port->name) > PORT_NAME_MOST)
			return INVALID(build, "rule %u: port %u has no name of at most %d bytes", i,
				       j, PORT_NAME_MOST);
		return 0;
	default:
		return INVALID(build, "rule %u: port %u has no such kind", i, j);
	}
}

static int check_peer(struct build *build, uint32_t i, uint32_t j)
{
	const struct weir_resolved *resolved = build->resolved;
	const struct weir_rule *rule = &resolved->rules[i];
	const struct weir_peer *peer = &rule->peers[j];

	if (peer->joined && !j)
		return INVALID(build, "rule %u: there is no peer before its first one", i);
	switch (peer->kind) {
	case WEIR_PEER_SET:
		if (peer->index >= resolved->set_count)
			return INVALID(build, "rule %u: peer %u is set %u, which does not exist", i,
				       j, peer->index);
		return 0;
	case WEIR_PEER_BLOCK:
		if (peer->index >= resolved->block_count)
			return INVALID(build, "rule %u: peer %u is block %u, which does not exist",
				       i, j, peer->index);
		return 0;
	case WEIR_PEER_DOMAINS:
		if (rule->direction != WEIR_EGRESS || rule->action != WEIR_RULE_ALLOW)
			return INVALID(build,
				       "rule %u: peer %u has domain names: only a rule of egress "
				       "that allows may",
				       i, j);
		return 0;
	default:
		return INVALID(build, "rule %u: peer %u has no such kind", i, j);
	}
}

static int check_rule(struct build *build, uint32_t i)
{
	const struct weir_resolved *resolved = build->resolved;
	const struct weir_rule *rule = &resolved->rules[i];
	int status = 0;

	if (rule->tier >= WEIR_TIERS || rule->direction > WEIR_INGRESS ||
	    rule->action > WEIR_RULE_PASS)
		return INVALID(build, "rule %u has no such tier, direction or action", i);
	if (rule->subjects >= resolved->set_count)
		return INVALID(build, "rule %u has subjects %u, which do not exist", i,
			       rule->subjects);
	if (!is_index(rule->origin, resolved->origin_count))
		return INVALID(build, "rule %u comes from %u, which does not exist", i,
			       rule->origin);
	if ((rule->peer_count && !rule->peers) || (rule->port_count && !rule->ports))
		return INVALID(build, "rule %u counts what it does not have", i);
	for (uint32_t j = 0; j < rule->peer_count && !status; j++)
		status = check_peer(build, i, j);
	for (uint32_t j = 0; j < rule->port_count && !status; j++)
		status = check_port(build, i, j);
	return status;
}

static int check_pod_range(struct build *build, uint32_t i)
{
	if (!weir_prefix_is_valid(&build->resolved->pod_ranges[i]))
		return INVALID(build, "pod range %u is no prefix", i);
	return 0;
}

static int check_semantics(struct build *build)
{
	const struct weir_semantics *semantics = &build->resolved->semantics;

	if (semantics->ipblock_pods > WEIR_IPBLOCK_PODS_IGNORE ||
	    semantics->own_node > WEIR_OWN_NODE_POLICY ||
	    semantics->other_protocols > WEIR_OTHER_PROTOCOLS_DENY)
		return INVALID(build, "the semantics make a choice that does not exist");
	return 0;
}

int build_validate(struct build *build)
{
	const struct weir_resolved *r = build->resolved;
	const struct {
		const char *what;
		const void *items;
		uint32_t count;
		int (*check)(struct build *build, uint32_t i);
	} parts[] = {
		{ "endpoints", r->endpoints, r->endpoint_count, check_endpoint },
		{ "workloads", r->workloads, r->workload_count, check_workload },
		{ "services", r->services, r->service_count, check_service },
		{ "sets", r->sets, r->set_count, check_set },
		{ "blocks", r->blocks, r->block_count, check_block },
		{ "origins", r->origins, r->origin_count, check_origin },
		{ "rules", r->rules, r->rule_count, check_rule },
		{ "pod ranges", r->pod_ranges, r->pod_range_count, check_pod_range },
	};
	int status = check_semantics(build);

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]) && !status; i++) {
		if (parts[i].count && !parts[i].items)
			status = INVALID(build, "there are no %s, but a count of them",
					 parts[i].what);
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		for (uint32_t j = 0; j < parts[i].count && !status; j++)
			status = parts[i].check(build, j);
	}
	return status;
}
