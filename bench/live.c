/*
 * live.c - what changes to a live policy cost.
 *
 * A cluster as in the other benchmarks, its pods with names of their own. Each kind of change is
 * made again and again, one batch each time: the change, its commit, and its publication through a
 * slot with two readers that hold nothing. Samples are the thread's processor time; the median
 * tells what a change costs, the worst what happens when memory is moved or the policy compiled
 * anew. Behind each kind the answers to random keys are compared with those of the frozen policy.
 *
 *     weir-bench-live [--check] [PODS...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gen/dice.h"
#include "samples.h"
#include "shapes.h"
#include "weir/live.h"
#include "weir/slot.h"

enum {
	POLICIES_A_HUNDRED = 8, /* of pods */
	SAMPLES_MOST = 2000,
	NAMESPACE_PODS = 80,
	KEYS = 4096,
	BURST = 32,
	RATE_ROUNDS = 200,
	NAME_BYTES = 16,
	NODE_PODS = 32, /* addresses of a node's range that are taken */
};

struct run {
	const struct weir_resolved *resolved;
	struct bench_cluster *cluster;
	struct weir_resolved named;
	struct weir_endpoint *endpoints;
	char (*names)[NAME_BYTES];
	uint32_t *set_first; /* of each endpoint in sets */
	uint32_t *sets;
	uint32_t first_pod;
	uint8_t *on_node; /* pods that were added to it */
	struct weir_live *live;
	struct weir_slot *slot;
	struct dice dice;
	uint32_t made;  /* names given so far */
	uint32_t added; /* the number of the pod added last */
	double samples[SAMPLES_MOST];
	double rates[2];
};

static void die(const char *what, const struct weir_error *error)
{
	fprintf(stderr, "weir-bench-live: %s: %s\n", what, error ? error->text : "no memory");
	exit(1);
}

static void *need(void *memory)
{
	if (!memory)
		die("no memory", NULL);
	return memory;
}

/* The cluster. */

static void name_pods(struct run *run)
{
	uint32_t count = run->resolved->endpoint_count;

	run->endpoints = need(calloc(count, sizeof(*run->endpoints)));
	run->names = need(calloc(count, sizeof(*run->names)));
	for (uint32_t i = 0; i < count; i++) {
		snprintf(run->names[i], NAME_BYTES, "e-%u", i);
		run->endpoints[i] = run->resolved->endpoints[i];
		run->endpoints[i].name = run->names[i];
		run->first_pod += run->endpoints[i].kind == WEIR_ENDPOINT_NODE;
	}
	run->on_node = need(calloc(run->first_pod, 1));
	run->named = *run->resolved;
	run->named.endpoints = run->endpoints;
}

static void invert_sets(struct run *run)
{
	const struct weir_resolved *resolved = run->resolved;
	uint32_t *next = need(calloc(resolved->endpoint_count + 2, sizeof(*next)));
	size_t total = 0;

	for (uint32_t i = 0; i < resolved->set_count; i++) {
		total += resolved->sets[i].endpoint_count;
		for (uint32_t j = 0; j < resolved->sets[i].endpoint_count; j++)
			next[resolved->sets[i].endpoints[j] + 2]++;
	}
	for (uint32_t i = 0; i < resolved->endpoint_count; i++)
		next[i + 2] += next[i + 1];
	run->sets = need(calloc(total + 1, sizeof(*run->sets)));
	for (uint32_t i = 0; i < resolved->set_count; i++) {
		for (uint32_t j = 0; j < resolved->sets[i].endpoint_count; j++)
			run->sets[next[resolved->sets[i].endpoints[j] + 1]++] = i;
	}
	run->set_first = next;
}

static uint32_t random_pod(struct run *run)
{
	return run->first_pod +
	       dice_below(&run->dice, run->resolved->endpoint_count - run->first_pod);
}

static const uint32_t *sets_of(const struct run *run, uint32_t pod, uint32_t *count)
{
	*count = run->set_first[pod + 1] - run->set_first[pod];
	return run->sets + run->set_first[pod];
}

/* The kinds of changes. prepare is not timed. */

static void nothing(struct run *run)
{
	(void)run;
}

