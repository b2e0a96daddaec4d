/*
 * failing.h - an allocator that fails from a given allocation on, and knows what is not freed.
 *
 *	struct failing failing = failing_never();
 *	for (unsigned n = 0; ...; n++) { failing_after(&failing, n); ... &failing.allocator ... }
 *	assert_int_equal(failing.live, 0);
 *
 * Not to be moved: the allocator points to it.
 */
#ifndef WEIR_TESTS_FAILING_H
#define WEIR_TESTS_FAILING_H

#include <limits.h>
#include <stdlib.h>

#include "weir/allocator.h"

struct failing {
	struct weir_allocator allocator;
	unsigned left; /* allocations that still succeed */
	unsigned live; /* allocated and not freed */
};

static inline void *failing_allocate(void *context, size_t size)
{
	struct failing *failing = context;

	if (!failing->left)
		return NULL;
	failing->left--;
	failing->live++;
	return malloc(size ? size : 1);
}

static inline void failing_release(void *context, void *memory)
{
	struct failing *failing = context;

	failing->live -= memory != NULL;
	free(memory);
}

static inline struct failing failing_never(void)
{
	return (struct failing){ .left = UINT_MAX };
}

/* The next count allocations succeed, and none behind them. */
static inline void failing_after(struct failing *failing, unsigned count)
{
	failing->allocator = (struct weir_allocator){ failing_allocate, failing_release, failing };
	failing->left = count;
}

#endif
