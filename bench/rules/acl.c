#include "acl.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include <rte_cpuflags.h>

enum field {
	FIELD_PROTOCOL,
	FIELD_SOURCE,
	FIELD_DESTINATION,
	FIELD_SOURCE_PORT,
	FIELD_DESTINATION_PORT,
	FIELDS,
};

RTE_ACL_RULE_DEF(acl_rule, FIELDS);

static void set_fields(const struct bench_acl_layout *layout, struct rte_acl_field_def *out)
{
	const struct rte_acl_field_def fields[FIELDS] = {
		{ RTE_ACL_FIELD_TYPE_BITMASK, 1, FIELD_PROTOCOL, 0, layout->protocol },
		{ RTE_ACL_FIELD_TYPE_MASK, 4, FIELD_SOURCE, 1, layout->source },
		{ RTE_ACL_FIELD_TYPE_MASK, 4, FIELD_DESTINATION, 2, layout->destination },
		{ RTE_ACL_FIELD_TYPE_RANGE, 2, FIELD_SOURCE_PORT, 3, layout->ports },
		{ RTE_ACL_FIELD_TYPE_RANGE, 2, FIELD_DESTINATION_PORT, 3, layout->ports + 2 },
	};

	memcpy(out, fields, sizeof(fields));
}

static void set_rule(const struct bench_acl_rule *from, struct acl_rule *to)
{
	*to = (struct acl_rule){
		.data = { .category_mask = 1,
			  .priority = RTE_ACL_MAX_PRIORITY - (int32_t)from->rank,
			  .userdata = from->allows ? BENCH_ACL_ALLOW : BENCH_ACL_DENY },
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

static int build_context(const struct bench_acl *acl, const struct bench_acl_options *options,
			 const struct bench_limits *limits, enum weir_direction direction,
			 struct rte_acl_ctx **out)
{
	struct rte_acl_param parameters = {
		.name = options->names[direction],
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
	set_fields(&options->layout, config.defs);
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

static int build_half(const struct bench_policy *policy, const struct bench_acl_options *options,
		      const struct bench_limits *limits, enum weir_direction direction,
		      struct rte_acl_ctx **out, struct weir_error *error)
{
	struct bench_acl acl;
	int status = bench_expand(policy, direction, options->form, limits->max_rules, &acl);

	if (status == -ERANGE)
		return bench_decline(error, status, "more than %" PRIu32 " rules",
				     limits->max_rules);
	if (status)
		return bench_decline(error, status, "no memory for the rules");
	status = build_context(&acl, options, limits, direction, out);
	if (status)
		bench_decline(error, status, "%zu rules: %s", acl.count, strerror(-status));
	bench_acl_finish(&acl);
	return status;
}

int bench_acl_build(const struct bench_policy *policy, const struct bench_acl_options *options,
		    const struct bench_limits *limits, struct rte_acl_ctx *out[2],
		    struct weir_error *error)
{
	struct rte_acl_ctx *contexts[2] = { NULL, NULL };
	int status = bench_require_plain(policy, error);

	for (unsigned d = 0; d < 2 && !status; d++)
		status = build_half(policy, options, limits, (enum weir_direction)d, &contexts[d],
				    error);
	if (status)
		bench_acl_free(contexts);
	else
		memcpy(out, contexts, sizeof(contexts));
	return status;
}

void bench_acl_free(struct rte_acl_ctx *contexts[2])
{
	rte_acl_free(contexts[WEIR_EGRESS]);
	rte_acl_free(contexts[WEIR_INGRESS]);
}

bool bench_acl_has(enum rte_acl_classify_alg algorithm)
{
	switch (algorithm) {
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
