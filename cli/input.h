/*
 * input.h - from -f and the options about policies to a cluster, and to a compiled policy.
 */
#ifndef WEIR_CLI_INPUT_H
#define WEIR_CLI_INPUT_H

#include "weir/capture.h"
#include "weir/cluster.h"
#include "weir/policy.h"
#include "weir/semantics.h"

#include "command.h"
#include "diagnostics.h"

/* Zeroed to begin with; to be finished whatever came out. */
struct input {
	const struct command *command;
	struct diagnostics diagnostics;
	struct weir_cluster *cluster;
	struct weir_cluster_counts counts;
	struct weir_policy *policy;
	struct weir_file saved; /* a compiled policy that -f names, until it is opened */
	const char *saved_path;
	size_t files; /* that were read */
	bool takes_saved;
	uint64_t max_bytes; /* of the compiled form; 0: no bound */
};
void input_finish(struct input *input);

/* Reads everything that -f names, and checks it. Every problem is printed; EXIT_USAGE when there
 * was one. */
enum exit_code input_read(struct input *input, const struct invocation *invocation);

/* Reads and resolves. Input without any pod is refused: nothing could be asked about it. *resolved
 * is the caller's, and to go before the input. */
enum exit_code input_resolve(struct input *input, const struct invocation *invocation,
			     struct weir_resolved **resolved);

/* The same, or opens the compiled policy that -f names: then nothing is resolved, and input->policy
 * is it. */
enum exit_code input_resolve_or_open(struct input *input, const struct invocation *invocation,
				     struct weir_resolved **resolved);

/* Reads, resolves and compiles. */
enum exit_code input_compile(struct input *input, const struct invocation *invocation);

/* The same, or opens the compiled policy that -f names; then there is no cluster. */
enum exit_code input_policy(struct input *input, const struct invocation *invocation);

struct weir_semantics input_semantics(const struct invocation *invocation);

/* Compiles what was resolved. */
enum exit_code input_compile_resolved(struct input *input, const struct weir_resolved *resolved);

#endif
