/*
 * A finished cluster as YAML again, with nothing in it but what verdicts need.
 *
 * What is written is what was understood, not what was read: a Service's addresses are all
 * external ones, a pod's containers are one, a node's tunnels are addresses like the others.
 * Reading it gives equal objects. Pods that stand for workloads are made again from these; so are
 * namespaces and nodes that are only named. Strings are always quoted.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "objects.h"
#include "weir/key.h"
#include "weir/resolved.h"

enum {
	BUFFER_SIZE = 16 * 1024,
	LINE_MAX_BYTES = 512, /* of a line but for its quoted strings */
	STEP = 2,             /* of indentation */
};

struct writer {
	int (*write)(void *context, const char *bytes, size_t length);
	void *context;
	int status; /* the first failure; nothing is written after it */
	unsigned indent;
	bool item; /* the next line begins an item of a list */
	bool shows_ipv6;
	size_t filled;
	char buffer[BUFFER_SIZE];
};

static void flush(struct writer *writer)
{
	if (!writer->status && writer->filled)
		writer->status = writer->write(writer->context, writer->buffer, writer->filled);
	writer->filled = 0;
}

static void put(struct writer *writer, const char *bytes, size_t length)
{
	while (length) {
		size_t room = BUFFER_SIZE - writer->filled;
		size_t part = length < room ? length : room;

		memcpy(writer->buffer + writer->filled, bytes, part);
		writer->filled += part;
		bytes += part;
		length -= part;
		if (writer->filled == BUFFER_SIZE)
			flush(writer);
	}
}

static void put_text(struct writer *writer, const char *text)
{
	put(writer, text, strlen(text));
}

static void put_quoted(struct writer *writer, const char *text)
{
	put(writer, "\"", 1);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;
		char escape[8];

		if (c == '"' || c == '\\') {
			put(writer, "\\", 1);
			put(writer, text, 1);
		} else if (c < 0x20 || c == 0x7f) {
			snprintf(escape, sizeof(escape), "\\u%04x", c);
			put_text(writer, escape);
		} else {
			put(writer, text, 1);
		}
	}
	put(writer, "\"", 1);
}

static void begin_line(struct writer *writer)
{
	unsigned spaces = writer->indent - (writer->item ? STEP : 0);

	while (spaces--)
		put(writer, " ", 1);
	if (writer->item)
		put(writer, "- ", 2);
	writer->item = false;
}

/* A line as printf makes it; only for text that needs no quotes. */
__attribute__((format(printf, 2, 3))) static void line(struct writer *writer, const char *format,
						       ...)
{
	char text[LINE_MAX_BYTES];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	begin_line(writer);
	put_text(writer, text);
	put(writer, "\n", 1);
}

/* key: "value" */
static void text_line(struct writer *writer, const char *key, const char *value)
{
	begin_line(writer);
	put_text(writer, key);
	put(writer, ": ", 2);
	put_quoted(writer, value);
	put(writer, "\n", 1);
}

/* - "value" */
static void text_item(struct writer *writer, const char *value)
{
	begin_line(writer);
	put_text(writer, "- ");
	put_quoted(writer, value);
	put(writer, "\n", 1);
}

/* `key:`, and what follows is inside of it until leave. */
static void enter(struct writer *writer, const char *key)
{
	line(writer, "%s:", key);
	writer->indent += STEP;
}

static void leave(struct writer *writer)
{
	writer->indent -= STEP;
}

/* Inside of a list: the lines up to end_item are one item. */
static void begin_item(struct writer *writer)
{
	writer->indent += STEP;
	writer->item = true;
}

static void end_item(struct writer *writer)
{
	writer->indent -= STEP;
	writer->item = false;
}

/* Parts of objects. */

static void write_labels(struct writer *writer, const char *key, const struct k8s_labels *labels)
{
	if (!labels->count)
		return;
	enter(writer, key);
	for (uint32_t i = 0; i < labels->count; i++) {
		begin_line(writer);
		put_quoted(writer, labels->items[i].key);
		put(writer, ": ", 2);
		put_quoted(writer, labels->items[i].value);
		put(writer, "\n", 1);
	}
	leave(writer);
}

static void write_owner(struct writer *writer, const struct k8s_owner *owner)
{
	if (!owner->kind)
		return;
	enter(writer, "ownerReferences");
	begin_item(writer);
	line(writer, "controller: true");
	text_line(writer, "kind", owner->kind);
	text_line(writer, "name", owner->name);
	end_item(writer);
	leave(writer);
}

