#include "workload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keys.h"
#include "reference.h"
#include "sha256.h"
#include "weir/directory.h"

const struct bench_workload_spec bench_workload_specs[] = {
	{ "20-pods", "20 pods, 2 policies", { 20, 2, BENCH_SPREAD, BENCH_TENS } },
	{ "100-pods", "100 pods, 8 policies", { 100, 8, BENCH_SPREAD, BENCH_TENS } },
	{ "1k-pods", "1,000 pods, 75 policies", { 1000, 75, BENCH_SPREAD, BENCH_TENS } },
	{ "1k-pods-packed",
	  "the same, the pods of an app side by side",
	  { 1000, 75, BENCH_PACKED, BENCH_TENS } },
	{ "10k-pods", "10,000 pods, 800 policies", { 10000, 800, BENCH_SPREAD, BENCH_TENS } },
	{ "10k-pods-packed",
	  "the same, the pods of an app side by side",
	  { 10000, 800, BENCH_PACKED, BENCH_TENS } },
	{ "100k-pods", "100,000 pods, 8,000 policies", { 100000, 8000, BENCH_SPREAD, BENCH_TENS } },
	{ "loners",
	  "300 pods, an app each, 225 policies: as many classes as pods",
	  { 300, 225, BENCH_SPREAD, BENCH_LONERS } },
	{ "crowds",
	  "100 pods, 8 policies over random quarters of them",
	  { 100, 8, BENCH_SPREAD, BENCH_CROWDS } },
	{ .name = NULL },
};

const char *bench_halves_name(enum bench_halves halves)
{
	static const char *const names[BENCH_HALVES] = { "both", "egress", "ingress" };

	return names[halves];
}

static struct bench_hash hash_of(const void *bytes, size_t length)
{
	uint8_t hash[WEIR_SHA256_BYTES];
	struct bench_hash text;

	weir_sha256(bytes, length, hash);
	for (size_t i = 0; i < sizeof(hash); i++)
		snprintf(text.hex + 2 * i, 3, "%02x", hash[i]);
	return text;
}

/* The compiled form is the same for the same policy. */
static int hash_policy(const struct weir_resolved *resolved, struct bench_hash *out)
{
	struct weir_policy *policy;
	const void *bytes;
	size_t length;
	int status = weir_compile(resolved, NULL, &policy, NULL);

	if (status)
		return status;
	bytes = weir_policy_bytes(policy, &length);
	*out = hash_of(bytes, length);
	weir_policy_unref(policy);
	return 0;
}

/* What a directory lists: addresses to ask about. */
static struct weir_resolved *list_endpoints(const struct weir_policy *compiled)
{
	uint32_t count = weir_policy_endpoint_count(compiled);
	struct weir_resolved *listed = calloc(1, sizeof(*listed));
	struct weir_endpoint *endpoints = calloc((size_t)count + 1, sizeof(*endpoints));

	if (!listed || !endpoints) {
		free(listed);
		free(endpoints);
		return NULL;
	}
	for (uint32_t i = 0; i < count; i++) {
		struct weir_endpoint_view view;

		weir_policy_endpoint(compiled, i, &view);
		endpoints[i] = (struct weir_endpoint){ .name = view.name,
						       .addresses = view.addresses,
						       .address_count = view.address_count,
						       .node = view.node,
						       .workload = WEIR_NONE,
						       .kind = view.kind,
						       .rank = view.rank,
						       .host_network = view.host_network };
	}
	listed->endpoints = endpoints;
	listed->endpoint_count = count;
	return listed;
}

static void free_endpoints(struct weir_resolved *listed)
{
	if (listed)
		free((void *)(uintptr_t)listed->endpoints);
	free(listed);
}

static uint8_t flags_of(enum bench_halves halves)
{
	static const uint8_t flags[BENCH_HALVES] = { WEIR_KEY_BOTH, WEIR_KEY_EGRESS,
						     WEIR_KEY_INGRESS };

	return flags[halves];
}

int bench_workload_borrow(const char *name, const struct weir_resolved *resolved,
			  struct bench_workload *out)
{
	int status;

	*out = (struct bench_workload){ .name = name };
	status = hash_policy(resolved, &out->policy_hash);

	return status ? status : bench_policy_init(&out->policy, resolved);
}

int bench_workload_open(const char *name, struct weir_policy *compiled, struct bench_workload *out)
{
	struct weir_resolved *listed = list_endpoints(compiled);
	const void *bytes;
	size_t length;
	int status;

	*out = (struct bench_workload){ .name = name, .listed = listed };
	if (!listed)
		return -ENOMEM;
	bytes = weir_policy_bytes(compiled, &length);
	out->policy_hash = hash_of(bytes, length);
	status = bench_policy_init(&out->policy, listed);
	out->policy.compiled = compiled;
	out->policy.not_plain = "a policy that comes compiled: its objects are not there";
	return status;
}

int bench_workload_make(const struct bench_workload_spec *spec, struct bench_workload *out)
{
	struct bench_cluster *cluster = bench_cluster_create(&spec->shape);
	int status = -ENOMEM;

	if (!cluster)
		return status;
	status = bench_workload_borrow(spec->name, bench_cluster_resolved(cluster), out);
	out->cluster = cluster;
	out->summary = spec->summary;
	if (status)
		bench_workload_finish(out);
	return status;
}

void bench_workload_finish(struct bench_workload *workload)
{
	for (unsigned i = 0; i < BENCH_HALVES; i++) {
		free(workload->questions[i].keys);
		free(workload->questions[i].actions);
	}
	bench_policy_finish(&workload->policy);
	bench_cluster_destroy(workload->cluster);
	free_endpoints(workload->listed);
	*workload = (struct bench_workload){ 0 };
}

/* The keys are filled in by the caller, who then has them answered. */
static struct bench_questions *make_questions(struct bench_workload *workload, size_t n,
					      enum bench_halves halves)
{
	struct bench_questions *questions = &workload->questions[halves];

	workload->key_count = n;
	questions->keys = calloc(n + 1, sizeof(*questions->keys));
	questions->actions = calloc(n + 1, 1);
	return questions->keys && questions->actions ? questions : NULL;
}

static int answer(const struct bench_workload *workload, struct bench_questions *questions)
{
	int status = bench_reference(&workload->policy, questions->keys, questions->actions,
				     workload->key_count);

	questions->keys_hash =
		hash_of(questions->keys, workload->key_count * sizeof(*questions->keys));
	questions->digest = BENCH_DIGEST_START;
	for (size_t i = 0; i < workload->key_count; i++)
		questions->digest = bench_digest_add(questions->digest, questions->actions[i]);
	return status;
}

int bench_workload_ask_random(struct bench_workload *workload, uint64_t seed, size_t n,
			      enum bench_halves halves)
{
	struct bench_questions *questions = make_questions(workload, n, halves);

	if (!questions)
		return -ENOMEM;
	bench_keys(&workload->policy, seed, flags_of(halves), questions->keys, n);
	return answer(workload, questions);
}

int bench_workload_ask(struct bench_workload *workload, const struct weir_key *keys, size_t n,
		       enum bench_halves halves)
{
	struct bench_questions *questions = make_questions(workload, n, halves);

	if (!questions)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		questions->keys[i] = keys[i];
		questions->keys[i].flags = flags_of(halves);
		if (bench_policy_is_unknown(&workload->policy, &keys[i].source) ||
		    bench_policy_is_unknown(&workload->policy, &keys[i].destination))
			workload->policy.not_plain = "addresses of pods that nobody knows";
	}
	return answer(workload, questions);
}
