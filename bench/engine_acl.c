/*
 * engine_acl.c - DPDK's rte_acl, on rules of addresses or of aggregated prefixes. Each algorithm
 * that the processor has is an engine.
 */
#include <errno.h>
#include <stdlib.h>

#include "acl.h"
#include "engines_dpdk.h"
#include "tuples.h"

struct built {
	struct rte_acl_ctx *contexts[2];
	size_t bytes;
};

static void destroy(void *engine)
{
	struct built *built = engine;

	if (!built)
		return;
	bench_acl_free(built->contexts);
	free(built);
}

static int build(const struct bench_engine *engine, const struct bench_policy *policy,
		 const struct bench_limits *limits, void **out, struct weir_error *error)
{
	size_t before = bench_dpdk_bytes();
	struct built *built = calloc(1, sizeof(*built));
	int status;

	if (!built)
		return bench_decline(error, -ENOMEM, "no memory");
	status = bench_acl_build(policy, engine->form, limits, built->contexts, error);
	if (status) {
		free(built);
		return status;
	}
	built->bytes = bench_dpdk_bytes() - before;
	*out = built;
	return 0;
}

static void classify(const struct bench_engine *engine, const void *contexts, void *keys,
		     size_t first, size_t n)
{
	const enum rte_acl_classify_alg *algorithm = engine->variant;
	const struct built *built = contexts;
	struct bench_taken *taken = keys;
	uint32_t results[2][BENCH_BURST_MAX] = { { 0 } };

	for (unsigned d = 0; d < 2; d++)
		if (taken->halves[d] && built->contexts[d])
			rte_acl_classify_alg(built->contexts[d], taken->data + first, results[d],
					     (uint32_t)n, 1, *algorithm);
	for (size_t i = 0; i < n; i++)
		taken->actions[first + i] =
			((results[0][i] | results[1][i]) & BENCH_ACL_DENY) == 0 ||
			taken->tuples[first + i].is_same;
}

static size_t bytes(const void *engine)
{
	const struct built *built = engine;

	return built->bytes;
}

#define LAYOUT                                                                                     \
	{                                                                                          \
		offsetof(struct bench_tuple, protocol), offsetof(struct bench_tuple, source),      \
			offsetof(struct bench_tuple, destination),                                 \
			offsetof(struct bench_tuple, source_port)                                  \
	}
static const struct bench_acl_options by_address = { BENCH_BY_ADDRESS,
						     LAYOUT,
						     { "egress", "ingress" } };
static const struct bench_acl_options by_prefix = { BENCH_BY_PREFIX,
						    LAYOUT,
						    { "egress-prefix", "ingress-prefix" } };

static const enum rte_acl_classify_alg scalar = RTE_ACL_CLASSIFY_SCALAR;
static const enum rte_acl_classify_alg sse = RTE_ACL_CLASSIFY_SSE;
static const enum rte_acl_classify_alg avx2 = RTE_ACL_CLASSIFY_AVX2;
static const enum rte_acl_classify_alg avx512x16 = RTE_ACL_CLASSIFY_AVX512X16;
static const enum rte_acl_classify_alg avx512x32 = RTE_ACL_CLASSIFY_AVX512X32;

static bool is_supported(const struct bench_engine *engine)
{
	const enum rte_acl_classify_alg *algorithm = engine->variant;

	return bench_acl_has(*algorithm);
}

#define ENGINE(name_, summary_, form_, algorithm_)                                                 \
	{                                                                                          \
		.name = (name_), .summary = (summary_), .is_peer = true, .form = &(form_),         \
		.variant = &(algorithm_), .is_supported = is_supported, .build = build,            \
		.intake = &bench_tuples, .classify = classify, .bytes = bytes, .destroy = destroy  \
	}
#define BY_ADDRESS(algorithm)                                                                      \
	ENGINE("rte_acl/" #algorithm, "DPDK's rte_acl, a rule for each pair of addresses",         \
	       by_address, algorithm)
#define BY_PREFIX(algorithm)                                                                       \
	ENGINE("rte_acl-prefix/" #algorithm, "DPDK's rte_acl, addresses aggregated to prefixes",   \
	       by_prefix, algorithm)

const struct bench_engine bench_acl_engines[] = {
	BY_ADDRESS(scalar),    BY_ADDRESS(sse),      BY_ADDRESS(avx2), BY_ADDRESS(avx512x16),
	BY_ADDRESS(avx512x32), BY_PREFIX(scalar),    BY_PREFIX(sse),   BY_PREFIX(avx2),
	BY_PREFIX(avx512x16),  BY_PREFIX(avx512x32), { .name = NULL },
};
