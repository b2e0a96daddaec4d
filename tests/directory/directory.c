/* Names, owners, services and rules out of a compiled policy. */
#include "test.h"

#include <string.h>

#include "weir/directory.h"
#include "weir/resolved.h"

#define V4(a, b, c, d)                                                                             \
	{                                                                                          \
		{                                                                                  \
			0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, a, b, c, d                       \
		}                                                                                  \
	}

static const struct weir_address addresses[] = {
	V4(192, 168, 0, 1), /* 0: node */
	V4(10, 0, 0, 1),    /* 1: pod b/web, twin b/api */
	V4(10, 0, 0, 2),    /* 2: pod a/web */
	V4(10, 96, 0, 1),   /* 3: service dns */
	V4(10, 96, 0, 2),   /* 4: service web, and other */
	V4(192, 168, 0, 1), /* 5: an external address of web that is the node's */
};
static const struct weir_declared_port ports[] = { { "http", 80, WEIR_PROTOCOL_TCP },
						   { NULL, 53, WEIR_PROTOCOL_UDP } };

enum { NODE, B_WEB, A_WEB, B_API, DONE, HOST, ENDPOINTS };

static const struct weir_endpoint endpoints[ENDPOINTS] = {
	[NODE] = { NULL, "n1", &addresses[0], NULL, 1, 0, WEIR_NONE, WEIR_NONE, WEIR_ENDPOINT_NODE,
		   0, false },
	[B_WEB] = { "b", "web", &addresses[1], ports, 1, 2, NODE, 1, WEIR_ENDPOINT_POD,
		    WEIR_RANK_RUNNING, false },
	[A_WEB] = { "a", "web", &addresses[2], NULL, 1, 0, NODE, WEIR_NONE, WEIR_ENDPOINT_POD,
		    WEIR_RANK_PENDING, false },
	[B_API] = { "b", "api", &addresses[1], NULL, 1, 0, NODE, WEIR_NONE, WEIR_ENDPOINT_POD,
		    WEIR_RANK_RUNNING, false },
	[DONE] = { "a", "done", &addresses[2], NULL, 1, 0, NODE, WEIR_NONE, WEIR_ENDPOINT_POD,
		   WEIR_RANK_FINISHED, false },
	[HOST] = { "a", "host", &addresses[0], NULL, 1, 0, NODE, WEIR_NONE, WEIR_ENDPOINT_POD,
		   WEIR_RANK_RUNNING, true },
};
static const struct weir_workload workloads[] = {
	{ "Deployment", "b", "web", WEIR_NONE },
	{ "ReplicaSet", "b", "web", 0 },
};
static const struct weir_backend backends[] = { { V4(10, 0, 0, 1), B_WEB, 8080 },
						{ V4(10, 9, 9, 9), WEIR_NONE, 8081 } };
static const struct weir_service_port dns_ports[] = {
	{ "dns", NULL, 0, 53, 0, WEIR_PROTOCOL_UDP },
	{ "dns-tcp", NULL, 0, 53, 0, WEIR_PROTOCOL_TCP },
};
static const struct weir_service_port web_ports[] = { { NULL, backends, 2, 80, 30080,
							WEIR_PROTOCOL_TCP } };
static const struct weir_service services[] = {
	{ "kube-system", "dns", &addresses[3], dns_ports, 1, 2 },
	{ "b", "web", &addresses[4], web_ports, 2, 1 }, /* 10.96.0.2 and the node's */
	{ "b", "headless", NULL, dns_ports, 0, 2 },
	{ "b", "other", &addresses[4], dns_ports, 1, 1 },
	{ "b", "portless", &addresses[3], NULL, 1, 0 },
};
static const struct weir_prefix ranges[] = { { V4(10, 0, 0, 0), 104 }, { { { 0 } }, 0 } };
static const struct weir_set set = { (const uint32_t[]){ B_WEB }, 1, WEIR_NEVER };
static const struct weir_origin origins[] = {
	{ "NetworkPolicy", "b", "web", NULL, 3 },
	{ "AdminNetworkPolicy", NULL, "all", "Deny", 0 },
};
static const struct weir_rule rules[] = {
	{ NULL, NULL, 0, 0, 0, 0, 0, WEIR_TIER_NETWORK_POLICY, WEIR_INGRESS, WEIR_RULE_ALLOW },
	{ NULL, NULL, 0, 0, 0, 0, 1, WEIR_TIER_ADMIN, WEIR_EGRESS, WEIR_RULE_DENY },
};
static const struct weir_resolved resolved = {
	endpoints, workloads,       services, &set, NULL, origins, rules, ranges, ENDPOINTS,
	2,         COUNT(services), 1,        0,    2,    2,       2,     { 0 }
};

static int compile(void **state)
{
	return weir_compile(&resolved, NULL, (struct weir_policy **)state, NULL);
}

static int release(void **state)
{
	weir_policy_unref(*state);
	return 0;
}

