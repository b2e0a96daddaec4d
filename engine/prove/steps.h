/*
 * steps.h - what is compared, step by step; prove.c puts them in order.
 */
#ifndef WEIR_PROVE_STEPS_H
#define WEIR_PROVE_STEPS_H

#include "piece.h"

/* Each: 0, FOUND (in proving->proof), or -ENOMEM. */

/* Every class of near ends with each of far ends. */
int prove_sides(struct proving *proving);
/* Both sides at once. */
int prove_wholes(struct proving *proving);
/* Every address with itself. */
int prove_selves(struct proving *proving);
/* Every end with the addresses of its node. */
int prove_relations(struct proving *proving);

#endif
