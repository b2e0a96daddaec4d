/*
 * run.h - engines measured on workloads: answers checked first, then timed side by side.
 */
#ifndef WEIR_BENCH_RUN_H
#define WEIR_BENCH_RUN_H

#include "engine.h"
#include "statistics.h"
#include "workload.h"

/* How keys are asked, and what is in the caches by then. */
enum bench_way {
	BENCH_WARM_BURST,
	BENCH_WARM_SINGLE,
	BENCH_COLD_BURST,
	BENCH_COLD_SINGLE,
	BENCH_WAYS,
};

/* "warm, bursts of 64" and the like. */
const char *bench_way_name(enum bench_way way);
bool bench_way_is_cold(enum bench_way way);
size_t bench_way_burst(enum bench_way way);

struct bench_settings {
	bool halves[BENCH_HALVES];
	bool ways[BENCH_WAYS];
	bool is_check; /* answers only */
	unsigned samples;
	double seconds; /* of each sample */
	size_t key_count;
	uint64_t seed;
	struct bench_limits limits;
};

enum bench_outcome {
	BENCH_DECLINED, /* the engine cannot; the text says why */
	BENCH_WRONG,    /* no figure; the text says which key */
	BENCH_RIGHT,
	BENCH_MEASURED,
};

/* One engine on one workload. */
struct bench_result {
	const struct bench_engine *engine;
	enum bench_outcome outcome;
	struct weir_error error;
	double build_seconds;
	size_t bytes;
	uint64_t digest;
	double *samples; /* keys a second */
};

/* What is comparable: engines that got the same policy, and the same keys in the same way. */
struct bench_group {
	const char *workload;
	const char *summary; /* of the workload */
	enum bench_halves halves;
	enum bench_way way;
	size_t key_count;
	size_t allowed; /* of the keys */
	struct bench_hash policy_hash;
	struct bench_hash keys_hash;
	uint64_t digest;
	struct bench_result *results;
	size_t result_count;
	unsigned samples;
};

struct bench_groups {
	struct bench_group *groups;
	size_t count;
};

/* Measures the engines on the workload, whose questions are made already, and adds a group for each
 * pair of halves and way that is set. -ENOMEM. */
int bench_run(const struct bench_settings *settings, const struct bench_engine *engines,
	      size_t engine_count, const struct bench_workload *workload, struct bench_groups *out);
void bench_groups_finish(struct bench_groups *groups);

/* How many times as fast the first of a group is, round by round. False: one has no figure. */
bool bench_ratio(const struct bench_group *group, const struct bench_result *result,
		 struct report_spread *out);

#endif
