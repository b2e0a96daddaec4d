#include "advance.h"

#include <errno.h>

/* The slots that a batch is about, each once, but for those that say what they said. */
struct visit {
	const struct store *store;
	size_t step;
	enum store_kind kind;
	const struct store_slot *slot;
};

static bool says_the_same(enum store_kind kind, const struct store_slot *slot)
{
	const struct store_version *now = &slot->now, *next = &slot->next;

	if (!now->object || !next->object)
		return !now->object && !next->object;
	return now->shows_ipv6 == next->shows_ipv6 && store_same(kind, now->object, next->object);
}

static bool visit_next(struct visit *visit)
{
	const struct store_step *steps = visit->store->steps.items;

	while (visit->step < visit->store->steps.count) {
		const struct store_step *step = &steps[visit->step++];

		visit->kind = (enum store_kind)step->kind;
		visit->slot = store_slot(visit->store, visit->kind, step->slot);
		if (!step->was_touched && !says_the_same(visit->kind, visit->slot))
			return true;
	}
	return false;
}

static const struct k8s_meta *meta_of(const struct store_slot *slot)
{
	return slot->next.object ? slot->next.object : slot->now.object;
}

bool advance_is_needed(const struct store *store)
{
	struct visit visit = { .store = store };

	return visit_next(&visit);
}

int advance_ties(struct ties *ties, const struct store *store)
{
	struct visit visit = { .store = store };
	int status = TIES_HOLD;

	while (status == TIES_HOLD && visit_next(&visit)) {
		status = ties_move(ties, visit.kind, &visit.slot->now, &visit.slot->next);
		if (status == TIES_HOLD && visit.kind == STORE_NAMESPACE)
			status = ties_relabel(ties, meta_of(visit.slot)->name);
	}
	return status;
}

/* What telling pods needs again and again. */
struct telling {
	struct teller *teller;
	struct ties *ties;
	struct weir_arena arena;
	struct weir_array sets; /* uint32_t */
};

static int tell_pod(struct telling *telling, const struct k8s_pod *pod)
{
	struct weir_endpoint endpoint;
	uint32_t number;

	weir_arena_reset(&telling->arena);
	if (ties_endpoint(telling->ties, pod, &telling->arena, &endpoint) ||
	    ties_sets(telling->ties, pod, &telling->sets))
		return -ENOMEM;
	return tell_endpoint(telling->teller, &endpoint, telling->sets.items,
			     (uint32_t)telling->sets.count, &number);
}

/* Those that the batch is about too: what is told twice is nothing. */
static int tell_pods_of(struct telling *telling, const struct store *store, const char *namespace)
{
	int status = 0;

	for (uint32_t i = 0; !status && i < store->pools[STORE_POD].slots.count; i++) {
		const struct k8s_pod *pod = store_latest(store_slot(store, STORE_POD, i))->object;

		if (pod && pod->meta.namespace_name == namespace)
			status = tell_pod(telling, pod);
	}
	return status;
}

static int tell_visited(struct telling *telling, const struct visit *visit)
{
	const struct k8s_meta *meta = meta_of(visit->slot);

	if (visit->kind == STORE_NAMESPACE)
		return tell_pods_of(telling, visit->store, meta->name);
	if (visit->kind != STORE_POD)
		return 0;
	if (!visit->slot->next.object)
		return tell_no_pod(telling->teller, meta->namespace_name, meta->name);
	return tell_pod(telling, visit->slot->next.object);
}

int advance_tell(struct teller *teller, struct ties *ties, const struct store *store)
{
	struct visit visit = { .store = store };
	struct telling telling = { .teller = teller,
				   .ties = ties,
				   .sets = weir_array_of(ties->allocator, uint32_t) };
	int status = 0;

	weir_arena_init(&telling.arena, ties->allocator);
	while (!status && visit_next(&visit))
		status = tell_visited(&telling, &visit);
	weir_arena_finish(&telling.arena);
	weir_array_finish(&telling.sets);
	return status;
}
