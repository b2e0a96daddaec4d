/* Lints about the tiers of cluster policies, and what one rule covers of another. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "failing.h"
#include "tiers_by_hand.h"

static void make_cluster(struct by_hand *hand)
{
	by_hand_open(hand, NULL);
	by_hand_namespace(hand, "shop", "team=red");
	by_hand_namespace(hand, "bank", "team=blue");
	by_hand_pod(hand, "shop/web", "app=web", "10.0.0.1");
	by_hand_pod(hand, "shop/db", "app=db", "10.0.0.2");
	by_hand_pod(hand, "bank/teller", "app=teller", "10.0.1.1");
}

/* What is reported under a code, a line each. */
struct reports {
	const char *code;
	char text[2048];
};

static void keep(void *context, const struct weir_diagnostic *finding)
{
	struct reports *reports = context;
	size_t length = strlen(reports->text);

	if (finding->code && strcmp(finding->code, reports->code) == 0)
		snprintf(reports->text + length, sizeof(reports->text) - length, "%s: %s: %s\n",
			 finding->object, finding->field, finding->text);
}

static void lint(struct by_hand *hand, struct reports *reports)
{
	const struct weir_sink sink = { keep, reports };

	by_hand_finish(hand);
	reports->text[0] = '\0';
	assert_int_equal(weir_cluster_lint(&hand->cluster, &sink), 0);
}

/* Two rules of one policy: whether the second is ever reached. */
static const struct {
	const char *name;
	const char *first;
	const char *second;
	bool is_reached;
} pairs[] = {
	{ "the same", "Deny pods *", "Accept pods *", false },
	{ "fewer namespaces", "Deny pods *", "Accept pods team=red", false },
	{ "more namespaces", "Deny pods team=red", "Accept pods *", true },
	{ "fewer pods", "Deny pods team=red", "Accept pods team=red app=web", false },
	{ "more pods", "Deny pods team=red app=web", "Accept pods team=red", true },
	{ "other pods", "Deny pods * app=web", "Accept pods * app=db", true },
	{ "In within In", "Deny pods * app=web|db", "Accept pods * app=db", false },
	{ "In beyond In", "Deny pods * app=web", "Accept pods * app=web|db", true },
	{ "NotIn around In", "Deny pods * app!=web", "Accept pods * app=db", false },
	{ "NotIn without In", "Deny pods * app!=web", "Accept pods * app=web", true },
	{ "NotIn of more", "Deny pods * app!=web", "Accept pods * app!=web|db", false },
	{ "NotIn of fewer", "Deny pods * app!=web|db", "Accept pods * app!=web", true },
	{ "NotIn, and no key", "Deny pods * app!=web", "Accept pods * !app", false },
	{ "a key, and In", "Deny pods * app", "Accept pods * app=db", false },
	{ "a key, and NotIn, which needs none", "Deny pods * app", "Accept pods * app!=db", true },
	{ "no key, and In", "Deny pods * !app", "Accept pods * app=db", true },
	{ "a key asked for besides", "Deny pods * app=web", "Accept pods * app=web,tier", false },
	{ "the labels of a named namespace", "Deny pods team=red",
	  "Accept pods kubernetes.io/metadata.name=shop app=web", false },
	{ "another namespace's", "Deny pods team=red",
	  "Accept pods kubernetes.io/metadata.name=bank", true },
	{ "each peer by some peer", "Deny pods team=red & pods team=blue",
	  "Accept pods team=blue & pods team=red app=x", false },
	{ "a peer by none", "Deny pods team=red", "Accept pods team=red & pods team=blue", true },
	{ "two that cover it together only", "Deny pods * app=web & pods * app!=web",
	  "Accept pods *", true },
	{ "a network within", "Deny networks 10.0.0.0/8", "Accept networks 10.1.0.0/16", false },
	{ "a network around", "Deny networks 10.1.0.0/16", "Accept networks 10.0.0.0/8", true },
	{ "every network of a peer", "Deny networks 10.0.0.0/8",
	  "Accept networks 10.1.0.0/16 192.0.2.0/24", true },
	{ "C41: all networks hold pods, nodes and names", "Deny networks 0.0.0.0/0 ::/0",
	  "Accept pods * & nodes * & domains example.com & networks fd00::/8", false },
	{ "all of IPv4 does not", "Deny networks 0.0.0.0/0", "Accept pods *", true },
	{ "all of IPv6 is not IPv4", "Deny networks ::/0", "Accept networks 10.0.0.0/8", true },
	{ "nodes", "Deny nodes *", "Accept nodes role=worker", false },
	{ "nodes are no pods", "Deny nodes *", "Accept pods *", true },
	{ "names are only perhaps the same", "Accept domains example.com",
	  "Accept domains example.com", true },
	{ "every port", "Deny pods *", "Accept pods * ; tcp:80-80", false },
	{ "more ports", "Deny pods * ; tcp:80-80", "Accept pods *", true },
	{ "a range within", "Deny pods * ; tcp:1-100", "Accept pods * ; tcp:80-90", false },
	{ "a range across", "Deny pods * ; tcp:1-100", "Accept pods * ; tcp:80-101", true },
	{ "a protocol", "Deny pods * ; tcp", "Accept pods * ; tcp:80-90", false },
	{ "another protocol", "Deny pods * ; tcp", "Accept pods * ; udp:80-90", true },
	{ "a protocol of a range", "Deny pods * ; tcp:0-65535", "Accept pods * ; tcp", true },
	{ "a name", "Deny pods * ; http", "Accept pods * ; http", false },
	{ "another name", "Deny pods * ; http", "Accept pods * ; dns", true },
	{ "a name may be of any protocol", "Deny pods * ; tcp", "Accept pods * ; http", true },
	{ "a Pass leaves the tier", "Pass pods *", "Deny pods *", false },
};

