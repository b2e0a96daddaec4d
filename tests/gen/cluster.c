/*
 * Clusters from a seed: the same bytes everywhere, as much of everything as was asked for, and
 * words about what cannot be.
 */
#include "test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collect.h"

static struct gen_cluster_options usual(uint64_t seed, uint32_t pods)
{
	struct gen_cluster_options options;

	gen_cluster_defaults(seed, pods, GEN_MIX_USUAL, &options);
	return options;
}

static struct gen_cluster_options everything(uint64_t seed, uint32_t pods)
{
	struct gen_cluster_options options;

	gen_cluster_defaults(seed, pods, GEN_MIX_EVERYTHING, &options);
	return options;
}

/* A change of these bytes is a change of every cluster that people made from a seed: benchmarks
 * of before and after would not be of the same policies. */
static const struct {
	const char *name;
	uint64_t seed;
	uint32_t pods;
	enum gen_mix mix;
	uint64_t digest;
} known[] = {
	{ "a thousand pods", 1, 1000, GEN_MIX_USUAL, 0x3467a9a6496051be },
	{ "a pod", 1, 1, GEN_MIX_USUAL, 0x58e8dd6eb9767bce },
	{ "everything", 7, 300, GEN_MIX_EVERYTHING, 0x1373d8a7014fcae4 },
};

static void equal_options_give_equal_bytes_on_every_machine(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		struct gen_cluster_options options;
		struct collected manifests;

		gen_cluster_defaults(known[i].seed, known[i].pods, known[i].mix, &options);
		manifests = collect_cluster(&options);
		if (collected_digest(&manifests) != known[i].digest)
			fail_msg("%s: 0x%016" PRIx64, known[i].name, collected_digest(&manifests));
		free(manifests.bytes);
	}
}

static void another_seed_gives_another_cluster(void **state)
{
	struct gen_cluster_options options = usual(1, 100);
	struct collected one = collect_cluster(&options);
	struct collected two;

	(void)state;
	options.seed = 2;
	two = collect_cluster(&options);
	assert_string_not_equal(one.bytes, two.bytes);
	free(one.bytes);
	free(two.bytes);
}

static void more_policies_move_no_pod(void **state)
{
	struct gen_cluster_options options = everything(5, 200);
	struct collected few = collect_cluster(&options);
	struct collected many;
	const char *policies = strstr(few.bytes, "kind: NetworkPolicy");

	(void)state;
	options.policies *= 4;
	many = collect_cluster(&options);
	assert_non_null(policies);
	assert_memory_equal(few.bytes, many.bytes, (size_t)(policies - few.bytes));
	free(few.bytes);
	free(many.bytes);
}

/* What a share is about shows as a word, and only then. */
static const struct {
	const char *name;
	enum gen_share share;
	const char *word;
} shows[] = {
	{ "StatefulSets", GEN_STATEFUL_SETS, "kind: StatefulSet" },
	{ "DaemonSets", GEN_DAEMON_SETS, "kind: DaemonSet" },
	{ "Jobs", GEN_JOBS, "kind: Job" },
	{ "host network", GEN_HOST_NETWORK, "hostNetwork: true" },
	{ "sidecars", GEN_SIDECARS, "restartPolicy: Always" },
	{ "services", GEN_SERVICES, "kind: Service\n" },
	{ "headless services", GEN_HEADLESS, "clusterIP: None" },
	{ "node ports", GEN_NODE_PORTS, "nodePort: " },
	{ "finished pods", GEN_FINISHED, "phase: Succeeded" },
	{ "failed pods", GEN_FINISHED, "phase: Failed" },
	{ "pending pods", GEN_PENDING, "phase: Pending" },
	{ "deny all", GEN_DENY_ALL, "-deny-" },
	{ "allow all", GEN_ALLOW_ALL, "- {}" },
	{ "NotIn", GEN_EXPRESSIONS, "operator: NotIn" },
	{ "Exists", GEN_EXPRESSIONS, "operator: Exists" },
	{ "DoesNotExist", GEN_EXPRESSIONS, "operator: DoesNotExist" },
	{ "blocks", GEN_BLOCKS, "ipBlock:" },
	{ "namespaces", GEN_NAMESPACES, "- namespaceSelector: {" },
	{ "both selectors", GEN_NAMESPACED_PODS, "}\n      podSelector: {" },
	{ "excepts", GEN_EXCEPTS, "except: [" },
	{ "named ports", GEN_NAMED_PORTS, "port: http}" },
	{ "port ranges", GEN_PORT_RANGES, "endPort: " },
	{ "protocols", GEN_PROTOCOLS, "    - {protocol: TCP}" },
	{ "UDP", GEN_UDP, "    - {protocol: UDP" },
	{ "SCTP", GEN_SCTP, "    - {protocol: SCTP" },
};

