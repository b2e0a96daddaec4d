/*
 * owner.c - what an address is, and what packets to it are translated to.
 */
#include "block.h"

#include "lookup.h"

/* The first entry that is not before (address, protocol, port). */
static size_t lower_bound(const struct layout_header *header, enum layout_section section,
			  const struct weir_address *address, uint8_t protocol, uint16_t port)
{
	const struct layout_virtual *entries = layout_section(header, section);
	size_t low = 0;
	size_t high = LAYOUT_COUNT(header, section, struct layout_virtual);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct layout_virtual *entry = &entries[middle];
		int order = memcmp(entry->address.bytes, address->bytes, sizeof(address->bytes));

		if (!order)
			order = entry->protocol - protocol;
		if (!order)
			order = entry->port - port;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct layout_virtual *entry_at(const struct layout_header *header,
					     enum layout_section section, size_t index)
{
	if (index >= LAYOUT_COUNT(header, section, struct layout_virtual))
		return NULL;
	return BLOCK_ITEM(header, section, struct layout_virtual, index);
}

/* The service of least index among those that have the address. */
static uint32_t service_at(const struct layout_header *header, const struct weir_address *address)
{
	size_t index = lower_bound(header, LAYOUT_VIRTUAL, address, 0, 0);
	const struct layout_virtual *entry = entry_at(header, LAYOUT_VIRTUAL, index);
	uint32_t service = WEIR_NONE;

	while (entry && weir_address_equal(&entry->address, address)) {
		if (entry->service < service)
			service = entry->service;
		entry = entry_at(header, LAYOUT_VIRTUAL, ++index);
	}
	return service;
}

static bool is_unknown_pod(const struct weir_policy *policy, const struct weir_address *address)
{
	uint32_t leaf = find_address(&policy->lookup, address);

	return leaf & LAYOUT_SPECIAL && BLOCK_ITEM(policy->lookup.header, LAYOUT_SPECIALS,
						   struct layout_special, leaf & LAYOUT_INDEX)
							->kind == LAYOUT_UNKNOWN;
}

void weir_policy_owner(const struct weir_policy *policy, const struct weir_address *address,
		       struct weir_owner *out)
{
	const struct layout_header *header = block_of(policy);
	struct patch_owner owner = patch_owner_of(&policy->lookup, address);

	*out = (struct weir_owner){ .kind = WEIR_OWNER_EXTERNAL, .index = WEIR_NONE };
	if (owner.owner_count) {
		out->kind = WEIR_OWNER_POD;
		out->endpoints = owner.owners;
		out->endpoint_count = owner.owner_count;
		out->index = out->endpoints[0];
		return;
	}
	if (owner.node != WEIR_NONE) {
		out->kind = WEIR_OWNER_NODE;
		out->index = owner.node;
		return;
	}
	out->index = service_at(header, address);
	if (out->index != WEIR_NONE)
		out->kind = WEIR_OWNER_SERVICE;
	else if (is_unknown_pod(policy, address))
		out->kind = WEIR_OWNER_UNKNOWN_POD;
}

static bool find_entry(const struct layout_header *header, enum layout_section section,
		       const struct weir_address *address, uint8_t protocol, uint16_t port,
		       uint32_t *service, uint32_t *service_port)
{
	const struct layout_virtual *entry =
		entry_at(header, section, lower_bound(header, section, address, protocol, port));

	if (!entry || !weir_address_equal(&entry->address, address) ||
	    entry->protocol != protocol || entry->port != port || entry->service_port == WEIR_NONE)
		return false;
	*service = entry->service;
	*service_port = entry->service_port;
	return true;
}

/* Any node's, whoever else claims it. */
static bool is_node_address(const struct weir_policy *policy, const struct weir_address *address)
{
	return patch_owner_of(&policy->lookup, address).node != WEIR_NONE;
}

bool weir_policy_translates(const struct weir_policy *policy, const struct weir_address *address,
			    uint8_t protocol, uint16_t port, uint32_t *service,
			    uint32_t *service_port)
{
	static const struct weir_address any;
	const struct layout_header *header = block_of(policy);
	uint32_t node_service;
	uint32_t node_port;

	if (find_entry(header, LAYOUT_VIRTUAL, address, protocol, port, service, service_port))
		return true;
	/* Few ports are nodes', and whose an address is takes longer to find. */
	if (!find_entry(header, LAYOUT_NODE_PORTS, &any, protocol, port, &node_service,
			&node_port) ||
	    !is_node_address(policy, address))
		return false;
	*service = node_service;
	*service_port = node_port;
	return true;
}