static void a_rule_is_reached_unless_one_before_it_decides_all(void **state)
{
	static const char told[] =
		"ClusterNetworkPolicy p: spec.egress[1]: ClusterNetworkPolicy p egress[0] (";

	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		const struct tiers_written written = { .name = "p",
						       .namespaces = "*",
						       .egress = { pairs[i].first,
								   pairs[i].second } };
		struct reports reports = { .code = "rule-never-reached" };
		struct by_hand hand;

		make_cluster(&hand);
		tiers_by_hand_add(&hand, &written);
		lint(&hand, &reports);
		if (pairs[i].is_reached != !reports.text[0] ||
		    (reports.text[0] && strncmp(reports.text, told, sizeof(told) - 1) != 0))
			fail_msg("%s: \"%s\"", pairs[i].name, reports.text);
		by_hand_close(&hand);
	}
}

struct row {
	const char *name;
	struct tiers_written policies[3];
	const char *reports;
};

static void check_rows(const char *code, const struct row *rows, size_t count,
		       void (*more)(struct by_hand *hand))
{
	for (size_t i = 0; i < count; i++) {
		struct reports reports = { .code = code };
		struct by_hand hand;

		make_cluster(&hand);
		for (size_t j = 0; j < COUNT(rows[i].policies) && rows[i].policies[j].name; j++)
			tiers_by_hand_add(&hand, &rows[i].policies[j]);
		if (more)
			more(&hand);
		lint(&hand, &reports);
		if (strcmp(reports.text, rows[i].reports) != 0)
			fail_msg("%s: \"%s\"", rows[i].name, reports.text);
		by_hand_close(&hand);
	}
}

static void rules_of_other_policies_are_before(void **state)
{
	static const struct row rows[] = {
		{ "by priority",
		  { { "late", WEIR_TIER_ADMIN, 20, "*", NULL, .ingress = { "Accept pods *" } },
		    { "early", WEIR_TIER_ADMIN, 10, "*", NULL, .ingress = { "Deny pods *" } } },
		  "ClusterNetworkPolicy late: spec.ingress[0]: ClusterNetworkPolicy early "
		  "ingress[0] (Deny) is tried before and decides all that this rule matches\n" },
		{ "of the other direction",
		  { { "late", WEIR_TIER_ADMIN, 20, "*", NULL, .ingress = { "Accept pods *" } },
		    { "early", WEIR_TIER_ADMIN, 10, "*", NULL, .egress = { "Deny pods *" } } },
		  "" },
		{ "of another tier",
		  { { "late", WEIR_TIER_BASELINE, 20, "*", NULL, .ingress = { "Accept pods *" } },
		    { "early", WEIR_TIER_ADMIN, 10, "*", NULL, .ingress = { "Deny pods *" } } },
		  "" },
		{ "of fewer subjects",
		  { { "late", WEIR_TIER_ADMIN, 20, "*", NULL, .ingress = { "Accept pods *" } },
		    { "early", WEIR_TIER_ADMIN, 10, "team=red", NULL,
		      .ingress = { "Deny pods *" } } },
		  "" },
	};

	(void)state;
	check_rows("rule-never-reached", rows, COUNT(rows), NULL);
}