/* The others of the same whole must leave room. */
static void give_all_to(struct gen_cluster_options *options, enum gen_share share)
{
	static const struct {
		enum gen_share first, last;
	} wholes[] = { { GEN_STATEFUL_SETS, GEN_BARE_PODS }, { GEN_DENY_ALL, GEN_ALLOW_ALL },
		       { GEN_ANY_PEER, GEN_ANY_PORT },       { GEN_BLOCKS, GEN_NAMESPACED_PODS },
		       { GEN_NAMED_PORTS, GEN_PROTOCOLS },   { GEN_UDP, GEN_SCTP } };

	for (size_t i = 0; i < COUNT(wholes); i++)
		for (uint32_t j = wholes[i].first; j <= wholes[i].last; j++)
			if (share >= wholes[i].first && share <= wholes[i].last)
				options->shares[j] = 0;
	options->shares[share] = GEN_ALL / 2;
}

static void a_share_of_none_is_none_and_of_half_is_some(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(shows); i++) {
		struct gen_cluster_options options = everything(3, 400);
		struct collected manifests;

		if (shows[i].share == GEN_NAMESPACES)
			options.shares[GEN_NAMESPACED_PODS] = 0;
		options.cluster_policies = 0;
		options.shares[shows[i].share] = 0;
		manifests = collect_cluster(&options);
		if (collected_count(&manifests, shows[i].word))
			fail_msg("%s without any share", shows[i].name);
		free(manifests.bytes);
		give_all_to(&options, shows[i].share);
		manifests = collect_cluster(&options);
		if (!collected_count(&manifests, shows[i].word))
			fail_msg("no %s with half of all", shows[i].name);
		free(manifests.bytes);
	}
}

/* So many of a thousand, give or take: peers of 800 policies. */
static void shares_are_what_was_asked_for(void **state)
{
	struct gen_cluster_options options = usual(1, 10000);
	struct collected manifests = collect_cluster(&options);
	size_t blocks = collected_count(&manifests, "- ipBlock:");
	size_t all = blocks + collected_count(&manifests, "    - namespaceSelector:") +
		     collected_count(&manifests, "    - podSelector:");

	(void)state;
	assert_int_equal(collected_count(&manifests, "kind: NetworkPolicy\n"), 800);
	assert_int_equal(collected_count(&manifests, "kind: Pod\n"), 10000);
	assert_in_range(blocks * 1000 / all, 230, 270);
	free(manifests.bytes);
}

static void the_mix_of_everything_has_everything(void **state)
{
	static const char *const words[] = {
		"BaselineAdminNetworkPolicy",
		"kind: AdminNetworkPolicy",
		"kind: ClusterNetworkPolicy",
		"tier: Baseline",
		"tier: Admin",
		"domainNames:",
		"networks:",
		"nodes:",
		"namedPort:",
		"destinationNamedPort:",
		"portRange:",
		"range: {start:",
		"action: Pass",
		"action: Deny",
		"action: Accept",
		"addressType: IPv6",
	};
	struct gen_cluster_options options = everything(1, 1200);
	struct collected manifests;

	(void)state;
	options.cluster_policies = 40;
	manifests = collect_cluster(&options);
	for (size_t i = 0; i < COUNT(words); i++)
		if (!collected_count(&manifests, words[i]))
			fail_msg("no %s", words[i]);
	for (size_t i = 0; i < COUNT(shows); i++)
		if (!collected_count(&manifests, shows[i].word))
			fail_msg("no %s", shows[i].name);
	free(manifests.bytes);
}

enum wrong {
	TOO_MANY_PODS,
	NO_NODE,
	TOO_MANY_NODES,
	NO_NAMESPACE,
	TOO_MANY_POLICIES,
	TOO_MANY_SPECS,
	CROWDED,
	NOBODY,
	NOTHING_ISOLATED,
	NOTHING_TO_ISOLATE,
	MORE_THAN_ALL,
	TOGETHER_MORE_THAN_ALL,
};

