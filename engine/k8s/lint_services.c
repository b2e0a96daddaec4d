/*
 * Services with nobody behind them, and Services that get in each other's way.
 */
#include "lint.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct k8s_service *services_of(const struct k8s_lint *lint)
{
	return lint->selection.cluster->services.items;
}

static void report(const struct k8s_lint *lint, enum k8s_lint_code code,
		   const struct k8s_service *service, const struct k8s_position *position,
		   const char *field, const struct k8s_lint_text *text)
{
	k8s_lint_report(lint, &(struct k8s_finding){ .code = code,
						     .kind = "Service",
						     .meta = &service->meta,
						     .position = position,
						     .field = field,
						     .text = k8s_lint_text_string(text) });
}

/* Nobody behind. */

/* Which services have a slice with an endpoint in it; by place. NULL: no memory. */
static const bool *have_endpoints(struct k8s_lint *lint)
{
	const struct weir_cluster *cluster = lint->selection.cluster;
	const struct k8s_slice *slices = cluster->slices.items;
	bool *have = weir_arena_array(&lint->arena, cluster->services.count, bool);

	for (size_t i = 0; have && i < cluster->slices.count; i++) {
		const struct k8s_service *service = NULL;

		if (slices[i].service && slices[i].endpoint_count)
			service = k8s_find_service(cluster, slices[i].meta.namespace_name,
						   slices[i].service);
		if (service)
			have[service - services_of(lint)] = true;
	}
	return have;
}

/* Whether a workload is meant to be behind it and has no replicas at present. */
static bool is_scaled_to_zero(struct k8s_lint *lint, const struct k8s_service *service)
{
	const struct k8s_workload *workloads = lint->selection.cluster->workloads.items;

	for (size_t i = 0; i < lint->selection.cluster->workloads.count && lint->looks; i++) {
		lint->looks--;
		if (!workloads[i].replicas && workloads[i].has_template &&
		    workloads[i].meta.namespace_name == service->meta.namespace_name &&
		    k8s_selector_matches(&service->selector, &workloads[i].template_labels))
			return true;
	}
	return false;
}

static int selects_somebody(struct k8s_lint *lint, const struct k8s_service *service)
{
	const struct k8s_selectors selectors = { .home = service->meta.namespace_name,
						 .owner = "Service",
						 .pods = &service->selector };
	struct k8s_lint_text text = k8s_lint_text(lint);
	enum k8s_blame blame;
	int status = k8s_lint_nobody(lint, &selectors, &blame, &text);

	if (!status && blame != K8S_BLAME_NONE && !is_scaled_to_zero(lint, service))
		report(lint, K8S_LINT_SERVICE_SELECTS_NOTHING, service, &service->selector.position,
		       "spec.selector", &text);
	k8s_lint_text_finish(&text);
	return status;
}

static int target_names(struct k8s_lint *lint, const struct k8s_service *service)
{
	int status = 0;

	for (uint32_t i = 0; i < service->port_count && !status; i++) {
		struct k8s_lint_text text = k8s_lint_text(lint);
		char field[K8S_LINT_FIELD];

		snprintf(field, sizeof(field), "spec.ports[%" PRIu32 "].targetPort", i);
		if (service->ports[i].target_name)
			status = k8s_lint_target_name(lint, service, &service->ports[i], &text);
		if (!status && text.bytes.count)
			report(lint, K8S_LINT_UNKNOWN_PORT_NAME, service, NULL, field, &text);
		k8s_lint_text_finish(&text);
	}
	return status;
}

int k8s_lint_services(struct k8s_lint *lint)
{
	const struct k8s_service *services = services_of(lint);
	const bool *have = have_endpoints(lint);
	int status = have ? 0 : -ENOMEM;

	for (size_t i = 0; !status && i < lint->selection.cluster->services.count; i++) {
		if (!services[i].has_selector || services[i].external_name || have[i])
			continue;
		status = selects_somebody(lint, &services[i]);
		if (!status)
			status = target_names(lint, &services[i]);
		weir_arena_reset(&lint->scratch);
	}
	return status;
}

/* One finding a service is enough, however many of its ports are concerned. */
static bool is_new(bool *told, uint32_t service)
{
	bool was_told = told[service];

	told[service] = true;
	return !was_told;
}

/* One address or node port in two of them. */

/* A place where a service listens; without an address a port of every node. */
struct listener {
	struct weir_address address;
	uint16_t port;
	uint8_t protocol;
	bool on_nodes;
	uint32_t service;
	uint32_t index; /* of its port */
};

static int compare_places(const void *a, const void *b)
{
	const struct listener *left = a, *right = b;
	int order = memcmp(&left->address, &right->address, sizeof(left->address));

	if (left->on_nodes != right->on_nodes)
		return left->on_nodes - right->on_nodes;
	if (!order)
		order = (int)left->protocol - (int)right->protocol;
	return order ? order : (int)left->port - (int)right->port;
}

