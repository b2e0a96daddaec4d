/*
 * diagnostics.h - findings about inputs, printed as compilers print theirs.
 */
#ifndef WEIR_CLI_DIAGNOSTICS_H
#define WEIR_CLI_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/error.h"

struct diagnostics {
	bool color;
	bool hides_notes; /* they are counted all the same */
	size_t errors;
	size_t warnings;
	size_t notes;
	struct weir_sink also; /* gets everything, too; its report may be NULL */
	uint64_t explained;    /* lints, by place in their table, of which it was said why */
};

/* Prints to standard error, one line a finding:
 *	FILE:LINE:COL: KIND ns/name: FIELD: what is wrong, what would be right
 * Warnings and notes say so behind the position. A lint has its code behind the text, and below the
 * first finding of a code stand two lines more:
 *	    why: why it matters
 *	    do: what to do
 * The second stands below every finding that has an advice of its own. */
struct weir_sink diagnostics_sink(struct diagnostics *diagnostics);

#endif
