/*
 * A candidate is drawn, tried on the reference, and put into the pool of its class while that has
 * room. Whether a candidate will be allowed is not known before, so half of them are made the way a
 * rule describes (an end that it selects, one of its peers, one of its ports), which most of the
 * connections that a strict cluster allows are found by; what the other half hits is as a rule
 * denied there. Drawing ends when all pools are full, or after many tries in vain.
 */
#include "gen_connections.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ends.h"
#include "refuse.h"

enum {
	PATIENCE = 2000,        /* tries in vain, when every class has something */
	PATIENCE_EMPTY = 20000, /* when one has nothing */
	RULE_TRIES = 16,        /* to find a rule about a pod */
	CONNECTIONS_USE = 64,   /* of the seed, beside those of clusters */
	ECHO_IPV4 = 8,
	ECHO_IPV6 = 128,
};

struct drawer {
	const struct weir_cluster *cluster;
	const struct weir_resolved *resolved;
	const struct gen_connections_options *options;
	struct gen_connections *out;
	struct gen_ends ends;
	struct dice dice;
	uint32_t through[GEN_CLASSES]; /* how many go through services */
	uint8_t node_ports[GEN_PORTS / 8];
};

static void set_port(uint8_t *bits, uint16_t port)
{
	bits[port / 8] |= (uint8_t)(1u << port % 8);
}

/* Ports. */

static void make_echo(struct weir_key *key)
{
	bool is_ipv4 = weir_address_is_ipv4(&key->destination);

	key->protocol = is_ipv4 ? WEIR_PROTOCOL_ICMP : WEIR_PROTOCOL_ICMPV6;
	key->icmp_type = is_ipv4 ? ECHO_IPV4 : ECHO_IPV6;
	key->destination_port = 0;
}

static uint16_t draw_number(struct dice *dice)
{
	static const uint16_t usual[] = { 80, 443, 53, 22, 8080, 5432, 9090, 30000 };

	return dice_one_in(dice, 2) ? DICE_PICK(dice, usual)
				    : (uint16_t)dice_between(dice, 1, UINT16_MAX);
}

/* One that the destination offers, or any. */
static void draw_port(struct drawer *drawer, struct weir_key *key)
{
	static const uint8_t protocols[] = { WEIR_PROTOCOL_TCP, WEIR_PROTOCOL_TCP,
					     WEIR_PROTOCOL_UDP, WEIR_PROTOCOL_SCTP };
	struct gen_owner owner = gen_owner_of(&drawer->ends, &key->destination);
	uint32_t form = dice_below(&drawer->dice, 10);

	if (form == 0) {
		make_echo(key);
		return;
	}
	key->protocol = DICE_PICK(&drawer->dice, protocols);
	key->destination_port = draw_number(&drawer->dice);
	if (form < 7 && owner.kind == GEN_OWNER_ENDPOINT) {
		const struct weir_endpoint *endpoint = &drawer->resolved->endpoints[owner.index];
		const struct weir_declared_port *port;

		if (!endpoint->port_count)
			return;
		port = &endpoint->ports[dice_below(&drawer->dice, endpoint->port_count)];
		key->protocol = port->protocol;
		key->destination_port = port->number;
	}
}

/* What the destination has under the name. */
static bool draw_named_port(struct drawer *drawer, const struct weir_port *port,
			    struct weir_key *key)
{
	struct gen_owner owner = gen_owner_of(&drawer->ends, &key->destination);
	const struct weir_endpoint *endpoint = &drawer->resolved->endpoints[owner.index];

	if (owner.kind != GEN_OWNER_ENDPOINT)
		return false;
	for (uint32_t i = 0; i < endpoint->port_count; i++) {
		const struct weir_declared_port *declared = &endpoint->ports[i];

		if (!declared->name || strcmp(declared->name, port->name) != 0 ||
		    (port->protocol && port->protocol != declared->protocol))
			continue;
		key->protocol = declared->protocol;
		key->destination_port = declared->number;
		return true;
	}
	return false;
}

/* Inside, at the edges, and now and then one beside them. */
static uint16_t draw_in_range(struct dice *dice, const struct weir_port *port)
{
	switch (dice_below(dice, 8)) {
	case 0:
		return port->first > 1 ? port->first - 1 : 1;
	case 1:
		return port->last < UINT16_MAX ? port->last + 1 : UINT16_MAX;
	case 2:
	case 3:
		return port->first ? port->first : 1;
	case 4:
	case 5:
		return port->last;
	default:
		return (uint16_t)dice_between(dice, port->first ? port->first : 1, port->last);
	}
}