static int compare_listeners(const void *a, const void *b)
{
	const struct listener *left = a, *right = b;
	int order = compare_places(a, b);

	if (order)
		return order;
	if (left->service != right->service)
		return left->service < right->service ? -1 : 1;
	return left->index < right->index ? -1 : left->index > right->index;
}

static int add_listener(struct weir_array *listeners, const struct weir_address *address,
			uint32_t service, uint32_t index, const struct k8s_service_port *port)
{
	struct listener *added = weir_array_push(listeners);

	if (!added)
		return -ENOMEM;
	*added = (struct listener){ .port = address ? port->port : port->node_port,
				    .protocol = port->protocol,
				    .on_nodes = !address,
				    .service = service,
				    .index = index };
	if (address)
		added->address = *address;
	return 0;
}

static int add_listeners(struct weir_array *listeners, const struct k8s_service *service,
			 uint32_t place)
{
	for (uint32_t i = 0; i < service->port_count && !service->external_name; i++) {
		for (uint32_t j = 0; j < service->address_count; j++) {
			if (add_listener(listeners, &service->addresses[j], place, i,
					 &service->ports[i]))
				return -ENOMEM;
		}
		if (service->ports[i].node_port &&
		    add_listener(listeners, NULL, place, i, &service->ports[i]))
			return -ENOMEM;
	}
	return 0;
}

static int report_clash(const struct k8s_lint *lint, const struct listener *first,
			const struct listener *second)
{
	const struct k8s_meta *other = &services_of(lint)[first->service].meta;
	struct k8s_lint_text text = k8s_lint_text(lint);
	char address[WEIR_ADDRESS_TEXT], field[K8S_LINT_FIELD];

	weir_address_format(&second->address, address);
	snprintf(field, sizeof(field), "spec.ports[%" PRIu32 "]%s", second->index,
		 second->on_nodes ? ".nodePort" : "");
	k8s_lint_say(&text, "%s%s %s port %u is that of Service %s/%s, too",
		     second->on_nodes ? "every node's" : "address ",
		     second->on_nodes ? "" : address, k8s_lint_protocol(second->protocol),
		     second->port, other->namespace_name, other->name);
	if (!text.status)
		report(lint, K8S_LINT_SERVICES_CLASH, &services_of(lint)[second->service], NULL,
		       field, &text);
	k8s_lint_text_finish(&text);
	return text.status;
}

/* A service may name an address twice; that is no clash. */
static int report_clashes(struct k8s_lint *lint, const struct weir_array *listeners)
{
	const struct listener *items = listeners->items;
	bool *told = weir_arena_array(&lint->arena, lint->selection.cluster->services.count, bool);
	size_t first = 0;
	int status = told ? 0 : -ENOMEM;

	for (size_t i = 1; i < listeners->count && !status; i++) {
		if (compare_places(&items[first], &items[i]) != 0)
			first = i;
		else if (items[i].service != items[i - 1].service && is_new(told, items[i].service))
			status = report_clash(lint, &items[first], &items[i]);
	}
	return status;
}

int k8s_lint_services_clash(struct k8s_lint *lint)
{
	const struct k8s_service *services = services_of(lint);
	struct weir_array listeners = weir_array_of(lint->arena.allocator, struct listener);
	int status = 0;

	for (uint32_t i = 0; i < lint->selection.cluster->services.count && !status; i++)
		status = add_listeners(&listeners, &services[i], i);
	if (!status && listeners.count)
		qsort(listeners.items, listeners.count, sizeof(struct listener), compare_listeners);
	if (!status)
		status = report_clashes(lint, &listeners);
	weir_array_finish(&listeners);
	return status;
}

/* The same pods behind two of them. */

/* What a service makes of its pods. Two that differ in anything else have their reasons: beside a
 * service with an address there is often a headless one, or one for the outside. */
struct offer {
	uint32_t pods; /* a number for the set of them */
	uint16_t port;
	uint16_t target;
	const char *target_name;
	uint8_t protocol;
	uint8_t families; /* of its addresses, as far as they are known */
	bool published;
	bool publish_not_ready;
	uint32_t service;
	uint32_t index; /* of its port */
};

static int compare_offers_made(const struct offer *left, const struct offer *right)
{
	const int orders[] = {
		left->pods < right->pods ? -1 : left->pods > right->pods,
		(int)left->protocol - (int)right->protocol,
		(int)left->port - (int)right->port,
		(int)left->target - (int)right->target,
		strcmp(left->target_name ? left->target_name : "",
		       right->target_name ? right->target_name : ""),
		(int)left->families - (int)right->families,
		left->published - right->published,
		left->publish_not_ready - right->publish_not_ready,
	};

	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		if (orders[i])
			return orders[i];
	}
	return 0;
}

static int compare_offers(const void *a, const void *b)
{
	const struct offer *left = a, *right = b;
	int order = compare_offers_made(left, right);

	return order ? order : left->service < right->service ? -1 : left->service > right->service;
}

