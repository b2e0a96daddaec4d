/*
 * Policies of the cluster tiers: ClusterNetworkPolicy of policy.networking.k8s.io v1alpha2 and
 * v1beta1, AdminNetworkPolicy and BaselineAdminNetworkPolicy of its v1alpha1.
 *
 * The three say the same things in other words. What differs stands in a table: limits, words for
 * actions, who may be a peer, and how ports are written. Where exactly one of several fields is
 * right, none is as wrong as two: a peer without a known field would match everything or nothing,
 * depending on who reads it (C40).
 */
#include "read_meta.h"

#include <stdio.h>
#include <string.h>

#include "weir/key.h"
#include "weir/resolved.h"

enum {
	PRIORITY_MOST = 1000,
	NAME_MOST = 100,    /* characters of a rule's name */
	ADDRESSES_MOST = 25 /* networks or domain names of a peer */
};

struct family {
	const char *kind;
	const char *const *spec_fields;
	const char *const *rule_fields[2]; /* by enum weir_direction */
	const char *const *peer_fields[2];
	const char *const *actions;
	const uint8_t *meanings; /* of the actions: enum weir_rule_action */
	const char *listed;      /* what to say of a text that is no action */
	const char *ports;       /* the field's name */
	void (*read_port)(struct k8s_reader *reader, const struct k8s_field *item,
			  struct k8s_port *out);
	uint32_t most;                 /* rules of a direction; peers and ports of a rule */
	bool needs_namespace_selector; /* beside podSelector */
};

static const char *const policy_fields[] = { "apiVersion", "kind",   "metadata",
					     "spec",       "status", NULL };
static const char *const pods_fields[] = { "namespaceSelector", "podSelector", NULL };
static const char *const subject_fields[] = { "namespaces", "pods", NULL };

/* Exactly one of several. */

/* How many of a mapping's known fields are there, with the last of them in *found. */
static unsigned count_fields(const struct k8s_field *field, const char *const *names,
			     struct k8s_field *found)
{
	unsigned count = 0;

	for (size_t i = 0; names[i]; i++) {
		struct k8s_field member = k8s_get(field, names[i]);

		if (k8s_is_missing(&member))
			continue;
		*found = member;
		count++;
	}
	return count;
}

static void list_names(const char *const *names, char *text, size_t size)
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; names[i] && length < size; i++) {
		const char *between = !i ? "" : names[i + 1] ? ", " : " or ";

		length += (size_t)snprintf(text + length, size - length, "%s%s", between, names[i]);
	}
}

/* The one field of the names that a mapping has; false, with the reason told, when it has not
 * exactly one. */
static bool only_field(struct k8s_reader *reader, const struct k8s_field *field,
		       const char *const *names, struct k8s_field *out)
{
	char listed[128];
	unsigned count;

	if (!k8s_mapping(reader, field) && !k8s_is_missing(field))
		return false;
	k8s_known_fields(reader, field, names);
	count = count_fields(field, names, out);
	if (count == 1)
		return true;
	list_names(names, listed, sizeof(listed));
	if (count)
		k8s_error(reader, field, "has %u fields; exactly one is right: %s", count, listed);
	else
		k8s_error(reader, field, "has no field that says what is meant; write %s", listed);
	return false;
}

static bool is_there(struct k8s_reader *reader, const struct k8s_field *field, const char *remedy)
{
	if (k8s_is_missing(field))
		k8s_error(reader, field, "is missing; %s", remedy);
	return !k8s_is_missing(field);
}

/* The entries of a list, if it is one, of at most so many. */
static struct k8s_items entries_of(struct k8s_reader *reader, const struct k8s_field *list,
				   uint32_t most)
{
	struct k8s_items items = k8s_items(reader, list);

	if (items.count > most)
		k8s_error(reader, list, "has %u entries; at most %u are right", items.count, most);
	return items;
}

/* The same of a list that must have one. */
static struct k8s_items needed_entries(struct k8s_reader *reader, const struct k8s_field *list,
				       uint32_t most, const char *remedy)
{
	struct k8s_items items = entries_of(reader, list, most);

	if (!items.count && (k8s_is_missing(list) || list->node->kind == YAML_SEQUENCE))
		k8s_error(reader, list, "is %s; %s", k8s_is_missing(list) ? "missing" : "empty",
			  remedy);
	return items;
}

/* Pods. */

