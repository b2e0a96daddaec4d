/*
 * memos.c - what memos are compared with, made once for each policy.
 */
#include "memos.h"

#include <string.h>

static uint64_t word_of(struct weir_flow_memo memo)
{
	uint64_t word;

	memcpy(&word, &memo, sizeof(word));
	return word;
}

/* What of a memo must be as in one of the policy in force for a packet to go on. */
static struct weir_flow_memo memo_heeded(const struct memos *memos)
{
	return (struct weir_flow_memo){
		.source_generation = memos->are_kept ? 0 : WEIR_FLOW_GENERATION,
		.marks = REVOKED,
	};
}

void memos_take_up(struct memos *memos)
{
	memos->allowed = word_of(memo_of(memos, 0));
	memos->heeded = word_of(memo_heeded(memos));
}
