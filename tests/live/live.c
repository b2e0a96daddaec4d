/* What a live policy promises beside right answers: errors, ways back, memory that fails. */
#include "test.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "handle.h"
#include "two_pods.h"
#include "weir/directory.h"
#include "weir/list.h"
#include "weir/live.h"
#include "weir/policy_file.h"
#include "weir/query.h"
#include "weir/trace.h"

static const struct weir_address other_address = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10,
						     0, 0, 3 } };

static struct weir_live *live_with(const struct weir_live_options *options)
{
	struct two_pods pods;
	struct weir_live *live = NULL;

	two_pods_init(&pods, 80);
	assert_int_equal(weir_live_create(&pods.resolved, options, &live, NULL), 0);
	return live;
}

static enum weir_action judge(const struct weir_policy *policy, const struct weir_address *source,
			      const struct weir_address *destination)
{
	const struct weir_key key = { .source = *source,
				      .destination = *destination,
				      .source_port = 40000,
				      .destination_port = 80,
				      .protocol = WEIR_PROTOCOL_TCP,
				      .flags = WEIR_KEY_BOTH };
	struct weir_verdict verdict;

	weir_policy_classify(policy, &key, &verdict, 1);
	return verdict.action;
}

static uint32_t add_pod(struct weir_live *live, const char *name,
			const struct weir_address *address, uint32_t set)
{
	struct weir_endpoint pod = pod_of(name, address);
	uint32_t number = WEIR_NONE;

	assert_int_equal(weir_live_add_endpoint(live, &pod, &set, 1, &number, NULL), 0);
	return number;
}

static void a_batch_is_in_force_when_it_is_committed(void **state)
{
	struct weir_live *live = live_with(NULL);

	(void)state;
	assert_int_equal(judge(weir_live_policy(live), &other_address, &server_address), WEIR_DENY);
	add_pod(live, "another", &other_address, CLIENTS);
	assert_int_equal(judge(weir_live_policy(live), &other_address, &server_address), WEIR_DENY);
	assert_int_equal(weir_live_version(live), 0);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	assert_int_equal(weir_live_version(live), 1);
	assert_int_equal(judge(weir_live_policy(live), &other_address, &server_address),
			 WEIR_ALLOW);
	weir_live_destroy(live);
}

static void a_policy_that_is_held_stays_as_it_was(void **state)
{
	struct weir_live *live = live_with(NULL);
	struct weir_policy *before = weir_policy_ref(weir_live_policy(live));
	struct weir_policy *after;

	(void)state;
	add_pod(live, "another", &other_address, CLIENTS);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	after = weir_policy_ref(weir_live_policy(live));
	assert_int_equal(weir_live_remove_endpoint(live, 0, NULL), 0);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	assert_int_equal(judge(weir_live_policy(live), &client_address, &server_address),
			 WEIR_DENY);
	weir_live_destroy(live);
	assert_int_equal(judge(before, &client_address, &server_address), WEIR_ALLOW);
	assert_int_equal(judge(before, &other_address, &server_address), WEIR_DENY);
	assert_int_equal(judge(after, &other_address, &server_address), WEIR_ALLOW);
	weir_policy_unref(before);
	weir_policy_unref(after);
}

static void a_relabelled_pod_is_judged_by_its_new_sets(void **state)
{
	struct weir_live *live = live_with(NULL);
	const uint32_t clients = CLIENTS;

	(void)state;
	assert_int_equal(weir_live_select_endpoint(live, 0, NULL, 0, NULL), 0);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	assert_int_equal(judge(weir_live_policy(live), &client_address, &server_address),
			 WEIR_DENY);
	assert_int_equal(weir_live_select_endpoint(live, 0, &clients, 1, NULL), 0);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	assert_int_equal(judge(weir_live_policy(live), &client_address, &server_address),
			 WEIR_ALLOW);
	weir_live_destroy(live);
}

static void a_removed_pod_comes_back(void **state)
{
	struct weir_live *live = live_with(NULL);

	(void)state;
	for (unsigned i = 0; i < 50; i++) {
		assert_int_equal(weir_live_remove_endpoint(live, 0, NULL), 0);
		assert_int_equal(weir_live_commit(live, NULL), 0);
		assert_int_equal(judge(weir_live_policy(live), &client_address, &server_address),
				 WEIR_DENY);
		assert_int_equal(weir_policy_find_pod(weir_live_policy(live), "a", "client"),
				 WEIR_NONE);
		assert_int_equal(add_pod(live, "client", &client_address, CLIENTS), 0);
		assert_int_equal(weir_live_commit(live, NULL), 0);
		assert_int_equal(judge(weir_live_policy(live), &client_address, &server_address),
				 WEIR_ALLOW);
		assert_int_not_equal(weir_policy_find_pod(weir_live_policy(live), "a", "client"),
				     WEIR_NONE);
	}
	weir_live_destroy(live);
}

