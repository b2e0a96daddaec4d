/*
 * saved.h - a compiled policy from the file that -f names.
 */
#ifndef WEIR_CLI_SAVED_H
#define WEIR_CLI_SAVED_H

#include "weir/capture.h"
#include "weir/policy.h"

#include "command.h"

/* Opens a policy on a file's bytes, which it takes in any case: they stay mapped as long as the
 * policy is held. Options that were settled when it was compiled are refused unless they say the
 * same. Problems are told. */
enum exit_code saved_open(const struct invocation *invocation, const char *path,
			  struct weir_file *file, struct weir_policy **out);

/* Opens the policy in the file at this path, which stands beside objects that -f names: options
 * about these are theirs. Those about meaning are refused unless they say what it was compiled
 * with. Problems are told. */
enum exit_code saved_load(const struct invocation *invocation, const char *path,
			  struct weir_policy **out);

#endif
