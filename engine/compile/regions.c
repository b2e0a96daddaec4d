#include "regions.h"

#include <errno.h>
#include <stdlib.h>

#include "numbers.h"

static const struct weir_prefix all_ipv4 = {
	{ { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0 } }, 96
};
static const struct weir_prefix all_ipv6;

static int compare_prefixes(const struct weir_prefix *a, const struct weir_prefix *b)
{
	int order = weir_prefix_is_ipv4(b) - weir_prefix_is_ipv4(a);

	if (!order)
		order = memcmp(a->address.bytes, b->address.bytes, sizeof(a->address.bytes));
	return order ? order : a->length - b->length;
}

static int compare_regions(const void *a, const void *b)
{
	return compare_prefixes(&((const struct region *)a)->prefix,
				&((const struct region *)b)->prefix);
}

static uint32_t find_prefix(const struct regions *regions, const struct weir_prefix *prefix)
{
	uint32_t low = 0;
	uint32_t high = regions->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = compare_prefixes(prefix, &regions->items[middle].prefix);

		if (!order)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return WEIR_NONE;
}

static void add(struct regions *regions, const struct weir_prefix *prefix)
{
	regions->items[regions->count++].prefix = *prefix;
}

static bool same_family(const struct weir_prefix *a, const struct weir_prefix *b)
{
	return weir_prefix_is_ipv4(a) == weir_prefix_is_ipv4(b);
}

static size_t count_holes(const struct weir_resolved *resolved)
{
	size_t count = 0;

	for (uint32_t i = 0; i < resolved->block_count; i++)
		count += resolved->blocks[i].hole_count;
	return count;
}

static void collect(struct regions *regions, const struct weir_resolved *resolved)
{
	add(regions, &all_ipv4);
	add(regions, &all_ipv6);
	for (uint32_t i = 0; i < resolved->block_count; i++) {
		const struct weir_block *block = &resolved->blocks[i];

		add(regions, &block->prefix);
		for (uint32_t j = 0; j < block->hole_count; j++) {
			if (same_family(&block->prefix, &block->holes[j]))
				add(regions, &block->holes[j]);
		}
	}
	for (uint32_t i = 0; i < resolved->pod_range_count; i++)
		add(regions, &resolved->pod_ranges[i]);
}

static void sort_and_thin(struct regions *regions)
{
	uint32_t kept = 0;

	qsort(regions->items, regions->count, sizeof(*regions->items), compare_regions);
	for (uint32_t i = 0; i < regions->count; i++) {
		if (kept && compare_regions(&regions->items[kept - 1], &regions->items[i]) == 0)
			continue;
		regions->items[kept++] = regions->items[i];
	}
	regions->count = kept;
}

/* Walking up from the region before finds the parent; whoever is left on the way ends here. */
static void link_up(struct regions *regions)
{
	struct region *items = regions->items;

	for (uint32_t i = 0; i < regions->count; i++) {
		uint32_t parent = i ? i - 1 : WEIR_NONE;

		while (parent != WEIR_NONE &&
		       !(same_family(&items[parent].prefix, &items[i].prefix) &&
			 weir_prefix_covers(&items[parent].prefix, &items[i].prefix))) {
			items[parent].end = i;
			parent = items[parent].parent;
		}
		items[i].parent = parent;
		items[i].end = regions->count;
		if (weir_prefix_is_ipv4(&items[i].prefix))
			regions->ipv4_count++;
	}
}

static void mark_pod_ranges(struct regions *regions, const struct weir_resolved *resolved)
{
	for (uint32_t i = 0; i < resolved->pod_range_count; i++)
		regions->items[find_prefix(regions, &resolved->pod_ranges[i])].in_pod_range = true;
	for (uint32_t i = 0; i < regions->count; i++) {
		struct region *region = &regions->items[i];

		if (region->parent != WEIR_NONE && regions->items[region->parent].in_pod_range)
			region->in_pod_range = true;
	}
}

static void locate_blocks(struct regions *regions, const struct weir_resolved *resolved)
{
	uint32_t next = 0;

	for (uint32_t i = 0; i < resolved->block_count; i++) {
		const struct weir_block *block = &resolved->blocks[i];

		regions->of_block[i] = find_prefix(regions, &block->prefix);
		regions->hole_first[i] = next;
		for (uint32_t j = 0; j < block->hole_count; j++) {
			if (same_family(&block->prefix, &block->holes[j]))
				regions->holes[next++] = find_prefix(regions, &block->holes[j]);
		}
		weir_sort_numbers(regions->holes + regions->hole_first[i],
				  next - regions->hole_first[i]);
	}
	regions->hole_first[resolved->block_count] = next;
}

int regions_build(struct regions *regions, struct weir_arena *arena,
		  const struct weir_resolved *resolved)
{
	size_t holes = count_holes(resolved);
	size_t most = 2 + (size_t)resolved->block_count + holes + resolved->pod_range_count;

	*regions = (struct regions){
		.items = weir_arena_array(arena, most, struct region),
		.of_block = weir_arena_array(arena, resolved->block_count, uint32_t),
		.hole_first = weir_arena_array(arena, (size_t)resolved->block_count + 1, uint32_t),
		.holes = weir_arena_array(arena, holes, uint32_t),
	};
	if (most >= UINT32_MAX || !regions->items || !regions->of_block || !regions->hole_first ||
	    !regions->holes)
		return -ENOMEM;
	collect(regions, resolved);
	sort_and_thin(regions);
	link_up(regions);
	mark_pod_ranges(regions, resolved);
	locate_blocks(regions, resolved);
	return 0;
}

uint32_t regions_find(const struct regions *regions, const struct weir_address *address)
{
	bool ipv4 = weir_address_is_ipv4(address);
	uint32_t low = ipv4 ? 0 : regions->ipv4_count;
	uint32_t high = ipv4 ? regions->ipv4_count : regions->count;

	/* The last one that does not begin behind the address, or one that it is inside. */
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		const struct weir_address *first = &regions->items[middle].prefix.address;

		if (address_compare(first, address) <= 0)
			low = middle;
		else
			high = middle;
	}
	while (!weir_prefix_contains(&regions->items[low].prefix, address))
		low = regions->items[low].parent;
	return low;
}

bool regions_in_block(const struct regions *regions, uint32_t block, uint32_t region)
{
	uint32_t whole = regions->of_block[block];

	if (region < whole || region >= regions->items[whole].end)
		return false;
	for (uint32_t i = regions->hole_first[block]; i < regions->hole_first[block + 1]; i++) {
		uint32_t hole = regions->holes[i];

		if (region >= hole && region < regions->items[hole].end)
			return false;
	}
	return true;
}

uint32_t regions_next(const struct regions *regions, uint32_t block, uint32_t region)
{
	uint32_t whole = regions->of_block[block];

	if (region < whole)
		region = whole;
	for (uint32_t i = regions->hole_first[block]; i < regions->hole_first[block + 1]; i++) {
		uint32_t hole = regions->holes[i];

		if (region >= hole && region < regions->items[hole].end)
			region = regions->items[hole].end;
	}
	return region < regions->items[whole].end ? region : WEIR_NONE;
}
