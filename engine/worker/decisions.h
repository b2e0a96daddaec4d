/*
 * decisions.h - how connections are decided and why, remembered by what decides them.
 *
 * classify says what, not why; explain says both and takes its time. What it says of a half depends
 * on the near end's group, the far end's class and the class of the port alone, but for relations
 * between the two (a pod and itself, and its node) and for addresses that stand for several ends.
 * So a small memory of halves answers most, and the rest are explained.
 */
#ifndef WEIR_WORKER_DECISIONS_H
#define WEIR_WORKER_DECISIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/allocator.h"
#include "weir/policy.h"

/* One half. */
struct weir_decided {
	uint32_t rule;  /* or WEIR_NONE */
	uint8_t reason; /* enum weir_reason */
	uint8_t action; /* enum weir_action */
};

struct weir_decision {
	struct weir_decided halves[2]; /* by enum weir_direction */
	uint8_t action;                /* of the whole: enum weir_action */
};

struct weir_decisions {
	const struct weir_allocator *allocator;
	void *memory;
	struct weir_remembered *items; /* in it, from a cache line on */
	uint32_t era;
};

/* 0 or -ENOMEM; finish is right in both cases. */
int weir_decisions_init(struct weir_decisions *decisions, const struct weir_allocator *allocator);
void weir_decisions_finish(struct weir_decisions *decisions);

/* Another policy: what is remembered says nothing about it. */
void weir_decisions_forget(struct weir_decisions *decisions);

enum {
	WEIR_DECISIONS_AT_ONCE = 32,
	WEIR_DECISIONS_LAST_ERA = (1 << 11) - 1, /* the next policy begins with an empty memory */
};

/* What one half of a key's decision depends on. */
struct weir_decision_half {
	struct weir_remembered *line; /* where it may be remembered; NULL: no rule is asked */
	uint64_t ends;                /* group of the near one, class of the far one */
	uint32_t about;               /* port class, direction and era */
	uint8_t reason;               /* why it is allowed without a rule */
};

struct weir_decision_place {
	uint32_t leaves[2]; /* of the near ends, by direction */
	uint32_t ports;     /* class */
	bool is_plain;      /* nothing else matters than what is in halves */
	struct weir_decision_half halves[2];
};

/* Of at most WEIR_DECISIONS_AT_ONCE keys, to be found soon: fetches where they may be remembered. */
void weir_decisions_locate(const struct weir_decisions *decisions, const struct weir_policy *policy,
			   const struct weir_key *keys, struct weir_decision_place *places,
			   size_t n);

/* What weir_policy_explain says of a key, of the same policy and the same era that its place is
 * of. */
void weir_decisions_find(const struct weir_policy *policy, const struct weir_key *key,
			 const struct weir_decision_place *place, struct weir_decision *out);

#endif
