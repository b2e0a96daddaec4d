/*
 * cells.h - the port sets of the compiled bytes, as masks of the proof's classes of ports.
 */
#ifndef WEIR_PROVE_CELLS_H
#define WEIR_PROVE_CELLS_H

#include "facts.h"

/* Made once, then only read. */
struct cells {
	uint32_t *numbers;       /* by port set: of its mask */
	struct weir_array masks; /* const uint64_t *, no two of them equal */
	size_t words;
	uint32_t ports;
};

/* -ENOMEM. To be finished in any case, before the facts. */
int cells_make(struct cells *cells, struct facts *facts);
void cells_finish(struct cells *cells);

/* The number of the mask that the compiled bytes hold for two ends that stand for themselves. */
uint32_t cells_of(const struct cells *cells, const struct lookup *lookup,
		  enum weir_direction direction, uint32_t near_leaf, uint32_t far_leaf);

static inline const uint64_t *cells_mask(const struct cells *cells, uint32_t number)
{
	return ((const uint64_t *const *)cells->masks.items)[number];
}

#endif