static void endpoints_are_shown_as_they_were_given(void **state)
{
	struct weir_endpoint_view view;

	assert_int_equal(weir_policy_endpoint_count(*state), ENDPOINTS);
	for (uint32_t i = 0; i < ENDPOINTS; i++) {
		const struct weir_endpoint *want = &endpoints[i];

		weir_policy_endpoint(*state, i, &view);
		assert_string_equal(view.namespace_name,
				    want->namespace_name ? want->namespace_name : "");
		assert_string_equal(view.name, want->name);
		assert_int_equal(view.address_count, want->address_count);
		assert_memory_equal(view.addresses, want->addresses,
				    want->address_count * sizeof(*want->addresses));
		assert_int_equal(view.port_count, want->port_count);
		assert_true(view.node == want->node && view.workload == want->workload);
		assert_int_equal(view.kind, want->kind);
		assert_int_equal(view.rank, want->rank);
		assert_int_equal(view.host_network, want->host_network);
	}
	assert_true(weir_policy_endpoint_declares(*state, B_WEB, WEIR_PROTOCOL_TCP, 80));
	assert_true(weir_policy_endpoint_declares(*state, B_WEB, WEIR_PROTOCOL_UDP, 53));
	assert_false(weir_policy_endpoint_declares(*state, B_WEB, WEIR_PROTOCOL_UDP, 80));
	assert_false(weir_policy_endpoint_declares(*state, A_WEB, WEIR_PROTOCOL_TCP, 80));
}

static void everything_is_found_by_name(void **state)
{
	assert_int_equal(weir_policy_find_pod(*state, "a", "web"), A_WEB);
	assert_int_equal(weir_policy_find_pod(*state, "b", "web"), B_WEB);
	assert_int_equal(weir_policy_find_pod(*state, "b", "api"), B_API);
	assert_int_equal(weir_policy_find_pod(*state, "a", "host"), HOST);
	assert_true(weir_policy_find_pod(*state, "a", "api") == WEIR_NONE);
	assert_true(weir_policy_find_pod(*state, "c", "web") == WEIR_NONE);
	assert_true(weir_policy_find_pod(*state, "", "n1") == WEIR_NONE);
	assert_int_equal(weir_policy_find_node(*state, "n1"), NODE);
	assert_true(weir_policy_find_node(*state, "web") == WEIR_NONE);
	assert_int_equal(weir_policy_workload_count(*state), 2);
	assert_int_equal(weir_policy_find_workload(*state, "Deployment", "b", "web"), 0);
	assert_int_equal(weir_policy_find_workload(*state, "ReplicaSet", "b", "web"), 1);
	assert_true(weir_policy_find_workload(*state, "Job", "b", "web") == WEIR_NONE);
	assert_int_equal(weir_policy_find_service(*state, "kube-system", "dns"), 0);
	assert_int_equal(weir_policy_find_service(*state, "b", "headless"), 2);
	assert_true(weir_policy_find_service(*state, "b", "dns") == WEIR_NONE);
}

static void check_owner(struct weir_policy *policy, struct weir_address address,
			enum weir_owner_kind kind, uint32_t index, uint32_t count)
{
	struct weir_owner owner;

	weir_policy_owner(policy, &address, &owner);
	assert_int_equal(owner.kind, kind);
	assert_true(owner.index == index);
	assert_int_equal(owner.endpoint_count, count);
}

static void addresses_have_owners(void **state)
{
	struct weir_owner owner;
	struct weir_address shared = addresses[1];

	check_owner(*state, addresses[0], WEIR_OWNER_NODE, NODE, 0);
	check_owner(*state, addresses[2], WEIR_OWNER_POD, A_WEB, 1);
	check_owner(*state, addresses[3], WEIR_OWNER_SERVICE, 0, 0);
	check_owner(*state, addresses[4], WEIR_OWNER_SERVICE, 1, 0);
	check_owner(*state, (struct weir_address)V4(10, 0, 0, 3), WEIR_OWNER_UNKNOWN_POD, WEIR_NONE,
		    0);
	check_owner(*state, (struct weir_address)V4(11, 0, 0, 0), WEIR_OWNER_EXTERNAL, WEIR_NONE,
		    0);
	check_owner(*state, (struct weir_address){ { 1 } }, WEIR_OWNER_UNKNOWN_POD, WEIR_NONE, 0);
	weir_policy_owner(*state, &shared, &owner);
	assert_int_equal(owner.kind, WEIR_OWNER_POD);
	assert_int_equal(owner.endpoint_count, 2);
	assert_int_equal(owner.endpoints[0], B_API);
	assert_int_equal(owner.endpoints[1], B_WEB);
}

static void check_translation(struct weir_policy *policy, const struct weir_address *address,
			      uint8_t protocol, uint16_t port, uint32_t service,
			      uint32_t service_port)
{
	uint32_t got = WEIR_NONE;
	uint32_t got_port = WEIR_NONE;
	bool want = service != WEIR_NONE;

	assert_int_equal(weir_policy_translates(policy, address, protocol, port, &got, &got_port),
			 want);
	assert_true(got == service && got_port == service_port);
}

