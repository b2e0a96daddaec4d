/*
 * A stand-in for compiled policies: the naive evaluator behind the interface of weir/policy.h and
 * weir/directory.h, as far as questions use it. It borrows the resolved policy, and goes when
 * policies compile.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "weir/directory.h"
#include "weir/resolved.h"

struct weir_policy {
	const struct weir_resolved *resolved;
	uint32_t references;
	uint32_t owners[8];
};

int weir_compile(const struct weir_resolved *resolved, const struct weir_compile_options *options,
		 struct weir_policy **out, struct weir_error *error)
{
	(void)options;
	(void)error;
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->resolved = resolved;
	(*out)->references = 1;
	return 0;
}

struct weir_policy *weir_policy_ref(struct weir_policy *policy)
{
	policy->references++;
	return policy;
}

void weir_policy_unref(struct weir_policy *policy)
{
	if (policy && !--policy->references)
		free(policy);
}

void weir_policy_explain(const struct weir_policy *policy, const struct weir_key *key,
			 struct weir_explanation *out)
{
	weir_resolved_judge(policy->resolved, key, out);
}

static const char *text(const char *name)
{
	return name ? name : "";
}

uint32_t weir_policy_endpoint_count(const struct weir_policy *policy)
{
	return policy->resolved->endpoint_count;
}

void weir_policy_endpoint(const struct weir_policy *policy, uint32_t index,
			  struct weir_endpoint_view *out)
{
	const struct weir_endpoint *from = &policy->resolved->endpoints[index];

	*out = (struct weir_endpoint_view){ text(from->namespace_name),
					    text(from->name),
					    from->addresses,
					    from->address_count,
					    from->port_count,
					    from->node,
					    from->workload,
					    from->kind,
					    from->rank,
					    from->host_network };
}

static uint32_t find(const struct weir_policy *policy, uint8_t kind, const char *namespace_name,
		     const char *name)
{
	const struct weir_endpoint *items = policy->resolved->endpoints;

	for (uint32_t i = 0; i < policy->resolved->endpoint_count; i++) {
		if (items[i].kind == kind && strcmp(items[i].name, name) == 0 &&
		    strcmp(text(items[i].namespace_name), namespace_name) == 0)
			return i;
	}
	return WEIR_NONE;
}

uint32_t weir_policy_find_pod(const struct weir_policy *policy, const char *namespace_name,
			      const char *name)
{
	return find(policy, WEIR_ENDPOINT_POD, namespace_name, name);
}

uint32_t weir_policy_find_node(const struct weir_policy *policy, const char *name)
{
	return find(policy, WEIR_ENDPOINT_NODE, "", name);
}

static bool holds(const struct weir_address *addresses, uint32_t count,
		  const struct weir_address *address)
{
	for (uint32_t i = 0; i < count; i++) {
		if (weir_address_equal(&addresses[i], address))
			return true;
	}
	return false;
}

static bool owns(const struct weir_endpoint *endpoint, uint8_t kind, uint8_t rank,
		 const struct weir_address *address)
{
	return endpoint->kind == kind && !endpoint->host_network && endpoint->rank == rank &&
	       holds(endpoint->addresses, endpoint->address_count, address);
}

static bool find_owner(const struct weir_policy *policy, uint8_t kind, uint8_t rank,
		       const struct weir_address *address, struct weir_owner *out)
{
	uint32_t *owners = ((struct weir_policy *)(uintptr_t)policy)->owners;
	uint32_t count = 0;

	for (uint32_t i = 0; i < policy->resolved->endpoint_count && count < 8; i++) {
		if (owns(&policy->resolved->endpoints[i], kind, rank, address))
			owners[count++] = i;
	}
	if (!count)
		return false;
	*out = (struct weir_owner){ kind == WEIR_ENDPOINT_POD ? WEIR_OWNER_POD : WEIR_OWNER_NODE,
				    owners[0], owners, count };
	return true;
}

void weir_policy_owner(const struct weir_policy *policy, const struct weir_address *address,
		       struct weir_owner *out)
{
	const struct weir_resolved *resolved = policy->resolved;

	*out = (struct weir_owner){ WEIR_OWNER_EXTERNAL, WEIR_NONE, NULL, 0 };
	if (find_owner(policy, WEIR_ENDPOINT_POD, WEIR_RANK_RUNNING, address, out) ||
	    find_owner(policy, WEIR_ENDPOINT_POD, WEIR_RANK_PENDING, address, out) ||
	    find_owner(policy, WEIR_ENDPOINT_NODE, WEIR_RANK_RUNNING, address, out))
		return;
	for (uint32_t i = 0; i < resolved->service_count; i++) {
		if (holds(resolved->services[i].addresses, resolved->services[i].address_count,
			  address)) {
			*out = (struct weir_owner){ WEIR_OWNER_SERVICE, i, NULL, 0 };
			return;
		}
	}
	for (uint32_t i = 0; i < resolved->pod_range_count; i++) {
		if (weir_prefix_contains(&resolved->pod_ranges[i], address))
			out->kind = WEIR_OWNER_UNKNOWN_POD;
	}
}

uint32_t weir_policy_workload_count(const struct weir_policy *policy)
{
	return policy->resolved->workload_count;
}

void weir_policy_workload(const struct weir_policy *policy, uint32_t index,
			  struct weir_workload_view *out)
{
	const struct weir_workload *from = &policy->resolved->workloads[index];

	*out = (struct weir_workload_view){ from->kind, from->namespace_name, from->name,
					    from->parent };
}

uint32_t weir_policy_find_workload(const struct weir_policy *policy, const char *kind,
				   const char *namespace_name, const char *name)
{
	const struct weir_workload *items = policy->resolved->workloads;

	for (uint32_t i = 0; i < policy->resolved->workload_count; i++) {
		if (strcmp(items[i].kind, kind) == 0 && strcmp(items[i].name, name) == 0 &&
		    strcmp(items[i].namespace_name, namespace_name) == 0)
			return i;
	}
	return WEIR_NONE;
}

uint32_t weir_policy_service_count(const struct weir_policy *policy)
{
	return policy->resolved->service_count;
}

void weir_policy_service(const struct weir_policy *policy, uint32_t index,
			 struct weir_service_view *out)
{
	const struct weir_service *from = &policy->resolved->services[index];

	*out = (struct weir_service_view){ from->namespace_name, from->name, from->addresses,
					   from->address_count, from->port_count };
}

void weir_policy_service_port(const struct weir_policy *policy, uint32_t service, uint32_t port,
			      struct weir_service_port_view *out)
{
	static struct weir_backend_view views[64];
	const struct weir_service_port *from = &policy->resolved->services[service].ports[port];

	for (uint32_t i = 0; i < from->backend_count && i < 64; i++)
		views[i] = (struct weir_backend_view){ from->backends[i].address,
						       from->backends[i].endpoint,
						       from->backends[i].port, 0 };
	*out = (struct weir_service_port_view){ text(from->name),    views,
						from->backend_count, from->port,
						from->node_port,     from->protocol };
}

uint32_t weir_policy_find_service(const struct weir_policy *policy, const char *namespace_name,
				  const char *name)
{
	const struct weir_service *items = policy->resolved->services;

	for (uint32_t i = 0; i < policy->resolved->service_count; i++) {
		if (strcmp(items[i].name, name) == 0 &&
		    strcmp(items[i].namespace_name, namespace_name) == 0)
			return i;
	}
	return WEIR_NONE;
}

bool weir_policy_translates(const struct weir_policy *policy, const struct weir_address *address,
			    uint8_t protocol, uint16_t port, uint32_t *service,
			    uint32_t *service_port)
{
	const struct weir_resolved *resolved = policy->resolved;
	struct weir_owner owner;

	weir_policy_owner(policy, address, &owner);
	for (uint32_t i = 0; i < resolved->service_count; i++) {
		for (uint32_t j = 0; j < resolved->services[i].port_count; j++) {
			const struct weir_service_port *at = &resolved->services[i].ports[j];

			if (at->protocol == protocol &&
			    ((owner.kind == WEIR_OWNER_SERVICE && owner.index == i &&
			      at->port == port) ||
			     (owner.kind == WEIR_OWNER_NODE && port && at->node_port == port))) {
				*service = i;
				*service_port = j;
				return true;
			}
		}
	}
	return false;
}
