/*
 * Keys that aim at a cluster's edges.
 *
 * Around every block, hole and range of ports: one below, the first, the last, one above. Most
 * connections are between pods, since only there both sides can be isolated; the rest are of
 * every other kind of end.
 */
#include "generator.h"

#include <errno.h>
#include <string.h>

static int add_address(struct weir_array *array, const struct weir_address *address)
{
	struct weir_address *added = weir_array_push(array);

	if (!added)
		return -ENOMEM;
	*added = *address;
	return 0;
}

static int add_port(struct weir_array *array, uint32_t number)
{
	uint16_t *added = weir_array_push(array);

	if (!added)
		return -ENOMEM;
	*added = (uint16_t)number;
	return 0;
}

/* The address before or behind; wraps around at both ends. */
static struct weir_address neighbour(const struct weir_address *address, bool above)
{
	struct weir_address out = *address;
	uint8_t edge = above ? 0xff : 0;

	for (int i = 15; i >= 0; i--) {
		bool carries = out.bytes[i] == edge;

		out.bytes[i] = (uint8_t)(out.bytes[i] + (above ? 1 : 255));
		if (!carries)
			break;
	}
	return out;
}

static struct weir_address last_of(const struct weir_prefix *prefix)
{
	struct weir_address out = prefix->address;

	for (unsigned bit = prefix->length; bit < 128; bit++)
		out.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return out;
}

/* lo-1, lo, hi, hi+1. */
static int add_edges(struct weir_array *array, const struct weir_prefix *prefix)
{
	struct weir_address last = last_of(prefix);
	struct weir_address below = neighbour(&prefix->address, false);
	struct weir_address above = neighbour(&last, true);

	return add_address(array, &below) || add_address(array, &prefix->address) ||
			       add_address(array, &last) || add_address(array, &above)
		       ? -ENOMEM
		       : 0;
}

static int add_port_edges(struct weir_array *array, const struct k8s_port *port)
{
	if (port->kind != K8S_PORT_NUMBER)
		return 0;
	return add_port(array, port->first - 1u) || add_port(array, port->first) ||
			       add_port(array, port->last) || add_port(array, port->last + 1u)
		       ? -ENOMEM
		       : 0;
}

static int add_rule(struct key_maker *maker, const struct k8s_rule *rule)
{
	int status = 0;

	for (uint32_t i = 0; i < rule->peer_count && !status; i++) {
		const struct k8s_block *block = &rule->peers[i].block;

		if (rule->peers[i].kind != K8S_PEER_BLOCK)
			continue;
		status = add_edges(&maker->edges, &block->prefix);
		for (uint32_t j = 0; j < block->except_count && !status; j++)
			status = add_edges(&maker->edges, &block->except[j]);
	}
	for (uint32_t i = 0; i < rule->port_count && !status; i++)
		status = add_port_edges(&maker->ports, &rule->ports[i]);
	return status;
}

static int add_policies(struct key_maker *maker, const struct weir_cluster *cluster)
{
	const struct k8s_network_policy *policies = cluster->network_policies.items;
	int status = 0;

	for (size_t i = 0; i < cluster->network_policies.count; i++) {
		for (uint32_t j = 0; j < policies[i].ingress_count && !status; j++)
			status = add_rule(maker, &policies[i].ingress[j]);
		for (uint32_t j = 0; j < policies[i].egress_count && !status; j++)
			status = add_rule(maker, &policies[i].egress[j]);
	}
	return status;
}

static int add_pods(struct key_maker *maker, const struct weir_cluster *cluster)
{
	const struct k8s_pod *pods = cluster->pods.items;
	int status = 0;

	for (size_t i = 0; i < cluster->pods.count; i++) {
		for (uint32_t j = 0; j < pods[i].address_count && !status; j++)
			status = add_address(&maker->pods, &pods[i].addresses[j]);
		for (uint32_t j = 0; j < pods[i].port_count && !status; j++)
			status = add_port(&maker->ports, pods[i].ports[j].number);
	}
	return status;
}

static int add_nodes(struct key_maker *maker, const struct weir_cluster *cluster)
{
	const struct k8s_node *nodes = cluster->nodes.items;
	int status = 0;

	for (size_t i = 0; i < cluster->nodes.count; i++) {
		for (uint32_t j = 0; j < nodes[i].address_count && !status; j++)
			status = add_address(&maker->nodes, &nodes[i].addresses[j]);
	}
	return status;
}

/* Addresses of the ranges that end in any byte: few of them are somebody's. */
static int add_strangers(struct key_maker *maker, const struct weir_cluster *cluster,
			 struct dice *dice)
{
	int status = 0;

	for (uint32_t i = 0; i < cluster->pod_range_count && !status; i++) {
		struct weir_address address = cluster->pod_ranges[i].address;

		for (int j = 0; j < 4 && !status; j++) {
			address.bytes[15] = (uint8_t)dice_below(dice, 256);
			status = add_address(&maker->strangers, &address);
		}
		if (!status)
			status = add_edges(&maker->edges, &cluster->pod_ranges[i]);
	}
	return status;
}

