/*
 * shown.h - the flows of a table, one after the other, as tests compare them.
 */
#ifndef TESTS_FLOW_SHOWN_H
#define TESTS_FLOW_SHOWN_H

#include "table.h"

struct shown_flow {
	uint64_t expires; /* if no packet comes: from this time on it is not found */
	enum weir_flow_timeout timeout;
};

/* The next flow from *cursor on, which begins at 0; false: there are no more. */
bool next_flow(const struct weir_flow_table *table, uint64_t *cursor, struct shown_flow *out);

#endif
