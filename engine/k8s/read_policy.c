/*
 * NetworkPolicy of networking.k8s.io/v1, as strict as the API server with strict field
 * validation: S3, S4, S6 to S9.
 */
#include "read_meta.h"

#include <string.h>

#include "validate.h"

static const char *const policy_fields[] = { "apiVersion", "kind",   "metadata",
					     "spec",       "status", NULL };
static const char *const spec_fields[] = { "podSelector", "ingress", "egress", "policyTypes",
					   NULL };
static const char *const ingress_fields[] = { "from", "ports", NULL };
static const char *const egress_fields[] = { "to", "ports", NULL };
static const char *const peer_fields[] = { "podSelector", "namespaceSelector", "ipBlock", NULL };
static const char *const block_fields[] = { "cidr", "except", NULL };
static const char *const port_fields[] = { "protocol", "port", "endPort", NULL };

/* What the two directions call things. */
struct direction {
	const char *rules;
	const char *peers;
	const char *const *fields;
};

static const struct direction ingress = { "ingress", "from", ingress_fields };
static const struct direction egress = { "egress", "to", egress_fields };

/* Each hole lies strictly inside its block, in the same family: ::/0 does not hold IPv4. */
static bool is_strictly_inside(const struct weir_prefix *outer, const struct weir_prefix *inner)
{
	return weir_prefix_is_ipv4(outer) == weir_prefix_is_ipv4(inner) &&
	       outer->length < inner->length && weir_prefix_covers(outer, inner);
}

static void read_except(struct k8s_reader *reader, const struct k8s_field *list, bool has_prefix,
			struct k8s_block *out)
{
	struct k8s_items items = k8s_items(reader, list);
	struct k8s_field item;
	struct weir_prefix *except = k8s_keep(reader, items.count, sizeof(*except));
	char text[WEIR_PREFIX_TEXT];

	while (except && k8s_next_item(&items, &item)) {
		struct weir_prefix *hole = &except[out->except_count];
		bool host_bits = false;

		if (k8s_is_missing(&item) || k8s_text_is(item.node, "")) {
			k8s_error(reader, &item, "is empty; write a CIDR, or remove it");
			continue;
		}
		if (!k8s_read_prefix(reader, &item, hole, &host_bits))
			continue;
		out->except_count++;
		out->host_bits = out->host_bits || host_bits;
		if (!has_prefix || is_strictly_inside(&out->prefix, hole))
			continue;
		weir_prefix_format(&out->prefix, text);
		k8s_error(reader, &item, "%s is not strictly inside the block's cidr, %s",
			  k8s_quote(item.node->text, item.node->length).text, text);
	}
	out->except = except;
}

static void read_block(struct k8s_reader *reader, const struct k8s_field *field,
		       struct k8s_block *out)
{
	struct k8s_field cidr = k8s_get(field, "cidr");
	struct k8s_field except = k8s_get(field, "except");
	bool has_prefix = false;

	if (!k8s_mapping(reader, field))
		return;
	k8s_known_fields(reader, field, block_fields);
	if (k8s_is_missing(&cidr) || k8s_text_is(cidr.node, ""))
		k8s_error(reader, &cidr, "is missing; write the block's CIDR, such as 10.1.0.0/16");
	else
		has_prefix = k8s_read_prefix(reader, &cidr, &out->prefix, &out->host_bits);
	read_except(reader, &except, has_prefix, out);
}

