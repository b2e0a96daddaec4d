/*
 * disturbance.h - what took processors away from this program: the hypervisor, other programs.
 *
 * Steal is what a hypervisor tells (/proc/stat), in steps of a hundredth of a second and for the
 * whole machine; some tell nothing. A thread that could go on and was put aside all the same made
 * an involuntary switch (/proc/self/task). What neither shows, a loop sees as a round that takes
 * too long (loop.h).
 */
#ifndef WEIR_DPDK_DISTURBANCE_H
#define WEIR_DPDK_DISTURBANCE_H

#include <stdint.h>
#include <stdio.h>

struct disturbance {
	uint64_t stolen_ms; /* of all processors together */
	uint64_t switches;  /* of this program's threads */
};

/* Since the machine and the threads started: two looks and their difference say what was between.
 * What cannot be read stays 0. */
struct disturbance disturbance_look(void);
struct disturbance disturbance_between(const struct disturbance *before,
				       const struct disturbance *after);

/* From the text of /proc/stat, in ticks; from that of a thread's status. 0: it does not say. */
uint64_t disturbance_read_steal(FILE *stat);
uint64_t disturbance_read_switches(FILE *status);

#endif
