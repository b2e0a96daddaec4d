/*
 * memos.h - what a flow knows of the policy that allowed it.
 *
 * A connection's memo is the side that opened it and the generation of the policy that allowed it.
 * A flow is only there when it was allowed, so knowing it is a verdict. Denied packets leave no
 * flow: each is judged for itself. One kind of flow is there and denied: that of TCP and SCTP which
 * a later policy ended. Were it gone, its next packet could be taken for that of a connection in
 * mid-stream which the other side opened, and that might be allowed.
 */
#ifndef WEIR_WORKER_MEMOS_H
#define WEIR_WORKER_MEMOS_H

#include <stdbool.h>
#include <stdint.h>

#include "table.h"

/* Marks of a memo. */
enum {
	OPENER = 1, /* the side that opened */
	REVOKED = 2,
};

/* Memos under the policy in force. */
struct memos {
	uint64_t generation;
	uint64_t allowed; /* a memo of the policy, as a word, */
	uint64_t heeded;  /* and its bits by which a flow needs no second look */
	bool are_kept;    /* those of older policies count */
};

/* Another generation is in force. */
void memos_take_up(struct memos *memos);

static inline struct weir_flow_memo memo_of(const struct memos *memos, unsigned marks)
{
	uint64_t generation = memos->generation & WEIR_FLOW_GENERATION;

	return (struct weir_flow_memo){ generation, generation, marks };
}

static inline unsigned opener_of(const struct weir_flow_entry *entry)
{
	return weir_flow_entry_memo(entry).marks & OPENER;
}

static inline bool is_revoked(const struct weir_flow_entry *entry)
{
	return weir_flow_entry_memo(entry).marks & REVOKED;
}

/* Whether an older policy allowed the connection, and that no longer counts. */
static inline bool is_stale(const struct memos *memos, const struct weir_flow_entry *entry)
{
	return !memos->are_kept && weir_flow_entry_memo(entry).source_generation !=
					   (memos->generation & WEIR_FLOW_GENERATION);
}

/* Whether it is neither stale nor revoked, in one look: most are not. */
static inline bool is_in_force(const struct memos *memos, const struct weir_flow_entry *entry)
{
	return !((entry->words[WEIR_FLOW_MEMO] ^ memos->allowed) & memos->heeded);
}

#endif
