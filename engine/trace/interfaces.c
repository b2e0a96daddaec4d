#include "interfaces.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

int weir_interface_sets_init(struct weir_interface_sets *sets,
			     const struct weir_allocator *allocator, uint64_t secret)
{
	*sets = (struct weir_interface_sets){ .secret = secret };
	weir_arena_init(&sets->arena, allocator);
	weir_map_init(&sets->map, allocator);
	sets->sets = weir_array_of(allocator, struct weir_interface_set);
	return weir_array_push(&sets->sets) ? 0 : -ENOMEM;
}

void weir_interface_sets_finish(struct weir_interface_sets *sets)
{
	weir_map_finish(&sets->map);
	weir_arena_finish(&sets->arena);
	weir_array_finish(&sets->sets);
}

const struct weir_interface_set *weir_interface_set_at(const struct weir_interface_sets *sets,
						       uint32_t set)
{
	return (const struct weir_interface_set *)sets->sets.items + set;
}

/* Merges two ascending lists; out has room for both. */
static uint32_t merge(const struct weir_interface_set *a, const struct weir_interface_set *b,
		      uint32_t *out)
{
	uint32_t i = 0;
	uint32_t j = 0;
	uint32_t count = 0;

	while (i < a->count || j < b->count) {
		if (j == b->count || (i < a->count && a->items[i] < b->items[j])) {
			out[count++] = a->items[i++];
		} else {
			if (i < a->count && a->items[i] == b->items[j])
				i++;
			out[count++] = b->items[j++];
		}
	}
	return count;
}

static int intern(struct weir_interface_sets *sets, const uint32_t *items, uint32_t count,
		  uint32_t *out)
{
	size_t length = count * sizeof(*items);
	uint64_t hash = weir_hash_bytes(items, length, sets->secret);
	struct weir_map_slot *slot = weir_map_slot(&sets->map, items, length, hash);
	struct weir_interface_set *set;
	uint32_t *copy;

	if (!slot)
		return -ENOMEM;
	if (slot->key) {
		*out = slot->value;
		return 0;
	}
	copy = weir_arena_array(&sets->arena, count, uint32_t);
	set = copy ? weir_array_push(&sets->sets) : NULL;
	if (!set)
		return -ENOMEM;
	memcpy(copy, items, length);
	*set = (struct weir_interface_set){ copy, count };
	*out = (uint32_t)sets->sets.count - 1;
	weir_map_fill(&sets->map, slot, copy, length, hash, *out);
	return 0;
}

static int intern_union(struct weir_interface_sets *sets, const struct weir_interface_set *a,
			const struct weir_interface_set *b, uint32_t *out)
{
	uint32_t items[2 * WEIR_INTERFACES_MAX];
	uint32_t count = merge(a, b, items);

	if (count > WEIR_INTERFACES_MAX)
		count = WEIR_INTERFACES_MAX;
	return intern(sets, items, count, out);
}

static bool has(const struct weir_interface_set *set, uint32_t interface)
{
	uint32_t low = 0;
	uint32_t high = set->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (set->items[middle] == interface)
			return true;
		if (set->items[middle] < interface)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

int weir_interface_sets_with(struct weir_interface_sets *sets, uint32_t set, uint32_t interface,
			     uint32_t *out)
{
	const struct weir_interface_set *old = weir_interface_set_at(sets, set);
	struct weir_interface_set one = { &interface, 1 };
	int status;

	if (old->count == WEIR_INTERFACES_MAX || has(old, interface)) {
		*out = set;
		return 0;
	}
	if (!set && sets->last_single && sets->last_interface == interface) {
		*out = sets->last_single;
		return 0;
	}
	status = intern_union(sets, old, &one, out);
	if (!status && !set) {
		sets->last_interface = interface;
		sets->last_single = *out;
	}
	return status;
}

int weir_interface_sets_import(struct weir_interface_sets *sets,
			       const struct weir_interface_sets *from, uint32_t set, uint32_t *out)
{
	const struct weir_interface_set *other = weir_interface_set_at(from, set);

	if (!set || sets == from) {
		*out = set;
		return 0;
	}
	return intern(sets, other->items, other->count, out);
}

int weir_interface_sets_union(struct weir_interface_sets *sets, uint32_t a, uint32_t b,
			      uint32_t *out)
{
	if (a == b || !a || !b) {
		*out = a ? a : b;
		return 0;
	}
	return intern_union(sets, weir_interface_set_at(sets, a), weir_interface_set_at(sets, b),
			    out);
}
