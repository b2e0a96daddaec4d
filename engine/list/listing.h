/*
 * listing.h - what the parts of a listing share.
 *
 *	parties  endpoints → workloads, pods, nodes         → members, variants
 *	outside  blocks → ranges of addresses that are alike → ranges
 *	ports    pairs of cells → sets of ports, each once   → numbers
 *	list     pairs of ends → rows
 */
#ifndef WEIR_LIST_LISTING_H
#define WEIR_LIST_LISTING_H

#include "array.h"
#include "ends.h"
#include "hash.h"
#include "lookup.h"
#include "memory.h"
#include "weir/list.h"

/* An address of a pod or a node. */
struct member {
	const struct weir_address *address;
	uint32_t leaf;
	uint32_t endpoint;
	bool is_ipv4;
};

/* Members whose rows and classes are the same: one stands for all. */
struct variant {
	const struct member *sample;
	uint32_t count;
};

/* An end that is not outside. */
struct party {
	struct weir_list_end shown;
	const char *namespace_name;   /* "" for a node */
	const struct member *members; /* those of an endpoint are consecutive */
	const struct variant *variants;
	struct party *parts; /* NULL: not made yet; of a workload pods, of others addresses */
	uint32_t member_count;
	uint32_t variant_count;
	uint32_t part_count;
	bool is_node; /* or an address of one */
};

/* What ranges are that are alike for every policy. */
struct kind {
	uint32_t leaf; /* one of them */
	bool is_ipv4;
};

/* A run of addresses of one family, outside the cluster and alike for every policy. */
struct range {
	struct weir_address first;
	struct weir_address last;
	uint32_t kind; /* index into kinds; WEIR_NONE where pods and nodes have every address */
	bool is_ipv4;
};

struct outside {
	const struct range *ranges; /* IPv4 first, ascending */
	const struct kind *kinds;   /* in the order of their first ranges */
	uint32_t range_count;
	uint32_t kind_count;
	bool is_whole; /* not only a part was asked for */
};

/* What may be the one end, or the other. */
struct choice {
	struct party *parties;
	uint32_t party_count;
	struct outside outside;
};

/* Numbers of one protocol that are in the same port class. */
struct port_run {
	uint16_t first;
	uint16_t last;
	uint32_t class;
};

enum {
	PROTOCOLS_WITH_PORTS = LAYOUT_SLOT_OTHER, /* by slot */
};

struct shown_ports {
	struct weir_list_ports items[PROTOCOLS_WITH_PORTS + 1];
	uint32_t count;
};

/* Sets of port classes, numbered; 0 is the empty one. */
struct port_numbers {
	struct weir_map of_cells; /* (egress cell, ingress cell) → number */
	struct weir_map of_set;   /* words → number */
	struct weir_array sets;   /* const uint64_t *, by number */
	struct weir_array shown;  /* struct shown_ports, by number */
	uint64_t *scratch;
	struct port_run *runs[PROTOCOLS_WITH_PORTS];
	uint32_t run_count[PROTOCOLS_WITH_PORTS];
};

struct weir_list {
	const struct weir_allocator *allocator;
	struct weir_policy *policy;
	const struct lookup *lookup;
	const char *namespace_name;
	struct weir_arena arena;
	struct weir_array prefixes; /* struct weir_prefix: of the row that is told */
	uint32_t *kind_ports[2];    /* of each kind, for one end: those surely allowed, and the
				     * ambiguous ones; WEIR_NONE of a family that it has not */
	struct port_numbers ports;
	struct choice from;
	struct choice to;
	bool by_pod;
	bool with_nodes;
	int (*row)(void *context, const struct weir_list_row *row);
	void *context;
	int status; /* what ended the listing */
};

/* Fills a choice with what a side's text names, or with all; as weir_list_create. */
int list_choose(struct weir_list *list, const char *text, struct choice *out,
		struct weir_error *error);

/* Makes the parts of a party, once; -ENOMEM. */
int list_parts(struct weir_list *list, struct party *party);

/* The ranges outside the cluster, within clip when it is not NULL; -ENOMEM. */
int list_outside(struct weir_list *list, const struct weir_prefix *clip, struct outside *out);

/* Appends to prefixes (of struct weir_prefix) the fewest that hold first..last; -ENOMEM. */
int list_cover(struct weir_array *prefixes, const struct range *range);

int ports_init(struct weir_list *list);
void ports_finish(struct weir_list *list);

/* Numbers of what both cells allow, and of what is in both sets, in either, or in a and not in b.
 * Without memory they note it in the list's status and give 0. */
uint32_t ports_of_cells(struct weir_list *list, uint32_t egress, uint32_t ingress);
uint32_t ports_common(struct weir_list *list, uint32_t a, uint32_t b);
uint32_t ports_either(struct weir_list *list, uint32_t a, uint32_t b);
uint32_t ports_without(struct weir_list *list, uint32_t a, uint32_t b);

#endif
