/*
 * A finished cluster as YAML again, with nothing in it but what verdicts need.
 *
 * What is written is what was understood, not what was read: a Service's addresses are all
 * external ones, a pod's containers are one, a node's tunnels are addresses like the others.
 * Reading it gives equal objects. Pods that stand for workloads are made again from these; so are
 * namespaces and nodes that are only named. Strings are always quoted.
 */
#include <errno.h>
#include <string.h>

#include "objects.h"
#include "weir/key.h"
#include "weir/resolved.h"
#include "yaml_writer.h"

/* Parts of objects. */

static void write_labels(struct yaml_writer *writer, const char *key,
			 const struct k8s_labels *labels)
{
	if (!labels->count)
		return;
	yaml_enter(writer, key);
	for (uint32_t i = 0; i < labels->count; i++)
		yaml_put_pair(writer, labels->items[i].key, labels->items[i].value);
	yaml_leave(writer);
}

static void write_owner(struct yaml_writer *writer, const struct k8s_owner *owner)
{
	if (!owner->kind)
		return;
	yaml_enter(writer, "ownerReferences");
	yaml_begin_item(writer);
	yaml_put_line(writer, "controller: true");
	yaml_put_text(writer, "kind", owner->kind);
	yaml_put_text(writer, "name", owner->name);
	yaml_end_item(writer);
	yaml_leave(writer);
}

static void begin_object(struct yaml_writer *writer, const char *version, const char *kind,
			 const struct k8s_meta *meta)
{
	yaml_put_document(writer);
	yaml_put_line(writer, "apiVersion: %s", version);
	yaml_put_line(writer, "kind: %s", kind);
	yaml_enter(writer, "metadata");
	yaml_put_text(writer, "name", meta->name);
	if (meta->namespace_name[0])
		yaml_put_text(writer, "namespace", meta->namespace_name);
	write_labels(writer, "labels", &meta->labels);
	write_owner(writer, &meta->owner);
	yaml_leave(writer);
}

static void write_addresses(struct yaml_writer *writer, const char *key,
			    const struct weir_address *addresses, uint32_t count)
{
	char text[WEIR_ADDRESS_TEXT];

	if (!count)
		return;
	yaml_enter(writer, key);
	for (uint32_t i = 0; i < count; i++) {
		weir_address_format(&addresses[i], text);
		yaml_put_item(writer, text);
	}
	yaml_leave(writer);
}

/* As above, each as {ip: ADDRESS}. */
static void write_ips(struct yaml_writer *writer, const char *key,
		      const struct weir_address *addresses, uint32_t count)
{
	char text[WEIR_ADDRESS_TEXT];

	if (!count)
		return;
	yaml_enter(writer, key);
	for (uint32_t i = 0; i < count; i++) {
		weir_address_format(&addresses[i], text);
		yaml_begin_item(writer);
		yaml_put_text(writer, "ip", text);
		yaml_end_item(writer);
	}
	yaml_leave(writer);
}

static void write_prefixes(struct yaml_writer *writer, const char *key,
			   const struct weir_prefix *prefixes, uint32_t count)
{
	char text[WEIR_PREFIX_TEXT];

	if (!count)
		return;
	yaml_enter(writer, key);
	for (uint32_t i = 0; i < count; i++) {
		weir_prefix_format(&prefixes[i], text);
		yaml_put_item(writer, text);
	}
	yaml_leave(writer);
}

static void write_protocol(struct yaml_writer *writer, uint8_t protocol)
{
	yaml_put_line(writer, "protocol: %s",
		      protocol == 17    ? "UDP"
		      : protocol == 132 ? "SCTP"
					: "TCP");
}

