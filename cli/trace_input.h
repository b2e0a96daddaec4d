/*
 * trace_input.h - from -r and the filter behind the options to frames.
 */
#ifndef WEIR_CLI_TRACE_INPUT_H
#define WEIR_CLI_TRACE_INPUT_H

#include <stdint.h>

#include "weir/capture.h"

#include "command.h"
#include "diagnostics.h"
#include "progress.h"

enum {
	TRACE_BURST = 64, /* frames read at once */
};

/* Zeroed to begin with; to be finished whatever came out. */
struct trace_input {
	struct diagnostics diagnostics;
	struct weir_capture *capture;
	struct report_progress progress;
	uint64_t bursts;
};

/* The words behind the options are one filter, as with tcpdump: freed by the caller; NULL when
 * there are none. */
char *trace_input_filter(const struct invocation *invocation);

/* EXIT_USAGE or EXIT_DAMAGED when it was told why not. */
enum exit_code trace_input_open(struct trace_input *input, const struct invocation *invocation);
void trace_input_finish(struct trace_input *input);

/* How many frames came next: none at the end, and when *status is or becomes negative: what was not
 * read has no verdict. Shows the progress of what was begun. */
size_t trace_input_next(struct trace_input *input, struct weir_frame frames[TRACE_BURST],
			int *status);
void trace_input_begin(struct trace_input *input, const char *label);
void trace_input_end(struct trace_input *input);

#endif