static void a_dropped_batch_leaves_nothing(void **state)
{
	struct weir_live *live = live_with(NULL);
	const struct weir_rule rule = {
		.subjects = CLIENTS, .origin = 0, .tier = WEIR_TIER_ADMIN, .action = WEIR_RULE_DENY
	};
	uint32_t number;

	(void)state;
	add_pod(live, "another", &other_address, CLIENTS);
	assert_int_equal(weir_live_remove_endpoint(live, 0, NULL), 0);
	assert_int_equal(weir_live_add_rule(live, &rule, 0, &number, NULL), 0);
	assert_int_equal(weir_live_remove_set(live, SERVERS, NULL), 0);
	weir_live_drop(live);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	assert_int_equal(judge(weir_live_policy(live), &client_address, &server_address),
			 WEIR_ALLOW);
	assert_int_equal(judge(weir_live_policy(live), &other_address, &server_address), WEIR_DENY);
	weir_live_destroy(live);
}

static void a_refused_batch_can_be_mended(void **state)
{
	struct weir_live *live = live_with(NULL);
	const struct weir_policy *before = weir_live_policy(live);
	struct weir_error error = { "" };

	(void)state;
	assert_int_equal(weir_live_remove_set(live, CLIENTS, NULL), 0);
	assert_int_equal(weir_live_commit(live, &error), -EINVAL);
	assert_string_equal(error.text, "rule 0 refers to set 0, which does not exist");
	assert_ptr_equal(weir_live_policy(live), before);
	assert_int_equal(weir_live_version(live), 0);
	assert_int_equal(weir_live_remove_rule(live, 0, NULL), 0);
	assert_int_equal(weir_live_commit(live, &error), 0);
	assert_int_equal(judge(weir_live_policy(live), &client_address, &server_address),
			 WEIR_DENY);
	weir_live_destroy(live);
}

static void what_does_not_exist_is_refused(void **state)
{
	struct weir_live *live = live_with(NULL);
	struct weir_endpoint pod = pod_of("another", &other_address);
	const struct weir_set set = { (const uint32_t[]){ 7 }, 1, WEIR_NEVER };
	const struct weir_rule rule = { .subjects = 9, .origin = WEIR_NONE };
	const struct weir_rule behind = { .subjects = CLIENTS, .origin = 3 };
	const uint32_t no_set = 2;
	struct weir_error error = { "" };
	uint32_t number = 77;

	(void)state;
	assert_int_equal(weir_live_remove_endpoint(live, 2, &error), -ENOENT);
	assert_string_equal(error.text, "there is no endpoint 2");
	assert_int_equal(weir_live_remove_endpoint(live, WEIR_NONE, &error), -ENOENT);
	assert_int_equal(weir_live_select_endpoint(live, 5, NULL, 0, &error), -ENOENT);
	assert_int_equal(weir_live_change_endpoint(live, 5, &pod, NULL, 0, &error), -ENOENT);
	assert_int_equal(weir_live_add_endpoint(live, &pod, &no_set, 1, &number, &error), -EINVAL);
	assert_string_equal(error.text, "the endpoint refers to set 2, which does not exist");
	pod.node = 8;
	assert_int_equal(weir_live_add_endpoint(live, &pod, NULL, 0, &number, &error), -EINVAL);
	pod.node = WEIR_NONE;
	pod.addresses = NULL;
	assert_int_equal(weir_live_add_endpoint(live, &pod, NULL, 0, &number, &error), -EINVAL);
	assert_int_equal(weir_live_add_set(live, &set, &number, &error), -EINVAL);
	assert_int_equal(weir_live_change_set(live, 5, &set, &error), -ENOENT);
	assert_int_equal(weir_live_remove_set(live, 2, &error), -ENOENT);
	assert_int_equal(weir_live_add_rule(live, &rule, WEIR_NONE, &number, &error), -EINVAL);
	assert_int_equal(weir_live_add_rule(live, &behind, WEIR_NONE, &number, &error), -EINVAL);
	assert_int_equal(weir_live_add_rule(live, &rule, 6, &number, &error), -EINVAL);
	assert_int_equal(weir_live_remove_rule(live, 2, &error), -ENOENT);
	assert_int_equal(weir_live_remove_block(live, 0, &error), -ENOENT);
	assert_int_equal(weir_live_remove_origin(live, 1, &error), -ENOENT);
	assert_int_equal(weir_live_remove_workload(live, 0, &error), -ENOENT);
	assert_int_equal(weir_live_remove_service(live, 0, &error), -ENOENT);
	assert_int_equal(number, 77);
	assert_int_equal(weir_live_commit(live, &error), 0);
	assert_int_equal(judge(weir_live_policy(live), &client_address, &server_address),
			 WEIR_ALLOW);
	weir_live_destroy(live);
}

/* S17: both own it, and the verdicts differ. */
static void an_address_that_pods_share_is_ambiguous(void **state)
{
	struct weir_live *live = live_with(NULL);

	(void)state;
	assert_int_equal(judge(weir_live_policy(live), &client_address, &server_address),
			 WEIR_ALLOW);
	add_pod(live, "impostor", &client_address, SERVERS);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	assert_int_equal(judge(weir_live_policy(live), &client_address, &server_address),
			 WEIR_AMBIGUOUS);
	assert_int_equal(weir_live_remove_endpoint(live, 2, NULL), 0);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	assert_int_equal(judge(weir_live_policy(live), &client_address, &server_address),
			 WEIR_ALLOW);
	weir_live_destroy(live);
}

