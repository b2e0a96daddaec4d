#include "memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
	HUGE_PAGE = 2 << 20,
};

static void *allocate(void *context, size_t size)
{
	bool is_large = size >= HUGE_PAGE;
	size_t alignment = is_large ? HUGE_PAGE : 64;
	size_t whole = (size + alignment - 1) / alignment * alignment;
	void *memory = aligned_alloc(alignment, whole);

	(void)context;
	if (memory && is_large)
		madvise(memory, whole, MADV_HUGEPAGE);
	return memory;
}

static void release(void *context, void *memory)
{
	(void)context;
	free(memory);
}

const struct weir_allocator large_memory = { allocate, release, NULL };
