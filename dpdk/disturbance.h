/*
 * disturbance.h - processor time that a hypervisor gave to others.
 *
 * It tells in steps of a hundredth of a second and for the whole machine (/proc/stat); some tell
 * nothing. So it is told, and nothing follows from it: what was taken from a loop, by whomever, the
 * loop sees itself as a round that takes too long (loop.h).
 */
#ifndef WEIR_DPDK_DISTURBANCE_H
#define WEIR_DPDK_DISTURBANCE_H

#include <stdint.h>
#include <stdio.h>

/* Milliseconds of all processors together since the machine started. 0: it does not say. */
uint64_t disturbance_stolen(void);

/* From the text of /proc/stat, in ticks. */
uint64_t disturbance_read_steal(FILE *stat);

#endif