static void exclusive_addresses_refuse_a_second_owner(void **state)
{
	const struct weir_live_options options = { .exclusive_addresses = true };
	struct weir_live *live = live_with(&options);
	struct weir_endpoint pod = pod_of("finished", &client_address);
	const struct weir_policy *before = weir_live_policy(live);
	struct weir_error error = { "" };
	uint32_t number;

	(void)state;
	number = add_pod(live, "impostor", &client_address, SERVERS);
	assert_int_equal(weir_live_commit(live, &error), -EADDRINUSE);
	assert_string_equal(error.text, "2 pods own 10.0.0.1");
	assert_ptr_equal(weir_live_policy(live), before);
	assert_int_equal(weir_live_remove_endpoint(live, number, NULL), 0);
	assert_int_equal(weir_live_commit(live, &error), 0);
	/* It gives way within one batch, and a finished pod claims nothing. */
	assert_int_equal(weir_live_remove_endpoint(live, 0, NULL), 0);
	add_pod(live, "heir", &client_address, SERVERS);
	pod.rank = WEIR_RANK_FINISHED;
	assert_int_equal(weir_live_add_endpoint(live, &pod, NULL, 0, &number, NULL), 0);
	assert_int_equal(weir_live_commit(live, &error), 0);
	weir_live_destroy(live);
}

static void exclusive_addresses_hold_from_the_beginning(void **state)
{
	const struct weir_live_options options = { .exclusive_addresses = true };
	struct weir_live *live = NULL;
	struct two_pods pods;

	(void)state;
	two_pods_init(&pods, 80);
	pods.endpoints[1].addresses = &client_address;
	assert_int_equal(weir_live_create(&pods.resolved, &options, &live, NULL), -EADDRINUSE);
	assert_null(live);
}

static void a_policy_beyond_max_bytes_is_refused(void **state)
{
	struct weir_live *live = live_with(NULL);
	struct weir_live_options options = { 0 };
	struct weir_error error = { "" };
	int status = 0;

	(void)state;
	weir_policy_bytes(weir_live_policy(live), &options.max_bytes);
	weir_live_destroy(live);
	options.max_bytes += 1024;
	live = live_with(&options);
	for (uint8_t i = 0; i < 200 && !status; i++) {
		struct weir_address address = other_address;

		address.bytes[14] = i;
		add_pod(live, "another", &address, CLIENTS);
		status = weir_live_commit(live, &error);
	}
	assert_int_equal(status, -ERANGE);
	assert_int_equal(judge(weir_live_policy(live), &client_address, &server_address),
			 WEIR_ALLOW);
	weir_live_drop(live);
	assert_int_equal(weir_live_remove_endpoint(live, 2, NULL), 0);
	assert_int_equal(weir_live_commit(live, &error), 0);
	weir_live_destroy(live);
}

static void an_open_batch_is_not_frozen(void **state)
{
	struct weir_live *live = live_with(NULL);
	struct weir_policy *frozen = NULL;

	(void)state;
	add_pod(live, "another", &other_address, CLIENTS);
	assert_int_equal(weir_live_freeze(live, &frozen, NULL), -EBUSY);
	assert_null(frozen);
	weir_live_drop(live);
	assert_int_equal(weir_live_freeze(live, &frozen, NULL), 0);
	weir_policy_unref(frozen);
	weir_live_destroy(live);
}

static void begins_only_with_what_compiles(void **state)
{
	const struct weir_set set = { (const uint32_t[]){ 7 }, 1, WEIR_NEVER };
	const struct weir_resolved resolved = { .sets = &set, .set_count = 1 };
	struct weir_live *live = NULL;

	(void)state;
	assert_int_equal(weir_live_create(&resolved, NULL, &live, NULL), -EINVAL);
	assert_null(live);
	weir_live_destroy(NULL);
}

/* Memory that fails at the n-th call. */

struct failing {
	unsigned calls;
	unsigned fail_at;
};

static void *fail_allocate(void *context, size_t size)
{
	struct failing *failing = context;

	return failing->calls++ == failing->fail_at ? NULL : malloc(size);
}

static void fail_release(void *context, void *memory)
{
	(void)context;
	free(memory);
}

