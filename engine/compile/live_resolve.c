/*
 * live_resolve.c - from a resolved policy to objects, and back.
 *
 * A resolved policy has sets that list endpoints, objects are endpoints that know their sets.
 */
#include <errno.h>
#include <string.h>

#include "live_shapes.h"
#include "memberships.h"

/* Where a resolved policy has the things of each kind. */
static const struct {
	size_t items; /* the offset of a pointer */
	size_t count; /* of a uint32_t */
} places[OBJECT_KINDS] = {
#define PLACE(items, counted)                                                                      \
	{                                                                                          \
		offsetof(struct weir_resolved, items), offsetof(struct weir_resolved, counted)     \
	}
	[OBJECT_ENDPOINT] = PLACE(endpoints, endpoint_count),
	[OBJECT_WORKLOAD] = PLACE(workloads, workload_count),
	[OBJECT_SERVICE] = PLACE(services, service_count),
	[OBJECT_SET] = PLACE(sets, set_count),
	[OBJECT_BLOCK] = PLACE(blocks, block_count),
	[OBJECT_ORIGIN] = PLACE(origins, origin_count),
	[OBJECT_RULE] = PLACE(rules, rule_count),
#undef PLACE
};

static const char *items_in(const struct weir_resolved *resolved, enum object_kind kind)
{
	const char *items;

	memcpy(&items, (const char *)resolved + places[kind].items, sizeof(items));
	return items;
}

static uint32_t count_in(const struct weir_resolved *resolved, enum object_kind kind)
{
	uint32_t count;

	memcpy(&count, (const char *)resolved + places[kind].count, sizeof(count));
	return count;
}

static void put_items(struct weir_resolved *resolved, enum object_kind kind, const void *items,
		      uint32_t count)
{
	memcpy((char *)resolved + places[kind].items, &items, sizeof(items));
	memcpy((char *)resolved + places[kind].count, &count, sizeof(count));
}

/* From a resolved policy. */

static int load_endpoints(struct objects *objects, const struct weir_resolved *resolved)
{
	struct weir_memberships memberships;
	struct weir_arena arena;
	int status;

	weir_arena_init(&arena, objects->allocator);
	status = weir_find_memberships(resolved, &arena, &memberships);
	for (uint32_t i = 0; i < resolved->endpoint_count && !status; i++) {
		struct object_endpoint endpoint = {
			.endpoint = resolved->endpoints[i],
			.sets = memberships.sets + memberships.first[i],
			.set_count = memberships.first[i + 1] - memberships.first[i],
		};

		status = objects_take(objects, OBJECT_ENDPOINT, &endpoint);
	}
	weir_arena_finish(&arena);
	return status;
}

static int load_kind(struct objects *objects, enum object_kind kind,
		     const struct weir_resolved *resolved)
{
	const char *items = items_in(resolved, kind);
	uint32_t count = count_in(resolved, kind);
	int status = 0;

	for (uint32_t i = 0; i < count && !status; i++)
		status = objects_take(objects, kind,
				      items + (size_t)i * resolved_shapes[kind]->size);
	return status;
}

int objects_load(struct objects *objects, const struct weir_resolved *resolved)
{
	int status = load_endpoints(objects, resolved);

	for (unsigned kind = 0; kind < OBJECT_KINDS && !status; kind++) {
		if (kind != OBJECT_ENDPOINT)
			status = load_kind(objects, (enum object_kind)kind, resolved);
	}
	if (!status)
		status = weir_array_resize(&objects->order, resolved->rule_count);
	for (uint32_t i = 0; i < resolved->rule_count && !status; i++)
		((uint32_t *)objects->order.items)[i] = i;
	return status;
}

/* To a resolved policy. */

struct resolving {
	const struct objects *objects;
	struct weir_arena *arena;
	struct weir_resolved *out;
	uint32_t *index_of[OBJECT_KINDS]; /* by number */
};

static int check_from(const struct objects *objects, enum object_kind first,
		      struct weir_error *error)
{
	int status = 0;

	for (unsigned kind = first; kind < OBJECT_KINDS; kind++) {
		for (uint32_t i = 0; i < objects->pools[kind].slots.count && !status; i++) {
			const void *object = objects_get(objects, kind, i);

			if (object)
				status = shape_check(objects, kind, i, object, error);
		}
	}
	return status;
}

