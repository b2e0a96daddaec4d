/*
 * gate.c - fixed work for the instruction counter: `gate CASE` does it once. Two cases print sizes.
 *
 * The counter collects only inside weir's own functions, so the making of the work is free. The
 * work comes from seeds, so that the count of one compiler on one architecture is one number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frames.h"
#include "handle.h"
#include "weir/packet.h"
#include "weir/resolved.h"

enum {
	PODS = 1000,
	APPS = 40, /* pod i is of app i % APPS */
	KEYS = 40000,
	FRAMES = 20000,
};

static struct weir_address address_of(unsigned a, unsigned b, unsigned c, unsigned d)
{
	return weir_address_from_ipv4(
		(uint8_t[]){ (uint8_t)a, (uint8_t)b, (uint8_t)c, (uint8_t)d });
}

/* Each app admits the next app on a port of its own and a block outside, and nobody else; even
 * apps may only go out to the one before. */
struct fixed {
	struct weir_address addresses[PODS];
	struct weir_endpoint pods[PODS];
	uint32_t members[APPS][PODS / APPS];
	struct weir_set sets[APPS];
	struct weir_block blocks[APPS];
	struct weir_peer peers[APPS][3];
	struct weir_port ports[APPS];
	struct weir_origin origins[2 * APPS];
	struct weir_rule rules[4 * APPS];
	uint32_t rule_count;
};

static void add_pods(struct fixed *fixed)
{
	for (unsigned i = 0; i < PODS; i++) {
		fixed->addresses[i] = address_of(10, 244, i >> 8, i & 255);
		fixed->pods[i] = (struct weir_endpoint){
			.namespace_name = "app",
			.name = "pod",
			.addresses = &fixed->addresses[i],
			.address_count = 1,
			.node = WEIR_NONE,
			.workload = WEIR_NONE,
			.kind = WEIR_ENDPOINT_POD,
			.rank = WEIR_RANK_RUNNING,
		};
		fixed->members[i % APPS][i / APPS] = i;
	}
}

static void add_rules(struct fixed *fixed, unsigned app, enum weir_direction direction)
{
	bool ingress = direction == WEIR_INGRESS;
	struct weir_rule rule = {
		.subjects = app,
		.peers = ingress ? fixed->peers[app] : &fixed->peers[app][2],
		.peer_count = ingress ? 2 : 1,
		.ports = ingress ? &fixed->ports[app] : NULL,
		.port_count = ingress,
		.origin = ingress ? app : APPS + app,
		.tier = WEIR_TIER_NETWORK_POLICY,
		.direction = (uint8_t)direction,
		.action = WEIR_RULE_ALLOW,
	};
	struct weir_rule isolation = {
		.subjects = app,
		.precedence = 1,
		.origin = WEIR_NONE,
		.tier = WEIR_TIER_NETWORK_POLICY,
		.direction = (uint8_t)direction,
		.action = WEIR_RULE_DENY,
	};

	fixed->rules[fixed->rule_count++] = rule;
	fixed->rules[fixed->rule_count++] = isolation;
}

static void add_app(struct fixed *fixed, unsigned app)
{
	fixed->sets[app] = (struct weir_set){ fixed->members[app], PODS / APPS, WEIR_MAYBE };
	fixed->blocks[app].prefix = (struct weir_prefix){ address_of(192, 168, app, 0), 120 };
	fixed->peers[app][0] = (struct weir_peer){ WEIR_PEER_SET, (app + 1) % APPS };
	fixed->peers[app][1] = (struct weir_peer){ WEIR_PEER_BLOCK, app };
	fixed->peers[app][2] = (struct weir_peer){ WEIR_PEER_SET, (app + APPS - 1) % APPS };
	fixed->ports[app] = (struct weir_port){ .first = (uint16_t)(8000 + app % 7),
						.last = (uint16_t)(8000 + app % 7),
						.protocol = WEIR_PROTOCOL_TCP,
						.kind = WEIR_PORT_RANGE };
	for (unsigned i = 0; i < 2; i++)
		fixed->origins[i * APPS + app] =
			(struct weir_origin){ "NetworkPolicy", "app", "policy", NULL, app };
	add_rules(fixed, app, WEIR_INGRESS);
	if (app % 2 == 0)
		add_rules(fixed, app, WEIR_EGRESS);
}