/* Everything that can be changed, in one batch or in two. */
static int change_everything(struct weir_live *live)
{
	static const struct weir_prefix hole = {
		{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 1, 0 } }, 120
	};
	static const struct weir_block block = {
		{ { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 0 } }, 104 },
		false,
		1,
		&hole
	};
	static const struct weir_workload workload = { "Deployment", "a", "w", WEIR_NONE };
	static const struct weir_backend backend = { .endpoint = 1, .port = 80 };
	static const struct weir_service_port port = {
		.backends = &backend, .backend_count = 1, .port = 80, .protocol = 6
	};
	static const struct weir_service service = {
		.namespace_name = "a", .name = "s", .ports = &port, .port_count = 1
	};
	static const uint32_t both[] = { 1, 0 };
	static const struct weir_set set = { both, 2, WEIR_NEVER };
	static const struct weir_origin origin = { "NetworkPolicy", "a", "q", NULL, 0 };
	struct weir_endpoint pod = pod_of("another", &other_address);
	struct weir_peer peer = { .kind = WEIR_PEER_BLOCK };
	struct weir_rule rule = { .peers = &peer,
				  .peer_count = 1,
				  .tier = WEIR_TIER_NETWORK_POLICY,
				  .direction = WEIR_INGRESS };
	uint32_t number;
	int status = weir_live_add_block(live, &block, &peer.index, NULL);

	if (!status)
		status = weir_live_add_set(live, &set, &rule.subjects, NULL);
	if (!status)
		status = weir_live_add_origin(live, &origin, &rule.origin, NULL);
	if (!status)
		status = weir_live_add_rule(live, &rule, 0, &number, NULL);
	if (!status)
		status = weir_live_add_workload(live, &workload, &pod.workload, NULL);
	if (!status)
		status = weir_live_add_service(live, &service, &number, NULL);
	if (!status)
		status = weir_live_change_service(live, number, &service, NULL);
	if (!status)
		status = weir_live_add_endpoint(live, &pod, both, 2, &number, NULL);
	if (!status)
		status = weir_live_remove_rule(live, 0, NULL);
	if (!status)
		status = weir_live_remove_set(live, CLIENTS, NULL);
	return status ? status : weir_live_commit(live, NULL);
}

/* Pods like others: a version beside the block. */
static int change_pods(struct weir_live *live)
{
	const uint32_t clients = CLIENTS;
	struct weir_endpoint pod = pod_of("another", &other_address);
	struct weir_endpoint heir = pod_of("heir", &client_address);
	uint32_t number;
	int status = weir_live_add_endpoint(live, &pod, &clients, 1, &number, NULL);

	if (!status)
		status = weir_live_remove_endpoint(live, 0, NULL);
	if (!status)
		status = weir_live_add_endpoint(live, &heir, &clients, 1, &number, NULL);
	if (status)
		return status;
	status = weir_live_commit(live, NULL);
	assert_true(status || !policy_is_whole(weir_live_policy(live)));
	return status;
}

/* The client by another set, which is new; what the peer is of comes with it. */
static int add_rule_and_pod(struct weir_live *live, const struct weir_peer *peer,
			    const struct weir_endpoint *pod)
{
	static const uint32_t client[] = { 0 };
	static const struct weir_set set = { client, 1, WEIR_NEVER };
	const uint32_t clients = CLIENTS;
	struct weir_rule rule = { .peers = peer,
				  .peer_count = 1,
				  .origin = WEIR_NONE,
				  .tier = WEIR_TIER_NETWORK_POLICY,
				  .direction = WEIR_INGRESS };
	uint32_t number;
	int status = weir_live_add_set(live, &set, &rule.subjects, NULL);

	if (!status)
		status = weir_live_add_rule(live, &rule, WEIR_NONE, &number, NULL);
	if (!status)
		status = weir_live_add_endpoint(live, pod, &clients, 1, &number, NULL);
	if (!status)
		status = weir_live_commit(live, NULL);
	assert_true(status || !policy_is_whole(weir_live_policy(live)));
	return status;
}

/* Tables anew. */
static int change_rules(struct weir_live *live)
{
	const struct weir_declared_port port = { "p", 80, WEIR_PROTOCOL_TCP };
	const struct weir_peer peer = { .kind = WEIR_PEER_SET, .index = SERVERS };
	struct weir_endpoint pod = pod_of("another", &other_address);

	pod.ports = &port;
	pod.port_count = 1;
	return add_rule_and_pod(live, &peer, &pod);
}

/* Places anew. */
static int change_blocks(struct weir_live *live)
{
	static const struct weir_block block = {
		.prefix = { { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10 } }, 104 }
	};
	const struct weir_endpoint pod = pod_of("another", &other_address);
	struct weir_peer peer = { .kind = WEIR_PEER_BLOCK };
	int status = weir_live_add_block(live, &block, &peer.index, NULL);

	return status ? status : add_rule_and_pod(live, &peer, &pod);
}

/* A version beside the block shows whether anything was left behind. */
static void commit_a_probe(struct weir_live *live)
{
	const struct weir_address address = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0,
						9 } };
	uint32_t number = add_pod(live, "probe", &address, CLIENTS);
	const struct weir_policy *policy;

	assert_int_equal(weir_live_commit(live, NULL), 0);
	policy = weir_live_policy(live);
	assert_false(policy_is_whole(policy));
	assert_int_equal(judge(policy, &client_address, &server_address), WEIR_ALLOW);
	assert_int_equal(judge(policy, &address, &server_address), WEIR_ALLOW);
	assert_int_equal(judge(policy, &other_address, &server_address), WEIR_DENY);
	assert_int_equal(weir_policy_find_pod(policy, "a", "client"), 0);
	assert_int_equal(weir_policy_find_pod(policy, "a", "another"), WEIR_NONE);
	assert_int_equal(weir_live_remove_endpoint(live, number, NULL), 0);
	assert_int_equal(weir_live_commit(live, NULL), 0);
}

