/*
 * outside.c - the address space without pods and nodes, cut where a block or a hole begins or
 * ends.
 *
 *	blocks    |------ 10.0.0.0/8 ------|      two kinds:  a b a b a
 *	               |- hole -|                 (b is in the block)
 *	ranges  a | b  |   a    |  b       | a
 *
 * Policies tell addresses apart by blocks only, so one address stands for its range; the trie says
 * what it is. It must be nobody's: where pods and nodes have every address of a range the range
 * means nothing. An address in a range of pods is taken as outside, as a question about it is.
 */
#include "listing.h"

#include <errno.h>
#include <stdlib.h>

#include "owned.h"

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static int order(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct weir_address));
}

/* False behind the last address of all. */
static bool step(struct weir_address *address)
{
	for (unsigned i = 16; i-- > 0;) {
		if (++address->bytes[i])
			return true;
	}
	return false;
}

static void step_back(struct weir_address *address)
{
	for (unsigned i = 16; i-- > 0;) {
		if (address->bytes[i]--)
			return;
	}
}

static struct weir_address last_of(const struct weir_prefix *prefix)
{
	struct weir_address last = prefix->address;

	for (unsigned bit = prefix->length; bit < 128; bit++)
		last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return last;
}

/* All of a family. */
static struct weir_prefix family(bool is_ipv4)
{
	struct weir_prefix all = { .length = is_ipv4 ? 96 : 0 };

	if (is_ipv4)
		memcpy(all.address.bytes, mapped, sizeof(mapped));
	return all;
}

/* Cuts: the first addresses of ranges. */

static int cut(struct weir_array *cuts, struct weir_address address)
{
	struct weir_address *added = weir_array_push(cuts);

	if (!added)
		return -ENOMEM;
	*added = address;
	return 0;
}

static int cut_at(struct weir_array *cuts, const struct weir_prefix *prefix, bool is_ipv4)
{
	struct weir_prefix all = family(is_ipv4);
	struct weir_address behind = last_of(prefix);

	if (weir_prefix_is_ipv4(prefix) != is_ipv4)
		return 0;
	if (cut(cuts, prefix->address))
		return -ENOMEM;
	if (!step(&behind) || (is_ipv4 && !weir_prefix_contains(&all, &behind)))
		return 0;
	return cut(cuts, behind);
}

static int cut_at_blocks(const struct weir_list *list, struct weir_array *cuts, bool is_ipv4)
{
	const struct layout_header *header = list->lookup->header;
	const struct layout_block *blocks = layout_section(header, LAYOUT_BLOCKS);
	const struct weir_prefix *holes = layout_section(header, LAYOUT_PREFIXES);
	size_t count = LAYOUT_COUNT(header, LAYOUT_BLOCKS, struct layout_block);

	for (size_t i = 0; i < count; i++) {
		if (cut_at(cuts, &blocks[i].prefix, is_ipv4))
			return -ENOMEM;
		for (uint32_t j = 0; j < blocks[i].hole_count; j++) {
			if (cut_at(cuts, &holes[blocks[i].holes + j], is_ipv4))
				return -ENOMEM;
		}
	}
	return 0;
}

static void sort_cuts(struct weir_array *cuts)
{
	struct weir_address *items = cuts->items;
	size_t kept = 0;

	if (cuts->count)
		qsort(items, cuts->count, sizeof(*items), order);
	for (size_t i = 0; i < cuts->count; i++) {
		if (!kept || order(&items[kept - 1], &items[i]) != 0)
			items[kept++] = items[i];
	}
	cuts->count = kept;
}

/* Ranges. */

/* An address of the range that is nobody's, and of the range's family. */
static bool find_sample(const struct weir_list *list, const struct range *range,
			struct weir_address *sample)
{
	struct weir_prefix ipv4 = family(true);

	*sample = range->first;
	if (!range->is_ipv4 && weir_address_is_ipv4(sample)) {
		*sample = last_of(&ipv4);
		step(sample);
	}
	while (order(sample, &range->last) <= 0) {
		if (!owned_find(list->lookup->header, sample))
			return true;
		if (!step(sample))
			return false;
	}
	return false;
}

/* The profile of a leaf that is outside: where domain names matter, of what has them all, which
 * tells the one without as well. */
static uint32_t profile_at(const struct lookup *lookup, uint32_t leaf)
{
	return end_of(lookup, &leaf, WEIR_KEY_UNKNOWN_EXTERNAL, END_FAVOURABLE).leaves[0] &
	       ((1u << lookup->profile_bits) - 1);
}

/* Ranges and their kinds as they are found. */
struct finding {
	struct weir_array ranges; /* struct range */
	struct weir_array kinds;  /* struct kind */
	uint32_t *kind_of;        /* by profile and family, counted from 1 */
};

