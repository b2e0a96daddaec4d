/*
 * trial.h - connections as the specification composes them, and as every kernel and explain answer
 * them.
 */
#ifndef WEIR_PROVE_TRIAL_H
#define WEIR_PROVE_TRIAL_H

#include "classes.h"
#include "compose.h"
#include "naming.h"
#include "weir/prove.h"

enum {
	BURST = 256,
	FOUND = 1, /* a counterexample: what has a status stops */
};

struct trial {
	const struct weir_policy *policy;
	const struct facts *facts;
	const struct naming *naming;
	struct composer composer;
	struct weir_proof *proof; /* counted and found in it */

	struct weir_key keys[BURST];
	struct weir_verdict expected[BURST];
	size_t count;
	struct weir_verdict verdicts[BURST];
};

/* -ENOMEM. To be finished in any case. */
int trial_init(struct trial *trial, const struct weir_policy *policy, const struct facts *facts,
	       const struct naming *naming, struct weir_proof *proof);
void trial_finish(struct trial *trial);

/* The key of a connection between these addresses. */
struct weir_key trial_key(const struct trial *trial, const struct connection *connection,
			  const struct weir_address *source,
			  const struct weir_address *destination);

/* Composes a connection, for the kernels to answer in a burst; 0, FOUND or -ENOMEM. */
int trial_add(struct trial *trial, const struct connection *connection,
	      const struct weir_address *source, const struct weir_address *destination,
	      struct judgement *judgement);
/* For the kernels to answer in a burst, without composing it; 0 or FOUND. */
int trial_ask(struct trial *trial, const struct connection *connection,
	      const struct weir_address *source, const struct weir_address *destination,
	      struct weir_verdict expected);
/* Asks the kernels about what is left in the burst. */
int trial_flush(struct trial *trial);

/* Asks explain about what was composed. */
int trial_explain(struct trial *trial, const struct connection *connection,
		  const struct weir_address *source, const struct weir_address *destination,
		  const struct judgement *judgement);

#endif