static bool is_published(const struct k8s_service *service)
{
	for (uint32_t i = 0; i < service->port_count; i++) {
		if (service->ports[i].node_port)
			return true;
	}
	return service->published;
}

static uint8_t families_of(const struct k8s_service *service)
{
	unsigned families = 0;

	for (uint32_t i = 0; i < service->address_count; i++)
		families |= weir_address_is_ipv4(&service->addresses[i]) ? 1U : 2U;
	return (uint8_t)families;
}

struct overlaps {
	struct weir_map sets; /* the pods -> their number */
	struct weir_array offers;
};

/* The number of the set in lint->selection.found. */
static int number_of_set(struct k8s_lint *lint, struct overlaps *overlaps, uint32_t *out)
{
	const struct weir_array *found = &lint->selection.found;
	size_t size = found->count * sizeof(uint32_t);
	uint64_t hash = weir_hash_bytes(found->items, size, 0);
	struct weir_map_slot *slot = weir_map_slot(&overlaps->sets, found->items, size, hash);
	const void *kept;

	if (!slot)
		return -ENOMEM;
	if (!slot->key) {
		kept = weir_arena_copy(&lint->arena, found->items, size);
		if (!kept)
			return -ENOMEM;
		weir_map_fill(&overlaps->sets, slot, kept, size, hash,
			      (uint32_t)overlaps->sets.count);
	}
	*out = slot->value;
	return 0;
}

static int add_offers(struct k8s_lint *lint, struct overlaps *overlaps, uint32_t place)
{
	const struct k8s_service *service = &services_of(lint)[place];
	struct k8s_meaning meaning;
	uint32_t pods;

	if (k8s_meaning_of(&lint->selection, service->meta.namespace_name, NULL, &service->selector,
			   &lint->scratch, &meaning) ||
	    k8s_select_pods(&lint->selection, &meaning))
		return -ENOMEM;
	if (!lint->selection.found.count)
		return 0;
	if (number_of_set(lint, overlaps, &pods))
		return -ENOMEM;
	for (uint32_t i = 0; i < service->port_count; i++) {
		const struct k8s_service_port *port = &service->ports[i];
		struct offer *offer = weir_array_push(&overlaps->offers);

		if (!offer)
			return -ENOMEM;
		*offer = (struct offer){ pods,
					 port->port,
					 port->target_name ? 0 : port->target_port,
					 port->target_name,
					 port->protocol,
					 families_of(service),
					 is_published(service),
					 service->publish_not_ready,
					 place,
					 i };
	}
	return 0;
}

static int report_overlap(const struct k8s_lint *lint, const struct offer *first,
			  const struct offer *second)
{
	const struct k8s_meta *other = &services_of(lint)[first->service].meta;
	const struct k8s_service *service = &services_of(lint)[second->service];
	struct k8s_lint_text text = k8s_lint_text(lint);
	char field[K8S_LINT_FIELD];

	snprintf(field, sizeof(field), "spec.ports[%" PRIu32 "]", second->index);
	k8s_lint_say(&text, "Service %s/%s has %s port %u for the same pods, too",
		     other->namespace_name, other->name, k8s_lint_protocol(second->protocol),
		     second->port);
	if (!text.status)
		report(lint, K8S_LINT_SERVICES_OVERLAP, service, &service->selector.position, field,
		       &text);
	k8s_lint_text_finish(&text);
	return text.status;
}

static int report_overlaps(struct k8s_lint *lint, const struct weir_array *offers)
{
	const struct offer *items = offers->items;
	bool *told = weir_arena_array(&lint->arena, lint->selection.cluster->services.count, bool);
	size_t first = 0;
	int status = told ? 0 : -ENOMEM;

	for (size_t i = 1; i < offers->count && !status; i++) {
		if (compare_offers_made(&items[first], &items[i]) != 0)
			first = i;
		else if (items[i].service != items[i - 1].service && is_new(told, items[i].service))
			status = report_overlap(lint, &items[first], &items[i]);
	}
	return status;
}

int k8s_lint_services_overlap(struct k8s_lint *lint)
{
	const struct k8s_service *services = services_of(lint);
	struct overlaps overlaps = { .offers = weir_array_of(lint->arena.allocator, struct offer) };
	int status = 0;

	weir_map_init(&overlaps.sets, lint->arena.allocator);
	for (uint32_t i = 0; i < lint->selection.cluster->services.count && !status; i++) {
		if (services[i].has_selector && !services[i].external_name && !services[i].headless)
			status = add_offers(lint, &overlaps, i);
		weir_arena_reset(&lint->scratch);
	}
	if (!status && overlaps.offers.count)
		qsort(overlaps.offers.items, overlaps.offers.count, sizeof(struct offer),
		      compare_offers);
	if (!status)
		status = report_overlaps(lint, &overlaps.offers);
	weir_map_finish(&overlaps.sets);
	weir_array_finish(&overlaps.offers);
	return status;
}
