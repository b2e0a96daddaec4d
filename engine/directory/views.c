/* The directory's items, one by one. */
#include "block.h"

#include <stdio.h>

uint32_t weir_policy_endpoint_count(const struct weir_policy *policy)
{
	return policy->lookup.endpoint_count;
}

/* Of nobody any more. */
static struct weir_endpoint_view ended_endpoint(void)
{
	return (struct weir_endpoint_view){ .namespace_name = "",
					    .name = "",
					    .node = WEIR_NONE,
					    .workload = WEIR_NONE,
					    .rank = WEIR_RANK_FINISHED };
}

static struct weir_endpoint_view view_of_patched(const struct patch_endpoint *endpoint)
{
	return (struct weir_endpoint_view){
		.namespace_name = endpoint->namespace_name,
		.name = endpoint->name,
		.addresses = endpoint->addresses,
		.address_count = endpoint->address_count,
		.port_count = endpoint->declared_count,
		.node = endpoint->node,
		.workload = endpoint->workload,
		.kind = WEIR_ENDPOINT_POD,
		.rank = endpoint->rank,
		.host_network = endpoint->host_network,
	};
}

void weir_policy_endpoint(const struct weir_policy *policy, uint32_t index,
			  struct weir_endpoint_view *out)
{
	const struct layout_header *header = block_of(policy);
	const struct lookup *lookup = &policy->lookup;
	const struct patch_endpoint *patched = patch_endpoint_at(lookup->patch, index);
	const struct layout_endpoint *endpoint;

	if (patch_has_ended(lookup->patch, lookup->stamp, index)) {
		*out = ended_endpoint();
		return;
	}
	if (patched) {
		*out = view_of_patched(patched);
		return;
	}
	endpoint = BLOCK_ITEM(header, LAYOUT_ENDPOINTS, struct layout_endpoint, index);
	*out = (struct weir_endpoint_view){
		.namespace_name = text_at(header, endpoint->namespace_name),
		.name = text_at(header, endpoint->name),
		.addresses = BLOCK_ITEM(header, LAYOUT_ADDRESSES, struct weir_address,
					endpoint->addresses),
		.address_count = endpoint->address_count,
		.port_count = endpoint->declared_count,
		.node = endpoint->node,
		.workload = endpoint->workload,
		.kind = endpoint->kind,
		.rank = endpoint->rank,
		.host_network = endpoint->host_network,
	};
}

static bool patched_declares(const struct patch_endpoint *pod, uint8_t protocol, uint16_t port)
{
	for (uint32_t i = 0; i < pod->declared_count; i++) {
		if (pod->declared[i].protocol == protocol && pod->declared[i].number == port)
			return true;
	}
	return false;
}

bool weir_policy_endpoint_declares(const struct weir_policy *policy, uint32_t endpoint,
				   uint8_t protocol, uint16_t port)
{
	const struct layout_header *header = block_of(policy);
	const struct patch_endpoint *patched = patch_endpoint_at(policy->lookup.patch, endpoint);
	const struct layout_endpoint *pod;
	const struct layout_declared *declared;

	if (patched)
		return patched_declares(patched, protocol, port);
	pod = BLOCK_ITEM(header, LAYOUT_ENDPOINTS, struct layout_endpoint, endpoint);
	declared = BLOCK_ITEM(header, LAYOUT_DECLARED, struct layout_declared, pod->declared);
	for (uint32_t i = 0; i < pod->declared_count; i++) {
		if (declared[i].protocol == protocol && declared[i].number == port)
			return true;
	}
	return false;
}

uint32_t weir_policy_workload_count(const struct weir_policy *policy)
{
	return (uint32_t)LAYOUT_COUNT(block_of(policy), LAYOUT_WORKLOADS, struct layout_workload);
}

