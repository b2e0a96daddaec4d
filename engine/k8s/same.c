#include "same.h"

#include <string.h>

static bool same_meta(const struct k8s_meta *a, const struct k8s_meta *b)
{
	return a->labels.items == b->labels.items && a->labels.count == b->labels.count &&
	       a->owner.kind == b->owner.kind && a->owner.name == b->owner.name;
}

static bool same_addresses(const struct weir_address *a, uint32_t a_count,
			   const struct weir_address *b, uint32_t b_count)
{
	return a_count == b_count && (!a_count || memcmp(a, b, a_count * sizeof(*a)) == 0);
}

static bool same_prefixes(const struct weir_prefix *a, uint32_t a_count,
			  const struct weir_prefix *b, uint32_t b_count)
{
	return a_count == b_count && (!a_count || memcmp(a, b, a_count * sizeof(*a)) == 0);
}

static bool same_requirement(const struct k8s_requirement *a, const struct k8s_requirement *b)
{
	return a->key == b->key && a->op == b->op && a->values == b->values &&
	       a->value_count == b->value_count;
}

static bool same_selector(const struct k8s_selector *a, const struct k8s_selector *b)
{
	if (a->count != b->count)
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		if (!same_requirement(&a->requirements[i], &b->requirements[i]))
			return false;
	}
	return true;
}

bool k8s_same_namespace(const void *a, const void *b)
{
	const struct k8s_namespace *left = a, *right = b;

	return same_meta(&left->meta, &right->meta);
}

bool k8s_same_pod(const void *a, const void *b)
{
	const struct k8s_pod *left = a, *right = b;

	return same_meta(&left->meta, &right->meta) && left->node_name == right->node_name &&
	       left->ports == right->ports && left->port_count == right->port_count &&
	       left->phase == right->phase && left->host_network == right->host_network &&
	       left->host_addresses == right->host_addresses &&
	       left->host_address_count == right->host_address_count &&
	       same_addresses(left->addresses, left->address_count, right->addresses,
			      right->address_count);
}

bool k8s_same_node(const void *a, const void *b)
{
	const struct k8s_node *left = a, *right = b;

	return same_meta(&left->meta, &right->meta) &&
	       same_addresses(left->addresses, left->address_count, right->addresses,
			      right->address_count) &&
	       same_prefixes(left->pod_cidrs, left->pod_cidr_count, right->pod_cidrs,
			     right->pod_cidr_count);
}

static bool same_service_ports(const struct k8s_service *a, const struct k8s_service *b)
{
	if (a->port_count != b->port_count)
		return false;
	for (uint32_t i = 0; i < a->port_count; i++) {
		const struct k8s_service_port *left = &a->ports[i], *right = &b->ports[i];

		if (left->name != right->name || left->target_name != right->target_name ||
		    left->port != right->port || left->target_port != right->target_port ||
		    left->node_port != right->node_port || left->protocol != right->protocol)
			return false;
	}
	return true;
}

bool k8s_same_service(const void *a, const void *b)
{
	const struct k8s_service *left = a, *right = b;

	return same_meta(&left->meta, &right->meta) &&
	       same_selector(&left->selector, &right->selector) &&
	       left->headless == right->headless && left->external_name == right->external_name &&
	       left->publish_not_ready == right->publish_not_ready &&
	       same_addresses(left->addresses, left->address_count, right->addresses,
			      right->address_count) &&
	       same_service_ports(left, right);
}

static bool same_endpoints(const struct k8s_slice *a, const struct k8s_slice *b)
{
	if (a->endpoint_count != b->endpoint_count)
		return false;
	for (uint32_t i = 0; i < a->endpoint_count; i++) {
		const struct k8s_slice_endpoint *left = &a->endpoints[i], *right = &b->endpoints[i];

		if (left->ready != right->ready || left->pod != right->pod ||
		    !same_addresses(left->addresses, left->address_count, right->addresses,
				    right->address_count))
			return false;
	}
	return true;
}

static bool same_slice_ports(const struct k8s_slice *a, const struct k8s_slice *b)
{
	if (a->port_count != b->port_count)
		return false;
	for (uint32_t i = 0; i < a->port_count; i++) {
		const struct k8s_slice_port *left = &a->ports[i], *right = &b->ports[i];

		if (left->name != right->name || left->port != right->port ||
		    left->protocol != right->protocol)
			return false;
	}
	return true;
}

bool k8s_same_slice(const void *a, const void *b)
{
	const struct k8s_slice *left = a, *right = b;

	return same_meta(&left->meta, &right->meta) && same_endpoints(left, right) &&
	       same_slice_ports(left, right);
}

bool k8s_same_workload(const void *a, const void *b)
{
	const struct k8s_workload *left = a, *right = b;

	return same_meta(&left->meta, &right->meta) &&
	       same_selector(&left->selector, &right->selector) &&
	       left->has_selector == right->has_selector && left->replicas == right->replicas &&
	       left->has_template == right->has_template &&
	       left->template_labels.items == right->template_labels.items &&
	       left->ports == right->ports && left->host_network == right->host_network &&
	       left->node_name == right->node_name;
}