static void read_peer(struct k8s_reader *reader, const struct k8s_field *item, struct k8s_peer *out)
{
	struct k8s_field pods = k8s_get(item, "podSelector");
	struct k8s_field namespaces = k8s_get(item, "namespaceSelector");
	struct k8s_field block = k8s_get(item, "ipBlock");

	out->position = k8s_position_of(reader, item);
	if (!k8s_mapping(reader, item) && !k8s_is_missing(item))
		return;
	k8s_known_fields(reader, item, peer_fields);
	out->has_pod_selector = !k8s_is_missing(&pods);
	out->has_namespace_selector = !k8s_is_missing(&namespaces);
	out->kind = k8s_is_missing(&block) ? K8S_PEER_SELECTOR : K8S_PEER_BLOCK;
	k8s_read_selector(reader, &pods, &out->pod_selector);
	k8s_read_selector(reader, &namespaces, &out->namespace_selector);
	read_block(reader, &block, &out->block);
	if (out->kind == K8S_PEER_BLOCK && (out->has_pod_selector || out->has_namespace_selector))
		k8s_error(reader, item,
			  "ipBlock stands alone; put the selectors in an entry of "
			  "their own");
	else if (out->kind == K8S_PEER_SELECTOR && !out->has_pod_selector &&
		 !out->has_namespace_selector)
		k8s_error(reader, item,
			  "an empty peer; write podSelector, namespaceSelector or "
			  "ipBlock, or remove the entry");
}

static bool is_decimal(const struct yaml_node *node)
{
	for (size_t i = 0; i < node->length; i++) {
		if (node->text[i] < '0' || node->text[i] > '9')
			return false;
	}
	return node->length > 0;
}

static void read_port_name(struct k8s_reader *reader, const struct k8s_field *field,
			   struct k8s_port *out)
{
	const struct yaml_node *node = field->node;
	const char *problem = k8s_port_name_problem(node->text, node->length);

	out->kind = K8S_PORT_NAME;
	out->name = k8s_keep_text(reader, node->text, node->length);
	if (!problem)
		return;
	if (is_decimal(node))
		k8s_error(reader, field,
			  "%s is a quoted number, which is read as a name; write %s "
			  "without quotes",
			  k8s_quote(node->text, node->length).text,
			  k8s_clip(node->text, node->length).text);
	else
		k8s_error(reader, field, "%s is no port name: it %s",
			  k8s_quote(node->text, node->length).text, problem);
}

static void read_port_number(struct k8s_reader *reader, const struct k8s_field *field,
			     struct k8s_port *out)
{
	const struct yaml_node *node = field->node;

	out->kind = K8S_PORT_NUMBER;
	if (node->kind == YAML_INTEGER) {
		out->first = (uint16_t)k8s_integer(reader, field, 1, UINT16_MAX, 1);
		out->last = out->first;
	} else if (node->kind == YAML_SEQUENCE || node->kind == YAML_MAPPING) {
		k8s_error(reader, field, "must be a port's number or name, not %s",
			  yaml_kind_name((enum yaml_kind)node->kind));
	} else {
		k8s_error(reader, field, "%s is neither a whole number nor a port's name",
			  k8s_clip(node->text, node->length).text);
	}
}

static void read_end_port(struct k8s_reader *reader, const struct k8s_field *field,
			  struct k8s_port *out)
{
	int64_t last;

	if (k8s_is_missing(field))
		return;
	last = k8s_integer(reader, field, 1, UINT16_MAX, UINT16_MAX);
	if (out->kind == K8S_PORT_ANY)
		k8s_error(reader, field, "needs port, the first port of the range");
	else if (out->kind == K8S_PORT_NAME)
		k8s_error(reader, field, "needs a port that is a number, not a name");
	else if (last < out->first)
		k8s_error(reader, field, "%d is less than port, %d; the range must not be empty",
			  (int)last, out->first);
	out->last = (uint16_t)last;
}

static void read_port(struct k8s_reader *reader, const struct k8s_field *item, struct k8s_port *out)
{
	struct k8s_field protocol = k8s_get(item, "protocol");
	struct k8s_field port = k8s_get(item, "port");
	struct k8s_field end_port = k8s_get(item, "endPort");

	out->position = k8s_position_of(reader, item);
	if (!k8s_mapping(reader, item) && !k8s_is_missing(item))
		return;
	k8s_known_fields(reader, item, port_fields);
	out->protocol = k8s_protocol(reader, &protocol);
	if (k8s_is_missing(&port))
		out->kind = K8S_PORT_ANY;
	else if (port.node->kind == YAML_STRING)
		read_port_name(reader, &port, out);
	else
		read_port_number(reader, &port, out);
	read_end_port(reader, &end_port, out);
}