static void write_container(struct yaml_writer *writer, const struct k8s_container_port *ports,
			    uint32_t count)
{
	if (!count)
		return;
	yaml_enter(writer, "containers");
	yaml_begin_item(writer);
	yaml_enter(writer, "ports");
	for (uint32_t i = 0; i < count; i++) {
		yaml_begin_item(writer);
		yaml_put_line(writer, "containerPort: %u", ports[i].number);
		if (ports[i].name)
			yaml_put_text(writer, "name", ports[i].name);
		write_protocol(writer, ports[i].protocol);
		yaml_end_item(writer);
	}
	yaml_leave(writer);
	yaml_end_item(writer);
	yaml_leave(writer);
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

static void write_requirement(struct yaml_writer *writer, const struct k8s_requirement *requirement)
{
	yaml_begin_item(writer);
	yaml_put_text(writer, "key", requirement->key);
	yaml_put_line(writer, "operator: %s", operator_name(requirement->op));
	if (requirement->value_count) {
		yaml_enter(writer, "values");
		for (uint32_t i = 0; i < requirement->value_count; i++)
			yaml_put_item(writer, requirement->values[i]);
		yaml_leave(writer);
	}
	yaml_end_item(writer);
}

static void write_selector(struct yaml_writer *writer, const char *key,
			   const struct k8s_selector *selector)
{
	if (!selector->count) {
		yaml_put_line(writer, "%s: {}", key);
		return;
	}
	yaml_enter(writer, key);
	yaml_enter(writer, "matchExpressions");
	for (uint32_t i = 0; i < selector->count; i++)
		write_requirement(writer, &selector->requirements[i]);
	yaml_leave(writer);
	yaml_leave(writer);
}

/* The selectors of kinds that know only labels and their values. */
static void write_map_selector(struct yaml_writer *writer, const struct k8s_selector *selector)
{
	if (!selector->count)
		return;
	yaml_enter(writer, "selector");
	for (uint32_t i = 0; i < selector->count; i++)
		yaml_put_pair(writer, selector->requirements[i].key,
			      selector->requirements[i].values[0]);
	yaml_leave(writer);
}

/* Objects. */

static void write_namespace(struct yaml_writer *writer, const struct k8s_namespace *object)
{
	if (!object->implied)
		begin_object(writer, "v1", "Namespace", &object->meta);
}

static void write_node_addresses(struct yaml_writer *writer, const struct k8s_node *object)
{
	char text[WEIR_ADDRESS_TEXT];

	if (!object->address_count)
		return;
	yaml_enter(writer, "status");
	yaml_enter(writer, "addresses");
	for (uint32_t i = 0; i < object->address_count; i++) {
		weir_address_format(&object->addresses[i], text);
		yaml_begin_item(writer);
		yaml_put_text(writer, "address", text);
		yaml_put_line(writer, "type: InternalIP");
		yaml_end_item(writer);
	}
	yaml_leave(writer);
	yaml_leave(writer);
}

static void write_node(struct yaml_writer *writer, const struct k8s_node *object)
{
	if (object->implied)
		return;
	begin_object(writer, "v1", "Node", &object->meta);
	if (object->pod_cidr_count) {
		yaml_enter(writer, "spec");
		write_prefixes(writer, "podCIDRs", object->pod_cidrs, object->pod_cidr_count);
		yaml_leave(writer);
	}
	write_node_addresses(writer, object);
}

static void write_pod(struct yaml_writer *writer, const struct k8s_pod *object)
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
		yaml_enter(writer, "spec");
		if (object->node_name)
			yaml_put_text(writer, "nodeName", object->node_name);
		if (object->host_network)
			yaml_put_line(writer, "hostNetwork: true");
		write_container(writer, object->ports, object->port_count);
		yaml_leave(writer);
	}
	yaml_enter(writer, "status");
	yaml_put_line(writer, "phase: %s", phases[object->phase]);
	write_ips(writer, "podIPs", object->addresses, object->address_count);
	write_ips(writer, "hostIPs", object->host_addresses, object->host_address_count);
	yaml_leave(writer);
}

static bool has_node_port(const struct k8s_service *object)
{
	for (uint32_t i = 0; i < object->port_count; i++) {
		if (object->ports[i].node_port)
			return true;
	}
	return false;
}

