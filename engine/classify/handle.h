/*
 * handle.h - a policy in memory: the block, who holds it, and how it is asked.
 */
#ifndef WEIR_CLASSIFY_HANDLE_H
#define WEIR_CLASSIFY_HANDLE_H

#include <stddef.h>
#include <stdint.h>

#include "layout.h"
#include "memory.h"
#include "patch.h"
#include "weir/policy.h"

/* The hot sections of a block, as pointers. A version of a live policy has a trie of its own, and
 * tables that were compiled beside the block which knows who there is. */
struct lookup {
	const struct layout_header *header;  /* the tables, and what explain reads of rules */
	const struct layout_header *names;   /* who there is; of a whole policy all are one block */
	const struct layout_header *origins; /* what the rules come from */
	const uint32_t *root;
	const struct layout_trie_node *nodes;
	const uint32_t *leaves;
	const struct layout_guard *guards;
	const struct layout_profile *profiles;
	const uint16_t *port_roots;
	const uint16_t *port_chunks;
	const struct layout_line *rows[2]; /* by direction */
	const uint64_t *port_sets;
	uint32_t port_set_words;
	uint32_t profile_bits;
	uint32_t first_source_node;      /* profiles from here on may reach their node's pods */
	uint32_t first_destination_node; /* profiles from here on are reached by their pods */
	uint32_t ipv6;                   /* the leaf that every IPv6 address starts from */
	const struct patch *patch;       /* of a version of a live policy; else NULL */
	uint64_t stamp;                  /* the version */
	uint32_t endpoint_count;
};

/* What a key's decision depends on, but for relations between its ends. */
struct lookup_place {
	uint32_t source; /* leaves */
	uint32_t destination;
	uint32_t ports; /* class */
};

/* A way to classify. All give the same verdicts. */
struct weir_kernel {
	const char *name;
	bool (*is_supported)(void);
	void (*classify)(const struct lookup *lookup, const struct weir_key *keys,
			 struct weir_verdict *verdicts, size_t n);
	void (*locate)(const struct lookup *lookup, const struct weir_key *keys,
		       struct lookup_place *places, size_t n);
	size_t from; /* hot bytes: from here on it is better than those before it */
};

/* The kernels of this build. Of those that the processor supports and that are for a policy's size
 * the last is the best; the first always is one of them. */
const struct weir_kernel *weir_kernels(size_t *count);

struct weir_policy {
	const struct weir_allocator *allocator;
	void *memory; /* what the allocator gave: the block begins at its first multiple of 64 */
	void (*release)(void *context); /* of a block that somebody else gave; or NULL */
	void *context;
	const struct weir_kernel *kernel;
	struct lookup lookup;
	unsigned references;
};

/* Room for a block of length bytes and its policy with one reference; -ENOMEM. The block is filled
 * by the caller, who then calls weir_policy_attach. */
int weir_policy_create(const struct weir_allocator *allocator, size_t length,
		       struct layout_header **block, struct weir_policy **out);

/* The same without a block: header is where it lies; -ENOMEM. */
int weir_policy_borrow(const struct weir_allocator *allocator, const struct layout_header *header,
		       struct weir_policy **out);

/* Whether a policy is one block; a version of a live policy is one with a patch. */
static inline bool policy_is_whole(const struct weir_policy *policy)
{
	return !policy->lookup.patch;
}

/* Points the lookup into the filled block. */
void weir_policy_attach(struct weir_policy *policy);
/* The tables behind the trie only. */
void weir_lookup_tables(struct lookup *lookup, const struct layout_header *header);

/* Judges a key whose source or destination leaf is a special. */
struct weir_verdict weir_classify_special(const struct lookup *lookup, const struct weir_key *key,
					  uint32_t source, uint32_t destination);

#endif
