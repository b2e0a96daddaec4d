/*
 * cuts.h - where the addresses stop being alike.
 *
 * A cut is the first address of an interval. No program that was asked where it tells addresses
 * apart does so inside of an interval: what holds for one of its addresses holds for all.
 */
#ifndef WEIR_PROVE_CUTS_H
#define WEIR_PROVE_CUTS_H

#include "handle.h"
#include "objects.h"

struct cuts {
	struct weir_array items; /* struct weir_address; ascending once they are sorted */
};

void cuts_init(struct cuts *cuts, const struct weir_allocator *allocator);
void cuts_finish(struct cuts *cuts);

/* Where a prefix begins, and behind where it ends. -ENOMEM. */
int cuts_add_prefix(struct cuts *cuts, const struct weir_prefix *prefix);

/* Where the objects cut: every address and prefix that any of them names. -ENOMEM. */
int cuts_of_objects(struct cuts *cuts, const struct weir_cluster *cluster);

/* Where the compiled bytes cut, found by walking the trie from slot to slot, and in the tables
 * that explaining looks into. The block was validated. -ENOMEM; -EINVAL when a guard compares
 * bits that leave gaps, so that what it lets through is no interval. */
int cuts_of_block(struct cuts *cuts, const struct lookup *lookup);

/* Adds where the families begin, sorts, and drops what is there twice. -ENOMEM. */
int cuts_sort(struct cuts *cuts);

/* The last address of the interval behind a cut. */
struct weir_address cuts_last(const struct cuts *cuts, size_t i);

#endif
