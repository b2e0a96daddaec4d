/*
 * masks.h - one side's verdicts on all classes of ports at once, a bit each.
 *
 * The same tiers as in compose.h, a word of ports at a time, where nothing is uncertain: neither
 * end is an unknown pod, and the two are not related.
 */
#ifndef WEIR_PROVE_MASKS_H
#define WEIR_PROVE_MASKS_H

#include "facts.h"

enum {
	UNCERTAIN = 2, /* beside 0 and errors */
};

/* Made once, then only read. */
struct masks {
	const struct facts *facts;
	size_t words;                /* of a mask */
	uint64_t *all;               /* every class of ports */
	uint64_t *always;            /* those that rules are not asked about */
	uint64_t *rules[DIRECTIONS]; /* by rule: where entries that are no names match */
	bool *has_names[DIRECTIONS]; /* by rule */
};

/* Lives as long as the facts. -ENOMEM. */
int masks_make(struct masks *masks, struct facts *facts);

/* What names stand for, and room to work; of one thread. */
struct mask_tools {
	const struct masks *masks;
	struct weir_arena arena;
	struct weir_map named; /* masks of (direction, rule, named view) */
	uint64_t *open;        /* what no rule has decided yet */
	uint64_t *passed;
};

/* -ENOMEM. To be finished in any case. */
int mask_tools_init(struct mask_tools *tools, const struct masks *masks);
void mask_tools_finish(struct mask_tools *tools);

/* What the near end's side allows: 0, UNCERTAIN or -ENOMEM. */
int masks_side(struct mask_tools *tools, enum weir_direction direction,
	       const struct candidate *near, const struct candidate *far, uint64_t *allowed);

static inline bool masks_has(const uint64_t *mask, size_t bit)
{
	return mask[bit / 64] >> bit % 64 & 1;
}

#endif
