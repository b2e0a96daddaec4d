#include "test.h"

#include "show.h"

#include <netinet/in.h>
#include <stdio.h>

static const char *protocol_name(uint8_t protocol)
{
	return protocol == IPPROTO_TCP ? "TCP" : protocol == IPPROTO_UDP ? "UDP" : "SCTP";
}

static void show_labels(FILE *out, const struct k8s_labels *labels)
{
	fputs(" {", out);
	for (uint32_t i = 0; i < labels->count; i++)
		fprintf(out, "%s%s=%s", i ? "," : "", labels->items[i].key, labels->items[i].value);
	fputs("}", out);
}

static void show_requirement(FILE *out, const struct k8s_requirement *requirement)
{
	static const char *const operators[] = { "=", "!=", "", "" };

	fprintf(out, "%s%s%s", requirement->op == K8S_DOES_NOT_EXIST ? "!" : "", requirement->key,
		operators[requirement->op]);
	for (uint32_t i = 0; i < requirement->value_count; i++)
		fprintf(out, "%s%s", i ? "/" : "", requirement->values[i]);
}

static void show_selector(FILE *out, const struct k8s_selector *selector)
{
	if (!selector->count)
		fputs("all", out);
	for (uint32_t i = 0; i < selector->count; i++) {
		fputs(i ? "," : "", out);
		show_requirement(out, &selector->requirements[i]);
	}
}

static void show_addresses(FILE *out, const struct weir_address *addresses, uint32_t count)
{
	char text[WEIR_ADDRESS_TEXT];

	for (uint32_t i = 0; i < count; i++) {
		weir_address_format(&addresses[i], text);
		fprintf(out, " %s", text);
	}
}

static void show_prefixes(FILE *out, const char *word, const struct weir_prefix *prefixes,
			  uint32_t count)
{
	char text[WEIR_PREFIX_TEXT];

	for (uint32_t i = 0; i < count; i++) {
		weir_prefix_format(&prefixes[i], text);
		fprintf(out, "%s%s", i ? " " : word, text);
	}
}

static void show_container_ports(FILE *out, const struct k8s_container_port *ports, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		fprintf(out, "%s%s%s%u/%s", i ? ", " : " ports ",
			ports[i].name ? ports[i].name : "", ports[i].name ? "=" : "",
			ports[i].number, protocol_name(ports[i].protocol));
}

static void show_meta(FILE *out, const char *word, const struct k8s_meta *meta)
{
	fprintf(out, "%s %s%s%s", word, meta->namespace_name, meta->namespace_name[0] ? "/" : "",
		meta->name);
}

static void show_owner(FILE *out, const struct k8s_owner *owner)
{
	if (owner->kind)
		fprintf(out, " owner %s/%s", owner->kind, owner->name);
}

static void show_namespace(FILE *out, const struct k8s_namespace *namespace)
{
	show_meta(out, "namespace", &namespace->meta);
	show_labels(out, &namespace->meta.labels);
	fputs(namespace->implied ? " implied\n" : "\n", out);
}

static void show_node(FILE *out, const struct k8s_node *node)
{
	show_meta(out, "node", &node->meta);
	show_addresses(out, node->addresses, node->address_count);
	show_prefixes(out, " pods ", node->pod_cidrs, node->pod_cidr_count);
	fputs(node->implied ? " implied\n" : "\n", out);
}

static void show_pod(FILE *out, const struct k8s_pod *pod)
{
	static const char *const phases[] = { "running", "pending", "finished" };

	show_meta(out, "pod", &pod->meta);
	show_labels(out, &pod->meta.labels);
	show_addresses(out, pod->addresses, pod->address_count);
	if (pod->node_name)
		fprintf(out, " on %s", pod->node_name);
	fprintf(out, "%s %s", pod->host_network ? " host-network" : "", phases[pod->phase]);
	fputs(pod->synthetic ? " synthetic" : "", out);
	show_container_ports(out, pod->ports, pod->port_count);
	show_owner(out, &pod->meta.owner);
	fputc('\n', out);
}

static void show_service(FILE *out, const struct k8s_service *service)
{
	show_meta(out, "service", &service->meta);
	if (service->has_selector) {
		fputs(" select ", out);
		show_selector(out, &service->selector);
	}
	show_addresses(out, service->addresses, service->address_count);
	fprintf(out, "%s%s%s", service->headless ? " headless" : "",
		service->external_name ? " external-name" : "",
		service->publish_not_ready ? " not-ready-too" : "");
	for (uint32_t i = 0; i < service->port_count; i++) {
		const struct k8s_service_port *port = &service->ports[i];

		fprintf(out, "%s%s%s%u/%s->", i ? ", " : " ports ", port->name ? port->name : "",
			port->name ? "=" : "", port->port, protocol_name(port->protocol));
		if (port->target_name)
			fputs(port->target_name, out);
		else
			fprintf(out, "%u", port->target_port);
		if (port->node_port)
			fprintf(out, " node %u", port->node_port);
	}
	fputc('\n', out);
}

