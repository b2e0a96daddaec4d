#include "read_meta.h"

#include <string.h>

#include "reading.h"
#include "validate.h"

/* A number, or a name that every backend resolves for itself; the port itself when missing. */
static void read_target(struct k8s_reader *reader, const struct k8s_field *field,
			struct k8s_service_port *out)
{
	const struct yaml_node *node = field->node;
	const char *problem;

	out->target_port = out->port;
	if (k8s_is_missing(field))
		return;
	if (node->kind != YAML_STRING) {
		out->target_port = (uint16_t)k8s_integer(reader, field, 0, UINT16_MAX, 0);
		/* The server reads 0 as a target that was left out. */
		out->target_port = out->target_port ? out->target_port : out->port;
		return;
	}
	if (!node->length)
		return;
	problem = k8s_port_name_problem(node->text, node->length);
	if (problem)
		k8s_error(reader, field, "%s is no port name: it %s; a number goes without quotes",
			  k8s_quote(node->text, node->length).text, problem);
	out->target_name = k8s_keep_text(reader, node->text, node->length);
	out->target_port = 0;
}

static void read_port(struct k8s_reader *reader, const struct k8s_field *item,
		      struct k8s_service_port *out)
{
	struct k8s_field name = k8s_get(item, "name");
	struct k8s_field port = k8s_get(item, "port");
	struct k8s_field target = k8s_get(item, "targetPort");
	struct k8s_field node_port = k8s_get(item, "nodePort");
	struct k8s_field protocol = k8s_get(item, "protocol");

	if (!k8s_mapping(reader, item))
		return;
	out->name = k8s_text(reader, &name);
	out->protocol = k8s_protocol(reader, &protocol);
	if (k8s_is_missing(&port))
		k8s_error(reader, &port, "is missing; write the port's number");
	out->port = (uint16_t)k8s_integer(reader, &port, 1, UINT16_MAX, 1);
	out->node_port = (uint16_t)k8s_integer(reader, &node_port, 0, UINT16_MAX, 0);
	read_target(reader, &target, out);
}

static void read_ports(struct k8s_reader *reader, const struct k8s_field *spec,
		       struct k8s_service *out)
{
	struct k8s_field list = k8s_get(spec, "ports");
	struct k8s_items items = k8s_items(reader, &list);
	struct k8s_field item;
	struct k8s_service_port *ports = k8s_keep(reader, items.count, sizeof(*ports));

	while (ports && k8s_next_item(&items, &item))
		read_port(reader, &item, &ports[out->port_count++]);
	out->ports = ports;
}

/* "None" among the cluster addresses is what makes a service headless. */
static void read_cluster_address(struct k8s_reader *reader, const struct k8s_field *field,
				 struct k8s_service *out, struct weir_array *addresses)
{
	if (k8s_text_is(field->node, "None"))
		out->headless = true;
	else
		k8s_read_address(reader, field, addresses);
}

static void read_cluster_addresses(struct k8s_reader *reader, const struct k8s_field *spec,
				   struct k8s_service *out, struct weir_array *addresses)
{
	struct k8s_field list = k8s_get(spec, "clusterIPs");
	struct k8s_field single = k8s_get(spec, "clusterIP");
	struct k8s_items items = k8s_items(reader, &list);
	struct k8s_field item;

	read_cluster_address(reader, &single, out, addresses);
	while (k8s_next_item(&items, &item))
		read_cluster_address(reader, &item, out, addresses);
}

static void read_load_balancer(struct k8s_reader *reader, const struct k8s_field *root,
			       struct weir_array *addresses)
{
	struct k8s_field status = k8s_get(root, "status");
	struct k8s_field balancer = k8s_get(&status, "loadBalancer");
	struct k8s_field list = k8s_get(&balancer, "ingress");
	struct k8s_items items;
	struct k8s_field item;

	k8s_mapping(reader, &status);
	k8s_mapping(reader, &balancer);
	items = k8s_items(reader, &list);
	while (k8s_next_item(&items, &item)) {
		struct k8s_field ip = k8s_get(&item, "ip");

		if (k8s_mapping(reader, &item))
			k8s_read_address(reader, &ip, addresses);
	}
}

static void note_families(struct k8s_reader *reader, const struct k8s_field *spec)
{
	struct k8s_field list = k8s_get(spec, "ipFamilies");
	struct k8s_items items = k8s_items(reader, &list);
	struct k8s_field item;

	while (k8s_next_item(&items, &item)) {
		if (k8s_text_is(item.node, "IPv6"))
			reader->cluster->reading->shows_ipv6 = true;
	}
}

void k8s_read_service(struct k8s_reader *reader, const struct k8s_field *root, void *object)
{
	struct k8s_service *out = object;
	struct k8s_field spec = k8s_get(root, "spec");
	struct k8s_field type = k8s_get(&spec, "type");
	struct k8s_field selector = k8s_get(&spec, "selector");
	struct k8s_field external = k8s_get(&spec, "externalIPs");
	struct k8s_field not_ready = k8s_get(&spec, "publishNotReadyAddresses");
	struct weir_array *addresses = k8s_begin_addresses(reader);

	k8s_mapping(reader, &spec);
	out->external_name = k8s_text_is(k8s_string(reader, &type), "ExternalName");
	out->published =
		k8s_text_is(type.node, "NodePort") || k8s_text_is(type.node, "LoadBalancer");
	out->publish_not_ready = k8s_boolean(reader, &not_ready, false);
	k8s_read_map_selector(reader, &selector, &out->selector);
	out->has_selector = out->selector.count > 0;
	read_cluster_addresses(reader, &spec, out, addresses);
	k8s_read_addresses(reader, &external, addresses);
	read_load_balancer(reader, root, addresses);
	out->addresses = k8s_keep_addresses(reader, addresses, &out->address_count);
	note_families(reader, &spec);
	read_ports(reader, &spec, out);
}
