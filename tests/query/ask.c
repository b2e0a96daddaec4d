/* Questions by name over the shop (shop.h): what they stand for, and what is answered. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "failing.h"
#include "shop.h"
#include "weir/query.h"

enum { ANSWER_TEXT = 2048 };

static struct weir_querier *open_shop(void)
{
	struct weir_policy *policy;
	struct weir_querier *querier;
	struct weir_error error;

	if (weir_compile(shop(), NULL, &policy, &error))
		fail_msg("%s", error.text);
	assert_int_equal(weir_querier_create(policy, NULL, &querier), 0);
	weir_policy_unref(policy);
	return querier;
}

/* "db 80 tcp" written as a person would: protocol and port of a question. */
struct question {
	const char *from;
	const char *to;
	const char *what; /* "tcp/80", "icmp", "icmp/3", "47" */
};

static struct weir_query query_of(const struct question *question)
{
	struct weir_query query = { .from = question->from, .to = question->to };
	unsigned number = 0;
	char name[16] = "";
	int read = sscanf(question->what, "%15[a-z0-9]/%u", name, &number);

	assert_true(read >= 1);
	query.protocol = strcmp(name, "tcp") == 0      ? WEIR_PROTOCOL_TCP
			 : strcmp(name, "udp") == 0    ? WEIR_PROTOCOL_UDP
			 : strcmp(name, "icmp") == 0   ? WEIR_PROTOCOL_ICMP
			 : strcmp(name, "icmpv6") == 0 ? WEIR_PROTOCOL_ICMPV6
						       : 47;
	if (strncmp(name, "icmp", 4) == 0) {
		query.has_icmp_type = read == 2;
		query.icmp_type = (uint8_t)number;
	} else {
		query.has_port = read == 2;
		query.port = (uint16_t)number;
	}
	return query;
}

/* "mixed: shop/web-0 > shop/db-0 10.0.0.1 10.0.0.9:85 allow, ...", or the error. */
static void answer(struct weir_querier *querier, const struct question *question, char *text)
{
	static const char *const kinds[] = { "deny", "allow", "ambiguous", "mixed" };
	struct weir_query query = query_of(question);
	struct weir_error error = { "" };
	struct weir_answer out;
	size_t length;

	if (weir_querier_ask(querier, &query, &out, &error)) {
		snprintf(text, ANSWER_TEXT, "error: %s", error.text);
		return;
	}
	length = (size_t)snprintf(text, ANSWER_TEXT, "%s", kinds[out.kind]);
	for (size_t i = 0; i < out.pair_count; i++) {
		const struct weir_answer_pair *pair = &out.pairs[i];
		char source[WEIR_ADDRESS_TEXT], destination[WEIR_ADDRESS_TEXT];

		weir_address_format(&pair->key.source, source);
		weir_address_format(&pair->key.destination, destination);
		length += (size_t)snprintf(
			text + length, ANSWER_TEXT - length, "%s %s > %s (%s > %s:%u) %s",
			i ? "," : ":", pair->from, pair->to, source, destination,
			pair->key.destination_port, kinds[pair->explanation.verdict.action]);
		assert_true(length < ANSWER_TEXT);
	}
}

#define WEB_0_DB_0_IPV4(port) "shop/web-0 > shop/db-0 (10.0.0.1 > 10.0.0.9:" #port ")"
#define WEB_0_DB_0_IPV6(port) "shop/web-0 > shop/db-0 (fd00::1 > fd00::9:" #port ")"

