/*
 * Extents are compared term by term. A term of one selector covers those of another when the other
 * has a term of the same key that is at least as strict:
 *
 *	IN {a, b}    is covered by  IN {a, b, c}, NOT_IN {c}, OTHER {c}
 *	NOT_IN {a, b}               NOT_IN {a}
 *	OTHER {a, b}                OTHER {a}, NOT_IN {a}
 *	ABSENT                      ABSENT, NOT_IN {a}
 *
 * A policy's own namespace is a term of the namespace's name. The labels of that namespace are
 * known, so its other terms are looked up.
 */
#include "extent.h"

#include <errno.h>

/* Terms. Strings are interned, and values ascend. */

static bool has_value(const struct k8s_term *term, const char *value)
{
	for (uint32_t i = 0; i < term->value_count; i++) {
		if (term->values[i] == value)
			return true;
	}
	return false;
}

static bool has_all(const struct k8s_term *term, const struct k8s_term *of)
{
	for (uint32_t i = 0; i < of->value_count; i++) {
		if (!has_value(term, of->values[i]))
			return false;
	}
	return true;
}

static bool has_some(const struct k8s_term *term, const struct k8s_term *of)
{
	for (uint32_t i = 0; i < of->value_count; i++) {
		if (has_value(term, of->values[i]))
			return true;
	}
	return false;
}

static bool term_covers(const struct k8s_term *a, const struct k8s_term *b)
{
	switch ((enum k8s_term_kind)a->kind) {
	case K8S_TERM_IN:
		return b->kind == K8S_TERM_IN && has_all(a, b);
	case K8S_TERM_NOT_IN:
		if (b->kind == K8S_TERM_IN)
			return !has_some(a, b);
		return b->kind == K8S_TERM_ABSENT || has_all(b, a);
	case K8S_TERM_OTHER:
		if (b->kind == K8S_TERM_IN)
			return !has_some(a, b);
		return b->kind == K8S_TERM_OTHER && has_all(b, a);
	case K8S_TERM_ABSENT:
		return b->kind == K8S_TERM_ABSENT;
	}
	return false;
}

static bool in_meets(const struct k8s_term *in, const struct k8s_term *b)
{
	if (b->kind == K8S_TERM_ABSENT)
		return false;
	return b->kind == K8S_TERM_IN ? has_some(in, b) : !has_all(b, in);
}

static bool term_meets(const struct k8s_term *a, const struct k8s_term *b)
{
	if (a->kind == K8S_TERM_IN)
		return in_meets(a, b);
	if (b->kind == K8S_TERM_IN)
		return in_meets(b, a);
	return !(a->kind == K8S_TERM_ABSENT && b->kind == K8S_TERM_OTHER) &&
	       !(a->kind == K8S_TERM_OTHER && b->kind == K8S_TERM_ABSENT);
}

static const struct k8s_term *term_of(const struct k8s_terms *terms, const char *key)
{
	for (uint32_t i = 0; i < terms->count; i++) {
		if (terms->items[i].key == key)
			return &terms->items[i];
	}
	return NULL;
}

static bool terms_cover(const struct k8s_terms *a, const struct k8s_terms *b)
{
	if (b->impossible)
		return true;
	for (uint32_t i = 0; i < a->count; i++) {
		const struct k8s_term *other = term_of(b, a->items[i].key);

		if (!other || !term_covers(&a->items[i], other))
			return false;
	}
	return !a->impossible;
}

static bool terms_meet(const struct k8s_terms *a, const struct k8s_terms *b)
{
	if (a->impossible || b->impossible)
		return false;
	for (uint32_t i = 0; i < a->count; i++) {
		const struct k8s_term *other = term_of(b, a->items[i].key);

		if (other && !term_meets(&a->items[i], other))
			return false;
	}
	return true;
}

/* Pods. */

