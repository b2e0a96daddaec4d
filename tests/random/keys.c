#include "keys.h"

#include <errno.h>
#include <string.h>

enum { AIMS = 12 }; /* tries to find two ends that policies isolate */

static int push_address(struct weir_array *array, const struct weir_address *address)
{
	struct weir_address *place = weir_array_push(array);

	if (!place)
		return -ENOMEM;
	*place = *address;
	return 0;
}

static int push_addresses(struct weir_array *array, const struct weir_address *addresses,
			  uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (push_address(array, &addresses[i]))
			return -ENOMEM;
	}
	return 0;
}

static int push_port(struct keys *keys, uint32_t number)
{
	uint16_t *place = weir_array_push(&keys->ports);

	if (!place)
		return -ENOMEM;
	*place = (uint16_t)number;
	return 0;
}

static int push_port_edges(struct keys *keys, uint32_t first, uint32_t last)
{
	if (push_port(keys, first ? first - 1 : first) || push_port(keys, first) ||
	    push_port(keys, last) || push_port(keys, last < UINT16_MAX ? last + 1 : last))
		return -ENOMEM;
	return 0;
}

/* The neighbour on either side; step is 1 or -1. Addresses wrap around. */
static struct weir_address neighbour(struct weir_address address, int step)
{
	for (int i = 15; i >= 0; i--) {
		address.bytes[i] = (uint8_t)(address.bytes[i] + step);
		if (address.bytes[i] != (step > 0 ? 0 : 0xff))
			break;
	}
	return address;
}

static struct weir_address last_of(const struct weir_prefix *prefix)
{
	struct weir_address address = prefix->address;

