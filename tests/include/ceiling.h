/*
 * ceiling.h - an allocator with so many bytes and no more, which knows what is held.
 *
 *	struct ceiling ceiling;
 *	ceiling_init(&ceiling, 64 << 20);
 *	... { .allocator = &ceiling.allocator } ...
 *	assert_int_equal(ceiling.held, 0);
 *
 * Not to be moved: the allocator points to it.
 */
#ifndef WEIR_TESTS_CEILING_H
#define WEIR_TESTS_CEILING_H

#include <stddef.h>
#include <stdlib.h>

#include "weir/allocator.h"

struct ceiling {
	struct weir_allocator allocator;
	size_t limit;
	size_t held;
	size_t most;
};

enum { CEILING_HEADER = 16 }; /* keeps what is handed out aligned */

static inline void *ceiling_allocate(void *context, size_t size)
{
	struct ceiling *ceiling = context;
	size_t *header;

	if (size > ceiling->limit - ceiling->held)
		return NULL;
	header = malloc(size + CEILING_HEADER);
	if (!header)
		return NULL;
	*header = size;
	ceiling->held += size;
	if (ceiling->held > ceiling->most)
		ceiling->most = ceiling->held;
	return (char *)header + CEILING_HEADER;
}

static inline void ceiling_release(void *context, void *memory)
{
	struct ceiling *ceiling = context;
	size_t *header = memory ? (size_t *)(void *)((char *)memory - CEILING_HEADER) : NULL;

	if (header)
		ceiling->held -= *header;
	free(header);
}

static inline void ceiling_init(struct ceiling *ceiling, size_t limit)
{
	*ceiling = (struct ceiling){
		.allocator = { ceiling_allocate, ceiling_release, ceiling },
		.limit = limit,
	};
}

#endif
