#include "cells.h"

#include <errno.h>

#include "lookup.h"

enum {
	BITS = 64,
};

static void read_mask(const struct cells *cells, const struct facts *facts, uint32_t set,
		      uint64_t *mask)
{
	const struct port_class *ports = facts->ports.items;

	memset(mask, 0, cells->words * sizeof(*mask));
	for (uint32_t i = 0; i < cells->ports; i++) {
		uint32_t class = port_class_of(facts->lookup, &ports[i].key);

		if (port_set_has(port_set_of(facts->lookup, set), class))
			mask[i / BITS] |= (uint64_t)1 << i % BITS;
	}
}

static int number_mask(struct cells *cells, struct facts *facts, struct weir_map *map, uint32_t set,
		       const uint64_t *mask)
{
	size_t length = cells->words * sizeof(*mask);
	const uint64_t **kept;
	int is_new = 0;

	cells->numbers[set] = facts_number(facts, map, mask, length, &is_new);
	if (cells->numbers[set] == WEIR_NONE)
		return -ENOMEM;
	if (!is_new)
		return 0;
	kept = weir_array_push(&cells->masks);
	if (kept)
		*kept = (const uint64_t *)(const void *)weir_arena_copy(&facts->arena,
									(const char *)mask, length);
	return kept && *kept ? 0 : -ENOMEM;
}

int cells_make(struct cells *cells, struct facts *facts)
{
	const struct layout_header *header = facts->lookup->header;
	uint32_t count = (uint32_t)(LAYOUT_COUNT(header, LAYOUT_PORT_SETS, uint64_t) /
				    header->port_set_words);
	struct weir_map map;
	uint64_t *mask;
	int status;

	*cells = (struct cells){
		.numbers = weir_arena_array(&facts->arena, count + 1, uint32_t),
		.masks = weir_array_of(facts->allocator, const uint64_t *),
		.words = (facts->ports.count + BITS - 1) / BITS,
		.ports = (uint32_t)facts->ports.count,
	};
	mask = weir_arena_array(&facts->arena, cells->words, uint64_t);
	status = mask && cells->numbers ? 0 : -ENOMEM;
	weir_map_init(&map, facts->allocator);
	for (uint32_t i = 0; i < count && !status; i++) {
		read_mask(cells, facts, i, mask);
		status = number_mask(cells, facts, &map, i, mask);
	}
	weir_map_finish(&map);
	return status;
}

void cells_finish(struct cells *cells)
{
	weir_array_finish(&cells->masks);
}

uint32_t cells_of(const struct cells *cells, const struct lookup *lookup,
		  enum weir_direction direction, uint32_t near_leaf, uint32_t far_leaf)
{
	uint32_t row = profile_of(lookup, near_leaf)->row[direction];
	uint32_t class = profile_of(lookup, far_leaf)->class[direction];

	return cells->numbers[cell_of(lookup, direction, row, class)];
}