	for (unsigned bit = prefix->length; bit < 128; bit++)
		address.bytes[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
	return address;
}

static int push_edges(struct keys *keys, const struct weir_prefix *prefix)
{
	struct weir_address last = last_of(prefix);
	struct weir_address before = neighbour(prefix->address, -1);
	struct weir_address behind = neighbour(last, 1);

	if (push_address(&keys->edges, &before) || push_address(&keys->edges, &prefix->address) ||
	    push_address(&keys->edges, &last) || push_address(&keys->edges, &behind))
		return -ENOMEM;
	return 0;
}

static int push_block(struct keys *keys, const struct k8s_block *block)
{
	int status = push_edges(keys, &block->prefix);

	for (uint32_t i = 0; !status && i < block->except_count; i++)
		status = push_edges(keys, &block->except[i]);
	return status;
}

static int push_rules(struct keys *keys, const struct k8s_rule *rules, uint32_t count)
{
	int status = 0;

	for (uint32_t i = 0; !status && i < count; i++) {
		for (uint32_t j = 0; !status && j < rules[i].peer_count; j++) {
			if (rules[i].peers[j].kind == K8S_PEER_BLOCK)
				status = push_block(keys, &rules[i].peers[j].block);
		}
		for (uint32_t j = 0; !status && j < rules[i].port_count; j++) {
			const struct k8s_port *port = &rules[i].ports[j];

			if (port->kind == K8S_PORT_NUMBER)
				status = push_port_edges(keys, port->first, port->last);
		}
	}
	return status;
}

static int push_policies(struct keys *keys)
{
	const struct k8s_network_policy *policies = keys->cluster->network_policies.items;
	int status = 0;

	for (size_t i = 0; !status && i < keys->cluster->network_policies.count; i++) {
		status = push_rules(keys, policies[i].ingress, policies[i].ingress_count);
		if (!status)
			status = push_rules(keys, policies[i].egress, policies[i].egress_count);
	}
	return status;
}

static int push_cluster_rules(struct keys *keys, const struct k8s_cluster_rule *rules,
			      uint32_t count)
{
	int status = 0;

	for (uint32_t i = 0; !status && i < count; i++) {
		for (uint32_t j = 0; !status && j < rules[i].peer_count; j++) {
			const struct k8s_cluster_peer *peer = &rules[i].peers[j];

			for (uint32_t k = 0; !status && k < peer->network_count; k++)
				status = push_edges(keys, &peer->networks[k]);
		}
		for (uint32_t j = 0; !status && j < rules[i].port_count; j++) {
			const struct k8s_port *port = &rules[i].ports[j];

			if (port->kind == K8S_PORT_NUMBER)
				status = push_port_edges(keys, port->first, port->last);
		}
	}
	return status;
}

static int push_cluster_policies(struct keys *keys)
{
	const struct k8s_cluster_policy *policies = keys->cluster->cluster_policies.items;
	int status = 0;

	for (size_t i = 0; !status && i < keys->cluster->cluster_policies.count; i++) {
		status = push_cluster_rules(keys, policies[i].ingress, policies[i].ingress_count);
		if (!status)
			status = push_cluster_rules(keys, policies[i].egress,
						    policies[i].egress_count);
	}
	return status;
}

static int push_pods(struct keys *keys)
{
	const struct k8s_pod *pods = keys->cluster->pods.items;
	int status = 0;

	for (size_t i = 0; !status && i < keys->cluster->pods.count; i++) {
		status = push_addresses(pods[i].host_network ? &keys->others : &keys->pods,
					pods[i].addresses, pods[i].address_count);
		for (uint32_t j = 0; !status && j < pods[i].port_count; j++)
			status = push_port_edges(keys, pods[i].ports[j].number,
						 pods[i].ports[j].number);
		if (!status)
			status = push_addresses(&keys->others, pods[i].host_addresses,
						pods[i].host_address_count);
	}
	return status;
}

static int push_others(struct keys *keys)
{
	static const char *const nobodys[] = { "198.51.100.7", "8.8.8.8",     "0.0.0.0",
					       "10.0.0.250",   "2001:db8::7", "fd00:0:0:1::250",
					       "fe80::1",      "ff02::1",     "255.255.255.255" };
	const struct k8s_node *nodes = keys->cluster->nodes.items;
	const struct k8s_service *services = keys->cluster->services.items;
	int status = 0;

	for (size_t i = 0; !status && i < keys->cluster->nodes.count; i++)
		status = push_addresses(&keys->others, nodes[i].addresses, nodes[i].address_count);
	for (size_t i = 0; !status && i < keys->cluster->services.count; i++)
		status = push_addresses(&keys->others, services[i].addresses,
					services[i].address_count);
	for (uint32_t i = 0; !status && i < keys->cluster->pod_range_count; i++)
		status = push_edges(keys, &keys->cluster->pod_ranges[i]);
	for (size_t i = 0; !status && i < sizeof(nobodys) / sizeof(nobodys[0]); i++) {
		struct weir_address address;

		weir_address_parse(nobodys[i], strlen(nobodys[i]), &address);
		status = push_address(&keys->others, &address);
	}
	return status;
}

int keys_init(struct keys *keys, const struct weir_cluster *cluster, uint64_t seed)
{
	*keys = (struct keys){ .cluster = cluster, .dice = { seed } };
	keys->pods = weir_array_of(NULL, struct weir_address);
	keys->others = weir_array_of(NULL, struct weir_address);
	keys->edges = weir_array_of(NULL, struct weir_address);
	keys->ports = weir_array_of(NULL, uint16_t);
	if (push_port_edges(keys, 0, UINT16_MAX) || push_policies(keys) ||
	    push_cluster_policies(keys) || push_pods(keys) || push_others(keys)) {
		keys_finish(keys);
		return -ENOMEM;
	}
	return 0;
}

void keys_finish(struct keys *keys)
{
	weir_array_finish(&keys->pods);
	weir_array_finish(&keys->others);
	weir_array_finish(&keys->edges);
	weir_array_finish(&keys->ports);
}

static struct weir_address pick_address(struct keys *keys, const struct weir_array *array)
{
	const struct weir_address *addresses = array->items;

	return addresses[dice_below(&keys->dice, (uint32_t)array->count)];
}

static struct weir_address any_address(struct keys *keys)
{
	switch (dice_below(&keys->dice, 8)) {
	case 0:
	case 1:
		return pick_address(keys, &keys->others);
	case 2:
	case 3:
		if (keys->edges.count)
			return pick_address(keys, &keys->edges);
		break;
	}
	return pick_address(keys, keys->pods.count ? &keys->pods : &keys->others);
}

static const struct k8s_pod *pod_at(const struct keys *keys, const struct weir_address *address)
{
	const struct k8s_pod *pods = keys->cluster->pods.items;

	for (size_t i = 0; i < keys->cluster->pods.count; i++) {
		if (pods[i].phase == K8S_FINISHED || pods[i].host_network)
			continue;
		for (uint32_t j = 0; j < pods[i].address_count; j++) {
			if (weir_address_equal(&pods[i].addresses[j], address))
				return &pods[i];
		}
	}
	return NULL;
}

static bool is_isolated(const struct keys *keys, const struct weir_address *address,
			enum weir_direction direction)
{
	const struct k8s_network_policy *policies = keys->cluster->network_policies.items;
	const struct k8s_pod *pod = pod_at(keys, address);

