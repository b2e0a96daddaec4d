/*
 * Reclamation by quiescent states.
 *
 * Every reader has a cell, on a cache line of its own, with the generation that it announced when
 * it last entered, or RESTING. Entering is: read the generation, announce it, load the policy in
 * force. Publishing is: store the policy, then raise the generation. So whoever announced
 * generation g finds the policy of g or a later one, and a policy that was replaced by that of
 * generation g can be held only by readers whose cells show less than g.
 *
 * The announcement and the load behind it must not change places, nor the publisher's store and
 * its look at the cells: then one of the two sides would miss the other. Both are sequentially
 * consistent; the reader pays that once a burst.
 */
#include "weir/slot.h"

#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "handle.h"
#include "memory.h"
#include "readers.h"

enum {
	LINE = 64,
	FREE = 0,    /* a cell nobody joined */
	RESTING = 1, /* generations in cells are one more than they are */
};

/* Of what rules come from, which versions of a live policy have in common until it changes. */
struct tally {
	unsigned versions;
	size_t rule_count;
	_Atomic uint64_t counts[]; /* of each rule, for one reader after the other */
};

struct version {
	struct weir_policy *policy;
	struct version *older; /* the next to let go of */
	uint64_t generation;
	uint64_t replaced_by; /* a generation */
	struct tally *tally;
};

struct cell {
	alignas(LINE) _Atomic uint64_t announced;
	struct version *entered; /* the reader's own */
};

struct weir_slot {
	const struct weir_allocator *allocator;
	_Atomic(struct version *) current;
	_Atomic uint64_t generation;
	struct version *replaced; /* the newest first */
	void *cell_memory;
	struct cell *cells;
	uint32_t cell_count;
};

static struct tally *make_tally(const struct weir_slot *slot, const struct weir_policy *policy)
{
	size_t rules = LAYOUT_COUNT(policy->lookup.origins, LAYOUT_ORIGINS, struct layout_origin);
	struct tally *tally = weir_allocate_zeroed(
		slot->allocator, 1,
		sizeof(*tally) + rules * slot->cell_count * sizeof(tally->counts[0]));

	if (tally)
		tally->rule_count = rules;
	return tally;
}

/* before may be NULL. */
static struct tally *find_tally(const struct weir_slot *slot, const struct version *before,
				const struct weir_policy *policy)
{
	if (before && policy->lookup.patch &&
	    before->policy->lookup.origins == policy->lookup.origins)
		return before->tally;
	return make_tally(slot, policy);
}

static struct version *make_version(const struct weir_slot *slot, struct weir_policy *policy,
				    const struct version *before)
{
	struct version *version = weir_allocate_zeroed(slot->allocator, 1, sizeof(*version));

	if (!version)
		return NULL;
	version->tally = find_tally(slot, before, policy);
	if (!version->tally) {
		weir_release(slot->allocator, version);
		return NULL;
	}
	version->tally->versions++;
	version->policy = weir_policy_ref(policy);
	version->generation = before ? before->generation + 1 : 1;
	return version;
}

static void drop_version(const struct weir_slot *slot, struct version *version)
{
	if (!--version->tally->versions)
		weir_release(slot->allocator, version->tally);
	weir_policy_unref(version->policy);
	weir_release(slot->allocator, version);
}

static int make_cells(struct weir_slot *slot)
{
	uintptr_t at;

	slot->cell_memory = weir_allocate_zeroed(slot->allocator, slot->cell_count + (size_t)1,
						 sizeof(struct cell));
	if (!slot->cell_memory)
		return -ENOMEM;
	at = (uintptr_t)slot->cell_memory;
	slot->cells = (struct cell *)((char *)slot->cell_memory + (LINE - at % LINE) % LINE);
	return 0;
}

int weir_slot_create(struct weir_policy *policy, uint32_t max_readers,
		     const struct weir_allocator *allocator, struct weir_slot **out)
{
	struct weir_slot *slot;
	struct version *first;

	if (!max_readers)
		return -EINVAL;
	allocator = weir_allocator_or_default(allocator);
	slot = weir_allocate_zeroed(allocator, 1, sizeof(*slot));
	if (!slot)
		return -ENOMEM;
	slot->allocator = allocator;
	slot->cell_count = max_readers;
	first = make_version(slot, policy, NULL);
	if (!first || make_cells(slot)) {
		if (first)
			drop_version(slot, first);
		weir_release(allocator, slot);
		return -ENOMEM;
	}
	atomic_init(&slot->current, first);
	atomic_init(&slot->generation, 1);
	*out = slot;
	return 0;
}