/* The old policy stays in force, and the same changes succeed when there is memory. */
static int fail_once(int (*change)(struct weir_live *live), unsigned fail_at)
{
	struct failing failing = { .fail_at = UINT32_MAX };
	const struct weir_allocator allocator = { fail_allocate, fail_release, &failing };
	const struct weir_live_options options = { .allocator = &allocator };
	struct weir_live *live = live_with(&options);
	struct weir_policy *frozen = NULL;
	struct weir_policy *again = NULL;
	const void *bytes[2];
	size_t lengths[2];
	int status;

	assert_int_equal(weir_live_freeze(live, &frozen, NULL), 0);
	failing = (struct failing){ 0, fail_at };
	status = change(live);
	if (status) {
		assert_int_equal(status, -ENOMEM);
		assert_int_equal(weir_live_version(live), 0);
		assert_int_equal(judge(weir_live_policy(live), &client_address, &server_address),
				 WEIR_ALLOW);
		weir_live_drop(live);
		assert_int_equal(weir_live_freeze(live, &again, NULL), 0);
		bytes[0] = weir_policy_bytes(frozen, &lengths[0]);
		bytes[1] = weir_policy_bytes(again, &lengths[1]);
		assert_int_equal(lengths[0], lengths[1]);
		assert_memory_equal(bytes[0], bytes[1], lengths[0]);
		weir_policy_unref(again);
		commit_a_probe(live);
		assert_int_equal(change(live), 0);
	}
	assert_int_equal(judge(weir_live_policy(live), &other_address, &server_address),
			 WEIR_ALLOW);
	weir_policy_unref(frozen);
	weir_live_destroy(live);
	return status;
}

static void every_allocation_that_fails_leaves_the_old_policy(void **state)
{
	unsigned fail_at = 0;

	(void)state;
	while (fail_once(change_everything, fail_at) == -ENOMEM)
		fail_at++;
	assert_true(fail_at > 40);
}

static void every_allocation_of_a_patch_that_fails_leaves_the_old_policy(void **state)
{
	unsigned fail_at = 0;

	(void)state;
	while (fail_once(change_pods, fail_at) == -ENOMEM)
		fail_at++;
	assert_true(fail_at > 4);
}

static void every_allocation_of_tables_that_fails_leaves_the_old_policy(void **state)
{
	unsigned fail_at = 0;

	(void)state;
	while (fail_once(change_rules, fail_at) == -ENOMEM)
		fail_at++;
	assert_true(fail_at > 20);
	for (fail_at = 0; fail_once(change_blocks, fail_at) == -ENOMEM;)
		fail_at++;
	assert_true(fail_at > 20);
}

/* Half of its pods were in their places before it was seen that it is none for patches. */
static void a_batch_that_is_refused_half_way_leaves_nothing(void **state)
{
	const struct weir_live_options options = { .exclusive_addresses = true };
	struct weir_live *live = live_with(&options);

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(weir_live_remove_endpoint(live, 0, NULL), 0);
		add_pod(live, "another", &other_address, CLIENTS);
		add_pod(live, "impostor", &server_address, CLIENTS);
		assert_int_equal(weir_live_commit(live, NULL), -EADDRINUSE);
		weir_live_drop(live);
		commit_a_probe(live);
		assert_int_equal(weir_policy_endpoint_count(weir_live_policy(live)), 2 + i + 1);
	}
	weir_live_destroy(live);
}

/* Memory that counts what it gave. */

struct counted {
	size_t held;
};

enum {
	COUNTED_HEADER = 16,
};

static void *counted_allocate(void *context, size_t size)
{
	struct counted *counted = context;
	char *memory = malloc(COUNTED_HEADER + size);

	if (!memory)
		return NULL;
	memcpy(memory, &size, sizeof(size));
	counted->held += size;
	return memory + COUNTED_HEADER;
}

static void counted_release(void *context, void *memory)
{
	struct counted *counted = context;
	char *start = (char *)memory - COUNTED_HEADER;
	size_t size;

	memcpy(&size, start, sizeof(size));
	counted->held -= size;
	free(start);
}

/* Each with a pod of a new kind, given its place before another one is found to claim an address.
 */
static void refuse_batches(struct weir_live *live, uint16_t first, uint16_t count)
{
	const uint32_t clients = CLIENTS;
	uint32_t number;

	for (uint16_t i = 0; i < count; i++) {
		const struct weir_declared_port port = { "p", (uint16_t)(first + i),
							 WEIR_PROTOCOL_TCP };
		struct weir_endpoint pod = pod_of("another", &other_address);

		pod.ports = &port;
		pod.port_count = 1;
		assert_int_equal(weir_live_add_endpoint(live, &pod, &clients, 1, &number, NULL), 0);
		add_pod(live, "impostor", &server_address, CLIENTS);
		assert_int_equal(weir_live_commit(live, NULL), -EADDRINUSE);
		weir_live_drop(live);
	}
}

