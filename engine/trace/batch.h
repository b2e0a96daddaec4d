/*
 * batch.h - many frames at once, by many threads.
 */
#ifndef WEIR_TRACE_BATCH_H
#define WEIR_TRACE_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "assign.h"
#include "weir/team.h"

enum {
	WEIR_BATCH_SIZE = 32768, /* frames, at most */
};

struct weir_batch;

/* 0 or -ENOMEM. */
int weir_batch_create(const struct weir_allocator *allocator, const struct weir_team *team,
		      struct weir_assigner *assigner, struct weir_batch **out);
void weir_batch_destroy(struct weir_batch *batch); /* NULL is allowed */

/* What is told of the frames of the last call, each by itself. */
const struct weir_incoming *weir_batch_incoming(const struct weir_batch *batch);
/* Their least time, and whether any of them belongs to no flow. */
uint64_t weir_batch_start(const struct weir_batch *batch);
bool weir_batch_has_others(const struct weir_batch *batch);
/* Where weir_batch_assign put their packets, those that decode calls OK. */
const struct weir_assignment *weir_batch_assignments(const struct weir_batch *batch);

/* weir_assigner_expect and count, or assign, of n frames: 0 or -ENOMEM. */
int weir_batch_count(struct weir_batch *batch, const struct weir_frame *frames, size_t n);
int weir_batch_assign(struct weir_batch *batch, const struct weir_frame *frames, size_t n);

#endif
