#include "rows.h"

#include <errno.h>
#include <stdlib.h>

enum {
	ROW_LINES_MOST = 1 << 27, /* what is left of a row's word */
	SPARSE_BITS_MOST = 20,
	DENSE_LINES_MOST = 512, /* rows of a direction that are all dense: 32 KiB */
};

int row_writer_init(struct row_writer *writer, struct build *build, struct side *side)
{
	struct weir_arena *arena = &build->arena;

	*writer = (struct row_writer){
		.build = build,
		.side = side,
		.counts = { weir_array_of(build->allocator, uint32_t),
			    weir_array_of(build->allocator, uint32_t) },
		.sets = weir_arena_array(arena, side->class_count, uint32_t),
		.cells = weir_arena_array(arena, (size_t)side->class_count + 2, struct cell),
		.is_outside = weir_arena_array(arena, side->class_count, uint8_t),
	};
	weir_map_init(&writer->rows, build->allocator);
	if (!writer->sets || !writer->cells || !writer->is_outside)
		return -ENOMEM;
	for (uint32_t i = 0; i < side->class_count; i++) {
		writer->is_outside[i] = build_is_outside(build, side, i);
		writer->totals[writer->is_outside[i]]++;
	}
	return 0;
}

void row_writer_finish(struct row_writer *writer)
{
	weir_array_finish(&writer->counts[0]);
	weir_array_finish(&writer->counts[1]);
	weir_map_finish(&writer->rows);
	weir_release(writer->build->allocator, writer->buckets);
}

static uint32_t dense_lines(const struct row_writer *writer)
{
	size_t bytes = writer->side->class_count * sizeof(uint16_t);

	return (uint32_t)((bytes + sizeof(struct layout_line) - 1) / sizeof(struct layout_line));
}

static uint32_t *counts_of(const struct row_writer *writer, unsigned outside)
{
	return writer->counts[outside].items;
}

/* A count for each port set that there is by now; all are zero between rows. */
static int reserve_counts(struct row_writer *writer)
{
	size_t sets = writer->build->port_sets.count;
	int status = 0;

	for (unsigned outside = 0; outside < 2 && !status; outside++) {
		if (writer->counts[outside].count < sets)
			status = weir_array_resize(&writer->counts[outside], sets);
	}
	return status;
}

/* The sets that most classes inside, and outside, have: the defaults, so that the fewest cells
 * are kept. */
static void find_defaults(struct row_writer *writer, const struct cell *cells, uint32_t count,
			  uint32_t otherwise, uint32_t best[2])
{
	for (unsigned outside = 0; outside < 2; outside++) {
		uint32_t *counts = counts_of(writer, outside);

		counts[otherwise] += writer->totals[outside];
		best[outside] = otherwise;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t *counts = counts_of(writer, writer->is_outside[cells[i].class]);

		counts[otherwise]--;
		counts[cells[i].set]++;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint8_t outside = writer->is_outside[cells[i].class];
		const uint32_t *counts = counts_of(writer, outside);

		if (counts[cells[i].set] > counts[best[outside]])
			best[outside] = cells[i].set;
	}
	for (unsigned outside = 0; outside < 2; outside++) {
		uint32_t *counts = counts_of(writer, outside);

		counts[otherwise] = 0;
		for (uint32_t i = 0; i < count; i++)
			counts[cells[i].set] = 0;
	}
}

static int compare_cells(const void *a, const void *b)
{
	const struct cell *x = a;
	const struct cell *y = b;

	return (x->class > y->class) - (x->class < y->class);
}

/* The cells that deviate from the defaults, by class: few are sorted, many are spread out. */
static uint32_t deviating(struct row_writer *writer, const struct cell *cells, uint32_t count,
			  uint32_t otherwise, const uint32_t best[2])
{
	uint32_t classes = writer->side->class_count;
	uint32_t kept = 0;

	if (best[0] == otherwise && best[1] == otherwise && count < classes / 16) {
		for (uint32_t i = 0; i < count; i++) {
			if (cells[i].set != otherwise)
				writer->cells[kept++] = cells[i];
		}
		if (kept)
			qsort(writer->cells, kept, sizeof(*cells), compare_cells);
		return kept;
	}
	for (uint32_t i = 0; i < classes; i++)
		writer->sets[i] = otherwise;
	for (uint32_t i = 0; i < count; i++)
		writer->sets[cells[i].class] = cells[i].set;
	for (uint32_t i = 0; i < classes; i++) {
		if (writer->sets[i] != best[writer->is_outside[i]])
			writer->cells[kept++] = (struct cell){ i, writer->sets[i] };
	}
	return kept;
}

/* A class as profiles and lines have it. */
static uint32_t flagged(const struct row_writer *writer, uint32_t class)
{
	return writer->is_outside[class] ? class | LAYOUT_OUTSIDE : class;
}

static int add_lines(struct row_writer *writer, uint32_t count, struct layout_line **lines,
		     uint32_t *first)
{
	struct weir_array *all = &writer->side->lines;

	if (all->count + count >= ROW_LINES_MOST ||
	    (all->count + count) * sizeof(**lines) > writer->build->max_bytes)
		return build_fail(writer->build, -ERANGE, "the verdict rows exceed %zu bytes",
				  writer->build->max_bytes);
	*first = (uint32_t)all->count;
	if (weir_array_resize(all, all->count + count))
		return -ENOMEM;
	*lines = (struct layout_line *)all->items + *first;
	return 0;
}