static void refused_batches_do_not_pile_up(void **state)
{
	struct counted counted = { 0 };
	const struct weir_allocator allocator = { counted_allocate, counted_release, &counted };
	const struct weir_live_options options = { .allocator = &allocator,
						   .exclusive_addresses = true };
	struct weir_live *live = live_with(&options);
	size_t held;

	(void)state;
	refuse_batches(live, 0, 64);
	held = counted.held;
	refuse_batches(live, 64, 512);
	assert_int_equal(counted.held, held);
	assert_int_equal(weir_live_select_endpoint(live, 0, NULL, 0, NULL), 0);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	assert_int_equal(judge(weir_live_policy(live), &client_address, &server_address),
			 WEIR_DENY);
	assert_int_equal(weir_live_select_endpoint(live, 0, &(uint32_t){ CLIENTS }, 1, NULL), 0);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	commit_a_probe(live);
	weir_live_destroy(live);
	assert_int_equal(counted.held, 0);
}

/* What goes through a block as a whole would miss the pods beside it. */

static int discard(void *context, const char *bytes, size_t length)
{
	(void)context;
	(void)bytes;
	(void)length;
	return 0;
}

static void a_version_beside_a_block_is_frozen_first(void **state)
{
	const struct weir_list_options list_options = { 0 };
	const struct weir_trace_options trace_options = { 0 };
	struct weir_live *live = live_with(NULL);
	struct weir_error error = { "" };
	struct weir_policy *frozen = NULL;
	struct weir_querier *querier = NULL;
	struct weir_trace *trace = NULL;
	struct weir_list *list = NULL;
	struct weir_policy *version;

	(void)state;
	assert_int_equal(change_pods(live), 0);
	version = weir_live_policy(live);
	assert_int_equal(weir_policy_save(version, discard, NULL, &error), -EINVAL);
	assert_int_equal(weir_list_create(version, &list_options, &list, &error), -EINVAL);
	assert_int_equal(weir_querier_create(version, NULL, &querier), -EINVAL);
	assert_int_equal(weir_trace_create(version, &trace_options, &trace), -EINVAL);
	assert_int_equal(weir_live_freeze(live, &frozen, NULL), 0);
	assert_int_equal(weir_policy_save(frozen, discard, NULL, &error), 0);
	assert_int_equal(weir_list_create(frozen, &list_options, &list, &error), 0);
	weir_list_destroy(list);
	weir_policy_unref(frozen);
	weir_live_destroy(live);
}

static void a_version_has_the_bytes_and_the_hash_of_its_block(void **state)
{
	struct weir_live *live = live_with(NULL);
	uint8_t before[WEIR_POLICY_HASH], after[WEIR_POLICY_HASH];
	const void *bytes[2];
	size_t lengths[2];

	(void)state;
	weir_policy_content_hash(weir_live_policy(live), before);
	bytes[0] = weir_policy_bytes(weir_live_policy(live), &lengths[0]);
	assert_int_equal(change_rules(live), 0);
	weir_policy_content_hash(weir_live_policy(live), after);
	bytes[1] = weir_policy_bytes(weir_live_policy(live), &lengths[1]);
	assert_ptr_equal(bytes[0], bytes[1]);
	assert_int_equal(lengths[0], lengths[1]);
	assert_memory_equal(before, after, sizeof(before));
	weir_live_destroy(live);
}

static void expect_pod(const struct weir_policy *policy, const char *name,
		       const struct weir_address *address, bool is_there)
{
	uint32_t found = weir_policy_find_pod(policy, "a", name);
	struct weir_endpoint_view view;
	struct weir_owner owner;

	weir_policy_owner(policy, address, &owner);
	assert_int_equal(owner.kind, is_there ? WEIR_OWNER_POD : WEIR_OWNER_EXTERNAL);
	assert_int_equal(owner.index, found);
	assert_true((found != WEIR_NONE) == is_there);
	if (!is_there)
		return;
	weir_policy_endpoint(policy, found, &view);
	assert_string_equal(view.name, name);
}

/* Both beside the same block: neither sees what is written down for the other. */
static void a_version_that_is_held_keeps_its_names(void **state)
{
	struct weir_live *live = live_with(NULL);
	struct weir_policy *held;
	uint32_t number;

	(void)state;
	number = add_pod(live, "another", &other_address, CLIENTS);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	held = weir_policy_ref(weir_live_policy(live));
	assert_int_equal(weir_live_remove_endpoint(live, number, NULL), 0);
	assert_int_equal(weir_live_remove_endpoint(live, 0, NULL), 0);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	expect_pod(held, "another", &other_address, true);
	expect_pod(held, "client", &client_address, true);
	expect_pod(weir_live_policy(live), "another", &other_address, false);
	expect_pod(weir_live_policy(live), "client", &client_address, false);
	assert_int_equal(judge(held, &other_address, &server_address), WEIR_ALLOW);
	weir_policy_unref(held);
	weir_live_destroy(live);
}

