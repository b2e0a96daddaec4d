/*
 * ranges.h - prefixes as a person reads them: neighbours joined to "first-last".
 */
#ifndef WEIR_CLI_RANGES_H
#define WEIR_CLI_RANGES_H

#include <stdint.h>

#include "weir/address.h"

enum { RANGE_TEXT = WEIR_PREFIX_TEXT + WEIR_ADDRESS_TEXT };

/* Writes the range that begins at prefixes[*at], one prefix or several that follow each other
 * without a gap, and moves *at behind it. */
void range_format(const struct weir_prefix *prefixes, uint32_t count, uint32_t *at,
		  char text[RANGE_TEXT]);

#endif