static void begin_object(struct writer *writer, const char *version, const char *kind,
			 const struct k8s_meta *meta)
{
	put_text(writer, "---\n");
	line(writer, "apiVersion: %s", version);
	line(writer, "kind: %s", kind);
	enter(writer, "metadata");
	text_line(writer, "name", meta->name);
	if (meta->namespace_name[0])
		text_line(writer, "namespace", meta->namespace_name);
	write_labels(writer, "labels", &meta->labels);
	write_owner(writer, &meta->owner);
	leave(writer);
}

static void write_addresses(struct writer *writer, const char *key,
			    const struct weir_address *addresses, uint32_t count)
{
	char text[WEIR_ADDRESS_TEXT];

	if (!count)
		return;
	enter(writer, key);
	for (uint32_t i = 0; i < count; i++) {
		weir_address_format(&addresses[i], text);
		text_item(writer, text);
	}
	leave(writer);
}

/* As above, each as {ip: ADDRESS}. */
static void write_ips(struct writer *writer, const char *key, const struct weir_address *addresses,
		      uint32_t count)
{
	char text[WEIR_ADDRESS_TEXT];

	if (!count)
		return;
	enter(writer, key);
	for (uint32_t i = 0; i < count; i++) {
		weir_address_format(&addresses[i], text);
		begin_item(writer);
		text_line(writer, "ip", text);
		end_item(writer);
	}
	leave(writer);
}

static void write_prefixes(struct writer *writer, const char *key,
			   const struct weir_prefix *prefixes, uint32_t count)
{
	char text[WEIR_PREFIX_TEXT];

	if (!count)
		return;
	enter(writer, key);
	for (uint32_t i = 0; i < count; i++) {
		weir_prefix_format(&prefixes[i], text);
		text_item(writer, text);
	}
	leave(writer);
}

static void write_protocol(struct writer *writer, uint8_t protocol)
{
	line(writer, "protocol: %s", protocol == 17 ? "UDP" : protocol == 132 ? "SCTP" : "TCP");
}

static void write_container(struct writer *writer, const struct k8s_container_port *ports,
			    uint32_t count)
{
	if (!count)
		return;
	enter(writer, "containers");
	begin_item(writer);
	enter(writer, "ports");
	for (uint32_t i = 0; i < count; i++) {
		begin_item(writer);
		line(writer, "containerPort: %u", ports[i].number);
		if (ports[i].name)
			text_line(writer, "name", ports[i].name);
		write_protocol(writer, ports[i].protocol);
		end_item(writer);
	}
	leave(writer);
	end_item(writer);
	leave(writer);
}

static const char *operator_name(uint8_t op)
{
	static const char *const names[] = {
		[K8S_IN] = "In",
		[K8S_NOT_IN] = "NotIn",
		[K8S_EXISTS] = "Exists",
		[K8S_DOES_NOT_EXIST] = "DoesNotExist",
	};

	return names[op];
}

static void write_requirement(struct writer *writer, const struct k8s_requirement *requirement)
{
	begin_item(writer);
	text_line(writer, "key", requirement->key);
	line(writer, "operator: %s", operator_name(requirement->op));
	if (requirement->value_count) {
		enter(writer, "values");
		for (uint32_t i = 0; i < requirement->value_count; i++)
			text_item(writer, requirement->values[i]);
		leave(writer);
	}
	end_item(writer);
}

static void write_selector(struct writer *writer, const char *key,
			   const struct k8s_selector *selector)
{
	if (!selector->count) {
		line(writer, "%s: {}", key);
		return;
	}
	enter(writer, key);
	enter(writer, "matchExpressions");
	for (uint32_t i = 0; i < selector->count; i++)
		write_requirement(writer, &selector->requirements[i]);
	leave(writer);
	leave(writer);
}

/* The selectors of kinds that know only labels and their values. */
static void write_map_selector(struct writer *writer, const struct k8s_selector *selector)
{
	if (!selector->count)
		return;
	enter(writer, "selector");
	for (uint32_t i = 0; i < selector->count; i++) {
		begin_line(writer);
		put_quoted(writer, selector->requirements[i].key);
		put(writer, ": ", 2);
		put_quoted(writer, selector->requirements[i].values[0]);
		put(writer, "\n", 1);
	}
	leave(writer);
}

/* Objects. */

static void write_namespace(struct writer *writer, const struct k8s_namespace *object)
{
	if (!object->implied)
		begin_object(writer, "v1", "Namespace", &object->meta);
}

