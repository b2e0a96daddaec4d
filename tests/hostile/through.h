/*
 * through.h - a trace through everything that replay does with it, and what has to hold whatever
 * the trace is: each packet is counted once, both passes agree, files out hold what came in, memory
 * stays below a bound and is given back.
 *
 * What does not hold ends the program with a message (NEED, scene.h).
 */
#ifndef WEIR_TESTS_HOSTILE_THROUGH_H
#define WEIR_TESTS_HOSTILE_THROUGH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/error.h"
#include "weir/policy.h"
#include "weir/trace.h"

struct through_options {
	const char *filter; /* or NULL */
	const char *output; /* a file that is written and read again, or NULL */
	bool unknown_pods_external;
	bool stateless;
	bool is_endless; /* settled now and then, and no second pass */
	bool is_live;    /* and then through a worker */
	bool is_growing; /* and then as a file that is written meanwhile, when it is one alone */
	bool is_shared;  /* and then by a team, with as much of the same as makes it share */
	size_t max_bytes;
	uint64_t secret[2];
};

/* Counts over all calls. */
struct through_seen {
	uint64_t traces;
	uint64_t refused; /* no traces, or with a filter that means nothing */
	uint64_t damaged;
	uint64_t packets;
	uint64_t flows;
	uint64_t by_class[WEIR_TRACE_CLASSES];
	uint64_t followed;     /* as growing files */
	uint64_t shared;       /* by a team */
	uint64_t written;      /* files */
	uint64_t unwritten;    /* that their format cannot hold */
	size_t most_bytes;     /* that the library held at one time */
	struct weir_error why; /* of the last that was refused */
	char told[512];        /* the last that the capture told */
};

void through(struct weir_policy *policy, const char *const *paths, size_t path_count,
	     const struct through_options *options, struct through_seen *seen);

#endif
