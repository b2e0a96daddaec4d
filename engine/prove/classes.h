/*
 * classes.h - which ends are the same to both: to the specification and to the compiled bytes.
 *
 * An end's class in a role is everything that either may ask of it there: the views of facts.h,
 * and, read from the compiled bytes, rows and classes, the group's rules, the blocks that hold it,
 * the ports that it declares. What holds for one end of a class holds for all of them, but for
 * relations between two ends: equal addresses, and a pod and its node.
 */
#ifndef WEIR_PROVE_CLASSES_H
#define WEIR_PROVE_CLASSES_H

#include "facts.h"

enum {
	EXAMPLES = 3,
	SPECIAL_MOST = 4,
};

struct example {
	uint32_t end;
	struct weir_address address;
};

struct class
{
	struct example examples[EXAMPLES];
	uint8_t count;
	bool is_special; /* stands for several candidates, or for none that is certain */
	bool is_unknown;
	uint32_t number; /* of the first example's node */
};

struct classes {
	struct facts *facts;
	const struct lookup *lookup;
	struct weir_array near[DIRECTIONS]; /* struct class */
	struct weir_array far[DIRECTIONS];
	struct weir_array whole; /* struct class: by both roles in both directions */
	struct weir_map near_map[DIRECTIONS];
	struct weir_map far_map[DIRECTIONS];
	struct weir_map whole_map;
	struct weir_map declared_map;
	struct weir_map names; /* of ports, by their places in the compiled text */
	struct weir_array answers;
	uint32_t *leaves;   /* of each end */
	uint32_t *whole_of; /* of each end */
};

/* -ENOMEM. -EINVAL: the trie gives an interval's addresses several leaves. To be finished in any
 * case. */
int classes_make(struct classes *classes, struct facts *facts, const struct lookup *lookup);
/* How many leaves a special has. */
uint32_t classes_candidates(const struct layout_header *header,
			    const struct layout_special *special);

void classes_finish(struct classes *classes);

#endif
