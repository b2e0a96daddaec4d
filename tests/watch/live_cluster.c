/*
 * What a live cluster promises about texts, batches and names; verdicts at large are compared in
 * random.c.
 */
#include "fixture.h"

#include <errno.h>
#include <stdlib.h>

#include "failing.h"
#include "weir/directory.h"

/* One policy: in shop, the database is reached from pods of the namespaces of the team alone. */
static const char shop[] =
	"{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: red}}}\n"
	"---\n"
	"{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop, labels: {app: db}}, "
	"status: {podIP: 10.0.0.1}}\n"
	"---\n"
	"{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web}}, "
	"status: {podIP: 10.0.0.2}}\n"
	"---\n"
	"{apiVersion: v1, kind: Pod, metadata: {name: cron, namespace: jobs, labels: {app: web}}, "
	"status: {podIP: 10.0.0.3}}\n"
	"---\n"
	"{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: db, namespace: "
	"shop}, spec: {podSelector: {matchLabels: {app: db}}, ingress: [{from: "
	"[{namespaceSelector: {matchLabels: {team: red}}, podSelector: {matchLabels: {app: "
	"web}}}]}]}}\n";

static void open_shop(struct fixture *fixture)
{
	open_with(fixture, &(struct weir_live_cluster_options){ 0 });
	put(fixture, shop);
	commit(fixture);
}

static enum weir_action judge(const struct fixture *fixture, const char *from, const char *to)
{
	const struct weir_key key = { .source = address_of(from),
				      .destination = address_of(to),
				      .source_port = 40000,
				      .destination_port = 5432,
				      .protocol = WEIR_PROTOCOL_TCP,
				      .flags = WEIR_KEY_BOTH };
	struct weir_verdict verdict;

	weir_policy_classify(weir_live_cluster_policy(fixture->live), &key, &verdict, 1);
	return (enum weir_action)verdict.action;
}

static void a_cluster_begins_with_nothing(void **state)
{
	struct fixture fixture;

	(void)state;
	open_with(&fixture, &(struct weir_live_cluster_options){ 0 });
	assert_int_equal(judge(&fixture, "10.0.0.3", "10.0.0.1"), WEIR_ALLOW);
	assert_int_equal(weir_live_cluster_version(fixture.live), 0);
	commit(&fixture);
	assert_int_equal(weir_live_cluster_version(fixture.live), 1);
	close_fixture(&fixture);
}

static void a_batch_is_in_force_when_it_is_committed(void **state)
{
	struct fixture fixture;

	(void)state;
	open_with(&fixture, &(struct weir_live_cluster_options){ 0 });
	put(&fixture, shop);
	assert_int_equal(judge(&fixture, "10.0.0.3", "10.0.0.1"), WEIR_ALLOW);
	commit(&fixture);
	assert_int_equal(judge(&fixture, "10.0.0.3", "10.0.0.1"), WEIR_DENY);
	assert_int_equal(judge(&fixture, "10.0.0.2", "10.0.0.1"), WEIR_ALLOW);
	close_fixture(&fixture);
}

static void events_change_what_they_are_about(void **state)
{
	struct fixture fixture;

	(void)state;
	open_shop(&fixture);
	put(&fixture, "{\"type\":\"ADDED\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\","
		      "\"metadata\":{\"name\":\"web-2\",\"namespace\":\"shop\",\"labels\":{\"app\":"
		      "\"web\"}},\"status\":{\"podIP\":\"10.0.0.4\"}}}\n"
		      "{\"type\":\"MODIFIED\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\","
		      "\"metadata\":{\"name\":\"web\",\"namespace\":\"shop\",\"labels\":{\"app\":"
		      "\"old\"}},\"status\":{\"podIP\":\"10.0.0.2\"}}}\n"
		      "{\"type\":\"BOOKMARK\",\"object\":{\"kind\":\"Pod\",\"apiVersion\":\"v1\","
		      "\"metadata\":{\"resourceVersion\":\"12\"}}}\n");
	commit(&fixture);
	assert_int_equal(judge(&fixture, "10.0.0.4", "10.0.0.1"), WEIR_ALLOW);
	assert_int_equal(judge(&fixture, "10.0.0.2", "10.0.0.1"), WEIR_DENY);
	put(&fixture, "type: DELETED\nobject: {kind: NetworkPolicy, apiVersion: "
		      "networking.k8s.io/v1, metadata: {name: db, namespace: shop}}\n");
	commit(&fixture);
	assert_int_equal(judge(&fixture, "10.0.0.2", "10.0.0.1"), WEIR_ALLOW);
	close_fixture(&fixture);
}