static void commit(struct run *run)
{
	struct weir_error error;

	if (weir_live_commit(run->live, &error))
		die("a batch", &error);
	if (weir_slot_publish(run->slot, weir_live_policy(run->live)))
		die("a batch is not published", NULL);
}

/* In the range of the node that the other pod is on, behind the pods that it has. */
static struct weir_address spare_address(struct run *run, const struct weir_endpoint *like)
{
	struct weir_address address = *like->addresses;

	address.bytes[15] = (uint8_t)(NODE_PODS + run->on_node[like->node]++);
	return address;
}

/* Like another pod, with sets of its own where they are given. */
static void add_pod(struct run *run, uint32_t like, const uint32_t *sets, uint32_t set_count)
{
	struct weir_endpoint pod = run->endpoints[like];
	struct weir_address address = spare_address(run, &run->endpoints[like]);
	struct weir_error error;
	char name[NAME_BYTES];

	snprintf(name, sizeof(name), "new-%u", run->made++);
	pod.name = name;
	pod.addresses = &address;
	if (weir_live_add_endpoint(run->live, &pod, sets, set_count, &run->added, &error))
		die("a pod", &error);
}

static void pod_into_class(struct run *run)
{
	uint32_t like = random_pod(run);
	uint32_t count;
	const uint32_t *sets = sets_of(run, like, &count);

	add_pod(run, like, sets, count);
	commit(run);
}

static void remove_pod(struct run *run)
{
	struct weir_error error;

	if (weir_live_remove_endpoint(run->live, run->added, &error))
		die("a pod that goes", &error);
	commit(run);
}

static void select_sets(struct run *run, uint32_t pod, const uint32_t *sets, uint32_t count)
{
	struct weir_error error;

	if (weir_live_select_endpoint(run->live, pod, sets, count, &error))
		die("a pod relabelled", &error);
}

static void relabel(struct run *run, uint32_t pod, uint32_t like)
{
	uint32_t count;
	const uint32_t *sets = sets_of(run, like, &count);

	select_sets(run, pod, sets, count);
}

/* Pods of every other app declare the same ports. */
static uint32_t other_app(struct run *run, uint32_t pod)
{
	uint32_t pods = run->resolved->endpoint_count - run->first_pod;
	uint32_t apart = 20 * dice_below(&run->dice, pods / 20);

	return run->first_pod + (pod - run->first_pod + apart) % pods;
}

static void relabel_pod(struct run *run)
{
	uint32_t pod = random_pod(run);

	relabel(run, pod, other_app(run, pod));
	commit(run);
}

static uint32_t random_namespace(struct run *run)
{
	uint32_t pods = run->resolved->endpoint_count - run->first_pod;

	return run->first_pod + dice_below(&run->dice, pods / NAMESPACE_PODS) * NAMESPACE_PODS;
}

static void relabel_namespace(struct run *run)
{
	uint32_t pods = run->resolved->endpoint_count - run->first_pod;
	uint32_t first = random_namespace(run);
	uint32_t shift = other_app(run, run->first_pod) - run->first_pod;

	for (uint32_t i = first; i < first + NAMESPACE_PODS; i++)
		relabel(run, i, run->first_pod + (i - run->first_pod + shift) % pods);
	commit(run);
}

/* In the app of one pod and in the namespace of another. */
static void mix_sets(const struct run *run, uint32_t app, uint32_t namespace, uint32_t sets[2])
{
	uint32_t count;

	sets[0] = sets_of(run, app, &count)[0];
	sets[1] = sets_of(run, namespace, &count)[1];
}

static void pod_of_new_class(struct run *run)
{
	uint32_t pod = random_pod(run);
	uint32_t sets[2];

	mix_sets(run, pod, random_pod(run), sets);
	add_pod(run, pod, sets, 2);
	commit(run);
}

static void relabel_into_new_classes(struct run *run)
{
	uint32_t first = random_namespace(run);
	uint32_t other = random_pod(run);

	for (uint32_t i = first; i < first + NAMESPACE_PODS; i++) {
		uint32_t sets[2];

		mix_sets(run, i, other, sets);
		select_sets(run, i, sets, 2);
	}
	commit(run);
}