static void write_node_addresses(struct writer *writer, const struct k8s_node *object)
{
	char text[WEIR_ADDRESS_TEXT];

	if (!object->address_count)
		return;
	enter(writer, "status");
	enter(writer, "addresses");
	for (uint32_t i = 0; i < object->address_count; i++) {
		weir_address_format(&object->addresses[i], text);
		begin_item(writer);
		text_line(writer, "address", text);
		line(writer, "type: InternalIP");
		end_item(writer);
	}
	leave(writer);
	leave(writer);
}

static void write_node(struct writer *writer, const struct k8s_node *object)
{
	if (object->implied)
		return;
	begin_object(writer, "v1", "Node", &object->meta);
	if (object->pod_cidr_count) {
		enter(writer, "spec");
		write_prefixes(writer, "podCIDRs", object->pod_cidrs, object->pod_cidr_count);
		leave(writer);
	}
	write_node_addresses(writer, object);
}

static void write_pod(struct writer *writer, const struct k8s_pod *object)
{
	static const char *const phases[] = {
		[K8S_RUNNING] = "Running",
		[K8S_PENDING] = "Pending",
		[K8S_FINISHED] = "Succeeded",
	};

	if (object->synthetic)
		return;
	begin_object(writer, "v1", "Pod", &object->meta);
	if (object->node_name || object->host_network || object->port_count) {
		enter(writer, "spec");
		if (object->node_name)
			text_line(writer, "nodeName", object->node_name);
		if (object->host_network)
			line(writer, "hostNetwork: true");
		write_container(writer, object->ports, object->port_count);
		leave(writer);
	}
	enter(writer, "status");
	line(writer, "phase: %s", phases[object->phase]);
	write_ips(writer, "podIPs", object->addresses, object->address_count);
	write_ips(writer, "hostIPs", object->host_addresses, object->host_address_count);
	leave(writer);
}

static bool has_node_port(const struct k8s_service *object)
{
	for (uint32_t i = 0; i < object->port_count; i++) {
		if (object->ports[i].node_port)
			return true;
	}
	return false;
}

static void write_service_port(struct writer *writer, const struct k8s_service_port *port)
{
	begin_item(writer);
	if (port->name)
		text_line(writer, "name", port->name);
	line(writer, "port: %u", port->port);
	if (port->target_name)
		text_line(writer, "targetPort", port->target_name);
	else
		line(writer, "targetPort: %u", port->target_port);
	if (port->node_port)
		line(writer, "nodePort: %u", port->node_port);
	write_protocol(writer, port->protocol);
	end_item(writer);
}

static void write_service(struct writer *writer, const struct k8s_service *object)
{
	begin_object(writer, "v1", "Service", &object->meta);
	enter(writer, "spec");
	line(writer, "type: %s",
	     object->external_name   ? "ExternalName"
	     : has_node_port(object) ? "NodePort"
				     : "ClusterIP");
	if (object->headless)
		line(writer, "clusterIP: None");
	/* Pods that stand for workloads have addresses of the families that objects show. */
	if (writer->shows_ipv6)
		line(writer, "ipFamilies: [IPv4, IPv6]");
	if (object->publish_not_ready)
		line(writer, "publishNotReadyAddresses: true");
	write_map_selector(writer, &object->selector);
	write_addresses(writer, "externalIPs", object->addresses, object->address_count);
	if (object->port_count) {
		enter(writer, "ports");
		for (uint32_t i = 0; i < object->port_count; i++)
			write_service_port(writer, &object->ports[i]);
		leave(writer);
	}
	leave(writer);
}

static void write_slice_endpoint(struct writer *writer, const struct k8s_slice_endpoint *endpoint)
{
	begin_item(writer);
	enter(writer, "conditions");
	line(writer, "ready: %s", endpoint->ready ? "true" : "false");
	leave(writer);
	write_addresses(writer, "addresses", endpoint->addresses, endpoint->address_count);
	if (endpoint->pod) {
		enter(writer, "targetRef");
		line(writer, "kind: Pod");
		text_line(writer, "name", endpoint->pod);
		leave(writer);
	}
	end_item(writer);
}

static void write_slice_port(struct writer *writer, const struct k8s_slice_port *port)
{
	begin_item(writer);
	if (port->name)
		text_line(writer, "name", port->name);
	if (port->port)
		line(writer, "port: %u", port->port);
	write_protocol(writer, port->protocol);
	end_item(writer);
}

