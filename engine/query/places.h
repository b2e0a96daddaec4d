/*
 * places.h - what an endpoint stands for: the addresses, and the ports there, that a connection
 * comes from or goes to.
 */
#ifndef WEIR_QUERY_PLACES_H
#define WEIR_QUERY_PLACES_H

#include "array.h"
#include "names.h"
#include "weir/query.h"

/* The pods of every workload, those of its children included. */
struct query_members {
	const uint32_t *starts; /* pods of workload i: items[starts[i]..starts[i + 1]) */
	const uint32_t *items;  /* ascending endpoint indices */
};

int query_members_build(const struct weir_policy *policy, struct weir_arena *arena,
			struct query_members *out);

struct query_place {
	struct weir_address addresses[2]; /* one of a family at most */
	uint32_t endpoint;                /* the pod or node there, or WEIR_NONE */
	uint16_t port;                    /* where the connection goes to */
	uint8_t address_count;
	bool is_node;     /* asked about in the first family that it shares */
	bool is_external; /* an address of a pod range, named by its number */
	bool is_unknown;  /* an address of a pod range, behind a service */
	bool is_backend;  /* reached through a service */
};

/* What a connection is asked of: a side's text, what it names, and the question. */
struct query_side {
	const struct weir_policy *policy;
	const struct query_members *members;
	const struct weir_query *query;
	const char *text;
	struct query_named named;
};

/* Fill places (of struct query_place) with what the side stands for as the opener of the
 * connection, and as its target: then a service's port becomes its backends' ports. -EINVAL: it
 * stands for nothing that can be asked about; -ENOMEM. */
int query_sources(const struct query_side *side, struct weir_array *places,
		  struct weir_error *error);
int query_targets(const struct query_side *side, struct weir_array *places,
		  struct weir_error *error);

/* Writes a place, at one of its addresses, as a person would: "ns/pod", "node/NAME" or the
 * address; cut to size. */
void query_place_format(const struct weir_policy *policy, const struct query_place *place,
			const struct weir_address *address, char *text, size_t size);

#endif