static const struct {
	const char *name;
	const char *text;
	const char *told;
} refused[] = {
	{ "a field that nobody knows",
	  "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: db, namespace: "
	  "shop}, spec: {podSelektor: {}}}",
	  "error 1: NetworkPolicy shop/db: unknown field; did you mean podSelector?\n" },
	{ "the second of two documents",
	  "{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop}}\n---\n"
	  "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, status: {podIP: "
	  "10.0.0}}\n",
	  "error 3: Pod shop/web: \"10.0.0\" is no IP address; 10.0.1.2 or fd00::1 would be "
	  "one\n" },
	{ "an event of another type",
	  "{type: RENAMED, object: {apiVersion: v1, kind: Pod, metadata: {name: db}}}",
	  "error 1: -: an event's type must be ADDED, MODIFIED, DELETED, BOOKMARK or ERROR\n" },
	{ "a watch that failed",
	  "{type: ERROR, object: {apiVersion: v1, kind: Status, message: too old}}",
	  "error 1: -: the watch failed: too old\n" },
	{ "who is deleted without a name", "{type: DELETED, object: {apiVersion: v1, kind: Pod}}",
	  "error 1: Pod : deleted, but nothing says what: metadata.name is missing\n" },
	{ "what is no YAML", "{a: [", NULL },
};

static void a_text_that_is_refused_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct fixture fixture;
		struct weir_policy *policy;

		open_shop(&fixture);
		policy = weir_live_cluster_policy(fixture.live);
		assert_int_equal(read_text(&fixture, refused[i].text), -EINVAL);
		if (refused[i].told)
			assert_string_equal(fixture.told, refused[i].told);
		commit(&fixture);
		assert_ptr_equal(weir_live_cluster_policy(fixture.live), policy);
		close_fixture(&fixture);
	}
}

static void a_refused_text_leaves_the_batch(void **state)
{
	struct fixture fixture;

	(void)state;
	open_shop(&fixture);
	assert_int_equal(weir_live_cluster_remove(fixture.live, "NetworkPolicy", "shop", "db"), 0);
	assert_int_equal(read_text(&fixture, refused[0].text), -EINVAL);
	commit(&fixture);
	assert_int_equal(judge(&fixture, "10.0.0.3", "10.0.0.1"), WEIR_ALLOW);
	close_fixture(&fixture);
}

static void what_is_deleted_needs_no_more_than_kind_and_name(void **state)
{
	struct fixture fixture;

	(void)state;
	open_shop(&fixture);
	put(&fixture,
	    "{type: DELETED, object: {kind: NetworkPolicy, metadata: {name: db, namespace: "
	    "shop}}}");
	commit(&fixture);
	assert_int_equal(judge(&fixture, "10.0.0.3", "10.0.0.1"), WEIR_ALLOW);
	close_fixture(&fixture);
}

static void a_list_is_its_objects_and_takes_nothing_away(void **state)
{
	struct fixture fixture;

	(void)state;
	open_shop(&fixture);
	put(&fixture, "{kind: PodList, apiVersion: v1, items: [{metadata: {name: cron, namespace: "
		      "shop, labels: {app: web}}, status: {podIP: 10.0.0.3}}, {metadata: {name: "
		      "web, namespace: shop}, status: {podIP: 10.0.0.2}}]}");
	assert_int_equal(weir_live_cluster_remove(fixture.live, "Pod", "jobs", "cron"), 0);
	commit(&fixture);
	assert_int_equal(judge(&fixture, "10.0.0.3", "10.0.0.1"), WEIR_ALLOW);
	assert_int_equal(judge(&fixture, "10.0.0.2", "10.0.0.1"), WEIR_DENY);
	close_fixture(&fixture);
}

static void what_is_not_there_cannot_be_removed(void **state)
{
	struct fixture fixture;

	(void)state;
	open_shop(&fixture);
	assert_int_equal(weir_live_cluster_remove(fixture.live, "Pod", "shop", "cron"), -ENOENT);
	assert_int_equal(weir_live_cluster_remove(fixture.live, "Pod", NULL, "db"), -ENOENT);
	assert_int_equal(weir_live_cluster_remove(fixture.live, "ConfigMap", "shop", "db"),
			 -ENOENT);
	assert_int_equal(weir_live_cluster_remove(fixture.live, "Pod", "shop", "db"), 0);
	assert_int_equal(weir_live_cluster_remove(fixture.live, "Pod", "shop", "db"), -ENOENT);
	assert_int_equal(read_text(&fixture, "{type: DELETED, object: {apiVersion: v1, kind: Pod, "
					     "metadata: {name: db, namespace: shop}}}"),
			 0);
	assert_string_equal(fixture.told, "warning 1: Pod shop/db: deleted, and was not there\n");
	assert_int_equal(read_text(&fixture, "{type: DELETED, object: {apiVersion: v1, kind: "
					     "ConfigMap, metadata: {name: x, namespace: y}}}"),
			 0);
	assert_string_equal(fixture.told, "");
	close_fixture(&fixture);
}

