/*
 * build.h - what the stages of a compilation hand on.
 *
 *	owners   who owns each address                              → owned, elements
 *	regions  the address space cut at every prefix              → regions
 *	ports    (protocol, port) alike for every rule              → ports
 *	classes  far ends alike for every peer, near ends alike for
 *	         every rule's subjects                              → sides
 *	rows     (group, class) → port set                          → rows
 *	leaves   address → row and class                            → profiles, trie
 *	names    what the directory shows                           → sections
 *
 * Everything temporary lives in one arena, whose memory is bounded in relation to the input and
 * to max_bytes. Growing outputs are arrays, finished with the build.
 */
#ifndef WEIR_COMPILE_BUILD_H
#define WEIR_COMPILE_BUILD_H

#include "array.h"
#include "hash.h"
#include "layout.h"
#include "memory.h"
#include "regions.h"
#include "trie.h"
#include "weir/resolved.h"

enum {
	DIRECTIONS = 2,
};

struct list {
	const uint32_t *items;
	uint32_t count;
};

/* One that an address may turn out to be: what far ends are partitioned of. */
enum element_kind {
	ELEMENT_POD,
	ELEMENT_NODE,
	ELEMENT_EXTERNAL, /* of a region */
	ELEMENT_UNKNOWN,  /* of a region that is in a pod range */
};

struct element {
	uint32_t endpoint; /* WEIR_NONE for those of regions */
	uint32_t region;
	uint32_t kind;
};

/* Who says that an address is his. */
struct claim {
	struct weir_address address;
	uint32_t endpoint;
	uint32_t order; /* lower is better: running, pending, node */
};

/* An address that pods own or a node has. */
struct owned {
	struct weir_address address;
	uint32_t first_element; /* its owners are consecutive elements, by (namespace, name) */
	uint32_t count;
	bool is_shared_by_nodes;
	bool is_contended; /* several endpoints claim it, whoever owns it */
	uint32_t leaf;
};

/* A node that has an element's address too. */
struct sharing {
	uint32_t endpoint;
	uint32_t element;
};

struct owners {
	struct owned *items;
	uint32_t count;
	struct element *elements; /* of owned addresses, then of regions */
	uint32_t owned_elements;
	uint32_t element_count;
	struct sharing *sharing;
	uint32_t sharing_count;
	uint32_t *first_of_region;   /* element: external; the unknown one, if any, is the next */
	uint32_t *endpoint_first;    /* in endpoint_elements; one more for the end */
	uint32_t *endpoint_elements; /* by endpoint */
};

/* A declared port that some rule names. */
struct named {
	uint32_t name; /* number of (name, protocol) */
	uint32_t item; /* port item of (protocol, number) */
};

struct port_map {
	uint32_t words; /* of 64 bits in a set of port classes */
	uint32_t class_count;
	uint64_t *item_masks;     /* words of each item */
	uint64_t *protocol_masks; /* words of each of the slots TCP, UDP, SCTP */
	uint64_t *always;         /* what every side allows */
	uint64_t *all;            /* every class */
	uint64_t *rule_masks;     /* words of each rule: ports but for the named ones */
	struct list *rule_names;  /* by rule: numbers of (name, protocol) */
	uint8_t *name_slots;      /* slot of each named port's protocol */
	uint8_t *name_used[DIRECTIONS];
	struct named *declared;   /* endpoint after endpoint, those that rules name */
	uint32_t *declared_first; /* by endpoint; one more for the end */
	uint16_t *roots;          /* LAYOUT_SLOTS * LAYOUT_CHUNKS */
	struct weir_array chunks; /* of 64 uint16_t */
};

/* One direction. */
struct side {
	uint32_t *rules; /* in the order in which they are tried */
	uint32_t rule_count;
	/* Far ends. */
	uint32_t *class_of;   /* by element */
	uint32_t plain_count; /* classes of elements */
	uint32_t class_count; /* with twins: the unfavourable one of each class of unknown pods, and
			       * where names matter the one without of each class outside */
	uint32_t *twin;       /* by class, or LAYOUT_NO_CLASS */
	uint32_t *sample;     /* an element of each class, twins included */
	uint8_t *is_open;     /* by class: what it is allowed is not what its twin is */
	struct list *set_classes; /* by set: ascending; of sets that are peers */
	uint32_t *block_class_of; /* by region: alike when in the same blocks */
	uint32_t block_class_count;
	struct list *classes_of_block_class;
	struct list unknown_classes;
	struct list outside_classes; /* those with a twin */
	uint32_t *signature;         /* by endpoint: alike when declaring the same used ports */
	uint32_t *signature_sample;  /* an endpoint of each */
	uint32_t signature_count;
	/* Near ends. */
	uint32_t *group_of; /* by endpoint */
	uint32_t group_count;
	struct list *group_rules; /* by group, one more: what certainly holds for unknown pods */
	uint32_t *group_sample;   /* an endpoint of each group */
	uint32_t *group_rows;     /* row words */
	uint32_t unknown_rows[2]; /* favourable, unfavourable */
	uint32_t open_row;        /* all is allowed */
	struct weir_array lines;  /* struct layout_line */
};

