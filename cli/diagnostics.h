/*
 * diagnostics.h - findings about inputs, printed as compilers print theirs.
 */
#ifndef WEIR_CLI_DIAGNOSTICS_H
#define WEIR_CLI_DIAGNOSTICS_H

#include <stdbool.h>
#include <stddef.h>

#include "weir/error.h"

struct diagnostics {
	bool color;
	size_t errors;
	size_t warnings;
};

/* Prints to standard error, one line a finding:
 *	FILE:LINE:COL: KIND ns/name: FIELD: what is wrong, what would be right
 * Warnings and notes say so behind the position. */
struct weir_sink diagnostics_sink(struct diagnostics *diagnostics);

#endif
