/*
 * source.h - the bytes of a trace file in memory, whatever it came from.
 *
 * A plain file is mapped. Anything else (compressed, a pipe, standard input) goes to an unlinked
 * temporary file first, which is mapped: a trace is read more than once. A file that someone
 * truncates while it is mapped cannot be helped.
 */
#ifndef WEIR_PCAP_SOURCE_H
#define WEIR_PCAP_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "weir/error.h"

struct weir_source {
	const uint8_t *bytes;
	size_t length;
	const char *ends_early; /* why not all of the compressed data is there, or NULL */
	bool is_file;           /* a regular file, and which one */
	dev_t device;
	ino_t inode;
};

/* Whether the first bytes are those of a trace. */
typedef bool weir_source_check(const uint8_t *bytes, size_t length);

/* -EINVAL, with no text, when the check refuses the first bytes; else a negative errno and why. */
int weir_source_open(const char *path, weir_source_check *check, struct weir_source *out,
		     struct weir_error *error);
void weir_source_close(struct weir_source *source);

#endif
