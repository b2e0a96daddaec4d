/*
 * engine_acl.c - DPDK's rte_acl, on rules of addresses or of aggregated prefixes.
 *
 * A context a direction, both asked about every key that wants both halves: rules of the two
 * directions in one context multiply. Each algorithm that the processor has is an engine.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <rte_acl.h>
#include <rte_cpuflags.h>

#include "engines_dpdk.h"
#include "expand.h"
#include "tuples.h"

enum field {
	FIELD_PROTOCOL,
	FIELD_SOURCE,
	FIELD_DESTINATION,
	FIELD_SOURCE_PORT,
	FIELD_DESTINATION_PORT,
	FIELDS,
};

RTE_ACL_RULE_DEF(acl_rule, FIELDS);

enum {
	ANSWER_ALLOW = 1, /* nothing matches: 0, which allows too */
	ANSWER_DENY = 2,
};

struct form {
	enum bench_expansion_form form;
	const char *names[2]; /* of its contexts */
};

struct built {
	struct rte_acl_ctx *contexts[2];
	size_t bytes;
};

static const struct rte_acl_field_def fields[FIELDS] = {
	{ RTE_ACL_FIELD_TYPE_BITMASK, 1, FIELD_PROTOCOL, 0,
	  offsetof(struct bench_tuple, protocol) },
	{ RTE_ACL_FIELD_TYPE_MASK, 4, FIELD_SOURCE, 1, offsetof(struct bench_tuple, source) },
	{ RTE_ACL_FIELD_TYPE_MASK, 4, FIELD_DESTINATION, 2,
	  offsetof(struct bench_tuple, destination) },
	{ RTE_ACL_FIELD_TYPE_RANGE, 2, FIELD_SOURCE_PORT, 3,
	  offsetof(struct bench_tuple, source_port) },
	{ RTE_ACL_FIELD_TYPE_RANGE, 2, FIELD_DESTINATION_PORT, 3,
	  offsetof(struct bench_tuple, destination_port) },
};

static void set_rule(const struct bench_acl_rule *from, struct acl_rule *to)
{
	*to = (struct acl_rule){
		.data = { .category_mask = 1,
			  .priority = RTE_ACL_MAX_PRIORITY - (int32_t)from->rank,
			  .userdata = from->allows ? ANSWER_ALLOW : ANSWER_DENY },
	};
	to->field[FIELD_PROTOCOL].value.u8 = from->protocol;
	to->field[FIELD_PROTOCOL].mask_range.u8 = from->protocol ? 0xff : 0;
	to->field[FIELD_SOURCE].value.u32 = from->source.address;
	to->field[FIELD_SOURCE].mask_range.u32 = from->source.length;
	to->field[FIELD_DESTINATION].value.u32 = from->destination.address;
	to->field[FIELD_DESTINATION].mask_range.u32 = from->destination.length;
	to->field[FIELD_SOURCE_PORT].mask_range.u16 = UINT16_MAX;
	to->field[FIELD_DESTINATION_PORT].value.u16 = from->first_port;
	to->field[FIELD_DESTINATION_PORT].mask_range.u16 = from->last_port;
}

static int add_rules(struct rte_acl_ctx *context, const struct bench_acl *acl)
{
	for (size_t i = 0; i < acl->count; i++) {
		struct acl_rule rule;
		int status;

		set_rule(&acl->rules[i], &rule);
		status = rte_acl_add_rules(context, (const struct rte_acl_rule *)&rule, 1);
		if (status)
			return status;
	}
	return 0;
}

static int build_context(const struct bench_acl *acl, const struct bench_limits *limits,
			 const char *name, struct rte_acl_ctx **out)
{
	struct rte_acl_param parameters = {
		.name = name,
		.rule_size = RTE_ACL_RULE_SZ(FIELDS),
		.max_rule_num = (uint32_t)acl->count,
	};
	struct rte_acl_config config = { .num_categories = 1,
					 .num_fields = FIELDS,
					 .max_size = limits->max_bytes };
	struct rte_acl_ctx *context;
	int status;

	if (!acl->count)
		return 0;
	memcpy(config.defs, fields, sizeof(fields));
	context = rte_acl_create(&parameters);
	if (!context)
		return -ENOMEM;
	status = add_rules(context, acl);
	if (!status)
		status = rte_acl_build(context, &config);
	if (status) {
		rte_acl_free(context);
		return status;
	}
	*out = context;
	return 0;
}

