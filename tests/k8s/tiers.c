/*
 * Policies of the cluster tiers from objects to verdicts: each question is answered by the naive
 * reading of the resolved policy and by the compiled one, and its path is told.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "evaluate.h"
#include "path.h"
#include "tiers_by_hand.h"
#include "weir/directory.h"
#include "weir/policy.h"

enum {
	POLICIES_MOST = 3,
	ASKS_MOST = 8,
};

/* "tcp 10.0.0.1 10.0.0.2 80", with a "service" behind where it goes through one, and the answer:
 * the verdict; egress; ingress. */
struct ask {
	const char *question;
	const char *answer;
};

struct row {
	const char *name;
	struct tiers_written policies[POLICIES_MOST];
	void (*more)(struct by_hand *hand);
	struct weir_semantics semantics;
	struct ask asks[ASKS_MOST];
};

#define WEB     "10.0.0.1"
#define DB      "10.0.0.2"
#define TELLER  "10.0.1.1"
#define WORKER  "192.168.0.1"
#define CONTROL "192.168.0.2"
#define OUTSIDE "198.51.100.7"

static void declare(struct by_hand *hand, struct k8s_pod *pod, const char *name, uint8_t protocol,
		    uint16_t number)
{
	struct k8s_container_port *port =
		weir_arena_new(&hand->cluster.arena, struct k8s_container_port);

	assert_non_null(port);
	*port = (struct k8s_container_port){ by_hand_text(hand, name), number, protocol };
	pod->ports = port;
	pod->port_count = 1;
}

static void make_cluster(struct by_hand *hand)
{
	struct k8s_pod *pod;

	by_hand_open(hand, NULL);
	by_hand_namespace(hand, "shop", "team=red");
	by_hand_namespace(hand, "bank", "team=blue");
	by_hand_node(hand, "worker", WORKER)->meta.labels = by_hand_labels(hand, "role=worker");
	by_hand_node(hand, "control", CONTROL)->meta.labels = by_hand_labels(hand, "role=control");
	pod = by_hand_pod(hand, "shop/web", "app=web", WEB);
	declare(hand, pod, "api", WEIR_PROTOCOL_TCP, 8080);
	pod = by_hand_pod(hand, "shop/db", "app=db", DB);
	declare(hand, pod, "api", WEIR_PROTOCOL_UDP, 53);
	by_hand_pod(hand, "bank/teller", "app=teller", TELLER);
	by_hand_pod(hand, "bank/agent", "app=agent", WORKER)->host_network = true;
}

/* shop/db is isolated for ingress, and allows web. */
static void isolate_db(struct by_hand *hand)
{
	static struct k8s_peer peer;
	static const struct k8s_rule rule = { .peers = &peer, .peer_count = 1 };
	struct k8s_network_policy *policy = by_hand_policy(hand, "shop/db", "app=db");

	peer = (struct k8s_peer){ .kind = K8S_PEER_SELECTOR,
				  .has_pod_selector = true,
				  .pod_selector = by_hand_selector(hand, "app=web") };
	policy->isolates_ingress = true;
	policy->ingress = &rule;
	policy->ingress_count = 1;
}

/* shop/web is isolated for egress, and may go nowhere. */
static void close_web(struct by_hand *hand)
{
	by_hand_policy(hand, "shop/web", "app=web")->isolates_egress = true;
}

static void two_closed(struct by_hand *hand)
{
	isolate_db(hand);
	close_web(hand);
}

#define NONE      "not-isolated"
#define CNP(rest) "ClusterNetworkPolicy " rest

