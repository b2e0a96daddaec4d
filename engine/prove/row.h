/*
 * row.h - the port sets that stand in the row of a near end, and how they are told apart.
 *
 * A kernel answers from one of them. Which one it took for a far end shows in a few ports: those in
 * which the right one differs from each of the others.
 */
#ifndef WEIR_PROVE_ROW_H
#define WEIR_PROVE_ROW_H

#include "cells.h"

struct row_cell {
	uint32_t number;     /* of cells.h */
	uint32_t first_port; /* in ports: those that tell it from all others of the row */
	uint32_t port_count;
	bool was_asked; /* about all ports */
};

struct row {
	const struct cells *cells;
	uint32_t *places;        /* by number: one more than in the list, 0 when it is not there */
	struct weir_array list;  /* struct row_cell */
	struct weir_array ports; /* uint32_t */
	bool *alive;
	uint32_t *differing; /* by port */
};

/* -ENOMEM. To be finished in any case. */
int row_init(struct row *row, const struct cells *cells, const struct weir_allocator *allocator);
void row_finish(struct row *row);

/* Another near end: the list is empty. */
void row_begin(struct row *row);
/* A cell's number into the list, unless it is there; -ENOMEM. */
int row_add(struct row *row, uint32_t number);
/* Finds the ports when all are in it; -ENOMEM. */
int row_tell_apart(struct row *row);

static inline struct row_cell *row_cell(const struct row *row, uint32_t number)
{
	return (struct row_cell *)row->list.items + row->places[number] - 1;
}

#endif
