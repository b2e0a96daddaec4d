/*
 * names.c - what the directory shows: endpoints, workloads, services, rules as written; and the
 * orders by which it finds them.
 */
#include "sections.h"

#include <errno.h>
#include <stdlib.h>

static void *push(struct build *build, enum layout_section section)
{
	return weir_array_push(&build->sections[section]);
}

static uint32_t count_of(const struct build *build, enum layout_section section)
{
	return (uint32_t)build->sections[section].count;
}

static int write_addresses(struct build *build, const struct weir_address *addresses,
			   uint32_t count)
{
	struct weir_array *all = &build->sections[LAYOUT_ADDRESSES];
	size_t at = all->count;

	if (weir_array_resize(all, at + count))
		return -ENOMEM;
	if (count)
		memcpy((struct weir_address *)all->items + at, addresses,
		       count * sizeof(*addresses));
	return 0;
}

static int write_declared(struct build *build, struct text_writer *text,
			  const struct weir_declared_port *port)
{
	struct layout_declared *out = push(build, LAYOUT_DECLARED);

	if (!out)
		return -ENOMEM;
	out->number = port->number;
	out->protocol = port->protocol;
	return text_share(text, port->name, &out->name);
}

static int write_endpoint(struct build *build, struct text_writer *text,
			  const struct weir_endpoint *endpoint)
{
	struct layout_endpoint *out = push(build, LAYOUT_ENDPOINTS);
	int status;

	if (!out)
		return -ENOMEM;
	out->addresses = count_of(build, LAYOUT_ADDRESSES);
	out->address_count = endpoint->address_count;
	out->declared = count_of(build, LAYOUT_DECLARED);
	out->declared_count = endpoint->port_count;
	out->node = endpoint->node;
	out->workload = endpoint->workload;
	out->kind = endpoint->kind;
	out->rank = endpoint->rank;
	out->host_network = endpoint->host_network;
	status = text_share(text, endpoint->namespace_name, &out->namespace_name);
	if (!status)
		status = text_add(text, endpoint->name, &out->name);
	if (!status)
		status = write_addresses(build, endpoint->addresses, endpoint->address_count);
	for (uint32_t i = 0; i < endpoint->port_count && !status; i++)
		status = write_declared(build, text, &endpoint->ports[i]);
	return status;
}

static int write_workload(struct build *build, struct text_writer *text,
			  const struct weir_workload *workload)
{
	struct layout_workload *out = push(build, LAYOUT_WORKLOADS);
	int status;

	if (!out)
		return -ENOMEM;
	out->parent = workload->parent;
	status = text_share(text, workload->kind, &out->kind);
	if (!status)
		status = text_share(text, workload->namespace_name, &out->namespace_name);
	return status ? status : text_add(text, workload->name, &out->name);
}

static int write_service_port(struct build *build, struct text_writer *text,
			      const struct weir_service_port *port)
{
	struct layout_service_port *out = push(build, LAYOUT_SERVICE_PORTS);

	if (!out)
		return -ENOMEM;
	out->backends = count_of(build, LAYOUT_BACKENDS);
	out->backend_count = port->backend_count;
	out->port = port->port;
	out->node_port = port->node_port;
	out->protocol = port->protocol;
	for (uint32_t i = 0; i < port->backend_count; i++) {
		struct weir_backend_view *backend = push(build, LAYOUT_BACKENDS);

		if (!backend)
			return -ENOMEM;
		backend->address = port->backends[i].address;
		backend->endpoint = port->backends[i].endpoint;
		backend->port = port->backends[i].port;
	}
	return text_share(text, port->name, &out->name);
}

static int write_service(struct build *build, struct text_writer *text,
			 const struct weir_service *service)
{
	struct layout_service *out = push(build, LAYOUT_SERVICES);
	int status;

	if (!out)
		return -ENOMEM;
	out->addresses = count_of(build, LAYOUT_ADDRESSES);
	out->address_count = service->address_count;
	out->ports = count_of(build, LAYOUT_SERVICE_PORTS);
	out->port_count = service->port_count;
	status = text_share(text, service->namespace_name, &out->namespace_name);
	if (!status)
		status = text_add(text, service->name, &out->name);
	if (!status)
		status = write_addresses(build, service->addresses, service->address_count);
	for (uint32_t i = 0; i < service->port_count && !status; i++)
		status = write_service_port(build, text, &service->ports[i]);
	return status;
}