static void write_service_port(struct yaml_writer *writer, const struct k8s_service_port *port)
{
	yaml_begin_item(writer);
	if (port->name)
		yaml_put_text(writer, "name", port->name);
	yaml_put_line(writer, "port: %u", port->port);
	if (port->target_name)
		yaml_put_text(writer, "targetPort", port->target_name);
	else
		yaml_put_line(writer, "targetPort: %u", port->target_port);
	if (port->node_port)
		yaml_put_line(writer, "nodePort: %u", port->node_port);
	write_protocol(writer, port->protocol);
	yaml_end_item(writer);
}

/* families: a list; or NULL, and nothing is said of them. */
static void write_service(struct yaml_writer *writer, const char *families,
			  const struct k8s_service *object)
{
	begin_object(writer, "v1", "Service", &object->meta);
	yaml_enter(writer, "spec");
	yaml_put_line(writer, "type: %s",
		      object->external_name   ? "ExternalName"
		      : has_node_port(object) ? "NodePort"
					      : "ClusterIP");
	if (object->headless)
		yaml_put_line(writer, "clusterIP: None");
	if (families)
		yaml_put_line(writer, "ipFamilies: %s", families);
	if (object->publish_not_ready)
		yaml_put_line(writer, "publishNotReadyAddresses: true");
	write_map_selector(writer, &object->selector);
	write_addresses(writer, "externalIPs", object->addresses, object->address_count);
	if (object->port_count) {
		yaml_enter(writer, "ports");
		for (uint32_t i = 0; i < object->port_count; i++)
			write_service_port(writer, &object->ports[i]);
		yaml_leave(writer);
	}
	yaml_leave(writer);
}

static void write_slice_endpoint(struct yaml_writer *writer,
				 const struct k8s_slice_endpoint *endpoint)
{
	yaml_begin_item(writer);
	yaml_enter(writer, "conditions");
	yaml_put_line(writer, "ready: %s", endpoint->ready ? "true" : "false");
	yaml_leave(writer);
	write_addresses(writer, "addresses", endpoint->addresses, endpoint->address_count);
	if (endpoint->pod) {
		yaml_enter(writer, "targetRef");
		yaml_put_line(writer, "kind: Pod");
		yaml_put_text(writer, "name", endpoint->pod);
		yaml_leave(writer);
	}
	yaml_end_item(writer);
}

static void write_slice_port(struct yaml_writer *writer, const struct k8s_slice_port *port)
{
	yaml_begin_item(writer);
	if (port->name)
		yaml_put_text(writer, "name", port->name);
	if (port->port)
		yaml_put_line(writer, "port: %u", port->port);
	write_protocol(writer, port->protocol);
	yaml_end_item(writer);
}