static struct weir_policy *compile_fixed(void)
{
	static struct fixed fixed;
	struct weir_resolved resolved = {
		.endpoints = fixed.pods,
		.endpoint_count = PODS,
		.sets = fixed.sets,
		.set_count = APPS,
		.blocks = fixed.blocks,
		.block_count = APPS,
		.origins = fixed.origins,
		.origin_count = 2 * APPS,
		.rules = fixed.rules,
	};
	struct weir_policy *policy;

	add_pods(&fixed);
	for (unsigned app = 0; app < APPS; app++)
		add_app(&fixed, app);
	resolved.rule_count = fixed.rule_count;
	if (weir_compile(&resolved, NULL, &policy, NULL))
		exit(2);
	return policy;
}

/* Pod to pod three times of four, else from outside; a linear congruence picks. */
static void fill_keys(struct weir_key *keys)
{
	uint32_t state = 1;

	for (size_t i = 0; i < KEYS; i++) {
		unsigned from = (state = state * 1664525 + 1013904223) >> 8;
		unsigned to = (state = state * 1664525 + 1013904223) >> 8;

		keys[i] = (struct weir_key){
			.source = i % 4 ? address_of(10, 244, from % PODS >> 8, from % PODS & 255)
					: address_of(192, 168, from % 64, to & 255),
			.destination = address_of(10, 244, to % PODS >> 8, to % PODS & 255),
			.source_port = 40000,
			.destination_port = (uint16_t)(8000 + to % 9),
			.protocol = WEIR_PROTOCOL_TCP,
			.flags = WEIR_KEY_BOTH,
		};
	}
}

static int classify_with(const struct weir_kernel *kernel)
{
	static struct weir_verdict verdicts[KEYS];
	static struct weir_key keys[KEYS];
	struct weir_policy *policy = compile_fixed();

	fill_keys(keys);
	kernel->classify(&policy->lookup, keys, verdicts, KEYS);
	weir_policy_unref(policy);
	return 0;
}

static int classify(const char *name)
{
	size_t count;
	const struct weir_kernel *kernels = weir_kernels(&count);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(kernels[i].name, name) != 0)
			continue;
		if (!kernels[i].is_supported())
			return 77;
		return classify_with(&kernels[i]);
	}
	return 77;
}

/* Sizes of the compiled form: numbers that are counted as they are. */
static int print_bytes(bool only_hot)
{
	struct weir_policy *policy = compile_fixed();
	struct weir_policy_sizes sizes;

	weir_policy_measure(policy, &sizes);
	printf("%zu\n", only_hot ? sizes.hot_bytes : sizes.total_bytes);
	weir_policy_unref(policy);
	return 0;
}

static int decode(void)
{
	struct frame_builder frames[3];
	struct weir_packet packet;

	frame_tcp_packet(&frames[0], "10.0.0.1", 40000, "10.0.0.2", 80, WEIR_TCP_SYN);
	frame_udp_packet(&frames[1], "fd00::1", 40000, "fd00::2", 53, 64);
	frame_echo_packet(&frames[2], "10.0.0.1", "10.0.0.2", false, 7);
	for (size_t i = 0; i < FRAMES; i++) {
		struct weir_frame frame = frame_whole(&frames[i % 3]);

		weir_packet_decode(&frame, &packet);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc != 2)
		return 2;
	if (strcmp(argv[1], "decode") == 0)
		return decode();
	if (strcmp(argv[1], "bytes") == 0 || strcmp(argv[1], "hot-bytes") == 0)
		return print_bytes(argv[1][0] == 'h');
	return classify(argv[1]);
}