static bool draw_port_of_rule(struct drawer *drawer, const struct weir_rule *rule,
			      struct weir_key *key)
{
	const struct weir_port *port;

	if (!rule->port_count) {
		draw_port(drawer, key);
		return true;
	}
	port = &rule->ports[dice_below(&drawer->dice, rule->port_count)];
	if (port->kind == WEIR_PORT_NAMED)
		return draw_named_port(drawer, port, key);
	key->protocol = port->protocol;
	key->destination_port = port->kind == WEIR_PORT_ANY ? draw_number(&drawer->dice)
							    : draw_in_range(&drawer->dice, port);
	return true;
}

/* Ends. */

static struct weir_address draw_in_block(struct dice *dice, const struct weir_block *block)
{
	if (block->hole_count && dice_one_in(dice, 4))
		return gen_draw_inside(dice, &block->holes[dice_below(dice, block->hole_count)]);
	return gen_draw_inside(dice, &block->prefix);
}

static bool draw_anybody(struct drawer *drawer, enum gen_wanted_family family,
			 struct weir_address *out)
{
	switch (dice_below(&drawer->dice, 8)) {
	case 0:
		return gen_draw_node_address(&drawer->ends, &drawer->dice, family, out);
	case 1:
	case 2:
		*out = gen_draw_outside(&drawer->dice, family == GEN_ONLY_IPV6);
		return true;
	default:
		return gen_draw_pod_address(&drawer->ends, &drawer->dice, family, out);
	}
}

static bool draw_member(struct drawer *drawer, uint32_t index, enum gen_wanted_family family,
			struct weir_address *out)
{
	const struct weir_set *set = &drawer->resolved->sets[index];
	const struct weir_endpoint *endpoint;
	uint32_t member;

	if (!set->endpoint_count)
		return false;
	member = set->endpoints[dice_below(&drawer->dice, set->endpoint_count)];
	endpoint = &drawer->resolved->endpoints[member];
	return endpoint->rank == WEIR_RANK_RUNNING && !endpoint->host_network &&
	       endpoint->address_count &&
	       gen_draw_address(&drawer->ends, &drawer->dice, member, family, out);
}

static bool draw_peer(struct drawer *drawer, const struct weir_rule *rule,
		      enum gen_wanted_family family, struct weir_address *out)
{
	const struct weir_peer *peer;

	if (!rule->peer_count)
		return draw_anybody(drawer, family, out);
	peer = &rule->peers[dice_below(&drawer->dice, rule->peer_count)];
	if (peer->kind == WEIR_PEER_SET)
		return draw_member(drawer, peer->index, family, out);
	if (peer->kind == WEIR_PEER_DOMAINS)
		return false;
	*out = draw_in_block(&drawer->dice, &drawer->resolved->blocks[peer->index]);
	return gen_family_of(out) == family;
}

static bool draw_by_rule(struct drawer *drawer, struct weir_key *key)
{
	const struct weir_resolved *resolved = drawer->resolved;
	const struct weir_rule *rule;
	struct weir_address near;
	struct weir_address far;

	if (!resolved->rule_count)
		return false;
	rule = &resolved->rules[dice_below(&drawer->dice, resolved->rule_count)];
	if (!draw_member(drawer, rule->subjects, GEN_ANY_FAMILY, &near) ||
	    !draw_peer(drawer, rule, gen_family_of(&near), &far))
		return false;
	key->source = rule->direction == WEIR_EGRESS ? near : far;
	key->destination = rule->direction == WEIR_EGRESS ? far : near;
	return draw_port_of_rule(drawer, rule, key);
}

static bool draw_freely(struct drawer *drawer, struct weir_key *key)
{
	if (!gen_draw_pod_address(&drawer->ends, &drawer->dice, GEN_ANY_FAMILY, &key->source) ||
	    !draw_anybody(drawer, gen_family_of(&key->source), &key->destination))
		return false;
	if (dice_one_in(&drawer->dice, 3)) {
		struct weir_address kept = key->source;

		key->source = key->destination;
		key->destination = kept;
	}
	draw_port(drawer, key);
	return true;
}

static bool draw_unrelated(struct drawer *drawer, struct weir_key *key)
{
	bool six = dice_one_in(&drawer->dice, 4);

	key->source = gen_draw_outside(&drawer->dice, six);
	key->destination = gen_draw_outside(&drawer->dice, six);
	draw_port(drawer, key);
	return true;
}

/* Services. */