/* The kind of a leaf, made when it is the first; WEIR_NONE without memory. */
static uint32_t kind_of(const struct weir_list *list, struct finding *finding, uint32_t leaf,
			bool is_ipv4)
{
	uint32_t *number = &finding->kind_of[2 * profile_at(list->lookup, leaf) + is_ipv4];
	struct kind *added;

	if (*number)
		return *number - 1;
	added = weir_array_push(&finding->kinds);
	if (!added)
		return WEIR_NONE;
	*added = (struct kind){ leaf, is_ipv4 };
	*number = (uint32_t)finding->kinds.count;
	return *number - 1;
}

static int add_range(struct weir_list *list, struct finding *finding, struct range range)
{
	struct weir_address sample;
	struct range *added = weir_array_push(&finding->ranges);

	if (!added)
		return -ENOMEM;
	*added = range;
	added->kind = WEIR_NONE;
	if (!find_sample(list, &range, &sample))
		return 0;
	added->kind = kind_of(list, finding, find_address(list->lookup, &sample), range.is_ipv4);
	return added->kind == WEIR_NONE ? -ENOMEM : 0;
}

static int add_ranges(struct weir_list *list, struct finding *finding, const struct weir_prefix *of,
		      bool is_ipv4, struct weir_array *cuts)
{
	const struct weir_address *items;
	int status = cut(cuts, of->address);

	if (!status)
		status = cut_at_blocks(list, cuts, is_ipv4);
	sort_cuts(cuts);
	items = cuts->items;
	for (size_t i = 0; i < cuts->count && !status; i++) {
		struct range range = { .first = items[i], .is_ipv4 = is_ipv4 };

		if (!weir_prefix_contains(of, &items[i]))
			continue;
		range.last = last_of(of);
		if (i + 1 < cuts->count && weir_prefix_contains(of, &items[i + 1])) {
			range.last = items[i + 1];
			step_back(&range.last);
		}
		status = add_range(list, finding, range);
	}
	return status;
}

static int add_family(struct weir_list *list, struct finding *finding,
		      const struct weir_prefix *clip, bool is_ipv4)
{
	struct weir_array cuts = weir_array_of(list->allocator, struct weir_address);
	struct weir_prefix all = family(is_ipv4);
	int status = 0;

	if (!clip || weir_prefix_is_ipv4(clip) == is_ipv4)
		status = add_ranges(list, finding, clip ? clip : &all, is_ipv4, &cuts);
	weir_array_finish(&cuts);
	return status;
}

static void *copy_items(struct weir_list *list, const struct weir_array *array)
{
	void *copy = weir_arena_allocate(&list->arena, array->count, array->item_size);

	if (copy && array->count)
		memcpy(copy, array->items, array->count * array->item_size);
	return copy;
}

int list_outside(struct weir_list *list, const struct weir_prefix *clip, struct outside *out)
{
	size_t profiles =
		LAYOUT_COUNT(list->lookup->header, LAYOUT_PROFILES, struct layout_profile);
	struct finding finding = {
		.ranges = weir_array_of(list->allocator, struct range),
		.kinds = weir_array_of(list->allocator, struct kind),
		.kind_of = weir_arena_array(&list->arena, 2 * profiles, uint32_t),
	};
	int status = finding.kind_of ? 0 : -ENOMEM;

	if (!status)
		status = add_family(list, &finding, clip, true);
	if (!status)
		status = add_family(list, &finding, clip, false);
	*out = (struct outside){ .ranges = copy_items(list, &finding.ranges),
				 .kinds = copy_items(list, &finding.kinds),
				 .range_count = (uint32_t)finding.ranges.count,
				 .kind_count = (uint32_t)finding.kinds.count,
				 .is_whole = !clip };
	weir_array_finish(&finding.kinds);
	weir_array_finish(&finding.ranges);
	return status || !out->ranges || !out->kinds ? -ENOMEM : 0;
}

/* Prefixes. */

/* The longest prefix that begins where the range does and does not go beyond it. */
static struct weir_prefix widest(const struct range *range)
{
	struct weir_prefix prefix = { range->first, 128 };

	while (prefix.length > (range->is_ipv4 ? 96 : 0)) {
		unsigned bit = prefix.length - 1u;
		struct weir_prefix wider = { range->first, (uint8_t)bit };
		struct weir_address last = last_of(&wider);

		if (range->first.bytes[bit / 8] >> (7 - bit % 8) & 1 ||
		    order(&last, &range->last) > 0)
			break;
		prefix = wider;
	}
	return prefix;
}

int list_cover(struct weir_array *prefixes, const struct range *range)
{
	struct range rest = *range;

	for (;;) {
		struct weir_prefix prefix = widest(&rest);
		struct weir_address last = last_of(&prefix);
		struct weir_prefix *added;

		/* IPv4's place among IPv6 addresses is no IPv6 address. */
		if (weir_prefix_is_ipv4(&prefix) == range->is_ipv4) {
			added = weir_array_push(prefixes);
			if (!added)
				return -ENOMEM;
			*added = prefix;
		}
		if (order(&last, &range->last) >= 0)
			return 0;
		rest.first = last;
		step(&rest.first);
	}
}