static void c39_equal_priorities_are_told(void **state)
{
	static const struct row rows[] = {
		{ "C39: equal, about the same pods",
		  { { "b", WEIR_TIER_ADMIN, 7, "*", NULL, .ingress = { "Deny pods *" } },
		    { "a", WEIR_TIER_ADMIN, 7, "team=red", NULL, .ingress = { "Deny pods *" } } },
		  "ClusterNetworkPolicy b: spec.priority: ClusterNetworkPolicy a has the same "
		  "priority 7 and may be about the same pods: its rules are tried first, by its "
		  "name\n" },
		{ "of two tiers",
		  { { "a", WEIR_TIER_ADMIN, 7, "*", NULL, .ingress = { "Deny pods *" } },
		    { "b", WEIR_TIER_BASELINE, 7, "*", NULL, .ingress = { "Deny pods *" } } },
		  "" },
		{ "of two directions",
		  { { "a", WEIR_TIER_ADMIN, 7, "*", NULL, .ingress = { "Deny pods *" } },
		    { "b", WEIR_TIER_ADMIN, 7, "*", NULL, .egress = { "Deny pods *" } } },
		  "" },
		{ "about other pods",
		  { { "a", WEIR_TIER_ADMIN, 7, "team=red", NULL, .ingress = { "Deny pods *" } },
		    { "b", WEIR_TIER_ADMIN, 7, "team=blue", NULL, .ingress = { "Deny pods *" } } },
		  "" },
		{ "other priorities",
		  { { "a", WEIR_TIER_ADMIN, 7, "*", NULL, .ingress = { "Deny pods *" } },
		    { "b", WEIR_TIER_ADMIN, 8, "*", NULL, .ingress = { "Deny pods *" } } },
		  "" },
	};

	(void)state;
	check_rows("equal-priority", rows, COUNT(rows), NULL);
}

/* Pods of app=web in shop are allowed from app=db there. */
static void add_allow(struct by_hand *hand)
{
	static struct k8s_peer peer;
	static const struct k8s_rule rule = { .peers = &peer, .peer_count = 1 };
	struct k8s_network_policy *policy = by_hand_policy(hand, "shop/web", "app=web");

	peer = (struct k8s_peer){ .kind = K8S_PEER_SELECTOR,
				  .has_pod_selector = true,
				  .pod_selector = by_hand_selector(hand, "app=db") };
	policy->isolates_ingress = true;
	policy->ingress = &rule;
	policy->ingress_count = 1;
}

static void allows_that_are_denied_before_are_told(void **state)
{
	static const char told[] =
		"NetworkPolicy shop/web: spec.ingress[0]: ClusterNetworkPolicy guard ingress[0] "
		"(Deny) is tried before and denies all that this rule allows\n";
	static const struct row rows[] = {
		{ "all that it allows",
		  { { "guard", WEIR_TIER_ADMIN, 1, "*", NULL, .ingress = { "Deny pods *" } } },
		  told },
		{ "by the labels of its namespace",
		  { { "guard", WEIR_TIER_ADMIN, 1, "team=red", NULL,
		      .ingress = { "Deny pods team=red app=db" } } },
		  told },
		{ "only some ports",
		  { { "guard", WEIR_TIER_ADMIN, 1, "*", NULL,
		      .ingress = { "Deny pods * ; tcp:80-80" } } },
		  "" },
		{ "an Accept before",
		  { { "early", WEIR_TIER_ADMIN, 0, "*", NULL,
		      .ingress = { "Accept pods team=red ; tcp:80-80" } },
		    { "guard", WEIR_TIER_ADMIN, 1, "*", NULL, .ingress = { "Deny pods *" } } },
		  "" },
		{ "a Pass before, about other pods",
		  { { "early", WEIR_TIER_ADMIN, 0, "team=blue", NULL,
		      .ingress = { "Pass pods *" } },
		    { "guard", WEIR_TIER_ADMIN, 1, "*", NULL, .ingress = { "Deny pods *" } } },
		  told },
		{ "a Pass behind",
		  { { "guard", WEIR_TIER_ADMIN, 1, "*", NULL,
		      .ingress = { "Deny pods *", "Pass pods * app=db" } } },
		  told },
		{ "the Baseline tier comes later",
		  { { "guard", WEIR_TIER_BASELINE, 1, "*", NULL, .ingress = { "Deny pods *" } } },
		  "" },
		{ "the other direction",
		  { { "guard", WEIR_TIER_ADMIN, 1, "*", NULL, .egress = { "Deny pods *" } } },
		  "" },
	};

	(void)state;
	check_rows("allow-denied-before", rows, COUNT(rows), add_allow);
}