/* Of a pod that is gone: in the version that has it, and in the next. */
static void a_pod_that_is_gone_has_no_name(void **state)
{
	struct weir_live *live = live_with(NULL);
	struct weir_policy *before = weir_policy_ref(weir_live_policy(live));
	struct weir_endpoint_view view;
	const struct weir_policy *after;

	(void)state;
	assert_int_equal(change_pods(live), 0);
	after = weir_live_policy(live);
	assert_int_equal(weir_policy_endpoint_count(before), 2);
	weir_policy_endpoint(before, 0, &view);
	assert_string_equal(view.name, "client");
	assert_int_equal(weir_policy_endpoint_count(after), 4);
	weir_policy_endpoint(after, 0, &view);
	assert_string_equal(view.name, "");
	assert_int_equal(view.address_count, 0);
	weir_policy_endpoint(after, weir_policy_find_pod(after, "a", "heir"), &view);
	assert_string_equal(view.name, "heir");
	assert_int_equal(weir_policy_find_pod(after, "a", "client"), WEIR_NONE);
	weir_policy_unref(before);
	weir_live_destroy(live);
}

static void every_allocation_that_fails_at_the_beginning_leaves_nothing(void **state)
{
	struct failing failing = { 0, 0 };
	const struct weir_allocator allocator = { fail_allocate, fail_release, &failing };
	const struct weir_live_options options = { .allocator = &allocator };
	struct weir_live *live = NULL;
	struct two_pods pods;
	int status = -ENOMEM;

	(void)state;
	two_pods_init(&pods, 80);
	for (unsigned i = 0; status; i++) {
		failing = (struct failing){ 0, i };
		status = weir_live_create(&pods.resolved, &options, &live, NULL);
		assert_true(status == 0 || status == -ENOMEM);
		assert_true(!status == !!live);
	}
	weir_live_destroy(live);
}

/* Rules, kinds of pods: neither compiles who there is. */

/* Whoever is in the set may reach the server too. */
static uint32_t allow_set(struct weir_live *live, uint32_t set)
{
	static const struct weir_origin origin = { "NetworkPolicy", "a", "more", NULL, 0 };
	const struct weir_peer peer = { .kind = WEIR_PEER_SET, .index = set };
	struct weir_rule rule = { .peers = &peer,
				  .peer_count = 1,
				  .subjects = SERVERS,
				  .tier = WEIR_TIER_NETWORK_POLICY,
				  .direction = WEIR_INGRESS,
				  .action = WEIR_RULE_ALLOW };
	uint32_t number;

	assert_int_equal(weir_live_add_origin(live, &origin, &rule.origin, NULL), 0);
	assert_int_equal(weir_live_add_rule(live, &rule, 0, &number, NULL), 0);
	return rule.origin;
}

static void a_rule_that_comes_is_a_version(void **state)
{
	struct weir_live *live = live_with(NULL);
	const struct weir_set nobody = { .unknown_pods = WEIR_NEVER };
	struct weir_policy *before;
	struct weir_rule_view view;
	uint32_t set, origin;

	(void)state;
	add_pod(live, "another", &other_address, SERVERS);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	before = weir_policy_ref(weir_live_policy(live));
	assert_int_equal(weir_live_add_set(live, &nobody, &set, NULL), 0);
	origin = allow_set(live, set);
	assert_int_equal(weir_live_select_endpoint(live, 2, &set, 1, NULL), 0);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	assert_false(policy_is_whole(weir_live_policy(live)));
	weir_policy_rule(weir_live_policy(live), origin, &view);
	assert_string_equal(view.name, "more");
	assert_int_equal(judge(weir_live_policy(live), &other_address, &server_address),
			 WEIR_ALLOW);
	assert_int_equal(judge(before, &other_address, &server_address), WEIR_DENY);
	weir_policy_rule(before, 0, &view);
	assert_string_not_equal(view.name, "more");
	weir_policy_unref(before);
	weir_live_destroy(live);
}

static void a_relabelled_pod_keeps_its_index(void **state)
{
	struct weir_live *live = live_with(NULL);
	uint32_t before = weir_policy_find_pod(weir_live_policy(live), "a", "client");

	(void)state;
	assert_int_equal(weir_live_select_endpoint(live, 0, NULL, 0, NULL), 0);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	assert_false(policy_is_whole(weir_live_policy(live)));
	assert_int_equal(weir_policy_find_pod(weir_live_policy(live), "a", "client"), before);
	weir_live_destroy(live);
}

