/*
 * expect.h - replay --expect: rows that flows are compared with (T20).
 *
 * A row must match at least one flow, and every flow that it matches must have its verdict.
 */
#ifndef WEIR_CLI_EXPECT_H
#define WEIR_CLI_EXPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/policy.h"
#include "weir/query.h"
#include "weir/trace.h"

#include "command.h"

struct expectation;

/* Zeroed to begin with. */
struct expectations {
	const char *path;
	const struct weir_policy *policy;
	struct weir_querier *querier;
	struct expectation *rows;
	size_t count;
	size_t capacity;
	struct expectation **by_packet; /* the rows that name a packet, in its order */
	size_t packet_count;
	size_t next_packet; /* the first of them whose packet was not passed */
	size_t matched, mismatched, unseen;
};
void expectations_finish(struct expectations *expectations);

/* Reads JSON lines, or CSV under a line of column names. Every bad row is told; EXIT_USAGE when
 * there was one. */
enum exit_code expectations_read(struct expectations *expectations,
				 const struct invocation *invocation, const char *path);

/* Says which flow a packet belongs to (UINT64_MAX: none), for the rows that name it. Packets come
 * in the order of their numbers. */
void expectations_note_packet(struct expectations *expectations, uint64_t number, uint64_t flow);

/* Compares, and counts the rows. */
void expectations_compare(struct expectations *expectations, const struct weir_trace *trace);

/* Tells every row that failed on standard error. */
void expectations_complain(const struct expectations *expectations, const struct weir_trace *trace);

#endif
