/*
 * ends.h - what a leaf of the trie stands for: one or several candidates.
 */
#ifndef WEIR_CLASSIFY_ENDS_H
#define WEIR_CLASSIFY_ENDS_H

#include "handle.h"

/* Which of the pods that an unknown address may stand for. */
enum end_mode {
	END_FAVOURABLE,
	END_UNFAVOURABLE,
};

struct end {
	const uint32_t *leaves;  /* one of each candidate, none of them special */
	const uint32_t *unnamed; /* the same without domain names, which leaves have all of; equal
				  * pointers where no name would make a difference */
	uint32_t count;
	bool is_unknown;
};

/* Whether a leaf, which is no special, is a node's. */
bool end_is_node(const struct lookup *lookup, uint32_t leaf);

/* Whether the node of a leaf has the address. */
bool end_node_has(const struct lookup *lookup, uint32_t leaf, const struct weir_address *address);

/* The candidates behind a leaf, of a key with these flags. The end may point to the leaf. */
struct end end_of(const struct lookup *lookup, const uint32_t *leaf, uint8_t flags,
		  enum end_mode mode);

/* The verdict on all pairs of candidates, from the actions that were seen: ambiguous is a pair of
 * which domain names leave it open. */
struct weir_verdict end_verdict(const bool seen[3], bool unknown);

#endif
