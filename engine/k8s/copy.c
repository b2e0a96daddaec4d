/*
 * Copies of objects. What same.c compares by its pointer is shared in the new cluster too: labels,
 * ports, values and the addresses of hosts are kept in the table of strings.
 *
 * Memory that runs out is noted and told at the end, as when objects are read.
 */
#include "copy.h"

#include <errno.h>
#include <string.h>

#include "reading.h"

struct copier {
	struct weir_cluster *to;
	bool failed;
};

static const char *copy_text(struct copier *copier, const char *text)
{
	const char *kept = text ? weir_intern_text(copier->to->strings, text, strlen(text)) : NULL;

	copier->failed = copier->failed || (text && !kept);
	return kept;
}

/* A copy in the arena; NULL of nothing, and without memory. */
static void *copy_items(struct copier *copier, const void *items, size_t count, size_t size)
{
	void *kept = count ? weir_arena_allocate(&copier->to->arena, count, size) : NULL;

	copier->failed = copier->failed || (count && !kept);
	if (kept)
		memcpy(kept, items, count * size);
	return kept;
}

static void *scratch_items(struct copier *copier, const void *items, size_t count, size_t size)
{
	void *made = count ? weir_arena_allocate(&copier->to->reading->scratch, count, size) : NULL;

	copier->failed = copier->failed || (count && !made);
	if (made)
		memcpy(made, items, count * size);
	return made;
}

/* Equal items become one. */
static const void *share_items(struct copier *copier, const void *items, size_t count, size_t size)
{
	const char *kept = NULL;

	if (!count || !items)
		return NULL;
	kept = weir_intern_text(copier->to->strings, items, count * size);
	copier->failed = copier->failed || !kept;
	return kept;
}

static struct k8s_labels copy_labels(struct copier *copier, const struct k8s_labels *from)
{
	struct k8s_label *items = scratch_items(copier, from->items, from->count, sizeof(*items));

	for (uint32_t i = 0; items && i < from->count; i++) {
		items[i].key = copy_text(copier, items[i].key);
		items[i].value = copy_text(copier, items[i].value);
	}
	return (struct k8s_labels){ share_items(copier, items, from->count, sizeof(*items)),
				    from->count };
}

static void copy_position(struct copier *copier, struct k8s_position *position)
{
	position->file = copy_text(copier, position->file);
}

static void copy_meta(struct copier *copier, struct k8s_meta *meta)
{
	meta->namespace_name = copy_text(copier, meta->namespace_name);
	meta->name = copy_text(copier, meta->name);
	meta->labels = copy_labels(copier, &meta->labels);
	meta->owner.kind = copy_text(copier, meta->owner.kind);
	meta->owner.name = copy_text(copier, meta->owner.name);
	copy_position(copier, &meta->position);
}

static const char *const *copy_values(struct copier *copier, const char *const *from,
				      uint32_t count)
{
	const char **values = scratch_items(copier, from, count, sizeof(*values));

	for (uint32_t i = 0; values && i < count; i++)
		values[i] = copy_text(copier, values[i]);
	return share_items(copier, values, count, sizeof(*values));
}

static void copy_selector(struct copier *copier, struct k8s_selector *selector)
{
	struct k8s_requirement *requirements =
		copy_items(copier, selector->requirements, selector->count, sizeof(*requirements));

	for (uint32_t i = 0; requirements && i < selector->count; i++) {
		struct k8s_requirement *requirement = &requirements[i];

		requirement->key = copy_text(copier, requirement->key);
		requirement->values =
			copy_values(copier, requirement->values, requirement->value_count);
	}
	selector->requirements = requirements;
	copy_position(copier, &selector->position);
}

static const struct k8s_container_port *
copy_container_ports(struct copier *copier, const struct k8s_container_port *from, uint32_t count)
{
	struct k8s_container_port *ports = scratch_items(copier, from, count, sizeof(*ports));

	for (uint32_t i = 0; ports && i < count; i++)
		ports[i].name = copy_text(copier, ports[i].name);
	return share_items(copier, ports, count, sizeof(*ports));
}

/* Ends a copy. */
static int told(struct copier *copier)
{
	weir_arena_reset(&copier->to->reading->scratch);
	return copier->failed ? -ENOMEM : 0;
}

