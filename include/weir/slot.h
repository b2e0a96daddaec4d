/*
 * weir/slot.h - a policy that is replaced while workers ask it.
 *
 * A slot holds the policy in force. Readers enter it before they ask and never wait; a replaced
 * policy is let go once no reader can hold it any more. Publishing and reclaiming are for one
 * thread at a time; a reader's calls are for its own thread, at any time and without a lock.
 */
#ifndef WEIR_SLOT_H
#define WEIR_SLOT_H

#include <stddef.h>
#include <stdint.h>

#include "weir/allocator.h"
#include "weir/policy.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_slot;

/* A slot, owned by the caller (weir_slot_destroy), which keeps a reference on the policy. At most
 * max_readers can have joined at once. allocator may be NULL: the C library's. -EINVAL: no readers
 * at all. -ENOMEM. */
int weir_slot_create(struct weir_policy *policy, uint32_t max_readers,
		     const struct weir_allocator *allocator, struct weir_slot **out);
/* When all readers have left. NULL is allowed. */
void weir_slot_destroy(struct weir_slot *slot);

/* Puts a policy in force and keeps a reference on it; the one before is let go now or by a later
 * call of publish or reclaim. Its generation is one more than the one before. -ENOMEM: the old
 * policy stays. */
int weir_slot_publish(struct weir_slot *slot, struct weir_policy *policy);

/* Lets go of replaced policies that no reader holds; returns how many are still held. */
size_t weir_slot_reclaim(struct weir_slot *slot);

/* How many connections each rule of the policy in force decided, as its readers counted them:
 * counts[i] is that of rule i (weir_policy_rule). Fills at most size and returns how many rules
 * there are. They begin at 0 with every policy, but go on
 * with a version of a live policy (weir/live.h) whose rules were not touched since the one before.
 * For the publisher's thread. */
size_t weir_slot_count_rules(const struct weir_slot *slot, uint64_t *counts, size_t size);

/* A reader's number, from 0. Any thread. -ENOSPC: max_readers have joined. */
int weir_slot_join(struct weir_slot *slot, uint32_t *reader);
/* The number is free for another reader; this one holds no policy any more. */
void weir_slot_leave(struct weir_slot *slot, uint32_t reader);

/* The policy in force and its generation, from 1. It stays valid until this reader enters again,
 * rests or leaves. */
const struct weir_policy *weir_slot_enter(struct weir_slot *slot, uint32_t reader,
					  uint64_t *generation);
/* The reader holds no policy until it enters again: call it before sleeping. */
void weir_slot_rest(struct weir_slot *slot, uint32_t reader);

#ifdef __cplusplus
}
#endif
#endif
