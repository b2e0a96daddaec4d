/*
 * collect.h - what generators write, as a text of a test.
 */
#ifndef WEIR_TESTS_GEN_COLLECT_H
#define WEIR_TESTS_GEN_COLLECT_H

#include <stddef.h>
#include <stdint.h>

#include "gen_cluster.h"

/* To be freed by its user; ends with a NUL behind length bytes. */
struct collected {
	char *bytes;
	size_t length;
	size_t capacity;
};

/* For generators that write through a function; the context is a struct collected. */
int collect_bytes(void *context, const char *bytes, size_t length);

/* The manifests of a cluster; the test fails when there are none. */
struct collected collect_cluster(const struct gen_cluster_options *options);

/* How often a word occurs. */
size_t collected_count(const struct collected *collected, const char *word);

/* FNV-1a of the bytes. */
uint64_t collected_digest(const struct collected *collected);

#endif
