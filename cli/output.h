/*
 * output.h - what a command makes, to a file of that name or to standard output.
 */
#ifndef WEIR_CLI_OUTPUT_H
#define WEIR_CLI_OUTPUT_H

#include <stddef.h>
#include <stdio.h>

#include "command.h"

/* Has produce write to a file, which has its name only when it is whole; to standard output when
 * path is NULL or "-". A link stays one, and what is no plain file (a pipe, a device) is written to
 * as it is. produce returns 0 or a negative errno; -EINVAL is what it told itself.
 * Failures are told; EXIT_USAGE. */
enum exit_code output_write(const struct invocation *invocation, const char *path,
			    int (*produce)(void *context, FILE *file), void *context);

/* Writes bytes to a FILE: 0 or a negative errno. For libraries that write through a function. */
int output_bytes(void *file, const char *bytes, size_t length);

#endif
