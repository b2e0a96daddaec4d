#include "tiny.h"

#include <stdio.h>
#include <stdlib.h>

#include "dice.h"

enum {
	NODES = 3, /* described ones; pods name one more */
};

struct writer {
	FILE *out;
	struct dice dice;
};

static const char *const namespaces[] = { "a", "b", "c" };
static const char *const apps[] = { "web", "api", "db" };
static const char *const tiers[] = { "front", "back" };
static const char *const teams[] = { "red", "blue" };
static const uint16_t numbers[] = { 53, 80, 81, 90 };

static uint32_t below(struct writer *writer, uint32_t bound)
{
	return dice_below(&writer->dice, bound);
}

static bool one_in(struct writer *writer, uint32_t n)
{
	return dice_one_in(&writer->dice, n);
}

#define PICK(array) DICE_PICK(&writer->dice, array)

static void begin(struct writer *writer, const char *version, const char *kind)
{
	fprintf(writer->out, "---\napiVersion: %s\nkind: %s\n", version, kind);
}

static void write_address(struct writer *writer, bool six, uint32_t host)
{
	fprintf(writer->out, six ? "\"fd00::%x\"" : "10.0.0.%u", host);
}

/* Of all addresses, or of the last sixteen, some or one of them. */
struct block {
	bool six;
	uint32_t bits; /* that are free; more than four: all addresses */
	uint32_t host;
};

static struct block any_block(struct writer *writer)
{
	struct block block = { one_in(writer, 3), below(writer, 6), below(writer, 16) };

	block.host = block.bits > 4 ? 0 : block.host >> block.bits << block.bits;
	return block;
}

static void write_block(struct writer *writer, const struct block *block)
{
	if (block->bits > 4)
		fprintf(writer->out, block->six ? "\"::/0\"" : "0.0.0.0/0");
	else
		fprintf(writer->out, block->six ? "\"fd00::%x/%u\"" : "10.0.0.%u/%u", block->host,
			(block->six ? 128 : 32) - block->bits);
}

static void write_list_of_holes(struct writer *writer, const struct block *block)
{
	uint32_t count = block->bits ? below(writer, 4) : 0;

	fputs(count ? ", except: [" : "", writer->out);
	for (uint32_t i = 0; i < count; i++) {
		struct block hole = { block->six, below(writer, block->bits), below(writer, 16) };

		if (block->bits <= 4)
			hole.host = block->host | (hole.host & ((1u << block->bits) - 1));
		hole.host = hole.host >> hole.bits << hole.bits;
		fputs(i ? ", " : "", writer->out);
		write_block(writer, &hole);
	}
	fputs(count ? "]" : "", writer->out);
}

/* Selectors. */

static void write_pod_selector(struct writer *writer)
{
	switch (below(writer, 6)) {
	case 0:
	case 1:
		fputs("{}", writer->out);
		break;
	case 2:
		fprintf(writer->out,
			"{matchExpressions: [{key: app, operator: NotIn, values: [%s]}]}",
			PICK(apps));
		break;
	case 3:
		fprintf(writer->out, "{matchExpressions: [{key: tier, operator: %s}]}",
			one_in(writer, 2) ? "Exists" : "DoesNotExist");
		break;
	default:
		fprintf(writer->out, "{matchLabels: {app: %s}}", PICK(apps));
	}
}

static void write_namespace_selector(struct writer *writer)
{
	switch (below(writer, 4)) {
	case 0:
		fputs("{}", writer->out);
		break;
	case 1:
		fputs("{matchExpressions: [{key: team, operator: NotIn, values: [red]}]}",
		      writer->out);
		break;
	default:
		fprintf(writer->out, "{matchLabels: {team: %s}}", PICK(teams));
	}
}

/* Objects. */

static void write_namespace(struct writer *writer, uint32_t i)
{
	if (one_in(writer, 6))
		return;
	begin(writer, "v1", "Namespace");
	fprintf(writer->out, "metadata: {name: %s, labels: {", namespaces[i]);
	if (!one_in(writer, 4))
		fprintf(writer->out, "team: %s", PICK(teams));
	fputs("}}\n", writer->out);
}

static void write_node(struct writer *writer, uint32_t node)
{
	uint32_t addresses = 1 + below(writer, 2);
	bool six = one_in(writer, 2);

	begin(writer, "v1", "Node");
	fprintf(writer->out, "metadata: {name: n%u, labels: {disk: d%u}}\nspec: {podCIDRs: [", node,
		below(writer, 2));
	if (!one_in(writer, 3)) {
		struct block range = { false, below(writer, 4), 4 * node };

		range.host = range.host >> range.bits << range.bits;
		write_block(writer, &range);
		fputs(six ? ", " : "", writer->out);
		range.six = true;
		if (six)
			write_block(writer, &range);
	}
	fputs("]}\nstatus: {addresses: [", writer->out);
	for (uint32_t i = 0; i < addresses; i++) {
		fprintf(writer->out, "%s{type: InternalIP, address: ", i ? ", " : "");
		write_address(writer, six && i, 15 - below(writer, 4));
		fputs("}", writer->out);
	}
	fputs("]}\n", writer->out);
}