/* The labels of the one namespace that terms mean by its name, or NULL. */
static const struct k8s_labels *named_namespace(const struct k8s_selection *selection,
						const struct k8s_terms *terms)
{
	const struct k8s_term *name = term_of(terms, selection->name_label);
	const struct k8s_namespace *found;

	if (!name || name->kind != K8S_TERM_IN || name->value_count != 1)
		return NULL;
	found = k8s_find_namespace(selection->cluster, name->values[0]);
	return found ? &found->meta.labels : NULL;
}

bool k8s_meaning_covers(const struct k8s_selection *selection, const struct k8s_meaning *a,
			const struct k8s_meaning *b)
{
	const struct k8s_labels *labels = named_namespace(selection, &b->namespaces);
	bool of_namespaces = terms_cover(&a->namespaces, &b->namespaces) ||
			     (labels && k8s_terms_match(&a->namespaces, labels));

	return (of_namespaces && terms_cover(&a->pods, &b->pods)) || b->pods.impossible;
}

bool k8s_meaning_meets(const struct k8s_selection *selection, const struct k8s_meaning *a,
		       const struct k8s_meaning *b)
{
	const struct k8s_labels *of_a = named_namespace(selection, &a->namespaces);
	const struct k8s_labels *of_b = named_namespace(selection, &b->namespaces);

	if ((of_a && !k8s_terms_match(&b->namespaces, of_a)) ||
	    (of_b && !k8s_terms_match(&a->namespaces, of_b)))
		return false;
	return terms_meet(&a->namespaces, &b->namespaces) && terms_meet(&a->pods, &b->pods);
}

/* Peers. */

static bool holds_network(const struct k8s_far *far, const struct weir_prefix *network)
{
	for (uint32_t i = 0; i < far->network_count; i++) {
		if (weir_prefix_is_ipv4(&far->networks[i]) == weir_prefix_is_ipv4(network) &&
		    weir_prefix_covers(&far->networks[i], network))
			return true;
	}
	return false;
}

static bool networks_cover(const struct k8s_far *a, const struct k8s_far *b)
{
	for (uint32_t i = 0; i < b->network_count; i++) {
		if (!holds_network(a, &b->networks[i]))
			return false;
	}
	return true;
}

static const struct weir_prefix every_address[] = {
	{ { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0 } }, 96 },
	{ { { 0 } }, 0 },
};
static const struct k8s_far everything = { .kind = K8S_FAR_NETWORKS,
					   .networks = every_address,
					   .network_count = 2 };

/* Networks hold pods and nodes too. */
static bool is_everything(const struct k8s_far *far)
{
	return far->kind == K8S_FAR_NETWORKS && networks_cover(far, &everything);
}

static bool far_covers(const struct k8s_selection *selection, const struct k8s_far *a,
		       const struct k8s_far *b)
{
	if (is_everything(a))
		return true;
	if (a->kind != b->kind)
		return false;
	switch ((enum k8s_far_kind)a->kind) {
	case K8S_FAR_PODS:
		return k8s_meaning_covers(selection, &a->pods, &b->pods);
	case K8S_FAR_NODES:
		return terms_cover(&a->nodes, &b->nodes);
	case K8S_FAR_NETWORKS:
		return networks_cover(a, b);
	case K8S_FAR_DOMAINS:
		return false; /* whose addresses are whose nobody knows */
	}
	return false;
}

static bool networks_meet(const struct k8s_far *a, const struct k8s_far *b)
{
	for (uint32_t i = 0; i < a->network_count; i++) {
		for (uint32_t j = 0; j < b->network_count; j++) {
			if (weir_prefix_covers(&a->networks[i], &b->networks[j]) ||
			    weir_prefix_covers(&b->networks[j], &a->networks[i]))
				return true;
		}
	}
	return false;
}

