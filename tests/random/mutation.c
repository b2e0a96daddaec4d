#include "mutation.h"

#include <string.h>

#include "checksum.h"

static const uint32_t word_bytes = sizeof(uint32_t);

static uint32_t items_of(const struct layout_header *header, unsigned section)
{
	return (uint32_t)(header->sections[section].length / layout_kinds[section].item_bytes);
}

static unsigned draw_section(struct dice *dice, const struct layout_header *header)
{
	unsigned section;

	do
		section = dice_below(dice, LAYOUT_SECTIONS);
	while (!header->sections[section].length);
	return section;
}

/* Numbers at which something begins or ends: of this policy, and of any. */
static uint32_t draw_number(struct dice *dice, const struct layout_header *header, uint32_t old)
{
	static const uint32_t edges[] = { 0,          1,      0x7fffffff, 0x80000000, 0xbfffffff,
					  0xc0000000, 0xffff, 0xfffffffe, 0xffffffff };
	unsigned section = draw_section(dice, header);
	uint32_t count = items_of(header, section);

	switch (dice_below(dice, 10)) {
	case 0:
		return old + 1;
	case 1:
		return old - 1;
	case 2:
	case 3:
		return old ^ 1u << dice_below(dice, 32);
	case 4:
		return DICE_PICK(dice, edges);
	case 5:
		return count - dice_below(dice, 2);
	case 6:
		return dice_below(dice, count + 2);
	case 7:
		return (0x80000000u | dice_below(dice, count + 2)) ^ dice_below(dice, 2) << 30;
	case 8:
		return (uint32_t)header->sections[section].offset;
	default:
		return (uint32_t)dice_next(dice);
	}
}

static void change_word(struct dice *dice, const struct layout_header *header, void *word)
{
	uint32_t number;

	memcpy(&number, word, word_bytes);
	number = draw_number(dice, header, number);
	memcpy(word, &number, word_bytes);
}

static void change_byte(struct dice *dice, char *at)
{
	static const char edges[] = { 0, 1, 2, 3, 127, (char)128, (char)255 };

	*at = dice_one_in(dice, 2) ? DICE_PICK(dice, edges)
				   : (char)(*at ^ 1 << dice_below(dice, 8));
}

static void change_item(struct dice *dice, char *items, uint32_t count, uint32_t item_bytes)
{
	char *a = items + (size_t)dice_below(dice, count) * item_bytes;
	char *b = items + (size_t)dice_below(dice, count) * item_bytes;
	bool is_swap = dice_one_in(dice, 2);

	for (uint32_t i = 0; i < item_bytes; i++) {
		char kept = a[i];

		a[i] = b[i];
		b[i] = is_swap ? kept : b[i];
	}
}

/* As many items as its padding can take, so that the other sections stay where they belong. */
static void shorten(struct dice *dice, char *items, struct layout_extent *extent,
		    uint32_t item_bytes)
{
	uint64_t begun = (extent->length - 1) % LAYOUT_ALIGNMENT;
	uint64_t lost = (uint64_t)item_bytes * (1 + dice_below(dice, 3));

	if (lost > begun)
		lost = item_bytes;
	if (lost > extent->length)
		lost = extent->length;
	memset(items + extent->length - lost, 0, lost);
	extent->length -= lost;
}

static void change_header(struct dice *dice, struct layout_header *header)
{
	static const size_t begin = offsetof(struct layout_header, header_bytes);
	size_t behind =
		dice_one_in(dice, 2) ? offsetof(struct layout_header, sections) : sizeof(*header);
	char *at = (char *)header + begin;

	if (dice_one_in(dice, 3))
		change_byte(dice, at + dice_below(dice, (uint32_t)(behind - begin)));
	else
		change_word(dice, header,
			    at + word_bytes * (size_t)dice_below(dice, (uint32_t)(behind - begin) /
									       word_bytes));
}

static enum mutation draw_mutation(struct dice *dice)
{
	static const enum mutation often[] = { MUTATION_WORD, MUTATION_WORD,   MUTATION_WORD,
					       MUTATION_WORD, MUTATION_BYTE,   MUTATION_BYTE,
					       MUTATION_ITEM, MUTATION_LENGTH, MUTATION_HEADER };

	return DICE_PICK(dice, often);
}

enum mutation mutation_make(struct dice *dice, void *bytes, size_t length, unsigned *section)
{
	struct layout_header *header = bytes;
	enum mutation mutation = draw_mutation(dice);
	struct layout_extent *extent;
	char *items;

	*section = draw_section(dice, header);
	extent = &header->sections[*section];
	items = (char *)bytes + extent->offset;
	if (mutation == MUTATION_WORD && extent->length < word_bytes)
		mutation = MUTATION_BYTE;
	switch (mutation) {
	case MUTATION_WORD:
		change_word(dice, header,
			    items + word_bytes *
					    (size_t)dice_below(
						    dice, (uint32_t)(extent->length / word_bytes)));
		break;
	case MUTATION_BYTE:
		change_byte(dice, items + dice_below(dice, (uint32_t)extent->length));
		break;
	case MUTATION_ITEM:
		change_item(dice, items, items_of(header, *section),
			    layout_kinds[*section].item_bytes);
		break;
	case MUTATION_LENGTH:
		shorten(dice, items, extent, layout_kinds[*section].item_bytes);
		break;
	default:
		change_header(dice, header);
	}
	mutation_seal(bytes, length);
	return mutation;
}

void mutation_seal(void *bytes, size_t length)
{
	struct layout_preamble *preamble = bytes;
	const size_t at = offsetof(struct layout_preamble, content_hash);
	struct weir_checksum sum;

	weir_checksum_begin(&sum);
	preamble->checksum = weir_checksum_end(&sum, (char *)bytes + at, length - at);
}
