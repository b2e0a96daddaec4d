/*
 * memory.h - allocation through the caller's allocator, and arenas on top of it.
 *
 * An arena hands out memory that lives as long as the arena: parsers and builders use one and
 * forget about freeing. Zeroed memory, aligned for any type.
 */
#ifndef WEIR_BASE_MEMORY_H
#define WEIR_BASE_MEMORY_H

#include <stddef.h>

#include "weir/allocator.h"

/* The C library's allocator when NULL is given, else the argument. It asks the kernel for large
 * pages wherever an allocation fills one. */
const struct weir_allocator *weir_allocator_or_default(const struct weir_allocator *allocator);

void *weir_allocate(const struct weir_allocator *allocator, size_t size);
/* Zeroed; NULL also when count * size overflows. */
void *weir_allocate_zeroed(const struct weir_allocator *allocator, size_t count, size_t size);
void weir_release(const struct weir_allocator *allocator, void *memory);

struct weir_arena_chunk;

struct weir_arena {
	const struct weir_allocator *allocator;
	struct weir_arena_chunk *chunks; /* the newest first */
	char *next;
	char *end;
	size_t used; /* bytes handed out */
};

void weir_arena_init(struct weir_arena *arena, const struct weir_allocator *allocator);
void weir_arena_finish(struct weir_arena *arena);
/* Forgets what was handed out and keeps one chunk for the next use. */
void weir_arena_reset(struct weir_arena *arena);

/* Zeroed memory, or NULL. A size of zero is a valid pointer. */
void *weir_arena_allocate(struct weir_arena *arena, size_t count, size_t size);
/* A copy of length bytes with a NUL behind. */
char *weir_arena_copy(struct weir_arena *arena, const char *text, size_t length);

#define weir_arena_new(arena, type) ((type *)weir_arena_allocate((arena), 1, sizeof(type)))
#define weir_arena_array(arena, count, type)                                                       \
	((type *)weir_arena_allocate((arena), (count), sizeof(type)))

#endif
