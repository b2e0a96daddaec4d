/*
 * Hostile clusters as YAML, in flow style.
 *
 * Names, labels, ports and addresses come from pools that are small on purpose, so that what is
 * written in one object often means what is written in another: node N has 192.168.0.N and
 * fd00::N, its pods have 10.N.0.x and fd00:N::x, which some nodes declare as their podCIDRs.
 */
#include "generator.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	NODES_MAX = 4,
	PODS_MAX = 44,
	NAMESPACES = 7, /* the last ones have no object: other objects imply them */
	NAMESPACES_WRITTEN = 5,
	HOSTS_MAX = 90, /* the last byte of a pod's address is below */
};

#define PICK(dice, pool) ((pool)[dice_below((dice), sizeof(pool) / sizeof((pool)[0]))])

static const char *const namespaces[NAMESPACES] = { "shop", "ops", "default", "a",
						    "b-2",  "far", "implied" };
static const char *const label_keys[] = { "app", "app", "tier", "env", "weir.example/x-y" };
static const char *const label_values[] = { "a", "b", "c", "", "80", "true" };
static const char *const namespace_keys[] = { "team", "team", "env",
					      "kubernetes.io/metadata.name" };
static const char *const port_names[] = { "web", "sql", "dns", "m-1", "nobody-has" };
static const unsigned port_numbers[] = { 1, 53, 80, 81, 443, 5432, 8000, 8080, 65535 };
static const char *const protocols[] = { "TCP", "TCP", "TCP", "UDP", "SCTP" };

/* Most of everything is in two of them, so that policies meet pods. */
static const char *any_namespace(struct dice *dice)
{
	return namespaces[dice_below(dice, dice_percent(dice, 60) ? 2 : NAMESPACES)];
}

/* What is being written. */
struct writing {
	FILE *out;
	struct dice *dice;
	uint32_t nodes;
	uint32_t pods;
};

static uint32_t any_node(struct writing *w)
{
	return dice_below(w->dice, w->nodes);
}

static void write_labels(struct writing *w, const char *const *keys, uint32_t key_count)
{
	bool written[8] = { false };
	const char *separator = "";

	fputs("labels: {", w->out);
	for (uint32_t i = dice_below(w->dice, 4); i > 0; i--) {
		uint32_t key = dice_below(w->dice, key_count);

		/* The first two keys of a pool are one. */
		if (written[key ? key : 1])
			continue;
		written[key ? key : 1] = true;
		fprintf(w->out, "%s%s: '%s'", separator, keys[key], PICK(w->dice, label_values));
		separator = ", ";
	}
	fputs("}", w->out);
}

static void write_namespaces(struct writing *w)
{
	for (uint32_t i = 0; i < NAMESPACES_WRITTEN; i++) {
		fprintf(w->out, "---\n{apiVersion: v1, kind: Namespace, metadata: {name: %s, ",
			namespaces[i]);
		/* Without kubernetes.io/metadata.name, which is the server's. */
		write_labels(w, namespace_keys, 3);
		fputs("}}\n", w->out);
	}
}

static void write_nodes(struct writing *w)
{
	for (uint32_t i = 0; i < w->nodes; i++) {
		fprintf(w->out, "---\n{apiVersion: v1, kind: Node, metadata: {name: n%u}, spec: {",
			i);
		if (dice_percent(w->dice, 60))
			fprintf(w->out,
				"podCIDR: 10.%u.0.0/24, podCIDRs: [10.%u.0.0/24, 'fd00:%u::/64']",
				i, i, i);
		fprintf(w->out,
			"}, status: {addresses: [{type: Hostname, address: n%u}, "
			"{type: InternalIP, address: 192.168.0.%u}, "
			"{type: InternalIP, address: 'fd00::%u'}",
			i, i, i);
		if (dice_percent(w->dice, 40))
			fprintf(w->out, ", {type: ExternalIP, address: 203.0.113.%u}", i);
		fputs("]}}\n", w->out);
	}
}

/* Names are unique within a container; several containers may share one. */
static void write_container(struct writing *w, uint32_t number, const char *more)
{
	uint32_t first = dice_below(w->dice, 4);

	fprintf(w->out, "{name: c%u, image: x%s, ports: [", number, more);
	for (uint32_t i = 0, count = dice_below(w->dice, 3); i < count; i++) {
		fprintf(w->out, "%s{", i ? ", " : "");
		if (dice_percent(w->dice, 85))
			fprintf(w->out, "name: %s, ", port_names[(first + i) % 4]);
		if (dice_percent(w->dice, 70))
			fprintf(w->out, "protocol: %s, ", PICK(w->dice, protocols));
		fprintf(w->out, "containerPort: %u}", PICK(w->dice, port_numbers));
	}
	fputs("]}", w->out);
}

