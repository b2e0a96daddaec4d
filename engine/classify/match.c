#include "match.h"

static const struct layout_group *group_of(const struct lookup *lookup, uint32_t leaf)
{
	return LAYOUT_ITEMS(lookup->header, LAYOUT_GROUPS, struct layout_group) +
	       (leaf & ((1u << lookup->profile_bits) - 1));
}

static enum end_kind kind_of(const struct lookup *lookup, const struct end *end, uint32_t leaf)
{
	if (end->is_unknown)
		return UNKNOWN;
	if (end_is_node(lookup, leaf))
		return NODE;
	return group_of(lookup, leaf)->group[0] == LAYOUT_NO_GROUP ? EXTERNAL : POD;
}

struct candidate match_candidate(const struct lookup *lookup, const struct end *end, uint32_t i,
				 const struct weir_address *address)
{
	return (struct candidate){ .address = address,
				   .leaf = end->leaves[i],
				   .place = i,
				   .kind = kind_of(lookup, end, end->leaves[i]),
				   .has_names = end->leaves != end->unnamed };
}

uint32_t match_endpoint(const struct lookup *lookup, const struct candidate *candidate)
{
	struct patch_owner owner = patch_owner_of(lookup, candidate->address);

	return candidate->place < owner.owner_count ? owner.owners[candidate->place] : WEIR_NONE;
}

/* Peers. */

