/*
 * growing.h - the records of a trace that is still written.
 *
 * What was read and not yet handed out lies in a buffer, over which the ordinary readers go; where
 * they say that it ends inside of something, more is read behind it. A record that is longer than
 * the buffer may become is damage.
 */
#ifndef WEIR_PCAP_GROWING_H
#define WEIR_PCAP_GROWING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "reader.h"
#include "weir/error.h"

enum weir_growing_event {
	WEIR_GROWING_NOTHING,
	WEIR_GROWING_REPLACED,  /* by another file of its name, which is read now */
	WEIR_GROWING_SHORTENED, /* and is read from its beginning */
};

struct weir_growing {
	const char *path; /* NULL: standard input */
	const char *name; /* of the interface, where the format has none */
	struct weir_interfaces *names;
	int fd; /* -1: none */
	bool is_file;
	dev_t device;
	ino_t inode;
	uint8_t *buffer;
	size_t capacity;
	size_t length;    /* bytes in the buffer */
	uint64_t dropped; /* bytes of the file before the buffer */
	bool is_started;  /* the reader goes over the buffer */
	bool needs_more;
	bool is_drained; /* there was no more */
	struct weir_reader reader;
};

/* 0 or a negative errno and why. names and path are borrowed. */
int weir_growing_open(struct weir_growing *growing, const char *path, struct weir_interfaces *names,
		      struct weir_error *error);
void weir_growing_close(struct weir_growing *growing);

/* Reads more when what was there is used up; frames that were handed out are gone then. 0,
 * -ENODATA at the end of a pipe, or the errno of what failed. */
int weir_growing_fill(struct weir_growing *growing, enum weir_growing_event *event);

/* 1, 0 when more has to come first, -EBADMSG (the reader's damage), -ENOMEM. */
int weir_growing_next(struct weir_growing *growing, struct weir_frame *out);

/* Notes as damage that what there is of it is no trace. -EBADMSG. */
int weir_growing_refuse(struct weir_growing *growing);

/* Whether something began that is not complete. */
bool weir_growing_is_inside(const struct weir_growing *growing);

/* The damage's place in the file. */
uint64_t weir_growing_damage_at(const struct weir_growing *growing);

/* Waits until there may be more. */
void weir_growing_wait(const struct weir_growing *growing, int milliseconds);

#endif
