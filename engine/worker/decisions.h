/*
 * decisions.h - why connections are decided as they are, remembered by what decides them.
 *
 * classify says what, not why; explain says both and takes its time. What it says depends on the
 * profiles of the two ends and the class of the port alone, but for relations between the two (a
 * pod and itself, and its node) and for addresses that stand for several ends. So a small memory
 * of these answers most, and the rest are explained.
 */
#ifndef WEIR_WORKER_DECISIONS_H
#define WEIR_WORKER_DECISIONS_H

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

/* What a key's decision depends on. */
struct weir_decision_place {
	uint32_t source; /* leaves */
	uint32_t destination;
	uint32_t ports; /* port class and flags */
};

/* To be found soon: fetches where it may be remembered. */
void weir_decisions_locate(const struct weir_decisions *decisions, const struct weir_policy *policy,
			   const struct weir_key *key, struct weir_decision_place *out);

/* The decision of a key, of the same policy that its place is of. */
void weir_decisions_find(struct weir_decisions *decisions, const struct weir_policy *policy,
			 const struct weir_key *key, const struct weir_decision_place *place,
			 struct weir_decision *out);

#endif