int k8s_copy_namespace(struct weir_cluster *to, const void *from, void *out)
{
	struct copier copier = { to, false };
	struct k8s_namespace *copy = out;

	*copy = *(const struct k8s_namespace *)from;
	copy_meta(&copier, &copy->meta);
	return told(&copier);
}

int k8s_copy_pod(struct weir_cluster *to, const void *from, void *out)
{
	struct copier copier = { to, false };
	struct k8s_pod *copy = out;

	*copy = *(const struct k8s_pod *)from;
	copy_meta(&copier, &copy->meta);
	copy->node_name = copy_text(&copier, copy->node_name);
	copy->addresses =
		copy_items(&copier, copy->addresses, copy->address_count, sizeof(*copy->addresses));
	copy->host_addresses = share_items(&copier, copy->host_addresses, copy->host_address_count,
					   sizeof(*copy->host_addresses));
	copy->ports = copy_container_ports(&copier, copy->ports, copy->port_count);
	return told(&copier);
}

int k8s_copy_node(struct weir_cluster *to, const void *from, void *out)
{
	struct copier copier = { to, false };
	struct k8s_node *copy = out;

	*copy = *(const struct k8s_node *)from;
	copy_meta(&copier, &copy->meta);
	copy->addresses =
		copy_items(&copier, copy->addresses, copy->address_count, sizeof(*copy->addresses));
	copy->pod_cidrs = copy_items(&copier, copy->pod_cidrs, copy->pod_cidr_count,
				     sizeof(*copy->pod_cidrs));
	return told(&copier);
}

int k8s_copy_service(struct weir_cluster *to, const void *from, void *out)
{
	struct copier copier = { to, false };
	struct k8s_service *copy = out;
	struct k8s_service_port *ports;

	*copy = *(const struct k8s_service *)from;
	copy_meta(&copier, &copy->meta);
	copy_selector(&copier, &copy->selector);
	copy->addresses =
		copy_items(&copier, copy->addresses, copy->address_count, sizeof(*copy->addresses));
	copy->ports = ports = copy_items(&copier, copy->ports, copy->port_count, sizeof(*ports));
	for (uint32_t i = 0; ports && i < copy->port_count; i++) {
		ports[i].name = copy_text(&copier, ports[i].name);
		ports[i].target_name = copy_text(&copier, ports[i].target_name);
	}
	return told(&copier);
}

static const struct k8s_slice_endpoint *
copy_slice_endpoints(struct copier *copier, const struct k8s_slice_endpoint *from, uint32_t count)
{
	struct k8s_slice_endpoint *endpoints = copy_items(copier, from, count, sizeof(*endpoints));

	for (uint32_t i = 0; endpoints && i < count; i++) {
		struct k8s_slice_endpoint *endpoint = &endpoints[i];

		endpoint->pod = copy_text(copier, endpoint->pod);
		endpoint->addresses =
			copy_items(copier, endpoint->addresses, endpoint->address_count,
				   sizeof(*endpoint->addresses));
	}
	return endpoints;
}

int k8s_copy_slice(struct weir_cluster *to, const void *from, void *out)
{
	struct copier copier = { to, false };
	struct k8s_slice *copy = out;
	struct k8s_slice_port *ports;

	*copy = *(const struct k8s_slice *)from;
	copy_meta(&copier, &copy->meta);
	copy->service = copy_text(&copier, copy->service);
	copy->endpoints = copy_slice_endpoints(&copier, copy->endpoints, copy->endpoint_count);
	copy->ports = ports = copy_items(&copier, copy->ports, copy->port_count, sizeof(*ports));
	for (uint32_t i = 0; ports && i < copy->port_count; i++)
		ports[i].name = copy_text(&copier, ports[i].name);
	return told(&copier);
}

int k8s_copy_workload(struct weir_cluster *to, const void *from, void *out)
{
	struct copier copier = { to, false };
	struct k8s_workload *copy = out;

	*copy = *(const struct k8s_workload *)from;
	copy_meta(&copier, &copy->meta);
	copy->kind = copy_text(&copier, copy->kind);
	copy_selector(&copier, &copy->selector);
	copy->template_labels = copy_labels(&copier, &copy->template_labels);
	copy->ports = copy_container_ports(&copier, copy->ports, copy->port_count);
	copy->node_name = copy_text(&copier, copy->node_name);
	return told(&copier);
}

