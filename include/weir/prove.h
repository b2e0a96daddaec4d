/*
 * weir/prove.h - whether a compiled policy says what its objects say, for every header.
 *
 * A header is source, destination, protocol, port and ICMP type. The proof is docs/proof.md: it
 * covers what classify answers with every kernel that this machine has, and what explain answers;
 * not the reading of frames, flows and translation.
 *
 * Threads. It reads cluster and policy: one thread at a time for a cluster, as weir/cluster.h has
 * it.
 */
#ifndef WEIR_PROVE_H
#define WEIR_PROVE_H

#include "weir/cluster.h"
#include "weir/error.h"
#include "weir/policy.h"
#include "weir/team.h"

#ifdef __cplusplus
extern "C" {
#endif

enum weir_flaw {
	WEIR_FLAW_NONE,
	WEIR_FLAW_BLOCK,       /* the bytes contradict themselves: text says how */
	WEIR_FLAW_VERDICT,     /* a kernel's verdict is another one */
	WEIR_FLAW_EXPLANATION, /* the reason or the rule is another one */
	WEIR_FLAW_PROOF,       /* the proof's own steps contradict the specification */
};

/* What the specification says of one side, and by which rule. Names live as long as the cluster;
 * they are NULL unless the reason is a rule; namespace_name is NULL for cluster-scoped kinds. */
struct weir_specified_half {
	uint8_t action; /* enum weir_action */
	uint8_t reason; /* enum weir_reason */
	const char *kind;
	const char *namespace_name;
	const char *name;
	uint32_t rule;
	uint32_t peer; /* as in weir_half */
	uint32_t port;
};

struct weir_proof {
	uint8_t flaw;            /* enum weir_flaw; NONE: every header is judged right */
	struct weir_error error; /* of WEIR_FLAW_BLOCK */

	/* The counterexample of the other flaws. */
	struct weir_key key;
	const char *kernel; /* whose verdict it is; NULL: explain's */
	struct weir_verdict verdict;
	struct weir_explanation explanation;
	struct weir_verdict specified;
	struct weir_specified_half egress; /* meaningful unless what is specified is ambiguous */
	struct weir_specified_half ingress;

	/* What was looked at. */
	uint32_t intervals;    /* of addresses */
	uint32_t port_ranges;  /* of all protocols */
	uint32_t port_classes; /* that are told apart */
	uint32_t near_classes; /* of ends, both directions together */
	uint32_t far_classes;
	uint32_t kernels;
	uint64_t judged; /* connections, by the specification's composition */
};

struct weir_prove_options {
	const struct weir_allocator *allocator; /* NULL: the C library's */
	/* Shares the work; then the allocator is called by any of the team's threads. NULL: the
	 * calling thread does all. Nothing that comes out depends on it. */
	const struct weir_team *team;
};

/* Compares a compiled policy with the cluster that it was made from, under the choices that it was
 * made with; the policy may be one that was opened on a mapped file. options may be NULL. 0, and
 * what came out in *out; or -ENOMEM; -EINVAL for a version of a live policy that was not frozen. */
int weir_prove(const struct weir_cluster *cluster, const struct weir_semantics *semantics,
	       const struct weir_policy *policy, const struct weir_prove_options *options,
	       struct weir_proof *out);

#ifdef __cplusplus
}
#endif
#endif
