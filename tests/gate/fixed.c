#include "fixed.h"

#include <stdlib.h>

#include "weir/resolved.h"

enum {
	PODS = 1000,
	APPS = 40, /* pod i is of app i % APPS */
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

struct weir_policy *compile_fixed(void)
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

/* A linear congruence picks. */
static struct weir_key pick_key(uint32_t *state, size_t i)
{
	unsigned from = (*state = *state * 1664525 + 1013904223) >> 8;
	unsigned to = (*state = *state * 1664525 + 1013904223) >> 8;

	return (struct weir_key){
		.source = i % 4 ? address_of(10, 244, from % PODS >> 8, from % PODS & 255)
				: address_of(192, 168, from % 64, to & 255),
		.destination = address_of(10, 244, to % PODS >> 8, to % PODS & 255),
		.source_port = 40000,
		.destination_port = (uint16_t)(8000 + to % 9),
		.protocol = WEIR_PROTOCOL_TCP,
		.flags = WEIR_KEY_BOTH,
	};
}

void fill_keys(struct weir_key *keys, size_t count)
{
	uint32_t state = 1;

	for (size_t i = 0; i < count; i++)
		keys[i] = pick_key(&state, i);
}

/* The first packet of a connection whose number is its port. */
static void make_frame(const struct weir_key *key, size_t number, struct frame_builder *builder)
{
	char from[WEIR_ADDRESS_TEXT], to[WEIR_ADDRESS_TEXT];

	weir_address_format(&key->source, from);
	weir_address_format(&key->destination, to);
	frame_tcp_packet(builder, from, (uint16_t)(30000 + number), to, key->destination_port,
			 WEIR_TCP_SYN);
}

void fill_frames(struct frame_builder *builders, struct weir_frame *frames, size_t count)
{
	uint32_t state = 1;

	for (size_t i = 0; i < count; i++) {
		struct weir_key key = pick_key(&state, i);

		make_frame(&key, i, &builders[i]);
		frames[i] = frame_whole(&builders[i]);
	}
}

/* The destination's app admits its source on its port, a pod or, each fourth, a block. */
static struct weir_key pick_allowed_key(uint32_t *state, size_t i)
{
	unsigned from = (*state = *state * 1664525 + 1013904223) >> 8;
	unsigned to = ((*state = *state * 1664525 + 1013904223) >> 8) % PODS;
	unsigned app = to % APPS;
	unsigned peer = from % (PODS / APPS) * APPS + (app + 1) % APPS;

	return (struct weir_key){
		.source = i % 4 ? address_of(10, 244, peer >> 8, peer & 255)
				: address_of(192, 168, app, from & 255),
		.destination = address_of(10, 244, to >> 8, to & 255),
		.destination_port = (uint16_t)(8000 + app % 7),
	};
}

void fill_allowed_frames(struct frame_builder *builders, struct weir_frame *frames, size_t count)
{
	uint32_t state = 1;

	for (size_t i = 0; i < count; i++) {
		struct weir_key key = pick_allowed_key(&state, i);

		make_frame(&key, i, &builders[i]);
		frames[i] = frame_whole(&builders[i]);
	}
}