static void read_pods(struct k8s_reader *reader, const struct k8s_field *field,
		      const struct family *family, struct k8s_pods_scope *out)
{
	struct k8s_field namespaces = k8s_get(field, "namespaceSelector");
	struct k8s_field pods = k8s_get(field, "podSelector");

	out->has_pods = true;
	if (!k8s_mapping(reader, field))
		return;
	k8s_known_fields(reader, field, pods_fields);
	is_there(reader, &pods, "write {} for every pod");
	if (family->needs_namespace_selector)
		is_there(reader, &namespaces, "write {} for every namespace");
	k8s_read_selector(reader, &namespaces, &out->namespaces);
	k8s_read_selector(reader, &pods, &out->pods);
}

static bool is_named(const struct k8s_field *field, const char *name)
{
	return strcmp(field->name, name) == 0;
}

/* namespaces or pods. */
static void read_scope(struct k8s_reader *reader, const struct k8s_field *field,
		       const struct family *family, struct k8s_pods_scope *out)
{
	if (is_named(field, "namespaces"))
		k8s_read_selector(reader, field, &out->namespaces);
	else
		read_pods(reader, field, family, out);
}

/* Networks and domain names. */

/* Later versions of the API have no bits behind the length. */
static bool read_network(struct k8s_reader *reader, const struct k8s_field *item,
			 struct weir_prefix *out)
{
	const struct yaml_node *node = item->node;
	bool host_bits = false;

	if (k8s_is_missing(item) || k8s_text_is(node, "")) {
		k8s_error(reader, item, "is empty; write a CIDR, or remove it");
		return false;
	}
	if (!k8s_read_prefix(reader, item, out, &host_bits))
		return false;
	if (host_bits && strcmp(reader->version, "v1beta1") == 0) {
		k8s_error(reader, item, "has bits set behind the prefix length; clear them");
		return false;
	}
	if (host_bits)
		k8s_warn(reader, item,
			 "has bits set behind the prefix length; they are ignored "
			 "here, and later versions of the API refuse them");
	return true;
}

/* The list is a set of texts: what is written twice is a mistake, two ways to write one block are
 * none. */
static bool is_repeated(const struct yaml_node *first, const struct yaml_node *item)
{
	for (; first != item; first = first->next) {
		if (first->kind == item->kind && first->length == item->length &&
		    memcmp(first->text, item->text, item->length) == 0)
			return true;
	}
	return false;
}

static void read_networks(struct k8s_reader *reader, const struct k8s_field *list,
			  struct k8s_cluster_peer *out)
{
	struct k8s_items items = needed_entries(reader, list, ADDRESSES_MOST, "write a CIDR");
	struct k8s_field item;
	struct weir_prefix *networks = k8s_keep(reader, items.count, sizeof(*networks));

	while (networks && k8s_next_item(&items, &item)) {
		if (!read_network(reader, &item, &networks[out->network_count]))
			continue;
		out->network_count++;
		if (is_repeated(list->node->first, item.node))
			k8s_error(reader, &item, "is there already; remove one of the two");
	}
	out->networks = networks;
}

/* Whatever the program's locale. */
static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* The length of the label at text, up to a dot or the end; 0 when it is none: letters, digits,
 * '-' and '_', a letter or digit at both ends. */
static size_t label_length(const char *text, size_t length)
{
	size_t end = 0;

	while (end < length && text[end] != '.') {
		if (!is_alphanumeric(text[end]) && text[end] != '-' && text[end] != '_')
			return 0;
		end++;
	}
	return end && is_alphanumeric(text[0]) && is_alphanumeric(text[end - 1]) ? end : 0;
}

/* Two labels or more; "*." may stand in front, a dot behind. */
static bool is_domain_name(const char *text, size_t length)
{
	unsigned labels = 0;

	if (length > 2 && text[0] == '*' && text[1] == '.') {
		text += 2;
		length -= 2;
	}
	while (length) {
		size_t label = label_length(text, length);

		if (!label)
			return false;
		labels++;
		text += label;
		length -= label;
		if (length) {
			text++;
			length--;
		}
	}
	return labels > 1;
}

static const char *read_domain(struct k8s_reader *reader, const struct k8s_field *item)
{
	const struct yaml_node *node = k8s_string(reader, item);

	if (node && is_domain_name(node->text, node->length))
		return k8s_keep_text(reader, node->text, node->length);
	if (node)
		k8s_error(reader, item,
			  "%s is no domain name; example.com or *.example.com would be one",
			  k8s_quote(node->text, node->length).text);
	else if (k8s_is_missing(item))
		k8s_error(reader, item, "is empty; write a domain name, or remove it");
	return NULL;
}