static int write_origin(struct build *build, struct text_writer *text,
			const struct weir_origin *origin)
{
	struct layout_origin *out = push(build, LAYOUT_ORIGINS);
	int status;

	if (!out)
		return -ENOMEM;
	out->index = origin->index;
	status = text_share(text, origin->kind, &out->kind);
	if (!status)
		status = text_share(text, origin->namespace_name, &out->namespace_name);
	if (!status)
		status = text_share(text, origin->name, &out->name);
	return status ? status : text_share(text, origin->action, &out->action);
}

/* An origin's direction is that of the rules that come from it. */
int build_origins(struct build *build, struct text_writer *text)
{
	const struct weir_resolved *resolved = build->resolved;
	struct layout_origin *origins;
	int status = 0;

	for (uint32_t i = 0; i < resolved->origin_count && !status; i++)
		status = write_origin(build, text, &resolved->origins[i]);
	origins = build->sections[LAYOUT_ORIGINS].items;
	for (uint32_t i = 0; i < resolved->rule_count && !status; i++) {
		if (resolved->rules[i].origin != WEIR_NONE)
			origins[resolved->rules[i].origin].direction = resolved->rules[i].direction;
	}
	return status;
}

/* Who has each address, as the stage of the owners found. */
static int write_owned(struct build *build)
{
	const struct owners *owners = &build->owners;

	for (uint32_t i = 0; i < owners->count; i++) {
		const struct owned *owned = &owners->items[i];
		const struct element *elements = &owners->elements[owned->first_element];
		struct layout_owned *out = push(build, LAYOUT_OWNED);

		if (!out)
			return -ENOMEM;
		out->address = owned->address;
		out->owners = elements->endpoint;
		if (elements->kind == ELEMENT_NODE)
			continue;
		out->owners = count_of(build, LAYOUT_OWNERS);
		out->owner_count = owned->count;
		for (uint32_t j = 0; j < owned->count; j++) {
			uint32_t *owner = push(build, LAYOUT_OWNERS);

			if (!owner)
				return -ENOMEM;
			*owner = elements[j].endpoint;
		}
	}
	return 0;
}

/* Virtual addresses and node ports. */

static int add_virtual(struct build *build, enum layout_section section,
		       const struct weir_address *address, uint32_t service, uint32_t port_index)
{
	const struct weir_service *from = &build->resolved->services[service];
	struct layout_virtual *out = push(build, section);

	if (!out)
		return -ENOMEM;
	out->service = service;
	out->service_port = port_index;
	if (address)
		out->address = *address;
	if (port_index == WEIR_NONE)
		return 0;
	out->protocol = from->ports[port_index].protocol;
	out->port = address ? from->ports[port_index].port : from->ports[port_index].node_port;
	return 0;
}

static int add_virtuals(struct build *build, uint32_t service)
{
	const struct weir_service *from = &build->resolved->services[service];
	int status = 0;

	for (uint32_t i = 0; i < from->address_count && !status; i++) {
		if (!from->port_count)
			status = add_virtual(build, LAYOUT_VIRTUAL, &from->addresses[i], service,
					     WEIR_NONE);
		for (uint32_t j = 0; j < from->port_count && !status; j++)
			status =
				add_virtual(build, LAYOUT_VIRTUAL, &from->addresses[i], service, j);
	}
	for (uint32_t i = 0; i < from->port_count && !status; i++) {
		if (from->ports[i].node_port)
			status = add_virtual(build, LAYOUT_NODE_PORTS, NULL, service, i);
	}
	return status;
}

static int compare_virtuals(const void *a, const void *b)
{
	const struct layout_virtual *x = a;
	const struct layout_virtual *y = b;
	int order = memcmp(x->address.bytes, y->address.bytes, sizeof(x->address.bytes));

	if (!order)
		order = x->protocol - y->protocol;
	if (!order)
		order = x->port - y->port;
	if (!order)
		order = (x->service > y->service) - (x->service < y->service);
	return order ? order
		     : (x->service_port > y->service_port) - (x->service_port < y->service_port);
}

static int write_virtuals(struct build *build)
{
	static const enum layout_section sections[] = { LAYOUT_VIRTUAL, LAYOUT_NODE_PORTS };
	int status = 0;

	for (uint32_t i = 0; i < build->resolved->service_count && !status; i++)
		status = add_virtuals(build, i);
	for (unsigned i = 0; i < 2 && !status; i++) {
		struct weir_array *all = &build->sections[sections[i]];

		if (all->count)
			qsort(all->items, all->count, sizeof(struct layout_virtual),
			      compare_virtuals);
	}
	return status;
}

/* Orders by name. */

