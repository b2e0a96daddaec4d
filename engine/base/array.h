/*
 * array.h - a growable array of items of one size.
 *
 *	struct weir_array ports = weir_array_of(allocator, struct weir_port);
 *	struct weir_port *port = weir_array_push(&ports);   (zeroed; NULL: no memory)
 *	for (size_t i = 0; i < ports.count; i++) ... ((struct weir_port *)ports.items)[i]
 *
 * Pointers to items hold until the next push.
 */
#ifndef WEIR_BASE_ARRAY_H
#define WEIR_BASE_ARRAY_H

#include <stddef.h>

#include "memory.h"

struct weir_array {
	const struct weir_allocator *allocator;
	void *items;
	size_t count;
	size_t capacity;
	size_t item_size;
};

#define weir_array_of(allocator_, type)                                                            \
	((struct weir_array){ .allocator = weir_allocator_or_default(allocator_),                  \
			      .item_size = sizeof(type) })

/* A zeroed item at the end, or NULL. */
void *weir_array_push(struct weir_array *array);
/* Room for count items in all; 0 or -ENOMEM. */
int weir_array_reserve(struct weir_array *array, size_t count);
/* Sets the count; new items are zeroed. 0 or -ENOMEM. */
int weir_array_resize(struct weir_array *array, size_t count);
void weir_array_finish(struct weir_array *array);

#endif