void weir_slot_destroy(struct weir_slot *slot)
{
	if (!slot)
		return;
	drop_version(slot, atomic_load(&slot->current));
	while (slot->replaced) {
		struct version *version = slot->replaced;

		slot->replaced = version->older;
		drop_version(slot, version);
	}
	weir_release(slot->allocator, slot->cell_memory);
	weir_release(slot->allocator, slot);
}

/* The least generation that a reader may be at; the one in force when all rest. */
static uint64_t least_announced(const struct weir_slot *slot)
{
	uint64_t least = atomic_load(&slot->generation);

	for (uint32_t i = 0; i < slot->cell_count; i++) {
		uint64_t announced = atomic_load(&slot->cells[i].announced);

		if (announced > RESTING && announced - RESTING < least)
			least = announced - RESTING;
	}
	return least;
}

size_t weir_slot_reclaim(struct weir_slot *slot)
{
	struct version **link = &slot->replaced;
	uint64_t least = least_announced(slot);
	size_t held = 0;

	while (*link) {
		struct version *version = *link;

		if (version->replaced_by <= least) {
			*link = version->older;
			drop_version(slot, version);
		} else {
			link = &version->older;
			held++;
		}
	}
	return held;
}

int weir_slot_publish(struct weir_slot *slot, struct weir_policy *policy)
{
	struct version *old = atomic_load(&slot->current);
	struct version *new = make_version(slot, policy, old);

	if (!new)
		return -ENOMEM;
	atomic_store(&slot->current, new);
	atomic_store(&slot->generation, new->generation);
	old->replaced_by = new->generation;
	old->older = slot->replaced;
	slot->replaced = old;
	weir_slot_reclaim(slot);
	return 0;
}

int weir_slot_join(struct weir_slot *slot, uint32_t *reader)
{
	for (uint32_t i = 0; i < slot->cell_count; i++) {
		uint64_t expected = FREE;

		if (!atomic_compare_exchange_strong(&slot->cells[i].announced, &expected, RESTING))
			continue;
		*reader = i;
		return 0;
	}
	return -ENOSPC;
}

void weir_slot_leave(struct weir_slot *slot, uint32_t reader)
{
	atomic_store(&slot->cells[reader].announced, FREE);
}

const struct weir_policy *weir_slot_enter(struct weir_slot *slot, uint32_t reader,
					  uint64_t *generation)
{
	uint64_t announced = atomic_load_explicit(&slot->generation, memory_order_acquire);
	struct version *version;

	atomic_store(&slot->cells[reader].announced, announced + RESTING);
	version = atomic_load(&slot->current);
	slot->cells[reader].entered = version;
	*generation = version->generation;
	return version->policy;
}

void weir_slot_rest(struct weir_slot *slot, uint32_t reader)
{
	atomic_store_explicit(&slot->cells[reader].announced, RESTING, memory_order_release);
}

void weir_slot_note_rule(struct weir_slot *slot, uint32_t reader, uint32_t rule)
{
	struct tally *tally = slot->cells[reader].entered->tally;
	_Atomic uint64_t *count = &tally->counts[reader * tally->rule_count + rule];

	/* Nobody else writes it. */
	atomic_store_explicit(count, atomic_load_explicit(count, memory_order_relaxed) + 1,
			      memory_order_relaxed);
}

size_t weir_slot_count_rules(const struct weir_slot *slot, uint64_t *counts, size_t size)
{
	const struct tally *tally = atomic_load(&slot->current)->tally;

	for (size_t i = 0; i < tally->rule_count && i < size; i++) {
		counts[i] = 0;
		for (uint32_t reader = 0; reader < slot->cell_count; reader++)
			counts[i] +=
				atomic_load_explicit(&tally->counts[reader * tally->rule_count + i],
						     memory_order_relaxed);
	}
	return tally->rule_count;
}