static const struct row rows[] = {
	{ .name = "the Admin tier is first: Accept",
	  .policies = { { "a", WEIR_TIER_ADMIN, 1, "*", NULL, .ingress = { "Accept pods *" } } },
	  .more = isolate_db,
	  .asks = { { "tcp " TELLER " " DB " 80",
		      "allow; " NONE "; " CNP("a ingress[0] from[0]: Accept") },
		    { "tcp " OUTSIDE " " DB " 80", "deny; not-a-pod; no-rule" } } },
	{ .name = "the Admin tier is first: Deny",
	  .policies = { { "a", WEIR_TIER_ADMIN, 1, "*", NULL, .ingress = { "Deny pods *" } } },
	  .more = isolate_db,
	  .asks = { { "tcp " WEB " " DB " 80",
		      "deny; " NONE "; " CNP("a ingress[0] from[0]: Deny") } } },
	{ .name = "Pass goes on with NetworkPolicy, and past the tier's other rules",
	  .policies = { { "a", WEIR_TIER_ADMIN, 1, "*", NULL,
			  .ingress = { "Pass pods team=red", "Deny pods *" } } },
	  .more = isolate_db,
	  .asks = { { "tcp " WEB " " DB " 80",
		      "allow; " NONE "; NetworkPolicy shop/db ingress[0] from[0]" },
		    { "tcp " DB " " WEB " 80", "allow; " NONE "; " NONE },
		    { "tcp " TELLER " " DB " 80",
		      "deny; " NONE "; " CNP("a ingress[1] from[0]: Deny") } } },
	{ .name = "priority, lower first, then names (C39), then rule order",
	  .policies = { { "b", WEIR_TIER_ADMIN, 5, "*", NULL,
			  .ingress = { "Accept pods * ; tcp:1-1", "Deny pods *" } },
			{ "a", WEIR_TIER_ADMIN, 5, "*", NULL,
			  .ingress = { "Deny pods * ; tcp:1-2" } },
			{ "z", WEIR_TIER_ADMIN, 4, "*", NULL,
			  .ingress = { "Accept pods * ; tcp:2-2" } } },
	  .asks = { { "tcp " WEB " " DB " 1",
		      "deny; " NONE "; " CNP("a ingress[0] from[0] ports[0]: Deny") },
		    { "tcp " WEB " " DB " 2",
		      "allow; " NONE "; " CNP("z ingress[0] from[0] ports[0]: Accept") },
		    { "tcp " WEB " " DB " 3",
		      "deny; " NONE "; " CNP("b ingress[1] from[0]: Deny") } } },
	{ .name = "C38: tiers are per direction",
	  .policies = { { "b", WEIR_TIER_BASELINE, 1, "*", NULL, .ingress = { "Deny pods *" } } },
	  .more = close_web,
	  .asks = { { "tcp " DB " " WEB " 80",
		      "deny; " NONE "; " CNP("b ingress[0] from[0]: Deny") },
		    { "tcp " WEB " " DB " 80",
		      "deny; no-rule; " CNP("b ingress[0] from[0]: Deny") } } },
	{ .name = "the Baseline tier is only asked where nothing isolates",
	  .policies = { { "b", WEIR_TIER_BASELINE, 1, "*", NULL, .ingress = { "Deny pods *" } } },
	  .more = isolate_db,
	  .asks = { { "tcp " WEB " " DB " 80",
		      "allow; " NONE "; NetworkPolicy shop/db ingress[0] from[0]" },
		    { "tcp " TELLER " " DB " 80", "deny; " NONE "; no-rule" },
		    { "tcp " DB " " TELLER " 80",
		      "deny; " NONE "; " CNP("b ingress[0] from[0]: Deny") } } },
	{ .name = "no implicit isolation",
	  .policies = { { "a", WEIR_TIER_ADMIN, 1, "*", NULL,
			  .ingress = { "Accept pods * ; tcp:80-80" } } },
	  .asks = { { "tcp " WEB " " DB " 81", "allow; " NONE "; " NONE } } },
	{ .name = "C41: networks match pods, whatever --ipblock-pods says",
	  .policies = { { "a", WEIR_TIER_ADMIN, 1, "*", NULL,
			  .egress = { "Deny networks ::/0 0.0.0.0/0" } } },
	  .semantics = { .ipblock_pods = WEIR_IPBLOCK_PODS_IGNORE },
	  .asks = { { "tcp " WEB " " DB " 80", "deny; " CNP("a egress[0] to[0]: Deny") "; " NONE },
		    { "tcp " WEB " " OUTSIDE " 80",
		      "deny; " CNP("a egress[0] to[0]: Deny") "; not-a-pod" } } },
	{ .name = "several networks are one entry",
	  .policies = { { "a", WEIR_TIER_ADMIN, 1, "*", NULL,
			  .egress = { "Deny networks 10.0.1.0/24 192.0.2.0/24 & pods * "
				      "app=db" } } },
	  .asks = { { "tcp " WEB " 192.0.2.9 80",
		      "deny; " CNP("a egress[0] to[0]: Deny") "; not-a-pod" },
		    { "tcp " WEB " " DB " 80",
		      "deny; " CNP("a egress[0] to[1]: Deny") "; " NONE } } },
	{ .name = "nodes, by their labels; and what is on their network",
	  .policies = { { "a", WEIR_TIER_ADMIN, 1, "*", NULL,
			  .egress = { "Accept nodes role=worker", "Deny nodes *" } } },
	  .asks = { { "tcp " WEB " " WORKER " 80",
		      "allow; " CNP("a egress[0] to[0]: Accept") "; host-network" },
		    { "tcp " WEB " " CONTROL " 80",
		      "deny; " CNP("a egress[1] to[0]: Deny") "; host-network" },
		    { "tcp " WEB " " DB " 80", "allow; " NONE "; " NONE },
		    { "tcp " WEB " " OUTSIDE " 80", "allow; " NONE "; not-a-pod" } } },
	{ .name = "pods on their node's network are not selected",
	  .policies = { { "a", WEIR_TIER_ADMIN, 1, "*", NULL, .egress = { "Deny pods * app=agent" },
			  .ingress = { "Deny pods * app=agent" } } },
	  .asks = { { "tcp " WORKER " " WEB " 80", "allow; host-network; " NONE },
		    { "tcp " WEB " " WORKER " 80", "allow; " NONE "; host-network" } } },
	{ .name = "a named port is of the protocol that the pod declares it with",
	  .policies = { { "a", WEIR_TIER_ADMIN, 1, "*", NULL,
			  .ingress = { "Deny pods * ; api" } } },
	  .asks = { { "tcp " DB " " WEB " 8080",
		      "deny; " NONE "; " CNP("a ingress[0] from[0] ports[0]: Deny") },
		    { "udp " DB " " WEB " 8080", "allow; " NONE "; " NONE },
		    { "udp " WEB " " DB " 53",
		      "deny; " NONE "; " CNP("a ingress[0] from[0] ports[0]: Deny") },
		    { "tcp " WEB " " DB " 53", "allow; " NONE "; " NONE } } },
	{ .name = "a domain name may decide about what is outside, and nothing else",
	  .policies = { { "a", WEIR_TIER_ADMIN, 1, "*", NULL,
			  .egress = { "Accept networks 192.0.2.0/24",
				      "Accept domains example.com ; tcp:443-443",
				      "Deny networks 0.0.0.0/0" } } },
	  .asks = { { "tcp " WEB " " OUTSIDE " 443", "ambiguous (domain-name)" },
		    { "tcp " WEB " " OUTSIDE " 80",
		      "deny; " CNP("a egress[2] to[0]: Deny") "; not-a-pod" },
		    { "tcp " WEB " 192.0.2.1 443",
		      "allow; " CNP("a egress[0] to[0]: Accept") "; not-a-pod" },
		    { "tcp " WEB " " DB " 443", "deny; " CNP("a egress[2] to[0]: Deny") "; " NONE },
		    { "tcp " WEB " " WORKER " 443",
		      "deny; " CNP("a egress[2] to[0]: Deny") "; host-network" } } },
	{ .name = "a domain name that makes no difference",
	  .policies = { { "a", WEIR_TIER_ADMIN, 1, "*", NULL,
			  .egress = { "Accept domains example.com" } } },
	  .asks = { { "tcp " WEB " " OUTSIDE " 443", "allow; " NONE "; not-a-pod" } } },
	{ .name = "S11: through a service to itself, NetworkPolicy allows",
	  .policies = { { "a", WEIR_TIER_ADMIN, 1, "team=blue", NULL,
			  .ingress = { "Deny pods *" } } },
	  .more = two_closed,
	  .asks = { { "tcp " DB " " DB " 80 service", "allow; self; self" },
		    { "tcp " WEB " " WEB " 80 service", "allow; self; self" } } },
	{ .name = "S11: and the cluster's tiers are asked",
	  .policies = { { "a", WEIR_TIER_ADMIN, 1, "*", NULL,
			  .egress = { "Pass pods *", "Deny pods *" } },
			{ "b", WEIR_TIER_BASELINE, 1, "*", NULL, .egress = { "Deny pods *" } },
			{ "c", WEIR_TIER_ADMIN, 2, "*", "app=teller",
			  .ingress = { "Deny pods * app=teller" } } },
	  .more = two_closed,
	  .asks = { { "tcp " WEB " " WEB " 80 service", "allow; self; self" },
		    { "tcp " DB " " DB " 80 service",
		      "deny; " CNP("b egress[0] to[0]: Deny") "; self" },
		    { "tcp " DB " " DB " 80", "allow; self; self" },
		    { "tcp " TELLER " " TELLER " 80 service",
		      "deny; " CNP("b egress[0] to[0]: Deny") "; " CNP(
			      "c ingress[0] from[0]: Deny") } } },
};