/* What every cluster is asked about. */
static int add_constants(struct key_maker *maker)
{
	static const char *const texts[] = { "203.0.113.77",    "2001:db8::77", "0.0.0.0",
					     "255.255.255.255", "::",           "198.51.100.1" };
	struct weir_address address;
	int status = add_port(&maker->ports, 0);

	if (!status)
		status = add_port(&maker->ports, 65535);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && !status; i++) {
		status = weir_address_parse(texts[i], strlen(texts[i]), &address);
		if (!status)
			status = add_address(&maker->edges, &address);
	}
	return status;
}

int key_maker_init(struct key_maker *maker, const struct weir_cluster *cluster, struct dice *dice)
{
	maker->pods = weir_array_of(NULL, struct weir_address);
	maker->nodes = weir_array_of(NULL, struct weir_address);
	maker->edges = weir_array_of(NULL, struct weir_address);
	maker->strangers = weir_array_of(NULL, struct weir_address);
	maker->ports = weir_array_of(NULL, uint16_t);
	return add_constants(maker) || add_pods(maker, cluster) || add_nodes(maker, cluster) ||
			       add_policies(maker, cluster) || add_strangers(maker, cluster, dice)
		       ? -ENOMEM
		       : 0;
}

void key_maker_finish(struct key_maker *maker)
{
	weir_array_finish(&maker->pods);
	weir_array_finish(&maker->nodes);
	weir_array_finish(&maker->edges);
	weir_array_finish(&maker->strangers);
	weir_array_finish(&maker->ports);
}

static const struct weir_address *any_of(const struct weir_array *array, struct dice *dice)
{
	const struct weir_address *addresses = array->items;

	return array->count ? &addresses[dice_below(dice, (uint32_t)array->count)] : NULL;
}

static struct weir_address any_end(const struct key_maker *maker, struct dice *dice)
{
	const struct weir_array *const kinds[] = { &maker->pods, &maker->nodes, &maker->edges,
						   &maker->edges, &maker->strangers };
	const struct weir_address *end = any_of(kinds[dice_below(dice, 5)], dice);

	return end ? *end : *any_of(&maker->edges, dice);
}

static struct weir_address any_pod(const struct key_maker *maker, struct dice *dice)
{
	const struct weir_address *pod = any_of(&maker->pods, dice);

	return pod ? *pod : any_end(maker, dice);
}

/* Real connections are of one family; a few are not, and have an answer all the same. */
static struct weir_address
of_same_family(const struct key_maker *maker, struct dice *dice, const struct weir_address *other,
	       struct weir_address (*any)(const struct key_maker *, struct dice *))
{
	struct weir_address address = any(maker, dice);

	for (int i = 0; i < 8 && !dice_percent(dice, 2); i++) {
		if (weir_address_is_ipv4(&address) == weir_address_is_ipv4(other))
			break;
		address = any(maker, dice);
	}
	return address;
}

static void choose_ends(const struct key_maker *maker, struct dice *dice, struct weir_key *key)
{
	uint32_t kind = dice_below(dice, 100);

	key->source = kind < 84 || kind >= 91 ? any_pod(maker, dice) : any_end(maker, dice);
	if (kind >= 99)
		key->destination = key->source;
	else
		key->destination =
			of_same_family(maker, dice, &key->source, kind < 91 ? any_pod : any_end);
}

static void choose_protocol(const struct key_maker *maker, struct dice *dice, struct weir_key *key)
{
	static const uint8_t others[] = {
		WEIR_PROTOCOL_ICMP, WEIR_PROTOCOL_ICMPV6, WEIR_PROTOCOL_ICMPV6, 47, 50, 0, 255
	};
	uint32_t kind = dice_below(dice, 100);

	if (kind >= 94) {
		key->protocol = others[dice_below(dice, sizeof(others))];
		if (key->protocol == WEIR_PROTOCOL_ICMP || key->protocol == WEIR_PROTOCOL_ICMPV6)
			key->icmp_type = (uint8_t)(130 + dice_below(dice, 10));
		return;
	}
	key->protocol = kind < 64   ? WEIR_PROTOCOL_TCP
			: kind < 79 ? WEIR_PROTOCOL_UDP
				    : WEIR_PROTOCOL_SCTP;
	key->source_port = (uint16_t)dice_throw(dice);
	key->destination_port =
		((const uint16_t *)
			 maker->ports.items)[dice_below(dice, (uint32_t)maker->ports.count)];
}

void key_maker_next(const struct key_maker *maker, struct dice *dice, struct weir_key *key)
{
	uint32_t halves = dice_below(dice, 100);

	memset(key, 0, sizeof(*key));
	choose_ends(maker, dice, key);
	choose_protocol(maker, dice, key);
	key->flags = halves < 93   ? WEIR_KEY_BOTH
		     : halves < 96 ? WEIR_KEY_EGRESS
		     : halves < 99 ? WEIR_KEY_INGRESS
				   : 0;
	if (dice_percent(dice, 20))
		key->flags |= WEIR_KEY_UNKNOWN_EXTERNAL;
}
