/*
 * weir/capture_writer.h - packets of a capture out to a file (libweir-pcap).
 *
 * The format goes by the name: pcapng when it ends in ".pcapng", with an interface block for every
 * interface and link type and comments at the packets; else pcap with nanoseconds, which holds one
 * link type and no comments. The file shows up under its name only when it is whole: until then it
 * is a nameless or hidden file of the same folder, which vanishes when the writer is destroyed.
 * A link is followed; what is no regular file (a pipe, a device) is written straight.
 * Memory is the C library's. Threads. A writer is for one thread at a time.
 */
#ifndef WEIR_CAPTURE_WRITER_H
#define WEIR_CAPTURE_WRITER_H

#include <stdbool.h>

#include "weir/capture.h"
#include "weir/error.h"
#include "weir/packet.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_capture_writer;

struct weir_capture_writer_options {
	/* Comments of the input that begin with it are left out, as those of an earlier run; the
	 * others are kept. NULL: all are kept. Copied. */
	const char *mark;
	/* For packets that come from no capture: names their interfaces; the name is valid until
	 * the next call. Then the capture is NULL, and a file without packets is of Ethernet. */
	const char *(*interface_name)(void *context, uint32_t index);
	void *interface_context;
};

/* Whether the name asks for pcapng. */
bool weir_capture_writer_is_pcapng(const char *path);

/* The capture is borrowed, or NULL with an interface_name: it names the interfaces, and its files
 * are never written over (-EEXIST). Any other negative errno says why the file cannot be made. *out
 * is owned by the caller (weir_capture_writer_destroy). */
int weir_capture_writer_open(const struct weir_capture *capture, const char *path,
			     const struct weir_capture_writer_options *options,
			     struct weir_capture_writer **out, struct weir_error *error);

/* Adds a packet. comment: NULL for none; not written to pcap.
 * -EINVAL: a link type, -ERANGE: a time, that the format cannot hold; -ENOSPC, ...: writing
 * failed. After a failure the writer can only be destroyed. */
int weir_capture_writer_add(struct weir_capture_writer *writer, const struct weir_frame *frame,
			    const char *comment, struct weir_error *error);

/* Writes what is held back. A capture without packets is a file too. Errors are those of add. */
int weir_capture_writer_finish(struct weir_capture_writer *writer, struct weir_error *error);

/* Gives the finished file its name, in place of the file that may have had it. A negative errno
 * says why it cannot have it. */
int weir_capture_writer_publish(struct weir_capture_writer *writer, struct weir_error *error);

/* The end of a writer. What was not published is gone. NULL is allowed. */
void weir_capture_writer_destroy(struct weir_capture_writer *writer);

#ifdef __cplusplus
}
#endif
#endif
