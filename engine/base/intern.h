/*
 * intern.h - equal strings become one pointer.
 *
 * Strings live in the table's arena until it is finished; comparing two of them is comparing
 * pointers, and their order is strcmp's.
 */
#ifndef WEIR_BASE_INTERN_H
#define WEIR_BASE_INTERN_H

#include <stddef.h>

#include "hash.h"
#include "memory.h"

struct weir_intern {
	struct weir_arena arena;
	struct weir_map map;
};

void weir_intern_init(struct weir_intern *intern, const struct weir_allocator *allocator);
void weir_intern_finish(struct weir_intern *intern);

/* The one pointer for these length bytes (a NUL behind is added); NULL: no memory. */
const char *weir_intern_text(struct weir_intern *intern, const char *text, size_t length);

#endif