static void write_container_ports(struct writer *writer)
{
	uint32_t count = below(writer, 4);

	for (uint32_t i = 0; i < count; i++)
		fprintf(writer->out, "%s{name: %s, containerPort: %u, protocol: %s}", i ? ", " : "",
			one_in(writer, 3) ? "admin" : "http", PICK(numbers),
			one_in(writer, 4) ? "UDP" : "TCP");
}

static void write_pod(struct writer *writer, uint32_t pod)
{
	static const char *const phases[] = { "Running", "Running", "Running", "Running",
					      "Running", "Pending", "Unknown", "Succeeded" };
	bool host_network = one_in(writer, 10);
	uint32_t host = host_network ? 15 - below(writer, 4) : below(writer, 14);
	uint32_t families = 1 + below(writer, 3);

	begin(writer, "v1", "Pod");
	fprintf(writer->out, "metadata: {name: p%u, namespace: %s, labels: {app: %s", pod,
		PICK(namespaces), PICK(apps));
	if (one_in(writer, 2))
		fprintf(writer->out, ", tier: %s", PICK(tiers));
	fputs("}}\nspec: {", writer->out);
	if (!one_in(writer, 10))
		fprintf(writer->out, "nodeName: n%u, ", below(writer, NODES + 1));
	fprintf(writer->out, "%scontainers: [{name: c, ports: [",
		host_network ? "hostNetwork: true, " : "");
	write_container_ports(writer);
	fprintf(writer->out, "]}]}\nstatus: {phase: %s, podIPs: [", PICK(phases));
	if (families & 1) {
		fputs("{ip: ", writer->out);
		write_address(writer, false, host);
		fputs(families == 3 ? "}, " : "}", writer->out);
	}
	if (families & 2) {
		fputs("{ip: ", writer->out);
		write_address(writer, true, host);
		fputs("}", writer->out);
	}
	fputs("]}\n", writer->out);
}

/* NetworkPolicy. */

static void write_peer(struct writer *writer)
{
	uint32_t form = below(writer, 7);

	if (form < 3) {
		struct block block = any_block(writer);

		fputs("{ipBlock: {cidr: ", writer->out);
		write_block(writer, &block);
		write_list_of_holes(writer, &block);
		fputs("}}", writer->out);
		return;
	}
	fputs("{", writer->out);
	if (form != 3) {
		fputs("podSelector: ", writer->out);
		write_pod_selector(writer);
	}
	if (form < 5) {
		fputs(form != 3 ? ", namespaceSelector: " : "namespaceSelector: ", writer->out);
		write_namespace_selector(writer);
	}
	fputs("}", writer->out);
}

static void write_port(struct writer *writer)
{
	uint32_t first = below(writer, 4);
	uint32_t last = first + below(writer, 4 - first);

	switch (below(writer, 6)) {
	case 0:
		fputs("{protocol: SCTP}", writer->out);
		break;
	case 1:
		fputs("{protocol: UDP, port: 53}", writer->out);
		break;
	case 2:
		fprintf(writer->out, "{port: %u, endPort: %u}", numbers[first], numbers[last]);
		break;
	case 3:
		fprintf(writer->out, "{port: %u}", numbers[first]);
		break;
	default:
		fprintf(writer->out, "{port: %s}", one_in(writer, 2) ? "admin" : "http");
	}
}

/* "NAME: [...]" with up to most items, at times without any or not at all. */
static void write_items(struct writer *writer, const char *name, uint32_t most,
			void (*item)(struct writer *))
{
	uint32_t count = below(writer, most + 1);

	if (!count && one_in(writer, 2))
		return;
	fprintf(writer->out, "%s: [", name);
	for (uint32_t i = 0; i < count; i++) {
		fputs(i ? ", " : "", writer->out);
		item(writer);
	}
	fputs("], ", writer->out);
}

static void write_ingress_rule(struct writer *writer)
{
	fputs("{", writer->out);
	write_items(writer, "from", 3, write_peer);
	write_items(writer, "ports", 2, write_port);
	fputs("}", writer->out);
}

static void write_egress_rule(struct writer *writer)
{
	fputs("{", writer->out);
	write_items(writer, "to", 3, write_peer);
	write_items(writer, "ports", 2, write_port);
	fputs("}", writer->out);
}

static void write_policy(struct writer *writer, uint32_t policy)
{
	static const char *const types[] = { "", "policyTypes: [Ingress], ",
					     "policyTypes: [Egress], ",
					     "policyTypes: [Ingress, Egress], ",
					     "policyTypes: [Ingress, Egress], " };

	begin(writer, "networking.k8s.io/v1", "NetworkPolicy");
	fprintf(writer->out, "metadata: {name: q%u, namespace: %s}\nspec: {%s", policy * 3 % 8,
		PICK(namespaces), PICK(types));
	write_items(writer, "ingress", 3, write_ingress_rule);
	write_items(writer, "egress", 3, write_egress_rule);
	fputs("podSelector: ", writer->out);
	write_pod_selector(writer);
	fputs("}\n", writer->out);
}

