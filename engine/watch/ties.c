#include "ties_inside.h"

#include <errno.h>

void ties_init(struct ties *ties, const struct store *store)
{
	const struct weir_allocator *allocator = store->cluster->allocator;

	*ties = (struct ties){ .store = store, .allocator = allocator };
	weir_arena_init(&ties->arena, allocator);
	weir_arena_init(&ties->meanings.arena, allocator);
	ties->meanings.items = weir_array_of(allocator, struct k8s_meaning);
	weir_map_init(&ties->workload_of, allocator);
	ties->synthetic = weir_array_of(allocator, const struct k8s_pod *);
	ties->namespaces = weir_array_of(allocator, struct tie_namespace);
	weir_map_init(&ties->namespace_of, allocator);
	weir_map_init(&ties->address_of, allocator);
	ties->addresses = weir_array_of(allocator, struct tie_address *);
	ties->steps = weir_array_of(allocator, struct tie_step);
}

static void forget_namespaces(struct ties *ties)
{
	struct tie_namespace *namespaces = ties->namespaces.items;

	for (size_t i = 0; i < ties->namespaces.count; i++)
		weir_array_finish(&namespaces[i].sets);
	ties->namespaces.count = 0;
	weir_map_finish(&ties->namespace_of);
}

void ties_finish(struct ties *ties)
{
	forget_namespaces(ties);
	weir_array_finish(&ties->namespaces);
	weir_array_finish(&ties->steps);
	weir_array_finish(&ties->addresses);
	weir_map_finish(&ties->address_of);
	weir_array_finish(&ties->synthetic);
	weir_map_finish(&ties->workload_of);
	weir_array_finish(&ties->meanings.items);
	weir_arena_finish(&ties->meanings.arena);
	weir_arena_finish(&ties->arena);
	weir_cluster_destroy(ties->view);
	ties->view = NULL;
}

/* Counters, with a way back. */

int ties_set_counter(struct ties *ties, uint32_t *counter, uint32_t value)
{
	struct tie_step *step = weir_array_push(&ties->steps);

	if (!step)
		return -ENOMEM;
	*step = (struct tie_step){ counter, *counter };
	*counter = value;
	return 0;
}

void ties_go_back(struct ties *ties)
{
	const struct tie_step *steps = ties->steps.items;

	for (size_t i = ties->steps.count; i > 0; i--)
		*steps[i - 1].counter = steps[i - 1].before;
	ties->steps.count = 0;
	forget_namespaces(ties);
}

void ties_keep(struct ties *ties)
{
	ties->steps.count = 0;
}

static int move_ipv6(struct ties *ties, bool from, bool to)
{
	uint32_t after = ties->ipv6 + to - from;

	if (!after != !ties->ipv6)
		return TIES_CHANGE;
	return after == ties->ipv6 ? 0 : ties_set_counter(ties, &ties->ipv6, after);
}

int ties_move(struct ties *ties, enum store_kind kind, const struct store_version *from,
	      const struct store_version *to)
{
	int status =
		move_ipv6(ties, from->object && from->shows_ipv6, to->object && to->shows_ipv6);

	if (kind != STORE_POD && kind != STORE_NAMESPACE && kind != STORE_SERVICE &&
	    kind != STORE_SLICE)
		return TIES_CHANGE;
	if (!status && from->object)
		status = ties_tally(ties, &ties_going, kind, from->object);
	if (!status && to->object)
		status = ties_tally(ties, &ties_coming, kind, to->object);
	if (!status && kind == STORE_POD)
		status = ties_move_pod(ties, from->object, to->object);
	return status;
}
