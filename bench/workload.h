/*
 * workload.h - a policy, the keys that are asked of it, and their right answers.
 */
#ifndef WEIR_BENCH_WORKLOAD_H
#define WEIR_BENCH_WORKLOAD_H

#include "policy.h"
#include "shapes.h"
#include "weir/key.h"

/* Which sides of a connection are judged. */
enum bench_halves {
	BENCH_BOTH,
	BENCH_EGRESS,
	BENCH_INGRESS,
	BENCH_HALVES,
};

/* "both", "egress", "ingress". */
const char *bench_halves_name(enum bench_halves halves);

/* SHA-256, as text. */
struct bench_hash {
	char hex[65];
};

struct bench_questions {
	struct weir_key *keys;
	uint8_t *actions; /* the right answers: enum weir_action */
	uint64_t digest;  /* of actions */
	struct bench_hash keys_hash;
};

struct bench_workload {
	const char *name;
	const char *summary;
	struct bench_cluster *cluster; /* NULL: the policy is of somebody else */
	struct weir_resolved *listed;  /* the endpoints of a compiled policy */
	struct bench_policy policy;
	struct bench_hash policy_hash; /* of its compiled form */
	struct bench_questions questions[BENCH_HALVES];
	size_t key_count;
};

/* A named shape, for the table of workloads. */
struct bench_workload_spec {
	const char *name;
	const char *summary;
	struct bench_shape shape;
};

/* Up to one without a name. */
extern const struct bench_workload_spec bench_workload_specs[];

/* Makes the cluster of a shape. -ENOMEM. */
int bench_workload_make(const struct bench_workload_spec *spec, struct bench_workload *out);
/* Takes a policy of somebody else, which is borrowed. -ENOMEM; what weir_compile returns. */
int bench_workload_borrow(const char *name, const struct weir_resolved *resolved,
			  struct bench_workload *out);
/* Takes a compiled policy, which is borrowed. -ENOMEM. */
int bench_workload_open(const char *name, struct weir_policy *compiled, struct bench_workload *out);
void bench_workload_finish(struct bench_workload *workload);

/* Makes the questions of some halves: from a seed, or from given keys, whose flags are replaced;
 * and answers them. -ENOMEM; -EILSEQ: the references differ. */
int bench_workload_ask_random(struct bench_workload *workload, uint64_t seed, size_t n,
			      enum bench_halves halves);
int bench_workload_ask(struct bench_workload *workload, const struct weir_key *keys, size_t n,
		       enum bench_halves halves);

#endif
