/*
 * policy_map.h - a policy on a mapped file. Processes that map the file share its memory.
 */
#ifndef POLICY_MAP_H
#define POLICY_MAP_H

#include "weir/policy_file.h"

/* Maps what weir compile wrote and opens it; the mapping goes with the policy's last reference.
 * weir compile replaces a file by another: what is mapped stays as it is. A negative errno; error
 * says more. */
int policy_map(const char *path, struct weir_policy **out, struct weir_error *error);

#endif
