/*
 * rules.c - by plain loops: for each pod and direction a chain, with a line for each policy that
 * selects it, rule, peer and port. A chain returns at the first line that allows, and sets the
 * packet's mark at its end: denied.
 *
 * TCP in mid-stream may have been opened by whom the packet goes to. For that there are the same
 * chains once more, with source and destination exchanged.
 */
#include "rules.h"

const char *const rules_marker[2] = { [LEFT] = "198.18.0.1", [RIGHT] = "198.19.0.1" };

static const char *const families[2] = { "ip", "ip6" };
static const char *const protocols[] = { [6] = "tcp", [17] = "udp", [132] = "sctp" };

/* The mark of a connection that passes because its other end may have opened it. */
enum { TAKEN_UP = 1 };

/* The chains of one orientation. */
struct chains {
	const struct cluster *cluster;
	const char *prefix;
	bool is_reversed;
	FILE *out;
};

/* "saddr" or "daddr": of the end that is the source, or the destination, of the connection. */
static const char *field(const struct chains *chains, bool is_source)
{
	return is_source != chains->is_reversed ? "saddr" : "daddr";
}

static const char *port_field(const struct chains *chains)
{
	return chains->is_reversed ? "sport" : "dport";
}

static void write_port(const struct chains *chains, const struct port *port)
{
	if (!port)
		return;
	if (!port->first)
		fprintf(chains->out, " meta l4proto %s", protocols[port->protocol]);
	else
		fprintf(chains->out, " %s %s %u-%u", protocols[port->protocol], port_field(chains),
			port->first, port->last);
}

static void write_block(const struct chains *chains, const struct block *block, const char *side)
{
	const char *family = families[block->is_ipv6];

	fprintf(chains->out, " %s %s %s", family, side, block->cidr);
	for (unsigned i = 0; i < EXCEPTS && block->excepts[i]; i++)
		fprintf(chains->out, " %s %s != %s", family, side, block->excepts[i]);
}

/* A line for each family; none when nobody is a peer. */
static void write_pods(const struct chains *chains, const struct policy *policy,
		       const struct peer *peer, const char *side, const struct port *port)
{
	for (unsigned family = 0; family < 2; family++) {
		for (unsigned i = 0; i < PODS; i++) {
			const struct party *pod = &chains->cluster->parties[i];

			if (!cluster_is_peer(policy, peer, pod))
				continue;
			fprintf(chains->out, "\t\t%s %s %s", families[family], side,
				pod->address[family]);
			write_port(chains, port);
			fputs(" return\n", chains->out);
		}
	}
}

/* The lines of one peer (NULL: everyone) and one port with a number (NULL: every port). */
static void write_lines(const struct chains *chains, const struct policy *policy,
			const struct peer *peer, const struct port *port, enum direction direction)
{
	const char *side = field(chains, direction == INGRESS);

	if (peer && peer->kind != PEER_BLOCK) {
		write_pods(chains, policy, peer, side, port);
		return;
	}
	fputs("\t\t", chains->out);
	if (peer)
		write_block(chains, peer->block, side);
	write_port(chains, port);
	fputs(" return\n", chains->out);
}

/* The number that a pod gives to the port's name; 0: none. */
static uint16_t number_of(const struct port *port, const struct party *pod)
{
	return port->protocol == 6 ? pod->web : pod->dns;
}

/* A port by name is the destination's: of the chain's pod, or one after the other of all pods. */
static void write_named(const struct chains *chains, const struct policy *policy,
			const struct peer *peer, const struct port *port, const struct party *pod,
			enum direction direction)
{
	struct port numbered = { .protocol = port->protocol };

	if (direction == INGRESS) {
		numbered.first = numbered.last = number_of(port, pod);
		if (numbered.first)
			write_lines(chains, policy, peer, &numbered, direction);
		return;
	}
	for (unsigned i = 0; i < 2 * PODS; i++) {
		const struct party *to = &chains->cluster->parties[i / 2];
		unsigned family = i % 2;
		bool is_block = peer && peer->kind == PEER_BLOCK;

		numbered.first = numbered.last = number_of(port, to);
		if (!numbered.first || (is_block && peer->block->is_ipv6 != family) ||
		    (peer && !is_block && !cluster_is_peer(policy, peer, to)))
			continue;
		fprintf(chains->out, "\t\t%s %s %s", families[family], field(chains, false),
			to->address[family]);
		if (is_block)
			write_block(chains, peer->block, field(chains, false));
		write_port(chains, &numbered);
		fputs(" return\n", chains->out);
	}
}

static void write_rule(const struct chains *chains, const struct policy *policy,
		       const struct rule *rule, const struct party *pod, enum direction direction)
{
	for (unsigned i = 0; i < (rule->peer_count ? rule->peer_count : 1); i++) {
		const struct peer *peer = rule->peer_count ? &rule->peers[i] : NULL;

		for (unsigned j = 0; j < (rule->port_count ? rule->port_count : 1); j++) {
			const struct port *port = rule->port_count ? &rule->ports[j] : NULL;

			if (port && port->name)
				write_named(chains, policy, peer, port, pod, direction);
			else
				write_lines(chains, policy, peer, port, direction);
		}
	}
}