static void write_slice(struct writer *writer, const struct k8s_slice *object)
{
	const struct k8s_slice_endpoint *first = object->endpoints;
	bool is_ipv6 = object->endpoint_count && first->address_count &&
		       !weir_address_is_ipv4(&first->addresses[0]);

	begin_object(writer, "discovery.k8s.io/v1", "EndpointSlice", &object->meta);
	line(writer, "addressType: %s", is_ipv6 ? "IPv6" : "IPv4");
	if (object->endpoint_count) {
		line(writer, "endpoints:");
		for (uint32_t i = 0; i < object->endpoint_count; i++)
			write_slice_endpoint(writer, &object->endpoints[i]);
	}
	if (object->port_count) {
		line(writer, "ports:");
		for (uint32_t i = 0; i < object->port_count; i++)
			write_slice_port(writer, &object->ports[i]);
	}
}

static const char *version_of(const char *workload_kind)
{
	if (!strcmp(workload_kind, "ReplicationController"))
		return "v1";
	if (!strcmp(workload_kind, "Job") || !strcmp(workload_kind, "CronJob"))
		return "batch/v1";
	return "apps/v1";
}

static void write_template(struct writer *writer, const struct k8s_workload *object)
{
	bool has_spec = object->node_name || object->host_network || object->port_count;

	if (!object->has_template)
		return;
	if (!has_spec && !object->template_labels.count) {
		line(writer, "template: {}");
		return;
	}
	enter(writer, "template");
	if (object->template_labels.count) {
		enter(writer, "metadata");
		write_labels(writer, "labels", &object->template_labels);
		leave(writer);
	}
	if (has_spec) {
		enter(writer, "spec");
		if (object->node_name)
			text_line(writer, "nodeName", object->node_name);
		if (object->host_network)
			line(writer, "hostNetwork: true");
		write_container(writer, object->ports, object->port_count);
		leave(writer);
	}
	leave(writer);
}

static void write_workload_spec(struct writer *writer, const struct k8s_workload *object)
{
	enter(writer, "spec");
	line(writer, "replicas: %u", object->replicas);
	if (!strcmp(object->kind, "ReplicationController"))
		write_map_selector(writer, &object->selector);
	else if (object->has_selector)
		write_selector(writer, "selector", &object->selector);
	write_template(writer, object);
	leave(writer);
}

static void write_workload(struct writer *writer, const struct k8s_workload *object)
{
	begin_object(writer, version_of(object->kind), object->kind, &object->meta);
	if (strcmp(object->kind, "CronJob") != 0) {
		write_workload_spec(writer, object);
		return;
	}
	enter(writer, "spec");
	enter(writer, "jobTemplate");
	write_workload_spec(writer, object);
	leave(writer);
	leave(writer);
}

/* Policies. */

static void write_peer(struct writer *writer, const struct k8s_peer *peer)
{
	char text[WEIR_PREFIX_TEXT];

	begin_item(writer);
	if (peer->kind == K8S_PEER_BLOCK) {
		weir_prefix_format(&peer->block.prefix, text);
		enter(writer, "ipBlock");
		text_line(writer, "cidr", text);
		write_prefixes(writer, "except", peer->block.except, peer->block.except_count);
		leave(writer);
	}
	if (peer->has_pod_selector)
		write_selector(writer, "podSelector", &peer->pod_selector);
	if (peer->has_namespace_selector)
		write_selector(writer, "namespaceSelector", &peer->namespace_selector);
	end_item(writer);
}

static void write_port(struct writer *writer, const struct k8s_port *port)
{
	begin_item(writer);
	write_protocol(writer, port->protocol);
	if (port->kind == K8S_PORT_NAME)
		text_line(writer, "port", port->name);
	if (port->kind == K8S_PORT_NUMBER)
		line(writer, "port: %u", port->first);
	if (port->kind == K8S_PORT_NUMBER && port->last != port->first)
		line(writer, "endPort: %u", port->last);
	end_item(writer);
}

static void write_rule(struct writer *writer, const char *peers_key, const struct k8s_rule *rule)
{
	begin_item(writer);
	if (!rule->peer_count && !rule->port_count)
		line(writer, "%s", rule->was_null ? "null" : "{}");
	if (rule->peer_count) {
		enter(writer, peers_key);
		for (uint32_t i = 0; i < rule->peer_count; i++)
			write_peer(writer, &rule->peers[i]);
		leave(writer);
	}
	if (rule->port_count) {
		enter(writer, "ports");
		for (uint32_t i = 0; i < rule->port_count; i++)
			write_port(writer, &rule->ports[i]);
		leave(writer);
	}
	end_item(writer);
}

