/*
 * composed.h - whether what was composed from facts is what the specification judges.
 */
#ifndef WEIR_TESTS_PROVE_COMPOSED_H
#define WEIR_TESTS_PROVE_COMPOSED_H

#include "compose.h"
#include "reference.h"

/* Verdict and why; and, unless ambiguous, of both halves action, reason and rule, peer and port. */
bool composed_same(const struct facts *facts, const struct judgement *got,
		   const struct k8s_judgement *want);

#endif
