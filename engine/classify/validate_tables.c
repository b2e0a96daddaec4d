/*
 * validate_tables.c - profiles lead to rows, rows to port sets, ports to port classes.
 *
 * Profiles share rows. Where a row begins its form is marked, and two profiles that do not agree
 * about it are refused; then the lines are gone through in order, a row at a time, and a row that
 * begins inside of another is refused. So each line is looked at once.
 */
#include "validate.h"

#include <errno.h>

enum {
	CELLS = LAYOUT_LINE_SLOTS + 2,
	SETS_MOST = 65536,
};

static int check_ports(struct checker *checker)
{
	const uint16_t *roots = layout_section(checker->header, LAYOUT_PORT_ROOTS);
	const uint16_t *classes = layout_section(checker->header, LAYOUT_PORT_CHUNKS);
	size_t numbers = (size_t)checker->counts[LAYOUT_PORT_CHUNKS] * LAYOUT_PORTS_PER_CHUNK;

	if (checker->counts[LAYOUT_PORT_ROOTS] != LAYOUT_SLOTS * LAYOUT_CHUNKS)
		return check_fail(checker, "there are %u port roots",
				  checker->counts[LAYOUT_PORT_ROOTS]);
	for (uint32_t i = 0; i < checker->counts[LAYOUT_PORT_ROOTS]; i++) {
		if (roots[i] >= checker->counts[LAYOUT_PORT_CHUNKS])
			return check_fail(checker, "port root %u has no chunk", i);
	}
	for (size_t i = 0; i < numbers; i++) {
		if (classes[i] >= checker->header->port_classes)
			return check_fail(checker, "port %zu has no class", i);
	}
	return 0;
}

/* The sets are counted; until here they are words. */
static int check_port_sets(struct checker *checker)
{
	const struct layout_header *header = checker->header;
	uint32_t *count = &checker->counts[LAYOUT_PORT_SETS];

	if (header->port_classes < LAYOUT_PORT_CLASSES_FIXED || header->port_classes > SETS_MOST ||
	    header->port_set_words != (header->port_classes + 63) / 64)
		return check_fail(checker, "%u port classes do not fit %u words",
				  header->port_classes, header->port_set_words);
	if (!*count || *count % header->port_set_words ||
	    *count / header->port_set_words > SETS_MOST)
		return check_fail(checker, "%u words are no port sets", *count);
	*count /= header->port_set_words;
	return 0;
}

/* One direction's rows. */
struct rows {
	struct checker *checker;
	const struct layout_line *lines;
	uint8_t *forms; /* of the row that begins at each line, from 1; 0: none does */
	uint32_t line_count;
	uint32_t class_count;
	enum weir_direction direction;
};

static uint64_t lines_of(const struct rows *rows, uint32_t form)
{
	uint64_t bytes = (uint64_t)rows->class_count * sizeof(uint16_t);

	if (form == LAYOUT_ROW_DENSE)
		return (bytes + sizeof(struct layout_line) - 1) / sizeof(struct layout_line);
	return (uint64_t)1 << form;
}

static int mark_row(struct rows *rows, uint32_t word)
{
	uint32_t form = word & ((1u << LAYOUT_ROW_BITS) - 1);
	uint32_t line = word >> LAYOUT_ROW_BITS;

	if (line >= rows->line_count || lines_of(rows, form) > rows->line_count - line)
		return check_fail(rows->checker, "there is no row at line %u", line);
	if (rows->forms[line] && rows->forms[line] != form + 1)
		return check_fail(rows->checker, "the row at line %u has two forms", line);
	rows->forms[line] = (uint8_t)(form + 1);
	return 0;
}

static int check_profiles(struct rows *rows)
{
	const struct layout_profile *profiles =
		layout_section(rows->checker->header, LAYOUT_PROFILES);
	int status = 0;

	for (uint32_t i = 0; i < rows->checker->counts[LAYOUT_PROFILES] && !status; i++) {
		if ((profiles[i].class[rows->direction] & ~LAYOUT_OUTSIDE) >= rows->class_count)
			return check_fail(rows->checker, "profile %u has no class", i);
		status = mark_row(rows, profiles[i].row[rows->direction]);
	}
	return status;
}

static bool are_cells(const struct rows *rows, const uint16_t *cells, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (cells[i] >= rows->checker->counts[LAYOUT_PORT_SETS])
			return false;
	}
	return true;
}

static int check_row(struct rows *rows, uint32_t line, uint32_t end)
{
	bool is_dense = rows->forms[line] == LAYOUT_ROW_DENSE + 1;
	bool are_good = !is_dense ||
			are_cells(rows, (const uint16_t *)&rows->lines[line], rows->class_count);

	for (uint32_t i = line; i < end && are_good; i++) {
		are_good = (i == line || !rows->forms[i]) &&
			   (is_dense || are_cells(rows, rows->lines[i].cells, CELLS));
	}
	if (are_good)
		return 0;
	return check_fail(rows->checker, "the row at line %u names port sets that do not exist",
			  line);
}

/* Lines that no profile leads to are never read. */
static int check_lines(struct rows *rows)
{
	uint32_t line = 0;
	int status = 0;

	while (line < rows->line_count && !status) {
		uint32_t end = line + 1;

		if (rows->forms[line]) {
			end = line + (uint32_t)lines_of(rows, rows->forms[line] - 1u);
			status = check_row(rows, line, end);
		}
		line = end;
	}
	return status;
}

static int check_rows(struct checker *checker, enum weir_direction direction)
{
	static const enum layout_section sections[] = { LAYOUT_EGRESS_ROWS, LAYOUT_INGRESS_ROWS };
	struct rows rows = { .checker = checker,
			     .lines = layout_section(checker->header, sections[direction]),
			     .line_count = checker->counts[sections[direction]],
			     .class_count = checker->header->classes[direction],
			     .direction = direction };
	int status;

	rows.forms = weir_allocate_zeroed(checker->allocator, (size_t)rows.line_count + 1, 1);
	if (!rows.forms)
		return -ENOMEM;
	status = check_profiles(&rows);
	if (!status)
		status = check_lines(&rows);
	weir_release(checker->allocator, rows.forms);
	return status;
}

int check_tables(struct checker *checker)
{
	int status = check_port_sets(checker);

	if (!status)
		status = check_ports(checker);
	if (!status)
		status = check_rows(checker, WEIR_EGRESS);
	return status ? status : check_rows(checker, WEIR_INGRESS);
}