static bool has_class(const struct layout_header *header, const struct layout_set *set,
		      uint32_t class)
{
	const uint32_t *words = LAYOUT_ITEMS(header, LAYOUT_SET_CLASSES, uint32_t) + set->first;
	uint32_t low = 0;
	uint32_t high = set->count;

	if (set->is_bits)
		return class / 32 < set->count && (words[class / 32] >> (class % 32) & 1);
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (words[middle] == class)
			return true;
		if (words[middle] < class)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static enum level in_set(const struct question *q, uint32_t index)
{
	const struct layout_set *set = LAYOUT_ITEMS(q->header, LAYOUT_SETS, struct layout_set) +
				       2 * (size_t)index + q->direction;

	if (q->far.kind == UNKNOWN)
		return (enum level)set->unknown_pods;
	if (q->far.kind == EXTERNAL)
		return NO;
	return has_class(q->header, set,
			 profile_of(q->lookup, q->far.leaf)->class[q->direction] & ~LAYOUT_OUTSIDE)
		       ? YES
		       : NO;
}

/* IPv6 prefixes hold no IPv4 addresses, however short they are. */
static bool holds(const struct weir_prefix *prefix, const struct weir_address *address)
{
	return weir_prefix_is_ipv4(prefix) == weir_address_is_ipv4(address) &&
	       weir_prefix_contains(prefix, address);
}

static enum level in_block(const struct question *q, uint32_t index)
{
	const struct layout_block *block =
		LAYOUT_ITEMS(q->header, LAYOUT_BLOCKS, struct layout_block) + index;
	const struct weir_prefix *holes =
		LAYOUT_ITEMS(q->header, LAYOUT_PREFIXES, struct weir_prefix) + block->holes;
	bool is_pod = q->far.kind == POD || q->far.kind == UNKNOWN;

	if (is_pod && !block->always_pods && q->header->ipblock_pods == WEIR_IPBLOCK_PODS_IGNORE)
		return NO;
	if (!holds(&block->prefix, q->far.address))
		return NO;
	for (uint32_t i = 0; i < block->hole_count; i++) {
		if (holds(&holes[i], q->far.address))
			return NO;
	}
	return YES;
}

static enum level match_peer(const struct question *q, const struct layout_peer *peer)
{
	switch ((enum weir_peer_kind)peer->kind) {
	case WEIR_PEER_SET:
		return in_set(q, peer->index);
	case WEIR_PEER_BLOCK:
		return in_block(q, peer->index);
	case WEIR_PEER_DOMAINS:
		return q->far.has_names ? YES : NO;
	}
	return NO;
}

enum level match_peers(const struct question *q, const struct layout_rule *rule, enum level wanted,
		       uint32_t *first)
{
	const struct layout_peer *peers =
		LAYOUT_ITEMS(q->header, LAYOUT_PEERS, struct layout_peer) + rule->peers;
	enum level best = rule->peer_count ? NO : YES;
	uint32_t entry = WEIR_NONE; /* the first one is not joined */

	*first = WEIR_NONE;
	for (uint32_t i = 0; i < rule->peer_count && *first == WEIR_NONE; i++) {
		enum level level = match_peer(q, &peers[i]);

		entry += !peers[i].joined;
		if (level > best)
			best = level;
		if (level >= wanted)
			*first = entry;
	}
	return best;
}

/* Ports. */

static bool is_port(const struct question *q, const struct layout_port *port, const char *name,
		    uint8_t protocol, uint16_t number)
{
	return protocol == q->key->protocol && number == q->key->destination_port && name &&
	       strcmp(name, LAYOUT_ITEMS(q->header, LAYOUT_TEXT, char) + port->name) == 0;
}

static bool patched_declares(const struct question *q, const struct patch_endpoint *pod,
			     const struct layout_port *port)
{
	for (uint32_t i = 0; i < pod->declared_count; i++) {
		const struct weir_declared_port *item = &pod->declared[i];

		if (is_port(q, port, item->name, item->protocol, item->number))
			return true;
	}
	return false;
}

static bool declares(const struct question *q, uint32_t endpoint, const struct layout_port *port)
{
	const struct patch_endpoint *patched = patch_endpoint_at(q->lookup->patch, endpoint);
	const struct layout_header *names = q->lookup->names;
	const struct layout_endpoint *pod;
	const struct layout_declared *declared;

	if (patched)
		return patched_declares(q, patched, port);
	pod = LAYOUT_ITEMS(names, LAYOUT_ENDPOINTS, struct layout_endpoint) + endpoint;
	declared = LAYOUT_ITEMS(names, LAYOUT_DECLARED, struct layout_declared) + pod->declared;
	for (uint32_t i = 0; i < pod->declared_count; i++) {
		if (is_port(q, port, LAYOUT_ITEMS(names, LAYOUT_TEXT, char) + declared[i].name,
			    declared[i].protocol, declared[i].number))
			return true;
	}
	return false;
}

static enum level match_named_port(const struct question *q, const struct layout_port *port)
{
	const struct candidate *destination = q->direction == WEIR_INGRESS ? &q->near : &q->far;
	uint32_t endpoint;

	if (destination->kind == UNKNOWN)
		return MAYBE;
	if (destination->kind != POD)
		return NO;
	endpoint = match_endpoint(q->lookup, destination);
	return endpoint != WEIR_NONE && declares(q, endpoint, port) ? YES : NO;
}

static enum level match_port(const struct question *q, const struct layout_port *port)
{
	uint16_t number = q->key->destination_port;
	bool any_protocol = port->kind == WEIR_PORT_NAMED && !port->protocol;

	if (!match_has_ports(q->key->protocol) ||
	    (port->protocol != q->key->protocol && !any_protocol))
		return NO;
	if (port->kind == WEIR_PORT_NAMED)
		return match_named_port(q, port);
	if (port->kind == WEIR_PORT_RANGE && (number < port->first || number > port->last))
		return NO;
	return YES;
}

enum level match_ports(const struct question *q, const struct layout_rule *rule, enum level wanted,
		       uint32_t *first)
{
	const struct layout_port *ports =
		LAYOUT_ITEMS(q->header, LAYOUT_PORTS, struct layout_port) + rule->ports;
	enum level best = rule->port_count ? NO : YES;

	*first = WEIR_NONE;
	if (!match_has_ports(q->key->protocol) && rule->origin != WEIR_NONE &&
	    q->header->other_protocols == WEIR_OTHER_PROTOCOLS_DENY)
		return NO;
	for (uint32_t i = 0; i < rule->port_count && *first == WEIR_NONE; i++) {
		enum level level = match_port(q, &ports[i]);

		if (level > best)
			best = level;
		if (level >= wanted)
			*first = i;
	}
	return best;
}

enum level match_rule(const struct question *q, const struct layout_rule *rule)
{
	uint32_t ignored;
	enum level peers = match_peers(q, rule, YES, &ignored);
	enum level ports = peers == NO ? NO : match_ports(q, rule, YES, &ignored);

	return peers < ports ? peers : ports;
}

struct layout_span match_rules(const struct question *q)
{
	uint32_t index = q->header->group_rules[q->direction];

	if (q->near.kind == UNKNOWN)
		index += q->header->groups[q->direction];
	else
		index += group_of(q->lookup, q->near.leaf)->group[q->direction];
	return LAYOUT_ITEMS(q->header, LAYOUT_GROUP_RULES, struct layout_span)[index];
}
