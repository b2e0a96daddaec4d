/*
 * keys.h - questions about a finished cluster, half of them on the edges of what it names.
 *
 * Edges are the addresses lo-1, lo, hi and hi+1 of every block, hole and range of pods, and the
 * same of every range of ports, named ports' numbers included.
 */
#ifndef WEIR_TESTS_RANDOM_KEYS_H
#define WEIR_TESTS_RANDOM_KEYS_H

#include "array.h"
#include "dice.h"
#include "objects.h"
#include "weir/key.h"

struct keys {
	const struct weir_cluster *cluster;
	struct dice dice;
	struct weir_array pods;   /* struct weir_address: of pods, whatever their phase */
	struct weir_array others; /* nodes, services, and of nobody */
	struct weir_array edges;
	struct weir_array ports; /* uint16_t */
};

/* -ENOMEM. The cluster must outlive the keys. */
int keys_init(struct keys *keys, const struct weir_cluster *cluster, uint64_t seed);
void keys_finish(struct keys *keys);

struct weir_key keys_next(struct keys *keys);

#endif