static struct weir_key read_key(const char *question)
{
	struct weir_key key = { .flags = WEIR_KEY_BOTH };
	char protocol[8], from[48], to[48], through[16] = "";
	unsigned port;

	assert_true(sscanf(question, "%7s %47s %47s %u %15s", protocol, from, to, &port, through) >=
		    4);
	assert_int_equal(weir_address_parse(from, strlen(from), &key.source), 0);
	assert_int_equal(weir_address_parse(to, strlen(to), &key.destination), 0);
	key.protocol = strcmp(protocol, "udp") == 0 ? WEIR_PROTOCOL_UDP : WEIR_PROTOCOL_TCP;
	key.destination_port = (uint16_t)port;
	if (strcmp(through, "service") == 0)
		key.flags |= WEIR_KEY_HAIRPIN;
	return key;
}

static void say_half(const struct weir_policy *policy, const struct weir_half *half, char *text,
		     size_t size)
{
	size_t length = strlen(text);

	length += (size_t)snprintf(text + length, size - length, "; ");
	if (!weir_policy_format_rule(policy, half, text + length, size - length))
		snprintf(text + length, size - length, "%s",
			 weir_reason_name((enum weir_reason)half->reason));
}

static void say(const struct weir_policy *policy, const struct weir_explanation *explanation,
		char *text, size_t size)
{
	static const char *const actions[] = { "deny", "allow", "ambiguous" };
	static const char *const whys[] = { "", "unknown-pod", "shared-address", "domain-name" };

	if (explanation->verdict.action == WEIR_AMBIGUOUS) {
		snprintf(text, size, "ambiguous (%s)", whys[explanation->verdict.why]);
		return;
	}
	snprintf(text, size, "%s", actions[explanation->verdict.action]);
	say_half(policy, &explanation->egress, text, size);
	say_half(policy, &explanation->ingress, text, size);
}

