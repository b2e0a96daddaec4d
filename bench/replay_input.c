/*
 * replay_input - what bench/replay.sh replays: a cluster's manifests, and a trace of its pods.
 *
 *	weir-bench-replay-input cluster PODS POLICIES >cluster.yaml
 *	weir-bench-replay-input trace PODS PACKETS FLOWS >trace.pcap
 *
 * Namespaces of 100 pods in 20 apps; a policy isolates one app, inwards or both ways. It admits
 * another app, the namespaces of a team, and a block with a hole. Three of four flows are between
 * pods, the others with addresses outside; nine of ten are TCP. Packets are 60 bytes on the wire.
 * Each belongs to a uniformly picked flow, the worst case of a cache, and goes either way; the
 * first of a TCP flow is its SYN.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PODS_PER_NAMESPACE = 100,
	APPS = 20, /* of a namespace */
	NODES = 100,
	TEAMS = 20,
	FRAME = 60,
	TCP = 6,
	UDP = 17,
	SYN = 0x02,
	ACK = 0x10,
};

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static uint64_t next_random(uint64_t *state)
{
	return mix(*state += 0x9e3779b97f4a7c15u);
}

static uint32_t below(uint64_t *state, uint32_t bound)
{
	return (uint32_t)((next_random(state) >> 32) * bound >> 32);
}

static uint32_t pod_address(uint32_t pod)
{
	return 0x0a000000u + pod / 250 * 256 + 2 + pod % 250;
}

static uint32_t app_port(uint32_t pod)
{
	return 8000 + pod % APPS;
}

static void print_address(uint32_t address)
{
	printf("%u.%u.%u.%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
	       address & 255);
}

static void print_pod(uint32_t pod)
{
	printf("---\napiVersion: v1\nkind: Pod\nmetadata: {name: pod-%u, namespace: ns-%u, labels: "
	       "{app: app-%u, tier: t%u}}\nspec: {nodeName: node-%u, containers: [{name: c, image: "
	       "i, "
	       "ports: [{containerPort: %u, name: http}]}]}\nstatus: {phase: Running, podIP: ",
	       pod, pod / PODS_PER_NAMESPACE, pod % APPS, pod % 3, pod % NODES, app_port(pod));
	print_address(pod_address(pod));
	printf(", podIPs: [{ip: ");
	print_address(pod_address(pod));
	printf("}]}\n");
}

static void print_policy(uint32_t policy, uint32_t namespaces)
{
	uint32_t app = policy / namespaces;

	printf("---\napiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: "
	       "policy-%u, namespace: ns-%u}\nspec:\n  podSelector: {matchLabels: {app: app-%u}}\n",
	       policy, policy % namespaces, app % APPS);
	printf("  policyTypes: [Ingress%s]\n", policy % 2 ? ", Egress" : "");
	printf("  ingress:\n  - from:\n    - podSelector: {matchLabels: {app: app-%u}}\n",
	       (app + 1) % APPS);
	printf("    - namespaceSelector: {matchLabels: {team: t%u}}\n", policy % TEAMS);
	printf("    - ipBlock: {cidr: 172.%u.0.0/16, except: [172.%u.128.0/17]}\n",
	       16 + policy % 16, 16 + policy % 16);
	printf("    ports: [{port: http}, {port: %u}]\n", 9000 + policy % 100);
	if (policy % 2)
		printf("  egress:\n  - to: [{namespaceSelector: {matchLabels: {team: t%u}}}]\n",
		       (policy + 1) % TEAMS);
}

static void print_cluster(uint32_t pods, uint32_t policies)
{
	uint32_t namespaces = (pods + PODS_PER_NAMESPACE - 1) / PODS_PER_NAMESPACE;

	for (uint32_t i = 0; i < namespaces; i++)
		printf("---\napiVersion: v1\nkind: Namespace\nmetadata: {name: ns-%u, labels: "
		       "{team: t%u}}\n",
		       i, i % TEAMS);
	for (uint32_t i = 0; i < NODES; i++)
		printf("---\napiVersion: v1\nkind: Node\nmetadata: {name: node-%u}\nstatus: "
		       "{addresses: "
		       "[{type: InternalIP, address: 192.168.0.%u}]}\n",
		       i, i + 1);
	for (uint32_t i = 0; i < pods; i++)
		print_pod(i);
	for (uint32_t i = 0; i < policies; i++)
		print_policy(i, namespaces);
}