static void write_rules(struct writer *writer, const char *key, const char *peers_key,
			const struct k8s_rule *rules, uint32_t count)
{
	if (!count)
		return;
	enter(writer, key);
	for (uint32_t i = 0; i < count; i++)
		write_rule(writer, peers_key, &rules[i]);
	leave(writer);
}

static void write_network_policy(struct writer *writer, const struct k8s_network_policy *object)
{
	begin_object(writer, "networking.k8s.io/v1", "NetworkPolicy", &object->meta);
	enter(writer, "spec");
	write_selector(writer, "podSelector", &object->pod_selector);
	enter(writer, "policyTypes");
	if (object->isolates_ingress)
		text_item(writer, "Ingress");
	if (object->isolates_egress)
		text_item(writer, "Egress");
	leave(writer);
	write_rules(writer, "ingress", "from", object->ingress, object->ingress_count);
	write_rules(writer, "egress", "to", object->egress, object->egress_count);
	leave(writer);
}

/* Policies of the cluster tiers: two ways to write the same. */

static const char *protocol_key(uint8_t protocol)
{
	return protocol == WEIR_PROTOCOL_TCP   ? "tcp"
	       : protocol == WEIR_PROTOCOL_UDP ? "udp"
					       : "sctp";
}

static void write_range(struct writer *writer, const struct k8s_port *port)
{
	line(writer, "start: %u", port->first);
	line(writer, "end: %u", port->last);
}

/* An entry of protocols. */
static void write_cluster_port(struct writer *writer, const struct k8s_port *port)
{
	begin_item(writer);
	if (port->kind == K8S_PORT_NAME) {
		text_line(writer, "destinationNamedPort", port->name);
	} else {
		enter(writer, protocol_key(port->protocol));
		enter(writer, "destinationPort");
		if (port->first == port->last) {
			line(writer, "number: %u", port->first);
		} else {
			enter(writer, "range");
			write_range(writer, port);
			leave(writer);
		}
		leave(writer);
		leave(writer);
	}
	end_item(writer);
}

/* An entry of ports. */
static void write_admin_port(struct writer *writer, const struct k8s_port *port)
{
	begin_item(writer);
	if (port->kind == K8S_PORT_NAME) {
		text_line(writer, "namedPort", port->name);
	} else {
		enter(writer, port->first == port->last ? "portNumber" : "portRange");
		write_protocol(writer, port->protocol);
		if (port->first == port->last)
			line(writer, "port: %u", port->first);
		else
			write_range(writer, port);
		leave(writer);
	}
	end_item(writer);
}

static void write_scope(struct writer *writer, const struct k8s_pods_scope *scope)
{
	if (!scope->has_pods) {
		write_selector(writer, "namespaces", &scope->namespaces);
		return;
	}
	enter(writer, "pods");
	write_selector(writer, "namespaceSelector", &scope->namespaces);
	write_selector(writer, "podSelector", &scope->pods);
	leave(writer);
}

static void write_cluster_peer(struct writer *writer, const struct k8s_cluster_peer *peer)
{
	begin_item(writer);
	switch ((enum k8s_cluster_peer_kind)peer->kind) {
	case K8S_CLUSTER_PEER_PODS:
		write_scope(writer, &peer->scope);
		break;
	case K8S_CLUSTER_PEER_NODES:
		write_selector(writer, "nodes", &peer->nodes);
		break;
	case K8S_CLUSTER_PEER_NETWORKS:
		write_prefixes(writer, "networks", peer->networks, peer->network_count);
		break;
	case K8S_CLUSTER_PEER_DOMAINS:
		enter(writer, "domainNames");
		for (uint32_t i = 0; i < peer->domain_count; i++)
			text_item(writer, peer->domains[i]);
		leave(writer);
		break;
	}
	end_item(writer);
}

/* How a kind writes what all have. */
struct dialect {
	const char *version;
	const char *ports;
	void (*write_port)(struct writer *writer, const struct k8s_port *port);
};

static const struct dialect cluster_dialect = { "policy.networking.k8s.io/v1alpha2", "protocols",
						write_cluster_port };
static const struct dialect admin_dialect = { "policy.networking.k8s.io/v1alpha1", "ports",
					      write_admin_port };

