/*
 * Services become addresses, ports and, for every port, the places behind it (S15).
 *
 * The EndpointSlices of a service say what is behind it: its ready endpoints, at the slice's port
 * of the same name and protocol. A service without any slice has the running pods that its
 * selector selects, each at the number that the target port has there; a pod that lacks a named
 * target port is not behind it. Unlike policies, services also select pods of the host's network.
 *
 * Backends are by (pod, address, port), each once, whatever the slices repeat.
 */
#include "resolve.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct services {
	struct k8s_resolver *resolver;
	const struct weir_cluster *cluster;
	struct weir_map owners;      /* address -> the pod that owns it */
	const uint32_t *slice_start; /* slices of service i: slices[start[i]..start[i + 1]) */
	const uint32_t *slices;
	struct weir_array backends; /* struct weir_backend, of the port at hand */
};

/* Finished pods own no address, and a pod of the host's network has its node's. */
static bool owns_addresses(const struct k8s_pod *pod)
{
	return pod->phase != K8S_FINISHED && !pod->host_network;
}

/* Of pods that claim one address the running one owns it, else the first (S17). */
static int index_owners(struct services *services)
{
	const struct k8s_pod *pods = k8s_pods(services->cluster);

	for (uint32_t i = 0; i < k8s_pod_count(services->cluster); i++) {
		for (uint32_t j = 0; owns_addresses(&pods[i]) && j < pods[i].address_count; j++) {
			uint32_t *owner = weir_map_insert(&services->owners, &pods[i].addresses[j],
							  sizeof(struct weir_address), i, NULL);

			if (!owner)
				return -ENOMEM;
			if (pods[*owner].phase != K8S_RUNNING && pods[i].phase == K8S_RUNNING)
				*owner = i;
		}
	}
	return 0;
}

static uint32_t service_of_slice(const struct weir_cluster *cluster, const struct k8s_slice *slice)
{
	const struct k8s_service *items = cluster->services.items, *found = NULL;

	if (slice->service)
		found = k8s_find_service(cluster, slice->meta.namespace_name, slice->service);
	return found ? (uint32_t)(found - items) : WEIR_NONE;
}

/* Sorts the slices by their service; those of services that are not there are left out. */
static int group_slices(struct services *services)
{
	const struct weir_cluster *cluster = services->cluster;
	const struct k8s_slice *slices = cluster->slices.items;
	size_t slice_count = cluster->slices.count;
	size_t count = cluster->services.count;
	struct weir_arena *scratch = &services->resolver->scratch;
	uint32_t *service_of = weir_arena_array(scratch, slice_count, uint32_t);
	uint32_t *grouped = weir_arena_array(scratch, slice_count, uint32_t);
	uint32_t *start = weir_arena_array(scratch, count + 2, uint32_t);

	if (!service_of || !grouped || !start)
		return -ENOMEM;
	/* start[i + 2] counts the slices of i, then start[i + 1] is where the next one goes. */
	for (size_t i = 0; i < slice_count; i++) {
		service_of[i] = service_of_slice(cluster, &slices[i]);
		if (service_of[i] != WEIR_NONE)
			start[service_of[i] + 2]++;
	}
	for (size_t i = 0; i < count; i++)
		start[i + 2] += start[i + 1];
	for (size_t i = 0; i < slice_count; i++) {
		if (service_of[i] != WEIR_NONE)
			grouped[start[service_of[i] + 1]++] = (uint32_t)i;
	}
	services->slice_start = start;
	services->slices = grouped;
	return 0;
}

static int add_backend(struct services *services, const struct weir_address *address,
		       uint32_t endpoint, uint16_t port)
{
	struct weir_backend *backend = weir_array_push(&services->backends);

	if (!backend)
		return -ENOMEM;
	backend->address = *address;
	backend->endpoint = endpoint;
	backend->port = port;
	return 0;
}

static bool has_address(const struct k8s_pod *pod, const struct weir_address *address)
{
	for (uint32_t i = 0; i < pod->address_count; i++) {
		if (weir_address_equal(&pod->addresses[i], address))
			return true;
	}
	return false;
}

