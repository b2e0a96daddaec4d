/*
 * measure.h - what weir bench ports measures: engines on the same ports, with the same traffic.
 *
 * Of each engine, by turns in rounds: that its verdicts are right; the cycles of a packet; the
 * highest rates without loss, and with little. Then latencies at parts of the rate, and what a new
 * policy costs.
 */
#ifndef WEIR_DPDK_MEASURE_H
#define WEIR_DPDK_MEASURE_H

#include "command.h"
#include "device.h"
#include "gen_cluster.h"
#include "input.h"
#include "statistics.h"

enum {
	MEASURE_LIST = 16, /* values of an option that is repeated */
	MEASURE_CASES = 256,
	MEASURE_ROUNDS = 99,
	MEASURE_ENGINES = 8,
	MEASURE_POINTS = 3, /* parts of the rate at which latency is looked at */
};

extern const uint32_t measure_percents[MEASURE_POINTS];

enum measure_what {
	MEASURE_ALL,
	MEASURE_COST,
	MEASURE_RATES,
};

struct measure_frame {
	const char *name;
	struct traffic_mix mix;
};

struct measure_list {
	uint32_t values[MEASURE_LIST];
	size_t count;
};

/* The options. Every value of a list is measured with every one of the others. */
struct measure_settings {
	uint64_t seed;
	struct measure_list pods;     /* 0: -f */
	struct measure_list policies; /* 0: as many as is usual for the pods */
	struct measure_list workers;
	struct measure_list flows;
	enum gen_family family; /* of pods that are made */
	bool has_trace;         /* then these are its own */
	struct measure_frame frames[MEASURE_LIST];
	size_t frame_count;
	uint16_t openings; /* shares of GEN_ALL */
	uint16_t replies;
	uint16_t denied;
	uint16_t sctp;
	uint16_t echoes;
	uint16_t fragments;
	uint16_t extensions;
	uint16_t malformed;
	uint16_t partial_drop;
	enum measure_what what;
	uint64_t rate; /* 0: it is searched */
	uint64_t max_rate;
	uint32_t milliseconds; /* of a trial */
	uint32_t trials;
	uint32_t rounds;
	struct bench_limits limits;
	const struct invocation *invocation; /* which engines */
};
/* False after a usage error, which was told. */
bool measure_settings_read(const struct invocation *invocation, struct measure_settings *out);
uint32_t measure_most(const struct measure_list *list);

/* A cluster to be made. */
struct measure_cluster {
	uint32_t pods; /* 0: it is what -f names */
	uint32_t policies;
};

/* What all engines are given. */
struct measure_work {
	struct input input;
	struct weir_resolved *resolved;
	struct weir_policy *again; /* the same, as a policy of its own */
	struct bench_policy plain;
	struct peer_rules *rules; /* NULL: declined, as the error says */
	struct weir_error declined;
};
/* Reads what -f names, or makes a cluster; with EAL up. To be finished whatever came out. */
enum exit_code measure_work_make(struct measure_work *work, const struct measure_settings *settings,
				 const struct measure_cluster *cluster);
void measure_work_finish(struct measure_work *work);

/* So many flows of the cluster, or the trace's. EXIT_USAGE, EXIT_DAMAGED: it was told why not. */
enum exit_code measure_traffic_make(const struct measure_settings *settings,
				    const struct measure_work *work, uint32_t flows,
				    struct traffic **out);

enum measure_outcome {
	MEASURE_DECLINED, /* the engine cannot; the text says why */
	MEASURE_WRONG,    /* no figure; the text says what */
	MEASURE_MEASURED,
};

/* A trial at a part of the rate. */
struct measure_point {
	uint32_t percent; /* 0: at the rate that was asked for */
	struct search_trial counted;
	bool is_disturbed;
	uint64_t denied;        /* of what was offered */
	double microseconds[5]; /* p50, p90, p99, p99.9, greatest */
};

struct measure_rate {
	double found[MEASURE_ROUNDS]; /* packets a second, by round */
	unsigned all;                 /* rounds in which it held whatever was offered */
	unsigned none;                /* in which it never did */
	bool is_unclear;
};

struct measure_reload {
	bool is_measured;
	struct search_trial counted;
	bool is_disturbed;
};

/* One engine in one case. */
struct measure_result {
	const char *name;
	bool is_ours;
	enum measure_outcome outcome;
	struct weir_error error;
	double cycles[MEASURE_ROUNDS]; /* of a packet, by round */
	double burst;                  /* packets of an average one, in the last */
	struct measure_rate no_drop;
	struct measure_rate partial;
	struct measure_point points[MEASURE_POINTS];
	size_t point_count;
	struct measure_reload reload;
	unsigned trials;
	unsigned disturbed;
	uint64_t stolen_ms;
};

struct measure_case {
	struct weir_cluster_counts counts;
	const struct measure_frame *frame;
	uint32_t flows;
	uint16_t workers;
	uint32_t trace_packets; /* of a trace those that are sent, */
	uint64_t left_out;      /* and the others */
	struct measure_result results[MEASURE_ENGINES];
	size_t result_count;
};

struct measurement {
	const struct measure_settings *settings;
	struct measure_case *cases;
	size_t case_count;
	double hz; /* of the cycle counter */
	bool is_rings;
	bool shares_processors; /* fewer of them than cores */
};

/* -ENOMEM. */
int measure_begin(const struct measure_settings *settings, const struct wire *wire,
		  struct measurement *out);
/* Measures every case of a cluster. EXIT_USAGE, EXIT_DAMAGED: it was told why not. */
enum exit_code measure(struct measurement *measurement, struct measure_work *work,
		       struct wire *wire);
void measure_finish(struct measurement *measurement);

/* Whether the engine is one of those that were asked for. */
bool measure_wants(const struct measure_settings *settings, const char *engine);
/* What has cycles and rates at all. */
bool measure_has_cost(const struct measure_settings *settings);
bool measure_has_rates(const struct measure_settings *settings);

/* How many times the cycles of the first engine, which is ours, another takes, round by round.
 * False: one of them has no figure. */
bool measure_ratio(const struct measurement *measurement, const struct measure_case *one,
		   const struct measure_result *result, struct report_spread *out);

/* A wrong verdict is a difference; what noise hides is inconclusive. */
enum exit_code measure_judge(const struct measurement *measurement);

/* In the formats of -o. */
void measure_print_table(const struct measurement *measurement, bool has_color, FILE *file);
void measure_print_json(const struct measurement *measurement, FILE *file);
void measure_print_csv(const struct measurement *measurement, FILE *file);
void measure_print_html(const struct measurement *measurement, FILE *file);

#endif
