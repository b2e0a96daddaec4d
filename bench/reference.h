/*
 * reference.h - the right answers: what every engine is compared with before it has a figure.
 *
 * Each pod's rules are walked in their order, with plain searches. A plain policy's answers are
 * found this way for all keys and compared with the naive evaluator for some, as many as it takes
 * about a tenth of a second for; what is not plain is asked of the naive evaluator alone.
 */
#ifndef WEIR_BENCH_REFERENCE_H
#define WEIR_BENCH_REFERENCE_H

#include "policy.h"
#include "weir/key.h"

/* Fills actions[0..n) (enum weir_action). -ENOMEM; -EILSEQ: the two references differ. */
int bench_reference(const struct bench_policy *policy, const struct weir_key *keys,
		    uint8_t *actions, size_t n);

/* What answers are, as one number: FNV-1a (Fowler, Noll, Vo) of enum weir_action, key by key. */
static const uint64_t BENCH_DIGEST_START = 0xcbf29ce484222325u;

static inline uint64_t bench_digest_add(uint64_t digest, uint8_t action)
{
	return (digest ^ action) * 0x100000001b3u;
}

#endif