static void passes_to_nothing_are_told(void **state)
{
	static const char text[] =
		"hands over to nothing: no NetworkPolicy isolates a pod that it is about in this "
		"direction, and no rule of the Baseline tier is about one\n";
	static char told[512];
	const struct row rows[] = {
		{ "nothing is about the pods",
		  { { "p", WEIR_TIER_ADMIN, 1, "team=blue", NULL, .ingress = { "Pass pods *" } } },
		  told },
		{ "a NetworkPolicy isolates one",
		  { { "p", WEIR_TIER_ADMIN, 1, "*", NULL, .ingress = { "Pass pods *" } } },
		  "" },
		{ "a baseline rule is about one",
		  { { "p", WEIR_TIER_ADMIN, 1, "team=blue", NULL, .ingress = { "Pass pods *" } },
		    { "b", WEIR_TIER_BASELINE, 1, "*", NULL, .ingress = { "Deny pods *" } } },
		  "" },
		{ "of the other direction",
		  { { "p", WEIR_TIER_ADMIN, 1, "team=blue", NULL, .ingress = { "Pass pods *" } },
		    { "b", WEIR_TIER_BASELINE, 1, "*", NULL, .egress = { "Deny pods *" } } },
		  told },
		{ "about no pod",
		  { { "p", WEIR_TIER_ADMIN, 1, "team=grey", NULL, .ingress = { "Pass pods *" } } },
		  "" },
		{ "an exception of the Baseline tier",
		  { { "p", WEIR_TIER_BASELINE, 1, "team=blue", NULL,
		      .ingress = { "Pass pods *" } } },
		  "" },
	};

	(void)state;
	snprintf(told, sizeof(told), "ClusterNetworkPolicy p: spec.ingress[0]: %s", text);
	check_rows("pass-to-nothing", rows, COUNT(rows), add_allow);
}

static void ignore(void *context, const struct weir_diagnostic *finding)
{
	(void)context;
	(void)finding;
}

static void every_failing_allocation_is_told(void **state)
{
	static const struct tiers_written policies[] = {
		{ "a", WEIR_TIER_ADMIN, 1, "*", NULL,
		  .ingress = { "Pass pods team=blue", "Deny pods *", "Accept pods *" } },
		{ "b", WEIR_TIER_ADMIN, 1, "*", NULL, .ingress = { "Pass networks ::/0" } },
	};
	const struct weir_sink sink = { ignore, NULL };
	struct failing failing = failing_never();
	struct by_hand hand;
	unsigned failures = 0;
	int status;

	(void)state;
	make_cluster(&hand);
	add_allow(&hand);
	for (size_t i = 0; i < COUNT(policies); i++)
		tiers_by_hand_add(&hand, &policies[i]);
	by_hand_finish(&hand);
	hand.cluster.allocator = &failing.allocator;
	do {
		failing_after(&failing, failures++);
		status = weir_cluster_lint(&hand.cluster, &sink);
		assert_true(status == 0 || status == -ENOMEM);
		assert_int_equal(failing.live, 0);
	} while (status);
	assert_true(failures > 10);
	by_hand_close(&hand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rule_is_reached_unless_one_before_it_decides_all),
		cmocka_unit_test(rules_of_other_policies_are_before),
		cmocka_unit_test(c39_equal_priorities_are_told),
		cmocka_unit_test(allows_that_are_denied_before_are_told),
		cmocka_unit_test(passes_to_nothing_are_told),
		cmocka_unit_test(every_failing_allocation_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