static struct weir_policy *compile_row(const struct row *row, struct by_hand *hand,
				       struct weir_resolved **resolved)
{
	struct weir_policy *policy;

	make_cluster(hand);
	for (size_t i = 0; i < POLICIES_MOST && row->policies[i].name; i++)
		tiers_by_hand_add(hand, &row->policies[i]);
	if (row->more)
		row->more(hand);
	by_hand_finish(hand);
	assert_int_equal(weir_cluster_resolve(&hand->cluster, &row->semantics, resolved), 0);
	assert_int_equal(weir_compile(*resolved, NULL, &policy, NULL), 0);
	return policy;
}

static void ask(const struct row *row, const struct ask *ask, const struct weir_resolved *resolved,
		const struct weir_policy *policy)
{
	struct weir_key key = read_key(ask->question);
	struct weir_explanation naive, compiled;
	struct weir_verdict verdict;
	char text[2][512];

	weir_resolved_judge(resolved, &key, &naive);
	weir_policy_explain(policy, &key, &compiled);
	weir_policy_classify(policy, &key, &verdict, 1);
	say(policy, &naive, text[0], sizeof(text[0]));
	say(policy, &compiled, text[1], sizeof(text[1]));
	if (strcmp(text[0], ask->answer) != 0 || strcmp(text[1], ask->answer) != 0)
		fail_msg("%s: %s: naive \"%s\", compiled \"%s\"", row->name, ask->question, text[0],
			 text[1]);
	assert_int_equal(verdict.action, compiled.verdict.action);
	assert_int_equal(verdict.why, compiled.verdict.why);
}

static void rows_hold(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct weir_resolved *resolved;
		struct by_hand hand;
		struct weir_policy *policy = compile_row(&rows[i], &hand, &resolved);

		for (size_t j = 0; j < ASKS_MOST && rows[i].asks[j].question; j++)
			ask(&rows[i], &rows[i].asks[j], resolved, policy);
		weir_policy_unref(policy);
		weir_resolved_destroy(resolved);
		by_hand_close(&hand);
	}
}