static bool far_meets(const struct k8s_selection *selection, const struct k8s_far *a,
		      const struct k8s_far *b)
{
	if (a->kind != b->kind)
		return a->kind == K8S_FAR_NETWORKS || b->kind == K8S_FAR_NETWORKS;
	switch ((enum k8s_far_kind)a->kind) {
	case K8S_FAR_PODS:
		return k8s_meaning_meets(selection, &a->pods, &b->pods);
	case K8S_FAR_NODES:
		return terms_meet(&a->nodes, &b->nodes);
	case K8S_FAR_NETWORKS:
		return networks_meet(a, b);
	case K8S_FAR_DOMAINS:
		return true;
	}
	return true;
}

static bool some_far_covers(const struct k8s_selection *selection, const struct k8s_extent *a,
			    const struct k8s_far *far)
{
	for (uint32_t i = 0; i < a->peer_count; i++) {
		if (far_covers(selection, &a->peers[i], far))
			return true;
	}
	return false;
}

static bool peers_cover(const struct k8s_selection *selection, const struct k8s_extent *a,
			const struct k8s_extent *b)
{
	if (!a->peer_count)
		return true;
	if (!b->peer_count)
		return some_far_covers(selection, a, &everything);
	for (uint32_t i = 0; i < b->peer_count; i++) {
		if (!some_far_covers(selection, a, &b->peers[i]))
			return false;
	}
	return true;
}

static bool peers_meet(const struct k8s_selection *selection, const struct k8s_extent *a,
		       const struct k8s_extent *b)
{
	for (uint32_t i = 0; i < a->peer_count; i++) {
		for (uint32_t j = 0; j < b->peer_count; j++) {
			if (far_meets(selection, &a->peers[i], &b->peers[j]))
				return true;
		}
	}
	return !a->peer_count || !b->peer_count;
}

/* Ports. A name without a protocol is of any. */

static bool port_covers(const struct k8s_port *a, const struct k8s_port *b)
{
	if (a->kind == K8S_PORT_NAME)
		return b->kind == K8S_PORT_NAME && a->name == b->name &&
		       (!a->protocol || a->protocol == b->protocol);
	if (a->protocol != b->protocol)
		return false;
	return a->kind == K8S_PORT_ANY ||
	       (b->kind == K8S_PORT_NUMBER && a->first <= b->first && b->last <= a->last);
}

static bool port_meets(const struct k8s_port *a, const struct k8s_port *b)
{
	if (a->protocol && b->protocol && a->protocol != b->protocol)
		return false;
	return a->kind != K8S_PORT_NUMBER || b->kind != K8S_PORT_NUMBER ||
	       (a->first <= b->last && b->first <= a->last);
}

static bool some_port(const struct k8s_extent *a, const struct k8s_port *port,
		      bool (*holds)(const struct k8s_port *a, const struct k8s_port *b))
{
	for (uint32_t i = 0; i < a->port_count; i++) {
		if (holds(&a->ports[i], port))
			return true;
	}
	return false;
}

static bool ports_cover(const struct k8s_extent *a, const struct k8s_extent *b)
{
	if (!a->port_count)
		return true;
	for (uint32_t i = 0; i < b->port_count; i++) {
		if (!some_port(a, &b->ports[i], port_covers))
			return false;
	}
	return b->port_count > 0;
}

static bool ports_meet(const struct k8s_extent *a, const struct k8s_extent *b)
{
	for (uint32_t i = 0; i < b->port_count; i++) {
		if (some_port(a, &b->ports[i], port_meets))
			return true;
	}
	return !a->port_count || !b->port_count;
}

bool k8s_extent_covers(const struct k8s_selection *selection, const struct k8s_extent *a,
		       const struct k8s_extent *b)
{
	return ports_cover(a, b) && k8s_meaning_covers(selection, &a->subjects, &b->subjects) &&
	       peers_cover(selection, a, b);
}

bool k8s_extent_meets(const struct k8s_selection *selection, const struct k8s_extent *a,
		      const struct k8s_extent *b)
{
	return ports_meet(a, b) && k8s_meaning_meets(selection, &a->subjects, &b->subjects) &&
	       peers_meet(selection, a, b);
}

