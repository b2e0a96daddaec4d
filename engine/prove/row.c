#include "row.h"

#include <errno.h>

#include "masks.h"

enum {
	BITS = 64,
	COMPARED_MOST = 256, /* port sets: of more, all ports are asked */
};

int row_init(struct row *row, const struct cells *cells, const struct weir_allocator *allocator)
{
	*row = (struct row){
		.cells = cells,
		.places = weir_allocate_zeroed(allocator, cells->masks.count, sizeof(uint32_t)),
		.list = weir_array_of(allocator, struct row_cell),
		.ports = weir_array_of(allocator, uint32_t),
		.alive = weir_allocate_zeroed(allocator, COMPARED_MOST, sizeof(bool)),
		.differing = weir_allocate_zeroed(allocator, cells->words * BITS, sizeof(uint32_t)),
	};
	return row->places && row->alive && row->differing ? 0 : -ENOMEM;
}

void row_finish(struct row *row)
{
	const struct weir_allocator *allocator = row->list.allocator;

	if (!row->cells)
		return;
	weir_release(allocator, row->places);
	weir_release(allocator, row->alive);
	weir_release(allocator, row->differing);
	weir_array_finish(&row->list);
	weir_array_finish(&row->ports);
}

void row_begin(struct row *row)
{
	const struct row_cell *list = row->list.items;

	for (size_t i = 0; i < row->list.count; i++)
		row->places[list[i].number] = 0;
	row->list.count = 0;
	row->ports.count = 0;
}

int row_add(struct row *row, uint32_t number)
{
	struct row_cell *cell;

	if (row->places[number])
		return 0;
	cell = weir_array_push(&row->list);
	if (!cell)
		return -ENOMEM;
	cell->number = number;
	row->places[number] = (uint32_t)row->list.count;
	return 0;
}

static const uint64_t *mask_of(const struct row *row, size_t i)
{
	const struct row_cell *list = row->list.items;

	return cells_mask(row->cells, list[i].number);
}

/* The port in which most of those that are left differ. */
static uint32_t best_port(struct row *row, const uint64_t *mask)
{
	uint32_t best = 0;

	memset(row->differing, 0, row->cells->words * BITS * sizeof(*row->differing));
	for (size_t i = 0; i < row->list.count; i++) {
		for (size_t j = 0; j < row->cells->words && row->alive[i]; j++) {
			uint64_t bits = mask_of(row, i)[j] ^ mask[j];

			for (; bits; bits &= bits - 1)
				row->differing[j * BITS + (size_t)__builtin_ctzll(bits)]++;
		}
	}
	for (uint32_t i = 1; i < row->cells->ports; i++) {
		if (row->differing[i] > row->differing[best])
			best = i;
	}
	return best;
}

static int push_port(struct row *row, struct row_cell *cell, uint32_t port)
{
	uint32_t *place = weir_array_push(&row->ports);

	if (!place)
		return -ENOMEM;
	*place = port;
	cell->port_count++;
	return 0;
}

static int choose_ports(struct row *row, struct row_cell *cell, size_t index)
{
	const uint64_t *mask = mask_of(row, index);
	size_t left = row->list.count - 1;
	int status = 0;

	for (size_t i = 0; i < row->list.count; i++)
		row->alive[i] = i != index;
	while (left && !status) {
		uint32_t port = best_port(row, mask);

		status = push_port(row, cell, port);
		for (size_t i = 0; i < row->list.count; i++) {
			if (row->alive[i] &&
			    masks_has(mask_of(row, i), port) != masks_has(mask, port)) {
				row->alive[i] = false;
				left--;
			}
		}
	}
	/* Something is asked in any case. */
	if (!cell->port_count && !status)
		status = push_port(row, cell, cell->number % row->cells->ports);
	return status;
}

int row_tell_apart(struct row *row)
{
	struct row_cell *list = row->list.items;
	int status = 0;

	for (size_t i = 0; i < row->list.count && !status; i++) {
		list[i].first_port = (uint32_t)row->ports.count;
		if (row->list.count <= COMPARED_MOST) {
			status = choose_ports(row, &list[i], i);
			continue;
		}
		for (uint32_t j = 0; j < row->cells->ports && !status; j++)
			status = push_port(row, &list[i], j);
	}
	return status;
}
