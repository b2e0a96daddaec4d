#include "table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "text.h"
#include "utf8.h"

enum {
	GAP = 2, /* spaces between columns */
};

struct cell {
	size_t offset; /* of its text */
	size_t length;
	size_t width;
	enum report_style style;
};

struct report_table {
	const struct report_column *columns;
	size_t column_count;
	size_t *widths; /* 0: nothing to show */
	bool *dropped;
	struct cell *cells;
	size_t cell_count;
	size_t cell_capacity;
	struct report_text text;
	bool has_header;
	bool is_short;
};

struct report_table *report_table_create(const struct report_column *columns, size_t count)
{
	struct report_table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->columns = columns;
	table->column_count = count;
	table->widths = calloc(count, sizeof(*table->widths));
	table->dropped = calloc(count, sizeof(*table->dropped));
	if (!table->widths || !table->dropped) {
		report_table_destroy(table);
		return NULL;
	}
	return table;
}

void report_table_destroy(struct report_table *table)
{
	if (!table)
		return;
	free(table->widths);
	free(table->dropped);
	free(table->cells);
	report_text_finish(&table->text);
	free(table);
}

static struct cell *push_cell(struct report_table *table)
{
	if (table->cell_count == table->cell_capacity) {
		size_t capacity = table->cell_capacity ? table->cell_capacity * 2 : 256;
		struct cell *cells = realloc(table->cells, capacity * sizeof(*cells));

		if (!cells)
			return NULL;
		table->cells = cells;
		table->cell_capacity = capacity;
	}
	return &table->cells[table->cell_count++];
}

/* Takes the text from offset on as the next cell. */
static void end_cell(struct report_table *table, enum report_style style, size_t offset)
{
	size_t column = table->cell_count % table->column_count;
	size_t length = table->text.length - offset;
	struct cell *cell = push_cell(table);

	if (!cell || table->text.is_short) {
		table->is_short = true;
		return;
	}
	*cell = (struct cell){
		.offset = offset,
		.length = length,
		.width = report_utf8_width(table->text.bytes + offset, length),
		.style = style,
	};
	if (cell->width > table->widths[column])
		table->widths[column] = cell->width;
}

void report_table_cell(struct report_table *table, enum report_style style, const char *text)
{
	size_t offset = table->text.length;

	report_text_add_string(&table->text, text);
	end_cell(table, style, offset);
}

void report_table_cell_format(struct report_table *table, enum report_style style,
			      const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0) {
		table->is_short = true;
		return;
	}
	report_table_cell(table, style, text);
	free(text);
}

void report_table_widen(struct report_table *table, size_t column, size_t width)
{
	if (width > table->widths[column])
		table->widths[column] = width;
}

bool report_table_is_short(const struct report_table *table)
{
	return table->is_short;
}

static bool is_shown(const struct report_table *table, size_t column)
{
	return table->widths[column] > 0 && !table->dropped[column];
}

static size_t total_width(const struct report_table *table)
{
	size_t total = 0;

	for (size_t i = 0; i < table->column_count; i++)
		if (is_shown(table, i))
			total += table->widths[i] + GAP;
	return total > GAP ? total - GAP : 0;
}

/* The shown column that goes first, or column_count when none may go. */
static size_t most_expendable(const struct report_table *table)
{
	size_t found = table->column_count;
	unsigned most = 0;

	for (size_t i = 0; i < table->column_count; i++)
		if (is_shown(table, i) && table->columns[i].expendable > most) {
			most = table->columns[i].expendable;
			found = i;
		}
	return found;
}

static void lay_out(struct report_table *table, const struct report_table_look *look)
{
	for (size_t i = 0; i < table->column_count; i++) {
		size_t title = strlen(table->columns[i].title);

		if (table->widths[i] > 0 && table->widths[i] < title)
			table->widths[i] = title;
	}
	while (look->terminal_width && total_width(table) > look->terminal_width) {
		size_t column = most_expendable(table);

		if (column == table->column_count)
			return;
		table->dropped[column] = true;
	}
}

static void print_spaces(FILE *file, size_t count)
{
	fprintf(file, "%*s", (int)count, "");
}

/* Spaces are owed until something follows them, so that none end a line. */
static void print_cell(struct report_table *table, FILE *file, size_t column,
		       const struct cell *cell, const char *text, bool color, size_t *owed)
{
	size_t width = table->widths[column];
	size_t padding = width > cell->width ? width - cell->width : 0;
	bool is_right = table->columns[column].align == REPORT_RIGHT;

	if (cell->length > 0) {
		print_spaces(file, *owed + (is_right ? padding : 0));
		*owed = is_right ? 0 : padding;
		if (color)
			fputs(report_style_begin(cell->style), file);
		fwrite(text, 1, cell->length, file);
		if (color)
			fputs(report_style_end(cell->style), file);
	} else {
		*owed += padding;
	}
	*owed += GAP;
}

static void print_header(struct report_table *table, FILE *file, bool color)
{
	size_t owed = 0;

	for (size_t i = 0; i < table->column_count; i++) {
		const char *title = table->columns[i].title;
		struct cell cell = { .length = strlen(title),
				     .width = strlen(title),
				     .style = REPORT_STRONG };

		if (is_shown(table, i))
			print_cell(table, file, i, &cell, title, color, &owed);
	}
	fputc('\n', file);
}

static void print_row(struct report_table *table, FILE *file, const struct cell *cells, bool color)
{
	size_t owed = 0;

	for (size_t i = 0; i < table->column_count; i++)
		if (is_shown(table, i))
			print_cell(table, file, i, &cells[i], table->text.bytes + cells[i].offset,
				   color, &owed);
	fputc('\n', file);
}

void report_table_print(struct report_table *table, FILE *file,
			const struct report_table_look *look)
{
	if (!table->has_header) {
		lay_out(table, look);
		print_header(table, file, look->color);
		table->has_header = true;
	}
	for (size_t i = 0; i + table->column_count <= table->cell_count; i += table->column_count)
		print_row(table, file, table->cells + i, look->color);
	table->cell_count = 0;
	report_text_clear(&table->text);
}

size_t report_terminal_width(FILE *file)
{
	struct winsize size;

	if (!isatty(fileno(file)) || ioctl(fileno(file), TIOCGWINSZ, &size) != 0)
		return 0;
	return size.ws_col;
}