static void write_containers(struct writing *w)
{
	fputs("containers: [", w->out);
	for (uint32_t i = 0, count = 1 + dice_below(w->dice, 3); i < count; i++) {
		if (i)
			fputs(", ", w->out);
		write_container(w, i, "");
	}
	fputs("]", w->out);
	if (!dice_percent(w->dice, 20))
		return;
	fputs(", initContainers: [", w->out);
	write_container(w, 8, dice_percent(w->dice, 60) ? ", restartPolicy: Always" : "");
	fputs("]", w->out);
}

static const char *any_phase(struct dice *dice)
{
	uint32_t number = dice_below(dice, 100);

	return number < 80   ? "Running"
	       : number < 88 ? "Pending"
	       : number < 95 ? "Succeeded"
			     : "Failed";
}

/* Collisions within HOSTS_MAX are what shared addresses come from. */
static void write_pod_addresses(struct writing *w, uint32_t node)
{
	uint32_t host = 2 + dice_below(w->dice, HOSTS_MAX);
	uint32_t subnet = dice_percent(w->dice, 85) ? node : 200 + node;
	uint32_t families = dice_below(w->dice, 10);

	if (dice_percent(w->dice, 3))
		return;
	/* A claim on a node's address: the pod owns it. */
	if (dice_percent(w->dice, 1)) {
		fprintf(w->out, ", podIPs: [{ip: 192.168.0.%u}]", any_node(w));
		return;
	}
	fputs(", podIPs: [", w->out);
	if (families < 8)
		fprintf(w->out, "{ip: 10.%u.0.%u}", subnet, host);
	if (families >= 4)
		fprintf(w->out, "%s{ip: 'fd00:%x::%x'}", families < 8 ? ", " : "", subnet, host);
	fputs("]", w->out);
}

static void write_pod(struct writing *w, uint32_t number)
{
	/* The last node is implied by its pods. */
	uint32_t node = dice_below(w->dice, w->nodes + 1);
	bool host_network = dice_percent(w->dice, 5);

	fprintf(w->out, "---\n{apiVersion: v1, kind: Pod, metadata: {name: p%u, namespace: %s, ",
		number, any_namespace(w->dice));
	write_labels(w, label_keys, 5);
	fputs("}, spec: {", w->out);
	if (host_network || dice_percent(w->dice, 92))
		fprintf(w->out, "nodeName: n%u, ", node);
	if (host_network)
		fputs("hostNetwork: true, ", w->out);
	write_containers(w);
	fprintf(w->out, "}, status: {phase: %s", any_phase(w->dice));
	if (host_network)
		fprintf(w->out, ", hostIP: 192.168.0.%u, podIPs: [{ip: 192.168.0.%u}]", node, node);
	else
		write_pod_addresses(w, node);
	/* Addresses of a node that only its pods show. */
	if (!host_network && dice_percent(w->dice, 30))
		fprintf(w->out, ", hostIP: 172.16.0.%u, hostIPs: [{ip: 172.16.0.%u}]", node, node);
	fputs("}}\n", w->out);
}

/* Two pods for a template, with addresses of weir's choice. */
static void write_workload(struct writing *w)
{
	fprintf(w->out,
		"---\n{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: %s}, "
		"spec: {replicas: 2, selector: {matchLabels: {app: a}}, template: {metadata: "
		"{labels: {app: a, tier: b}}, spec: {",
		PICK(w->dice, namespaces));
	write_containers(w);
	fputs("}}}}\n", w->out);
}

/* Selectors. */

static void write_values(struct writing *w, const char *key)
{
	/* Values of the name label are names. */
	bool names = key[0] == 'k';

	fputs(", values: [", w->out);
	for (uint32_t i = 0, count = 1 + dice_below(w->dice, 3); i < count; i++)
		fprintf(w->out, "%s'%s'", i ? ", " : "",
			names ? PICK(w->dice, namespaces) : PICK(w->dice, label_values));
	fputs("]", w->out);
}

static void write_expression(struct writing *w, const char *key)
{
	static const char *const operators[] = { "In",    "In",     "NotIn",
						 "NotIn", "Exists", "DoesNotExist" };
	const char *how = PICK(w->dice, operators);

	fprintf(w->out, "{key: %s, operator: %s", key, how);
	if (how[0] == 'I' || how[0] == 'N')
		write_values(w, key);
	fputs("}", w->out);
}

/* Several expressions of few keys: they often repeat or contradict each other. */
static void write_selector(struct writing *w, const char *const *keys, uint32_t key_count)
{
	fputs("{", w->out);
	if (dice_percent(w->dice, 52)) {
		fputs("}", w->out);
		return;
	}
	if (dice_percent(w->dice, 40)) {
		const char *key = keys[dice_below(w->dice, key_count)];

		fprintf(w->out, "matchLabels: {%s: '%s'}, ", key,
			key[0] == 'k' ? PICK(w->dice, namespaces) : PICK(w->dice, label_values));
	}
	fputs("matchExpressions: [", w->out);
	for (uint32_t i = 0, count = dice_below(w->dice, 3); i < count; i++) {
		if (i)
			fputs(", ", w->out);
		write_expression(w, keys[dice_below(w->dice, key_count)]);
	}
	fputs("]}", w->out);
}

