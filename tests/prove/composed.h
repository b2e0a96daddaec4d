/*
 * composed.h - what is composed from a cluster's facts, and whether that is what the specification
 * judges.
 */
#ifndef WEIR_TESTS_PROVE_COMPOSED_H
#define WEIR_TESTS_PROVE_COMPOSED_H

#include "compose.h"
#include "reference.h"
#include "subject.h"

/* The facts of the objects and of the compiled block, and what composes them; false when that
 * fails. To be closed in any case. */
bool composed_open(const struct subject *subject, struct facts *facts, struct composer *composer);
void composed_close(struct facts *facts, struct composer *composer);

/* Verdict and why; and, unless ambiguous, of both halves action, reason and rule, peer and port. */
bool composed_same(const struct facts *facts, const struct judgement *got,
		   const struct k8s_judgement *want);

#endif
