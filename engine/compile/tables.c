#include "tables.h"

#include <errno.h>
#include <string.h>

#include "handle.h"

/* The policy. */

struct reduced {
	const struct tables_source *source;
	struct weir_arena arena;
	struct weir_resolved resolved;
	const uint32_t *index_of_set;
};

static const struct object_endpoint *other_at(const struct tables_source *source, uint32_t i)
{
	return objects_get(source->objects, OBJECT_ENDPOINT, source->others[i]);
}

static uint32_t index_of_other(const struct tables_source *source, uint32_t number)
{
	uint32_t low = 0;
	uint32_t high = source->other_count;

	if (number == WEIR_NONE)
		return WEIR_NONE;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (source->others[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return kinds_count(source->kinds) + low;
}

static struct weir_endpoint pod_of(const struct kind *kind)
{
	return (struct weir_endpoint){
		.namespace_name = "",
		.name = "",
		.addresses = &kind->address,
		.address_count = 1,
		.ports = kind->ports,
		.port_count = kind->port_count,
		.node = WEIR_NONE,
		.workload = WEIR_NONE,
		.kind = WEIR_ENDPOINT_POD,
		.rank = WEIR_RANK_RUNNING,
	};
}

static int add_endpoints(struct reduced *reduced)
{
	const struct tables_source *source = reduced->source;
	uint32_t kinds = kinds_count(source->kinds);
	uint32_t count = kinds + source->other_count;
	struct weir_endpoint *made = weir_arena_array(&reduced->arena, count, struct weir_endpoint);

	if (!made)
		return -ENOMEM;
	for (uint32_t i = 0; i < kinds; i++)
		made[i] = pod_of(kinds_at(source->kinds, i));
	for (uint32_t i = 0; i < source->other_count; i++) {
		struct weir_endpoint *other = &made[kinds + i];

		*other = other_at(source, i)->endpoint;
		other->node = index_of_other(source, other->node);
		other->workload = WEIR_NONE;
	}
	reduced->resolved.endpoints = made;
	reduced->resolved.endpoint_count = count;
	return 0;
}

static void put(const struct reduced *reduced, uint32_t endpoint, const uint32_t *sets,
		uint32_t count, const struct set_filler *filler)
{
	for (uint32_t i = 0; i < count; i++) {
		/* A kind without pods may be in sets that are gone. */
		if (objects_get(reduced->source->objects, OBJECT_SET, sets[i]))
			set_filler_put(filler, reduced->index_of_set[sets[i]], endpoint);
	}
}

static void put_endpoints(const void *context, const struct set_filler *filler)
{
	const struct reduced *reduced = context;
	const struct tables_source *source = reduced->source;
	uint32_t kinds = kinds_count(source->kinds);

	for (uint32_t i = 0; i < kinds; i++) {
		const struct kind *kind = kinds_at(source->kinds, i);

		put(reduced, i, kind->sets, kind->set_count, filler);
	}
	for (uint32_t i = 0; i < source->other_count; i++) {
		const struct object_endpoint *other = other_at(source, i);

		put(reduced, kinds + i, other->sets, other->set_count, filler);
	}
}

static int reduce(struct reduced *reduced)
{
	int status = objects_resolve_rules(reduced->source->objects, &reduced->arena,
					   &reduced->resolved, &reduced->index_of_set);

	if (!status)
		status = add_endpoints(reduced);
	if (status)
		return status;
	return sets_fill((struct weir_set *)(uintptr_t)reduced->resolved.sets,
			 reduced->resolved.set_count, &reduced->arena, put_endpoints, reduced);
}

/* What of the compilation is gone when it is over. */

static void *copy_of(struct weir_arena *arena, const void *items, size_t count, size_t size)
{
	void *copy = weir_arena_allocate(arena, count, size);

	if (copy && count)
		memcpy(copy, items, count * size);
	return copy;
}

static int keep(void *context, struct build *build, struct weir_policy *policy)
{
	struct tables *out = context;

	(void)policy;
	out->region_count = build->regions.count;
	out->owned_count = build->owners.count;
	out->leaf_of_region = copy_of(&out->arena, build->leaf_of_region, out->region_count,
				      sizeof(*out->leaf_of_region));
	out->owned =
		copy_of(&out->arena, build->owners.items, out->owned_count, sizeof(*out->owned));
	return out->leaf_of_region && out->owned ? 0 : -ENOMEM;
}

void tables_finish(struct tables *tables)
{
	weir_policy_unref(tables->policy);
	weir_arena_finish(&tables->arena);
}

int tables_compile(const struct tables_source *source, struct tables *out)
{
	struct reduced reduced = { .source = source, .resolved = *source->frame };
	struct tables made = { .kind_count = kinds_count(source->kinds) };
	const struct build_keeper keeper = { keep, &made };
	const struct build_kinds kinds = { made.kind_count, source->kind_room, source->regions };
	int status;

	weir_arena_init(&reduced.arena, source->options.allocator);
	weir_arena_init(&made.arena, source->options.allocator);
	status = reduce(&reduced);
	if (!status)
		status = weir_compile_kinds(&reduced.resolved, &kinds, &source->options, &keeper,
					    &made.policy, NULL);
	weir_arena_finish(&reduced.arena);
	if (status)
		tables_finish(&made);
	else
		*out = made;
	return status;
}

bool tables_are_alike(const struct tables *a, const struct tables *b)
{
	if (a->policy->lookup.profile_bits != b->policy->lookup.profile_bits ||
	    a->region_count != b->region_count || a->owned_count != b->owned_count)
		return false;
	for (uint32_t i = 0; i < a->owned_count; i++) {
		if (a->owned[i].leaf != b->owned[i].leaf)
			return false;
	}
	return memcmp(a->leaf_of_region, b->leaf_of_region,
		      a->region_count * sizeof(*a->leaf_of_region)) == 0;
}
