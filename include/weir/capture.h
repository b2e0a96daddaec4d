/*
 * weir/capture.h - trace files: pcap and pcapng, plain, gzip or zstd, many as one (libweir-pcap).
 *
 * Within a file the file's order stands; several files are merged by time. Packets are numbered
 * from 1 in that order, whether or not the filter lets them through.
 *
 * Memory is the C library's. Threads. A capture is for one thread at a time, different ones for
 * different threads at once.
 */
#ifndef WEIR_CAPTURE_H
#define WEIR_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/error.h"
#include "weir/packet.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_capture;

struct weir_capture_options {
	const char *filter;    /* pcap-filter(7) expression, or NULL */
	struct weir_sink sink; /* damage, skipped files, unsupported link types */
};

/* Opens files, folders (read recursively; files that are no traces are skipped with a warning)
 * and "-" (standard input, spooled to a temporary file).
 * -ENOENT, -EACCES...: a path cannot be opened. -EINVAL: not a trace, or a bad filter: then
 * *bad_filter is true. -ENOMEM. error says more. *out is owned by the caller (weir_capture_close).
 */
int weir_capture_open(const char *const *paths, size_t path_count,
		      const struct weir_capture_options *options, struct weir_capture **out,
		      bool *bad_filter, struct weir_error *error);
/* The end of a capture, and of the bytes of its frames. NULL is allowed. */
void weir_capture_close(struct weir_capture *capture);

/* Fills at most size frames and returns how many; 0 at the end. Their bytes are valid until the
 * capture is closed. Damage ends its file, is told to the sink as "FILE: OFFSET: what", and the
 * other files go on. -ENOMEM. */
int weir_capture_next(struct weir_capture *capture, struct weir_frame *frames, int size);

/* Goes back to the first frame. What the sink was told is not told again. 0 or a negative errno. */
int weir_capture_rewind(struct weir_capture *capture);

/* The comments that a pcapng packet came with, one a call: *at is 0 for the first. False behind the
 * last one. Not terminated. */
bool weir_capture_comment(const struct weir_frame *frame, size_t *at, const char **text,
			  size_t *length);

/* Whether a path leads to one of the files that are read, by whatever name. */
bool weir_capture_reads(const struct weir_capture *capture, const char *path);

/* The link type of the first packet, before any filter; Ethernet when there is none. */
uint32_t weir_capture_link_type(const struct weir_capture *capture);

/* True once damage was met. */
bool weir_capture_damaged(const struct weir_capture *capture);

/* The name of an interface index ("eth0", or the file's base name for formats without names). It
 * lives as long as the capture. */
const char *weir_capture_interface(const struct weir_capture *capture, uint32_t index);

/* Bytes of the files read so far, and in all (0 when unknown), for a progress bar. */
void weir_capture_progress(const struct weir_capture *capture, uint64_t *done, uint64_t *total);

/* A whole file's contents, owned by the caller (weir_file_release). */
struct weir_file {
	const char *bytes;
	size_t length;
	void *owner;
};
/* Loads a file, decompressed when its magic says gzip or zstd. "-" is standard input. limit bounds
 * the decompressed size: -EFBIG beyond it. -EINVAL: damaged; -ENOMEM; the errno of opening or
 * reading. error says more. Any thread. */
int weir_file_load(const char *path, size_t limit, struct weir_file *out, struct weir_error *error);
/* Frees what was loaded; a zeroed file is allowed. */
void weir_file_release(struct weir_file *file);

#ifdef __cplusplus
}
#endif
#endif
