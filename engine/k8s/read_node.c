/*
 * Nodes and every address that is one of theirs (T17): what status says, the bridge that probes
 * come from, and the ends of tunnels that network plugins write into annotations.
 */
#include "read_meta.h"

#include <string.h>

#include "reading.h"

static const char *const tunnel_annotations[] = {
	"projectcalico.org/IPv4Address",
	"projectcalico.org/IPv6Address",
	"projectcalico.org/IPv4IPIPTunnelAddr",
	"projectcalico.org/IPv4VXLANTunnelAddr",
	"projectcalico.org/IPv6VXLANTunnelAddr",
	"projectcalico.org/IPv4WireguardInterfaceAddr",
	"projectcalico.org/IPv6WireguardInterfaceAddr",
	"io.cilium.network.ipv4-cilium-host",
	"io.cilium.network.ipv6-cilium-host",
	"io.cilium.network.ipv4-health-ip",
	"io.cilium.network.ipv6-health-ip",
	"network.cilium.io/ipv4-cilium-host",
	"network.cilium.io/ipv6-cilium-host",
	"network.cilium.io/ipv4-health-ip",
	"network.cilium.io/ipv6-health-ip",
};

/* Names among them are for people; an IP that does not read as one is a mistake. */
static void read_status_address(struct k8s_reader *reader, const struct k8s_field *item,
				struct weir_array *addresses)
{
	struct k8s_field type = k8s_get(item, "type");
	struct k8s_field field = k8s_get(item, "address");
	const struct yaml_node *type_node, *node;
	struct weir_address address;

	if (!k8s_mapping(reader, item))
		return;
	type_node = k8s_string(reader, &type);
	node = k8s_string(reader, &field);
	if (!node)
		return;
	if (!weir_address_parse(node->text, node->length, &address))
		k8s_add_address(reader, addresses, &address);
	else if (k8s_text_is(type_node, "InternalIP") || k8s_text_is(type_node, "ExternalIP"))
		k8s_read_address(reader, &field, addresses);
}

static void read_status(struct k8s_reader *reader, const struct k8s_field *root,
			struct weir_array *addresses)
{
	struct k8s_field status = k8s_get(root, "status");
	struct k8s_field list = k8s_get(&status, "addresses");
	struct k8s_items items;
	struct k8s_field item;

	k8s_mapping(reader, &status);
	items = k8s_items(reader, &list);
	while (k8s_next_item(&items, &item))
		read_status_address(reader, &item, addresses);
}

/* The first address of a range of pods, behind the network's own; a range of one has only that. */
static struct weir_address bridge_of(const struct weir_prefix *prefix)
{
	struct weir_address address = prefix->address;

	if (prefix->length < 128)
		address.bytes[15]++;
	return address;
}

static void read_pod_cidr(struct k8s_reader *reader, const struct k8s_field *field,
			  struct weir_prefix *prefixes, uint32_t *count)
{
	if (!k8s_is_missing(field) && !k8s_text_is(field->node, "") &&
	    k8s_read_prefix(reader, field, &prefixes[*count], NULL))
		++*count;
}

static void read_pod_cidrs(struct k8s_reader *reader, const struct k8s_field *root,
			   struct k8s_node *out)
{
	struct k8s_field spec = k8s_get(root, "spec");
	struct k8s_field list = k8s_get(&spec, "podCIDRs");
	struct k8s_field single = k8s_get(&spec, "podCIDR");
	struct weir_prefix *prefixes;
	struct k8s_items items;
	struct k8s_field item;

	k8s_mapping(reader, &spec);
	items = k8s_items(reader, &list);
	prefixes = k8s_keep(reader, items.count + (size_t)1, sizeof(*prefixes));
	if (!prefixes)
		return;
	while (k8s_next_item(&items, &item))
		read_pod_cidr(reader, &item, prefixes, &out->pod_cidr_count);
	if (!items.count)
		read_pod_cidr(reader, &single, prefixes, &out->pod_cidr_count);
	out->pod_cidrs = prefixes;
}

/* An address, or an address with the length of its network, which is of no interest here. What is
 * neither was not written by the plugin that the annotation belongs to. */
static void read_annotations(struct k8s_reader *reader, const struct k8s_field *root,
			     struct weir_array *addresses)
{
	struct k8s_field meta = k8s_get(root, "metadata");
	struct k8s_field annotations = k8s_get(&meta, "annotations");

	k8s_mapping(reader, &annotations);
	for (size_t i = 0; i < sizeof(tunnel_annotations) / sizeof(tunnel_annotations[0]); i++) {
		struct k8s_field field = k8s_get(&annotations, tunnel_annotations[i]);
		const struct yaml_node *node = k8s_string(reader, &field);
		const char *slash = node ? memchr(node->text, '/', node->length) : NULL;
		size_t length = slash ? (size_t)(slash - node->text) : node ? node->length : 0;
		struct weir_address address;

		field.is_entry = true;
		if (!length)
			continue;
		if (weir_address_parse(node->text, length, &address))
			k8s_warn(reader, &field, "%s is no IP address; skipped",
				 k8s_quote(node->text, node->length).text);
		else
			k8s_add_address(reader, addresses, &address);
	}
}

void k8s_read_node(struct k8s_reader *reader, const struct k8s_field *root, void *object)
{
	struct k8s_node *out = object;
	struct weir_array *addresses = k8s_begin_addresses(reader);

	read_status(reader, root, addresses);
	read_pod_cidrs(reader, root, out);
	for (uint32_t i = 0; i < out->pod_cidr_count; i++) {
		struct weir_address bridge = bridge_of(&out->pod_cidrs[i]);

		k8s_add_address(reader, addresses, &bridge);
	}
	read_annotations(reader, root, addresses);
	out->addresses = k8s_keep_addresses(reader, addresses, &out->address_count);
}