static void a_batch_that_is_dropped_was_never_there(void **state)
{
	struct fixture fixture;

	(void)state;
	open_shop(&fixture);
	put(&fixture, "{apiVersion: v1, kind: Namespace, metadata: {name: jobs, labels: {team: "
		      "red}}}");
	weir_live_cluster_drop(fixture.live);
	commit(&fixture);
	assert_int_equal(judge(&fixture, "10.0.0.3", "10.0.0.1"), WEIR_DENY);
	close_fixture(&fixture);
}

static void a_pod_takes_another_address(void **state)
{
	struct fixture fixture;

	(void)state;
	open_shop(&fixture);
	put(&fixture, "{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop, labels: "
		      "{app: db}}, status: {podIP: 10.0.0.9}}");
	commit(&fixture);
	assert_int_equal(judge(&fixture, "10.0.0.3", "10.0.0.9"), WEIR_DENY);
	assert_int_equal(judge(&fixture, "10.0.0.3", "10.0.0.1"), WEIR_ALLOW);
	close_fixture(&fixture);
}

static const char second_claim[] =
	"{apiVersion: v1, kind: Pod, metadata: {name: guest, namespace: jobs}, status: {podIP: "
	"10.0.0.1}}";

static void two_pods_claim_an_address(void **state)
{
	struct fixture fixture;

	(void)state;
	open_shop(&fixture);
	put(&fixture, second_claim);
	commit(&fixture);
	assert_int_equal(judge(&fixture, "10.0.0.3", "10.0.0.1"), WEIR_AMBIGUOUS);
	assert_int_equal(weir_live_cluster_remove(fixture.live, "Pod", "shop", "db"), 0);
	commit(&fixture);
	assert_int_equal(judge(&fixture, "10.0.0.3", "10.0.0.1"), WEIR_ALLOW);
	close_fixture(&fixture);
}

static void claims_may_be_refused(void **state)
{
	struct fixture fixture;
	struct weir_error error;

	(void)state;
	open_with(&fixture, &(struct weir_live_cluster_options){ .exclusive_addresses = true });
	put(&fixture, shop);
	commit(&fixture);
	put(&fixture, second_claim);
	assert_int_equal(weir_live_cluster_commit(fixture.live, &error), -EADDRINUSE);
	assert_int_equal(judge(&fixture, "10.0.0.3", "10.0.0.1"), WEIR_DENY);
	/* The batch is mended: the guest gets another address. */
	put(&fixture,
	    "{apiVersion: v1, kind: Pod, metadata: {name: guest, namespace: jobs}, status: "
	    "{podIP: 10.0.0.8}}");
	commit(&fixture);
	assert_int_equal(weir_live_cluster_version(fixture.live), 2);
	close_fixture(&fixture);
}

static void a_namespace_goes_and_comes_again(void **state)
{
	struct fixture fixture;

	(void)state;
	open_shop(&fixture);
	assert_int_equal(weir_live_cluster_remove(fixture.live, "Namespace", NULL, "shop"), 0);
	commit(&fixture);
	assert_int_equal(judge(&fixture, "10.0.0.2", "10.0.0.1"), WEIR_DENY);
	put(&fixture, "{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: "
		      "red}}}");
	commit(&fixture);
	assert_int_equal(judge(&fixture, "10.0.0.2", "10.0.0.1"), WEIR_ALLOW);
	assert_int_equal(weir_live_cluster_remove(fixture.live, "Pod", "shop", "web"), 0);
	assert_int_equal(weir_live_cluster_remove(fixture.live, "Pod", "shop", "db"), 0);
	assert_int_equal(weir_live_cluster_remove(fixture.live, "NetworkPolicy", "shop", "db"), 0);
	assert_int_equal(weir_live_cluster_remove(fixture.live, "Namespace", NULL, "shop"), 0);
	commit(&fixture);
	put(&fixture, shop);
	commit(&fixture);
	assert_int_equal(judge(&fixture, "10.0.0.2", "10.0.0.1"), WEIR_ALLOW);
	assert_int_equal(judge(&fixture, "10.0.0.3", "10.0.0.1"), WEIR_DENY);
	close_fixture(&fixture);
}

