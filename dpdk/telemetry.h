/*
 * telemetry.h - a running dataplane's numbers through DPDK's telemetry socket, and its control.
 *
 *	/weir/report          what the final report says, but for its rules
 *	/weir/rules[,FIRST]   connections by the rule that decided, a page an answer
 *	/weir/reload          has the policy files read again, and says what came of it
 *
 * Answers come from telemetry's own threads; the policy files are read by whoever steers. Telemetry
 * hands no context to its commands, so there is one dataplane a process that it serves.
 */
#ifndef WEIR_DPDK_TELEMETRY_H
#define WEIR_DPDK_TELEMETRY_H

#include <stdint.h>

#include "dataplane.h"
#include "reload.h"

/* Serves the dataplane until it is told to stop. Where EAL runs without telemetry nobody comes. */
void telemetry_start(struct dataplane *dataplane);
/* The dataplane is touched no more when it returns. */
void telemetry_stop(void);

/* For whoever steers. Not 0: somebody wants the policy files read; the latest to have come. */
uint64_t telemetry_asker(void);
/* To it and all before it. */
void telemetry_answer(uint64_t asker, enum reload_outcome outcome);

#endif
