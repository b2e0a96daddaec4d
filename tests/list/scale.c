/*
 * Lists a cluster of 10,000 pods by workload and says how long it took; fails only when the list
 * says what classify does not: a connection of each 97th row must be allowed, and of 200,000 pairs
 * of pods those that a row covers, and no others.
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
	PAIRS = 200000,
	BURST = 32,
	NO_PORT = 1, /* in no policy: allowed where every port is */
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
	uint64_t allowed;
	uint64_t wrong;
};

/* By groups, a bit of each port that rows cover; the last is NO_PORT. */
static uint32_t covered[GROUPS][GROUPS];

static uint16_t port_number(uint32_t i)
{
	return i < PORTS ? ports[i].first : NO_PORT;
}

static int count_row(void *context, const struct weir_list_row *row)
{
	struct told *told = context;

	(void)row;
	told->rows++;
	return 0;
}

/* Rows. */

static bool has_port(const struct weir_list_ports *allowed, uint16_t port)
{
	for (uint32_t i = 0; i < allowed->range_count; i++) {
		if (allowed->ranges[i].first <= port && port <= allowed->ranges[i].last)
			return true;
	}
	return false;
}

/* TCP, or every protocol, is the first. */
static void cover(const struct weir_list_row *row, const struct weir_list_ports *allowed)
{
	for (uint32_t i = 0; i <= PORTS; i++)
		covered[row->from.index][row->to.index] |=
			(uint32_t)has_port(allowed, port_number(i)) << i;
}

static struct weir_address some_address(const struct weir_list_end *end)
{
	return end->kind == WEIR_LIST_OUTSIDE
		       ? end->prefixes[next(end->prefix_count)].address
		       : addresses[end->index * GROUP_PODS + next(GROUP_PODS)];
}

static void check_row(struct told *told, const struct weir_list_row *row,
		      const struct weir_list_ports *allowed)
{
	const struct weir_key key = { .source = some_address(&row->from),
				      .destination = some_address(&row->to),
				      .destination_port = allowed->ranges[0].last,
				      .protocol = WEIR_PROTOCOL_TCP,
				      .flags = WEIR_KEY_BOTH };
	struct weir_verdict verdict;

	weir_policy_classify(told->policy, &key, &verdict, 1);
	told->checked++;
	told->wrong += verdict.action != WEIR_ALLOW;
}

/* All pods of a group are alike, so every end in the cluster is a group. */
static int note_row(void *context, const struct weir_list_row *row)
{
	struct told *told = context;
	const struct weir_list_ports *allowed;

	weir_list_ports(told->list, row->ports, &allowed);
	told->wrong += row->is_ambiguous || row->from.kind == WEIR_LIST_POD ||
		       row->to.kind == WEIR_LIST_POD || allowed->protocol > WEIR_LIST_TCP;
	if (row->from.kind == WEIR_LIST_WORKLOAD && row->to.kind == WEIR_LIST_WORKLOAD)
		cover(row, allowed);
	if (!told->wrong && told->rows++ % CHECK_EVERY == 0)
		check_row(told, row, allowed);
	return 0;
}

/* Pairs. */

static enum weir_action draw_pair(struct weir_key *key)
{
	uint32_t source = next(PODS), target = next(PODS), port = next(PORTS + 1);

	*key = (struct weir_key){ .source = addresses[source],
				  .destination = addresses[source == target ? target ^ 1 : target],
				  .destination_port = port_number(port),
				  .protocol = WEIR_PROTOCOL_TCP,
				  .flags = WEIR_KEY_BOTH };
	return covered[source / GROUP_PODS][target / GROUP_PODS] >> port & 1 ? WEIR_ALLOW
									     : WEIR_DENY;
}

static void check_pairs(struct told *told)
{
	enum weir_action want[BURST];
	struct weir_key keys[BURST];
	struct weir_verdict verdicts[BURST];

	for (uint32_t i = 0; i < PAIRS; i += BURST) {
		for (uint32_t j = 0; j < BURST; j++)
			want[j] = draw_pair(&keys[j]);
		weir_policy_classify(told->policy, keys, verdicts, BURST);
		for (uint32_t j = 0; j < BURST; j++) {
			told->allowed += want[j] == WEIR_ALLOW;
			told->wrong += verdicts[j].action != want[j];
		}
	}
}

static double seconds_since(const struct timespec *begin)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	return (double)(end.tv_sec - begin->tv_sec) + (double)(end.tv_nsec - begin->tv_nsec) / 1e9;
}

int main(void)
{
	struct weir_policy *policy = compile();
	struct told timed = { 0 }, told = { .policy = policy };
	struct weir_policy_sizes sizes;
	struct timespec begin;
	struct weir_list *list;
	double seconds;

	if (!policy)
		return 1;
	weir_policy_measure(policy, &sizes);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	if (weir_list_create(policy, &(struct weir_list_options){ 0 }, &list, NULL))
		return 1;
	if (weir_list_each(list, count_row, &timed))
		return 1;
	seconds = seconds_since(&begin);
	told.list = list;
	if (weir_list_each(list, note_row, &told))
		return 1;
	check_pairs(&told);
	printf("%d pods, %d policies; %zu bytes, %u classes: %llu rows in %.3f s\n", PODS, POLICIES,
	       sizes.total_bytes, sizes.classes, (unsigned long long)timed.rows, seconds);
	printf("%llu rows and %d pairs checked, of which %llu allowed: %llu wrong\n",
	       (unsigned long long)told.checked, PAIRS, (unsigned long long)told.allowed,
	       (unsigned long long)told.wrong);
	weir_list_destroy(list);
	weir_policy_unref(policy);
	return told.wrong || !told.checked || !told.allowed || told.allowed == PAIRS;
}
