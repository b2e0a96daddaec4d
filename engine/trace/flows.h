/*
 * flows.h - from sightings to flows: who opened, what belongs together, and the verdict.
 *
 * When all packets are in, every sighting gets an outcome. First errors that came before the
 * connection that they quote move there, then each sighting learns who opened it, then the
 * sightings before and after translation are joined. What is left are the flows.
 */
#ifndef WEIR_TRACE_FLOWS_H
#define WEIR_TRACE_FLOWS_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "assign.h"
#include "weir/policy.h"
#include "weir/trace.h"

struct weir_outcome {
	uint32_t flow;   /* while joining the sighting that counts for this one; then the flow's
			    index, or WEIR_NONE for a sighting without packets, and for
			    numbers that no sighting has */
	uint8_t forward; /* the side whose packets go forward */
	bool is_midstream : 1;
	bool is_undecided : 1; /* either side may have opened */
	bool is_related : 1;   /* errors that came before what they quote */
	bool is_visit : 1;     /* shows a virtual address */
	bool is_suspect : 1;   /* a node's, whose client may be another that is judged otherwise */
};
static_assert(sizeof(struct weir_outcome) == 8, "one for every sighting");

/* A flow as it is kept; struct weir_flow is made from it. */
struct weir_flow_record {
	uint32_t sighting;   /* has the ends and the counts */
	uint32_t translated; /* the sighting that shows the virtual address, or WEIR_NONE */
	uint32_t service;    /* or WEIR_NONE */
	uint32_t service_port;
	uint32_t backend; /* of the service's port, in the virtual address's place; or WEIR_NONE */
	uint8_t verdict;  /* enum weir_action */
	uint8_t why;      /* enum weir_trace_why */
	uint8_t state;    /* enum weir_flow_state */
};

struct weir_flows {
	struct weir_outcome *outcomes; /* by sighting */
	struct weir_flow_record *records;
	uint32_t outcome_count;
	uint32_t record_count;
};

struct weir_settler;

/* What the verdicts depend on. */
struct weir_judge {
	const struct weir_policy *policy;
	struct weir_assigner *assigner;
	const struct weir_settler *settler; /* of an endless trace, else NULL */
	uint64_t start;                     /* the trace's least time */
	uint8_t flags;                      /* of every key */
};

/* Makes and judges the flows of an assigner that has ended; 0 or -ENOMEM. */
int weir_flows_make(struct weir_flows *flows, const struct weir_judge *judge,
		    const struct weir_allocator *allocator);
void weir_flows_finish(struct weir_flows *flows, const struct weir_allocator *allocator);

/* opener.c: fills forward, is_midstream, is_undecided (T4, T5). */
void weir_decide_opener(const struct weir_judge *judge, const struct weir_sighting *sighting,
			struct weir_outcome *out);

/* True when what the sighting's opener reached is translated. */
bool weir_sighting_translates(const struct weir_judge *judge, const struct weir_sighting *sighting,
			      unsigned forward, uint32_t *service, uint32_t *service_port);

/* The node, of an address of its own, as an endpoint's index; else WEIR_NONE. */
uint32_t weir_node_of(const struct weir_judge *judge, const struct weir_address *address);

/* True when a sighting is allowed because its pod is the own of the node that opened it. */
bool weir_is_exempt(const struct weir_judge *judge, const struct weir_sighting *sighting,
		    unsigned forward);
/* True when such a sighting is not allowed from the client in the node's place. */
bool weir_client_is_otherwise(const struct weir_judge *judge, const struct weir_sighting *sighting,
			      unsigned forward, const struct weir_address *client);

/* join.c: joins the sightings of translated connections (T10): sets translated[], by sighting
 * that counts, to the one that shows the virtual address. 0 or -ENOMEM. */
int weir_join_translated(const struct weir_judge *judge, struct weir_outcome *outcomes,
			 uint32_t *translated, const struct weir_allocator *allocator);

/* Moves one sighting's counts and signals to another's, and its outcome. 0 or -ENOMEM. */
int weir_join_sightings(const struct weir_judge *judge, struct weir_outcome *outcomes,
			uint32_t from, uint32_t to);

/* verdict.c: the verdicts of all records; and the reasons of one, judged anew. */
void weir_judge_flows(const struct weir_judge *judge, const struct weir_outcome *outcomes,
		      struct weir_flow_record *records, uint32_t count);
void weir_explain_flow(const struct weir_judge *judge, const struct weir_outcome *outcomes,
		       const struct weir_flow_record *record, struct weir_explanation *out);

/* The address and port that the flow comes from: of the client, also where the pod saw a node in
 * its place. */
void weir_flow_source(const struct weir_judge *judge, const struct weir_outcome *outcomes,
		      const struct weir_flow_record *record, struct weir_address *address,
		      uint16_t *port);
/* The address and port that the flow goes to. */
void weir_flow_target(const struct weir_judge *judge, const struct weir_outcome *outcomes,
		      const struct weir_flow_record *record, struct weir_address *address,
		      uint16_t *port);

#endif
