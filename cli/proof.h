/*
 * proof.h - a proof's counterexample in words.
 */
#ifndef WEIR_CLI_PROOF_H
#define WEIR_CLI_PROOF_H

#include <stdio.h>

#include "weir/prove.h"

/* Why a proof does not hold: the header, and what is said of it on both sides. */
void proof_print_flaw(FILE *out, const struct weir_policy *policy, const struct weir_proof *proof);

#endif
