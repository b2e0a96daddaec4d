/*
 * Where things are, so that what is drawn meets:
 *
 *	10.0.N.x, fd00:0:0:N::x            pods of node N, mostly inside its podCIDR
 *	172.16.0.x, fd01::x                pods outside every range
 *	192.168.0.x, 192.168.1.x, fd02::x  nodes
 *	10.96.0.x, fd03::x                 services
 *	198.51.100.x, 2001:db8::x          nobody
 */
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"

struct writer {
	FILE *out;
	struct dice dice;
	const struct hostile_shape *shape;
	char pod_selector[1024]; /* an earlier one, to be written again */
};

static const char *const namespaces[HOSTILE_NAMESPACES_MAX] = {
	"default", "alpha", "beta", "gamma", "kube-system", "delta-2", "eps", "zeta",
};
static const char *const port_names[] = { "http", "dns", "metrics", "adm-1" };
static const char *const protocols[] = { "TCP", "TCP", "TCP", "UDP", "UDP", "SCTP" };
static const uint16_t numbers[] = { 1, 53, 80, 80, 81, 443, 666, 8080, 8080, 8081, 65534, 65535 };

/* A label key and the values that it is given. */
struct label_pool {
	const char *key;
	const char *values[4];
};

static const struct label_pool pod_labels[] = {
	{ "app", { "web", "api", "db", "web" } },
	{ "tier", { "front", "back", "", "back" } },
	{ "example.com/Role_1", { "x.y_z-1", "true", "80", "null" } },
	{ "kubernetes.io/metadata.name", { "alpha", "beta", "default", "odd" } },
};
static const struct label_pool namespace_labels[] = {
	{ "team", { "red", "blue", "", "red" } },
	{ "env", { "prod", "dev", "yes", "dev" } },
	{ "kubernetes.io/metadata.name", { "default", "alpha", "beta", "nowhere" } },
};

enum {
	POD_LABELS = sizeof(pod_labels) / sizeof(pod_labels[0]),
	NAMESPACE_LABELS = sizeof(namespace_labels) / sizeof(namespace_labels[0]),
};

static uint32_t below(struct writer *writer, uint32_t bound)
{
	return dice_below(&writer->dice, bound);
}

static bool one_in(struct writer *writer, uint32_t n)
{
	return dice_one_in(&writer->dice, n);
}

static void begin(struct writer *writer, const char *version, const char *kind)
{
	fprintf(writer->out, "---\napiVersion: %s\nkind: %s\n", version, kind);
}

static const char *any_namespace(struct writer *writer)
{
	return namespaces[below(writer, writer->shape->namespaces)];
}

/* "default" is at times left to be understood (S19). */
static void write_meta(struct writer *writer, const char *namespace_name, const char *name)
{
	fprintf(writer->out, "metadata:\n  name: %s\n", name);
	if (strcmp(namespace_name, "default") != 0 || one_in(writer, 2))
		fprintf(writer->out, "  namespace: %s\n", namespace_name);
}

/* Addresses. */

static struct weir_address ipv4(unsigned a, unsigned b, unsigned c, unsigned d)
{
	return weir_address_from_ipv4(
		(uint8_t[4]){ (uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d });
}

/* HIGH:0:0:NETWORK::HOST */
static struct weir_address ipv6(uint16_t high, uint8_t network, uint8_t host)
{
	struct weir_address address = { { (uint8_t)(high >> 8), (uint8_t)high } };

	address.bytes[7] = network;
	address.bytes[15] = host;
	return address;
}

static struct weir_address pod_address(bool six, uint32_t node, uint32_t host)
{
	return six ? ipv6(0xfd00, (uint8_t)node, (uint8_t)host) : ipv4(10, 0, node, host);
}

static struct weir_address stray_pod_address(bool six, uint32_t host)
{
	return six ? ipv6(0xfd01, 0, (uint8_t)host) : ipv4(172, 16, 0, host);
}

static struct weir_address node_address(bool six, uint32_t node)
{
	return six ? ipv6(0xfd02, 0, (uint8_t)(node + 1)) : ipv4(192, 168, 0, node + 1);
}

static struct weir_address service_address(bool six, uint32_t service)
{
	return six ? ipv6(0xfd03, 0, (uint8_t)(service + 1)) : ipv4(10, 96, 0, service + 1);
}

static struct weir_address nobodys_address(bool six, uint32_t host)
{
	static const uint8_t documentation[16] = { 0x20, 0x01, 0x0d, 0xb8 };
	struct weir_address address;

	if (!six)
		return ipv4(198, 51, 100, host);
	memcpy(address.bytes, documentation, sizeof(documentation));
	address.bytes[15] = (uint8_t)host;
	return address;
}

/* Of anything, pods above all. */
static struct weir_address any_address(struct writer *writer, bool six)
{
	uint32_t host = below(writer, writer->shape->pods + 4);

