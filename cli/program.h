/*
 * program.h - commands that are programs of their own, so that this one needs nothing of theirs.
 */
#ifndef WEIR_CLI_PROGRAM_H
#define WEIR_CLI_PROGRAM_H

#include "command.h"

/* Becomes the program, with the arguments of the invocation: looked for beside this one, then in
 * the folder beside this one's where builds have it, then in the path. Returns only when it is in
 * none of them, which was told. */
enum exit_code program_become(const struct invocation *invocation, const char *name,
			      const char *folder);

#endif
