/*
 * fixed.h - the policy, the keys and the frames whose instructions are counted: always the same.
 */
#ifndef TESTS_GATE_FIXED_H
#define TESTS_GATE_FIXED_H

#include <stddef.h>

#include "frames.h"
#include "weir/policy.h"

/* A thousand pods of forty apps. Exits when it cannot. */
struct weir_policy *compile_fixed(void);

/* Pod to pod three times of four, else from outside. */
void fill_keys(struct weir_key *keys, size_t count);

/* Frames of the same keys, each the first packet of a TCP connection with a port of its own; they
 * lie in builders. */
void fill_frames(struct frame_builder *builders, struct weir_frame *frames, size_t count);
/* The same of keys that the policy allows. */
void fill_allowed_frames(struct frame_builder *builders, struct weir_frame *frames, size_t count);

#endif
