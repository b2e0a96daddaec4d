/*
 * fixed.h - the policy and the keys whose instructions are counted: always the same.
 */
#ifndef TESTS_GATE_FIXED_H
#define TESTS_GATE_FIXED_H

#include <stddef.h>

#include "weir/policy.h"

/* A thousand pods of forty apps. Exits when it cannot. */
struct weir_policy *compile_fixed(void);

/* Pod to pod three times of four, else from outside. */
void fill_keys(struct weir_key *keys, size_t count);

#endif
