#include "cluster.h"

#include <string.h>

static const char *const protocol_names[] = { [6] = "TCP", [17] = "UDP", [132] = "SCTP" };

/* Addresses outside lie at both sides of the edges of these. */
static const struct block blocks[] = {
	{ false, "203.0.113.0/24", { "203.0.113.128/25" } },
	{ false, "198.51.100.0/24", { "198.51.100.64/26", "198.51.100.200/32" } },
	{ false, "0.0.0.0/0", { "198.51.100.0/24", "10.2.0.0/29" } },
	{ false, "10.1.0.0/16", { "10.1.0.4/30" } },
	{ false, "172.18.0.0/16", { NULL } },
	{ true, "2001:db8:cb::/64", { "2001:db8:cb::80/121" } },
	{ true, "2001:db8:c6::/64", { "2001:db8:c6::40/122", "2001:db8:c6::c8/128" } },
	{ true, "::/0", { "2001:db8:c6::/64", "fd00:2::/125" } },
	{ true, "fd00:1::/64", { "fd00:1::4/126" } },
};

/* The last byte of addresses outside. */
static const unsigned outside[OUTSIDERS / 2] = { 1, 63, 64, 127, 128, 199, 200, 201 };

static const uint16_t numbers[] = { 80, 81, 443, 53, 8080, 5000, 5001, 5009 };

uint16_t cluster_port(struct dice *dice)
{
	return (uint16_t)(numbers[dice_roll(dice, 8)] + (dice_chance(dice, 10) ? 1 : 0));
}

/* Parties. */

static void set_addresses(struct party *party, const char *ipv4, const char *ipv6, unsigned host)
{
	snprintf(party->address[0], sizeof(party->address[0]), "%s%u", ipv4, host);
	snprintf(party->address[1], sizeof(party->address[1]), "%s%x", ipv6, host);
}

static void make_pod(struct party *pod, unsigned i, struct dice *dice)
{
	*pod = (struct party){ .kind = POD,
			       .leg = i % 2 ? RIGHT : LEFT,
			       .namespace = dice_roll(dice, NAMESPACES),
			       .app = dice_roll(dice, APPS),
			       .tier = dice_roll(dice, TIERS),
			       .node = PODS + i % 2,
			       .web = dice_chance(dice, 70) ? cluster_port(dice) : 0,
			       .dns = dice_chance(dice, 40) ? 53 : 0 };
	set_addresses(pod, i % 2 ? "10.2.0." : "10.1.0.",
		      i % 2 ? "fd00:2::" : "fd00:1::", 1 + i / 2);
}

/* A node is on the other side than its pods, so that what they say to it passes the router. */
static void make_parties(struct cluster *cluster, struct dice *dice)
{
	for (unsigned i = 0; i < PODS; i++)
		make_pod(&cluster->parties[i], i, dice);
	for (unsigned i = 0; i < NODES; i++) {
		struct party *node = &cluster->parties[PODS + i];

		*node = (struct party){ .kind = NODE, .leg = i ? LEFT : RIGHT };
		set_addresses(node, "172.18.0.", "fd00:18::", 2 + i);
	}
	for (unsigned i = 0; i < OUTSIDERS; i++) {
		struct party *party = &cluster->parties[PODS + NODES + i];

		*party = (struct party){ .kind = OUTSIDE, .leg = i % 2 ? RIGHT : LEFT };
		set_addresses(party, i % 2 ? "203.0.113." : "198.51.100.",
			      i % 2 ? "2001:db8:cb::" : "2001:db8:c6::", outside[i / 2]);
	}
}

/* Policies. */

static struct selector make_selector(struct dice *dice, unsigned values, bool has_tiers)
{
	struct selector selector = { 0 };

	if (dice_chance(dice, 75)) {
		selector.values = 1 + dice_roll(dice, (1u << values) - 2);
		selector.is_not = dice_chance(dice, 25);
	}
	if (has_tiers && dice_chance(dice, 20))
		selector.tiers = 1u << dice_roll(dice, TIERS);
	return selector;
}

static struct peer make_peer(struct dice *dice)
{
	struct peer peer = { .kind = (enum peer_kind)dice_roll(dice, 4) };

	peer.pods = make_selector(dice, APPS, true);
	peer.namespaces = make_selector(dice, NAMESPACES, false);
	peer.block = &blocks[dice_roll(dice, sizeof(blocks) / sizeof(blocks[0]))];
	return peer;
}

