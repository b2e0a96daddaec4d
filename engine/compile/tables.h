/*
 * tables.h - what rules mean, compiled over kinds of pods.
 *
 * The policy of a cluster is put down with one pod of each kind in the place of all, and compiled
 * without what pods are called and without a trie. That takes as long as there are kinds and rules;
 * how many pods there are does not matter.
 *
 * Nodes are in it as they are. So are pods that claim an address which others claim too: who owns
 * it, and that verdicts may differ, comes out as in any policy.
 */
#ifndef WEIR_COMPILE_TABLES_H
#define WEIR_COMPILE_TABLES_H

#include "build.h"
#include "kinds.h"
#include "weir/policy.h"

struct tables_source {
	const struct objects *objects;
	const struct weir_resolved *frame; /* its semantics and pod ranges */
	const struct kinds *kinds;
	uint32_t kind_room;
	const struct regions *regions; /* of all blocks there are */
	const uint32_t *others; /* numbers of the endpoints that are in it themselves, ascending */
	uint32_t other_count;
	struct weir_compile_options options;
};

struct tables {
	struct weir_arena arena;
	/* Tables and rules; a profile is a kind's number, or another's. */
	struct weir_policy *policy;
	uint32_t kind_count; /* those that it was compiled with */
	/* What the trie leads to besides the pods of kinds. */
	uint32_t *leaf_of_region;
	struct owned *owned;
	uint32_t region_count;
	uint32_t owned_count;
};

/* -ENOMEM; another error where the whole policy should be asked what is wrong with it. */
int tables_compile(const struct tables_source *source, struct tables *out);
void tables_finish(struct tables *tables); /* of zeros, too */

/* Whether a trie that leads to the one is right for the other. */
bool tables_are_alike(const struct tables *a, const struct tables *b);

#endif