static void read_domains(struct k8s_reader *reader, const struct k8s_field *list,
			 struct k8s_cluster_peer *out)
{
	struct k8s_items items =
		needed_entries(reader, list, ADDRESSES_MOST, "write a domain name");
	struct k8s_field item;
	const char **domains = k8s_keep(reader, items.count, sizeof(*domains));

	while (domains && k8s_next_item(&items, &item)) {
		const char *domain = read_domain(reader, &item);

		if (!domain)
			continue;
		domains[out->domain_count++] = domain;
		if (is_repeated(list->node->first, item.node))
			k8s_error(reader, &item, "is there already; remove one of the two");
	}
	out->domains = domains;
}

/* Peers. */

static void read_peer(struct k8s_reader *reader, const struct k8s_field *item,
		      const struct family *family, enum weir_direction direction,
		      struct k8s_cluster_peer *out)
{
	struct k8s_field field;

	out->position = k8s_position_of(reader, item);
	if (!only_field(reader, item, family->peer_fields[direction], &field))
		return;
	if (is_named(&field, "nodes")) {
		out->kind = K8S_CLUSTER_PEER_NODES;
		k8s_read_selector(reader, &field, &out->nodes);
	} else if (is_named(&field, "networks")) {
		out->kind = K8S_CLUSTER_PEER_NETWORKS;
		read_networks(reader, &field, out);
	} else if (is_named(&field, "domainNames")) {
		out->kind = K8S_CLUSTER_PEER_DOMAINS;
		read_domains(reader, &field, out);
	} else {
		out->kind = K8S_CLUSTER_PEER_PODS;
		read_scope(reader, &field, family, &out->scope);
	}
}

static void read_peers(struct k8s_reader *reader, const struct k8s_field *list,
		       const struct family *family, enum weir_direction direction,
		       struct k8s_cluster_rule *out)
{
	struct k8s_items items =
		needed_entries(reader, list, family->most,
			       "write whom the rule is about; namespaces: {} is every pod");
	struct k8s_field item;
	struct k8s_cluster_peer *peers = k8s_keep(reader, items.count, sizeof(*peers));

	while (peers && k8s_next_item(&items, &item))
		read_peer(reader, &item, family, direction, &peers[out->peer_count++]);
	out->peers = peers;
}

/* Ports. */

static uint16_t read_number(struct k8s_reader *reader, const struct k8s_field *field)
{
	if (!is_there(reader, field, "write a port's number"))
		return 1;
	return (uint16_t)k8s_integer(reader, field, 1, UINT16_MAX, 1);
}

/* start and end of a mapping. */
static void read_range(struct k8s_reader *reader, const struct k8s_field *field,
		       struct k8s_port *out)
{
	struct k8s_field start = k8s_get(field, "start");
	struct k8s_field end = k8s_get(field, "end");
	bool has_both = !k8s_is_missing(&start) && !k8s_is_missing(&end);

	out->kind = K8S_PORT_NUMBER;
	out->first = read_number(reader, &start);
	out->last = read_number(reader, &end);
	if (has_both && out->first >= out->last)
		k8s_error(reader, &end,
			  "%u is not more than start, %u; a range has two ports at "
			  "least",
			  out->last, out->first);
}

static void read_name(struct k8s_reader *reader, const struct k8s_field *field,
		      struct k8s_port *out)
{
	const struct yaml_node *node = k8s_string(reader, field);

	out->kind = K8S_PORT_NAME;
	out->protocol = 0;
	out->name = k8s_keep_text(reader, node ? node->text : "", node ? node->length : 0);
	if (node && !node->length)
		k8s_error(reader, field, "is empty; write a port's name");
}

/* v1alpha1: portNumber, portRange or namedPort. */
static void read_admin_port(struct k8s_reader *reader, const struct k8s_field *item,
			    struct k8s_port *out)
{
	static const char *const names[] = { "portNumber", "portRange", "namedPort", NULL };
	static const char *const number_fields[] = { "protocol", "port", NULL };
	static const char *const range_fields[] = { "protocol", "start", "end", NULL };
	struct k8s_field field, protocol, port;