	switch (below(writer, 10)) {
	case 0:
		return node_address(six, below(writer, writer->shape->nodes));
	case 1:
		return service_address(six, below(writer, writer->shape->services + 1));
	case 2:
		return nobodys_address(six, host);
	case 3:
		return stray_pod_address(six, host);
	default:
		return pod_address(six, below(writer, writer->shape->nodes), host);
	}
}

static void write_address(struct writer *writer, const struct weir_address *address)
{
	char text[WEIR_ADDRESS_TEXT];

	weir_address_format(address, text);
	fprintf(writer->out, "\"%s\"", text);
}

/* Address and length as they are, host bits and all. */
static void write_prefix(struct writer *writer, const struct weir_prefix *prefix)
{
	unsigned length = prefix->length;
	char text[WEIR_ADDRESS_TEXT];

	if (weir_address_is_ipv4(&prefix->address))
		length -= 96;
	weir_address_format(&prefix->address, text);
	fprintf(writer->out, "\"%s/%u\"", text, length);
}

static void clear_host_bits(struct weir_prefix *prefix)
{
	for (unsigned bit = prefix->length; bit < 128; bit++)
		prefix->address.bytes[bit / 8] &= (uint8_t) ~(0x80u >> bit % 8);
}

static void flip_bit(struct weir_address *address, unsigned bit)
{
	address->bytes[bit / 8] ^= (uint8_t)(0x80u >> bit % 8);
}

/* Labels and selectors. */

static void write_labels(struct writer *writer, const char *name, const struct label_pool *pools,
			 uint32_t pool_count)
{
	const char *comma = "";

	switch (below(writer, 12)) {
	case 0:
		return;
	case 1:
		fprintf(writer->out, "  %s: {}\n", name);
		return;
	case 2:
		fprintf(writer->out, "  %s: null\n", name);
		return;
	}
	fprintf(writer->out, "  %s: {", name);
	for (uint32_t i = 0; i < pool_count; i++) {
		if (one_in(writer, i == 0 ? 6 : i == 1 ? 3 : 2))
			continue;
		fprintf(writer->out, "%s%s: \"%s\"", comma, pools[i].key,
			DICE_PICK(&writer->dice, pools[i].values));
		comma = ", ";
	}
	fputs("}\n", writer->out);
}

static void write_values(struct writer *writer, const struct label_pool *pool)
{
	uint32_t count = 1 + below(writer, 3);

	fputs(", values: [", writer->out);
	for (uint32_t i = 0; i < count; i++)
		fprintf(writer->out, "%s\"%s\"", i ? ", " : "",
			one_in(writer, 12) ? "nobody" : DICE_PICK(&writer->dice, pool->values));
	fputs("]", writer->out);
}

/* Mostly of one key, and at times of one that nothing has. */
static void write_expression(struct writer *writer, const struct label_pool *pool)
{
	static const char *const operators[] = { "In", "NotIn", "NotIn", "Exists", "DoesNotExist" };
	const char *op = DICE_PICK(&writer->dice, operators);

	fprintf(writer->out, "{key: %s, operator: %s", one_in(writer, 20) ? "gone" : pool->key, op);
	if (strstr(op, "In"))
		write_values(writer, pool);
	else if (one_in(writer, 3))
		fputs(", values: []", writer->out);
	fputs("}", writer->out);
}

static void write_expressions(struct writer *writer, const struct label_pool *pools,
			      uint32_t pool_count)
{
	uint32_t count = one_in(writer, 3) ? 2 : 1;
	/* Two about one key often leave nothing. */
	uint32_t pool = below(writer, pool_count);

	fputs("matchExpressions: [", writer->out);
	for (uint32_t i = 0; i < count; i++) {
		if (one_in(writer, 2))
			pool = below(writer, pool_count);
		fputs(i ? ", " : "", writer->out);
		write_expression(writer, &pools[pool]);
	}
	fputs("]", writer->out);
}

static void write_selector(struct writer *writer, const struct label_pool *pools,
			   uint32_t pool_count)
{
	const struct label_pool *pool = &pools[below(writer, pool_count)];
	uint32_t form = below(writer, 8);

	if (form < 3) {
		fputs(one_in(writer, 6) ? "{matchLabels: null, matchExpressions: []}" : "{}",
		      writer->out);
		return;
	}
	fputs("{", writer->out);
	if (form < 6)
		fprintf(writer->out, "matchLabels: {%s: \"%s\"}", pool->key,
			DICE_PICK(&writer->dice, pool->values));
	if (form == 5)
		fputs(", ", writer->out);
	if (form > 4)
		write_expressions(writer, pools, pool_count);
	fputs("}", writer->out);
}

/* Namespaces, nodes, pods. */

static void write_namespace(struct writer *writer, uint32_t index)
{
	if (one_in(writer, 5))
		return;
	begin(writer, "v1", "Namespace");
	fprintf(writer->out, "metadata:\n  name: %s\n", namespaces[index]);
	write_labels(writer, "labels", namespace_labels, NAMESPACE_LABELS);
}

static void write_pod_cidrs(struct writer *writer, uint32_t node)
{
	static const uint8_t lengths[] = { 24, 24, 24, 25, 26, 28, 31, 32 };
	unsigned length = DICE_PICK(&writer->dice, lengths);

	if (!writer->shape->pod_ranges || one_in(writer, 5))
		return;
	if (one_in(writer, 3) && !writer->shape->dual_stack) {
		fprintf(writer->out, "spec: {podCIDR: 10.0.%u.0/%u}\n", node, length);
		return;
	}
	fprintf(writer->out, "spec: {podCIDRs: [10.0.%u.0/%u", node, length);
	if (writer->shape->dual_stack)
		fprintf(writer->out, ", \"fd00:0:0:%x::/%u\"", node, one_in(writer, 4) ? 122 : 64);
	fputs("]}\n", writer->out);
}

static void write_node_address(struct writer *writer, const char *type,
			       const struct weir_address *address)
{
	fprintf(writer->out, "  - {type: %s, address: ", type);
	write_address(writer, address);
	fputs("}\n", writer->out);
}

static void write_node_addresses(struct writer *writer, uint32_t node)
{
	struct weir_address address = node_address(false, node);

	fputs("status:\n  addresses:\n", writer->out);
	write_node_address(writer, "InternalIP", &address);
	fprintf(writer->out, "  - {type: Hostname, address: host-%u}\n", node);
	if (writer->shape->dual_stack) {
		address = node_address(true, node);
		write_node_address(writer, "InternalIP", &address);
	}
	if (one_in(writer, 3)) {
		address = ipv4(192, 168, 1, node + 1);
		write_node_address(writer, "ExternalIP", &address);
	}
	/* Another node's, or a pod's. */
	if (writer->shape->shared_addresses && one_in(writer, 4)) {
		address = any_address(writer, writer->shape->dual_stack && one_in(writer, 3));
		write_node_address(writer, "InternalIP", &address);
	}
}

static void write_node(struct writer *writer, uint32_t node)
{
	if (one_in(writer, 6))
		return;
	begin(writer, "v1", "Node");
	fprintf(writer->out, "metadata:\n  name: node-%u\n", node);
	if (one_in(writer, 4))
		fprintf(writer->out,
			"  annotations: {projectcalico.org/IPv4VXLANTunnelAddr: 10.0.%u.77}\n",
			node);
	write_labels(writer, "labels", pod_labels, POD_LABELS);
	write_pod_cidrs(writer, node);
	write_node_addresses(writer, node);
}

/* The same name with several numbers, and for several protocols. */
static void write_container(struct writer *writer, const char *name, const char *more)
{
	uint32_t count = below(writer, 4);

	fprintf(writer->out, "  - name: %s\n%s", name, more);
	if (!count) {
		fputs(one_in(writer, 2) ? "    ports: null\n" : "", writer->out);
		return;
	}
	fputs("    ports:\n", writer->out);
	for (uint32_t i = 0; i < count; i++) {
		const char *protocol = DICE_PICK(&writer->dice, protocols);

		fprintf(writer->out, "    - {containerPort: %u", DICE_PICK(&writer->dice, numbers));
		if (!one_in(writer, 6))
			fprintf(writer->out, ", name: %s", DICE_PICK(&writer->dice, port_names));
		if (strcmp(protocol, "TCP") != 0 || one_in(writer, 2))
			fprintf(writer->out, ", protocol: %s", protocol);
		fputs("}\n", writer->out);
	}
}

static void write_containers(struct writer *writer)
{
	fputs("  containers:\n", writer->out);
	write_container(writer, "main", "");
	if (one_in(writer, 3))
		write_container(writer, "side", "");
	if (one_in(writer, 3))
		return;
	fputs("  initContainers:\n", writer->out);
	write_container(writer, "once", "");
	if (one_in(writer, 2))
		write_container(writer, "stays", "    restartPolicy: Always\n");
}

static void write_ips(struct writer *writer, const char *many, const char *one,
		      const struct weir_address *addresses, uint32_t count)
{
	if (count == 1 && one_in(writer, 4)) {
		fprintf(writer->out, "  %s: ", one);
		write_address(writer, &addresses[0]);
		fputs("\n", writer->out);
		return;
	}
	fprintf(writer->out, "  %s: [", many);
	for (uint32_t i = 0; i < count; i++) {
		fputs(i ? ", {ip: " : "{ip: ", writer->out);
		write_address(writer, &addresses[i]);
		fputs("}", writer->out);
	}
	fputs("]\n", writer->out);
}

/* Both families, or either. */
static uint32_t families(struct writer *writer, bool six[2])
{
	if (!writer->shape->dual_stack) {
		six[0] = false;
		return 1;
	}
	six[0] = one_in(writer, 3);
	six[1] = !six[0];
	return one_in(writer, 4) ? 1 : 2;
}

static void write_pod_status(struct writer *writer, uint32_t pod, uint32_t node, bool host_network)
{
	static const char *const phases[] = {
		"Running", "Running", "Running", "Running",   "",
		"Running", "Pending", "Unknown", "Succeeded", "Failed"
	};
	const char *phase = DICE_PICK(&writer->dice, phases);
	bool shares = writer->shape->shared_addresses && one_in(writer, 5);
	bool is_stray = one_in(writer, 12);
	uint32_t host = shares ? 2 + below(writer, 5) : 2 + pod;
	struct weir_address addresses[2];
	bool six[2];
	uint32_t count = families(writer, six);

	for (uint32_t i = 0; i < count; i++) {
		addresses[i] = host_network ? node_address(six[i], node)
			       : is_stray   ? stray_pod_address(six[i], host)
					    : pod_address(six[i], node, host);
		if (shares && one_in(writer, 20))
			addresses[i] = node_address(six[i], node);
	}
	fputs("status:\n", writer->out);
	if (phase[0])
		fprintf(writer->out, "  phase: %s\n", phase);
	if (!one_in(writer, 20))
		write_ips(writer, "podIPs", "podIP", addresses, count);
	if (one_in(writer, 3)) {
		addresses[0] = one_in(writer, 4) ? ipv4(192, 168, 1, node + 100)
						 : node_address(false, node);
		write_ips(writer, "hostIPs", "hostIP", addresses, 1);
	}
}

static void write_pod(struct writer *writer, uint32_t pod)
{
	uint32_t node = below(writer, writer->shape->nodes);
	bool host_network = one_in(writer, 10);
	char name[32];

	snprintf(name, sizeof(name), "pod-%u", pod);
	begin(writer, "v1", "Pod");
	write_meta(writer, any_namespace(writer), name);
	write_labels(writer, "labels", pod_labels, POD_LABELS);
	fputs("spec:\n", writer->out);
	if (!one_in(writer, 12))
		fprintf(writer->out, "  nodeName: node-%u\n", node);
	if (host_network)
		fputs("  hostNetwork: true\n", writer->out);
	write_containers(writer);
	write_pod_status(writer, pod, node, host_network);
}

/* Services and workloads: addresses and pods that nothing else shows. */

static void write_service(struct writer *writer, uint32_t service)
{
	struct weir_address address = service_address(false, service);
	char name[32];

	snprintf(name, sizeof(name), "service-%u", service);
	begin(writer, "v1", "Service");
	write_meta(writer, any_namespace(writer), name);
	fputs("spec:\n  clusterIP: ", writer->out);
	write_address(writer, &address);
	fprintf(writer->out, "\n  selector: {app: web}\n  ports: [{port: %u, targetPort: %s}]\n",
		DICE_PICK(&writer->dice, numbers), DICE_PICK(&writer->dice, port_names));
}

static void write_workload(struct writer *writer, uint32_t workload)
{
	char name[32];

	snprintf(name, sizeof(name), "workload-%u", workload);
	begin(writer, "apps/v1", "Deployment");
	write_meta(writer, any_namespace(writer), name);
	fprintf(writer->out,
		"spec:\n  replicas: %u\n"
		"  selector: {matchLabels: {workload: \"%u\"}}\n"
		"  template: {metadata: {labels: {workload: \"%u\", app: db}}, spec: {containers: "
		"[{name: main, ports: [{containerPort: 8080, name: http}]}]}}\n",
		below(writer, 3), workload, workload);
}

/* Blocks. */

static const uint8_t lengths_ipv4[] = { 0,  0,  1,  7,  8,  16, 20, 23, 24, 24,
					25, 26, 27, 28, 29, 30, 31, 32, 32 };
static const uint8_t lengths_ipv6[] = { 0,  0,  1,   7,   16,  48,  63,  64,
					80, 96, 120, 124, 126, 127, 128, 128 };

static struct weir_prefix any_prefix(struct writer *writer, bool six)
{
	struct weir_prefix prefix = { any_address(writer, six), 0 };

