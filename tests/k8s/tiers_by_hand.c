#include "test.h"

#include "tiers_by_hand.h"

#include <stdio.h>
#include <string.h>

enum {
	PEERS_MOST = 4,
	PORTS_MOST = 4,
};

static const char *selector_text(const char *word)
{
	return word && strcmp(word, "*") == 0 ? "" : word;
}

static void read_networks(struct by_hand *hand, char **at, struct k8s_cluster_peer *peer)
{
	struct weir_prefix *networks =
		weir_arena_array(&hand->cluster.arena, 4, struct weir_prefix);

	assert_non_null(networks);
	for (char *word; (word = strtok_r(NULL, " ", at));)
		networks[peer->network_count++] = by_hand_prefix(word);
	peer->networks = networks;
}

static struct k8s_cluster_peer read_peer(struct by_hand *hand, char *text)
{
	struct k8s_cluster_peer peer = { 0 };
	char *at;
	const char *kind = strtok_r(text, " ", &at);

	if (strcmp(kind, "pods") == 0) {
		const char *namespaces = strtok_r(NULL, " ", &at);
		const char *pods = strtok_r(NULL, " ", &at);

		peer.kind = K8S_CLUSTER_PEER_PODS;
		peer.scope = by_hand_scope(hand, selector_text(namespaces), selector_text(pods));
	} else if (strcmp(kind, "networks") == 0) {
		peer.kind = K8S_CLUSTER_PEER_NETWORKS;
		read_networks(hand, &at, &peer);
	} else if (strcmp(kind, "nodes") == 0) {
		peer.kind = K8S_CLUSTER_PEER_NODES;
		peer.nodes = by_hand_selector(hand, selector_text(strtok_r(NULL, " ", &at)));
	} else {
		peer.kind = K8S_CLUSTER_PEER_DOMAINS;
	}
	return peer;
}

static struct k8s_port read_port(struct by_hand *hand, const char *word)
{
	struct k8s_port port = { .protocol = WEIR_PROTOCOL_TCP };
	unsigned first, last;

	if (strncmp(word, "udp", 3) == 0)
		port.protocol = WEIR_PROTOCOL_UDP;
	if (strcmp(word, "tcp") == 0 || strcmp(word, "udp") == 0) {
		port.kind = K8S_PORT_ANY;
	} else if (sscanf(word + 3, ":%u-%u", &first, &last) == 2) {
		port.kind = K8S_PORT_NUMBER;
		port.first = (uint16_t)first;
		port.last = (uint16_t)last;
	} else {
		port = (struct k8s_port){ .kind = K8S_PORT_NAME, .name = by_hand_text(hand, word) };
	}
	return port;
}

static struct k8s_cluster_rule read_rule(struct by_hand *hand, const char *text)
{
	static const char *const actions[] = { "Accept", "Deny", "Pass" };
	struct weir_arena *arena = &hand->cluster.arena;
	struct k8s_cluster_peer *peers =
		weir_arena_array(arena, PEERS_MOST, struct k8s_cluster_peer);
	struct k8s_port *ports = weir_arena_array(arena, PORTS_MOST, struct k8s_port);
	struct k8s_cluster_rule rule = { .peers = peers, .ports = ports };
	char copy[256], *at, *inner;
	char *ports_text;

	assert_true(peers && ports);
	snprintf(copy, sizeof(copy), "%s", strchr(text, ' ') + 1);
	for (uint8_t i = 0; i < 3; i++) {
		if (strncmp(text, actions[i], strlen(actions[i])) == 0) {
			rule.action = actions[i];
			rule.meaning = i;
		}
	}
	ports_text = strchr(copy, ';');
	if (ports_text)
		*ports_text++ = '\0';
	for (char *peer = strtok_r(copy, "&", &at); peer; peer = strtok_r(NULL, "&", &at))
		peers[rule.peer_count++] = read_peer(hand, peer);
	for (char *word = ports_text ? strtok_r(ports_text, " ", &inner) : NULL; word;
	     word = strtok_r(NULL, " ", &inner))
		ports[rule.port_count++] = read_port(hand, word);
	return rule;
}

static const struct k8s_cluster_rule *read_rules(struct by_hand *hand, const char *const *texts,
						 uint32_t *count)
{
	struct k8s_cluster_rule *rules =
		weir_arena_array(&hand->cluster.arena, TIERS_RULES_MOST, struct k8s_cluster_rule);

	assert_non_null(rules);
	while (*count < TIERS_RULES_MOST && texts[*count]) {
		rules[*count] = read_rule(hand, texts[*count]);
		++*count;
	}
	return rules;
}

void tiers_by_hand_add(struct by_hand *hand, const struct tiers_written *written)
{
	struct k8s_cluster_policy *policy =
		by_hand_cluster_policy(hand, "ClusterNetworkPolicy", written->name,
				       selector_text(written->namespaces), written->pods);

	policy->tier = (uint8_t)written->tier;
	policy->priority = written->priority;
	policy->egress = read_rules(hand, written->egress, &policy->egress_count);
	policy->ingress = read_rules(hand, written->ingress, &policy->ingress_count);
}