static void read_peers(struct k8s_reader *reader, const struct k8s_field *list,
		       struct k8s_rule *out)
{
	struct k8s_items items = k8s_items(reader, list);
	struct k8s_field item;
	struct k8s_peer *peers = k8s_keep(reader, items.count, sizeof(*peers));

	while (peers && k8s_next_item(&items, &item))
		read_peer(reader, &item, &peers[out->peer_count++]);
	out->peers = peers;
}

static void read_ports(struct k8s_reader *reader, const struct k8s_field *list,
		       struct k8s_rule *out)
{
	struct k8s_items items = k8s_items(reader, list);
	struct k8s_field item;
	struct k8s_port *ports = k8s_keep(reader, items.count, sizeof(*ports));

	while (ports && k8s_next_item(&items, &item))
		read_port(reader, &item, &ports[out->port_count++]);
	out->ports = ports;
}

static void read_rule(struct k8s_reader *reader, const struct k8s_field *item,
		      const struct direction *direction, struct k8s_rule *out)
{
	struct k8s_field peers = k8s_get(item, direction->peers);
	struct k8s_field ports = k8s_get(item, "ports");

	out->position = k8s_position_of(reader, item);
	out->was_null = k8s_is_missing(item);
	if (!k8s_mapping(reader, item))
		return;
	k8s_known_fields(reader, item, direction->fields);
	read_peers(reader, &peers, out);
	read_ports(reader, &ports, out);
}

static const struct k8s_rule *read_rules(struct k8s_reader *reader, const struct k8s_field *spec,
					 const struct direction *direction, uint32_t *count,
					 bool *is_written)
{
	struct k8s_field list = k8s_get(spec, direction->rules);
	struct k8s_items items = k8s_items(reader, &list);
	struct k8s_field item;
	struct k8s_rule *rules = k8s_keep(reader, items.count, sizeof(*rules));

	*is_written = items.is_written;
	for (*count = 0; rules && k8s_next_item(&items, &item); ++*count)
		read_rule(reader, &item, direction, &rules[*count]);
	return rules;
}

static void read_type(struct k8s_reader *reader, const struct k8s_field *item,
		      struct k8s_network_policy *out)
{
	static const char *const names[] = { "Ingress", "Egress", NULL };
	int chosen = -1;

	if (k8s_is_missing(item))
		k8s_error(reader, item, "is empty; write Ingress or Egress, or remove the entry");
	else if (k8s_string(reader, item))
		chosen = k8s_choice(reader, item, names, "neither Ingress nor Egress");
	out->isolates_ingress = out->isolates_ingress || chosen == 0;
	out->isolates_egress = out->isolates_egress || chosen == 1;
}

/* S3: without types a policy is about ingress, and about egress when it has rules for that. */
static void read_types(struct k8s_reader *reader, const struct k8s_field *spec,
		       struct k8s_network_policy *out)
{
	struct k8s_field list = k8s_get(spec, "policyTypes");
	struct k8s_items items = k8s_items(reader, &list);
	struct k8s_field item;

	if (!items.count) {
		out->isolates_ingress = true;
		out->isolates_egress = out->egress_count > 0;
		return;
	}
	out->has_types = true;
	if (items.count > 2)
		k8s_error(reader, &list, "has %u entries; at most Ingress and Egress are right",
			  items.count);
	while (k8s_next_item(&items, &item))
		read_type(reader, &item, out);
}

void k8s_read_network_policy(struct k8s_reader *reader, const struct k8s_field *root, void *object)
{
	struct k8s_network_policy *out = object;
	struct k8s_field spec = k8s_get(root, "spec");
	struct k8s_field selector = k8s_get(&spec, "podSelector");

	k8s_known_fields(reader, root, policy_fields);
	k8s_mapping(reader, &spec);
	k8s_known_fields(reader, &spec, spec_fields);
	k8s_read_selector(reader, &selector, &out->pod_selector);
	out->ingress = read_rules(reader, &spec, &ingress, &out->ingress_count, &out->has_ingress);
	out->egress = read_rules(reader, &spec, &egress, &out->egress_count, &out->has_egress);
	read_types(reader, &spec, out);
}
