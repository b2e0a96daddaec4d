/*
 * A pod is one place with an address of each family; a workload is the places of its pods; a
 * service is one place a backend. Finished pods own no address and are no places: naming one is an
 * error, a workload goes without them.
 *
 * A connection to a service goes to the port of its backends, so only the target's side looks at
 * the service's port; what opens connections from a service is its pods, whichever port they back.
 */
#include "places.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "weir/directory.h"
#include "weir/resolved.h"

enum {
	ANCESTORS_MAX = 16, /* owners above a pod; circles in a policy made by hand end here */
};

/* The workload above one, or WEIR_NONE. */
static uint32_t parent_of(const struct weir_policy *policy, uint32_t workload)
{
	struct weir_workload_view view;

	weir_policy_workload(policy, workload, &view);
	return view.parent;
}

/* Counts a pod for every workload that it belongs to. */
static void count_pod(const struct weir_policy *policy, uint32_t workload, uint32_t *at)
{
	for (int i = 0; i < ANCESTORS_MAX && workload != WEIR_NONE; i++) {
		at[workload]++;
		workload = parent_of(policy, workload);
	}
}

/* Puts a pod where at says, for the same workloads. */
static void enter_pod(const struct weir_policy *policy, uint32_t pod, uint32_t workload,
		      uint32_t *at, uint32_t *items)
{
	for (int i = 0; i < ANCESTORS_MAX && workload != WEIR_NONE; i++) {
		items[at[workload]++] = pod;
		workload = parent_of(policy, workload);
	}
}

int query_members_build(const struct weir_policy *policy, struct weir_arena *arena,
			struct query_members *out)
{
	uint32_t count = weir_policy_workload_count(policy);
	uint32_t *starts = weir_arena_array(arena, (size_t)count + 2, uint32_t);
	uint32_t *items;
	struct weir_endpoint_view pod;

	if (!starts)
		return -ENOMEM;
	/* starts[i + 2] counts the pods of i, then starts[i + 1] is where the next one goes. */
	for (uint32_t i = 0; i < weir_policy_endpoint_count(policy); i++) {
		weir_policy_endpoint(policy, i, &pod);
		count_pod(policy, pod.workload, starts + 2);
	}
	for (uint32_t i = 0; i < count; i++)
		starts[i + 2] += starts[i + 1];
	items = weir_arena_array(arena, starts[count + 1], uint32_t);
	if (!items)
		return -ENOMEM;
	for (uint32_t i = 0; i < weir_policy_endpoint_count(policy); i++) {
		weir_policy_endpoint(policy, i, &pod);
		enter_pod(policy, i, pod.workload, starts + 1, items);
	}
	*out = (struct query_members){ starts, items };
	return 0;
}

static struct query_place *add_place(struct weir_array *places, const struct query_side *side)
{
	struct query_place *place = weir_array_push(places);

	if (!place)
		return NULL;
	place->endpoint = WEIR_NONE;
	place->port = side->query->has_port ? side->query->port : 0;
	return place;
}

/* Keeps an address when it is the first of its family. */
static void add_address(struct query_place *place, const struct weir_address *address)
{
	bool is_ipv4 = weir_address_is_ipv4(address);

	for (uint8_t i = 0; i < place->address_count; i++) {
		if (weir_address_is_ipv4(&place->addresses[i]) == is_ipv4)
			return;
	}
	place->addresses[place->address_count++] = *address;
}

static int add_endpoint(const struct query_side *side, uint32_t index,
			const struct weir_endpoint_view *view, struct weir_array *places)
{
	struct query_place *place = add_place(places, side);

	if (!place)
		return -ENOMEM;
	place->endpoint = index;
	place->is_node = view->kind == WEIR_ENDPOINT_NODE;
	for (uint32_t i = 0; i < view->address_count; i++)
		add_address(place, &view->addresses[i]);
	return 0;
}

static int endpoint_place(const struct query_side *side, struct weir_array *places,
			  struct weir_error *error)
{
	struct weir_endpoint_view view;

	weir_policy_endpoint(side->policy, side->named.index, &view);
	if (view.kind == WEIR_ENDPOINT_POD && view.rank == WEIR_RANK_FINISHED)
		return query_fail(error, -EINVAL, "%s has finished and owns no address",
				  side->text);
	if (!view.address_count)
		return query_fail(error, -EINVAL, "%s has no address", side->text);
	return add_endpoint(side, side->named.index, &view, places);
}