static bool selects(const struct weir_set *set, uint32_t endpoint)
{
	uint32_t low = 0;
	uint32_t high = set->endpoint_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (set->endpoints[middle] < endpoint)
			low = middle + 1;
		else
			high = middle;
	}
	return low < set->endpoint_count && set->endpoints[low] == endpoint;
}

/* Whom an ingress rule of the pod names, if one is found soon. */
static bool draw_client_by_rule(struct drawer *drawer, uint32_t pod, enum gen_wanted_family family,
				struct weir_address *out)
{
	const struct weir_resolved *resolved = drawer->resolved;

	for (uint32_t i = 0; i < RULE_TRIES && resolved->rule_count; i++) {
		const struct weir_rule *rule =
			&resolved->rules[dice_below(&drawer->dice, resolved->rule_count)];

		if (rule->direction == WEIR_INGRESS &&
		    selects(&resolved->sets[rule->subjects], pod))
			return draw_peer(drawer, rule, family, out);
	}
	return false;
}

static bool draw_client(struct drawer *drawer, uint32_t pod, enum gen_wanted_family family,
			struct weir_address *out)
{
	if (dice_one_in(&drawer->dice, 2) && draw_client_by_rule(drawer, pod, family, out))
		return true;
	return gen_draw_pod_address(&drawer->ends, &drawer->dice, family, out);
}

/* A pod's connection to a service at its own address, and on to one of the pods behind it. */
static bool draw_visit(struct drawer *drawer, struct gen_connection *out)
{
	const struct weir_resolved *resolved = drawer->resolved;
	const struct weir_service *service;
	const struct weir_service_port *port;
	const struct weir_backend *backend;

	if (!resolved->service_count)
		return false;
	out->service = dice_below(&drawer->dice, resolved->service_count);
	service = &resolved->services[out->service];
	if (!service->address_count || !service->port_count)
		return false;
	port = &service->ports[dice_below(&drawer->dice, service->port_count)];
	if (!port->backend_count)
		return false;
	backend = &port->backends[dice_below(&drawer->dice, port->backend_count)];
	out->service_address =
		service->addresses[dice_below(&drawer->dice, service->address_count)];
	out->service_port = port->port;
	out->key.destination = backend->address;
	out->key.destination_port = backend->port;
	out->key.protocol = port->protocol;
	return backend->endpoint != WEIR_NONE &&
	       gen_family_of(&out->service_address) == gen_family_of(&backend->address) &&
	       draw_client(drawer, backend->endpoint, gen_family_of(&backend->address),
			   &out->key.source) &&
	       gen_is_pod(&drawer->ends, &out->key.source);
}

/* What is no connection, or would be read as something else. */

static bool is_ordinary(const struct weir_address *address)
{
	const uint8_t *bytes = address->bytes;

	if (weir_address_is_ipv4(address))
		return bytes[12] != 0 && bytes[12] != 127 && bytes[12] < 224;
	return (bytes[0] & 0xe0) == 0x20 || (bytes[0] & 0xfe) == 0xfc;
}

/* Tunnels between nodes are looked into. */
static bool is_tunnel(const struct weir_key *key)
{
	return key->protocol == WEIR_PROTOCOL_UDP &&
	       (key->destination_port == 4789 || key->destination_port == 8472 ||
		key->destination_port == 6081);
}

static bool is_known(struct gen_owner owner)
{
	return owner.kind == GEN_OWNER_NONE || owner.kind == GEN_OWNER_ENDPOINT;
}

/* A node's address at a node port is the service. */
static bool is_node_port(const struct drawer *drawer, const struct weir_key *key)
{
	return drawer->node_ports[key->destination_port / 8] >> key->destination_port % 8 & 1;
}

static bool is_usable(const struct drawer *drawer, const struct weir_key *key)
{
	return is_ordinary(&key->source) && is_ordinary(&key->destination) &&
	       gen_family_of(&key->source) == gen_family_of(&key->destination) &&
	       !weir_address_equal(&key->source, &key->destination) && !is_tunnel(key) &&
	       is_known(gen_owner_of(&drawer->ends, &key->source)) &&
	       is_known(gen_owner_of(&drawer->ends, &key->destination)) &&
	       (gen_is_pod(&drawer->ends, &key->destination) || !is_node_port(drawer, key));
}

/* Pools. */

static uint32_t endpoint_at(const struct drawer *drawer, const struct weir_address *address)
{
	struct gen_owner owner = gen_owner_of(&drawer->ends, address);

	return owner.kind == GEN_OWNER_ENDPOINT ? owner.index : WEIR_NONE;
}

