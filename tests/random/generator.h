/*
 * generator.h - hostile clusters and keys from a seed.
 *
 * A cluster is YAML text as a user would have it, small and full of what goes wrong: addresses
 * that are shared, finished, pending or nobody's, selectors that contradict themselves, rules
 * that are null, blocks with holes inside holes. Keys then aim at the edges of that cluster.
 * Equal seeds give equal clusters and keys on every machine.
 */
#ifndef WEIR_TESTS_RANDOM_GENERATOR_H
#define WEIR_TESTS_RANDOM_GENERATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "objects.h"
#include "weir/key.h"

/* Random numbers (splitmix64). */
struct dice {
	uint64_t state;
};

uint64_t dice_throw(struct dice *dice);
/* 0..count-1. */
uint32_t dice_below(struct dice *dice, uint32_t count);
/* True in so many cases of a hundred. */
bool dice_percent(struct dice *dice, uint32_t percent);

/* The manifests of one cluster; freed by the caller. NULL: no memory. */
char *generate_cluster(struct dice *dice);

/* Policies named "untyped-..." were written without policyTypes (S3). */
#define GENERATED_UNTYPED "untyped-"

/* What is worth asking about in a cluster. */
struct key_maker {
	struct weir_array pods;      /* struct weir_address, of every pod of every phase */
	struct weir_array nodes;     /* struct weir_address */
	struct weir_array edges;     /* struct weir_address, around blocks, holes and ranges */
	struct weir_array strangers; /* struct weir_address, of pod ranges: mostly nobody's */
	struct weir_array ports;     /* uint16_t, around what rules and pods name */
};

/* 0 or -ENOMEM; to be finished in any case. */
int key_maker_init(struct key_maker *maker, const struct weir_cluster *cluster, struct dice *dice);
void key_maker_finish(struct key_maker *maker);
void key_maker_next(const struct key_maker *maker, struct dice *dice, struct weir_key *key);

#endif
