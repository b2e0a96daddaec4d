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
	const struct yaml_node *sequence = k8s_sequence(reader, &list);
	const struct yaml_node *node = sequence ? sequence->first : NULL;
	uint32_t count = sequence ? sequence->count : 0;
	struct k8s_slice_endpoint *endpoints = k8s_keep(reader, count, sizeof(*endpoints));

	for (uint32_t i = 0; endpoints && node; node = node->next, i++) {
		struct k8s_field item = k8s_item(&list, node, i);

		read_endpoint(reader, &item, &endpoints[i]);
	}
	out->endpoints = endpoints;
	out->endpoint_count = endpoints ? count : 0;
}

static void read_ports(struct k8s_reader *reader, const struct k8s_field *root,
		       struct k8s_slice *out)
{
	struct k8s_field list = k8s_get(root, "ports");
	const struct yaml_node *sequence = k8s_sequence(reader, &list);
	const struct yaml_node *node = sequence ? sequence->first : NULL;
	uint32_t count = sequence ? sequence->count : 0;
	struct k8s_slice_port *ports = k8s_keep(reader, count, sizeof(*ports));

	for (uint32_t i = 0; ports && node; node = node->next, i++) {
		struct k8s_field item = k8s_item(&list, node, i);
		struct k8s_field name = k8s_get(&item, "name");
		struct k8s_field port = k8s_get(&item, "port");
		struct k8s_field protocol = k8s_get(&item, "protocol");

		k8s_mapping(reader, &item);
		ports[i].name = k8s_text(reader, &name);
		ports[i].port = (uint16_t)k8s_integer(reader, &port, 1, UINT16_MAX, 0);
		ports[i].protocol = k8s_protocol(reader, &protocol);
	}
	out->ports = ports;
	out->port_count = ports ? count : 0;
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
