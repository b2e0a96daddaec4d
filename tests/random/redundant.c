/*
 * What the lint calls redundant against the specification read aloud: hostile clusters lose all
 * the policies that it names at once, and no verdict may change.
 *
 *	redundant [--clusters N] [--seed SEED]
 *
 * Verdicts that were or become ambiguous do not count: pods that nobody knows may be anything. How
 * many of the policies whose loss changes none of the sampled verdicts are found is printed, and at
 * least some must be.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "hostile.h"
#include "keys.h"
#include "subject.h"

enum {
	KEYS = 1500, /* of one cluster */
};

struct run {
	uint64_t seed, clusters;
	uint64_t reported, rules, sampled; /* sampled: policies with a rule that seem redundant */
	uint64_t policies;
};

/* The names of policies that were reported. */
struct reported {
	char names[HOSTILE_POLICIES_MAX][160];
	uint32_t count;
	uint64_t rules;
};

static void note(void *context, const struct weir_diagnostic *diagnostic)
{
	struct reported *reported = context;

	if (!diagnostic->code)
		return;
	reported->rules += strcmp(diagnostic->code, "rule-redundant") == 0;
	if (strcmp(diagnostic->code, "policy-redundant") == 0)
		snprintf(reported->names[reported->count++], sizeof(reported->names[0]), "%s",
			 diagnostic->object);
}

static bool is_reported(const struct reported *reported, const struct k8s_network_policy *policy)
{
	char name[160];

	snprintf(name, sizeof(name), "NetworkPolicy %s/%s", policy->meta.namespace_name,
		 policy->meta.name);
	for (uint32_t i = 0; i < reported->count; i++) {
		if (strcmp(reported->names[i], name) == 0)
			return true;
	}
	return false;
}

static bool same_verdicts(const struct weir_cluster *before, const struct weir_cluster *after,
			  const struct weir_key *keys)
{
	static const struct weir_semantics semantics = { 0 };

	for (size_t i = 0; i < KEYS; i++) {
		struct k8s_judgement was, is;

		k8s_reference_judge(before, &semantics, &keys[i], &was);
		if (was.verdict.action == WEIR_AMBIGUOUS)
			continue;
		k8s_reference_judge(after, &semantics, &keys[i], &is);
		if (is.verdict.action != WEIR_AMBIGUOUS && was.verdict.action != is.verdict.action)
			return false;
	}
	return true;
}

/* The cluster with some of its policies; the array's items are the caller's. */
static struct weir_cluster with_policies(const struct weir_cluster *cluster,
					 struct k8s_network_policy *items, uint32_t count)
{
	struct weir_cluster other = *cluster;

	other.network_policies.items = items;
	other.network_policies.count = count;
	return other;
}

static uint32_t without_reported(const struct weir_cluster *cluster,
				 const struct reported *reported, struct k8s_network_policy *kept)
{
	const struct k8s_network_policy *policies = cluster->network_policies.items;
	uint32_t count = 0;

	for (size_t i = 0; i < cluster->network_policies.count; i++) {
		if (!is_reported(reported, &policies[i]))
			kept[count++] = policies[i];
	}
	return count;
}

static bool has_rules(const struct k8s_network_policy *policy)
{
	return (policy->isolates_ingress && policy->ingress_count) ||
	       (policy->isolates_egress && policy->egress_count);
}

/* Policies that go one after the other as long as nothing sampled changes. */
static void count_sampled(struct run *run, const struct weir_cluster *cluster,
			  struct k8s_network_policy *kept, const struct weir_key *keys)
{
	const struct k8s_network_policy *policies = cluster->network_policies.items;
	uint32_t count = (uint32_t)cluster->network_policies.count;

	memcpy(kept, policies, count * sizeof(*kept));
	for (uint32_t i = count; i-- > 0;) {
		struct k8s_network_policy lost = kept[i];
		struct weir_cluster after;

		run->policies++;
		if (!has_rules(&lost))
			continue;
		count--;
		memmove(&kept[i], &kept[i + 1], (count - i) * sizeof(*kept));
		after = with_policies(cluster, kept, count);
		if (same_verdicts(cluster, &after, keys)) {
			run->sampled++;
			continue;
		}
		memmove(&kept[i + 1], &kept[i], (count - i) * sizeof(*kept));
		kept[i] = lost;
		count++;
	}
}

static bool check(struct run *run, struct weir_cluster *cluster, uint64_t seed)
{
	static struct weir_key sampled[KEYS];
	static struct k8s_network_policy kept[HOSTILE_POLICIES_MAX];
	static struct reported reported;
	const struct weir_sink sink = { note, &reported };
	struct weir_cluster after;
	struct keys keys;

	reported.count = 0;
	reported.rules = 0;
	if (weir_cluster_lint(cluster, &sink) || keys_init(&keys, cluster, seed))
		return false;
	for (size_t i = 0; i < KEYS; i++)
		sampled[i] = keys_next(&keys);
	keys_finish(&keys);
	run->reported += reported.count;
	run->rules += reported.rules;
	after = with_policies(cluster, kept, without_reported(cluster, &reported, kept));
	if (!same_verdicts(cluster, &after, sampled))
		return false;
	count_sampled(run, cluster, kept, sampled);
	return true;
}

static bool check_hostile(struct run *run, uint64_t number)
{
	uint64_t seed = run->seed * 1000003 + number;
	struct hostile_shape shape = hostile_draw_shape(seed);
	struct weir_cluster *cluster;
	struct hostile hostile;
	bool right;

	if (!hostile_make(seed, &shape, &hostile))
		return false;
	cluster = subject_read(&hostile, subject_problems);
	right = cluster && check(run, cluster, seed);
	if (!right)
		printf("seed %" PRIu64 " cluster %" PRIu64 ": a verdict changes in\n%s", run->seed,
		       number, hostile.yaml);
	weir_cluster_destroy(cluster);
	hostile_release(&hostile);
	return right;
}

int main(int argc, char **argv)
{
	struct run run = { .seed = 1, .clusters = 60 };
	const struct argument arguments[] = { { "clusters", &run.clusters, NULL },
					      { "seed", &run.seed, NULL } };

	if (!arguments_read(argc, argv, arguments, sizeof(arguments) / sizeof(arguments[0])))
		return 2;
	for (uint64_t i = 0; i < run.clusters; i++) {
		if (!check_hostile(&run, i))
			return 1;
	}
	printf("seed %" PRIu64 ": %" PRIu64 " clusters, %" PRIu64 " policies: %" PRIu64
	       " are told as redundant, and no verdict changes without them\n"
	       "%" PRIu64 " seem so from the verdicts sampled; %" PRIu64 " rules are told\n",
	       run.seed, run.clusters, run.policies, run.reported, run.sampled, run.rules);
	return run.reported ? 0 : 1;
}
