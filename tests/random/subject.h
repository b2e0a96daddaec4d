/*
 * subject.h - one cluster under one choice of semantics, as everything that judges it sees it.
 */
#ifndef WEIR_TESTS_RANDOM_SUBJECT_H
#define WEIR_TESTS_RANDOM_SUBJECT_H

#include "hostile.h"
#include "reference.h"
#include "weir/resolved.h"

struct subject {
	struct weir_cluster *cluster; /* owned by the caller */
	struct weir_semantics semantics;
	struct weir_resolved *resolved;
	struct weir_policy *policy;
};

/* Every choice has its turn, in twelve. */
struct weir_semantics subject_semantics(uint64_t number);

/* Prints errors. */
extern const struct weir_sink subject_problems;

/* Reads and finishes a text; problems go to the sink, which may have no function. NULL when it
 * cannot. */
struct weir_cluster *subject_read(const struct hostile *hostile, struct weir_sink sink);

/* Resolves and compiles subject->cluster; false, and what failed, when it cannot. To be closed in
 * any case. */
bool subject_open(struct subject *subject, struct weir_error *error);
void subject_close(struct subject *subject);

/* Whether what was classified is what the reference judged. */
bool subject_same_verdict(const struct k8s_judgement *want, struct weir_verdict classified);

/* The first kernel of this machine that does not classify keys as the reference judged them, and
 * i, a key that shows it; NULL when there is none. verdicts has room for n. */
const struct weir_kernel *subject_wrong_kernel(const struct weir_policy *policy,
					       const struct weir_key *keys,
					       const struct k8s_judgement *want,
					       struct weir_verdict *verdicts, size_t n, size_t *i);

/* Whether explain says of a key what the reference judged: verdict and why; and, unless ambiguous,
 * of both halves action, reason and rule, peer and port. */
bool subject_explains(const struct weir_policy *policy, const struct weir_key *key,
		      const struct k8s_judgement *want);

/* Whether the naive evaluator of resolved policies explains a key as the compiled policy does. */
bool subject_evaluates_alike(const struct subject *subject, const struct weir_key *key);

/* Prints the key and all answers. */
void subject_print(const struct subject *subject, const struct weir_key *key,
		   const struct k8s_judgement *want, struct weir_verdict classified);

#endif