static void what_says_what_it_said_is_nothing(void **state)
{
	struct fixture fixture;
	struct weir_policy *policy;

	(void)state;
	open_shop(&fixture);
	policy = weir_live_cluster_policy(fixture.live);
	for (int i = 0; i < 3; i++) {
		put(&fixture, shop);
		commit(&fixture);
	}
	assert_ptr_equal(weir_live_cluster_policy(fixture.live), policy);
	assert_int_equal(weir_live_cluster_version(fixture.live), 4);
	close_fixture(&fixture);
}

/* Services or not: nothing is resolved, for which there is no memory. */
static void what_says_what_it_said_costs_its_reading(void **state)
{
	struct failing failing = failing_never();
	struct weir_error error;
	struct fixture fixture;

	(void)state;
	for (int services = 0; services < 2; services++) {
		const struct weir_live_cluster_options options = { .objects.allocator =
									   &failing.allocator,
								   .services = services };

		failing_after(&failing, UINT_MAX);
		open_with(&fixture, &options);
		put(&fixture, shop);
		commit(&fixture);
		put(&fixture, shop);
		failing_after(&failing, 0);
		assert_int_equal(weir_live_cluster_commit(fixture.live, &error), 0);
		failing_after(&failing, UINT_MAX);
		close_fixture(&fixture);
	}
	assert_int_equal(failing.live, 0);
}

static void a_range_that_is_full_is_told(void **state)
{
	struct weir_live_cluster_options options = { 0 };
	struct fixture fixture;
	struct weir_error error;

	(void)state;
	assert_int_equal(weir_prefix_parse("10.9.9.0/30", 11, &options.objects.pod_cidr_ipv4, NULL),
			 0);
	open_with(&fixture, &options);
	put(&fixture, "{apiVersion: v1, kind: Pod, metadata: {name: a}}\n---\n"
		      "{apiVersion: v1, kind: Pod, metadata: {name: b}}\n");
	commit(&fixture);
	put(&fixture, "{apiVersion: v1, kind: Pod, metadata: {name: c}}");
	assert_int_equal(weir_live_cluster_commit(fixture.live, &error), -EINVAL);
	assert_non_null(strstr(error.text, "free addresses in 10.9.9.0/30"));
	assert_int_equal(weir_live_cluster_remove(fixture.live, "Pod", NULL, "a"), 0);
	commit(&fixture);
	close_fixture(&fixture);
}

static void a_policy_that_is_too_large_is_refused(void **state)
{
	struct weir_live_cluster_options options = { 0 };
	struct fixture fixture;
	struct weir_error error;

	(void)state;
	open_with(&fixture, &options);
	weir_policy_bytes(weir_live_cluster_policy(fixture.live), &options.max_bytes);
	close_fixture(&fixture);
	open_with(&fixture, &options);
	put(&fixture, shop);
	assert_int_equal(weir_live_cluster_commit(fixture.live, &error), -ERANGE);
	assert_int_equal(judge(&fixture, "10.0.0.3", "10.0.0.1"), WEIR_ALLOW);
	assert_int_equal(weir_live_cluster_version(fixture.live), 0);
	weir_live_cluster_drop(fixture.live);
	commit(&fixture);
	close_fixture(&fixture);
}

static void what_is_frozen_outlives_the_cluster(void **state)
{
	struct weir_policy *frozen;
	struct weir_error error;
	struct fixture fixture;

	(void)state;
	open_shop(&fixture);
	assert_int_equal(weir_live_cluster_freeze(fixture.live, &frozen, &error), 0);
	close_fixture(&fixture);
	assert_int_not_equal(weir_policy_find_pod(frozen, "jobs", "cron"), WEIR_NONE);
	assert_int_equal(weir_policy_find_pod(frozen, "shop", "cron"), WEIR_NONE);
	weir_policy_unref(frozen);
}

static void services_are_there_when_they_are_asked_for(void **state)
{
	static const char service[] =
		"{apiVersion: v1, kind: Service, metadata: {name: db, namespace: shop}, spec: "
		"{clusterIP: 10.96.0.1, selector: {app: db}, ports: [{port: 5432}]}}";
	struct fixture fixture;

	(void)state;
	for (int asked = 0; asked < 2; asked++) {
		open_with(&fixture, &(struct weir_live_cluster_options){ .services = asked });
		put(&fixture, shop);
		put(&fixture, service);
		commit(&fixture);
		assert_int_equal(weir_policy_service_count(weir_live_cluster_policy(fixture.live)),
				 asked);
		close_fixture(&fixture);
	}
}