void weir_policy_workload(const struct weir_policy *policy, uint32_t index,
			  struct weir_workload_view *out)
{
	const struct layout_header *header = block_of(policy);
	const struct layout_workload *workload =
		BLOCK_ITEM(header, LAYOUT_WORKLOADS, struct layout_workload, index);

	*out = (struct weir_workload_view){
		.kind = text_at(header, workload->kind),
		.namespace_name = text_at(header, workload->namespace_name),
		.name = text_at(header, workload->name),
		.parent = workload->parent,
	};
}

uint32_t weir_policy_service_count(const struct weir_policy *policy)
{
	return (uint32_t)LAYOUT_COUNT(block_of(policy), LAYOUT_SERVICES, struct layout_service);
}

void weir_policy_service(const struct weir_policy *policy, uint32_t index,
			 struct weir_service_view *out)
{
	const struct layout_header *header = block_of(policy);
	const struct layout_service *service =
		BLOCK_ITEM(header, LAYOUT_SERVICES, struct layout_service, index);

	*out = (struct weir_service_view){
		.namespace_name = text_at(header, service->namespace_name),
		.name = text_at(header, service->name),
		.addresses = BLOCK_ITEM(header, LAYOUT_ADDRESSES, struct weir_address,
					service->addresses),
		.address_count = service->address_count,
		.port_count = service->port_count,
	};
}

void weir_policy_service_port(const struct weir_policy *policy, uint32_t service, uint32_t port,
			      struct weir_service_port_view *out)
{
	const struct layout_header *header = block_of(policy);
	const struct layout_service_port *found = BLOCK_ITEM(
		header, LAYOUT_SERVICE_PORTS, struct layout_service_port,
		BLOCK_ITEM(header, LAYOUT_SERVICES, struct layout_service, service)->ports + port);

	*out = (struct weir_service_port_view){
		.name = text_at(header, found->name),
		.backends = BLOCK_ITEM(header, LAYOUT_BACKENDS, struct weir_backend_view,
				       found->backends),
		.backend_count = found->backend_count,
		.port = found->port,
		.node_port = found->node_port,
		.protocol = found->protocol,
	};
}

void weir_policy_rule(const struct weir_policy *policy, uint32_t rule, struct weir_rule_view *out)
{
	const struct layout_header *header = policy->lookup.origins;
	const struct layout_origin *origin =
		BLOCK_ITEM(header, LAYOUT_ORIGINS, struct layout_origin, rule);

	*out = (struct weir_rule_view){
		.kind = text_at(header, origin->kind),
		.namespace_name = text_at(header, origin->namespace_name),
		.name = text_at(header, origin->name),
		.action = text_at(header, origin->action),
		.index = origin->index,
		.direction = (uint8_t)origin->direction,
	};
}

/* " from[3]", or nothing when there is no such entry. */
static void format_entry(char text[32], const char *word, uint32_t entry)
{
	text[0] = '\0';
	if (entry != WEIR_NONE)
		snprintf(text, 32, " %s[%u]", word, entry);
}

size_t weir_policy_format_rule(const struct weir_policy *policy, const struct weir_half *half,
			       char *text, size_t size)
{
	struct weir_rule_view rule;
	char peer[32];
	char port[32];
	bool ingress;
	int length;

	if (half->rule == WEIR_NONE) {
		if (size)
			text[0] = '\0';
		return 0;
	}
	weir_policy_rule(policy, half->rule, &rule);
	ingress = rule.direction == WEIR_INGRESS;
	format_entry(peer, ingress ? "from" : "to", half->peer);
	format_entry(port, "ports", half->port);
	length = snprintf(text, size, "%s %s%s%s %s[%u]%s%s%s%s", rule.kind, rule.namespace_name,
			  rule.namespace_name[0] ? "/" : "", rule.name,
			  ingress ? "ingress" : "egress", rule.index, peer, port,
			  rule.action[0] ? ": " : "", rule.action);
	return length < 0 ? 0 : (size_t)length;
}
