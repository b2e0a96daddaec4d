/*
 * output.h - a file that shows up under its name only when it is whole.
 *
 * Until then it has no name (O_TMPFILE), so that nothing stays behind however the program ends; or,
 * on file systems without such files, a hidden name in the same folder. It keeps the permissions of
 * the file that it replaces.
 */
#ifndef WEIR_PCAP_OUTPUT_H
#define WEIR_PCAP_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum weir_output_kind {
	WEIR_OUTPUT_NAMELESS,
	WEIR_OUTPUT_HIDDEN,
	WEIR_OUTPUT_STRAIGHT, /* no regular file: written as it comes */
};

struct weir_output {
	enum weir_output_kind kind;
	int fd;
	int status;   /* the first failure; what is put after it is dropped */
	char *target; /* its name in the end; links are followed */
	char *hidden; /* its name until then; NULL when it has none */
	uint8_t *buffer;
	size_t filled;
};

/* All of it: 0 or a negative errno. */
int weir_write_all(int fd, const uint8_t *bytes, size_t length);

/* kind: NAMELESS where that can be had, or HIDDEN in any case. A negative errno. */
int weir_output_open(const char *path, enum weir_output_kind kind, struct weir_output *out);

/* Appends. A failure is kept in status. */
void weir_output_put(struct weir_output *output, const void *bytes, size_t length);

/* Writes what is held back. 0, or the first failure. */
int weir_output_flush(struct weir_output *output);

/* Gives the flushed file its name. */
int weir_output_publish(struct weir_output *output);

/* Removes what was not published. */
void weir_output_finish(struct weir_output *output);

#endif