struct flow {
	uint32_t client;
	uint32_t server;
	uint16_t client_port;
	uint16_t server_port;
	uint8_t protocol;
};

/* A flow is known by its number, so that a million of them need no memory here. */
static struct flow flow_of(uint32_t number, uint32_t pods)
{
	uint64_t state = mix(number + 1);
	uint32_t server = below(&state, pods);
	struct flow flow = {
		.client = pod_address(below(&state, pods)),
		.server = pod_address(server),
		/* No two flows of one pair of pods have the same. */
		.client_port = (uint16_t)(32768 + number % 28000),
		.server_port = (uint16_t)app_port(server),
		.protocol = below(&state, 10) ? TCP : UDP,
	};

	if (below(&state, 4) == 0)
		flow.client = 0xac100000u + below(&state, 1u << 20); /* 172.16.0.0/12 */
	if (below(&state, 4) == 0)
		flow.server_port = (uint16_t)(9000 + below(&state, 100));
	return flow;
}

static void put16(uint8_t *at, uint32_t value)
{
	at[0] = (uint8_t)(value >> 8);
	at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
	put16(at, value >> 16);
	put16(at + 2, value & 0xffff);
}

static void write_packet(const struct flow *flow, uint64_t number, bool is_reply, bool is_first)
{
	uint32_t record[4] = { (uint32_t)(1700000000 + number / 100000),
			       (uint32_t)(number % 100000 * 10000), FRAME, FRAME };
	uint8_t frame[FRAME] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x08, 0x00 };
	uint8_t *ip = frame + 14;
	uint8_t *transport = ip + 20;

	ip[0] = 0x45;
	put16(ip + 2, FRAME - 14);
	ip[8] = 64;
	ip[9] = flow->protocol;
	put32(ip + 12, is_reply ? flow->server : flow->client);
	put32(ip + 16, is_reply ? flow->client : flow->server);
	put16(transport, is_reply ? flow->server_port : flow->client_port);
	put16(transport + 2, is_reply ? flow->client_port : flow->server_port);
	if (flow->protocol == TCP) {
		transport[12] = 5 << 4;
		transport[13] = is_first ? SYN : ACK;
	} else {
		put16(transport + 4, FRAME - 14 - 20);
	}
	fwrite(record, sizeof(record), 1, stdout);
	fwrite(frame, sizeof(frame), 1, stdout);
}

static bool write_trace(uint32_t pods, uint64_t packets, uint32_t flows)
{
	const uint32_t header[6] = { 0xa1b23c4d, 2 | 4 << 16, 0, 0, 65535, 1 };
	uint8_t *is_open = calloc(flows, 1);
	uint64_t state = 1;

	if (!is_open)
		return false;
	fwrite(header, sizeof(header), 1, stdout);
	for (uint64_t i = 0; i < packets; i++) {
		uint32_t number = below(&state, flows);
		struct flow flow = flow_of(number, pods);

		write_packet(&flow, i, is_open[number] && below(&state, 2), !is_open[number]);
		is_open[number] = 1;
	}
	free(is_open);
	return true;
}

static uint32_t count_of(const char *text)
{
	unsigned long value = strtoul(text, NULL, 10);

	return value > UINT32_MAX ? UINT32_MAX : (uint32_t)value;
}

int main(int argc, char **argv)
{
	static char buffer[1 << 16];
	bool is_done = true;

	setvbuf(stdout, buffer, _IOFBF, sizeof(buffer));
	if (argc == 4 && strcmp(argv[1], "cluster") == 0 && count_of(argv[2])) {
		print_cluster(count_of(argv[2]), count_of(argv[3]));
	} else if (argc == 5 && strcmp(argv[1], "trace") == 0 && count_of(argv[2]) &&
		   count_of(argv[4])) {
		is_done = write_trace(count_of(argv[2]), count_of(argv[3]), count_of(argv[4]));
	} else {
		fprintf(stderr, "usage: %s cluster PODS POLICIES | trace PODS PACKETS FLOWS\n",
			argv[0]);
		return 2;
	}
	return is_done && fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
