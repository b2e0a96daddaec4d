#include "big_pages.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum {
	PAGE = 2 << 20,
	LARGE = 1 << 20, /* a block of so many bytes is mapped by itself */
	MANY = 16 << 20, /* bytes that are mapped before large pages are worth their clearing */
	HEADER = 64,     /* before each block */
	ALIGNMENT = 64,
};

struct header {
	void *start; /* of the mapping, or NULL */
	size_t length;
};

static void *map(struct big_pages *pages, size_t size)
{
	size_t length = size + HEADER + PAGE;
	char *start =
		mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct header *header;

	if (start == MAP_FAILED)
		return NULL;
	header = (void *)(start + (PAGE - (uintptr_t)start % PAGE) % PAGE);
	if (atomic_fetch_add(&pages->mapped, size) >= MANY)
		(void)madvise(header, size + HEADER, MADV_HUGEPAGE);
	*header = (struct header){ start, length };
	return (char *)header + HEADER;
}

static void *allocate(void *context, size_t size)
{
	struct header *header;

	if (size > SIZE_MAX - HEADER - PAGE)
		return NULL;
	if (size >= LARGE)
		return map(context, size);
	header = aligned_alloc(ALIGNMENT, (size + HEADER + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
	if (!header)
		return NULL;
	*header = (struct header){ NULL, 0 };
	return (char *)header + HEADER;
}

static void release(void *context, void *memory)
{
	struct header *header;

	(void)context;
	if (!memory)
		return;
	header = (void *)((char *)memory - HEADER);
	if (header->start)
		munmap(header->start, header->length);
	else
		free(header);
}

void big_pages_init(struct big_pages *pages)
{
	pages->allocator = (struct weir_allocator){ allocate, release, pages };
	atomic_init(&pages->mapped, 0);
}