/* Rules are in the order in which they are tried, all others in that of their numbers. */
static int number_kind(struct resolving *resolving, enum object_kind kind)
{
	const struct objects *objects = resolving->objects;
	size_t count = objects->pools[kind].slots.count;
	uint32_t *index_of = weir_arena_array(resolving->arena, count, uint32_t);
	uint32_t next = 0;

	resolving->index_of[kind] = index_of;
	if (!index_of)
		return -ENOMEM;
	if (kind == OBJECT_RULE) {
		const uint32_t *order = objects->order.items;

		for (size_t i = 0; i < objects->order.count; i++)
			index_of[order[i]] = (uint32_t)i;
		return 0;
	}
	for (uint32_t i = 0; i < count; i++) {
		if (objects_get(objects, kind, i))
			index_of[i] = next++;
	}
	return 0;
}

/* What an object begins with is what a resolved policy has. */
static int resolve_kind(struct resolving *resolving, enum object_kind kind)
{
	const struct object_pool *pool = &resolving->objects->pools[kind];
	const struct shape *shape = resolved_shapes[kind];
	char *made = weir_arena_allocate(resolving->arena, pool->count, shape->size);
	int status = made ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < pool->slots.count && !status; i++) {
		const void *object = objects_get(resolving->objects, kind, i);
		char *to;

		if (!object)
			continue;
		to = made + (size_t)resolving->index_of[kind][i] * shape->size;
		memcpy(to, object, shape->size);
		status = shape_renumber(shape, to, resolving->index_of, resolving->arena);
	}
	put_items(resolving->out, kind, made, pool->count);
	return status;
}

static int resolve_from(struct resolving *resolving, enum object_kind first)
{
	int status = 0;

	for (unsigned kind = first; kind < OBJECT_KINDS && !status; kind++)
		status = number_kind(resolving, (enum object_kind)kind);
	for (unsigned kind = first; kind < OBJECT_KINDS && !status; kind++)
		status = resolve_kind(resolving, (enum object_kind)kind);
	return status;
}

int sets_fill(struct weir_set *sets, uint32_t count, struct weir_arena *arena,
	      void (*put_all)(const void *context, const struct set_filler *filler),
	      const void *context)
{
	struct set_filler filler = { .sets = sets };
	uint32_t **members = weir_arena_array(arena, count, uint32_t *);

	if (!members)
		return -ENOMEM;
	put_all(context, &filler);
	for (uint32_t i = 0; i < count; i++) {
		members[i] = weir_arena_array(arena, sets[i].endpoint_count, uint32_t);
		if (!members[i])
			return -ENOMEM;
		sets[i].endpoints = members[i];
		sets[i].endpoint_count = 0;
	}
	filler.members = members;
	put_all(context, &filler);
	return 0;
}

/* Endpoints come in order, so the lists of the sets are in order. */
static void put_endpoints(const void *context, const struct set_filler *filler)
{
	const struct resolving *resolving = context;
	const struct objects *objects = resolving->objects;

	for (uint32_t i = 0; i < objects->pools[OBJECT_ENDPOINT].slots.count; i++) {
		const struct object_endpoint *object = objects_get(objects, OBJECT_ENDPOINT, i);

		for (uint32_t j = 0; object && j < object->set_count; j++)
			set_filler_put(filler, resolving->index_of[OBJECT_SET][object->sets[j]],
				       resolving->index_of[OBJECT_ENDPOINT][i]);
	}
}

int objects_resolve(const struct objects *objects, struct weir_arena *arena,
		    struct weir_resolved *out, struct weir_error *error)
{
	struct resolving resolving = { .objects = objects, .arena = arena, .out = out };
	int status = check_from(objects, OBJECT_ENDPOINT, error);

	if (status)
		return status;
	status = resolve_from(&resolving, OBJECT_ENDPOINT);
	if (!status)
		status = sets_fill((struct weir_set *)(uintptr_t)out->sets, out->set_count, arena,
				   put_endpoints, &resolving);
	return status ? objects_fail(error, -ENOMEM, "out of memory") : 0;
}

int objects_resolve_rules(const struct objects *objects, struct weir_arena *arena,
			  struct weir_resolved *out, const uint32_t **index_of_set)
{
	struct resolving resolving = { .objects = objects, .arena = arena, .out = out };
	int status = check_from(objects, OBJECT_SET, NULL);

	if (!status)
		status = resolve_from(&resolving, OBJECT_SET);
	*index_of_set = resolving.index_of[OBJECT_SET];
	return status;
}