static int build_half(const struct bench_policy *policy, const struct bench_limits *limits,
		      const struct form *form, enum weir_direction direction, struct built *built,
		      struct weir_error *error)
{
	struct bench_acl acl;
	int status = bench_expand(policy, direction, form->form, limits->max_rules, &acl);

	if (status == -ERANGE)
		return bench_decline(error, status, "more than %" PRIu32 " rules",
				     limits->max_rules);
	if (status)
		return bench_decline(error, status, "no memory for the rules");
	status = build_context(&acl, limits, form->names[direction], &built->contexts[direction]);
	if (status)
		bench_decline(error, status, "%zu rules: %s", acl.count, strerror(-status));
	bench_acl_finish(&acl);
	return status;
}

static void destroy(void *engine)
{
	struct built *built = engine;

	if (!built)
		return;
	rte_acl_free(built->contexts[WEIR_EGRESS]);
	rte_acl_free(built->contexts[WEIR_INGRESS]);
	free(built);
}

static int build(const struct bench_engine *engine, const struct bench_policy *policy,
		 const struct bench_limits *limits, void **out, struct weir_error *error)
{
	const struct form *form = engine->form;
	size_t before = bench_dpdk_bytes();
	struct built *built;
	int status = bench_require_plain(policy, error);

	if (status)
		return status;
	built = calloc(1, sizeof(*built));
	if (!built)
		return bench_decline(error, -ENOMEM, "no memory");
	for (unsigned d = 0; d < 2 && !status; d++)
		status = build_half(policy, limits, form, (enum weir_direction)d, built, error);
	if (status) {
		destroy(built);
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
		taken->actions[first + i] = ((results[0][i] | results[1][i]) & ANSWER_DENY) == 0 ||
					    taken->tuples[first + i].is_same;
}

static size_t bytes(const void *engine)
{
	const struct built *built = engine;

	return built->bytes;
}

static const struct form by_address = { BENCH_BY_ADDRESS, { "egress", "ingress" } };
static const struct form by_prefix = { BENCH_BY_PREFIX, { "egress-prefix", "ingress-prefix" } };

static const enum rte_acl_classify_alg scalar = RTE_ACL_CLASSIFY_SCALAR;
static const enum rte_acl_classify_alg sse = RTE_ACL_CLASSIFY_SSE;
static const enum rte_acl_classify_alg avx2 = RTE_ACL_CLASSIFY_AVX2;
static const enum rte_acl_classify_alg avx512x16 = RTE_ACL_CLASSIFY_AVX512X16;
static const enum rte_acl_classify_alg avx512x32 = RTE_ACL_CLASSIFY_AVX512X32;

/* What the processor has, as rte_acl itself asks. */
static bool is_supported(const struct bench_engine *engine)
{
	const enum rte_acl_classify_alg *algorithm = engine->variant;

	switch (*algorithm) {
	case RTE_ACL_CLASSIFY_SSE:
		return rte_cpu_get_flag_enabled(RTE_CPUFLAG_SSE4_1);
	case RTE_ACL_CLASSIFY_AVX2:
		return rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX2);
	case RTE_ACL_CLASSIFY_AVX512X16:
	case RTE_ACL_CLASSIFY_AVX512X32:
		return rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512F) &&
		       rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512VL) &&
		       rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512CD) &&
		       rte_cpu_get_flag_enabled(RTE_CPUFLAG_AVX512BW);
	default:
		return true;
	}
}

#define ENGINE(name_, summary_, form_, algorithm_)                                                 \
	{                                                                                          \
		.name = (name_), .summary = (summary_), .is_peer = true, .form = &(form_),         \
		.variant = &(algorithm_), .is_supported = is_supported, .build = build,            \
		.take = bench_take_tuples, .classify = classify, .answer = bench_tuple_answer,     \
		.release = bench_release_tuples, .bytes = bytes, .destroy = destroy                \
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