static int place_dense(struct row_writer *writer, uint32_t kept, const uint32_t best[2],
		       uint32_t *word)
{
	struct layout_line *lines = NULL;
	uint16_t *cells;
	uint32_t first = 0;
	int status = add_lines(writer, dense_lines(writer), &lines, &first);

	if (status)
		return status;
	cells = (uint16_t *)lines;
	for (uint32_t i = 0; i < writer->side->class_count; i++)
		cells[i] = (uint16_t)best[writer->is_outside[i]];
	for (uint32_t i = 0; i < kept; i++)
		cells[writer->cells[i].class] = (uint16_t)writer->cells[i].set;
	*word = first << LAYOUT_ROW_BITS | LAYOUT_ROW_DENSE;
	return 0;
}

static int reserve_buckets(struct row_writer *writer, uint32_t count)
{
	if (count <= writer->bucket_room)
		return 0;
	weir_release(writer->build->allocator, writer->buckets);
	writer->bucket_room = 0;
	writer->buckets = weir_allocate(writer->build->allocator, count * sizeof(*writer->buckets));
	if (!writer->buckets)
		return -ENOMEM;
	writer->bucket_room = count;
	return 0;
}

static bool fits(struct row_writer *writer, uint32_t kept, uint32_t bits)
{
	memset(writer->buckets, 0, sizeof(*writer->buckets) << bits);
	for (uint32_t i = 0; i < kept; i++) {
		uint32_t bucket = layout_bucket(flagged(writer, writer->cells[i].class), bits);

		if (++writer->buckets[bucket] > LAYOUT_LINE_SLOTS)
			return false;
	}
	return true;
}

/* Small tables are dense: one load beats a search. 43 to 33 M verdicts/s at 1k pods. */
static bool is_small(const struct row_writer *writer)
{
	uint64_t rows = (uint64_t)writer->side->group_count + 3;

	return rows * dense_lines(writer) <= DENSE_LINES_MOST;
}

/* From how many lines on a row is dense. */
static uint32_t lines_limit(const struct row_writer *writer)
{
	switch (writer->build->form) {
	case ROW_FORM_DENSE:
		return 0;
	case ROW_FORM_SPARSE:
		return 1u << SPARSE_BITS_MOST;
	default:
		return is_small(writer) ? 0 : dense_lines(writer) - 1;
	}
}

/* The least number of buckets that none overflows, as bits; LAYOUT_ROW_DENSE when that is not
 * less than a dense row takes. */
static int choose_form(struct row_writer *writer, uint32_t kept, uint32_t *bits)
{
	uint32_t limit = lines_limit(writer);

	*bits = LAYOUT_ROW_DENSE;
	for (uint32_t b = 0; (1u << b) <= limit; b++) {
		if ((size_t)kept > ((size_t)LAYOUT_LINE_SLOTS << b))
			continue;
		if (reserve_buckets(writer, 1u << b))
			return -ENOMEM;
		if (fits(writer, kept, b)) {
			*bits = b;
			return 0;
		}
	}
	return 0;
}

static int place_sparse(struct row_writer *writer, uint32_t kept, const uint32_t best[2],
			uint32_t bits, uint32_t *word)
{
	struct layout_line *lines = NULL;
	uint32_t first = 0;
	int status = add_lines(writer, 1u << bits, &lines, &first);

	if (status)
		return status;
	for (uint32_t i = 0; i < 1u << bits; i++) {
		for (unsigned j = 0; j < LAYOUT_LINE_SLOTS; j++)
			lines[i].classes[j] = LAYOUT_NO_CLASS;
		lines[i].cells[LAYOUT_LINE_SLOTS] = (uint16_t)best[0];
		lines[i].cells[LAYOUT_LINE_SLOTS + 1] = (uint16_t)best[1];
	}
	memset(writer->buckets, 0, sizeof(*writer->buckets) << bits);
	for (uint32_t i = 0; i < kept; i++) {
		uint32_t bucket = layout_bucket(flagged(writer, writer->cells[i].class), bits);
		uint32_t slot = writer->buckets[bucket]++;

		lines[bucket].classes[slot] = flagged(writer, writer->cells[i].class);
		lines[bucket].cells[slot] = (uint16_t)writer->cells[i].set;
	}
	*word = first << LAYOUT_ROW_BITS | bits;
	return 0;
}

static int place(struct row_writer *writer, uint32_t kept, const uint32_t best[2], uint32_t *word)
{
	uint32_t bits;

	if (choose_form(writer, kept, &bits))
		return -ENOMEM;
	if (bits == LAYOUT_ROW_DENSE)
		return place_dense(writer, kept, best, word);
	return place_sparse(writer, kept, best, bits, word);
}

/* The defaults become two more cells behind the others, so that the cells say all of the row. */
int row_writer_place(struct row_writer *writer, const struct cell *cells, uint32_t count,
		     uint32_t otherwise, uint32_t *word)
{
	uint32_t best[2];
	uint32_t kept;
	size_t bytes;
	struct weir_map_slot *slot;
	struct cell *copy;
	uint64_t hash;
	int status;

	if (reserve_counts(writer))
		return -ENOMEM;
	find_defaults(writer, cells, count, otherwise, best);
	kept = deviating(writer, cells, count, otherwise, best);
	bytes = ((size_t)kept + 2) * sizeof(*cells);
	for (unsigned i = 0; i < 2; i++)
		writer->cells[kept + i] = (struct cell){ LAYOUT_NO_CLASS, best[i] };
	hash = weir_hash_bytes(writer->cells, bytes, 0);
	slot = weir_map_slot(&writer->rows, writer->cells, bytes, hash);
	if (!slot)
		return -ENOMEM;
	if (slot->key) {
		*word = slot->value;
		return 0;
	}
	copy = weir_arena_allocate(&writer->build->arena, bytes, 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, writer->cells, bytes);
	status = place(writer, kept, best, word);
	if (!status)
		weir_map_fill(&writer->rows, slot, copy, bytes, hash, *word);
	return status;
}
