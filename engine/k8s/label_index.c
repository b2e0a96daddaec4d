/*
 * An inverted index: for every label (key and value) and for every key the ascending list of the
 * things that carry it.
 *
 *	app=web   -> 0 4 5          app  -> 0 1 4 5
 *	app=db    -> 1              tier -> 1
 *	tier=back -> 1
 *
 * A selection takes the term whose lists are shortest (In: those of its values; "the key is
 * there": the key's), walks them within the ranges, and checks the other terms one by one. Where
 * no term names a list, or the ranges hold fewer things than the lists, the ranges are scanned.
 * So a selection costs about what it finds, times the number of its terms.
 *
 * Strings are interned, so a label is known by its two pointers and a key by its one: those bytes
 * are the map's keys, and they are borrowed from the labels themselves.
 */
#include "label_index.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "numbers.h"

static_assert(sizeof(struct k8s_label) == 2 * sizeof(const char *),
	      "a label's bytes are its two pointers");

static const uint32_t *list_number(const struct k8s_label_index *index, const void *key,
				   size_t length)
{
	return weir_map_find(&index->lists, key, length);
}

/* Gives every label and key a list, and counts into sizes (of uint32_t) how long it is. */
static int count_entry(struct k8s_label_index *index, struct weir_array *sizes, const void *key,
		       size_t length)
{
	uint32_t *number =
		weir_map_insert(&index->lists, key, length, (uint32_t)sizes->count, NULL);

	if (!number || (*number == sizes->count && !weir_array_push(sizes)))
		return -ENOMEM;
	((uint32_t *)sizes->items)[*number]++;
	return 0;
}

static int count_lists(struct k8s_label_index *index, struct weir_array *sizes)
{
	for (uint32_t i = 0; i < index->item_count; i++) {
		const struct k8s_labels *labels = index->items[i];

		for (uint32_t j = 0; labels && j < labels->count; j++) {
			const struct k8s_label *label = &labels->items[j];

			if (count_entry(index, sizes, label, sizeof(*label)) ||
			    count_entry(index, sizes, &label->key, sizeof(label->key)))
				return -ENOMEM;
		}
	}
	return 0;
}

static void fill_lists(const struct k8s_label_index *index, uint32_t *next, uint32_t *members)
{
	for (uint32_t i = 0; i < index->item_count; i++) {
		const struct k8s_labels *labels = index->items[i];

		for (uint32_t j = 0; labels && j < labels->count; j++) {
			const struct k8s_label *label = &labels->items[j];

			members[next[*list_number(index, label, sizeof(*label))]++] = i;
			members[next[*list_number(index, &label->key, sizeof(label->key))]++] = i;
		}
	}
}

/* Makes room for lists of the given sizes and fills them. */
static int lay_out(struct k8s_label_index *index, const struct weir_array *sizes,
		   struct weir_arena *arena)
{
	uint32_t *starts = weir_arena_array(arena, sizes->count + 1, uint32_t);
	uint32_t *next = weir_arena_array(arena, sizes->count + 1, uint32_t);
	uint32_t *members;

	if (!starts || !next)
		return -ENOMEM;
	for (size_t i = 0; i < sizes->count; i++)
		starts[i + 1] = starts[i] + ((const uint32_t *)sizes->items)[i];
	members = weir_arena_array(arena, starts[sizes->count], uint32_t);
	if (!members)
		return -ENOMEM;
	memcpy(next, starts, (sizes->count + 1) * sizeof(*next));
	fill_lists(index, next, members);
	index->starts = starts;
	index->members = members;
	return 0;
}

int k8s_label_index_build(const struct k8s_labels *const *items, uint32_t item_count,
			  struct weir_arena *arena, struct k8s_label_index *out)
{
	struct k8s_label_index index = { .items = items, .item_count = item_count };
	struct weir_array sizes = weir_array_of(arena->allocator, uint32_t);
	int status;

	weir_map_init(&index.lists, arena->allocator);
	status = count_lists(&index, &sizes);
	if (!status)
		status = lay_out(&index, &sizes, arena);
	weir_array_finish(&sizes);
	if (status)
		weir_map_finish(&index.lists);
	else
		*out = index;
	return status;
}

void k8s_label_index_finish(struct k8s_label_index *index)
{
	if (index->lists.allocator)
		weir_map_finish(&index->lists);
}

/* The list of a label or key as a slice; nothing when there is none. */
struct slice {
	const uint32_t *items;
	uint32_t count;
};

static struct slice list_of(const struct k8s_label_index *index, const void *key, size_t length)
{
	const uint32_t *number = list_number(index, key, length);

