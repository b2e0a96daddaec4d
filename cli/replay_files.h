/*
 * replay_files.h - the packets of a trace out to files: all of them (-w), those of allowed flows
 * (--allowed), those of denied ones (--denied).
 */
#ifndef WEIR_CLI_REPLAY_FILES_H
#define WEIR_CLI_REPLAY_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/capture_writer.h"
#include "weir/policy.h"
#include "weir/trace.h"

#include "command.h"
#include "text.h"

enum replay_file {
	REPLAY_FILE_ALL,
	REPLAY_FILE_ALLOWED,
	REPLAY_FILE_DENIED,
	REPLAY_FILES,
};

/* A zeroed struct wants no files. */
struct replay_files {
	const char *paths[REPLAY_FILES]; /* NULL: not wanted */
	struct weir_capture_writer *writers[REPLAY_FILES];
	uint32_t link_types[2]; /* of the trace: the first two that differ */
	unsigned link_type_count;
	bool has_comments; /* one of the files is pcapng */

	const struct weir_policy *policy;
	const struct weir_trace *trace;
	const char **decisions; /* by flow; NULL: nobody asked yet */
	void *texts;            /* a tsearch(3) tree of the strings that decisions point to */
	struct report_text text;
};

/* Starts the files that the options name. 0 or a negative errno and why. */
int replay_files_open(struct replay_files *files, const struct invocation *invocation,
		      const struct weir_capture *capture, struct weir_error *error);
bool replay_files_wanted(const struct replay_files *files);

/* The first pass tells what there will be. */
void replay_files_note(struct replay_files *files, const struct weir_frame *frames, size_t n);

/* Between the passes: whether the files can hold the trace. 0 or a negative errno and why. */
int replay_files_begin(struct replay_files *files, const struct weir_policy *policy,
		       const struct weir_trace *trace, struct weir_error *error);

/* The second pass. 0 or a negative errno and why. */
int replay_files_add(struct replay_files *files, const struct weir_frame *frame,
		     const struct weir_trace_packet *packet, struct weir_error *error);

/* The files get their names, when all of them are whole. 0 or a negative errno and why. */
int replay_files_end(struct replay_files *files, struct weir_error *error);

/* Files that were not ended are gone. */
void replay_files_finish(struct replay_files *files);

#endif