static uint32_t node_of(const struct drawer *drawer, uint32_t endpoint)
{
	return endpoint == WEIR_NONE ? WEIR_NONE : drawer->resolved->endpoints[endpoint].node;
}

/* One that is nobody else's: what a pod sends is no tunnel. */
static bool find_node_address(const struct drawer *drawer, uint32_t node, struct weir_address *out)
{
	const struct weir_endpoint *endpoint = &drawer->resolved->endpoints[node];

	if (!endpoint->address_count)
		return false;
	*out = endpoint->addresses[0];
	return gen_owner_of(&drawer->ends, out).kind == GEN_OWNER_ENDPOINT;
}

/* Nodes have no nodes of their own. */
static void find_nodes(const struct drawer *drawer, struct gen_connection *connection)
{
	const uint32_t nodes[2] = { node_of(drawer, connection->from),
				    node_of(drawer, connection->to) };

	if (nodes[0] == WEIR_NONE || nodes[1] == WEIR_NONE || nodes[0] == nodes[1])
		return;
	connection->is_between_nodes =
		find_node_address(drawer, nodes[0], &connection->nodes[0]) &&
		find_node_address(drawer, nodes[1], &connection->nodes[1]) &&
		gen_family_of(&connection->nodes[0]) == gen_family_of(&connection->nodes[1]);
}

/* GEN_CLASSES when it is ambiguous. */
static enum gen_class classify(const struct drawer *drawer, const struct gen_connection *connection)
{
	struct weir_verdict verdict;

	weir_cluster_judge(drawer->cluster, &drawer->resolved->semantics, &connection->key,
			   &verdict);
	if (connection->from == WEIR_NONE && connection->to == WEIR_NONE)
		return verdict.action == WEIR_ALLOW ? GEN_UNRELATED : GEN_CLASSES;
	if (verdict.action == WEIR_ALLOW)
		return GEN_ALLOWED;
	return verdict.action == WEIR_DENY ? GEN_DENIED : GEN_CLASSES;
}

static bool has_room(const struct drawer *drawer, enum gen_class kind, bool is_through)
{
	uint32_t through = drawer->options->through_services[kind];

	if (is_through)
		return drawer->through[kind] < through;
	return drawer->out->pools[kind].count - drawer->through[kind] <
	       drawer->options->wanted[kind] - through;
}

static bool has_room_through_services(const struct drawer *drawer)
{
	return has_room(drawer, GEN_ALLOWED, true) || has_room(drawer, GEN_DENIED, true);
}

static bool has_room_directly(const struct drawer *drawer)
{
	return has_room(drawer, GEN_ALLOWED, false) || has_room(drawer, GEN_DENIED, false);
}

static bool draw_candidate(struct drawer *drawer, struct gen_connection *out)
{
	bool is_direct = has_room_directly(drawer);
	bool is_through = has_room_through_services(drawer);

	*out = (struct gen_connection){ .service = WEIR_NONE, .key.flags = WEIR_KEY_BOTH };
	if (has_room(drawer, GEN_UNRELATED, false) && (!is_direct || dice_one_in(&drawer->dice, 8)))
		return draw_unrelated(drawer, &out->key);
	if (is_through && (!is_direct || dice_one_in(&drawer->dice, 2)))
		return draw_visit(drawer, out);
	return dice_one_in(&drawer->dice, 2) ? draw_by_rule(drawer, &out->key)
					     : draw_freely(drawer, &out->key);
}

/* True when a candidate was put into a pool. */
static bool try_candidate(struct drawer *drawer)
{
	struct gen_connection candidate;
	bool is_through;
	enum gen_class kind;
	struct gen_pool *pool;

	if (!draw_candidate(drawer, &candidate) || !is_usable(drawer, &candidate.key))
		return false;
	candidate.from = endpoint_at(drawer, &candidate.key.source);
	candidate.to = endpoint_at(drawer, &candidate.key.destination);
	is_through = candidate.service != WEIR_NONE;
	kind = classify(drawer, &candidate);
	if (kind == GEN_CLASSES || !has_room(drawer, kind, is_through))
		return false;
	find_nodes(drawer, &candidate);
	pool = &drawer->out->pools[kind];
	pool->items[pool->count++] = candidate;
	drawer->through[kind] += is_through;
	set_port(drawer->out->taken_ports, candidate.key.destination_port);
	return true;
}

static bool lacks_a_class(const struct drawer *drawer)
{
	for (uint32_t i = 0; i < GEN_CLASSES; i++)
		if (drawer->options->wanted[i] && !drawer->out->pools[i].count)
			return true;
	return false;
}