static void write_cluster_rule(struct writer *writer, const char *peers_key,
			       const struct dialect *dialect, const struct k8s_cluster_rule *rule)
{
	begin_item(writer);
	text_line(writer, "action", rule->action);
	if (rule->name)
		text_line(writer, "name", rule->name);
	enter(writer, peers_key);
	for (uint32_t i = 0; i < rule->peer_count; i++)
		write_cluster_peer(writer, &rule->peers[i]);
	leave(writer);
	if (rule->port_count) {
		enter(writer, dialect->ports);
		for (uint32_t i = 0; i < rule->port_count; i++)
			dialect->write_port(writer, &rule->ports[i]);
		leave(writer);
	}
	end_item(writer);
}

static void write_cluster_rules(struct writer *writer, const char *key, const char *peers_key,
				const struct dialect *dialect, const struct k8s_cluster_rule *rules,
				uint32_t count)
{
	if (!count)
		return;
	enter(writer, key);
	for (uint32_t i = 0; i < count; i++)
		write_cluster_rule(writer, peers_key, dialect, &rules[i]);
	leave(writer);
}

static void write_cluster_policy(struct writer *writer, const struct k8s_cluster_policy *object)
{
	bool has_tier = strcmp(object->kind, "ClusterNetworkPolicy") == 0;
	const struct dialect *dialect = has_tier ? &cluster_dialect : &admin_dialect;

	begin_object(writer, dialect->version, object->kind, &object->meta);
	enter(writer, "spec");
	if (has_tier)
		text_line(writer, "tier", object->tier == WEIR_TIER_ADMIN ? "Admin" : "Baseline");
	if (object->priority != K8S_PRIORITY_LAST)
		line(writer, "priority: %u", object->priority);
	enter(writer, "subject");
	write_scope(writer, &object->subject);
	leave(writer);
	write_cluster_rules(writer, "ingress", "from", dialect, object->ingress,
			    object->ingress_count);
	write_cluster_rules(writer, "egress", "to", dialect, object->egress, object->egress_count);
	leave(writer);
}

static bool has_ipv6_pod(const struct weir_cluster *cluster)
{
	const struct k8s_pod *pods = cluster->pods.items;

	for (size_t i = 0; i < cluster->pods.count; i++) {
		for (uint32_t j = 0; j < pods[i].address_count; j++) {
			if (!weir_address_is_ipv4(&pods[i].addresses[j]))
				return true;
		}
	}
	return false;
}

static void write_cluster(struct writer *writer, const struct weir_cluster *cluster)
{
	const struct k8s_namespace *namespaces = cluster->namespaces.items;
	const struct k8s_node *nodes = cluster->nodes.items;
	const struct k8s_pod *pods = cluster->pods.items;
	const struct k8s_workload *workloads = cluster->workloads.items;
	const struct k8s_service *services = cluster->services.items;
	const struct k8s_slice *slices = cluster->slices.items;
	const struct k8s_network_policy *policies = cluster->network_policies.items;
	const struct k8s_cluster_policy *cluster_policies = cluster->cluster_policies.items;

	for (size_t i = 0; i < cluster->namespaces.count && !writer->status; i++)
		write_namespace(writer, &namespaces[i]);
	for (size_t i = 0; i < cluster->nodes.count && !writer->status; i++)
		write_node(writer, &nodes[i]);
	for (size_t i = 0; i < cluster->pods.count && !writer->status; i++)
		write_pod(writer, &pods[i]);
	for (size_t i = 0; i < cluster->workloads.count && !writer->status; i++)
		write_workload(writer, &workloads[i]);
	for (size_t i = 0; i < cluster->services.count && !writer->status; i++)
		write_service(writer, &services[i]);
	for (size_t i = 0; i < cluster->slices.count && !writer->status; i++)
		write_slice(writer, &slices[i]);
	for (size_t i = 0; i < cluster->network_policies.count && !writer->status; i++)
		write_network_policy(writer, &policies[i]);
	for (size_t i = 0; i < cluster->cluster_policies.count && !writer->status; i++)
		write_cluster_policy(writer, &cluster_policies[i]);
}

int weir_cluster_slim(const struct weir_cluster *cluster,
		      int (*write)(void *context, const char *bytes, size_t length), void *context)
{
	struct writer *writer = weir_allocate_zeroed(cluster->allocator, 1, sizeof(*writer));
	int status;

	if (!writer)
		return -ENOMEM;
	writer->write = write;
	writer->context = context;
	writer->shows_ipv6 = has_ipv6_pod(cluster);
	write_cluster(writer, cluster);
	flush(writer);
	status = writer->status;
	weir_release(cluster->allocator, writer);
	return status;
}
