/*
 * memory.h - the memory of flow tables: the system's, in huge pages where it has some to give.
 */
#ifndef WEIR_DPDK_MEMORY_H
#define WEIR_DPDK_MEMORY_H

#include "weir/allocator.h"

extern const struct weir_allocator large_memory;

#endif