static int workload_places(const struct query_side *side, struct weir_array *places,
			   struct weir_error *error)
{
	uint32_t first = side->members->starts[side->named.index];
	uint32_t end = side->members->starts[side->named.index + 1];

	for (uint32_t i = first; i < end; i++) {
		uint32_t pod = side->members->items[i];
		struct weir_endpoint_view view;

		weir_policy_endpoint(side->policy, pod, &view);
		if (view.rank != WEIR_RANK_FINISHED && view.address_count &&
		    add_endpoint(side, pod, &view, places))
			return -ENOMEM;
	}
	if (places->count)
		return 0;
	return query_fail(error, -EINVAL,
			  first == end ? "%s has no pods" : "all pods of %s have finished",
			  side->text);
}

static int address_place(const struct query_side *side, struct weir_array *places)
{
	struct query_place *place = add_place(places, side);
	struct weir_owner owner;

	if (!place)
		return -ENOMEM;
	weir_policy_owner(side->policy, &side->named.address, &owner);
	if (owner.kind == WEIR_OWNER_NODE || owner.kind == WEIR_OWNER_POD)
		place->endpoint = owner.endpoint_count > 1 ? WEIR_NONE : owner.index;
	place->is_external = owner.kind == WEIR_OWNER_UNKNOWN_POD;
	add_address(place, &side->named.address);
	return 0;
}

static int add_backend(const struct query_side *side, const struct weir_backend_view *backend,
		       struct weir_array *places)
{
	struct query_place *place;
	struct weir_owner owner;

	/* A service's address of one family forwards to backends of that family. */
	if (side->named.has_address &&
	    weir_address_is_ipv4(&side->named.address) != weir_address_is_ipv4(&backend->address))
		return 0;
	place = add_place(places, side);
	if (!place)
		return -ENOMEM;
	place->endpoint = backend->endpoint;
	place->port = backend->port;
	place->is_backend = true;
	add_address(place, &backend->address);
	if (backend->endpoint == WEIR_NONE) {
		weir_policy_owner(side->policy, &backend->address, &owner);
		place->endpoint = owner.kind == WEIR_OWNER_NODE ? owner.index : WEIR_NONE;
		place->is_unknown = owner.kind == WEIR_OWNER_UNKNOWN_POD;
	}
	return 0;
}

static int add_backends(const struct query_side *side, const struct weir_service_port_view *port,
			struct weir_array *places)
{
	for (uint32_t i = 0; i < port->backend_count; i++) {
		if (add_backend(side, &port->backends[i], places))
			return -ENOMEM;
	}
	return 0;
}

static int compare_places(const void *a, const void *b)
{
	const struct query_place *left = a, *right = b;

	if (left->endpoint != right->endpoint)
		return left->endpoint < right->endpoint ? -1 : 1;
	return memcmp(&left->addresses[0], &right->addresses[0], sizeof(left->addresses[0]));
}

/* A pod behind several ports of a service opens connections as one. */
static void keep_distinct(struct weir_array *places)
{
	struct query_place *items = places->items;
	size_t kept = 0;

	if (places->count > 1)
		qsort(items, places->count, sizeof(*items), compare_places);
	for (size_t i = 0; i < places->count; i++) {
		if (!kept || compare_places(&items[kept - 1], &items[i]) != 0)
			items[kept++] = items[i];
	}
	places->count = kept;
}

static int service_sources(const struct query_side *side, struct weir_array *places,
			   struct weir_error *error)
{
	struct weir_service_view service;

	weir_policy_service(side->policy, side->named.index, &service);
	for (uint32_t i = 0; i < service.port_count; i++) {
		struct weir_service_port_view port;

		weir_policy_service_port(side->policy, side->named.index, i, &port);
		if (add_backends(side, &port, places))
			return -ENOMEM;
	}
	keep_distinct(places);
	if (places->count)
		return 0;
	return query_fail(error, -EINVAL, "%s has no pods behind it", side->text);
}

static const char *protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case WEIR_PROTOCOL_TCP:
		return "TCP";
	case WEIR_PROTOCOL_UDP:
		return "UDP";
	case WEIR_PROTOCOL_SCTP:
		return "SCTP";
	default:
		return "other";
	}
}