enum row_form {
	ROW_FORM_BEST,
	ROW_FORM_DENSE,
	ROW_FORM_SPARSE,
};

/* A policy over kinds of pods: the first endpoints stand for all pods of a kind each. They own no
 * address, the one they have tells their region; their number is their profile's. */
struct build_kinds {
	uint32_t count;
	uint32_t room; /* profiles that are kept for kinds */
	const struct regions *regions;
};

struct build {
	const struct weir_resolved *resolved;
	const struct build_kinds *kinds; /* NULL: every pod for itself */
	const struct weir_allocator *allocator;
	struct weir_error *error;
	size_t max_bytes; /* SIZE_MAX: no bound */
	enum row_form form;
	bool has_domains;      /* some peer is of domain names */
	bool some_always_pods; /* some block holds pods whatever the semantics say */
	bool has_tiers;        /* some rule is of another tier than NetworkPolicy's */
	struct weir_arena arena;
	struct owners owners;
	struct regions regions;
	struct port_map ports;
	struct side sides[DIRECTIONS];
	struct weir_array port_sets; /* uint64_t[ports.words] */
	struct trie trie;
	struct weir_array profiles;
	uint32_t first_node_profile;
	uint32_t profile_bits;
	uint32_t *leaf_of_region;
	struct weir_array specials;
	struct weir_array candidates;   /* leaves */
	struct weir_array node_numbers; /* endpoints */
	struct weir_array sections[LAYOUT_SECTIONS];
};

/* Fills the error and returns the status. */
int build_fail(struct build *build, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The stages. 0, -ENOMEM, -ERANGE or (the first) -EINVAL. */
int build_validate(struct build *build);
int build_owners(struct build *build);
int build_ports(struct build *build);
int build_classes(struct build *build);
int build_rows(struct build *build);
int build_leaves(struct build *build);

/* The trie that leads to the leaves of regions and, by address, of what is owned. -ENOMEM. */
int build_trie(struct trie *trie, struct weir_arena *arena, const struct regions *regions,
	       const uint32_t *leaf_of_region, const struct owned *owned, size_t owned_count);

/* Sorts by address, in one pass a byte for those bytes that are not alike in all. Uses the scratch,
 * of as many; returns where they are in the end. */
struct claim *claims_sort(struct claim *claims, struct claim *scratch, size_t count);

/* Whether a class is of what is outside. */
bool build_is_outside(const struct build *build, const struct side *side, uint32_t class);

/* Whether blocks match an element, or some of them do: pods may be left to sets. */
bool build_sees_blocks(const struct build *build, const struct element *element);
bool build_sees_block(const struct build *build, uint32_t block, const struct element *element);

/* What is wanted of a compilation beside its policy; it is called last, before the build is gone. 0
 * or -ENOMEM. */
struct build_keeper {
	int (*keep)(void *context, struct build *build, struct weir_policy *policy);
	void *context;
};
int weir_compile_and_keep(const struct weir_resolved *resolved,
			  const struct weir_compile_options *options,
			  const struct build_keeper *keeper, struct weir_policy **out,
			  struct weir_error *error);

/* A policy over kinds of pods: tables and rules; no trie, and of names only what rules have. */
int weir_compile_kinds(const struct weir_resolved *resolved, const struct build_kinds *kinds,
		       const struct weir_compile_options *options,
		       const struct build_keeper *keeper, struct weir_policy **out,
		       struct weir_error *error);

/* A compilation with rows forced into one form: what both forms are compared by. */
int weir_compile_in_form(const struct weir_resolved *resolved,
			 const struct weir_compile_options *options, enum row_form form,
			 struct weir_policy **out, struct weir_error *error);

static inline uint64_t *mask_of(uint64_t *masks, uint32_t words, uint32_t index)
{
	return masks + (size_t)words * index;
}

#endif