/* The pod that owns an address of a slice's endpoint: the one that the slice names when the
 * address is its, else whose it is. */
static uint32_t owner_of(const struct services *services, const struct k8s_slice *slice,
			 const struct k8s_slice_endpoint *endpoint,
			 const struct weir_address *address)
{
	const struct k8s_pod *pods = k8s_pods(services->cluster);
	const struct k8s_pod *pod = NULL;
	const uint32_t *owner;

	if (endpoint->pod)
		pod = k8s_find_pod(services->cluster, slice->meta.namespace_name, endpoint->pod);
	if (pod && owns_addresses(pod) && has_address(pod, address))
		return (uint32_t)(pod - pods);
	owner = weir_map_find(&services->owners, address, sizeof(*address));
	return owner ? *owner : WEIR_NONE;
}

static bool same_name(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static int add_slice_port(struct services *services, const struct k8s_slice *slice, uint16_t port)
{
	for (uint32_t i = 0; i < slice->endpoint_count; i++) {
		const struct k8s_slice_endpoint *endpoint = &slice->endpoints[i];

		for (uint32_t j = 0; endpoint->ready && j < endpoint->address_count; j++) {
			const struct weir_address *address = &endpoint->addresses[j];

			if (add_backend(services, address,
					owner_of(services, slice, endpoint, address), port))
				return -ENOMEM;
		}
	}
	return 0;
}

static int backends_of_slice(struct services *services, const struct k8s_slice *slice,
			     const struct k8s_service_port *port)
{
	for (uint32_t i = 0; i < slice->port_count; i++) {
		const struct k8s_slice_port *offered = &slice->ports[i];

		/* A slice's port without a number forwards nothing. */
		if (offered->port && offered->protocol == port->protocol &&
		    same_name(offered->name, port->name) &&
		    add_slice_port(services, slice, offered->port))
			return -ENOMEM;
	}
	return 0;
}

/* The number that a service's port has on a pod; 0 when the pod lacks the name. */
static uint16_t target_on(const struct k8s_pod *pod, const struct k8s_service_port *port)
{
	if (!port->target_name)
		return port->target_port;
	for (uint32_t i = 0; i < pod->port_count; i++) {
		if (pod->ports[i].name && pod->ports[i].protocol == port->protocol &&
		    strcmp(pod->ports[i].name, port->target_name) == 0)
			return pod->ports[i].number;
	}
	return 0;
}

/* A service without addresses is headless: every family reaches its pods. */
static bool serves_family(const struct k8s_service *service, const struct weir_address *address)
{
	bool is_ipv4 = weir_address_is_ipv4(address);

	for (uint32_t i = 0; i < service->address_count; i++) {
		if (weir_address_is_ipv4(&service->addresses[i]) == is_ipv4)
			return true;
	}
	return !service->address_count;
}

static int backends_of_pod(struct services *services, const struct k8s_service *service,
			   uint32_t index, const struct k8s_service_port *port)
{
	const struct k8s_pod *pod = &k8s_pods(services->cluster)[index];
	uint16_t target = target_on(pod, port);

	if (!target || (pod->phase != K8S_RUNNING && !service->publish_not_ready))
		return 0;
	for (uint32_t i = 0; i < pod->address_count; i++) {
		if (serves_family(service, &pod->addresses[i]) &&
		    add_backend(services, &pod->addresses[i],
				owns_addresses(pod) ? index : WEIR_NONE, target))
			return -ENOMEM;
	}
	return 0;
}

static int compare_backends(const void *a, const void *b)
{
	const struct weir_backend *left = a, *right = b;
	int order = memcmp(&left->address, &right->address, sizeof(left->address));

	if (left->endpoint != right->endpoint)
		return left->endpoint < right->endpoint ? -1 : 1;
	return order ? order : (int)left->port - (int)right->port;
}

/* Hands what was collected to the port: sorted, each once. */
static int keep_backends(struct services *services, struct weir_service_port *out)
{
	struct weir_backend *found = services->backends.items;
	uint32_t count = (uint32_t)services->backends.count;
	struct weir_backend *kept =
		weir_arena_array(services->resolver->arena, count, struct weir_backend);
	uint32_t kept_count = 0;

	if (!kept)
		return -ENOMEM;
	if (count > 1)
		qsort(found, count, sizeof(*found), compare_backends);
	for (uint32_t i = 0; i < count; i++) {
		if (!i || compare_backends(&found[i - 1], &found[i]) != 0)
			kept[kept_count++] = found[i];
	}
	out->backends = kept;
	out->backend_count = kept_count;
	return 0;
}

static int collect_backends(struct services *services, uint32_t index,
			    const struct k8s_service_port *port)
{
	const struct k8s_service *service =
		(const struct k8s_service *)services->cluster->services.items + index;
	const struct k8s_slice *slices = services->cluster->slices.items;
	uint32_t first = services->slice_start[index], end = services->slice_start[index + 1];
	const uint32_t *found = services->resolver->selection.found.items;

	services->backends.count = 0;
	for (uint32_t i = first; i < end; i++) {
		if (backends_of_slice(services, &slices[services->slices[i]], port))
			return -ENOMEM;
	}
	for (size_t i = 0; first == end && i < services->resolver->selection.found.count; i++) {
		if (backends_of_pod(services, service, found[i], port))
			return -ENOMEM;
	}
	return 0;
}

static int resolve_ports(struct services *services, uint32_t index, struct weir_service *out)
{
	const struct k8s_service *service =
		(const struct k8s_service *)services->cluster->services.items + index;
	struct weir_service_port *ports = weir_arena_array(
		services->resolver->arena, service->port_count, struct weir_service_port);

	if (!ports)
		return -ENOMEM;
	for (uint32_t i = 0; i < service->port_count; i++) {
		const struct k8s_service_port *port = &service->ports[i];

		ports[i].name = port->name;
		ports[i].port = port->port;
		ports[i].node_port = port->node_port;
		ports[i].protocol = port->protocol;
		if (collect_backends(services, index, port) || keep_backends(services, &ports[i]))
			return -ENOMEM;
	}
	out->ports = ports;
	out->port_count = service->port_count;
	return 0;
}

static int resolve_service(struct services *services, uint32_t index, struct weir_service *out)
{
	const struct k8s_service *service =
		(const struct k8s_service *)services->cluster->services.items + index;

	out->namespace_name = service->meta.namespace_name;
	out->name = service->meta.name;
	if (service->external_name) /* a name for something else, not a forwarder */
		return 0;
	out->addresses = service->addresses;
	out->address_count = service->address_count;
	services->resolver->selection.found.count = 0;
	if (service->has_selector &&
	    services->slice_start[index] == services->slice_start[index + 1] &&
	    k8s_resolve_selector(services->resolver, service->meta.namespace_name,
				 &service->selector))
		return -ENOMEM;
	return resolve_ports(services, index, out);
}

static int resolve_all(struct services *services)
{
	uint32_t count = (uint32_t)services->cluster->services.count;
	struct weir_service *resolved =
		weir_arena_array(services->resolver->arena, count, struct weir_service);

	if (!resolved || group_slices(services) || index_owners(services))
		return -ENOMEM;
	for (uint32_t i = 0; i < count; i++) {
		if (resolve_service(services, i, &resolved[i]))
			return -ENOMEM;
	}
	services->resolver->result->resolved.services = resolved;
	services->resolver->result->resolved.service_count = count;
	return 0;
}

int k8s_resolve_services(struct k8s_resolver *resolver)
{
	const struct weir_allocator *allocator = resolver->scratch.allocator;
	struct services services = {
		.resolver = resolver,
		.cluster = resolver->cluster,
		.backends = weir_array_of(allocator, struct weir_backend),
	};
	int status;

	weir_map_init(&services.owners, allocator);
	status = resolve_all(&services);
	weir_array_finish(&services.backends);
	weir_map_finish(&services.owners);
	return status;
}