	for (size_t i = 0; pod && i < keys->cluster->network_policies.count; i++) {
		const struct k8s_network_policy *policy = &policies[i];

		if ((direction == WEIR_INGRESS ? policy->isolates_ingress
					       : policy->isolates_egress) &&
		    policy->meta.namespace_name == pod->meta.namespace_name &&
		    k8s_selector_matches(&policy->pod_selector, &pod->meta.labels))
			return true;
	}
	return false;
}

/* Pods that policies isolate, each in its direction, where they are found soon. */
static void aim(struct keys *keys, struct weir_key *key)
{
	for (unsigned i = 0; i < AIMS && !is_isolated(keys, &key->source, WEIR_EGRESS); i++)
		key->source = pick_address(keys, &keys->pods);
	for (unsigned i = 0; i < AIMS && !is_isolated(keys, &key->destination, WEIR_INGRESS); i++)
		key->destination = pick_address(keys, &keys->pods);
}

static bool has_ports(const struct weir_key *key)
{
	return key->protocol == WEIR_PROTOCOL_TCP || key->protocol == WEIR_PROTOCOL_UDP ||
	       key->protocol == WEIR_PROTOCOL_SCTP;
}

/* Of one address, or of the port. */
static void set_edge(struct keys *keys, struct weir_key *key)
{
	const uint16_t *ports = keys->ports.items;

	if (has_ports(key) && !dice_one_in(&keys->dice, 3))
		key->destination_port = ports[dice_below(&keys->dice, (uint32_t)keys->ports.count)];
	else if (keys->edges.count && dice_one_in(&keys->dice, 2))
		key->source = pick_address(keys, &keys->edges);
	else if (keys->edges.count)
		key->destination = pick_address(keys, &keys->edges);
}

static uint8_t any_protocol(struct keys *keys)
{
	static const uint8_t common[] = { WEIR_PROTOCOL_TCP, WEIR_PROTOCOL_TCP, WEIR_PROTOCOL_UDP,
					  WEIR_PROTOCOL_SCTP };
	static const uint8_t odd[] = {
		WEIR_PROTOCOL_ICMP, WEIR_PROTOCOL_ICMPV6, WEIR_PROTOCOL_ICMPV6, 0, 47, 255
	};

	return dice_one_in(&keys->dice, 8) ? DICE_PICK(&keys->dice, odd)
					   : DICE_PICK(&keys->dice, common);
}

static uint8_t any_flags(struct keys *keys)
{
	static const uint8_t sides[] = { WEIR_KEY_EGRESS, WEIR_KEY_INGRESS, WEIR_KEY_EGRESS,
					 WEIR_KEY_INGRESS, 0 };
	uint8_t flags = dice_one_in(&keys->dice, 6) ? DICE_PICK(&keys->dice, sides) : WEIR_KEY_BOTH;

	return dice_one_in(&keys->dice, 4) ? flags | WEIR_KEY_UNKNOWN_EXTERNAL : flags;
}

static void set_transport(struct keys *keys, struct weir_key *key)
{
	static const uint16_t common[] = { 80, 80, 53, 443, 8080, 0, 40000 };

	key->protocol = any_protocol(keys);
	switch (key->protocol) {
	case WEIR_PROTOCOL_ICMP:
		key->icmp_type = dice_one_in(&keys->dice, 2) ? 8 : 133;
		break;
	case WEIR_PROTOCOL_ICMPV6: /* 133 to 137 are neighbour discovery */
		key->icmp_type = (uint8_t)dice_between(&keys->dice, 131, 139);
		break;
	case WEIR_PROTOCOL_TCP:
	case WEIR_PROTOCOL_UDP:
	case WEIR_PROTOCOL_SCTP:
		key->source_port = (uint16_t)dice_between(&keys->dice, 0, UINT16_MAX);
		key->destination_port = DICE_PICK(&keys->dice, common);
		break;
	}
	key->icmp_code = (uint8_t)dice_below(&keys->dice, 2);
}

struct weir_key keys_next(struct keys *keys)
{
	struct weir_key key = { .source = any_address(keys), .destination = any_address(keys) };

	set_transport(keys, &key);
	key.zone = dice_below(&keys->dice, 3);
	key.flags = any_flags(keys);
	if (keys->pods.count && !dice_one_in(&keys->dice, 4))
		aim(keys, &key);
	if (keys->cluster->cluster_policies.count && dice_one_in(&keys->dice, 6))
		key.destination = pick_address(keys, &keys->others);
	if (dice_one_in(&keys->dice, 2))
		set_edge(keys, &key);
	if (dice_one_in(&keys->dice, 40)) {
		key.destination = key.source;
		if (dice_one_in(&keys->dice, 2))
			key.flags |= WEIR_KEY_HAIRPIN;
	}
	return key;
}
