/*
 * engine.h - an engine: something that judges keys by a policy, ours or a peer.
 *
 * Each is given the same resolved policy and the same keys. It takes the keys in a form of its own
 * before anything is timed: what is timed is from there to one verdict a key.
 */
#ifndef WEIR_BENCH_ENGINE_H
#define WEIR_BENCH_ENGINE_H

#include "policy.h"
#include "weir/error.h"
#include "weir/key.h"

enum {
	BENCH_BURST_MAX = 64,
	BENCH_ENGINES_MAX = 32,
};

/* How an engine takes keys, and what becomes of them. */
struct bench_intake {
	/* Takes keys, which all have the same flags. They outlive what is taken. 0, or as build. */
	int (*take)(const void *built, const struct weir_key *keys, size_t n, void **out,
		    struct weir_error *error);
	/* What was found of key i: enum weir_action. */
	uint8_t (*answer)(const void *taken, size_t i);
	void (*release)(void *taken);
};

struct bench_engine {
	const char *name;
	const char *summary;
	bool is_peer;
	/* What is built; engines that share it are asked of one. */
	const void *form;
	/* How it is asked. */
	const void *variant;
	/* Whether this machine can; NULL: always. */
	bool (*is_supported)(const struct bench_engine *engine);
	/* -ENOTSUP, -ERANGE: declined, and the error says why; -ENOMEM. */
	int (*build)(const struct bench_engine *engine, const struct bench_policy *policy,
		     const struct bench_limits *limits, void **out, struct weir_error *error);
	const struct bench_intake *intake;
	/* Judges n of the keys taken, n up to BENCH_BURST_MAX. */
	void (*classify)(const struct bench_engine *engine, const void *built, void *taken,
			 size_t first, size_t n);
	size_t (*bytes)(const void *built);
	void (*destroy)(void *built);
};

/* Fills in the engines of this build and machine, at most size of them, and returns how many: ours
 * first, the one that weir_policy_classify would choose before all others. */
size_t bench_list_engines(struct bench_engine *out, size_t size);

/* Whether two engines differ only in how they are asked. */
static inline bool bench_shares_build(const struct bench_engine *a, const struct bench_engine *b)
{
	return a->build == b->build && a->form == b->form;
}

/* Before and after all use of engines. False: a library of theirs does not start. */
bool bench_start_engines(void);
void bench_stop_engines(void);

/* The version of DPDK, or NULL in a build without it. */
const char *bench_dpdk_version(void);
#endif
