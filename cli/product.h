/*
 * product.h - commands that do one of several things, each with options of its own.
 */
#ifndef WEIR_CLI_PRODUCT_H
#define WEIR_CLI_PRODUCT_H

#include "command.h"

struct product {
	const char *name; /* as the first operand; NULL: without one */
	/* That are about it; an option may be about several. Up to a NULL. */
	const struct option_group *const *groups;
	enum exit_code (*run)(const struct invocation *invocation);
};

/* Which one the first operand names; NULL: none. */
const struct product *product_find(const struct invocation *invocation,
				   const struct product *products, size_t count);

/* Runs the chosen one, unless an option is given that is about others only, and would be without
 * effect: told. */
enum exit_code product_run(const struct invocation *invocation, const struct product *products,
			   size_t count, const struct product *chosen);

#endif
