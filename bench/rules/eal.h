/*
 * eal.h - DPDK for programs that need no more of it than memory.
 */
#ifndef WEIR_BENCH_EAL_H
#define WEIR_BENCH_EAL_H

#include <stdbool.h>

/* Starts DPDK without huge pages of its own, devices or shared files; its heap of so many
 * mebibytes is private memory, in transparent huge pages where the system gives them. lcores is as
 * DPDK's --lcores has it; NULL: one, on any processor. */
bool bench_start_dpdk(unsigned mebibytes, const char *lcores);
void bench_stop_dpdk(void);

#endif
