/* own.h - a workload of the user's own: manifests, and the keys of a trace. */
#ifndef WEIR_BENCH_OWN_H
#define WEIR_BENCH_OWN_H

#include "command.h"
#include "input.h"
#include "text.h"
#include "workload.h"

/* Zeroed to begin with; to be finished whatever came out. */
struct bench_own {
	struct input input;
	struct weir_resolved *resolved;
	struct bench_workload workload;
	struct report_text summary;
	struct weir_key *keys; /* of -r; NULL without it */
	size_t key_count;
};

/* Reads what -f and -r name, of a trace the first max_keys keys: EXIT_CLEAN, or it was told why
 * not. */
enum exit_code bench_own_read(struct bench_own *own, const struct invocation *invocation,
			      size_t max_keys);
void bench_own_finish(struct bench_own *own);

#endif