static void change_peer(struct run *run, const struct weir_peer *peer)
{
	uint32_t number = dice_below(&run->dice, run->resolved->rule_count / 2) * 2;
	struct weir_rule rule = run->resolved->rules[number];
	struct weir_error error;
	uint32_t made;

	rule.peers = peer;
	rule.peer_count = 1;
	if (weir_live_remove_rule(run->live, number, &error) ||
	    weir_live_add_rule(run->live, &rule, number + 1, &made, &error))
		die("a rule", &error);
	commit(run);
}

static void change_policy(struct run *run)
{
	const struct weir_peer peer = { WEIR_PEER_SET,
					dice_below(&run->dice, run->resolved->set_count) };

	change_peer(run, &peer);
}

/* A block of some outside addresses that there was not before. */
static void change_block(struct run *run)
{
	const uint8_t bytes[4] = { (uint8_t)(100 + dice_below(&run->dice, 50)),
				   (uint8_t)dice_below(&run->dice, 256), 0, 0 };
	const struct weir_block block = { .prefix = { weir_address_from_ipv4(bytes), 112 } };
	struct weir_peer peer = { .kind = WEIR_PEER_BLOCK };
	struct weir_error error;

	if (weir_live_add_block(run->live, &block, &peer.index, &error))
		die("a block", &error);
	change_peer(run, &peer);
}

/* Pods of a namespace become subjects of a policy of their own. */
static void add_policy(struct run *run)
{
	uint32_t members[NAMESPACE_PODS];
	const struct weir_set set = { members, NAMESPACE_PODS, WEIR_NEVER };
	struct weir_rule rule = run->resolved->rules[0];
	uint32_t first = random_namespace(run);
	struct weir_error error;
	uint32_t made;

	for (uint32_t i = 0; i < NAMESPACE_PODS; i++)
		members[i] = first + i;
	if (weir_live_add_set(run->live, &set, &rule.subjects, &error) ||
	    weir_live_add_rule(run->live, &rule, 0, &made, &error))
		die("a policy", &error);
	commit(run);
}

static void freeze(struct run *run)
{
	struct weir_policy *policy;
	struct weir_error error;

	if (weir_live_freeze(run->live, &policy, &error))
		die("frozen", &error);
	weir_policy_unref(policy);
}

static const struct {
	const char *name;
	void (*prepare)(struct run *run);
	void (*change)(struct run *run);
	uint32_t samples;
} kinds[] = {
	{ "a pod into an existing class", nothing, pod_into_class, 2000 },
	{ "a pod that goes", pod_into_class, remove_pod, 1000 },
	{ "a pod relabelled, into an existing class", nothing, relabel_pod, 1000 },
	{ "80 pods relabelled, into existing classes", nothing, relabel_namespace, 100 },
	{ "a pod of a new class", nothing, pod_of_new_class, 9 },
	{ "80 pods relabelled, into new classes", nothing, relabel_into_new_classes, 9 },
	{ "a policy's rule changed", nothing, change_policy, 9 },
	{ "a policy for 80 pods that comes", nothing, add_policy, 9 },
	{ "a policy's block changed", nothing, change_block, 9 },
	{ "frozen into one block", nothing, freeze, 5 },
};

/* Answers. */

static struct weir_key random_key(struct run *run)
{
	struct weir_key key = { .source = *run->endpoints[random_pod(run)].addresses,
				.destination = *run->endpoints[random_pod(run)].addresses,
				.source_port = 40000,
				.destination_port =
					(uint16_t)(80 + 500 * dice_below(&run->dice, 16)),
				.protocol = WEIR_PROTOCOL_TCP,
				.flags = WEIR_KEY_BOTH };

	if (dice_below(&run->dice, 4) == 0)
		key.destination.bytes[12] = (uint8_t)dice_below(&run->dice, 256);
	if (dice_below(&run->dice, 4) == 0)
		key.source.bytes[15] = (uint8_t)(NODE_PODS + dice_below(&run->dice, 8));
	return key;
}

