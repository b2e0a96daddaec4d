#include "read_meta.h"

#include <string.h>

/* Consumers are told to take an unknown readiness for ready. */
static bool read_ready(struct k8s_reader *reader, const struct k8s_field *item)
{
	struct k8s_field conditions = k8s_get(item, "conditions");
	struct k8s_field ready = k8s_get(&conditions, "ready");

	k8s_mapping(reader, &conditions);
	return k8s_boolean(reader, &ready, true);
}

static const char *read_pod_name(struct k8s_reader *reader, const struct k8s_field *item)
{
	struct k8s_field target = k8s_get(item, "targetRef");
	struct k8s_field kind = k8s_get(&target, "kind");
	struct k8s_field name = k8s_get(&target, "name");

	k8s_mapping(reader, &target);
	if (!k8s_text_is(k8s_string(reader, &kind), "Pod"))
		return NULL;
	return k8s_text(reader, &name);
}

static void read_endpoint(struct k8s_reader *reader, const struct k8s_field *item,
			  struct k8s_slice_endpoint *out)
{
	struct k8s_field list = k8s_get(item, "addresses");
	struct weir_array *addresses = k8s_begin_addresses(reader);

	if (!k8s_mapping(reader, item))
		return;
	out->ready = read_ready(reader, item);
	out->pod = read_pod_name(reader, item);
	k8s_read_addresses(reader, &list, addresses);
	out->addresses = k8s_keep_addresses(reader, addresses, &out->address_count);
}

static void read_endpoints(struct k8s_reader *reader, const struct k8s_field *root,
			   struct k8s_slice *out)
{
	struct k8s_field list = k8s_get(root, "endpoints");
	struct k8s_items items = k8s_items(reader, &list);
	struct k8s_field item;
	struct k8s_slice_endpoint *endpoints = k8s_keep(reader, items.count, sizeof(*endpoints));

	while (endpoints && k8s_next_item(&items, &item))
		read_endpoint(reader, &item, &endpoints[out->endpoint_count++]);
	out->endpoints = endpoints;
}

static void read_port(struct k8s_reader *reader, const struct k8s_field *item,
		      struct k8s_slice_port *out)
{
	struct k8s_field name = k8s_get(item, "name");
	struct k8s_field port = k8s_get(item, "port");
	struct k8s_field protocol = k8s_get(item, "protocol");

	k8s_mapping(reader, item);
	out->name = k8s_text(reader, &name);
	out->port = (uint16_t)k8s_integer(reader, &port, 1, UINT16_MAX, 0);
	out->protocol = k8s_protocol(reader, &protocol);
}

static void read_ports(struct k8s_reader *reader, const struct k8s_field *root,
		       struct k8s_slice *out)
{
	struct k8s_field list = k8s_get(root, "ports");
	struct k8s_items items = k8s_items(reader, &list);
	struct k8s_field item;
	struct k8s_slice_port *ports = k8s_keep(reader, items.count, sizeof(*ports));

	while (ports && k8s_next_item(&items, &item))
		read_port(reader, &item, &ports[out->port_count++]);
	out->ports = ports;
}

void k8s_read_slice(struct k8s_reader *reader, const struct k8s_field *root, void *object)
{
	struct k8s_slice *out = object;
	struct k8s_field type = k8s_get(root, "addressType");

	out->service = k8s_label_value(&out->meta.labels, "kubernetes.io/service-name");
	read_ports(reader, root, out);
	/* A slice of domain names has no address to judge by. */
	if (!k8s_text_is(k8s_string(reader, &type), "FQDN"))
		read_endpoints(reader, root, out);
}
