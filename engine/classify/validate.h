/*
 * validate.h - a block of which nothing is believed: what its checks share.
 *
 *	layout   the header, where the sections are                 → counts
 *	trie     every way from an address ends in a leaf
 *	tables   leaves → profiles → rows → port sets
 *	rules    what explain reads
 *	names    what the directory shows; who owns an address
 *
 * Together they make sure of what the lookups rely on: every index is of an item, every run of
 * items inside its section, every text has its end, every walk comes to one. Each looks at every
 * byte of its sections a bounded number of times. What is merely untrue is not found: a row may
 * allow what no rule does.
 */
#ifndef WEIR_CLASSIFY_VALIDATE_H
#define WEIR_CLASSIFY_VALIDATE_H

#include "handle.h"
#include "weir/error.h"

struct checker {
	const struct layout_header *header;
	const struct lookup *lookup; /* once the layout is checked */
	const struct weir_allocator *allocator;
	struct weir_error *error;
	uint32_t counts[LAYOUT_SECTIONS]; /* of items */
};

/* -EINVAL. */
int check_fail(struct checker *checker, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Whether an item's run begins where the one before ended; next is moved behind it. */
static inline bool check_run(uint64_t *next, uint32_t first, uint32_t count)
{
	bool follows = first == *next;

	*next += count;
	return follows;
}

/* Whether an index is of an item, or absent. */
static inline bool check_index(const struct checker *checker, enum layout_section section,
			       uint32_t index)
{
	return index == WEIR_NONE || index < checker->counts[section];
}

/* Whether a text begins at this place of the texts. */
bool check_is_text(const struct checker *checker, uint32_t offset);

/* A leaf that is an end: no special and no guard. */
static inline bool check_is_end(const struct checker *checker, uint32_t leaf)
{
	uint32_t bits = checker->header->profile_bits;

	return !(leaf & LAYOUT_SPECIAL) &&
	       (leaf & ((1u << bits) - 1)) < checker->counts[LAYOUT_PROFILES] &&
	       leaf >> bits < checker->counts[LAYOUT_NODE_NUMBERS];
}

/* Each: 0, -EINVAL or -ENOMEM; in this order, since each relies on those before. */
int check_layout(struct checker *checker, size_t length);
int check_trie(struct checker *checker);
int check_tables(struct checker *checker);
int check_rules(struct checker *checker);
int check_names(struct checker *checker);

/* All of them, on length bytes, at least those of a header; 0, -EINVAL or -ENOMEM. */
int weir_policy_validate(const struct layout_header *header, size_t length,
			 const struct weir_allocator *allocator, struct weir_error *error);

#endif
