/*
 * report.h - what a dataplane counted, for people and for programs.
 */
#ifndef WEIR_DPDK_REPORT_H
#define WEIR_DPDK_REPORT_H

#include <stdio.h>

#include "json.h"

#include "dataplane.h"
#include "worker_counters.h"

/* A packet is counted once, by what became of it. */
struct outcome {
	uint64_t packets; /* the sum of all below */
	uint64_t allowed;
	uint64_t denied;
	uint64_t not_ip;
	uint64_t opaque;
	uint64_t malformed;
};
struct outcome report_outcome(const struct dataplane_counters *counters);

/* What happened between cores, and to policies: every number that is not 0. */
void report_loops_each(const struct dataplane_counters *counters, counter_teller *tell,
		       void *context);

/* 0 or a negative errno. */
int report_text(struct dataplane *dataplane, const struct dataplane_counters *counters, FILE *file);
int report_json(struct dataplane *dataplane, const struct dataplane_counters *counters,
		struct report_json *json);

#endif
