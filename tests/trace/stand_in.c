/*
 * A stand-in for compiled policies: the naive evaluator behind the interface of weir/policy.h and
 * weir/directory.h, as far as traces use it. It goes when policies compile.
 */
#include <errno.h>
#include <string.h>

#include "evaluate.h"
#include "memory.h"
#include "weir/directory.h"
#include "weir/resolved.h"

struct weir_policy {
	struct weir_arena arena;
	struct weir_resolved resolved;
	uint32_t references;
	uint32_t owners[64];
};

#define COPY(arena, list, count)                                                                   \
	memcpy(weir_arena_allocate(arena, (count), sizeof(*(list))),                               \
	       (list) ? (list) : (const void *)"", (count) * sizeof(*(list)))

static void copy_services(struct weir_arena *arena, struct weir_resolved *resolved)
{
	struct weir_service *services = COPY(arena, resolved->services, resolved->service_count);

	for (uint32_t i = 0; i < resolved->service_count; i++) {
		struct weir_service_port *ports =
			COPY(arena, services[i].ports, services[i].port_count);

		for (uint32_t j = 0; j < services[i].port_count; j++)
			ports[j].backends = COPY(arena, ports[j].backends, ports[j].backend_count);
		services[i].ports = ports;
		services[i].addresses =
			COPY(arena, services[i].addresses, services[i].address_count);
	}
	resolved->services = services;
}

static void copy_endpoints(struct weir_arena *arena, struct weir_resolved *resolved)
{
	struct weir_endpoint *endpoints =
		COPY(arena, resolved->endpoints, resolved->endpoint_count);

	for (uint32_t i = 0; i < resolved->endpoint_count; i++) {
		endpoints[i].addresses =
			COPY(arena, endpoints[i].addresses, endpoints[i].address_count);
		endpoints[i].ports = COPY(arena, endpoints[i].ports, endpoints[i].port_count);
	}
	resolved->endpoints = endpoints;
}

static void copy_rules(struct weir_arena *arena, struct weir_resolved *resolved)
{
	struct weir_rule *rules = COPY(arena, resolved->rules, resolved->rule_count);
	struct weir_set *sets = COPY(arena, resolved->sets, resolved->set_count);

	for (uint32_t i = 0; i < resolved->rule_count; i++)
		rules[i].peers = COPY(arena, rules[i].peers, rules[i].peer_count);
	for (uint32_t i = 0; i < resolved->set_count; i++)
		sets[i].endpoints = COPY(arena, sets[i].endpoints, sets[i].endpoint_count);
	resolved->rules = rules;
	resolved->sets = sets;
	resolved->blocks = COPY(arena, resolved->blocks, resolved->block_count);
	resolved->origins = COPY(arena, resolved->origins, resolved->origin_count);
	resolved->pod_ranges = COPY(arena, resolved->pod_ranges, resolved->pod_range_count);
}

int weir_compile(const struct weir_resolved *resolved, const struct weir_compile_options *options,
		 struct weir_policy **out, struct weir_error *error)
{
	struct weir_policy *policy =
		weir_allocate_zeroed(weir_allocator_or_default(NULL), 1, sizeof(*policy));

	(void)options;
	(void)error;
	if (!policy)
		return -ENOMEM;
	weir_arena_init(&policy->arena, NULL);
	policy->resolved = *resolved;
	copy_services(&policy->arena, &policy->resolved);
	copy_endpoints(&policy->arena, &policy->resolved);
	copy_rules(&policy->arena, &policy->resolved);
	for (uint32_t i = 0; i < 64; i++)
		policy->owners[i] = i;
	policy->references = 1;
	*out = policy;
	return 0;
}

struct weir_policy *weir_policy_ref(struct weir_policy *policy)
{
	policy->references++;
	return policy;
}

void weir_policy_unref(struct weir_policy *policy)
{
	if (!policy || --policy->references)
		return;
	weir_arena_finish(&policy->arena);
	weir_release(weir_allocator_or_default(NULL), policy);
}

