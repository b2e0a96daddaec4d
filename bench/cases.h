/*
 * cases.h - what is measured: work that is made once, checked once, and run many times.
 *
 * The same table serves two programs: `weir-bench-check` (Criterion) checks the answers of every
 * case, `weir-bench` (Google Benchmark) times them. A case whose answers are wrong has no figure.
 */
#ifndef WEIR_BENCH_CASES_H
#define WEIR_BENCH_CASES_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bench_case {
	const char *name;
	/* Makes the work of one case; NULL: no memory. */
	void *(*make)(const void *shape);
	const void *shape;
	/* Whether the answers are right, found by another path than the one that is timed. */
	bool (*is_right)(void *work);
	/* Does the work once and returns how many items it had. */
	size_t (*run)(void *work);
	/* Bytes that the thing under test takes; 0 where that says nothing. */
	size_t (*bytes)(const void *work);
	void (*destroy)(void *work);
};

/* Ends with a case without a name. */
extern const struct bench_case bench_cases[];

#ifdef __cplusplus
}
#endif
#endif
