#include "memory.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	LARGE_PAGE = 2 * 1024 * 1024,
};

/* Asks for large pages as far as the memory fills such: the kernel clears and maps 2 MiB at a time,
 * and random reads miss fewer translations. Where it has none nothing is lost. */
static void ask_for_large_pages(void *memory, size_t size)
{
	uintptr_t begin = ((uintptr_t)memory + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
	uintptr_t end = ((uintptr_t)memory + size) / LARGE_PAGE * LARGE_PAGE;

	if (begin < end)
		madvise((void *)begin, end - begin, MADV_HUGEPAGE);
}

static void *libc_allocate(void *context, size_t size)
{
	void *memory = malloc(size ? size : 1);

	(void)context;
	if (memory && size >= LARGE_PAGE)
		ask_for_large_pages(memory, size);
	return memory;
}

static void libc_release(void *context, void *memory)
{
	(void)context;
	free(memory);
}

static const struct weir_allocator libc_allocator = { libc_allocate, libc_release, NULL };

const struct weir_allocator *weir_allocator_or_default(const struct weir_allocator *allocator)
{
	return allocator ? allocator : &libc_allocator;
}

void *weir_allocate(const struct weir_allocator *allocator, size_t size)
{
	return allocator->allocate(allocator->context, size);
}

void *weir_allocate_zeroed(const struct weir_allocator *allocator, size_t count, size_t size)
{
	size_t bytes;
	void *memory;

	if (__builtin_mul_overflow(count, size, &bytes))
		return NULL;
	memory = weir_allocate(allocator, bytes ? bytes : 1);
	if (memory)
		memset(memory, 0, bytes);
	return memory;
}

void weir_release(const struct weir_allocator *allocator, void *memory)
{
	if (memory)
		allocator->release(allocator->context, memory);
}

enum {
	ARENA_CHUNK_MIN = 16 * 1024,
	ARENA_CHUNK_MAX = 4 * 1024 * 1024,
};

struct weir_arena_chunk {
	struct weir_arena_chunk *older;
	size_t size; /* of bytes */
	alignas(max_align_t) char bytes[];
};

void weir_arena_init(struct weir_arena *arena, const struct weir_allocator *allocator)
{
	*arena = (struct weir_arena){ .allocator = weir_allocator_or_default(allocator) };
}

static void release_chunks(struct weir_arena *arena, struct weir_arena_chunk *chunk)
{
	while (chunk) {
		struct weir_arena_chunk *older = chunk->older;

		weir_release(arena->allocator, chunk);
		chunk = older;
	}
}

void weir_arena_finish(struct weir_arena *arena)
{
	release_chunks(arena, arena->chunks);
	weir_arena_init(arena, arena->allocator);
}

void weir_arena_reset(struct weir_arena *arena)
{
	struct weir_arena_chunk *kept = arena->chunks;

	if (!kept)
		return;
	release_chunks(arena, kept->older);
	kept->older = NULL;
	arena->next = kept->bytes;
	arena->end = kept->bytes + kept->size;
	arena->used = 0;
}

/* Chunks double, so that their number grows with the logarithm of the memory used. */
static int add_chunk(struct weir_arena *arena, size_t size)
{
	size_t wanted = arena->chunks ? arena->chunks->size * 2 : ARENA_CHUNK_MIN;
	struct weir_arena_chunk *chunk;

	if (wanted > ARENA_CHUNK_MAX)
		wanted = ARENA_CHUNK_MAX;
	if (wanted < size)
		wanted = size;
	if (wanted > SIZE_MAX - sizeof(*chunk))
		return -1;
	chunk = weir_allocate(arena->allocator, sizeof(*chunk) + wanted);
	if (!chunk)
		return -1;
	chunk->older = arena->chunks;
	chunk->size = wanted;
	arena->chunks = chunk;
	arena->next = chunk->bytes;
	arena->end = chunk->bytes + wanted;
	return 0;
}

void *weir_arena_allocate(struct weir_arena *arena, size_t count, size_t size)
{
	const size_t align = alignof(max_align_t);
	size_t bytes;
	void *memory;

	if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - align)
		return NULL;
	bytes = (bytes + align - 1) / align * align;
	if (!arena->next || bytes > (size_t)(arena->end - arena->next)) {
		if (add_chunk(arena, bytes))
			return NULL;
	}
	memory = arena->next;
	arena->next += bytes;
	arena->used += bytes;
	memset(memory, 0, bytes);
	return memory;
}

/* Strings need no alignment, but the next allocation does; a rounded size serves both. */
char *weir_arena_copy(struct weir_arena *arena, const char *text, size_t length)
{
	char *copy = weir_arena_allocate(arena, length + 1, 1);

	if (copy && length)
		memcpy(copy, text, length);
	return copy;
}