static const struct {
	const char *name;
	struct question question;
	const char *answer;
} cases[] = {
	{ "pods in both families",
	  { "shop/web-0", "shop/db-0", "tcp/85" },
	  "allow: " WEB_0_DB_0_IPV4(85) " allow, " WEB_0_DB_0_IPV6(85) " allow" },
	{ "denied by the destination",
	  { "shop/web-0", "shop/db-0", "tcp/86" },
	  "deny: " WEB_0_DB_0_IPV4(86) " deny, " WEB_0_DB_0_IPV6(86) " deny" },
	{ "one family shared",
	  { "shop/web-1", "shop/db-0", "tcp/85" },
	  "allow: shop/web-1 > shop/db-0 (10.0.0.2 > 10.0.0.9:85) allow" },
	{ "ns/Pod/name",
	  { "shop/Pod/web-1", "shop/po/db-0", "tcp/85" },
	  "allow: shop/web-1 > shop/db-0 (10.0.0.2 > 10.0.0.9:85) allow" },
	{ "a Deployment through its ReplicaSet",
	  { "shop/Deployment/web", "shop/sts/db", "tcp/85" },
	  "allow: " WEB_0_DB_0_IPV4(85) " allow, " WEB_0_DB_0_IPV6(
		  85) " allow, shop/web-1 > shop/db-0 (10.0.0.2 > 10.0.0.9:85) allow" },
	{ "kinds in any case, and plurals",
	  { "shop/REPLICASETS/web-a", "shop/statefulset/db", "tcp/86" },
	  "deny: " WEB_0_DB_0_IPV4(86) " deny, " WEB_0_DB_0_IPV6(
		  86) " deny, shop/web-1 > shop/db-0 (10.0.0.2 > 10.0.0.9:86) deny" },
	{ "pods disagree",
	  { "shop/deploy/web", "8.8.8.8", "tcp/443" },
	  "mixed: shop/web-0 > 8.8.8.8 (10.0.0.1 > 8.8.8.8:443) allow, "
	  "shop/web-1 > 8.8.8.8 (10.0.0.2 > 8.8.8.8:443) deny" },
	{ "a workload and itself: its pods among each other",
	  { "shop/deploy/web", "shop/deploy/web", "tcp/80" },
	  "deny: shop/web-0 > shop/web-1 (10.0.0.1 > 10.0.0.2:80) deny, "
	  "shop/web-1 > shop/web-0 (10.0.0.2 > 10.0.0.1:80) deny" },
	{ "a workload of one pod and itself",
	  { "shop/sts/db", "shop/sts/db", "tcp/80" },
	  "allow: shop/db-0 > shop/db-0 (10.0.0.9 > 10.0.0.9:80) allow, "
	  "shop/db-0 > shop/db-0 (fd00::9 > fd00::9:80) allow" },
	{ "C26: a pod and itself",
	  { "shop/db-0", "10.0.0.9", "tcp/80" },
	  "allow: shop/db-0 > shop/db-0 (10.0.0.9 > 10.0.0.9:80) allow" },
	{ "C29: a Service's port is its backends' port",
	  { "shop/web-1", "shop/Service/db", "tcp/5432" },
	  "allow: shop/web-1 > shop/db-0 (10.0.0.2 > 10.0.0.9:85) allow" },
	{ "S15: backends of both families",
	  { "shop/web-0", "shop/svc/db", "tcp/5432" },
	  "allow: " WEB_0_DB_0_IPV4(85) " allow, " WEB_0_DB_0_IPV6(85) " allow" },
	{ "C28: a Service's address",
	  { "shop/web-1", "10.96.0.1", "tcp/5432" },
	  "allow: shop/web-1 > shop/db-0 (10.0.0.2 > 10.0.0.9:85) allow" },
	{ "S15: a Service's address has one family",
	  { "shop/web-0", "fd00:96::1", "tcp/5432" },
	  "allow: " WEB_0_DB_0_IPV6(85) " allow" },
	{ "C30: each backend at its own port",
	  { "172.16.0.1", "shop/svc/web", "tcp/80" },
	  "deny: 172.16.0.1 > shop/web-0 (172.16.0.1 > 10.0.0.1:8080) deny, "
	  "172.16.0.1 > shop/web-1 (172.16.0.1 > 10.0.0.2:80) deny" },
	{ "C27: a pod through its Service to itself",
	  { "shop/web-0", "shop/svc/web", "tcp/80" },
	  "mixed: shop/web-0 > shop/web-0 (10.0.0.1 > 10.0.0.1:8080) allow, "
	  "shop/web-0 > shop/web-1 (10.0.0.1 > 10.0.0.2:80) deny" },
	{ "S11: a pod through its Service to itself, denied by a cluster policy",
	  { "shop/db-0", "10.96.0.1", "tcp/5432" },
	  "deny: shop/db-0 > shop/db-0 (10.0.0.9 > 10.0.0.9:85) deny" },
	{ "a Service opens connections from its pods, each once",
	  { "shop/svc/web", "shop/db-0", "tcp/85" },
	  "allow: shop/web-0 > shop/db-0 (10.0.0.1 > 10.0.0.9:85) allow, "
	  "shop/web-1 > shop/db-0 (10.0.0.2 > 10.0.0.9:85) allow" },
	{ "an address of a pod",
	  { "10.0.0.1", "10.0.0.9", "tcp/85" },
	  "allow: " WEB_0_DB_0_IPV4(85) " allow" },
	{ "an address outside",
	  { "172.16.3.4", "shop/db-0", "udp/1" },
	  "allow: 172.16.3.4 > shop/db-0 (172.16.3.4 > 10.0.0.9:1) allow" },
	{ "S21: a bare address of a pod range is external",
	  { "10.0.200.1", "shop/db-0", "tcp/85" },
	  "deny: 10.0.200.1 > shop/db-0 (10.0.200.1 > 10.0.0.9:85) deny" },
	{ "S21: a backend that nobody knows is not",
	  { "172.16.0.1", "shop/svc/stray", "tcp/80" },
	  "ambiguous: 172.16.0.1 > 10.0.77.7 (172.16.0.1 > 10.0.77.7:80) ambiguous" },
	{ "S17: pods that share an address",
	  { "172.16.0.1", "10.0.0.50", "tcp/80" },
	  "ambiguous: 172.16.0.1 > 10.0.0.50 (172.16.0.1 > 10.0.0.50:80) ambiguous" },
	{ "C31: a node to its pod",
	  { "node/n1", "shop/web-0", "tcp/80" },
	  "allow: node/n1 > shop/web-0 (192.168.0.1 > 10.0.0.1:80) allow" },
	{ "a node is asked about in the first family that is shared",
	  { "shop/six", "node/n1", "tcp/80" },
	  "allow: shop/six > node/n1 (fd00::6 > fd00:1::1:80) allow" },
	{ "a node's address",
	  { "192.168.0.2", "shop/db-0", "tcp/85" },
	  "deny: node/n2 > shop/db-0 (192.168.0.2 > 10.0.0.9:85) deny" },
	{ "a pod of a namespace called node",
	  { "node/Pod/db", "shop/db-0", "tcp/85" },
	  "deny: node/db > shop/db-0 (10.0.0.30 > 10.0.0.9:85) deny" },
	{ "a workload of a namespace called node",
	  { "node/deploy/db", "shop/db-0", "tcp/85" },
	  "deny: node/db > shop/db-0 (10.0.0.30 > 10.0.0.9:85) deny" },
	{ "T25: a node's address and a node port",
	  { "172.16.0.1", "192.168.0.2", "tcp/30432" },
	  "allow: 172.16.0.1 > shop/db-0 (172.16.0.1 > 10.0.0.9:85) allow" },
	{ "a node by name is always the node",
	  { "172.16.0.1", "node/n2", "tcp/30432" },
	  "allow: 172.16.0.1 > node/n2 (172.16.0.1 > 192.168.0.2:30432) allow" },
	{ "S13: a pod on its node's network",
	  { "shop/host", "shop/db-0", "tcp/85" },
	  "deny: shop/host > shop/db-0 (192.168.0.1 > 10.0.0.9:85) deny" },
	{ "ICMP is of IPv4",
	  { "shop/web-0", "shop/db-0", "icmp" },
	  "deny: shop/web-0 > shop/db-0 (10.0.0.1 > 10.0.0.9:0) deny" },
	{ "ICMPv6 is of IPv6",
	  { "shop/web-0", "shop/db-0", "icmpv6" },
	  "deny: shop/web-0 > shop/db-0 (fd00::1 > fd00::9:0) deny" },
	{ "C35: neighbour discovery",
	  { "shop/web-0", "shop/db-0", "icmpv6/135" },
	  "allow: shop/web-0 > shop/db-0 (fd00::1 > fd00::9:0) allow" },
	{ "C18: port 0",
	  { "shop/web-1", "shop/db-0", "tcp/0" },
	  "deny: shop/web-1 > shop/db-0 (10.0.0.2 > 10.0.0.9:0) deny" },
	{ "S14: another protocol needs no port",
	  { "172.16.0.1", "shop/db-0", "47" },
	  "allow: 172.16.0.1 > shop/db-0 (172.16.0.1 > 10.0.0.9:0) allow" },

	{ "ICMP without IPv4",
	  { "shop/six", "shop/db-0", "icmp" },
	  "error: shop/six and shop/db-0 share no IPv4 address, which ICMP needs; for IPv6 ask "
	  "about ICMPv6" },
	{ "ICMPv6 without IPv6",
	  { "shop/web-1", "shop/db-0", "icmpv6" },
	  "error: shop/web-1 and shop/db-0 share no IPv6 address, which ICMPv6 needs; for IPv4 "
	  "ask about ICMP" },
	{ "no family shared",
	  { "shop/six", "shop/web-1", "tcp/80" },
	  "error: shop/six and shop/web-1 share no address family" },
	{ "a finished pod",
	  { "shop/done", "shop/db-0", "tcp/80" },
	  "error: shop/done has finished and owns no address" },
	{ "a workload whose pods have finished",
	  { "shop/job/old", "shop/db-0", "tcp/80" },
	  "error: all pods of shop/job/old have finished" },
	{ "a workload without pods",
	  { "shop/rollout/canary", "shop/db-0", "tcp/80" },
	  "error: shop/rollout/canary has no pods" },
	{ "TCP without a port",
	  { "shop/web-0", "shop/db-0", "tcp" },
	  "error: TCP, UDP and SCTP need a port" },
	{ "a port that the Service lacks",
	  { "shop/web-0", "shop/svc/web", "tcp/53" },
	  "error: shop/svc/web has no port 53 of that protocol; it has 80/TCP, 53/UDP" },
	{ "ICMP to a Service",
	  { "shop/web-0", "shop/svc/db", "icmp" },
	  "error: shop/svc/db forwards only its ports: 5432/TCP" },
	{ "a Service without backends",
	  { "shop/web-0", "shop/svc/empty", "tcp/80" },
	  "error: port 80/TCP of shop/svc/empty has no backends" },
	{ "a Service without ports",
	  { "shop/web-0", "shop/svc/outside", "tcp/80" },
	  "error: shop/svc/outside has no ports" },
	{ "a Service without pods as the opener",
	  { "shop/svc/empty", "shop/db-0", "tcp/80" },
	  "error: shop/svc/empty has no pods behind it" },
	{ "an unknown pod, spelt nearly right",
	  { "shop/wbe-0", "shop/db-0", "tcp/80" },
	  "error: no pod wbe-0 in namespace shop; did you mean shop/web-0?" },
	{ "an unknown pod that is a workload's name",
	  { "shop/web", "shop/db-0", "tcp/80" },
	  "error: no pod web in namespace shop; did you mean shop/Deployment/web?" },
	{ "an unknown pod that begins a name",
	  { "shop/twin", "shop/db-0", "tcp/80" },
	  "error: no pod twin in namespace shop; did you mean shop/twin-a?" },
	{ "a namespace spelt wrong",
	  { "shpo/web-0", "shop/db-0", "tcp/80" },
	  "error: no pod web-0 in namespace shpo; did you mean shop/web-0?" },
	{ "an unknown pod like no other",
	  { "shop/abcdefgh", "shop/db-0", "tcp/80" },
	  "error: no pod abcdefgh in namespace shop" },
	{ "an unknown node",
	  { "node/n3", "shop/db-0", "tcp/80" },
	  "error: no node n3; did you mean node/n1?" },
	{ "an unknown workload",
	  { "shop/deploy/wbe", "shop/db-0", "tcp/80" },
	  "error: no Deployment wbe in namespace shop; did you mean shop/Deployment/web?" },
	{ "a workload of another kind",
	  { "shop/deploy/db", "shop/db-0", "tcp/80" },
	  "error: no Deployment db in namespace shop; did you mean shop/StatefulSet/db?" },
	{ "an unknown Service",
	  { "shop/web-0", "shop/svc/dbb", "tcp/80" },
	  "error: no Service dbb in namespace shop; did you mean shop/Service/db?" },
	{ "an unknown kind",
	  { "shop/frob/x", "shop/db-0", "tcp/80" },
	  "error: no workload is a frob; Pod, Service, Deployment, StatefulSet, DaemonSet, "
	  "ReplicaSet, ReplicationController, Job and CronJob are known" },
	{ "a range",
	  { "10.0.0.0/8", "shop/db-0", "tcp/80" },
	  "error: 10.0.0.0/8 is a range: ask about one of its addresses" },
	{ "no slash",
	  { "web", "shop/db-0", "tcp/80" },
	  "error: \"web\" is no endpoint: write NAMESPACE/POD, NAMESPACE/KIND/NAME, an IP address "
	  "or node/NAME" },
	{ "an empty part",
	  { "shop//web", "shop/db-0", "tcp/80" },
	  "error: \"shop//web\" is no endpoint: write NAMESPACE/POD, NAMESPACE/KIND/NAME, an IP "
	  "address or node/NAME" },
	{ "four parts",
	  { "a/b/c/d", "shop/db-0", "tcp/80" },
	  "error: \"a/b/c/d\" is no endpoint: write NAMESPACE/POD, NAMESPACE/KIND/NAME, an IP "
	  "address or node/NAME" },
	{ "nothing",
	  { "", "shop/db-0", "tcp/80" },
	  "error: \"\" is no endpoint: write NAMESPACE/POD, NAMESPACE/KIND/NAME, an IP address or "
	  "node/NAME" },
};