static const struct k8s_port *copy_ports(struct copier *copier, const struct k8s_port *from,
					 uint32_t count)
{
	struct k8s_port *ports = copy_items(copier, from, count, sizeof(*ports));

	for (uint32_t i = 0; ports && i < count; i++) {
		ports[i].name = copy_text(copier, ports[i].name);
		copy_position(copier, &ports[i].position);
	}
	return ports;
}

static const struct k8s_peer *copy_peers(struct copier *copier, const struct k8s_peer *from,
					 uint32_t count)
{
	struct k8s_peer *peers = copy_items(copier, from, count, sizeof(*peers));

	for (uint32_t i = 0; peers && i < count; i++) {
		struct k8s_block *block = &peers[i].block;

		copy_selector(copier, &peers[i].pod_selector);
		copy_selector(copier, &peers[i].namespace_selector);
		block->except = copy_items(copier, block->except, block->except_count,
					   sizeof(*block->except));
		copy_position(copier, &peers[i].position);
	}
	return peers;
}

static const struct k8s_rule *copy_rules(struct copier *copier, const struct k8s_rule *from,
					 uint32_t count)
{
	struct k8s_rule *rules = copy_items(copier, from, count, sizeof(*rules));

	for (uint32_t i = 0; rules && i < count; i++) {
		rules[i].peers = copy_peers(copier, rules[i].peers, rules[i].peer_count);
		rules[i].ports = copy_ports(copier, rules[i].ports, rules[i].port_count);
		copy_position(copier, &rules[i].position);
	}
	return rules;
}

int k8s_copy_network_policy(struct weir_cluster *to, const void *from, void *out)
{
	struct copier copier = { to, false };
	struct k8s_network_policy *copy = out;

	*copy = *(const struct k8s_network_policy *)from;
	copy_meta(&copier, &copy->meta);
	copy_selector(&copier, &copy->pod_selector);
	copy->ingress = copy_rules(&copier, copy->ingress, copy->ingress_count);
	copy->egress = copy_rules(&copier, copy->egress, copy->egress_count);
	return told(&copier);
}

static void copy_scope(struct copier *copier, struct k8s_pods_scope *scope)
{
	copy_selector(copier, &scope->namespaces);
	copy_selector(copier, &scope->pods);
}

static const char *const *copy_domains(struct copier *copier, const char *const *from,
				       uint32_t count)
{
	const char **domains = copy_items(copier, from, count, sizeof(*domains));

	for (uint32_t i = 0; domains && i < count; i++)
		domains[i] = copy_text(copier, domains[i]);
	return domains;
}

static const struct k8s_cluster_peer *
copy_cluster_peers(struct copier *copier, const struct k8s_cluster_peer *from, uint32_t count)
{
	struct k8s_cluster_peer *peers = copy_items(copier, from, count, sizeof(*peers));

	for (uint32_t i = 0; peers && i < count; i++) {
		struct k8s_cluster_peer *peer = &peers[i];

		copy_scope(copier, &peer->scope);
		copy_selector(copier, &peer->nodes);
		peer->networks = copy_items(copier, peer->networks, peer->network_count,
					    sizeof(*peer->networks));
		peer->domains = copy_domains(copier, peer->domains, peer->domain_count);
		copy_position(copier, &peer->position);
	}
	return peers;
}

/* Words for actions and kinds are static. */
static const struct k8s_cluster_rule *
copy_cluster_rules(struct copier *copier, const struct k8s_cluster_rule *from, uint32_t count)
{
	struct k8s_cluster_rule *rules = copy_items(copier, from, count, sizeof(*rules));

	for (uint32_t i = 0; rules && i < count; i++) {
		struct k8s_cluster_rule *rule = &rules[i];

		rule->name = copy_text(copier, rule->name);
		rule->peers = copy_cluster_peers(copier, rule->peers, rule->peer_count);
		rule->ports = copy_ports(copier, rule->ports, rule->port_count);
		copy_position(copier, &rule->position);
	}
	return rules;
}

int k8s_copy_cluster_policy(struct weir_cluster *to, const void *from, void *out)
{
	struct copier copier = { to, false };
	struct k8s_cluster_policy *copy = out;

	*copy = *(const struct k8s_cluster_policy *)from;
	copy_meta(&copier, &copy->meta);
	copy_scope(&copier, &copy->subject);
	copy->ingress = copy_cluster_rules(&copier, copy->ingress, copy->ingress_count);
	copy->egress = copy_cluster_rules(&copier, copy->egress, copy->egress_count);
	return told(&copier);
}