/* As long as what rules come from is the same, versions count for one list of rules. */
static void origins_stay_until_rules_change(void **state)
{
	struct weir_live *live = live_with(NULL);
	const void *before = weir_live_policy(live)->lookup.origins;

	(void)state;
	assert_int_equal(weir_live_select_endpoint(live, 0, NULL, 0, NULL), 0);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	assert_ptr_equal(weir_live_policy(live)->lookup.origins, before);
	allow_set(live, CLIENTS);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	assert_ptr_not_equal(weir_live_policy(live)->lookup.origins, before);
	weir_live_destroy(live);
}

/* The most that is too little for a version with another rule. */
static size_t too_little_for_a_rule(void)
{
	size_t low = 1 << 16, high = 1 << 24;

	while (high - low > 1) {
		const struct weir_live_options options = { .max_bytes = low + (high - low) / 2 };
		struct weir_live *live = live_with(&options);

		allow_set(live, CLIENTS);
		assert_int_equal(weir_live_commit(live, NULL), 0);
		if (policy_is_whole(weir_live_policy(live)))
			low = options.max_bytes;
		else
			high = options.max_bytes;
		weir_live_destroy(live);
	}
	return low;
}

/* Behind a new kind of pod the tables that the rule came with are kept for its origin. */
static void max_bytes_bounds_the_tables_that_are_kept_too(void **state)
{
	static const uint32_t both[] = { CLIENTS, SERVERS };
	const struct weir_live_options options = { .max_bytes = too_little_for_a_rule() + 4096 };
	struct weir_live *live = live_with(&options);

	(void)state;
	allow_set(live, CLIENTS);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	assert_false(policy_is_whole(weir_live_policy(live)));
	assert_int_equal(weir_live_select_endpoint(live, 0, both, 2, NULL), 0);
	assert_int_equal(weir_live_commit(live, NULL), 0);
	assert_true(policy_is_whole(weir_live_policy(live)));
	weir_live_destroy(live);
}

/* More kinds of pods than there is room for: each with a port of its own. */
static void kinds_of_pods_never_run_out(void **state)
{
	struct weir_live *live = live_with(NULL);
	const uint32_t clients = CLIENTS;

	(void)state;
	for (unsigned i = 0; i < 600; i++) {
		const struct weir_declared_port port = { "p", (uint16_t)i, WEIR_PROTOCOL_TCP };
		struct weir_endpoint pod = pod_of("another", &other_address);
		const struct weir_policy *policy;

		pod.ports = &port;
		pod.port_count = 1;
		if (i)
			assert_int_equal(
				weir_live_change_endpoint(live, 2, &pod, &clients, i % 2, NULL), 0);
		else
			add_pod(live, "another", &other_address, SERVERS);
		assert_int_equal(weir_live_commit(live, NULL), 0);
		policy = weir_live_policy(live);
		assert_false(policy_is_whole(policy));
		assert_int_equal(judge(policy, &other_address, &server_address),
				 i % 2 ? WEIR_ALLOW : WEIR_DENY);
		assert_int_equal(judge(policy, &client_address, &server_address), WEIR_ALLOW);
	}
	weir_live_destroy(live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_batch_is_in_force_when_it_is_committed),
		cmocka_unit_test(a_policy_that_is_held_stays_as_it_was),
		cmocka_unit_test(a_relabelled_pod_is_judged_by_its_new_sets),
		cmocka_unit_test(a_removed_pod_comes_back),
		cmocka_unit_test(a_dropped_batch_leaves_nothing),
		cmocka_unit_test(a_refused_batch_can_be_mended),
		cmocka_unit_test(what_does_not_exist_is_refused),
		cmocka_unit_test(an_address_that_pods_share_is_ambiguous),
		cmocka_unit_test(exclusive_addresses_refuse_a_second_owner),
		cmocka_unit_test(exclusive_addresses_hold_from_the_beginning),
		cmocka_unit_test(a_policy_beyond_max_bytes_is_refused),
		cmocka_unit_test(an_open_batch_is_not_frozen),
		cmocka_unit_test(begins_only_with_what_compiles),
		cmocka_unit_test(every_allocation_that_fails_leaves_the_old_policy),
		cmocka_unit_test(every_allocation_of_a_patch_that_fails_leaves_the_old_policy),
		cmocka_unit_test(a_batch_that_is_refused_half_way_leaves_nothing),
		cmocka_unit_test(refused_batches_do_not_pile_up),
		cmocka_unit_test(a_version_beside_a_block_is_frozen_first),
		cmocka_unit_test(a_version_has_the_bytes_and_the_hash_of_its_block),
		cmocka_unit_test(a_version_that_is_held_keeps_its_names),
		cmocka_unit_test(a_pod_that_is_gone_has_no_name),
		cmocka_unit_test(every_allocation_that_fails_at_the_beginning_leaves_nothing),
		cmocka_unit_test(every_allocation_of_tables_that_fails_leaves_the_old_policy),
		cmocka_unit_test(a_rule_that_comes_is_a_version),
		cmocka_unit_test(a_relabelled_pod_keeps_its_index),
		cmocka_unit_test(origins_stay_until_rules_change),
		cmocka_unit_test(max_bytes_bounds_the_tables_that_are_kept_too),
		cmocka_unit_test(kinds_of_pods_never_run_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
