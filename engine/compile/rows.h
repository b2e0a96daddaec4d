/*
 * rows.h - finished rows into lines: which form, and each row once.
 */
#ifndef WEIR_COMPILE_ROWS_H
#define WEIR_COMPILE_ROWS_H

#include "build.h"

struct cell {
	uint32_t class;
	uint32_t set; /* port set */
};

/* Places rows of one direction. */
struct row_writer {
	struct build *build;
	struct side *side;
	struct weir_map rows;        /* what was placed, to its word */
	struct weir_array counts[2]; /* inside, outside; by port set: cells of the row at hand */
	uint32_t *sets;              /* by class: the row at hand, spread out */
	struct cell *cells;          /* those that deviate from the defaults; then the defaults */
	uint8_t *is_outside;         /* by class */
	uint32_t totals[2];          /* classes inside, outside */
	uint32_t *buckets;
	uint32_t bucket_room;
};

int row_writer_init(struct row_writer *writer, struct build *build, struct side *side);
void row_writer_finish(struct row_writer *writer);

/* Places a row: count cells, all other classes having the set otherwise. */
int row_writer_place(struct row_writer *writer, const struct cell *cells, uint32_t count,
		     uint32_t otherwise, uint32_t *word);

#endif