static bool same_peer(const struct k8s_peer *a, const struct k8s_peer *b)
{
	if (a->kind != b->kind || a->has_pod_selector != b->has_pod_selector ||
	    a->has_namespace_selector != b->has_namespace_selector)
		return false;
	if (a->kind == K8S_PEER_BLOCK)
		return same_prefixes(&a->block.prefix, 1, &b->block.prefix, 1) &&
		       same_prefixes(a->block.except, a->block.except_count, b->block.except,
				     b->block.except_count);
	return same_selector(&a->pod_selector, &b->pod_selector) &&
	       same_selector(&a->namespace_selector, &b->namespace_selector);
}

static bool same_port(const struct k8s_port *a, const struct k8s_port *b)
{
	return a->protocol == b->protocol && a->kind == b->kind && a->first == b->first &&
	       a->last == b->last && a->name == b->name;
}

static bool same_ports(const struct k8s_port *a, uint32_t a_count, const struct k8s_port *b,
		       uint32_t b_count)
{
	if (a_count != b_count)
		return false;
	for (uint32_t i = 0; i < a_count; i++) {
		if (!same_port(&a[i], &b[i]))
			return false;
	}
	return true;
}

static bool same_rule(const struct k8s_rule *a, const struct k8s_rule *b)
{
	if (a->peer_count != b->peer_count)
		return false;
	for (uint32_t i = 0; i < a->peer_count; i++) {
		if (!same_peer(&a->peers[i], &b->peers[i]))
			return false;
	}
	return same_ports(a->ports, a->port_count, b->ports, b->port_count);
}

static bool same_rules(const struct k8s_rule *a, uint32_t a_count, const struct k8s_rule *b,
		       uint32_t b_count)
{
	if (a_count != b_count)
		return false;
	for (uint32_t i = 0; i < a_count; i++) {
		if (!same_rule(&a[i], &b[i]))
			return false;
	}
	return true;
}

bool k8s_same_network_policy(const void *a, const void *b)
{
	const struct k8s_network_policy *left = a, *right = b;

	return same_meta(&left->meta, &right->meta) &&
	       same_selector(&left->pod_selector, &right->pod_selector) &&
	       left->isolates_ingress == right->isolates_ingress &&
	       left->isolates_egress == right->isolates_egress &&
	       same_rules(left->ingress, left->ingress_count, right->ingress,
			  right->ingress_count) &&
	       same_rules(left->egress, left->egress_count, right->egress, right->egress_count);
}

static bool same_scope(const struct k8s_pods_scope *a, const struct k8s_pods_scope *b)
{
	return a->has_pods == b->has_pods && same_selector(&a->namespaces, &b->namespaces) &&
	       same_selector(&a->pods, &b->pods);
}

static bool same_cluster_peer(const struct k8s_cluster_peer *a, const struct k8s_cluster_peer *b)
{
	if (a->kind != b->kind || a->domain_count != b->domain_count)
		return false;
	for (uint32_t i = 0; i < a->domain_count; i++) {
		if (a->domains[i] != b->domains[i])
			return false;
	}
	return same_scope(&a->scope, &b->scope) && same_selector(&a->nodes, &b->nodes) &&
	       same_prefixes(a->networks, a->network_count, b->networks, b->network_count);
}

/* Names say nothing about traffic, but they are shown. */
static bool same_cluster_rule(const struct k8s_cluster_rule *a, const struct k8s_cluster_rule *b)
{
	if (a->name != b->name || a->meaning != b->meaning || a->peer_count != b->peer_count)
		return false;
	for (uint32_t i = 0; i < a->peer_count; i++) {
		if (!same_cluster_peer(&a->peers[i], &b->peers[i]))
			return false;
	}
	return same_ports(a->ports, a->port_count, b->ports, b->port_count);
}

static bool same_cluster_rules(const struct k8s_cluster_rule *a, uint32_t a_count,
			       const struct k8s_cluster_rule *b, uint32_t b_count)
{
	if (a_count != b_count)
		return false;
	for (uint32_t i = 0; i < a_count; i++) {
		if (!same_cluster_rule(&a[i], &b[i]))
			return false;
	}
	return true;
}

bool k8s_same_cluster_policy(const void *a, const void *b)
{
	const struct k8s_cluster_policy *left = a, *right = b;

	return same_meta(&left->meta, &right->meta) && left->tier == right->tier &&
	       left->priority == right->priority && same_scope(&left->subject, &right->subject) &&
	       same_cluster_rules(left->ingress, left->ingress_count, right->ingress,
				  right->ingress_count) &&
	       same_cluster_rules(left->egress, left->egress_count, right->egress,
				  right->egress_count);
}