/* What rules are about. */

static int far_of_peer(const struct k8s_selection *selection, const char *namespace_name,
		       const struct k8s_peer *peer, struct weir_arena *arena, struct k8s_far *out)
{
	if (peer->kind == K8S_PEER_BLOCK) { /* its holes are left out: they are about less */
		out->kind = K8S_FAR_NETWORKS;
		out->networks = &peer->block.prefix;
		out->network_count = 1;
		return 0;
	}
	out->kind = K8S_FAR_PODS;
	return k8s_meaning_of(selection, namespace_name,
			      peer->has_namespace_selector ? &peer->namespace_selector : NULL,
			      peer->has_pod_selector ? &peer->pod_selector : NULL, arena,
			      &out->pods);
}

int k8s_extent_of_rule(const struct k8s_selection *selection,
		       const struct k8s_network_policy *policy, const struct k8s_rule *rule,
		       struct weir_arena *arena, struct k8s_extent *out)
{
	const char *namespace_name = policy->meta.namespace_name;
	struct k8s_far *peers = weir_arena_array(arena, rule->peer_count, struct k8s_far);

	*out = (struct k8s_extent){ .peers = peers,
				    .ports = rule->ports,
				    .peer_count = rule->peer_count,
				    .port_count = rule->port_count };
	if (!peers)
		return -ENOMEM;
	for (uint32_t i = 0; i < rule->peer_count; i++) {
		if (far_of_peer(selection, namespace_name, &rule->peers[i], arena, &peers[i]))
			return -ENOMEM;
	}
	return k8s_meaning_of(selection, namespace_name, NULL, &policy->pod_selector, arena,
			      &out->subjects);
}

static int meaning_of_scope(const struct k8s_selection *selection,
			    const struct k8s_pods_scope *scope, struct weir_arena *arena,
			    struct k8s_meaning *out)
{
	return k8s_meaning_of(selection, NULL, &scope->namespaces,
			      scope->has_pods ? &scope->pods : NULL, arena, out);
}

static int far_of_cluster_peer(const struct k8s_selection *selection,
			       const struct k8s_cluster_peer *peer, struct weir_arena *arena,
			       struct k8s_far *out)
{
	switch ((enum k8s_cluster_peer_kind)peer->kind) {
	case K8S_CLUSTER_PEER_PODS:
		out->kind = K8S_FAR_PODS;
		return meaning_of_scope(selection, &peer->scope, arena, &out->pods);
	case K8S_CLUSTER_PEER_NODES:
		out->kind = K8S_FAR_NODES;
		return k8s_terms_of(&peer->nodes, NULL, arena, &out->nodes);
	case K8S_CLUSTER_PEER_NETWORKS:
		out->kind = K8S_FAR_NETWORKS;
		out->networks = peer->networks;
		out->network_count = peer->network_count;
		break;
	case K8S_CLUSTER_PEER_DOMAINS:
		out->kind = K8S_FAR_DOMAINS;
		break;
	}
	return 0;
}

int k8s_extent_of_cluster_rule(const struct k8s_selection *selection,
			       const struct k8s_cluster_policy *policy,
			       const struct k8s_cluster_rule *rule, struct weir_arena *arena,
			       struct k8s_extent *out)
{
	struct k8s_far *peers = weir_arena_array(arena, rule->peer_count, struct k8s_far);

	*out = (struct k8s_extent){ .peers = peers,
				    .ports = rule->ports,
				    .peer_count = rule->peer_count,
				    .port_count = rule->port_count };
	if (!peers)
		return -ENOMEM;
	for (uint32_t i = 0; i < rule->peer_count; i++) {
		if (far_of_cluster_peer(selection, &rule->peers[i], arena, &peers[i]))
			return -ENOMEM;
	}
	return meaning_of_scope(selection, &policy->subject, arena, &out->subjects);
}