static int compare_texts(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

static int by_index(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int compare_endpoints(const void *a, const void *b, void *context)
{
	const struct weir_endpoint *endpoints = context;
	uint32_t i = *(const uint32_t *)a;
	uint32_t j = *(const uint32_t *)b;
	int order = compare_texts(endpoints[i].namespace_name, endpoints[j].namespace_name);

	if (!order)
		order = compare_texts(endpoints[i].name, endpoints[j].name);
	return order ? order : by_index(i, j);
}

static int compare_workloads(const void *a, const void *b, void *context)
{
	const struct weir_workload *workloads = context;
	uint32_t i = *(const uint32_t *)a;
	uint32_t j = *(const uint32_t *)b;
	int order = compare_texts(workloads[i].kind, workloads[j].kind);

	if (!order)
		order = compare_texts(workloads[i].namespace_name, workloads[j].namespace_name);
	if (!order)
		order = compare_texts(workloads[i].name, workloads[j].name);
	return order ? order : by_index(i, j);
}

static int compare_services(const void *a, const void *b, void *context)
{
	const struct weir_service *services = context;
	uint32_t i = *(const uint32_t *)a;
	uint32_t j = *(const uint32_t *)b;
	int order = compare_texts(services[i].namespace_name, services[j].namespace_name);

	if (!order)
		order = compare_texts(services[i].name, services[j].name);
	return order ? order : by_index(i, j);
}

static int add_index(struct build *build, enum layout_section section, uint32_t index)
{
	uint32_t *out = push(build, section);

	if (!out)
		return -ENOMEM;
	*out = index;
	return 0;
}

static void sort_index(struct build *build, enum layout_section section,
		       int (*compare)(const void *, const void *, void *), const void *items)
{
	struct weir_array *all = &build->sections[section];
	const uint32_t *order = all->items;
	size_t i = 1;

	/* Objects often come in order. */
	while (i < all->count && compare(&order[i - 1], &order[i], (void *)(uintptr_t)items) < 0)
		i++;
	if (i < all->count)
		qsort_r(all->items, all->count, sizeof(uint32_t), compare,
			(void *)(uintptr_t)items);
}

static int write_orders(struct build *build)
{
	const struct weir_resolved *resolved = build->resolved;
	int status = 0;

	for (uint32_t i = 0; i < resolved->endpoint_count && !status; i++)
		status = add_index(build,
				   resolved->endpoints[i].kind == WEIR_ENDPOINT_NODE
					   ? LAYOUT_NODES_BY_NAME
					   : LAYOUT_PODS_BY_NAME,
				   i);
	for (uint32_t i = 0; i < resolved->workload_count && !status; i++)
		status = add_index(build, LAYOUT_WORKLOADS_BY_NAME, i);
	for (uint32_t i = 0; i < resolved->service_count && !status; i++)
		status = add_index(build, LAYOUT_SERVICES_BY_NAME, i);
	if (status)
		return status;
	sort_index(build, LAYOUT_PODS_BY_NAME, compare_endpoints, resolved->endpoints);
	sort_index(build, LAYOUT_NODES_BY_NAME, compare_endpoints, resolved->endpoints);
	sort_index(build, LAYOUT_WORKLOADS_BY_NAME, compare_workloads, resolved->workloads);
	sort_index(build, LAYOUT_SERVICES_BY_NAME, compare_services, resolved->services);
	return 0;
}

/* Room for what is known to come: large arrays that grow are copied page after page. */
static int reserve(struct build *build)
{
	const struct weir_resolved *resolved = build->resolved;
	const struct {
		enum layout_section section;
		size_t count;
	} known[] = {
		{ LAYOUT_ENDPOINTS, resolved->endpoint_count },
		{ LAYOUT_PODS_BY_NAME, resolved->endpoint_count },
		{ LAYOUT_OWNED, build->owners.count },
		{ LAYOUT_OWNERS, build->owners.owned_elements },
	};
	int status = 0;

	for (unsigned i = 0; i < sizeof(known) / sizeof(known[0]) && !status; i++)
		status = weir_array_reserve(&build->sections[known[i].section], known[i].count);
	return status;
}

int build_names(struct build *build, struct text_writer *text)
{
	const struct weir_resolved *resolved = build->resolved;
	int status = reserve(build);

	for (uint32_t i = 0; i < resolved->endpoint_count && !status; i++)
		status = write_endpoint(build, text, &resolved->endpoints[i]);
	for (uint32_t i = 0; i < resolved->workload_count && !status; i++)
		status = write_workload(build, text, &resolved->workloads[i]);
	for (uint32_t i = 0; i < resolved->service_count && !status; i++)
		status = write_service(build, text, &resolved->services[i]);
	if (!status)
		status = write_owned(build);
	if (!status)
		status = write_virtuals(build);
	return status ? status : write_orders(build);
}