/* S15, T25 */
static void services_translate(void **state)
{
	enum { UDP = WEIR_PROTOCOL_UDP, TCP = WEIR_PROTOCOL_TCP };

	check_translation(*state, &addresses[3], UDP, 53, 0, 0);
	check_translation(*state, &addresses[3], TCP, 53, 0, 1);
	check_translation(*state, &addresses[3], TCP, 54, WEIR_NONE, WEIR_NONE);
	check_translation(*state, &addresses[4], TCP, 80, 1, 0);
	check_translation(*state, &addresses[4], UDP, 53, 3, 0);
	check_translation(*state, &addresses[5], TCP, 80, 1, 0);    /* an external address */
	check_translation(*state, &addresses[0], TCP, 30080, 1, 0); /* a node port */
	check_translation(*state, &addresses[0], UDP, 30080, WEIR_NONE, WEIR_NONE);
	check_translation(*state, &addresses[2], TCP, 30080, WEIR_NONE, WEIR_NONE);
	check_translation(*state, &addresses[3], 0, 0, WEIR_NONE, WEIR_NONE);
}

static void services_are_shown_as_they_were_given(void **state)
{
	struct weir_service_view service;
	struct weir_service_port_view port;

	assert_int_equal(weir_policy_service_count(*state), COUNT(services));
	weir_policy_service(*state, 1, &service);
	assert_string_equal(service.namespace_name, "b");
	assert_string_equal(service.name, "web");
	assert_int_equal(service.address_count, 2);
	assert_true(weir_address_equal(&service.addresses[1], &addresses[5]));
	assert_int_equal(service.port_count, 1);
	weir_policy_service_port(*state, 1, 0, &port);
	assert_string_equal(port.name, "");
	assert_int_equal(port.port, 80);
	assert_int_equal(port.node_port, 30080);
	assert_int_equal(port.backend_count, 2);
	assert_int_equal(port.backends[0].endpoint, B_WEB);
	assert_int_equal(port.backends[0].port, 8080);
	assert_true(port.backends[1].endpoint == WEIR_NONE);
	weir_policy_service_port(*state, 0, 1, &port);
	assert_string_equal(port.name, "dns-tcp");
}

static void workloads_are_shown_as_they_were_given(void **state)
{
	struct weir_workload_view workload;

	weir_policy_workload(*state, 1, &workload);
	assert_string_equal(workload.kind, "ReplicaSet");
	assert_string_equal(workload.namespace_name, "b");
	assert_string_equal(workload.name, "web");
	assert_int_equal(workload.parent, 0);
	weir_policy_workload(*state, 0, &workload);
	assert_true(workload.parent == WEIR_NONE);
}

static void rules_are_named_as_they_were_written(void **state)
{
	static const struct {
		struct weir_half half;
		const char *want;
	} cases[] = {
		{ { 1, WEIR_REASON_RULE, 0, 1, 2 },
		  "NetworkPolicy b/web ingress[3] from[1] ports[2]" },
		{ { 1, WEIR_REASON_RULE, 0, WEIR_NONE, 0 },
		  "NetworkPolicy b/web ingress[3] ports[0]" },
		{ { 1, WEIR_REASON_RULE, 0, 4, WEIR_NONE },
		  "NetworkPolicy b/web ingress[3] from[4]" },
		{ { 0, WEIR_REASON_RULE, 1, 0, WEIR_NONE },
		  "AdminNetworkPolicy all egress[0] to[0]: Deny" },
		{ { 0, WEIR_REASON_NO_RULE, WEIR_NONE, WEIR_NONE, WEIR_NONE }, "" },
	};
	struct weir_rule_view rule;
	char text[80];

	for (unsigned i = 0; i < COUNT(cases); i++) {
		assert_int_equal(
			weir_policy_format_rule(*state, &cases[i].half, text, sizeof(text)),
			strlen(cases[i].want));
		assert_string_equal(text, cases[i].want);
	}
	assert_int_equal(weir_policy_format_rule(*state, &cases[0].half, text, 8),
			 strlen(cases[0].want));
	assert_string_equal(text, "Network");
	weir_policy_rule(*state, 1, &rule);
	assert_string_equal(rule.action, "Deny");
	assert_string_equal(rule.namespace_name, "");
	assert_int_equal(rule.direction, WEIR_EGRESS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(endpoints_are_shown_as_they_were_given),
		cmocka_unit_test(everything_is_found_by_name),
		cmocka_unit_test(addresses_have_owners),
		cmocka_unit_test(services_translate),
		cmocka_unit_test(services_are_shown_as_they_were_given),
		cmocka_unit_test(workloads_are_shown_as_they_were_given),
		cmocka_unit_test(rules_are_named_as_they_were_written),
	};

	return cmocka_run_group_tests(tests, compile, release);
}
