#include "eal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_memory.h>

/* Copies the pages that are in memory: of a heap that is still empty but for its own records. */
static int copy_resident(void *to, const void *from, size_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	unsigned char *resident = calloc(length / page + 1, 1);
	int status = -1;

	if (resident && !mincore((void *)(uintptr_t)from, length, resident)) {
		for (size_t i = 0; i < length / page; i++)
			if (resident[i] & 1)
				memcpy((char *)to + i * page, (const char *)from + i * page, page);
		status = 0;
	}
	free(resident);
	return status;
}

/* Without huge pages DPDK's heap is a file in memory, which no advice makes large: private memory
 * takes its place. */
static int use_huge_pages(const struct rte_memseg_list *list, void *context)
{
	void *memory =
		mmap(NULL, list->len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)context;
	if (memory == MAP_FAILED)
		return -1;
	madvise(memory, list->len, MADV_HUGEPAGE);
	if (copy_resident(memory, list->base_va, list->len) ||
	    mremap(memory, list->len, list->len, MREMAP_MAYMOVE | MREMAP_FIXED, list->base_va) ==
		    MAP_FAILED) {
		munmap(memory, list->len);
		return -1;
	}
	return 0;
}

bool bench_start_dpdk(unsigned mebibytes, const char *lcores)
{
	char words[][24] = { "weir-bench", "--no-huge",      "--no-shconf",
			     "--no-pci",   "--no-telemetry", "-m",
			     "",           "--iova-mode=va", "--log-level=error",
			     "--lcores" };
	enum { WORDS = sizeof(words) / sizeof(words[0]), MEMORY = 6 };
	char *arguments[WORDS + 2] = { NULL };
	char one[24];
	char *cores;
	bool is_up;

	for (int i = 0; i < WORDS; i++)
		arguments[i] = words[i];
	snprintf(words[MEMORY], sizeof(words[0]), "%u", mebibytes);
	snprintf(one, sizeof(one), "0@(0-%d)", (int)sysconf(_SC_NPROCESSORS_ONLN) - 1);
	cores = strdup(lcores ? lcores : one);
	arguments[WORDS] = cores;
	is_up = cores && rte_eal_init(WORDS + 1, arguments) >= 0;
	free(cores);
	return is_up && !rte_memseg_list_walk(use_huge_pages, NULL);
}

void bench_stop_dpdk(void)
{
	rte_eal_cleanup();
}