static const struct {
	enum wrong wrong;
	const char *words;
} impossible[] = {
	{ TOO_MANY_PODS, "1000001 pods: at most 1000000" },
	{ NO_NODE, "0 nodes: 1 to 65000" },
	{ TOO_MANY_NODES, "65001 nodes: 1 to 65000" },
	{ NO_NAMESPACE, "0 namespaces: 1 to 1000000" },
	{ TOO_MANY_POLICIES, "more than 1000000 policies" },
	{ TOO_MANY_SPECS, "1001 port specs: at most 1000" },
	{ CROWDED, "251 pods do not fit on 1 nodes: 250 each" },
	{ NOBODY, "policies without pods would select nothing" },
	{ NOTHING_ISOLATED, "policies are wanted, and nothing that they isolate" },
	{ NOTHING_TO_ISOLATE,
	  "there is no workload that policies could isolate: too few, or too many on the "
	  "network of their nodes" },
	{ MORE_THAN_ALL, "a share is more than all" },
	{ TOGETHER_MORE_THAN_ALL, "the shares of kinds of peers come to more than all" },
};

static void spoil(struct gen_cluster_options *options, enum wrong wrong)
{
	switch (wrong) {
	case TOO_MANY_PODS:
		options->pods = GEN_PODS_MAX + 1;
		break;
	case NO_NODE:
		options->nodes = 0;
		break;
	case TOO_MANY_NODES:
		options->nodes = GEN_NODES_MAX + 1;
		break;
	case NO_NAMESPACE:
		options->namespaces = 0;
		break;
	case TOO_MANY_POLICIES:
		options->policies = GEN_PODS_MAX + 1;
		break;
	case TOO_MANY_SPECS:
		options->port_specs = GEN_PORT_SPECS_MAX + 1;
		break;
	case CROWDED:
		options->pods = GEN_NODE_PODS_MAX + 1;
		options->nodes = 1;
		break;
	case NOBODY:
		options->pods = 0;
		break;
	case NOTHING_ISOLATED:
		options->shares[GEN_ISOLATED] = 0;
		break;
	case NOTHING_TO_ISOLATE:
		options->shares[GEN_HOST_NETWORK] = GEN_ALL;
		break;
	case MORE_THAN_ALL:
		options->shares[GEN_EXPRESSIONS] = GEN_ALL + 1;
		break;
	case TOGETHER_MORE_THAN_ALL:
		options->shares[GEN_BLOCKS] = GEN_ALL - 4500 + 1;
		break;
	}
}

static void options_that_contradict_each_other_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(impossible); i++) {
		struct gen_cluster_options options = usual(1, 100);
		struct collected manifests = { 0 };
		struct weir_error error = { "" };

		spoil(&options, impossible[i].wrong);
		assert_int_equal(gen_cluster_write(&options, collect_bytes, &manifests, &error),
				 -EINVAL);
		assert_string_equal(error.text, impossible[i].words);
		assert_int_equal(manifests.length, 0);
		assert_int_equal(gen_cluster_write(&options, collect_bytes, &manifests, NULL),
				 -EINVAL);
	}
}

static void as_many_as_fit_fit(void **state)
{
	struct gen_cluster_options options = usual(1, GEN_NODE_PODS_MAX);
	struct collected manifests;

	(void)state;
	options.nodes = 1;
	options.shares[GEN_HOST_NETWORK] = options.shares[GEN_PENDING] = 0;
	options.shares[GEN_FINISHED] = 0;
	manifests = collect_cluster(&options);
	assert_int_equal(collected_count(&manifests, "nodeName: node-0\n  containers"),
			 GEN_NODE_PODS_MAX);
	free(manifests.bytes);
}

static int refuse_second(void *context, const char *bytes, size_t length)
{
	int *calls = context;

	(void)bytes, (void)length;
	return ++*calls == 2 ? -ENOSPC : 0;
}

static void a_failed_write_ends_the_writing(void **state)
{
	struct gen_cluster_options options = usual(1, 1000);
	int calls = 0;

	(void)state;
	assert_int_equal(gen_cluster_write(&options, refuse_second, &calls, NULL), -ENOSPC);
	assert_int_equal(calls, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_options_give_equal_bytes_on_every_machine),
		cmocka_unit_test(another_seed_gives_another_cluster),
		cmocka_unit_test(more_policies_move_no_pod),
		cmocka_unit_test(a_share_of_none_is_none_and_of_half_is_some),
		cmocka_unit_test(shares_are_what_was_asked_for),
		cmocka_unit_test(the_mix_of_everything_has_everything),
		cmocka_unit_test(options_that_contradict_each_other_are_refused),
		cmocka_unit_test(as_many_as_fit_fit),
		cmocka_unit_test(a_failed_write_ends_the_writing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
