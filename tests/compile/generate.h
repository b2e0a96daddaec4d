/*
 * generate.h - small resolved policies from a seed, and keys that ask about them.
 *
 * The universe is crowded: few addresses, sets that overlap, blocks with holes in holes, pods
 * that share addresses, ranges of unknown pods, all tiers and actions, both families.
 */
#ifndef WEIR_TESTS_COMPILE_GENERATE_H
#define WEIR_TESTS_COMPILE_GENERATE_H

#include <stdint.h>

#include "memory.h"
#include "weir/key.h"
#include "weir/resolved.h"

struct generator {
	uint64_t state;
	struct weir_arena arena;
};

/* What a policy may have; the most of each. */
struct generator_shape {
	uint32_t pods;
	uint32_t nodes;
	uint32_t sets;
	uint32_t blocks;
	uint32_t rules;
	bool tiers;
	bool unknown_pods;
};

void generator_init(struct generator *generator, uint64_t seed);
void generator_finish(struct generator *generator);

uint32_t generator_below(struct generator *generator, uint32_t bound);

/* Lives until the generator is finished. */
struct weir_resolved *generate(struct generator *generator, const struct generator_shape *shape);

/* One object: the endpoint that would be the i-th, where the first so many are nodes; a rule of the
 * sets, blocks and origins that the resolved policy counts. */
void generate_endpoint(struct generator *generator, struct weir_endpoint *endpoint, uint32_t i,
		       uint32_t nodes);
void generate_block(struct generator *generator, struct weir_block *block);
void generate_rule(struct generator *generator, struct weir_rule *rule,
		   const struct weir_resolved *resolved, bool tiers);

struct weir_key generate_key(struct generator *generator, const struct weir_resolved *resolved);

#endif
