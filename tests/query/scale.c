/*
 * Asks many questions about a cluster of 1,000 pods and says how long it took; fails only when an
 * answer is wrong.
 *
 *	build/tests/query/scale-query [QUESTIONS]
 *
 * Ten namespaces of ten applications of ten pods. Application i admits application i + 1 of its
 * namespace on TCP 80, and nobody else.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "weir/query.h"
#include "weir/resolved.h"

enum { GROUPS = 100, GROUP_PODS = 10, PODS = GROUPS * GROUP_PODS };

static char names[PODS][32];
static char spaces[10][16];
static struct weir_address addresses[PODS];
static struct weir_endpoint endpoints[PODS];
static uint32_t members[PODS];
static struct weir_set sets[GROUPS];
static struct weir_peer peers[GROUPS];
static struct weir_origin origins[GROUPS];
static struct weir_rule rules[2 * GROUPS];
static const struct weir_port tcp_80 = {
	.first = 80, .last = 80, .protocol = WEIR_PROTOCOL_TCP, .kind = WEIR_PORT_RANGE
};

/* The application that application i of its namespace admits. */
static uint32_t admitted(uint32_t group)
{
	return group / 10 * 10 + (group + 1) % 10;
}

static void make_pod(uint32_t i)
{
	const uint8_t bytes[4] = { 10, 0, (uint8_t)(i >> 8), (uint8_t)i };

	snprintf(spaces[i / 100], sizeof(spaces[0]), "space-%u", i / 100);
	snprintf(names[i], sizeof(names[i]), "application-%u-pod-%u", i / GROUP_PODS % 10,
		 i % GROUP_PODS);
	addresses[i] = weir_address_from_ipv4(bytes);
	members[i] = i;
	endpoints[i] = (struct weir_endpoint){ .namespace_name = spaces[i / 100],
					       .name = names[i],
					       .addresses = &addresses[i],
					       .address_count = 1,
					       .node = WEIR_NONE,
					       .workload = WEIR_NONE,
					       .kind = WEIR_ENDPOINT_POD,
					       .rank = WEIR_RANK_RUNNING };
}

static void make_group(uint32_t i)
{
	const struct weir_rule rule = { .subjects = i,
					.tier = WEIR_TIER_NETWORK_POLICY,
					.direction = WEIR_INGRESS };

	sets[i] = (struct weir_set){ &members[i * GROUP_PODS], GROUP_PODS, WEIR_MAYBE };
	peers[i] = (struct weir_peer){ WEIR_PEER_SET, admitted(i) };
	origins[i] = (struct weir_origin){ "NetworkPolicy", spaces[i / 10], "p", NULL, i };
	rules[i] = rules[GROUPS + i] = rule;
	rules[i].peers = &peers[i];
	rules[i].ports = &tcp_80;
	rules[i].peer_count = rules[i].port_count = 1;
	rules[i].origin = i;
	rules[i].action = WEIR_RULE_ALLOW;
	rules[GROUPS + i].precedence = 1;
	rules[GROUPS + i].origin = WEIR_NONE;
	rules[GROUPS + i].action = WEIR_RULE_DENY;
}

static struct weir_querier *open_cluster(void)
{
	const struct weir_resolved resolved = {
		.endpoints = endpoints,
		.sets = sets,
		.origins = origins,
		.rules = rules,
		.endpoint_count = PODS,
		.set_count = GROUPS,
		.origin_count = GROUPS,
		.rule_count = 2 * GROUPS,
	};
	struct weir_querier *querier = NULL;
	struct weir_policy *policy;

	for (uint32_t i = 0; i < PODS; i++)
		make_pod(i);
	for (uint32_t i = 0; i < GROUPS; i++)
		make_group(i);
	if (weir_compile(&resolved, NULL, &policy, NULL))
		return NULL;
	if (weir_querier_create(policy, NULL, &querier))
		querier = NULL;
	weir_policy_unref(policy);
	return querier;
}

/* The verdict of a question, worked out from the numbers. */
static enum weir_answer_kind expected(uint32_t from, uint32_t to, uint16_t port)
{
	if (from == to)
		return WEIR_ANSWER_ALLOW;
	return port == 80 && from / GROUP_PODS == admitted(to / GROUP_PODS) ? WEIR_ANSWER_ALLOW
									    : WEIR_ANSWER_DENY;
}

static bool ask(struct weir_querier *querier, uint32_t from, uint32_t to, uint16_t port)
{
	char from_text[64], to_text[64];
	const struct weir_query query = { .from = from_text,
					  .to = to_text,
					  .port = port,
					  .has_port = true,
					  .protocol = WEIR_PROTOCOL_TCP };
	struct weir_answer answer;

	snprintf(from_text, sizeof(from_text), "%s/%s", spaces[from / 100], names[from]);
	snprintf(to_text, sizeof(to_text), "%s/%s", spaces[to / 100], names[to]);
	return weir_querier_ask(querier, &query, &answer, NULL) == 0 &&
	       answer.kind == expected(from, to, port);
}

int main(int count, char **values)
{
	uint32_t questions = count > 1 ? (uint32_t)strtoul(values[1], NULL, 10) : 100000;
	struct weir_querier *querier = open_cluster();
	struct timespec begin, end;
	uint32_t wrong = 0, allowed = 0;

	if (!querier)
		return 1;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (uint32_t i = 0; i < questions; i++) {
		uint32_t to = i * 7919u % PODS, group = to / GROUP_PODS;
		uint32_t from =
			i % 2 ? admitted(group) * GROUP_PODS + i % GROUP_PODS : i * 104729u % PODS;
		uint16_t port = i % 3 ? 80 : 81;

		wrong += !ask(querier, from, to, port);
		allowed += expected(from, to, port) == WEIR_ANSWER_ALLOW;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%u questions, %u allowed, %u wrong: %.3f s\n", questions, allowed, wrong,
	       (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
	weir_querier_destroy(querier);
	return wrong ? 1 : 0;
}