static struct port make_port(struct dice *dice)
{
	static const uint8_t protocols[] = { 6, 6, 6, 17, 17, 132 };
	struct port port = { .protocol = protocols[dice_roll(dice, 6)] };

	if (dice_chance(dice, 20))
		return port;
	if (port.protocol != 132 && dice_chance(dice, 25)) {
		port.name = port.protocol == 6 ? "web" : "dns";
		return port;
	}
	port.first = port.last = numbers[dice_roll(dice, 8)];
	if (dice_chance(dice, 20))
		port.last = (uint16_t)(port.first + 1 + dice_roll(dice, 9));
	return port;
}

static void make_rule(struct rule *rule, struct dice *dice)
{
	rule->peer_count = dice_chance(dice, 15) ? 0 : 1 + dice_roll(dice, PEERS);
	rule->port_count = dice_chance(dice, 40) ? 0 : 1 + dice_roll(dice, PORTS);
	for (unsigned i = 0; i < rule->peer_count; i++)
		rule->peers[i] = make_peer(dice);
	for (unsigned i = 0; i < rule->port_count; i++)
		rule->ports[i] = make_port(dice);
}

void cluster_make(struct cluster *cluster, struct dice *dice)
{
	memset(cluster, 0, sizeof(*cluster));
	make_parties(cluster, dice);
	for (unsigned i = 0; i < POLICIES; i++) {
		struct policy *policy = &cluster->policies[i];
		unsigned which = dice_roll(dice, 5);

		policy->namespace = dice_roll(dice, NAMESPACES);
		policy->subjects = make_selector(dice, APPS, true);
		policy->isolates[INGRESS] = which != 0;
		policy->isolates[EGRESS] = which < 2;
		for (unsigned d = 0; d < 2; d++) {
			policy->rule_count[d] =
				policy->isolates[d] ? dice_roll(dice, RULES + 1) : 0;
			for (unsigned r = 0; r < policy->rule_count[d]; r++)
				make_rule(&policy->rules[d][r], dice);
		}
	}
}

/* Who selects whom. */

static bool holds(const struct selector *selector, unsigned value, unsigned tier)
{
	if (selector->values && !(selector->values >> value & 1) != selector->is_not)
		return false;
	return !selector->tiers || selector->tiers >> tier & 1;
}

bool cluster_selects(const struct policy *policy, const struct party *pod)
{
	return pod->kind == POD && pod->namespace == policy->namespace &&
	       holds(&policy->subjects, pod->app, pod->tier);
}

bool cluster_is_peer(const struct policy *policy, const struct peer *peer, const struct party *pod)
{
	if (pod->kind != POD)
		return false;
	if (peer->kind == PEER_PODS && pod->namespace != policy->namespace)
		return false;
	if (peer->kind != PEER_PODS && !holds(&peer->namespaces, pod->namespace, 0))
		return false;
	return peer->kind == PEER_NAMESPACES || holds(&peer->pods, pod->app, pod->tier);
}

/* Manifests. */

static void write_pod(const struct party *pod, unsigned i, FILE *out)
{
	fprintf(out,
		"---\napiVersion: v1\nkind: Pod\n"
		"metadata: {name: pod%u, namespace: ns%u, labels: {app: v%u, tier: t%u}}\n"
		"spec:\n  nodeName: node%u\n  containers:\n  - name: main\n    image: none\n"
		"    ports: [{containerPort: 9999}",
		i, pod->namespace, pod->app, pod->tier, pod->node);
	if (pod->web)
		fprintf(out, ", {name: web, containerPort: %u}", pod->web);
	if (pod->dns)
		fprintf(out, ", {name: dns, protocol: UDP, containerPort: %u}", pod->dns);
	fprintf(out, "]\nstatus: {phase: Running, podIP: %s, podIPs: [{ip: %s}, {ip: \"%s\"}]}\n",
		pod->address[0], pod->address[0], pod->address[1]);
}

static void write_parties(const struct cluster *cluster, FILE *out)
{
	for (unsigned i = 0; i < NAMESPACES; i++)
		fprintf(out,
			"---\napiVersion: v1\nkind: Namespace\n"
			"metadata: {name: ns%u, labels: {team: v%u}}\n",
			i, i);
	for (unsigned i = 0; i < PODS + NODES; i++) {
		const struct party *party = &cluster->parties[i];

		if (party->kind == POD)
			write_pod(party, i, out);
		else
			fprintf(out,
				"---\napiVersion: v1\nkind: Node\nmetadata: {name: node%u}\n"
				"status: {addresses: [{type: InternalIP, address: %s}, "
				"{type: InternalIP, address: \"%s\"}]}\n",
				i, party->address[0], party->address[1]);
	}
}