static void a_snapshot_has_the_objects_in_force(void **state)
{
	struct weir_cluster_counts counts;
	struct weir_cluster *snapshot;
	struct weir_policy *frozen;
	struct weir_error error;
	struct fixture fixture;

	(void)state;
	open_shop(&fixture);
	assert_int_equal(weir_live_cluster_remove(fixture.live, "Pod", "shop", "db"), 0);
	assert_int_equal(weir_live_cluster_snapshot(fixture.live, &snapshot), 0);
	assert_int_equal(weir_live_cluster_freeze(fixture.live, &frozen, &error), -EBUSY);
	close_fixture(&fixture);
	weir_cluster_count(snapshot, &counts);
	assert_int_equal(counts.pods, 3);
	assert_int_equal(counts.namespaces, 2);
	assert_int_equal(counts.network_policies, 1);
	weir_cluster_destroy(snapshot);
}

/* Whether a text's reading or its commit fails with so many allocations: then what is in force
 * stays, and the next try succeeds. */
static bool fails_at(struct failing *failing, const struct weir_live_cluster_options *options,
		     const char *text, unsigned budget)
{
	struct fixture fixture;
	struct weir_error error;
	int status;

	failing_after(failing, UINT_MAX);
	open_with(&fixture, options);
	put(&fixture, shop);
	commit(&fixture);
	failing_after(failing, budget);
	status = read_text(&fixture, text);
	if (!status)
		status = weir_live_cluster_commit(fixture.live, &error);
	failing_after(failing, UINT_MAX);
	assert_true(!status || status == -ENOMEM);
	assert_int_equal(judge(&fixture, "10.0.0.4", "10.0.0.1"), status ? WEIR_DENY : WEIR_ALLOW);
	put(&fixture, text);
	commit(&fixture);
	assert_int_equal(judge(&fixture, "10.0.0.4", "10.0.0.1"), WEIR_ALLOW);
	close_fixture(&fixture);
	return status != 0;
}

/* A pod, then a policy, with every allocation failing in turn. */
static void memory_may_run_out(void **state)
{
	static const char *const texts[] = {
		"{apiVersion: v1, kind: Pod, metadata: {name: web-2, namespace: shop, labels: "
		"{app: web}}, status: {podIP: 10.0.0.4}}",
		"{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: db, "
		"namespace: shop}, spec: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: "
		"10.0.0.0/24, except: [10.0.0.3/32]}}]}]}}",
	};
	struct failing failing = failing_never();
	const struct weir_live_cluster_options options = { .objects.allocator =
								   &failing.allocator };

	(void)state;
	for (size_t i = 0; i < COUNT(texts); i++) {
		for (unsigned budget = 0; fails_at(&failing, &options, texts[i], budget); budget++)
			;
		assert_int_equal(failing.live, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cluster_begins_with_nothing),
		cmocka_unit_test(a_batch_is_in_force_when_it_is_committed),
		cmocka_unit_test(events_change_what_they_are_about),
		cmocka_unit_test(a_text_that_is_refused_changes_nothing),
		cmocka_unit_test(a_refused_text_leaves_the_batch),
		cmocka_unit_test(what_is_deleted_needs_no_more_than_kind_and_name),
		cmocka_unit_test(a_list_is_its_objects_and_takes_nothing_away),
		cmocka_unit_test(what_is_not_there_cannot_be_removed),
		cmocka_unit_test(a_batch_that_is_dropped_was_never_there),
		cmocka_unit_test(a_pod_takes_another_address),
		cmocka_unit_test(two_pods_claim_an_address),
		cmocka_unit_test(claims_may_be_refused),
		cmocka_unit_test(a_namespace_goes_and_comes_again),
		cmocka_unit_test(what_says_what_it_said_is_nothing),
		cmocka_unit_test(what_says_what_it_said_costs_its_reading),
		cmocka_unit_test(a_range_that_is_full_is_told),
		cmocka_unit_test(a_policy_that_is_too_large_is_refused),
		cmocka_unit_test(what_is_frozen_outlives_the_cluster),
		cmocka_unit_test(services_are_there_when_they_are_asked_for),
		cmocka_unit_test(a_snapshot_has_the_objects_in_force),
		cmocka_unit_test(memory_may_run_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