static void questions_are_answered(void **state)
{
	struct weir_querier *querier = open_shop();
	char text[ANSWER_TEXT];
	unsigned wrong = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		answer(querier, &cases[i].question, text);
		if (strcmp(text, cases[i].answer) != 0) {
			print_error("%s:\n  %s\nnot\n  %s\n", cases[i].name, text, cases[i].answer);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
	weir_querier_destroy(querier);
}

static void statuses_tell_unknown_from_senseless(void **state)
{
	static const struct {
		struct question question;
		int status;
	} expected[] = {
		{ { "shop/nobody", "shop/db-0", "tcp/80" }, -ENOENT },
		{ { "shop/web-0", "node/nobody", "tcp/80" }, -ENOENT },
		{ { "shop/web-0", "shop/svc/nobody", "tcp/80" }, -ENOENT },
		{ { "shop/web-0", "shop/deploy/nobody", "tcp/80" }, -ENOENT },
		{ { "shop/done", "shop/db-0", "tcp/80" }, -EINVAL },
		{ { "shop/web-0", "shop/db-0", "tcp" }, -EINVAL },
		{ { "web", "shop/db-0", "tcp/80" }, -EINVAL },
	};
	struct weir_querier *querier = open_shop();

	(void)state;
	for (size_t i = 0; i < COUNT(expected); i++) {
		struct weir_query query = query_of(&expected[i].question);
		struct weir_answer out;

		assert_int_equal(weir_querier_ask(querier, &query, &out, NULL), expected[i].status);
	}
	weir_querier_destroy(querier);
}

static void icmp_without_a_type_is_an_echo_request(void **state)
{
	static const struct question questions[] = {
		{ "shop/web-0", "shop/db-0", "icmp" },
		{ "shop/web-0", "shop/db-0", "icmpv6" },
		{ "shop/web-0", "shop/db-0", "icmp/3" },
	};
	static const uint8_t types[] = { 8, 128, 3 };
	struct weir_querier *querier = open_shop();

	(void)state;
	for (size_t i = 0; i < COUNT(questions); i++) {
		struct weir_query query = query_of(&questions[i]);
		struct weir_answer out;

		assert_int_equal(weir_querier_ask(querier, &query, &out, NULL), 0);
		assert_int_equal(out.pairs[0].key.icmp_type, types[i]);
	}
	weir_querier_destroy(querier);
}

static void answers_name_the_rule(void **state)
{
	static const struct question question = { "shop/web-1", "shop/db-0", "tcp/85" };
	struct weir_querier *querier = open_shop();
	struct weir_query query = query_of(&question);
	struct weir_answer out;

	(void)state;
	query.source_port = 40000;
	assert_int_equal(weir_querier_ask(querier, &query, &out, NULL), 0);
	assert_int_equal(out.pair_count, 1);
	assert_int_equal(out.pairs[0].key.source_port, 40000);
	assert_int_equal(out.pairs[0].explanation.egress.reason, WEIR_REASON_RULE);
	assert_int_equal(out.pairs[0].explanation.egress.rule, 2);
	assert_int_equal(out.pairs[0].explanation.ingress.rule, 0);
	weir_querier_destroy(querier);
}

/* "10.0.0.1 fd00::1": what an endpoint stands for, or its status. */
static void addresses_of(struct weir_querier *querier, const char *endpoint, char *text,
			 size_t size)
{
	struct weir_address addresses[16];
	int count = weir_querier_addresses(querier, endpoint, addresses, COUNT(addresses), NULL);
	size_t length = 0;

	text[0] = '\0';
	if (count < 0)
		snprintf(text, size, "%d", count);
	for (int i = 0; i < count; i++) {
		char address[WEIR_ADDRESS_TEXT];

		weir_address_format(&addresses[i], address);
		length += (size_t)snprintf(text + length, size - length, "%s%s", i ? " " : "",
					   address);
	}
}

static void endpoints_stand_for_addresses(void **state)
{
	static const char *const expected[][2] = {
		{ "shop/web-0", "10.0.0.1 fd00::1" },
		{ "shop/deploy/web", "10.0.0.1 fd00::1 10.0.0.2" },
		{ "node/n1", "192.168.0.1 fd00:1::1" },
		{ "10.0.0.1", "10.0.0.1" },
		{ "8.8.8.8", "8.8.8.8" },
		{ "shop/svc/db", "10.96.0.1 fd00:96::1 10.0.0.9 fd00::9" },
		{ "10.96.0.2", "10.96.0.2 10.0.0.1 10.0.0.2" },
		{ "shop/svc/empty", "10.96.0.4" },
	};
	struct weir_querier *querier = open_shop();
	struct weir_address one;
	char text[256];

	(void)state;
	for (size_t i = 0; i < COUNT(expected); i++) {
		addresses_of(querier, expected[i][0], text, sizeof(text));
		assert_string_equal(text, expected[i][1]);
	}
	assert_int_equal(weir_querier_addresses(querier, "shop/deploy/web", &one, 1, NULL), 3);
	assert_int_equal(weir_querier_addresses(querier, "shop/none", &one, 1, NULL), -ENOENT);
	assert_int_equal(weir_querier_addresses(querier, "shop/done", &one, 1, NULL), -EINVAL);
	weir_querier_destroy(querier);
}

static void too_many_connections_are_refused(void **state)
{
	enum { PODS = (1 << 10) + 1 };
	static struct weir_endpoint pods[PODS];
	static struct weir_address addresses[PODS];
	static char names[PODS][16];
	static const struct weir_workload workload = { "Job", "a", "many", WEIR_NONE };
	const struct weir_resolved resolved = { .endpoints = pods,
						.endpoint_count = PODS,
						.workloads = &workload,
						.workload_count = 1 };
	static const struct question question = { "a/job/many", "a/job/many", "tcp/80" };
	static const struct question smaller = { "a/pod-7", "a/job/many", "tcp/80" };
	struct weir_query query = query_of(&question);
	struct weir_querier *querier;
	struct weir_policy *policy;
	struct weir_error error;
	struct weir_answer out;

	(void)state;
	for (uint32_t i = 0; i < PODS; i++) {
		const uint8_t bytes[4] = { 10, 0, (uint8_t)(i >> 8), (uint8_t)i };

		snprintf(names[i], sizeof(names[i]), "pod-%u", i);
		addresses[i] = weir_address_from_ipv4(bytes);
		pods[i] = (struct weir_endpoint){ .namespace_name = "a",
						  .name = names[i],
						  .addresses = &addresses[i],
						  .address_count = 1,
						  .node = WEIR_NONE,
						  .rank = WEIR_RANK_RUNNING };
	}
	assert_int_equal(weir_compile(&resolved, NULL, &policy, NULL), 0);
	assert_int_equal(weir_querier_create(policy, NULL, &querier), 0);
	assert_int_equal(weir_querier_ask(querier, &query, &out, &error), -ERANGE);
	assert_non_null(strstr(error.text, "1025 times 1025"));
	query = query_of(&smaller);
	assert_int_equal(weir_querier_ask(querier, &query, &out, &error), 0);
	assert_int_equal(out.pair_count, PODS);
	assert_int_equal(out.kind, WEIR_ANSWER_ALLOW);
	weir_querier_destroy(querier);
	weir_policy_unref(policy);
}

static void every_failing_allocation_is_told(void **state)
{
	static const struct question question = { "shop/deploy/web", "shop/svc/db", "tcp/5432" };
	struct weir_query query = query_of(&question);
	struct failing failing = failing_never();
	struct weir_policy *policy;
	struct weir_answer out;
	unsigned failures = 0;
	int status;

	(void)state;
	assert_int_equal(weir_compile(shop(), NULL, &policy, NULL), 0);
	do {
		struct weir_querier *querier = NULL;

		failing_after(&failing, failures++);
		status = weir_querier_create(policy, &failing.allocator, &querier);
		if (!status)
			status = weir_querier_ask(querier, &query, &out, NULL);
		assert_true(status == 0 || status == -ENOMEM);
		weir_querier_destroy(querier);
		assert_int_equal(failing.live, 0);
	} while (status);
	assert_true(failures > 4);
	weir_policy_unref(policy);
	weir_querier_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(questions_are_answered),
		cmocka_unit_test(statuses_tell_unknown_from_senseless),
		cmocka_unit_test(icmp_without_a_type_is_an_echo_request),
		cmocka_unit_test(answers_name_the_rule),
		cmocka_unit_test(endpoints_stand_for_addresses),
		cmocka_unit_test(too_many_connections_are_refused),
		cmocka_unit_test(every_failing_allocation_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
