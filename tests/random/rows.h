/*
 * rows.h - which rows of docs/semantics.md a judged key has exercised.
 */
#ifndef WEIR_TESTS_RANDOM_ROWS_H
#define WEIR_TESTS_RANDOM_ROWS_H

#include "judges.h"

enum { ROWS = 22 }; /* rows[n] counts Sn */

struct tally {
	uint64_t verdicts;
	uint64_t actions[3];     /* by enum weir_action */
	uint64_t ruled_isolated; /* decided by a rule, with both sides isolated */
	uint64_t rows[ROWS];
};

/* False for rows that live in flows and translation (S10, S15, S16, S18), and for 0. */
bool row_is_about_keys(unsigned row);

void tally_add(struct tally *tally, const struct judges *judges, const struct weir_key *key,
	       const struct k8s_judgement *judgement);

#endif
