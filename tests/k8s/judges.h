/*
 * judges.h - one question put to everything that can answer it.
 *
 * The reference reads the objects, the evaluator their resolved form, the compiled policy
 * whatever the compiler made of that. All of them must answer alike; answers are compared as
 * text: "allow; not-isolated; NetworkPolicy shop/db ingress[0] from[1]" is the verdict, then the
 * egress half, then the ingress half, each by its rule or by its reason; an ambiguous one has
 * why instead: "ambiguous; shared-address".
 */
#ifndef WEIR_TESTS_K8S_JUDGES_H
#define WEIR_TESTS_K8S_JUDGES_H

#include "objects.h"
#include "reference.h"
#include "weir/policy.h"
#include "weir/resolved.h"

enum {
	ANSWER_TEXT = 1024,
	PROBLEMS_TEXT = 4096,
};

struct judges {
	struct weir_semantics semantics;
	struct weir_cluster *cluster;
	struct weir_resolved *resolved;
	struct weir_policy *policy;
	char problems[PROBLEMS_TEXT]; /* what the reading reported, a line each */
};

/* Reads, resolves and compiles; 0 or what failed with. To be closed in any case. */
int judges_open(struct judges *judges, const char *yaml, const struct weir_semantics *semantics);
void judges_close(struct judges *judges);

void ask_reference(const struct judges *judges, const struct weir_key *key, char *answer);
void ask_evaluator(const struct judges *judges, const struct weir_key *key, char *answer);
/* The explanation; or, when classify does not give the same verdict, a text that says so. */
void ask_compiled(const struct judges *judges, const struct weir_key *key, char *answer);

/* Reads "tcp 10.0.1.1 10.0.1.2 80", "icmp:8 ...", "proto:47 ..."; behind it any of "egress" or
 * "ingress" (that half alone) and "external" (unknown pods are outside). False when it cannot. */
bool key_of(const char *text, struct weir_key *key);

/* Writes a key as key_of reads it. */
void format_key(const struct weir_key *key, char *text, size_t size);

#endif