	out->position = k8s_position_of(reader, item);
	if (!only_field(reader, item, names, &field))
		return;
	if (is_named(&field, "namedPort")) {
		read_name(reader, &field, out);
		return;
	}
	if (!k8s_mapping(reader, &field))
		return;
	protocol = k8s_get(&field, "protocol");
	out->protocol = k8s_protocol(reader, &protocol);
	if (is_named(&field, "portRange")) {
		k8s_known_fields(reader, &field, range_fields);
		read_range(reader, &field, out);
		return;
	}
	k8s_known_fields(reader, &field, number_fields);
	port = k8s_get(&field, "port");
	out->kind = K8S_PORT_NUMBER;
	out->first = out->last = read_number(reader, &port);
}

/* What stands below tcp, udp or sctp. */
static void read_destination_port(struct k8s_reader *reader, const struct k8s_field *protocol,
				  struct k8s_port *out)
{
	static const char *const protocol_fields[] = { "destinationPort", NULL };
	static const char *const port_fields[] = { "number", "range", NULL };
	static const char *const range_fields[] = { "start", "end", NULL };
	struct k8s_field port, field;

	if (!only_field(reader, protocol, protocol_fields, &port) ||
	    !only_field(reader, &port, port_fields, &field))
		return;
	if (is_named(&field, "number")) {
		out->kind = K8S_PORT_NUMBER;
		out->first = out->last = read_number(reader, &field);
		return;
	}
	if (!k8s_mapping(reader, &field))
		return;
	k8s_known_fields(reader, &field, range_fields);
	read_range(reader, &field, out);
}

/* ClusterNetworkPolicy: a protocol with its port, or a name. */
static void read_cluster_port(struct k8s_reader *reader, const struct k8s_field *item,
			      struct k8s_port *out)
{
	static const char *const names[] = { "tcp", "udp", "sctp", "destinationNamedPort", NULL };
	static const uint8_t protocols[] = { WEIR_PROTOCOL_TCP, WEIR_PROTOCOL_UDP,
					     WEIR_PROTOCOL_SCTP };
	struct k8s_field field;

	out->position = k8s_position_of(reader, item);
	if (!only_field(reader, item, names, &field))
		return;
	if (is_named(&field, "destinationNamedPort")) {
		read_name(reader, &field, out);
		return;
	}
	for (size_t i = 0; i < sizeof(protocols); i++) {
		if (is_named(&field, names[i]))
			out->protocol = protocols[i];
	}
	read_destination_port(reader, &field, out);
}

static void read_ports(struct k8s_reader *reader, const struct k8s_field *list,
		       const struct family *family, struct k8s_cluster_rule *out)
{
	struct k8s_items items;
	struct k8s_field item;
	struct k8s_port *ports;

	if (k8s_is_missing(list))
		return;
	items = needed_entries(reader, list, family->most, "remove it if every port is meant");
	ports = k8s_keep(reader, items.count, sizeof(*ports));
	while (ports && k8s_next_item(&items, &item))
		family->read_port(reader, &item, &ports[out->port_count++]);
	out->ports = ports;
}

/* Rules. */

static void read_rule_name(struct k8s_reader *reader, const struct k8s_field *field,
			   struct k8s_cluster_rule *out)
{
	const struct yaml_node *node = k8s_string(reader, field);
	unsigned characters = 0;

	for (size_t i = 0; node && i < node->length; i++)
		characters += ((unsigned char)node->text[i] & 0xc0) != 0x80;
	if (characters > NAME_MOST)
		k8s_error(reader, field, "has %u characters; at most %u are right", characters,
			  NAME_MOST);
	out->name = k8s_text(reader, field);
}

static void read_action(struct k8s_reader *reader, const struct k8s_field *field,
			const struct family *family, struct k8s_cluster_rule *out)
{
	int chosen;

	out->action = "";
	if (!is_there(reader, field, "write what becomes of the traffic") ||
	    !k8s_string(reader, field))
		return;
	chosen = k8s_choice(reader, field, family->actions, family->listed);
	if (chosen < 0)
		return;
	out->action = family->actions[chosen];
	out->meaning = family->meanings[chosen];
}

static bool has_named_port(const struct k8s_cluster_rule *rule)
{
	for (uint32_t i = 0; i < rule->port_count; i++) {
		if (rule->ports[i].kind == K8S_PORT_NAME)
			return true;
	}
	return false;
}

