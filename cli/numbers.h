/*
 * numbers.h - the numbers that options take.
 */
#ifndef WEIR_CLI_NUMBERS_H
#define WEIR_CLI_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

#include "command.h"

enum {
	SHARE_ALL = 10000, /* 1 is a hundredth of a percent */
};

/* An option's name without dashes. */
const char *option_name(const struct invocation *invocation, enum option_id id);

/* What is not given leaves *out as it is. False after a usage error, which was told. */
bool option_number(const struct invocation *invocation, enum option_id id, uint64_t least,
		   uint64_t most, uint64_t *out);
bool option_small_number(const struct invocation *invocation, enum option_id id, uint32_t least,
			 uint32_t most, uint32_t *out);

/* A share as "0.8" or "80%", of SHARE_ALL. */
bool option_share(const struct invocation *invocation, enum option_id id, uint16_t *out);

#endif