	prefix.length = six ? DICE_PICK(&writer->dice, lengths_ipv6)
			    : (uint8_t)(96 + DICE_PICK(&writer->dice, lengths_ipv4));
	return prefix;
}

/* An address of the block: what else is in it, if it is found soon. */
static struct weir_address address_within(struct writer *writer, const struct weir_prefix *block)
{
	bool six = !weir_address_is_ipv4(&block->address);
	struct weir_prefix masked = *block;

	clear_host_bits(&masked);
	for (unsigned i = 0; i < 8; i++) {
		struct weir_address address = any_address(writer, six);

		if (weir_prefix_contains(&masked, &address))
			return address;
	}
	return block->address;
}

/* Strictly inside its block; beside the hole before it, inside it, the same, or anywhere. */
static struct weir_prefix any_hole(struct writer *writer, const struct weir_prefix *block,
				   const struct weir_prefix *previous)
{
	struct weir_prefix hole = { address_within(writer, block), 0 };
	unsigned room = 128u - block->length;

	hole.length = (uint8_t)(block->length + 1 + below(writer, room));
	if (room > 8 && one_in(writer, 2))
		hole.length = (uint8_t)(128 - below(writer, 8));
	if (!previous)
		return hole;
	switch (below(writer, 4)) {
	case 0:
		hole = *previous;
		flip_bit(&hole.address, previous->length - 1u);
		break;
	case 1:
		hole = *previous;
		if (hole.length < 128)
			hole.length = (uint8_t)(hole.length + 1 + below(writer, 128 - hole.length));
		break;
	case 2:
		return one_in(writer, 2) ? *previous : hole;
	}
	return hole;
}

static void write_hole(struct writer *writer, struct weir_prefix hole)
{
	if (!one_in(writer, 4))
		clear_host_bits(&hole);
	write_prefix(writer, &hole);
}

/* Families that only meet as bits: these prefixes hold the mapped form of IPv4. */
static bool wrote_prefix_around_mapped(struct writer *writer)
{
	static const char *const texts[] = {
		"{cidr: \"::/1\"}",
		"{cidr: \"::/80\"}",
		"{cidr: \"::fffe:0:0/95\"}",
		"{cidr: \"::/0\", except: [\"::/64\"]}",
		"{cidr: \"::fffe:0:0/95\", except: [\"::fffe:0:0/96\"]}",
	};

	if (!one_in(writer, 30))
		return false;
	fputs(DICE_PICK(&writer->dice, texts), writer->out);
	return true;
}

static void write_block(struct writer *writer)
{
	bool six = one_in(writer, writer->shape->dual_stack ? 3 : 12);
	struct weir_prefix block = any_prefix(writer, six);
	struct weir_prefix previous;
	uint32_t holes = block.length < 128 && !one_in(writer, 3) ? below(writer, 5) : 0;

	if (wrote_prefix_around_mapped(writer))
		return;
	if (!one_in(writer, 4))
		clear_host_bits(&block);
	fputs("{cidr: ", writer->out);
	write_prefix(writer, &block);
	if (!holes && one_in(writer, 4))
		fputs(one_in(writer, 2) ? ", except: []" : ", except: null", writer->out);
	for (uint32_t i = 0; i < holes; i++) {
		previous = any_hole(writer, &block, i ? &previous : NULL);
		fputs(i ? ", " : ", except: [", writer->out);
		write_hole(writer, previous);
	}
	fputs(holes ? "]}" : "}", writer->out);
}

/* Rules and policies. */

static void write_peer(struct writer *writer)
{
	uint32_t form = below(writer, 8);

	fputs("{", writer->out);
	if (form < 3) {
		fputs("ipBlock: ", writer->out);
		write_block(writer);
	} else {
		if (form < 6) {
			fputs("podSelector: ", writer->out);
			write_selector(writer, pod_labels, POD_LABELS);
		}
		fputs(form == 5                       ? ", "
		      : form < 5 && one_in(writer, 6) ? ", ipBlock: null"
						      : "",
		      writer->out);
		if (form > 4) {
			fputs("namespaceSelector: ", writer->out);
			write_selector(writer, namespace_labels, NAMESPACE_LABELS);
		}
	}
	fputs("}", writer->out);
}

static void write_number(struct writer *writer)
{
	uint16_t first = DICE_PICK(&writer->dice, numbers);
	uint32_t span;

	fprintf(writer->out, ", port: %u", first);
	if (!one_in(writer, 2))
		return;
	span = one_in(writer, 3) ? UINT16_MAX : below(writer, 500);
	fprintf(writer->out, ", endPort: %u",
		first + span > UINT16_MAX ? UINT16_MAX : first + span);
}

static void write_port(struct writer *writer)
{
	if (one_in(writer, 12)) {
		fputs(one_in(writer, 2) ? "{}" : "{protocol: null, port: null}", writer->out);
		return;
	}
	fprintf(writer->out, "{protocol: %s", DICE_PICK(&writer->dice, protocols));
	switch (below(writer, 6)) {
	case 0:
		break;
	case 1:
	case 2:
		fprintf(writer->out, ", port: %s",
			one_in(writer, 12) ? "nobodys" : DICE_PICK(&writer->dice, port_names));
		break;
	default:
		write_number(writer);
	}
	fputs("}", writer->out);
}

/* A list that is missing, null, empty, or of one to three. */
static void write_list(struct writer *writer, const char *name, void (*item)(struct writer *))
{
	uint32_t count = one_in(writer, 6) ? 0 : 1 + below(writer, 3);

	if (!count) {
		switch (below(writer, 3)) {
		case 0:
			fprintf(writer->out, "      %s: null\n", name);
			break;
		case 1:
			fprintf(writer->out, "      %s: []\n", name);
			break;
		}
		return;
	}
	fprintf(writer->out, "      %s:\n", name);
	for (uint32_t i = 0; i < count; i++) {
		fputs("      - ", writer->out);
		item(writer);
		fputs("\n", writer->out);
	}
}

static void write_rule(struct writer *writer, const char *peers)
{
	if (one_in(writer, 40)) {
		fputs(one_in(writer, 2) ? "    - {}\n" : "    - null\n", writer->out);
		return;
	}
	fputs("    -\n", writer->out);
	write_list(writer, peers, write_peer);
	write_list(writer, "ports", write_port);
}

static void write_rules(struct writer *writer, const char *name, const char *peers)
{
	uint32_t count = one_in(writer, 5) ? 0 : 1 + below(writer, 4);

	if (!count) {
		switch (below(writer, 3)) {
		case 0:
			fprintf(writer->out, "  %s: null\n", name);
			break;
		case 1:
			fprintf(writer->out, "  %s: []\n", name);
			break;
		}
		return;
	}
	fprintf(writer->out, "  %s:\n", name);
	for (uint32_t i = 0; i < count; i++)
		write_rule(writer, peers);
}

static const char *const type_lists[] = {
	"",
	"  policyTypes: []\n",
	"  policyTypes: null\n",
	"  policyTypes: [Ingress]\n",
	"  policyTypes: [Egress]\n",
	"  policyTypes: [Egress, Egress]\n",
	"  policyTypes: [Ingress, Egress]\n",
	"  policyTypes: [Egress, Ingress]\n",
	"  policyTypes:\n  - Ingress\n  - Egress\n",
};

enum {
	UNTYPED_LISTS = 3,
	TYPE_LISTS = sizeof(type_lists) / sizeof(type_lists[0]),
};

/* Keeps what it writes, so that a later policy can have the same subjects. */
static void write_subjects(struct writer *writer)
{
	FILE *out = writer->out;

	if (one_in(writer, 20)) {
		fputs(one_in(writer, 2) ? "" : "  podSelector: null\n", out);
		return;
	}
	if (!writer->pod_selector[0] || !one_in(writer, 4)) {
		FILE *kept = fmemopen(writer->pod_selector, sizeof(writer->pod_selector), "w");

		if (!kept)
			return;
		writer->out = kept;
		write_selector(writer, pod_labels, POD_LABELS);
		fclose(kept);
		writer->out = out;
	}
	fprintf(out, "  podSelector: %s\n", writer->pod_selector);
}

static void write_policy(struct writer *writer, uint32_t policy)
{
	uint32_t types = below(writer, TYPE_LISTS);
	bool no_spec = one_in(writer, 40);
	char name[48];

	/* Names do not come in the order of the text. */
	snprintf(name, sizeof(name), "p%03u%s", policy * 37 % HOSTILE_POLICIES_MAX,
		 types < UNTYPED_LISTS || no_spec ? HOSTILE_UNTYPED : "");
	begin(writer, "networking.k8s.io/v1", "NetworkPolicy");
	write_meta(writer, any_namespace(writer), name);
	if (no_spec) {
		fputs(one_in(writer, 2) ? "spec: null\n" : "", writer->out);
		return;
	}
	fputs("spec:\n", writer->out);
	write_subjects(writer);
	fputs(type_lists[types], writer->out);
	write_rules(writer, "ingress", "from");
	write_rules(writer, "egress", "to");
}

/* Policies of the tiers around NetworkPolicy, in the words of their kind. */

struct dialect {
	const char *kind;
	const char *version;
	const char *ports;
	const char *actions[3];
	uint32_t action_count;
	void (*write_port)(struct writer *writer);
};

static void write_scope(struct writer *writer)
{
	if (one_in(writer, 2)) {
		fputs("{namespaces: ", writer->out);
		write_selector(writer, namespace_labels, NAMESPACE_LABELS);
	} else {
		fputs("{pods: {namespaceSelector: ", writer->out);
		write_selector(writer, namespace_labels, NAMESPACE_LABELS);
		fputs(", podSelector: ", writer->out);
		write_selector(writer, pod_labels, POD_LABELS);
		fputs("}", writer->out);
	}
	fputs("}", writer->out);
}

static void write_networks(struct writer *writer)
{
	uint32_t count = 1 + below(writer, 3);

	fputs("{networks: [", writer->out);
	for (uint32_t i = 0; i < count; i++) {
		struct weir_prefix network =
			any_prefix(writer, one_in(writer, writer->shape->dual_stack ? 3 : 12));

		/* Given twice is refused: different lengths differ. */
		if (network.length > 128 - 3)
			network.length = 128 - 3;
		network.length = (uint8_t)(network.length - network.length % 3 + i);
		if (network.length < 96 && weir_address_is_ipv4(&network.address))
			network.length = (uint8_t)(96 + i);
		clear_host_bits(&network);
		fputs(i ? ", " : "", writer->out);
		write_prefix(writer, &network);
	}
	fputs("]}", writer->out);
}

static void write_span(struct writer *writer)
{
	uint32_t first = DICE_PICK(&writer->dice, numbers);
	uint32_t last = first + 1 + below(writer, 500);

	if (last > UINT16_MAX)
		last = UINT16_MAX;
	if (first == last)
		first--;
	fprintf(writer->out, "start: %u, end: %u", first, last);
}

static void write_cluster_port(struct writer *writer)
{
	static const char *const words[] = { "tcp", "tcp", "udp", "sctp" };

	if (one_in(writer, 2)) {
		fprintf(writer->out, "{%s: {destinationPort: {number: %u}}}",
			DICE_PICK(&writer->dice, words), DICE_PICK(&writer->dice, numbers));
		return;
	}
	fprintf(writer->out, "{%s: {destinationPort: {range: {", DICE_PICK(&writer->dice, words));
	write_span(writer);
	fputs("}}}}", writer->out);
}

static void write_admin_port(struct writer *writer)
{
	const char *protocol = DICE_PICK(&writer->dice, protocols);

	if (one_in(writer, 2)) {
		fprintf(writer->out, "{portNumber: {protocol: %s, port: %u}}", protocol,
			DICE_PICK(&writer->dice, numbers));
		return;
	}
	fprintf(writer->out, "{portRange: {protocol: %s, ", protocol);
	write_span(writer);
	fputs("}}", writer->out);
}

static const struct dialect dialects[] = {
	{ "ClusterNetworkPolicy",
	  "policy.networking.k8s.io/v1alpha2",
	  "protocols",
	  { "Accept", "Deny", "Pass" },
	  3,
	  write_cluster_port },
	{ "AdminNetworkPolicy",
	  "policy.networking.k8s.io/v1alpha1",
	  "ports",
	  { "Allow", "Deny", "Pass" },
	  3,
	  write_admin_port },
	{ "BaselineAdminNetworkPolicy",
	  "policy.networking.k8s.io/v1alpha1",
	  "ports",
	  { "Allow", "Deny" },
	  2,
	  write_admin_port },
};

enum { CLUSTER_KIND, ADMIN_KIND, BASELINE_KIND };

/* Of egress, whom names of ports do not fit; false when it writes nothing. */
static bool wrote_far_peer(struct writer *writer, const struct dialect *dialect, uint32_t action)
{
	static const char *const domains[] = { "example.com", "*.example.com", "a.b." };

	switch (below(writer, 7)) {
	case 0:
	case 4:
		fputs("{nodes: ", writer->out);
		write_selector(writer, pod_labels, POD_LABELS);
		fputs("}", writer->out);
		return true;
	case 1:
	case 2:
		write_networks(writer);
		return true;
	case 3:
		if (action || dialect == &dialects[BASELINE_KIND])
			return false;
		fprintf(writer->out, "{domainNames: [\"%s\"]}", DICE_PICK(&writer->dice, domains));
		return true;
	}
	return false;
}

static void write_cluster_rule(struct writer *writer, const struct dialect *dialect,
			       const char *peers)
{
	uint32_t action = below(writer, dialect->action_count);
	uint32_t count = 1 + below(writer, 3);
	bool has_far = false;

	fprintf(writer->out, "    - action: %s\n      %s:\n", dialect->actions[action], peers);
	for (uint32_t i = 0; i < count; i++) {
		bool far;

		fputs("      - ", writer->out);
		far = strcmp(peers, "to") == 0 && wrote_far_peer(writer, dialect, action);
		has_far = has_far || far;
		if (!far)
			write_scope(writer);
		fputs("\n", writer->out);
	}
	count = one_in(writer, 3) ? 0 : 1 + below(writer, 3);
	for (uint32_t i = 0; i < count; i++) {
		fprintf(writer->out, i ? "      - " : "      %s:\n      - ", dialect->ports);
		if (!has_far && !one_in(writer, 3))
			fprintf(writer->out, "{%s: %s}",
				dialect == &dialects[CLUSTER_KIND] ? "destinationNamedPort"
								   : "namedPort",
				DICE_PICK(&writer->dice, port_names));
		else
			dialect->write_port(writer);
		fputs("\n", writer->out);
	}
}

static void write_cluster_rules(struct writer *writer, const struct dialect *dialect,
				const char *direction, const char *peers)
{
	uint32_t count = below(writer, 4);

	if (count)
		fprintf(writer->out, "  %s:\n", direction);
	for (uint32_t i = 0; i < count; i++)
		write_cluster_rule(writer, dialect, peers);
}

/* Priorities are few, so that some are equal (C39). */
static void write_cluster_policy(struct writer *writer, uint32_t index)
{
	const struct dialect *dialect =
		&dialects[index ? below(writer, 2) : below(writer, BASELINE_KIND + 1)];
	bool is_baseline = dialect == &dialects[BASELINE_KIND];

	begin(writer, dialect->version, dialect->kind);
	if (is_baseline)
		fputs("metadata: {name: default}\nspec:\n", writer->out);
	else
		fprintf(writer->out, "metadata: {name: t%u}\nspec:\n  priority: %u\n",
			index * 7 % 13, below(writer, 3) * 500);
	if (dialect == &dialects[CLUSTER_KIND])
		fprintf(writer->out, "  tier: %s\n", one_in(writer, 3) ? "Admin" : "Baseline");
	fputs("  subject: ", writer->out);
	write_scope(writer);
	fputs("\n", writer->out);
	write_cluster_rules(writer, dialect, "ingress", "from");
	write_cluster_rules(writer, dialect, "egress", "to");
}

static void write_cluster(struct writer *writer)
{
	const struct hostile_shape *shape = writer->shape;

	for (uint32_t i = 0; i < shape->namespaces; i++)
		write_namespace(writer, i);
	for (uint32_t i = 0; i < shape->nodes; i++)
		write_node(writer, i);
	for (uint32_t i = 0; i < shape->pods; i++)
		write_pod(writer, i);
	for (uint32_t i = 0; i < shape->services; i++)
		write_service(writer, i);
	for (uint32_t i = 0; i < shape->workloads; i++)
		write_workload(writer, i);
	for (uint32_t i = 0; i < shape->policies; i++)
		write_policy(writer, i);
	for (uint32_t i = 0; i < shape->cluster_policies; i++)
		write_cluster_policy(writer, i);
}

/* Ranges that hold other nodes' pods, services, nodes. */
static void draw_cluster_cidrs(struct writer *writer, struct hostile *out)
{
	static const char *const ranges[] = { "10.0.0.0/16", "10.0.0.0/15", "10.0.0.0/8",
					      "172.16.0.0/26", "192.168.0.0/24" };

	out->cluster_cidr_count = 0;
	if (!writer->shape->pod_ranges || !one_in(writer, 3))
		return;
	out->cluster_cidr_count = 1 + below(writer, 2);
	for (uint32_t i = 0; i < out->cluster_cidr_count; i++) {
		const char *text = DICE_PICK(&writer->dice, ranges);

		if (i == 1 && writer->shape->dual_stack)
			text = "fd00::/16";
		weir_prefix_parse(text, strlen(text), &out->cluster_cidrs[i], NULL);
	}
}

struct hostile_shape hostile_draw_shape(uint64_t seed)
{
	struct dice dice = { seed ^ 0x73686170 };

	return (struct hostile_shape){
		.namespaces = dice_between(&dice, 1, 6),
		.nodes = dice_between(&dice, 1, 5),
		.pods = dice_between(&dice, 10, 60),
		.policies = dice_between(&dice, 5, 30),
		.cluster_policies = dice_below(&dice, 2) ? dice_between(&dice, 1, 8) : 0,
		.services = dice_below(&dice, 4),
		.workloads = dice_below(&dice, 3),
		.dual_stack = dice_below(&dice, 2),
		.shared_addresses = dice_below(&dice, 3) != 0,
		.pod_ranges = dice_below(&dice, 3) != 0,
	};
}

bool hostile_make(uint64_t seed, const struct hostile_shape *shape, struct hostile *out)
{
	struct writer writer = { .dice = { seed }, .shape = shape };

	out->yaml = NULL;
	writer.out = open_memstream(&out->yaml, &out->length);
	if (!writer.out)
		return false;
	draw_cluster_cidrs(&writer, out);
	write_cluster(&writer);
	if (fclose(writer.out)) {
		hostile_release(out);
		return false;
	}
	return true;
}

void hostile_release(struct hostile *hostile)
{
	free(hostile->yaml);
	hostile->yaml = NULL;
}