static void write_selector(const struct selector *selector, const char *label, FILE *out)
{
	const char *before = "";

	fputs("{matchExpressions: [", out);
	if (selector->values) {
		fprintf(out, "{key: %s, operator: %s, values: [", label,
			selector->is_not ? "NotIn" : "In");
		for (unsigned i = 0; i < APPS; i++) {
			if (selector->values >> i & 1) {
				fprintf(out, "%sv%u", before, i);
				before = ", ";
			}
		}
		fputs("]}", out);
	}
	fputs("]", out);
	for (unsigned i = 0; i < TIERS; i++) {
		if (selector->tiers >> i & 1)
			fprintf(out, ", matchLabels: {tier: t%u}", i);
	}
	fputs("}", out);
}

static void write_block(const struct block *block, FILE *out)
{
	fprintf(out, "ipBlock: {cidr: \"%s\", except: [", block->cidr);
	for (unsigned i = 0; i < EXCEPTS && block->excepts[i]; i++)
		fprintf(out, "%s\"%s\"", i ? ", " : "", block->excepts[i]);
	fputs("]}", out);
}

static void write_peer(const struct peer *peer, FILE *out)
{
	fputs("{", out);
	if (peer->kind == PEER_BLOCK)
		write_block(peer->block, out);
	if (peer->kind == PEER_PODS || peer->kind == PEER_BOTH) {
		fputs("podSelector: ", out);
		write_selector(&peer->pods, "app", out);
	}
	if (peer->kind == PEER_BOTH)
		fputs(", ", out);
	if (peer->kind == PEER_NAMESPACES || peer->kind == PEER_BOTH) {
		fputs("namespaceSelector: ", out);
		write_selector(&peer->namespaces, "team", out);
	}
	fputs("}", out);
}

static void write_port(const struct port *port, FILE *out)
{
	fprintf(out, "{protocol: %s", protocol_names[port->protocol]);
	if (port->name)
		fprintf(out, ", port: %s", port->name);
	else if (port->first)
		fprintf(out, ", port: %u", port->first);
	if (port->last != port->first)
		fprintf(out, ", endPort: %u", port->last);
	fputs("}", out);
}

static void write_rule(const struct rule *rule, enum direction direction, FILE *out)
{
	fprintf(out, "  - {%s: [", direction == INGRESS ? "from" : "to");
	for (unsigned i = 0; i < rule->peer_count; i++) {
		fputs(i ? ", " : "", out);
		write_peer(&rule->peers[i], out);
	}
	fputs("], ports: [", out);
	for (unsigned i = 0; i < rule->port_count; i++) {
		fputs(i ? ", " : "", out);
		write_port(&rule->ports[i], out);
	}
	fputs("]}\n", out);
}

static void write_policy(const struct policy *policy, unsigned i, FILE *out)
{
	static const char *const types[] = { "Ingress", "Egress" };
	static const char *const fields[] = { "ingress", "egress" };

	fprintf(out,
		"---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\n"
		"metadata: {name: policy%u, namespace: ns%u}\nspec:\n  podSelector: ",
		i, policy->namespace);
	write_selector(&policy->subjects, "app", out);
	fprintf(out, "\n  policyTypes: [%s%s%s]\n", policy->isolates[INGRESS] ? types[INGRESS] : "",
		policy->isolates[INGRESS] && policy->isolates[EGRESS] ? ", " : "",
		policy->isolates[EGRESS] ? types[EGRESS] : "");
	for (unsigned d = 0; d < 2; d++) {
		if (!policy->rule_count[d])
			continue;
		fprintf(out, "  %s:\n", fields[d]);
		for (unsigned r = 0; r < policy->rule_count[d]; r++)
			write_rule(&policy->rules[d][r], (enum direction)d, out);
	}
}

void cluster_write(const struct cluster *cluster, FILE *out)
{
	write_parties(cluster, out);
	for (unsigned i = 0; i < POLICIES; i++)
		write_policy(&cluster->policies[i], i, out);
}
