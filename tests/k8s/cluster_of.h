/*
 * cluster_of.h - finished clusters, and what is said about bad ones, from text in a test.
 */
#ifndef WEIR_TESTS_K8S_CLUSTER_OF_H
#define WEIR_TESTS_K8S_CLUSTER_OF_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/cluster.h"

/* Reads a text as file "input.yaml" and finishes; fails the test, printing what was reported,
 * when there is an error. To be destroyed by weir_cluster_destroy. */
struct weir_cluster *cluster_of(const char *yaml);
/* The same with options, whose sink is not used. */
struct weir_cluster *cluster_with(const struct weir_cluster_options *options, const char *yaml);

/* Everything that is reported about a text, a line each: "error 3:5: Pod a/b: spec: text", for
 * texts which are named by hand or found in a folder; "" when nothing was. *failed, which may be
 * NULL, says whether reading or finishing failed. Freed by the caller. */
char *reports_about(const struct weir_cluster_options *options, enum weir_found found,
		    const char *yaml, bool *failed);

/* What lints find in a text without errors, in the same form, with the code in brackets behind it
 * and, where a finding has an advice of its own, " do: " and that. */
char *lints_about(const char *yaml);
/* Those of one code, which is left out. */
char *lints_of(const char *code, const char *yaml);

struct lint_row {
	const char *name;
	const char *items; /* of a list, each one line: an item's line is its place plus 3 */
	const char *lints;
};
/* Each row in a cluster of its own, beside the items that stand before: what is found of a code. */
void check_lints(const char *code, const char *before, const struct lint_row *rows, size_t count);

/* Lints with every allocation failing in turn: each time that is told, and nothing is lost. */
void lint_without_memory(const char *yaml);

#endif
