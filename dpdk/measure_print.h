/*
 * measure_print.h - what the formats of a measurement share.
 */
#ifndef WEIR_DPDK_MEASURE_PRINT_H
#define WEIR_DPDK_MEASURE_PRINT_H

#include "measure.h"
#include "text.h"

extern const char *const measure_latencies[5]; /* "p50" and so on */

/* "measured", "WRONG", "declined". */
const char *measure_outcome_name(enum measure_outcome outcome);

/* One line about a case: cluster, flows, frames, what they are. */
void measure_describe(const struct measurement *measurement, const struct measure_case *one,
		      struct report_text *out);

static inline uint32_t measure_pods(const struct weir_cluster_counts *counts)
{
	return counts->pods + counts->synthetic_pods;
}

static inline uint32_t measure_policies(const struct weir_cluster_counts *counts)
{
	return counts->network_policies + counts->cluster_policies;
}

/* Nanoseconds of a packet. */
struct report_spread measure_cost(const struct measurement *measurement,
				  const struct measure_result *result);
struct report_spread measure_rate(const struct measurement *measurement,
				  const struct measure_rate *rate);

/* For how long no packet passed, as the packets lost say: nanoseconds. */
double measure_blocked(const struct measure_reload *reload);

static inline uint64_t measure_carried(const struct search_trial *trial)
{
	return trial->offered - trial->lost;
}

#endif