static bool is_isolated(const struct cluster *cluster, const struct party *pod,
			enum direction direction)
{
	for (unsigned i = 0; i < POLICIES; i++) {
		if (cluster->policies[i].isolates[direction] &&
		    cluster_selects(&cluster->policies[i], pod))
			return true;
	}
	return false;
}

static void write_chain(const struct chains *chains, unsigned number, enum direction direction)
{
	const struct party *pod = &chains->cluster->parties[number];
	const struct party *node = &chains->cluster->parties[pod->node];

	fprintf(chains->out, "\tchain %s%s%u {\n", chains->prefix,
		direction == INGRESS ? "ingress" : "egress", number);
	for (unsigned family = 0; family < 2; family++)
		fprintf(chains->out, "\t\t%s %s %s return\n", families[family],
			field(chains, direction == INGRESS), node->address[family]);
	fputs("\t\tmeta l4proto icmpv6 icmpv6 type 133-137 return\n", chains->out);
	for (unsigned i = 0; i < POLICIES; i++) {
		const struct policy *policy = &chains->cluster->policies[i];

		if (!policy->isolates[direction] || !cluster_selects(policy, pod))
			continue;
		for (unsigned r = 0; r < policy->rule_count[direction]; r++)
			write_rule(chains, policy, &policy->rules[direction][r], pod, direction);
	}
	fputs("\t\tmeta mark set 1\n\t}\n", chains->out);
}

/* Sends those that have a chain there. An empty map is no map: one element leads nowhere. */
static void write_map(const struct chains *chains, unsigned family, enum direction direction)
{
	static const char *const nobody[2] = { "192.0.2.255", "2001:db8:ffff::1" };

	fprintf(chains->out, "\t\t%s %s vmap { %s : continue", families[family],
		field(chains, direction == EGRESS), nobody[family]);
	for (unsigned i = 0; i < PODS; i++) {
		if (is_isolated(chains->cluster, &chains->cluster->parties[i], direction))
			fprintf(chains->out, ", %s : jump %s%s%u",
				chains->cluster->parties[i].address[family], chains->prefix,
				direction == INGRESS ? "ingress" : "egress", i);
	}
	fputs(" }\n", chains->out);
}

static void write_chains(const struct chains *chains)
{
	for (unsigned d = 0; d < 2; d++) {
		for (unsigned i = 0; i < PODS; i++) {
			if (is_isolated(chains->cluster, &chains->cluster->parties[i],
					(enum direction)d))
				write_chain(chains, i, (enum direction)d);
		}
	}
	fprintf(chains->out, "\tchain %sboth {\n\t\tmeta mark set 0\n", chains->prefix);
	for (unsigned i = 0; i < 4; i++)
		write_map(chains, i / 2, (enum direction)(i % 2));
	fputs("\t}\n", chains->out);
}

static void write_exits(FILE *out)
{
	for (unsigned fate = FATE_NEW; fate < FATES; fate++)
		fprintf(out,
			"\tchain exit%u {\n"
			"\t\tmeta nfproto ipv4 ip dscp set %u accept\n"
			"\t\tmeta nfproto ipv6 ip6 dscp set %u accept\n\t}\n",
			fate, fate * 8, fate * 8);
}

static void write_forward(enum manner manner, FILE *out)
{
	fprintf(out,
		"\tchain forward {\n\t\ttype filter hook forward priority 0; policy drop;\n"
		"\t\tip daddr { %s, %s } accept\n"
		"\t\tct state established goto exit%d\n"
		"\t\tct state related goto exit%d\n"
		"\t\tct state invalid goto exit%d\n"
		"\t\tct mark %d goto exit%d\n"
		"\t\tjump both\n"
		"\t\tmeta mark 0 ct state untracked goto exit%d\n"
		"\t\tmeta mark 0 goto exit%d\n",
		rules_marker[LEFT], rules_marker[RIGHT], FATE_ESTABLISHED, FATE_RELATED,
		FATE_INVALID, TAKEN_UP, FATE_TAKEN_UP, FATE_UNTRACKED, FATE_NEW);
	if (manner == MANNER_LENIENT)
		fprintf(out,
			"\t\tmeta l4proto != tcp drop\n"
			"\t\ttcp flags & (fin|syn|rst) != 0 drop\n"
			"\t\tjump reversed-both\n"
			"\t\tmeta mark 0 ct mark set %d goto exit%d\n",
			TAKEN_UP, FATE_TAKEN_UP);
	fputs("\t}\n", out);
}

void rules_write(const struct cluster *cluster, enum manner manner, FILE *out)
{
	const struct chains straight = { cluster, "", false, out };
	const struct chains reversed = { cluster, "reversed-", true, out };

	fprintf(out,
		"table inet policies {\n"
		"\tchain untracked {\n\t\ttype filter hook prerouting priority raw;\n"
		"\t\tip daddr { %s, %s } notrack\n\t}\n",
		rules_marker[LEFT], rules_marker[RIGHT]);
	write_exits(out);
	write_chains(&straight);
	if (manner == MANNER_LENIENT)
		write_chains(&reversed);
	write_forward(manner, out);
	fputs("}\n", out);
}
