/*
 * big_pages.h - an allocator for tables that are looked up at random.
 *
 * Large blocks are mapped by themselves, and the kernel is asked to back them by large pages once
 * there are many: then the table of what is where fits a core's caches. Small ones are the C
 * library's. Any thread may allocate and release.
 */
#ifndef WEIR_CLI_BIG_PAGES_H
#define WEIR_CLI_BIG_PAGES_H

#include <stdatomic.h>
#include <stddef.h>

#include "weir/allocator.h"

struct big_pages {
	struct weir_allocator allocator;
	atomic_size_t mapped; /* bytes, in all */
};

/* Stays where it is as long as the allocator is used. */
void big_pages_init(struct big_pages *pages);

#endif
