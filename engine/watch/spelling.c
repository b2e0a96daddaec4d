#include "spelling.h"

#include <string.h>

void spelling_init(struct spelling *spelling, const struct weir_allocator *allocator)
{
	*spelling = (struct spelling){ .bytes = weir_array_of(allocator, char) };
}

void spelling_finish(struct spelling *spelling)
{
	weir_array_finish(&spelling->bytes);
}

void spelling_begin(struct spelling *spelling, uint32_t kind)
{
	spelling->bytes.count = 0;
	spelling->failed = false;
	spell_number(spelling, kind);
}

void spell_bytes(struct spelling *spelling, const void *bytes, size_t length)
{
	size_t at = spelling->bytes.count;

	if (!length)
		return;
	if (weir_array_resize(&spelling->bytes, at + length))
		spelling->failed = true;
	else
		memcpy((char *)spelling->bytes.items + at, bytes, length);
}

void spell_number(struct spelling *spelling, uint32_t number)
{
	spell_bytes(spelling, &number, sizeof(number));
}

void spell_text(struct spelling *spelling, const char *text)
{
	if (text)
		spell_bytes(spelling, text, strlen(text) + 1);
	else
		spell_bytes(spelling, "\xff", 1);
}

static void spell_addresses(struct spelling *spelling, const struct weir_address *addresses,
			    uint32_t count)
{
	spell_number(spelling, count);
	spell_bytes(spelling, addresses, count * sizeof(*addresses));
}

void spell_endpoint(struct spelling *spelling, const struct weir_endpoint *endpoint,
		    const uint32_t *sets, uint32_t set_count)
{
	spell_number(spelling, endpoint->node);
	spell_number(spelling, endpoint->workload);
	spell_number(spelling, endpoint->kind);
	spell_number(spelling, endpoint->rank);
	spell_number(spelling, endpoint->host_network);
	spell_addresses(spelling, endpoint->addresses, endpoint->address_count);
	spell_number(spelling, endpoint->port_count);
	for (uint32_t i = 0; i < endpoint->port_count; i++) {
		spell_text(spelling, endpoint->ports[i].name);
		spell_number(spelling, endpoint->ports[i].number);
		spell_number(spelling, endpoint->ports[i].protocol);
	}
	spell_bytes(spelling, sets, set_count * sizeof(*sets));
}

static void spell_prefix(struct spelling *spelling, const struct weir_prefix *prefix)
{
	spell_bytes(spelling, &prefix->address, sizeof(prefix->address));
	spell_number(spelling, prefix->length);
}

void spell_block(struct spelling *spelling, const struct weir_block *block)
{
	spell_prefix(spelling, &block->prefix);
	spell_number(spelling, block->always_pods);
	for (uint32_t i = 0; i < block->hole_count; i++)
		spell_prefix(spelling, &block->holes[i]);
}

static void spell_origin(struct spelling *spelling, const struct weir_origin *origin)
{
	spell_text(spelling, origin->kind);
	spell_text(spelling, origin->namespace_name);
	spell_text(spelling, origin->name);
	spell_text(spelling, origin->action);
	spell_number(spelling, origin->index);
}

void spell_rule(struct spelling *spelling, const struct weir_rule *rule,
		const struct weir_origin *origin)
{
	spell_number(spelling, rule->subjects);
	spell_number(spelling, rule->precedence);
	spell_number(spelling, rule->tier);
	spell_number(spelling, rule->direction);
	spell_number(spelling, rule->action);
	spell_number(spelling, rule->peer_count);
	for (uint32_t i = 0; i < rule->peer_count; i++) {
		spell_number(spelling, rule->peers[i].kind);
		spell_number(spelling, rule->peers[i].index);
		spell_number(spelling, rule->peers[i].joined);
	}
	spell_number(spelling, rule->port_count);
	for (uint32_t i = 0; i < rule->port_count; i++) {
		spell_text(spelling, rule->ports[i].name);
		spell_number(spelling, rule->ports[i].first);
		spell_number(spelling, rule->ports[i].last);
		spell_number(spelling, rule->ports[i].protocol);
		spell_number(spelling, rule->ports[i].kind);
	}
	if (origin)
		spell_origin(spelling, origin);
}

static void spell_service_port(struct spelling *spelling, const struct weir_service_port *port)
{
	spell_text(spelling, port->name);
	spell_number(spelling, port->port);
	spell_number(spelling, port->node_port);
	spell_number(spelling, port->protocol);
	spell_number(spelling, port->backend_count);
	for (uint32_t i = 0; i < port->backend_count; i++) {
		spell_bytes(spelling, &port->backends[i].address, sizeof(struct weir_address));
		spell_number(spelling, port->backends[i].endpoint);
		spell_number(spelling, port->backends[i].port);
	}
}

void spell_service(struct spelling *spelling, const struct weir_service *service)
{
	spell_addresses(spelling, service->addresses, service->address_count);
	for (uint32_t i = 0; i < service->port_count; i++)
		spell_service_port(spelling, &service->ports[i]);
}