/* What fits each by itself, and not together. */
static void check_rule(struct k8s_reader *reader, const struct k8s_field *peers,
		       const struct k8s_cluster_rule *rule)
{
	bool is_named = has_named_port(rule);
	const struct yaml_node *node = rule->peer_count ? peers->node->first : NULL;

	for (uint32_t i = 0; i < rule->peer_count; i++, node = node->next) {
		struct k8s_field item = k8s_item(peers, node, i);

		if (rule->peers[i].kind == K8S_CLUSTER_PEER_DOMAINS && rule->action[0] &&
		    rule->meaning != WEIR_RULE_ALLOW)
			k8s_error(reader, &item,
				  "domain names are for rules that allow; this one says %s",
				  rule->action);
		if (rule->peers[i].kind != K8S_CLUSTER_PEER_PODS && is_named)
			k8s_error(reader, &item,
				  "has no named ports, and the rule names one; write the port's "
				  "number, or a rule of its own");
	}
}

static void read_rule(struct k8s_reader *reader, const struct k8s_field *item,
		      const struct family *family, enum weir_direction direction,
		      struct k8s_cluster_rule *out)
{
	struct k8s_field name = k8s_get(item, "name");
	struct k8s_field action = k8s_get(item, "action");
	struct k8s_field peers = k8s_get(item, direction == WEIR_INGRESS ? "from" : "to");
	struct k8s_field ports = k8s_get(item, family->ports);

	out->position = k8s_position_of(reader, item);
	if (!k8s_mapping(reader, item) && !k8s_is_missing(item))
		return;
	k8s_known_fields(reader, item, family->rule_fields[direction]);
	read_rule_name(reader, &name, out);
	read_action(reader, &action, family, out);
	read_peers(reader, &peers, family, direction, out);
	read_ports(reader, &ports, family, out);
	check_rule(reader, &peers, out);
}

static const struct k8s_cluster_rule *read_rules(struct k8s_reader *reader,
						 const struct k8s_field *spec,
						 const struct family *family,
						 enum weir_direction direction, uint32_t *count)
{
	struct k8s_field list = k8s_get(spec, direction == WEIR_INGRESS ? "ingress" : "egress");
	struct k8s_items items = entries_of(reader, &list, family->most);
	struct k8s_field item;
	struct k8s_cluster_rule *rules = k8s_keep(reader, items.count, sizeof(*rules));

	for (*count = 0; rules && k8s_next_item(&items, &item); ++*count)
		read_rule(reader, &item, family, direction, &rules[*count]);
	return rules;
}

/* Policies. */

static void read_priority(struct k8s_reader *reader, const struct k8s_field *spec,
			  struct k8s_cluster_policy *out)
{
	struct k8s_field field = k8s_get(spec, "priority");

	if (is_there(reader, &field, "write a number from 0 to 1000, lower is tried first"))
		out->priority = (uint32_t)k8s_integer(reader, &field, 0, PRIORITY_MOST, 0);
}

static void read_policy(struct k8s_reader *reader, const struct k8s_field *root,
			const struct family *family, struct k8s_cluster_policy *out)
{
	struct k8s_field spec = k8s_get(root, "spec");
	struct k8s_field subject = k8s_get(&spec, "subject");
	struct k8s_field field;

	out->kind = family->kind;
	k8s_known_fields(reader, root, policy_fields);
	if (!is_there(reader, &spec, "write the policy") || !k8s_mapping(reader, &spec))
		return;
	k8s_known_fields(reader, &spec, family->spec_fields);
	if (only_field(reader, &subject, subject_fields, &field))
		read_scope(reader, &field, family, &out->subject);
	out->ingress = read_rules(reader, &spec, family, WEIR_INGRESS, &out->ingress_count);
	out->egress = read_rules(reader, &spec, family, WEIR_EGRESS, &out->egress_count);
}

static const char *const ingress_peers[] = { "namespaces", "pods", NULL };
static const char *const egress_peers[] = { "namespaces", "pods",        "nodes",
					    "networks",   "domainNames", NULL };
static const char *const baseline_egress_peers[] = { "namespaces", "pods", "nodes", "networks",
						     NULL };
static const uint8_t meanings[] = { WEIR_RULE_ALLOW, WEIR_RULE_DENY, WEIR_RULE_PASS };

