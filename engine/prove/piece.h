/*
 * piece.h - the proof's work in pieces, which threads share.
 *
 * Facts, classes and names are made once and then only read. A piece is a run of consecutive
 * things to look at, with tools of its own. What comes out is the same however many threads there
 * are: the pieces do not depend on that, and of what they find the first counts.
 */
#ifndef WEIR_PROVE_PIECE_H
#define WEIR_PROVE_PIECE_H

#include "cells.h"
#include "classes.h"
#include "masks.h"
#include "naming.h"
#include "row.h"
#include "trial.h"
#include "weir/team.h"

struct proving {
	struct facts facts;
	struct classes classes;
	struct naming naming;
	struct masks masks;
	struct cells cells;
	struct weir_proof *proof;
	const struct weir_policy *policy;
	const struct weir_allocator *allocator;
	const struct weir_team *team; /* or NULL */
};

/* Bytes, told whether they are there for the first time. */
struct firsts {
	struct weir_arena arena;
	struct weir_map map;
};

struct piece {
	const struct proving *proving;
	struct trial trial;
	struct mask_tools masks;
	uint64_t *allowed;  /* a mask */
	struct firsts seen; /* how the near class's rules see far ends */
	struct row row;     /* of the near class */
	struct weir_array bytes;
};

/* Looks at the things 0..count-1, one after the other in each piece; then asks what is left.
 * 0, FOUND (in proving->proof), or -ENOMEM. */
int pieces_run(struct proving *proving, size_t count,
	       int (*look)(struct piece *piece, size_t index));

void firsts_forget(struct firsts *firsts);
/* Whether these bytes are new; -ENOMEM. */
int firsts_add(struct firsts *firsts, const void *bytes, size_t length, bool *is_new);

/* Appends to piece->bytes; -ENOMEM. */
int piece_append(struct piece *piece, const void *bytes, size_t length);

#endif