static void compare(struct run *run, const char *name)
{
	static struct weir_key keys[KEYS];
	static struct weir_verdict want[KEYS], got[KEYS];
	struct weir_policy *frozen;
	struct weir_error error;

	if (weir_live_freeze(run->live, &frozen, &error))
		die("frozen", &error);
	for (uint32_t i = 0; i < KEYS; i++)
		keys[i] = random_key(run);
	weir_policy_classify(frozen, keys, want, KEYS);
	weir_policy_classify(weir_live_policy(run->live), keys, got, KEYS);
	for (uint32_t i = 0; i < KEYS; i++) {
		if (want[i].action == got[i].action && want[i].why == got[i].why)
			continue;
		fprintf(stderr, "weir-bench-live: WRONG behind: %s\n", name);
		exit(1);
	}
	weir_policy_unref(frozen);
}

/* Samples. */

static void take_samples(struct run *run, size_t kind, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		double from;

		kinds[kind].prepare(run);
		from = samples_clock();
		kinds[kind].change(run);
		run->samples[i] = samples_clock() - from;
	}
	compare(run, kinds[kind].name);
}

static void measure(struct run *run, size_t kind)
{
	take_samples(run, kind, kinds[kind].samples);
	samples_print(kinds[kind].name, run->resolved->endpoint_count - run->first_pod,
		      run->samples, kinds[kind].samples);
}

/* Millions of verdicts a second, the best of some rounds. */
static double rate(const struct weir_policy *policy, const struct weir_key *keys)
{
	static struct weir_verdict verdicts[KEYS];
	double best = 1;

	for (unsigned round = 0; round < RATE_ROUNDS; round++) {
		double from = samples_clock();
		double took;

		for (uint32_t i = 0; i < KEYS; i += BURST)
			weir_policy_classify(policy, keys + i, verdicts + i, BURST);
		took = samples_clock() - from;
		best = took < best ? took : best;
	}
	return KEYS / best / 1e6;
}

/* A version far from its block, and what it freezes into. */
static void compare_rates(struct run *run)
{
	static struct weir_key keys[KEYS];
	struct weir_policy *frozen;
	struct weir_error error;

	for (uint32_t i = 0; i < KEYS; i++)
		keys[i] = random_key(run);
	if (weir_live_freeze(run->live, &frozen, &error))
		die("frozen", &error);
	run->rates[0] = rate(weir_live_policy(run->live), keys);
	run->rates[1] = rate(frozen, keys);
	weir_policy_unref(frozen);
}

static struct run *begin(uint32_t pods)
{
	const struct bench_shape shape = { .pods = pods,
					   .policies = pods * POLICIES_A_HUNDRED / 100 };
	struct run *run = need(calloc(1, sizeof(*run)));
	struct weir_error error;

	run->dice.state = pods;
	run->cluster = need(bench_cluster_create(&shape));
	run->resolved = bench_cluster_resolved(run->cluster);
	name_pods(run);
	invert_sets(run);
	if (weir_live_create(&run->named, NULL, &run->live, &error))
		die("the cluster", &error);
	if (weir_slot_create(weir_live_policy(run->live), 2, NULL, &run->slot))
		die("a slot", NULL);
	return run;
}

static void end(struct run *run)
{
	weir_live_destroy(run->live);
	weir_slot_destroy(run->slot);
	bench_cluster_destroy(run->cluster);
	free(run->endpoints);
	free(run->names);
	free(run->on_node);
	free(run->set_first);
	free(run->sets);
	free(run);
}

static void measure_all(uint32_t pods)
{
	struct run *run = begin(pods);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		measure(run, i);
		if (kinds[i].change == relabel_namespace)
			compare_rates(run);
	}
	printf("| verdicts, millions a second: of a version, and frozen | %u | %.1f | %.1f | |\n",
	       pods, run->rates[0], run->rates[1]);
	end(run);
}

static void check_all(void)
{
	struct run *run = begin(500);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		take_samples(run, i, 3);
	end(run);
}

int main(int argc, char **argv)
{
	static const uint32_t usual[] = { 10000, 100000 };

	if (argc > 1 && strcmp(argv[1], "--check") == 0) {
		check_all();
		return 0;
	}
	printf("| change | pods | median, us | 99 of 100, us | worst, us "
	       "|\n|---|---|---|---|---|\n");
	for (int i = 1; i < argc; i++)
		measure_all((uint32_t)strtoul(argv[i], NULL, 10));
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]) && argc < 2; i++)
		measure_all(usual[i]);
	return 0;
}