void weir_policy_explain(const struct weir_policy *policy, const struct weir_key *key,
			 struct weir_explanation *out)
{
	weir_resolved_judge(&policy->resolved, key, out);
}

void weir_policy_classify(const struct weir_policy *policy, const struct weir_key *keys,
			  struct weir_verdict *verdicts, size_t n)
{
	struct weir_explanation explanation;

	for (size_t i = 0; i < n; i++) {
		weir_policy_explain(policy, &keys[i], &explanation);
		verdicts[i] = explanation.verdict;
	}
}

static bool has_address(const struct weir_endpoint *endpoint, const struct weir_address *address)
{
	for (uint32_t i = 0; i < endpoint->address_count; i++) {
		if (weir_address_equal(&endpoint->addresses[i], address))
			return true;
	}
	return false;
}

/* Owners of one address stand side by side in the tests' clusters. */
void weir_policy_owner(const struct weir_policy *policy, const struct weir_address *address,
		       struct weir_owner *out)
{
	const struct weir_resolved *resolved = &policy->resolved;

	*out = (struct weir_owner){ .kind = WEIR_OWNER_EXTERNAL, .index = WEIR_NONE };
	for (uint32_t i = 0; i < resolved->endpoint_count; i++) {
		if (!has_address(&resolved->endpoints[i], address))
			continue;
		if (!out->endpoint_count) {
			out->kind = resolved->endpoints[i].kind == WEIR_ENDPOINT_NODE
					    ? WEIR_OWNER_NODE
					    : WEIR_OWNER_POD;
			out->index = i;
			out->endpoints = &policy->owners[i];
		}
		out->endpoint_count++;
	}
}

bool weir_policy_endpoint_declares(const struct weir_policy *policy, uint32_t endpoint,
				   uint8_t protocol, uint16_t port)
{
	const struct weir_endpoint *pod = &policy->resolved.endpoints[endpoint];

	for (uint32_t i = 0; i < pod->port_count; i++) {
		if (pod->ports[i].protocol == protocol && pod->ports[i].number == port)
			return true;
	}
	return false;
}

static bool is_virtual(const struct weir_service *service, const struct weir_address *address)
{
	for (uint32_t i = 0; i < service->address_count; i++) {
		if (weir_address_equal(&service->addresses[i], address))
			return true;
	}
	return false;
}

bool weir_policy_translates(const struct weir_policy *policy, const struct weir_address *address,
			    uint8_t protocol, uint16_t port, uint32_t *service,
			    uint32_t *service_port)
{
	struct weir_owner owner;

	weir_policy_owner(policy, address, &owner);
	for (uint32_t i = 0; i < policy->resolved.service_count; i++) {
		const struct weir_service *candidate = &policy->resolved.services[i];

		for (uint32_t j = 0; j < candidate->port_count; j++) {
			const struct weir_service_port *at = &candidate->ports[j];
			bool here = is_virtual(candidate, address) && at->port == port;
			bool there = owner.kind == WEIR_OWNER_NODE && at->node_port == port && port;

			if (at->protocol != protocol || (!here && !there))
				continue;
			*service = i;
			*service_port = j;
			return true;
		}
	}
	return false;
}

void weir_policy_service_port(const struct weir_policy *policy, uint32_t service, uint32_t port,
			      struct weir_service_port_view *out)
{
	const struct weir_service_port *at = &policy->resolved.services[service].ports[port];
	static struct weir_backend_view views[64];

	*out = (struct weir_service_port_view){ .port = at->port,
						.node_port = at->node_port,
						.protocol = at->protocol,
						.backends = views,
						.backend_count = at->backend_count };
	for (uint32_t i = 0; i < at->backend_count; i++)
		views[i] = (struct weir_backend_view){ at->backends[i].address,
						       at->backends[i].endpoint,
						       at->backends[i].port, 0 };
}