/* Blocks. */

/* An IPv4 prefix as a number, or the last 32 of the first 64 bits and last 32 bits of IPv6. */
struct block {
	bool ipv6;
	uint64_t address; /* IPv4: 32 bits; IPv6: bits 16..48 and 96..128, as 64 */
	uint32_t length;
};

/* IPv6 lengths run over the 64 bits that vary: what is between them is zero. */
static uint32_t ipv6_length(const struct block *block)
{
	return block->length <= 32 ? 16 + block->length : 64 + block->length;
}

static uint64_t mask_of(const struct block *block)
{
	uint32_t bits = block->ipv6 ? 64 : 32;

	return block->length == 0 ? 0 : ~(uint64_t)0 << (bits - block->length);
}

static void write_block(struct writing *w, const struct block *block)
{
	uint64_t a = block->address;

	if (!block->ipv6)
		fprintf(w->out, "%u.%u.%u.%u/%u", (unsigned)(a >> 24 & 255),
			(unsigned)(a >> 16 & 255), (unsigned)(a >> 8 & 255), (unsigned)(a & 255),
			block->length);
	else if (block->length == 0)
		fputs("'::/0'", w->out);
	else
		fprintf(w->out, "'fd00:%x:%x:0:0:0:%x:%x/%u'", (unsigned)(a >> 48 & 0xffff),
			(unsigned)(a >> 32 & 0xffff), (unsigned)(a >> 16 & 0xffff),
			(unsigned)(a & 0xffff), ipv6_length(block));
}

static struct block any_ipv4_block(struct writing *w)
{
	static const uint32_t lengths[] = { 0,  1,  7,  8,  16, 23, 24, 24, 25,
					    26, 27, 28, 29, 30, 31, 32, 32 };
	uint32_t kind = dice_below(w->dice, 10);
	struct block block = { .length = PICK(w->dice, lengths) };

	if (kind < 7)
		block.address = 10u << 24 | any_node(w) << 16 | dice_below(w->dice, HOSTS_MAX);
	else if (kind < 8)
		block.address = 192u << 24 | 168u << 16 | any_node(w);
	else
		block.address = 203u << 24 | 113u << 8 | dice_below(w->dice, 256);
	return block;
}

static struct block any_ipv6_block(struct writing *w)
{
	static const uint32_t lengths[] = { 0, 8, 16, 31, 32, 56, 58, 59, 60, 61, 62, 63, 64, 64 };
	uint32_t length = PICK(w->dice, lengths);

	return (struct block){ true, (uint64_t)any_node(w) << 48 | dice_below(w->dice, HOSTS_MAX),
			       length };
}

/* A strictly longer prefix inside the block. */
static struct block any_hole(struct writing *w, const struct block *block)
{
	uint32_t bits = block->ipv6 ? 64 : 32;
	struct block hole = *block;

	hole.length += 1 + dice_below(w->dice, bits - block->length < 6 ? bits - block->length : 6);
	hole.address =
		(block->address & mask_of(block)) | (dice_throw(w->dice) & ~mask_of(block) &
						     (block->ipv6 ? ~(uint64_t)0 : 0xffffffffu));
	hole.address &= mask_of(&hole);
	return hole;
}

static struct block sibling_of(const struct block *hole)
{
	struct block sibling = *hole;

	sibling.address ^= (uint64_t)1 << ((hole->ipv6 ? 64 : 32) - hole->length);
	return sibling;
}

/* Holes inside holes, holes that touch, and the same hole twice. */
static void write_holes(struct writing *w, const struct block *block)
{
	struct block hole = any_hole(w, block);

	fputs(", except: [", w->out);
	write_block(w, &hole);
	for (uint32_t i = dice_below(w->dice, 3); i > 0; i--) {
		uint32_t kind = dice_below(w->dice, 4);

		fputs(", ", w->out);
		if (kind == 0 && hole.length > block->length + 1)
			hole = sibling_of(&hole);
		else if (kind == 1 && hole.length < (hole.ipv6 ? 64u : 32u))
			hole = any_hole(w, &hole);
		else if (kind == 2)
			hole = any_hole(w, block);
		write_block(w, &hole);
	}
	fputs("]", w->out);
}