	if (!number)
		return (struct slice){ 0 };
	return (struct slice){ index->members + index->starts[*number],
			       index->starts[*number + 1] - index->starts[*number] };
}

/* How many lists a term has, and each of them. */
static uint32_t term_lists(const struct k8s_term *term)
{
	if (term->kind == K8S_TERM_IN)
		return term->value_count;
	return term->kind == K8S_TERM_OTHER ? 1 : 0;
}

static struct slice term_list(const struct k8s_label_index *index, const struct k8s_term *term,
			      uint32_t number)
{
	if (term->kind == K8S_TERM_IN) {
		struct k8s_label label = { term->key, term->values[number] };

		return list_of(index, &label, sizeof(label));
	}
	return list_of(index, &term->key, sizeof(term->key));
}

/* The term with the fewest candidates, if they are fewer than limit; else NULL. */
static const struct k8s_term *shortest(const struct k8s_label_index *index,
				       const struct k8s_terms *terms, uint64_t limit)
{
	const struct k8s_term *best = NULL;

	for (uint32_t i = 0; i < terms->count; i++) {
		const struct k8s_term *term = &terms->items[i];
		uint32_t lists = term_lists(term);
		uint64_t candidates = 0;

		for (uint32_t j = 0; j < lists && candidates < limit; j++)
			candidates += term_list(index, term, j).count;
		if (lists && candidates < limit) {
			best = term;
			limit = candidates;
		}
	}
	return best;
}

struct search {
	const struct k8s_label_index *index;
	const struct k8s_terms *terms;
	const struct k8s_index_range *ranges;
	uint32_t range_count;
	struct k8s_index_bound *bound;
	struct weir_array *found;
};

static bool is_over(const struct search *search)
{
	return search->found->count >= search->bound->found || !search->bound->looks;
}

static int look(const struct search *search, uint32_t item)
{
	const struct k8s_labels *labels = search->index->items[item];
	uint32_t *place;

	search->bound->looks--;
	if (!labels || !k8s_terms_match(search->terms, labels))
		return 0;
	place = weir_array_push(search->found);
	if (!place)
		return -ENOMEM;
	*place = item;
	return 0;
}

static int scan_ranges(const struct search *search)
{
	for (uint32_t i = 0; i < search->range_count; i++) {
		const struct k8s_index_range *range = &search->ranges[i];

		for (uint32_t item = range->first; item < range->end; item++) {
			if (is_over(search))
				return 0;
			if (look(search, item))
				return -ENOMEM;
		}
	}
	return 0;
}

/* The place of the first member that is not below value. */
static uint32_t lower_bound(const struct slice *list, uint32_t value)
{
	uint32_t low = 0, high = list->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (list->items[middle] < value)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int walk_list(const struct search *search, struct slice list)
{
	const struct k8s_index_range *ranges = search->ranges;
	uint32_t range = 0;

	for (uint32_t i = lower_bound(&list, ranges[0].first); i < list.count; i++) {
		while (range < search->range_count && ranges[range].end <= list.items[i])
			range++;
		if (range == search->range_count || is_over(search))
			break;
		if (list.items[i] >= ranges[range].first && look(search, list.items[i]))
			return -ENOMEM;
	}
	return 0;
}

int k8s_label_index_search(const struct k8s_label_index *index, const struct k8s_terms *terms,
			   const struct k8s_index_range *ranges, uint32_t range_count,
			   struct k8s_index_bound *bound, struct weir_array *found)
{
	const struct search search = { index, terms, ranges, range_count, bound, found };
	const struct k8s_term *term;
	uint64_t in_ranges = 0;

	found->count = 0;
	for (uint32_t i = 0; i < range_count; i++)
		in_ranges += ranges[i].end - ranges[i].first;
	if (terms->impossible || !in_ranges)
		return 0;
	term = shortest(index, terms, in_ranges);
	if (!term)
		return scan_ranges(&search);
	for (uint32_t i = 0; i < term_lists(term); i++) {
		if (walk_list(&search, term_list(index, term, i)))
			return -ENOMEM;
	}
	/* A thing has one value a key, so the lists of one term are apart: sorting is enough. */
	if (term_lists(term) > 1)
		weir_sort_numbers(found->items, found->count);
	return 0;
}

int k8s_label_index_select(const struct k8s_label_index *index, const struct k8s_terms *terms,
			   const struct k8s_index_range *ranges, uint32_t range_count,
			   struct weir_array *found)
{
	struct k8s_index_bound bound = { SIZE_MAX, UINT64_MAX };

	return k8s_label_index_search(index, terms, ranges, range_count, &bound, found);
}