static void show_slice(FILE *out, const struct k8s_slice *slice)
{
	show_meta(out, "slice", &slice->meta);
	fprintf(out, " of %s", slice->service ? slice->service : "nothing");
	for (uint32_t i = 0; i < slice->endpoint_count; i++) {
		const struct k8s_slice_endpoint *endpoint = &slice->endpoints[i];

		show_addresses(out, endpoint->addresses, endpoint->address_count);
		fprintf(out, "(%s%s%s)", endpoint->ready ? "ready" : "not ready",
			endpoint->pod ? ", pod " : "", endpoint->pod ? endpoint->pod : "");
	}
	for (uint32_t i = 0; i < slice->port_count; i++)
		fprintf(out, "%s%s%s%u/%s", i ? ", " : " ports ",
			slice->ports[i].name ? slice->ports[i].name : "",
			slice->ports[i].name ? "=" : "", slice->ports[i].port,
			protocol_name(slice->ports[i].protocol));
	fputc('\n', out);
}

static void show_workload(FILE *out, const struct k8s_workload *workload)
{
	fprintf(out, "workload %s/%s/%s", workload->meta.namespace_name, workload->kind,
		workload->meta.name);
	if (workload->has_selector) {
		fputs(" select ", out);
		show_selector(out, &workload->selector);
	}
	fprintf(out, " replicas %u", workload->replicas);
	if (workload->has_template) {
		fputs(" template", out);
		show_labels(out, &workload->template_labels);
	}
	fputs(workload->host_network ? " host-network" : "", out);
	show_container_ports(out, workload->ports, workload->port_count);
	show_owner(out, &workload->meta.owner);
	fputc('\n', out);
}

static void show_peer(FILE *out, const struct k8s_peer *peer)
{
	if (peer->kind == K8S_PEER_BLOCK) {
		show_prefixes(out, "block ", &peer->block.prefix, 1);
		show_prefixes(out, " but ", peer->block.except, peer->block.except_count);
		fputs(peer->block.host_bits ? " (host bits)" : "", out);
	}
	if (peer->has_namespace_selector) {
		fputs("namespaces ", out);
		show_selector(out, &peer->namespace_selector);
	}
	if (peer->has_pod_selector) {
		fputs(peer->has_namespace_selector ? " pods " : "pods ", out);
		show_selector(out, &peer->pod_selector);
	}
}

static void show_port(FILE *out, const struct k8s_port *port)
{
	if (port->kind == K8S_PORT_ANY)
		fputs("any", out);
	else if (port->kind == K8S_PORT_NAME)
		fputs(port->name, out);
	else if (port->first == port->last)
		fprintf(out, "%u", port->first);
	else
		fprintf(out, "%u-%u", port->first, port->last);
	fprintf(out, "/%s", protocol_name(port->protocol));
}

static void show_rules(FILE *out, const char *direction, const struct k8s_rule *rules,
		       uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		fprintf(out, "  %s%s", direction, rules[i].was_null ? " null" : "");
		for (uint32_t j = 0; j < rules[i].peer_count; j++) {
			fputs(j ? " | " : " peers ", out);
			show_peer(out, &rules[i].peers[j]);
		}
		for (uint32_t j = 0; j < rules[i].port_count; j++) {
			fputs(j ? ", " : " ports ", out);
			show_port(out, &rules[i].ports[j]);
		}
		fputc('\n', out);
	}
}

static void show_policy(FILE *out, const struct k8s_network_policy *policy)
{
	show_meta(out, "policy", &policy->meta);
	fputs(" select ", out);
	show_selector(out, &policy->pod_selector);
	fprintf(out, " isolates%s%s\n", policy->isolates_ingress ? " ingress" : "",
		policy->isolates_egress ? " egress" : "");
	show_rules(out, "ingress", policy->ingress, policy->ingress_count);
	show_rules(out, "egress", policy->egress, policy->egress_count);
}

char *show_cluster(const struct weir_cluster *cluster)
{
	char *text = NULL;
	size_t length;
	FILE *out = open_memstream(&text, &length);

	assert_non_null(out);
	for (size_t i = 0; i < cluster->namespaces.count; i++)
		show_namespace(out, (const struct k8s_namespace *)cluster->namespaces.items + i);
	for (size_t i = 0; i < cluster->nodes.count; i++)
		show_node(out, (const struct k8s_node *)cluster->nodes.items + i);
	for (size_t i = 0; i < cluster->pods.count; i++)
		show_pod(out, (const struct k8s_pod *)cluster->pods.items + i);
	for (size_t i = 0; i < cluster->services.count; i++)
		show_service(out, (const struct k8s_service *)cluster->services.items + i);
	for (size_t i = 0; i < cluster->slices.count; i++)
		show_slice(out, (const struct k8s_slice *)cluster->slices.items + i);
	for (size_t i = 0; i < cluster->workloads.count; i++)
		show_workload(out, (const struct k8s_workload *)cluster->workloads.items + i);
	for (size_t i = 0; i < cluster->network_policies.count; i++)
		show_policy(out,
			    (const struct k8s_network_policy *)cluster->network_policies.items + i);
	assert_int_equal(fclose(out), 0);
	return text;
}