static void write_ip_block(struct writing *w)
{
	bool ipv6 = dice_percent(w->dice, 35);
	struct block block = ipv6 ? any_ipv6_block(w) : any_ipv4_block(w);

	/* Host bits may stay: they are masked, with a warning. */
	if (!dice_percent(w->dice, 10))
		block.address &= mask_of(&block);
	fputs("{ipBlock: {cidr: ", w->out);
	write_block(w, &block);
	if (block.length < (ipv6 ? 64u : 32u) && dice_percent(w->dice, 45))
		write_holes(w, &block);
	fputs("}}", w->out);
}

/* Rules. */

static void write_peer(struct writing *w)
{
	uint32_t kind = dice_below(w->dice, 10);

	if (kind < 4) {
		write_ip_block(w);
		return;
	}
	fputs("{", w->out);
	if (kind != 4) {
		fputs("podSelector: ", w->out);
		write_selector(w, label_keys, 5);
	}
	if (kind < 8) {
		fputs(kind == 4 ? "namespaceSelector: " : ", namespaceSelector: ", w->out);
		write_selector(w, namespace_keys, 4);
	}
	fputs("}", w->out);
}

static void write_port(struct writing *w)
{
	uint32_t kind = dice_below(w->dice, 10);
	const char *separator = "";

	fputs("{", w->out);
	if (dice_percent(w->dice, 70)) {
		fprintf(w->out, "protocol: %s", PICK(w->dice, protocols));
		separator = ", ";
	}
	if (kind < 4)
		fprintf(w->out, "%sport: %u", separator, PICK(w->dice, port_numbers));
	else if (kind < 6) {
		uint32_t first = PICK(w->dice, port_numbers);

		fprintf(w->out, "%sport: %u, endPort: %u", separator, first,
			first + dice_below(w->dice, 65536 - first));
	} else if (kind < 9)
		fprintf(w->out, "%sport: %s", separator, PICK(w->dice, port_names));
	fputs("}", w->out);
}

/* A list of a rule: missing, null, empty, or with entries. */
static void write_list(struct writing *w, const char *name, void (*write_entry)(struct writing *))
{
	uint32_t kind = dice_below(w->dice, 30);

	if (kind < 3)
		return;
	if (kind == 3) {
		fprintf(w->out, "%s: null, ", name);
		return;
	}
	fprintf(w->out, "%s: [", name);
	for (uint32_t i = 0, count = kind == 4 ? 0 : 1 + dice_below(w->dice, 3); i < count; i++) {
		if (i)
			fputs(", ", w->out);
		write_entry(w);
	}
	fputs("], ", w->out);
}

static void write_ingress_rule(struct writing *w)
{
	if (dice_percent(w->dice, 2)) {
		fputs("null", w->out);
		return;
	}
	fputs("{", w->out);
	write_list(w, "from", write_peer);
	write_list(w, "ports", write_port);
	fputs("}", w->out);
}

static void write_egress_rule(struct writing *w)
{
	if (dice_percent(w->dice, 2)) {
		fputs("null", w->out);
		return;
	}
	fputs("{", w->out);
	write_list(w, "to", write_peer);
	write_list(w, "ports", write_port);
	fputs("}", w->out);
}

static void write_policy(struct writing *w, uint32_t number)
{
	static const char *const types[] = {
		"",
		"policyTypes: [], ",
		"policyTypes: [Ingress], ",
		"policyTypes: [Egress], ",
		"policyTypes: [Ingress, Egress], ",
		"policyTypes: [Egress, Ingress], ",
		"policyTypes: [Ingress, Egress], ",
		"policyTypes: [Ingress, Egress], ",
	};
	const char *type = PICK(w->dice, types);

	fprintf(w->out,
		"---\n{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: "
		"{namespace: "
		"%s, name: %sp%u}, spec: {%s",
		any_namespace(w->dice), type[0] == '\0' ? GENERATED_UNTYPED : "", number, type);
	fputs("podSelector: ", w->out);
	if (dice_percent(w->dice, 35))
		fputs("{}", w->out);
	else
		write_selector(w, label_keys, 5);
	fputs(", ", w->out);
	write_list(w, "ingress", write_ingress_rule);
	write_list(w, "egress", write_egress_rule);
	fputs("}}\n", w->out);
}

char *generate_cluster(struct dice *dice)
{
	char *text = NULL;
	size_t length;
	struct writing w = { open_memstream(&text, &length), dice, 0, 0 };
	uint32_t policies = 10 + dice_below(dice, 25);

	if (!w.out)
		return NULL;
	w.nodes = 1 + dice_below(dice, NODES_MAX);
	w.pods = 10 + dice_below(dice, PODS_MAX - 10);
	write_namespaces(&w);
	write_nodes(&w);
	for (uint32_t i = 0; i < w.pods; i++)
		write_pod(&w, i);
	if (dice_percent(dice, 30))
		write_workload(&w);
	for (uint32_t i = 0; i < policies; i++)
		write_policy(&w, i);
	if (fclose(w.out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