static void fill_pools(struct drawer *drawer)
{
	uint32_t in_vain = 0;

	while (has_room_directly(drawer) || has_room_through_services(drawer) ||
	       has_room(drawer, GEN_UNRELATED, false)) {
		if (try_candidate(drawer))
			in_vain = 0;
		else if (++in_vain > PATIENCE_EMPTY ||
			 (in_vain > PATIENCE && !lacks_a_class(drawer)))
			return;
	}
}

static int complain_of_lack(const struct drawer *drawer, struct weir_error *error)
{
	static const char *const lacks[] = {
		[GEN_ALLOWED] = "no allowed connection was found: do the policies deny everything?",
		[GEN_DENIED] = "no denied connection was found: do the policies deny anything?",
		[GEN_UNRELATED] = "no connection outside of the cluster was found",
	};

	for (uint32_t i = 0; i < GEN_CLASSES; i++) {
		if (!drawer->options->wanted[i] || drawer->out->pools[i].count)
			continue;
		return gen_refuse(error, "%s", lacks[i]);
	}
	return 0;
}

/* Numbers of sources. */

static int by_source(const void *a, const void *b)
{
	const struct gen_connection *const *left = a;
	const struct gen_connection *const *right = b;

	return memcmp((*left)->key.source.bytes, (*right)->key.source.bytes,
		      sizeof((*left)->key.source.bytes));
}

static int number_sources(struct gen_connections *connections)
{
	size_t count = 0;
	struct gen_connection **all;

	for (uint32_t i = 0; i < GEN_CLASSES; i++)
		count += connections->pools[i].count;
	all = calloc(count + 1, sizeof(struct gen_connection *));
	if (!all)
		return -ENOMEM;
	count = 0;
	for (uint32_t i = 0; i < GEN_CLASSES; i++)
		for (uint32_t j = 0; j < connections->pools[i].count; j++)
			all[count++] = &connections->pools[i].items[j];
	qsort(all, count, sizeof(struct gen_connection *), by_source);
	for (size_t i = 0; i < count; i++) {
		if (i > 0 && by_source(&all[i - 1], &all[i]) != 0)
			connections->source_count++;
		all[i]->source = connections->source_count;
	}
	connections->source_count += count > 0;
	free(all);
	return 0;
}

static void take_ports(struct drawer *drawer)
{
	const struct weir_resolved *resolved = drawer->resolved;
	uint8_t *taken = drawer->out->taken_ports;

	for (uint32_t i = 0; i < resolved->endpoint_count; i++)
		for (uint32_t j = 0; j < resolved->endpoints[i].port_count; j++)
			set_port(taken, resolved->endpoints[i].ports[j].number);
	for (uint32_t i = 0; i < resolved->service_count; i++) {
		for (uint32_t j = 0; j < resolved->services[i].port_count; j++) {
			const struct weir_service_port *port = &resolved->services[i].ports[j];

			set_port(taken, port->port);
			if (!port->node_port)
				continue;
			set_port(taken, port->node_port);
			set_port(drawer->node_ports, port->node_port);
		}
	}
}

static int make_pools(struct gen_connections *out, const struct gen_connections_options *options)
{
	for (uint32_t i = 0; i < GEN_CLASSES; i++) {
		out->pools[i].items = calloc(options->wanted[i] + 1u, sizeof(*out->pools[i].items));
		if (!out->pools[i].items)
			return -ENOMEM;
	}
	return 0;
}

int gen_connections_draw(const struct weir_cluster *cluster, const struct weir_resolved *resolved,
			 const struct gen_connections_options *options, struct gen_connections *out,
			 struct weir_error *error)
{
	struct drawer drawer = { .cluster = cluster,
				 .resolved = resolved,
				 .options = options,
				 .out = out,
				 .dice = dice_for(options->seed, CONNECTIONS_USE, 0) };
	int status;

	*out = (struct gen_connections){ .source_count = 0 };
	status = make_pools(out, options);
	if (!status)
		status = gen_ends_make(&drawer.ends, resolved);
	if (!status) {
		take_ports(&drawer);
		fill_pools(&drawer);
		status = complain_of_lack(&drawer, error);
	}
	if (!status)
		status = number_sources(out);
	gen_ends_finish(&drawer.ends);
	return status;
}

void gen_connections_finish(struct gen_connections *connections)
{
	for (uint32_t i = 0; i < GEN_CLASSES; i++)
		free(connections->pools[i].items);
}
