/*
 * eal.h - DPDK for programs that need no more of it than memory.
 */
#ifndef WEIR_BENCH_EAL_H
#define WEIR_BENCH_EAL_H

#include <stdbool.h>

/* Starts DPDK without huge pages of its own, devices or shared files; its heap of so many
 * mebibytes is private memory, in transparent huge pages where the system gives them. */
bool bench_start_dpdk(unsigned mebibytes);
void bench_stop_dpdk(void);

#endif