/* "80/TCP, 53/UDP": the ports that a service has. */
static void list_ports(const struct query_side *side, char *text, size_t size)
{
	struct weir_service_view service;
	size_t length = 0;

	text[0] = '\0';
	weir_policy_service(side->policy, side->named.index, &service);
	for (uint32_t i = 0; i < service.port_count && length < size; i++) {
		struct weir_service_port_view port;

		weir_policy_service_port(side->policy, side->named.index, i, &port);
		length += (size_t)snprintf(text + length, size - length, "%s%u/%s", i ? ", " : "",
					   port.port, protocol_name(port.protocol));
	}
}

static bool find_port(const struct query_side *side, struct weir_service_port_view *out)
{
	struct weir_service_view service;

	weir_policy_service(side->policy, side->named.index, &service);
	for (uint32_t i = 0; i < service.port_count; i++) {
		weir_policy_service_port(side->policy, side->named.index, i, out);
		if (side->query->has_port && out->port == side->query->port &&
		    out->protocol == side->query->protocol)
			return true;
	}
	return false;
}

static int port_targets(const struct query_side *side, const struct weir_service_port_view *port,
			struct weir_array *places, struct weir_error *error)
{
	if (add_backends(side, port, places))
		return -ENOMEM;
	if (places->count)
		return 0;
	return query_fail(error, -EINVAL, "port %u/%s of %s has no backends", port->port,
			  protocol_name(port->protocol), side->text);
}

static int service_targets(const struct query_side *side, struct weir_array *places,
			   struct weir_error *error)
{
	struct weir_service_port_view port;
	char ports[128];

	if (find_port(side, &port))
		return port_targets(side, &port, places, error);
	list_ports(side, ports, sizeof(ports));
	if (!ports[0])
		return query_fail(error, -EINVAL, "%s has no ports", side->text);
	if (!side->query->has_port)
		return query_fail(error, -EINVAL, "%s forwards only its ports: %s", side->text,
				  ports);
	return query_fail(error, -EINVAL, "%s has no port %u of that protocol; it has %s",
			  side->text, side->query->port, ports);
}

/* A node's address and a node port are that service; any other address is itself. */
static int address_targets(const struct query_side *side, struct weir_array *places,
			   struct weir_error *error)
{
	struct weir_service_port_view port;
	uint32_t service, service_port;

	if (!side->query->has_port ||
	    !weir_policy_translates(side->policy, &side->named.address, side->query->protocol,
				    side->query->port, &service, &service_port))
		return address_place(side, places);
	weir_policy_service_port(side->policy, service, service_port, &port);
	return port_targets(side, &port, places, error);
}

int query_sources(const struct query_side *side, struct weir_array *places,
		  struct weir_error *error)
{
	places->count = 0;
	switch ((enum query_named_kind)side->named.kind) {
	case QUERY_POD:
	case QUERY_NODE:
		return endpoint_place(side, places, error);
	case QUERY_WORKLOAD:
		return workload_places(side, places, error);
	case QUERY_SERVICE:
		return service_sources(side, places, error);
	case QUERY_ADDRESS:
		return address_place(side, places);
	}
	return -EINVAL;
}

int query_targets(const struct query_side *side, struct weir_array *places,
		  struct weir_error *error)
{
	places->count = 0;
	switch ((enum query_named_kind)side->named.kind) {
	case QUERY_SERVICE:
		return service_targets(side, places, error);
	case QUERY_ADDRESS:
		return address_targets(side, places, error);
	case QUERY_POD:
	case QUERY_NODE:
	case QUERY_WORKLOAD:
		return query_sources(side, places, error);
	}
	return -EINVAL;
}

void query_place_format(const struct weir_policy *policy, const struct query_place *place,
			const struct weir_address *address, char *text, size_t size)
{
	struct weir_endpoint_view view;
	char number[WEIR_ADDRESS_TEXT];

	if (place->endpoint == WEIR_NONE) {
		weir_address_format(address, number);
		snprintf(text, size, "%s", number);
		return;
	}
	weir_policy_endpoint(policy, place->endpoint, &view);
	if (view.kind == WEIR_ENDPOINT_NODE)
		snprintf(text, size, "node/%s", view.name);
	else
		snprintf(text, size, "%s/%s", view.namespace_name, view.name);
}
