/*
 * model.h - what a live policy should say, kept by plain arrays, and random changes to both.
 */
#ifndef WEIR_TESTS_LIVE_MODEL_H
#define WEIR_TESTS_LIVE_MODEL_H

#include <stdbool.h>

#include "generate.h"
#include "weir/live.h"

enum {
	MODEL_ENDPOINTS = 96,
	MODEL_SETS = 20,
	MODEL_BLOCKS = 12,
	MODEL_ORIGINS = 10,
	MODEL_RULES = 40,
	MODEL_RANGES = 3,
};

/* Objects by their numbers in the live policy. */
struct model_state {
	bool has_endpoint[MODEL_ENDPOINTS];
	struct weir_endpoint endpoints[MODEL_ENDPOINTS];
	bool is_in[MODEL_ENDPOINTS][MODEL_SETS];
	bool has_set[MODEL_SETS];
	uint8_t unknown_pods[MODEL_SETS];
	bool has_block[MODEL_BLOCKS];
	struct weir_block blocks[MODEL_BLOCKS];
	bool has_origin[MODEL_ORIGINS];
	struct weir_origin origins[MODEL_ORIGINS];
	struct weir_rule rules[MODEL_RULES];
	uint32_t order[MODEL_RULES];
	uint32_t rule_count;
	uint32_t names; /* given so far */
};

struct model {
	struct generator generator;
	bool tiers;
	struct weir_semantics semantics;
	struct weir_prefix ranges[MODEL_RANGES];
	uint32_t range_count;
	struct model_state state;
	struct weir_live *live;
};

/* Begins with a generated policy, in both. */
void model_init(struct model *model, uint64_t seed, const struct generator_shape *shape,
		const struct weir_live_options *options);
void model_finish(struct model *model);

/* What may change: each has those before it. */
enum model_extent {
	MODEL_PODS,
	MODEL_POLICIES, /* sets, blocks, origins, rules */
	MODEL_NODES,
};

/* One random change to both. */
void model_change(struct model *model, enum model_extent extent);

/* The state as a resolved policy, of each kind in the order of numbers; lives in the arena. */
struct weir_resolved *model_resolve(const struct model *model, const struct model_state *state,
				    struct weir_arena *arena);

#endif
