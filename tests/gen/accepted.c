/*
 * Whatever a seed makes is accepted: weir reads it without an error or a skipped object, resolves
 * and compiles it, and every policy and pod that was asked for is there.
 *
 *	build/tests/gen/test-gen-accepted [CLUSTERS [FIRST-SEED]]
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "collect.h"
#include "dice.h"
#include "weir/cluster.h"
#include "weir/policy.h"

static uint64_t first_seed = 1;
static uint64_t clusters = 100;

struct complaints {
	uint64_t seed;
	size_t count;
};

static void report(void *context, const struct weir_diagnostic *diagnostic)
{
	struct complaints *complaints = context;

	if (diagnostic->severity != WEIR_SEVERITY_ERROR)
		return;
	complaints->count++;
	fprintf(stderr, "seed %llu:%u:%u: %s: %s: %s\n", (unsigned long long)complaints->seed,
		diagnostic->line, diagnostic->column, diagnostic->object ? diagnostic->object : "",
		diagnostic->field ? diagnostic->field : "", diagnostic->text);
}

/* Options that a seed gives: any mix, and shares that are at times none or all. */
static struct gen_cluster_options draw_options(uint64_t seed)
{
	static const enum gen_share alone[] = {
		GEN_BLOCKS,      GEN_NAMESPACES,  GEN_NAMESPACED_PODS,
		GEN_NAMED_PORTS, GEN_PORT_RANGES, GEN_PROTOCOLS,
		GEN_UDP,         GEN_SCTP,        GEN_HOST_NETWORK,
		GEN_FINISHED,    GEN_PENDING,     GEN_EXPRESSIONS,
		GEN_EXCEPTS,     GEN_POD_BLOCKS
	};
	struct dice dice = { seed };
	struct gen_cluster_options options;

	gen_cluster_defaults(seed, dice_between(&dice, 1, 400),
			     dice_one_in(&dice, 3) ? GEN_MIX_USUAL : GEN_MIX_EVERYTHING, &options);
	options.family = dice_below(&dice, 3);
	options.port_specs = dice_one_in(&dice, 2) ? 0 : dice_between(&dice, 1, 40);
	options.namespaces = dice_between(&dice, 1, 1 + options.pods / 4);
	options.nodes += dice_below(&dice, 4);
	options.policies = options.pods < 20 ? options.policies : dice_below(&dice, 100);
	options.cluster_policies = dice_below(&dice, 20);
	if (dice_one_in(&dice, 2))
		options.shares[DICE_PICK(&dice, alone)] = 0;
	return options;
}

static void check_counts(const struct gen_cluster_options *options,
			 const struct weir_cluster *cluster)
{
	struct weir_cluster_counts counts;

	weir_cluster_count(cluster, &counts);
	assert_int_equal(counts.pods, options->pods);
	assert_int_equal(counts.synthetic_pods, 0);
	assert_int_equal(counts.namespaces, options->namespaces);
	assert_int_equal(counts.nodes, options->nodes);
	assert_int_equal(counts.network_policies, options->policies);
	assert_int_equal(counts.cluster_policies, options->cluster_policies);
	assert_int_equal(counts.skipped_objects, 0);
}

static void check_compiles(struct weir_cluster *cluster)
{
	struct weir_semantics semantics = { 0 };
	struct weir_compile_options options = { 0 };
	struct weir_resolved *resolved = NULL;
	struct weir_policy *policy = NULL;

	assert_int_equal(weir_cluster_resolve(cluster, &semantics, &resolved), 0);
	assert_int_equal(weir_compile(resolved, &options, &policy, NULL), 0);
	weir_resolved_destroy(resolved);
	weir_policy_unref(policy);
}

static void check_seed(uint64_t seed)
{
	struct gen_cluster_options options = draw_options(seed);
	struct complaints complaints = { .seed = seed };
	struct weir_cluster_options reading = { .sink = { report, &complaints } };
	struct collected manifests = collect_cluster(&options);
	struct weir_cluster *cluster = NULL;

	assert_int_equal(weir_cluster_create(&reading, &cluster), 0);
	if (weir_cluster_read(cluster, "cluster.yaml", WEIR_FOUND_NAMED, manifests.bytes,
			      manifests.length) ||
	    weir_cluster_finish(cluster) || complaints.count)
		fail_msg("seed %llu is not accepted", (unsigned long long)seed);
	check_counts(&options, cluster);
	check_compiles(cluster);
	weir_cluster_destroy(cluster);
	free(manifests.bytes);
}

static void whatever_a_seed_makes_is_accepted(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < clusters; i++)
		check_seed(first_seed + i);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whatever_a_seed_makes_is_accepted),
	};

	if (argc > 1)
		clusters = strtoull(argv[1], NULL, 10);
	if (argc > 2)
		first_seed = strtoull(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