static void write_slice(struct yaml_writer *writer, const struct k8s_slice *object)
{
	const struct k8s_slice_endpoint *first = object->endpoints;
	bool is_ipv6 = object->endpoint_count && first->address_count &&
		       !weir_address_is_ipv4(&first->addresses[0]);

	begin_object(writer, "discovery.k8s.io/v1", "EndpointSlice", &object->meta);
	yaml_put_line(writer, "addressType: %s", is_ipv6 ? "IPv6" : "IPv4");
	if (object->endpoint_count) {
		yaml_put_line(writer, "endpoints:");
		for (uint32_t i = 0; i < object->endpoint_count; i++)
			write_slice_endpoint(writer, &object->endpoints[i]);
	}
	if (object->port_count) {
		yaml_put_line(writer, "ports:");
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

static void write_template(struct yaml_writer *writer, const struct k8s_workload *object)
{
	bool has_spec = object->node_name || object->host_network || object->port_count;

	if (!object->has_template)
		return;
	if (!has_spec && !object->template_labels.count) {
		yaml_put_line(writer, "template: {}");
		return;
	}
	yaml_enter(writer, "template");
	if (object->template_labels.count) {
		yaml_enter(writer, "metadata");
		write_labels(writer, "labels", &object->template_labels);
		yaml_leave(writer);
	}
	if (has_spec) {
		yaml_enter(writer, "spec");
		if (object->node_name)
			yaml_put_text(writer, "nodeName", object->node_name);
		if (object->host_network)
			yaml_put_line(writer, "hostNetwork: true");
		write_container(writer, object->ports, object->port_count);
		yaml_leave(writer);
	}
	yaml_leave(writer);
}

static void write_workload_spec(struct yaml_writer *writer, const struct k8s_workload *object)
{
	yaml_enter(writer, "spec");
	yaml_put_line(writer, "replicas: %u", object->replicas);
	if (!strcmp(object->kind, "ReplicationController"))
		write_map_selector(writer, &object->selector);
	else if (object->has_selector)
		write_selector(writer, "selector", &object->selector);
	write_template(writer, object);
	yaml_leave(writer);
}

static void write_workload(struct yaml_writer *writer, const struct k8s_workload *object)
{
	begin_object(writer, version_of(object->kind), object->kind, &object->meta);
	if (strcmp(object->kind, "CronJob") != 0) {
		write_workload_spec(writer, object);
		return;
	}
	yaml_enter(writer, "spec");
	yaml_enter(writer, "jobTemplate");
	write_workload_spec(writer, object);
	yaml_leave(writer);
	yaml_leave(writer);
}

/* Policies. */

static void write_peer(struct yaml_writer *writer, const struct k8s_peer *peer)
{
	char text[WEIR_PREFIX_TEXT];

	yaml_begin_item(writer);
	if (peer->kind == K8S_PEER_BLOCK) {
		weir_prefix_format(&peer->block.prefix, text);
		yaml_enter(writer, "ipBlock");
		yaml_put_text(writer, "cidr", text);
		write_prefixes(writer, "except", peer->block.except, peer->block.except_count);
		yaml_leave(writer);
	}
	if (peer->has_pod_selector)
		write_selector(writer, "podSelector", &peer->pod_selector);
	if (peer->has_namespace_selector)
		write_selector(writer, "namespaceSelector", &peer->namespace_selector);
	yaml_end_item(writer);
}

static void write_port(struct yaml_writer *writer, const struct k8s_port *port)
{
	yaml_begin_item(writer);
	write_protocol(writer, port->protocol);
	if (port->kind == K8S_PORT_NAME)
		yaml_put_text(writer, "port", port->name);
	if (port->kind == K8S_PORT_NUMBER)
		yaml_put_line(writer, "port: %u", port->first);
	if (port->kind == K8S_PORT_NUMBER && port->last != port->first)
		yaml_put_line(writer, "endPort: %u", port->last);
	yaml_end_item(writer);
}

static void write_rule(struct yaml_writer *writer, const char *peers_key,
		       const struct k8s_rule *rule)
{
	yaml_begin_item(writer);
	if (!rule->peer_count && !rule->port_count)
		yaml_put_line(writer, "%s", rule->was_null ? "null" : "{}");
	if (rule->peer_count) {
		yaml_enter(writer, peers_key);
		for (uint32_t i = 0; i < rule->peer_count; i++)
			write_peer(writer, &rule->peers[i]);
		yaml_leave(writer);
	}
	if (rule->port_count) {
		yaml_enter(writer, "ports");
		for (uint32_t i = 0; i < rule->port_count; i++)
			write_port(writer, &rule->ports[i]);
		yaml_leave(writer);
	}
	yaml_end_item(writer);
}

static void write_rules(struct yaml_writer *writer, const char *key, const char *peers_key,
			const struct k8s_rule *rules, uint32_t count)
{
	if (!count)
		return;
	yaml_enter(writer, key);
	for (uint32_t i = 0; i < count; i++)
		write_rule(writer, peers_key, &rules[i]);
	yaml_leave(writer);
}

static void write_network_policy(struct yaml_writer *writer,
				 const struct k8s_network_policy *object)
{
	begin_object(writer, "networking.k8s.io/v1", "NetworkPolicy", &object->meta);
	yaml_enter(writer, "spec");
	write_selector(writer, "podSelector", &object->pod_selector);
	yaml_enter(writer, "policyTypes");
	if (object->isolates_ingress)
		yaml_put_item(writer, "Ingress");
	if (object->isolates_egress)
		yaml_put_item(writer, "Egress");
	yaml_leave(writer);
	write_rules(writer, "ingress", "from", object->ingress, object->ingress_count);
	write_rules(writer, "egress", "to", object->egress, object->egress_count);
	yaml_leave(writer);
}

/* Policies of the cluster tiers: two ways to write the same. */

static const char *protocol_key(uint8_t protocol)
{
	return protocol == WEIR_PROTOCOL_TCP   ? "tcp"
	       : protocol == WEIR_PROTOCOL_UDP ? "udp"
					       : "sctp";
}

static void write_range(struct yaml_writer *writer, const struct k8s_port *port)
{
	yaml_put_line(writer, "start: %u", port->first);
	yaml_put_line(writer, "end: %u", port->last);
}

/* An entry of protocols. */
static void write_cluster_port(struct yaml_writer *writer, const struct k8s_port *port)
{
	yaml_begin_item(writer);
	if (port->kind == K8S_PORT_NAME) {
		yaml_put_text(writer, "destinationNamedPort", port->name);
	} else {
		yaml_enter(writer, protocol_key(port->protocol));
		yaml_enter(writer, "destinationPort");
		if (port->first == port->last) {
			yaml_put_line(writer, "number: %u", port->first);
		} else {
			yaml_enter(writer, "range");
			write_range(writer, port);
			yaml_leave(writer);
		}
		yaml_leave(writer);
		yaml_leave(writer);
	}
	yaml_end_item(writer);
}

/* An entry of ports. */
static void write_admin_port(struct yaml_writer *writer, const struct k8s_port *port)
{
	yaml_begin_item(writer);
	if (port->kind == K8S_PORT_NAME) {
		yaml_put_text(writer, "namedPort", port->name);
	} else {
		yaml_enter(writer, port->first == port->last ? "portNumber" : "portRange");
		write_protocol(writer, port->protocol);
		if (port->first == port->last)
			yaml_put_line(writer, "port: %u", port->first);
		else
			write_range(writer, port);
		yaml_leave(writer);
	}
	yaml_end_item(writer);
}

static void write_scope(struct yaml_writer *writer, const struct k8s_pods_scope *scope)
{
	if (!scope->has_pods) {
		write_selector(writer, "namespaces", &scope->namespaces);
		return;
	}
	yaml_enter(writer, "pods");
	write_selector(writer, "namespaceSelector", &scope->namespaces);
	write_selector(writer, "podSelector", &scope->pods);
	yaml_leave(writer);
}

static void write_cluster_peer(struct yaml_writer *writer, const struct k8s_cluster_peer *peer)
{
	yaml_begin_item(writer);
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
		yaml_enter(writer, "domainNames");
		for (uint32_t i = 0; i < peer->domain_count; i++)
			yaml_put_item(writer, peer->domains[i]);
		yaml_leave(writer);
		break;
	}
	yaml_end_item(writer);
}

/* How a kind writes what all have. */
struct dialect {
	const char *version;
	const char *ports;
	void (*write_port)(struct yaml_writer *writer, const struct k8s_port *port);
};

static const struct dialect cluster_dialect = { "policy.networking.k8s.io/v1alpha2", "protocols",
						write_cluster_port };
static const struct dialect admin_dialect = { "policy.networking.k8s.io/v1alpha1", "ports",
					      write_admin_port };

static void write_cluster_rule(struct yaml_writer *writer, const char *peers_key,
			       const struct dialect *dialect, const struct k8s_cluster_rule *rule)
{
	yaml_begin_item(writer);
	yaml_put_text(writer, "action", rule->action);
	if (rule->name)
		yaml_put_text(writer, "name", rule->name);
	yaml_enter(writer, peers_key);
	for (uint32_t i = 0; i < rule->peer_count; i++)
		write_cluster_peer(writer, &rule->peers[i]);
	yaml_leave(writer);
	if (rule->port_count) {
		yaml_enter(writer, dialect->ports);
		for (uint32_t i = 0; i < rule->port_count; i++)
			dialect->write_port(writer, &rule->ports[i]);
		yaml_leave(writer);
	}
	yaml_end_item(writer);
}

static void write_cluster_rules(struct yaml_writer *writer, const char *key, const char *peers_key,
				const struct dialect *dialect, const struct k8s_cluster_rule *rules,
				uint32_t count)
{
	if (!count)
		return;
	yaml_enter(writer, key);
	for (uint32_t i = 0; i < count; i++)
		write_cluster_rule(writer, peers_key, dialect, &rules[i]);
	yaml_leave(writer);
}

static void write_cluster_policy(struct yaml_writer *writer,
				 const struct k8s_cluster_policy *object)
{
	bool has_tier = strcmp(object->kind, "ClusterNetworkPolicy") == 0;
	const struct dialect *dialect = has_tier ? &cluster_dialect : &admin_dialect;

	begin_object(writer, dialect->version, object->kind, &object->meta);
	yaml_enter(writer, "spec");
	if (has_tier)
		yaml_put_text(writer, "tier",
			      object->tier == WEIR_TIER_ADMIN ? "Admin" : "Baseline");
	if (object->priority != K8S_PRIORITY_LAST)
		yaml_put_line(writer, "priority: %u", object->priority);
	yaml_enter(writer, "subject");
	write_scope(writer, &object->subject);
	yaml_leave(writer);
	write_cluster_rules(writer, "ingress", "from", dialect, object->ingress,
			    object->ingress_count);
	write_cluster_rules(writer, "egress", "to", dialect, object->egress, object->egress_count);
	yaml_leave(writer);
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

static void write_cluster(struct yaml_writer *writer, const struct weir_cluster *cluster)
{
	const struct k8s_namespace *namespaces = cluster->namespaces.items;
	const struct k8s_node *nodes = cluster->nodes.items;
	const struct k8s_pod *pods = cluster->pods.items;
	const struct k8s_workload *workloads = cluster->workloads.items;
	const struct k8s_service *services = cluster->services.items;
	const struct k8s_slice *slices = cluster->slices.items;
	const struct k8s_network_policy *policies = cluster->network_policies.items;
	const struct k8s_cluster_policy *cluster_policies = cluster->cluster_policies.items;
	/* Pods that stand for workloads have addresses of the families that objects show. */
	const char *families = has_ipv6_pod(cluster) ? "[IPv4, IPv6]" : NULL;

	for (size_t i = 0; i < cluster->namespaces.count && !writer->status; i++)
		write_namespace(writer, &namespaces[i]);
	for (size_t i = 0; i < cluster->nodes.count && !writer->status; i++)
		write_node(writer, &nodes[i]);
	for (size_t i = 0; i < cluster->pods.count && !writer->status; i++)
		write_pod(writer, &pods[i]);
	for (size_t i = 0; i < cluster->workloads.count && !writer->status; i++)
		write_workload(writer, &workloads[i]);
	for (size_t i = 0; i < cluster->services.count && !writer->status; i++)
		write_service(writer, families, &services[i]);
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
	struct yaml_writer *writer = weir_allocate(cluster->allocator, sizeof(*writer));
	int status;

	if (!writer)
		return -ENOMEM;
	yaml_writer_init(writer, write, context);
	write_cluster(writer, cluster);
	status = yaml_writer_finish(writer);
	weir_release(cluster->allocator, writer);
	return status;
}
