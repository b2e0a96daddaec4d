/*
 * subject.h - a generated cluster, read and resolved.
 */
#ifndef WEIR_TESTS_GEN_SUBJECT_H
#define WEIR_TESTS_GEN_SUBJECT_H

#include "gen_cluster.h"
#include "gen_connections.h"
#include "weir/cluster.h"
#include "weir/resolved.h"

struct subject {
	struct weir_cluster *cluster;
	struct weir_resolved *resolved;
};

/* The test fails when it cannot be made. */
struct subject subject_make(const struct gen_cluster_options *options);
struct subject subject_of(const char *manifests, size_t length);
void subject_finish(struct subject *subject);

/* So many connections of a class, a fifth of them through services; the test fails when there are
 * none. */
struct gen_connections subject_connections(const struct subject *subject, uint64_t seed,
					   const uint32_t wanted[GEN_CLASSES]);

#endif
