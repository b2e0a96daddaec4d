/*
 * Lists a cluster of 10,000 pods by workload and says how long it took; fails only when a row says
 * what classify does not.
 *
 *	build/tests/list/scale-list
 *
 * A hundred namespaces of five workloads of twenty pods, and 800 policies. Four workloads of five
 * are isolated; each policy admits one to five others of any namespace, some by a block outside
 * with holes, on one of sixteen ports.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "weir/list.h"
#include "weir/resolved.h"

enum {
	GROUPS = 500,
	GROUP_PODS = 20,
	PODS = GROUPS * GROUP_PODS,
	POLICIES = 800,
	PEERS = 5,
	HOLES = 3,
	PORTS = 16,
	CHECK_EVERY = 97, /* rows */
};

static char names[PODS][32];
static char spaces[GROUPS / 5][16];
static char groups[GROUPS][16];
static struct weir_address addresses[PODS];
static struct weir_endpoint endpoints[PODS];
static struct weir_workload workloads[GROUPS];
static uint32_t members[PODS];
static struct weir_set sets[GROUPS];
static struct weir_peer peers[POLICIES][PEERS];
static struct weir_prefix holes[POLICIES][HOLES];
static struct weir_block blocks[POLICIES];
static struct weir_port ports[PORTS];
static struct weir_origin origins[POLICIES];
static struct weir_rule rules[2 * POLICIES];

static uint32_t next(uint32_t limit)
{
	static uint64_t seed = 1;

	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33) % limit;
}

static void make_pod(uint32_t i)
{
	const uint8_t bytes[4] = { 10, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };

	snprintf(names[i], sizeof(names[i]), "pod-%u", i);
	addresses[i] = weir_address_from_ipv4(bytes);
	members[i] = i;
	endpoints[i] = (struct weir_endpoint){ .namespace_name = spaces[i / GROUP_PODS / 5],
					       .name = names[i],
					       .addresses = &addresses[i],
					       .address_count = 1,
					       .node = WEIR_NONE,
					       .workload = i / GROUP_PODS,
					       .kind = WEIR_ENDPOINT_POD,
					       .rank = WEIR_RANK_RUNNING };
}

static void make_group(uint32_t i)
{
	snprintf(spaces[i / 5], sizeof(spaces[0]), "space-%u", i / 5);
	snprintf(groups[i], sizeof(groups[0]), "group-%u", i);
	workloads[i] = (struct weir_workload){ "Deployment", spaces[i / 5], groups[i], WEIR_NONE };
	sets[i] = (struct weir_set){ &members[i * GROUP_PODS], GROUP_PODS, WEIR_MAYBE };
}

/* 172.16 to 172.31 by sixteen bits, less three blocks of 256. */
static void make_block(uint32_t i)
{
	const uint8_t bytes[4] = { 172, (uint8_t)(16 + next(16)), 0, 0 };

	blocks[i] = (struct weir_block){ .prefix = { weir_address_from_ipv4(bytes), 112 },
					 .holes = holes[i],
					 .hole_count = HOLES };
	for (uint32_t j = 0; j < HOLES; j++) {
		const uint8_t hole[4] = { bytes[0], bytes[1], (uint8_t)(80 * j + next(80)), 0 };

		holes[i][j] = (struct weir_prefix){ weir_address_from_ipv4(hole), 120 };
	}
}

