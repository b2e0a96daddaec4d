/*
 * table.h - text in columns.
 *
 *	table = report_table_create(columns, COUNT(columns));
 *	report_table_cell(table, REPORT_PLAIN, "app/web");  (column by column, row by row)
 *	report_table_print(table, stdout, &(struct report_table_look){ .color = true });
 *
 * Columns are as wide as their widest cell. A column in which every cell is empty is not shown,
 * unless it is kept. No line ends in spaces, and nothing is ever cut.
 */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "color.h"

enum report_align {
	REPORT_LEFT,
	REPORT_RIGHT,
};

struct report_column {
	const char *title;
	enum report_align align;
	/* What goes first where the table is wider than the terminal: the highest number; 0 never
	 * goes. */
	unsigned expendable;
};

struct report_table_look {
	bool color;
	size_t terminal_width; /* 0: as wide as it gets */
};

struct report_table;

/* The columns are borrowed. NULL: no memory. */
struct report_table *report_table_create(const struct report_column *columns, size_t count);
void report_table_destroy(struct report_table *table); /* NULL is allowed */

/* Fills the next cell. */
void report_table_cell(struct report_table *table, enum report_style style, const char *text);
void report_table_cell_format(struct report_table *table, enum report_style style,
			      const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Makes a column at least so wide, and shown: for tables that are printed in parts. */
void report_table_widen(struct report_table *table, size_t column, size_t width);

/* Prints the rows added since the last call, the first time under their titles. */
void report_table_print(struct report_table *table, FILE *file,
			const struct report_table_look *look);

/* True when memory ran out: rows are missing. */
bool report_table_is_short(const struct report_table *table);

/* Columns of the terminal behind the file, or 0 when it is none. */
size_t report_terminal_width(FILE *file);

#endif
