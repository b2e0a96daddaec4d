/*
 * What a live cluster makes up (addresses of pods without one, the workloads of owners) is what the
 * same objects have when they are read afresh, whatever way it took there.
 */
#include "fixture.h"

#include <errno.h>

#include "weir/directory.h"

static void put_pod(struct fixture *fixture, const char *name, const char *status)
{
	char text[256];

	snprintf(text, sizeof(text),
		 "{apiVersion: v1, kind: Pod, metadata: {name: %s}, status: {%s}}", name, status);
	put(fixture, text);
}

static struct weir_endpoint_view pod_of(const struct fixture *fixture, const char *name)
{
	const struct weir_policy *policy = weir_live_cluster_policy(fixture->live);
	uint32_t index = weir_policy_find_pod(policy, "default", name);
	struct weir_endpoint_view pod;

	assert_int_not_equal(index, WEIR_NONE);
	weir_policy_endpoint(policy, index, &pod);
	return pod;
}

static void pods_are_as_read_afresh(const struct fixture *fixture)
{
	const struct weir_semantics semantics = { 0 };
	struct weir_resolved *resolved;
	struct weir_cluster *snapshot;

	assert_int_equal(weir_live_cluster_snapshot(fixture->live, &snapshot), 0);
	assert_int_equal(weir_cluster_resolve(snapshot, &semantics, &resolved), 0);
	for (uint32_t i = 0; i < resolved->endpoint_count; i++) {
		const struct weir_endpoint *want = &resolved->endpoints[i];
		struct weir_endpoint_view got;

		if (want->kind != WEIR_ENDPOINT_POD)
			continue;
		got = pod_of(fixture, want->name);
		assert_int_equal(got.workload == WEIR_NONE, want->workload == WEIR_NONE);
		assert_int_equal(got.address_count, want->address_count);
		assert_memory_equal(got.addresses, want->addresses,
				    want->address_count * sizeof(*want->addresses));
	}
	weir_resolved_destroy(resolved);
	weir_cluster_destroy(snapshot);
}

static void open_with_range(struct fixture *fixture, const char *range)
{
	struct weir_live_cluster_options options = { 0 };

	assert_int_equal(
		weir_prefix_parse(range, strlen(range), &options.objects.pod_cidr_ipv4, NULL), 0);
	open_with(fixture, &options);
}

static const char *const names[] = { "a", "b", "c", "d", "e", "f" };

/* Of two addresses a node has one, whatever the pod would choose. */
static void made_up_addresses_are_not_those_that_options_give_to_nodes(void **state)
{
	const struct weir_node_address node = { "n", address_of("10.9.9.1") };
	struct weir_live_cluster_options options = { .objects = { .node_addresses = &node,
								  .node_address_count = 1 } };
	struct fixture fixture;

	(void)state;
	assert_int_equal(weir_prefix_parse("10.9.9.0/30", 11, &options.objects.pod_cidr_ipv4, NULL),
			 0);
	for (size_t i = 0; i < COUNT(names); i++) {
		open_with(&fixture, &options);
		put_pod(&fixture, names[i], "");
		commit(&fixture);
		pods_are_as_read_afresh(&fixture);
		close_fixture(&fixture);
	}
}

/* Of three pods two choose the same of two addresses; one of these gives way. */
static void who_gave_way_stays_there_when_its_namespace_is_relabelled(void **state)
{
	struct fixture fixture;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		open_with_range(&fixture, "10.9.9.0/30");
		put_pod(&fixture, names[i], "");
		put_pod(&fixture, names[(i + 1) % 3], "");
		commit(&fixture);
		put(&fixture, "{apiVersion: v1, kind: Namespace, metadata: {name: default, labels: "
			      "{team: red}}}");
		commit(&fixture);
		pods_are_as_read_afresh(&fixture);
		close_fixture(&fixture);
	}
}

/* A guest takes the address of each in turn: in a small range, beside one of IPv6. */
static void made_up_addresses_give_way_to_those_that_are_shown(void **state)
{
	struct fixture fixture;
	char name[32], status[96], address[WEIR_ADDRESS_TEXT];

	(void)state;
	for (int round = 0; round < 20; round++) {
		open_with_range(&fixture, "10.9.9.0/29");
		put_pod(&fixture, "six", "podIP: fd00::6");
		for (int i = 0; i < 4; i++) {
			snprintf(name, sizeof(name), "p%d-%d", round, i);
			put_pod(&fixture, name, "");
		}
		commit(&fixture);
		for (int i = 0; i < 4; i++) {
			snprintf(name, sizeof(name), "p%d-%d", round, i);
			weir_address_format(pod_of(&fixture, name).addresses, address);
			snprintf(status, sizeof(status), "podIP: %s", address);
			put_pod(&fixture, "guest", status);
			commit(&fixture);
			pods_are_as_read_afresh(&fixture);
		}
		close_fixture(&fixture);
	}
}

/* Of a range of four two are given; guests show one after the other, and at last the ends. */
static void the_ends_of_a_full_range_may_be_shown(void **state)
{
	static const char *const shown[] = { "10.9.9.1", "10.9.9.2", "10.9.9.0", "10.9.9.3" };
	struct weir_error error;
	struct fixture fixture;
	char status[96];

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(names); i++) {
		open_with_range(&fixture, "10.9.9.0/30");
		put_pod(&fixture, names[i / 2], "");
		commit(&fixture);
		for (size_t j = 0; j < 3; j++) {
			snprintf(status, sizeof(status), "podIP: %s", shown[j ? j + 1 : i % 2]);
			put_pod(&fixture, (const char *[]){ "guest", "low", "high" }[j], status);
			commit(&fixture);
			pods_are_as_read_afresh(&fixture);
		}
		put_pod(&fixture, "one-too-many", "");
		assert_int_equal(weir_live_cluster_commit(fixture.live, &error), -EINVAL);
		close_fixture(&fixture);
	}
}

/* Nor is it one when a workload says that it is owned by one. */
static void a_node_that_owns_a_pod_is_no_workload(void **state)
{
	static const char pod[] =
		"{apiVersion: v1, kind: Pod, metadata: {name: mirror, labels: {turn: \"%d\"}, "
		"ownerReferences: [{apiVersion: v1, kind: Node, name: n1, uid: u, controller: "
		"true}]}, status: {podIP: 10.0.0.1}}";
	struct fixture fixture;
	char text[256];

	(void)state;
	open_with(&fixture, &(struct weir_live_cluster_options){ 0 });
	put(&fixture,
	    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: odd, ownerReferences: "
	    "[{apiVersion: v1, kind: Node, name: n1, uid: u, controller: true}]}, spec: {replicas: "
	    "0, selector: {matchLabels: {app: odd}}, template: {metadata: {labels: {app: "
	    "odd}}}}}");
	for (int turn = 0; turn < 2; turn++) {
		snprintf(text, sizeof(text), pod, turn);
		put(&fixture, text);
		commit(&fixture);
		pods_are_as_read_afresh(&fixture);
	}
	close_fixture(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(made_up_addresses_are_not_those_that_options_give_to_nodes),
		cmocka_unit_test(who_gave_way_stays_there_when_its_namespace_is_relabelled),
		cmocka_unit_test(made_up_addresses_give_way_to_those_that_are_shown),
		cmocka_unit_test(the_ends_of_a_full_range_may_be_shown),
		cmocka_unit_test(a_node_that_owns_a_pod_is_no_workload),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