/* The path of the ingress side, or of the egress side. */
static const struct {
	const char *question;
	enum weir_direction direction;
	const char *path;
} paths[] = {
	{ "tcp " WEB " " DB " 80", WEIR_INGRESS,
	  "    Admin tier     ClusterNetworkPolicy a ingress[0] from[0] ports[0]: Pass, on "
	  "to the next tier\n"
	  "    NetworkPolicy  NetworkPolicy shop/db ingress[0] from[0]: allows, which decides\n" },
	{ "tcp " TELLER " " DB " 80", WEIR_INGRESS,
	  "    Admin tier     2 rules are about the pod, none matches\n"
	  "    NetworkPolicy  isolates the pod, and no rule matches: denied\n" },
	{ "tcp " OUTSIDE " " WEB " 80", WEIR_INGRESS,
	  "    Admin tier     2 rules are about the pod, none matches\n"
	  "    NetworkPolicy  does not isolate the pod\n"
	  "    Baseline tier  1 rule is about the pod, none matches\n"
	  "    otherwise      allowed\n" },
	{ "tcp " DB " " WEB " 443", WEIR_INGRESS,
	  "    Admin tier     ClusterNetworkPolicy a ingress[1] from[0] ports[0]: Accept, which "
	  "decides\n" },
	{ "tcp " TELLER " " WEB " 80", WEIR_INGRESS,
	  "    Admin tier     2 rules are about the pod, none matches\n"
	  "    NetworkPolicy  does not isolate the pod\n"
	  "    Baseline tier  ClusterNetworkPolicy b ingress[0] from[0]: Deny, which decides\n" },
	{ "tcp " WEB " " OUTSIDE " 80", WEIR_EGRESS,
	  "    Admin tier     no rule is about the pod\n"
	  "    NetworkPolicy  does not isolate the pod\n"
	  "    Baseline tier  ClusterNetworkPolicy b egress[0] to[0]: Accept, which perhaps "
	  "decides\n"
	  "    Baseline tier  ClusterNetworkPolicy b egress[1] to[0]: Deny, which decides\n" },
	{ "tcp " WEB " " OUTSIDE " 80", WEIR_INGRESS, "" },
	{ "tcp " DB " " DB " 80", WEIR_INGRESS, "" },
	{ "tcp " DB " " DB " 80 service", WEIR_INGRESS,
	  "    Admin tier     ClusterNetworkPolicy a ingress[0] from[0] ports[0]: Pass, on "
	  "to the next tier\n"
	  "    NetworkPolicy  a pod may reach itself through a service\n" },
};

static const struct row path_row = {
	.policies = { { "a", WEIR_TIER_ADMIN, 1, "*", NULL,
			.ingress = { "Pass pods team=red ; tcp:80-80",
				     "Accept pods team=red ; tcp:443-443" } },
		      { "b", WEIR_TIER_BASELINE, 1, "*", NULL,
			.egress = { "Accept domains example.com", "Deny networks 0.0.0.0/0" },
			.ingress = { "Deny pods *" } } },
	.more = isolate_db,
};

static void paths_are_told_tier_by_tier(void **state)
{
	struct weir_resolved *resolved;
	struct by_hand hand;
	struct weir_policy *policy = compile_row(&path_row, &hand, &resolved);

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++) {
		struct weir_key key = read_key(paths[i].question);
		bool ingress = paths[i].direction == WEIR_INGRESS;
		struct weir_explanation explanation;
		char *text = NULL;
		size_t size;
		FILE *out = open_memstream(&text, &size);

		assert_non_null(out);
		weir_policy_explain(policy, &key, &explanation);
		assert_true(print_path(out, policy, &key,
				       ingress ? &explanation.ingress : &explanation.egress,
				       paths[i].direction));
		fclose(out);
		if (strcmp(text, paths[i].path) != 0)
			fail_msg("%s:\n%s", paths[i].question, text);
		free(text);
	}
	weir_policy_unref(policy);
	weir_resolved_destroy(resolved);
	by_hand_close(&hand);
}

/* Without rules of a tier there is no path to tell. */
static void network_policies_alone_have_no_path(void **state)
{
	static const struct row row = { .more = isolate_db };
	struct weir_key key = read_key("tcp " WEB " " DB " 80");
	struct weir_explanation explanation;
	struct weir_resolved *resolved;
	struct by_hand hand;
	struct weir_policy *policy = compile_row(&row, &hand, &resolved);
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	(void)state;
	assert_non_null(out);
	weir_policy_explain(policy, &key, &explanation);
	assert_true(print_path(out, policy, &key, &explanation.ingress, WEIR_INGRESS));
	fclose(out);
	assert_string_equal(text, "");
	free(text);
	weir_policy_unref(policy);
	weir_resolved_destroy(resolved);
	by_hand_close(&hand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_hold),
		cmocka_unit_test(paths_are_told_tier_by_tier),
		cmocka_unit_test(network_policies_alone_have_no_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