static void make_policy(uint32_t i)
{
	uint32_t subjects = next(GROUPS / 5) * 5 + next(4);
	struct weir_rule *allow = &rules[i], *isolate = &rules[POLICIES + i];

	make_block(i);
	origins[i] = (struct weir_origin){ "NetworkPolicy", spaces[subjects / 5], "p", NULL, i };
	*allow = (struct weir_rule){ .peers = peers[i],
				     .ports = &ports[next(PORTS)],
				     .peer_count = 1 + next(PEERS),
				     .port_count = 1,
				     .subjects = subjects,
				     .origin = i,
				     .tier = WEIR_TIER_NETWORK_POLICY,
				     .direction =
					     (uint8_t)(next(4) == 0 ? WEIR_EGRESS : WEIR_INGRESS),
				     .action = WEIR_RULE_ALLOW };
	*isolate = (struct weir_rule){ .subjects = subjects,
				       .precedence = 1,
				       .origin = WEIR_NONE,
				       .tier = WEIR_TIER_NETWORK_POLICY,
				       .direction = allow->direction,
				       .action = WEIR_RULE_DENY };
	for (uint32_t j = 0; j < PEERS; j++)
		peers[i][j] = next(5) ? (struct weir_peer){ WEIR_PEER_SET, next(GROUPS) }
				      : (struct weir_peer){ WEIR_PEER_BLOCK, i };
}

static struct weir_policy *compile(void)
{
	const struct weir_resolved resolved = {
		.endpoints = endpoints,
		.workloads = workloads,
		.sets = sets,
		.blocks = blocks,
		.origins = origins,
		.rules = rules,
		.endpoint_count = PODS,
		.workload_count = GROUPS,
		.set_count = GROUPS,
		.block_count = POLICIES,
		.origin_count = POLICIES,
		.rule_count = 2 * POLICIES,
	};
	struct weir_policy *policy = NULL;

	for (uint32_t i = 0; i < GROUPS; i++)
		make_group(i);
	for (uint32_t i = 0; i < PODS; i++)
		make_pod(i);
	for (uint32_t i = 0; i < PORTS; i++) {
		uint16_t number = (uint16_t)(8000 + 10 * i);

		ports[i] = (struct weir_port){ NULL, number, number, 6, WEIR_PORT_RANGE };
	}
	for (uint32_t i = 0; i < POLICIES; i++)
		make_policy(i);
	weir_compile(&resolved, NULL, &policy, NULL);
	return policy;
}

struct told {
	const struct weir_policy *policy;
	const struct weir_list *list;
	uint64_t rows;
	uint64_t checked;
	uint64_t wrong;
};

static struct weir_address some_address(const struct weir_list_end *end)
{
	if (end->kind == WEIR_LIST_OUTSIDE)
		return end->prefixes[next(end->prefix_count)].address;
	return end->kind == WEIR_LIST_WORKLOAD
		       ? addresses[end->index * GROUP_PODS + next(GROUP_PODS)]
		       : addresses[end->index];
}

static int note_row(void *context, const struct weir_list_row *row)
{
	struct told *told = context;
	const struct weir_list_ports *allowed;
	struct weir_key key = { .source = some_address(&row->from),
				.destination = some_address(&row->to),
				.protocol = WEIR_PROTOCOL_TCP,
				.flags = WEIR_KEY_BOTH };
	struct weir_verdict verdict;

	if (told->rows++ % CHECK_EVERY)
		return 0;
	weir_list_ports(told->list, row->ports, &allowed);
	key.destination_port = allowed->ranges[0].last;
	weir_policy_classify(told->policy, &key, &verdict, 1);
	told->checked++;
	told->wrong += verdict.action != WEIR_ALLOW;
	return 0;
}

int main(void)
{
	struct weir_policy *policy = compile();
	struct told told = { .policy = policy };
	struct timespec begin, end;
	struct weir_list *list;

	if (!policy)
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	if (weir_list_create(policy, &(struct weir_list_options){ 0 }, &list, NULL))
		return 1;
	told.list = list;
	if (weir_list_each(list, note_row, &told))
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%d pods, %d policies: %llu rows, %llu checked, %llu wrong: %.3f s\n", PODS,
	       POLICIES, (unsigned long long)told.rows, (unsigned long long)told.checked,
	       (unsigned long long)told.wrong,
	       (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
	weir_list_destroy(list);
	weir_policy_unref(policy);
	return told.wrong || !told.checked;
}