/* The tiers around it. */

static void write_scope(struct writer *writer)
{
	if (one_in(writer, 2)) {
		fputs("{namespaces: ", writer->out);
		write_namespace_selector(writer);
	} else {
		fputs("{pods: {namespaceSelector: ", writer->out);
		write_namespace_selector(writer);
		fputs(", podSelector: ", writer->out);
		write_pod_selector(writer);
		fputs("}", writer->out);
	}
	fputs("}", writer->out);
}

/* Of egress; names of ports do not fit beside it. False when it is a scope after all. */
static bool wrote_far_peer(struct writer *writer, bool accepts)
{
	struct block block = any_block(writer);

	switch (below(writer, 5)) {
	case 0:
		fprintf(writer->out, "{nodes: {matchLabels: {disk: d%u}}}", below(writer, 2));
		return true;
	case 1:
		fputs("{networks: [", writer->out);
		write_block(writer, &block);
		fputs("]}", writer->out);
		return true;
	case 2:
		if (!accepts)
			break;
		fputs("{domainNames: [example.com]}", writer->out);
		return true;
	}
	write_scope(writer);
	return false;
}

static void write_tier_port(struct writer *writer, bool may_be_named)
{
	uint32_t first = below(writer, 3);

	switch (below(writer, may_be_named ? 4 : 3)) {
	case 0:
		fprintf(writer->out, "{tcp: {destinationPort: {number: %u}}}", numbers[first]);
		break;
	case 1:
		fprintf(writer->out, "{tcp: {destinationPort: {range: {start: %u, end: %u}}}}",
			numbers[first], numbers[first + 1]);
		break;
	case 2:
		fputs("{udp: {destinationPort: {range: {start: 50, end: 60}}}}", writer->out);
		break;
	default:
		fprintf(writer->out, "{destinationNamedPort: %s}",
			one_in(writer, 2) ? "admin" : "http");
	}
}

static void write_tier_rule(struct writer *writer, bool egress)
{
	static const char *const actions[] = { "Accept", "Deny", "Pass" };
	uint32_t action = below(writer, 3);
	uint32_t peers = 1 + below(writer, 2);
	uint32_t ports = below(writer, 3);
	bool has_far = false;

	fprintf(writer->out, "{action: %s, %s: [", actions[action], egress ? "to" : "from");
	for (uint32_t i = 0; i < peers; i++) {
		fputs(i ? ", " : "", writer->out);
		if (egress)
			has_far |= wrote_far_peer(writer, !action);
		else
			write_scope(writer);
	}
	fputs(ports ? "], protocols: [" : "]", writer->out);
	for (uint32_t i = 0; i < ports; i++) {
		fputs(i ? ", " : "", writer->out);
		write_tier_port(writer, !has_far);
	}
	fputs(ports ? "]}" : "}", writer->out);
}

static void write_tier_rules(struct writer *writer, bool egress)
{
	uint32_t count = below(writer, 4);

	if (!count)
		return;
	fprintf(writer->out, ", %s: [", egress ? "egress" : "ingress");
	for (uint32_t i = 0; i < count; i++) {
		fputs(i ? ", " : "", writer->out);
		write_tier_rule(writer, egress);
	}
	fputs("]", writer->out);
}

static void write_tier(struct writer *writer, uint32_t tier)
{
	begin(writer, "policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy");
	fprintf(writer->out,
		"metadata: {name: t%u}\nspec: {tier: %s, priority: %u, subject: ", tier * 3 % 4,
		one_in(writer, 2) ? "Admin" : "Baseline", below(writer, 3));
	write_scope(writer);
	write_tier_rules(writer, false);
	write_tier_rules(writer, true);
	fputs("}\n", writer->out);
}

char *tiny_make(uint64_t seed)
{
	struct writer writer = { .dice = { seed } };
	char *text = NULL;
	size_t length;
	uint32_t pods, policies, cluster_policies;

	writer.out = open_memstream(&text, &length);
	if (!writer.out)
		return NULL;
	pods = 4 + below(&writer, 8);
	policies = 2 + below(&writer, 7);
	cluster_policies = one_in(&writer, 2) ? below(&writer, 4) : 0;
	for (uint32_t i = 0; i < sizeof(namespaces) / sizeof(namespaces[0]); i++)
		write_namespace(&writer, i);
	for (uint32_t i = 0; i < NODES; i++)
		write_node(&writer, i);
	for (uint32_t i = 0; i < pods; i++)
		write_pod(&writer, i);
	for (uint32_t i = 0; i < policies; i++)
		write_policy(&writer, i);
	for (uint32_t i = 0; i < cluster_policies; i++)
		write_tier(&writer, i);
	if (fclose(writer.out)) {
		free(text);
		return NULL;
	}
	return text;
}
