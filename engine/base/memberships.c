/*
 * memberships.c - by counting, then filling in: first[i + 2] counts the sets of endpoint i, and
 * summed up first[i + 1] is where its next one goes, which ends as where the endpoint behind begins.
 */
#include "memberships.h"

#include <errno.h>

static void count_sets(const struct weir_resolved *resolved, uint32_t *first)
{
	for (uint32_t i = 0; i < resolved->set_count; i++) {
		for (uint32_t j = 0; j < resolved->sets[i].endpoint_count; j++)
			first[resolved->sets[i].endpoints[j] + 2]++;
	}
	for (uint32_t i = 0; i < resolved->endpoint_count; i++)
		first[i + 2] += first[i + 1];
}

int weir_find_memberships(const struct weir_resolved *resolved, struct weir_arena *arena,
			  struct weir_memberships *out)
{
	uint32_t *first = weir_arena_array(arena, (size_t)resolved->endpoint_count + 2, uint32_t);
	size_t total = 0;
	uint32_t *sets;

	for (uint32_t i = 0; i < resolved->set_count; i++)
		total += resolved->sets[i].endpoint_count;
	sets = weir_arena_array(arena, total, uint32_t);
	if (!first || !sets || total > UINT32_MAX)
		return -ENOMEM;
	count_sets(resolved, first);
	for (uint32_t i = 0; i < resolved->set_count; i++) {
		for (uint32_t j = 0; j < resolved->sets[i].endpoint_count; j++)
			sets[first[resolved->sets[i].endpoints[j] + 1]++] = i;
	}
	*out = (struct weir_memberships){ first, sets };
	return 0;
}