void k8s_read_cluster_network_policy(struct k8s_reader *reader, const struct k8s_field *root,
				     void *object)
{
	static const char *const spec_fields[] = { "tier",    "priority", "subject",
						   "ingress", "egress",   NULL };
	static const char *const ingress_fields[] = { "name", "action", "from", "protocols", NULL };
	static const char *const egress_fields[] = { "name", "action", "to", "protocols", NULL };
	static const char *const actions[] = { "Accept", "Deny", "Pass", NULL };
	static const char *const tiers[] = { "Admin", "Baseline", NULL };
	static const struct family family = {
		.kind = "ClusterNetworkPolicy",
		.spec_fields = spec_fields,
		.rule_fields = { [WEIR_INGRESS] = ingress_fields, [WEIR_EGRESS] = egress_fields },
		.peer_fields = { [WEIR_INGRESS] = ingress_peers, [WEIR_EGRESS] = egress_peers },
		.actions = actions,
		.meanings = meanings,
		.listed = "none of Accept, Deny and Pass",
		.ports = "protocols",
		.read_port = read_cluster_port,
		.most = 25,
	};
	struct k8s_cluster_policy *out = object;
	struct k8s_field spec = k8s_get(root, "spec");
	struct k8s_field tier = k8s_get(&spec, "tier");

	read_policy(reader, root, &family, out);
	if (k8s_is_missing(&spec) || spec.node->kind != YAML_MAPPING)
		return;
	read_priority(reader, &spec, out);
	if (is_there(reader, &tier, "write Admin or Baseline") && k8s_string(reader, &tier))
		out->tier = k8s_choice(reader, &tier, tiers, "neither Admin nor Baseline") == 1
				    ? WEIR_TIER_BASELINE
				    : WEIR_TIER_ADMIN;
}

void k8s_read_admin_network_policy(struct k8s_reader *reader, const struct k8s_field *root,
				   void *object)
{
	static const char *const spec_fields[] = { "priority", "subject", "ingress", "egress",
						   NULL };
	static const char *const ingress_fields[] = { "name", "action", "from", "ports", NULL };
	static const char *const egress_fields[] = { "name", "action", "to", "ports", NULL };
	static const char *const actions[] = { "Allow", "Deny", "Pass", NULL };
	static const struct family family = {
		.kind = "AdminNetworkPolicy",
		.spec_fields = spec_fields,
		.rule_fields = { [WEIR_INGRESS] = ingress_fields, [WEIR_EGRESS] = egress_fields },
		.peer_fields = { [WEIR_INGRESS] = ingress_peers, [WEIR_EGRESS] = egress_peers },
		.actions = actions,
		.meanings = meanings,
		.listed = "none of Allow, Deny and Pass",
		.ports = "ports",
		.read_port = read_admin_port,
		.most = 100,
		.needs_namespace_selector = true,
	};
	struct k8s_cluster_policy *out = object;
	struct k8s_field spec = k8s_get(root, "spec");

	out->tier = WEIR_TIER_ADMIN;
	read_policy(reader, root, &family, out);
	if (!k8s_is_missing(&spec) && spec.node->kind == YAML_MAPPING)
		read_priority(reader, &spec, out);
}

void k8s_read_baseline_network_policy(struct k8s_reader *reader, const struct k8s_field *root,
				      void *object)
{
	static const char *const spec_fields[] = { "subject", "ingress", "egress", NULL };
	static const char *const ingress_fields[] = { "name", "action", "from", "ports", NULL };
	static const char *const egress_fields[] = { "name", "action", "to", "ports", NULL };
	static const char *const actions[] = { "Allow", "Deny", NULL };
	static const struct family family = {
		.kind = "BaselineAdminNetworkPolicy",
		.spec_fields = spec_fields,
		.rule_fields = { [WEIR_INGRESS] = ingress_fields, [WEIR_EGRESS] = egress_fields },
		.peer_fields = { [WEIR_INGRESS] = ingress_peers,
				 [WEIR_EGRESS] = baseline_egress_peers },
		.actions = actions,
		.meanings = meanings,
		.listed = "neither Allow nor Deny",
		.ports = "ports",
		.read_port = read_admin_port,
		.most = 100,
		.needs_namespace_selector = true,
	};
	struct k8s_cluster_policy *out = object;
	struct k8s_field metadata = k8s_get(root, "metadata");
	struct k8s_field name = k8s_get(&metadata, "name");

	out->tier = WEIR_TIER_BASELINE;
	out->priority = K8S_PRIORITY_LAST;
	read_policy(reader, root, &family, out);
	if (out->meta.name && strcmp(out->meta.name, "default") != 0)
		k8s_error(reader, &name, "must be default: there is one such policy in a cluster");
}
