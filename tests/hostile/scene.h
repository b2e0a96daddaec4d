/*
 * scene.h - a bundled scenario: the frames that were captured, and a policy to judge them by.
 */
#ifndef WEIR_TESTS_HOSTILE_SCENE_H
#define WEIR_TESTS_HOSTILE_SCENE_H

#include <stddef.h>
#include <stdint.h>

#include "weir/packet.h"
#include "weir/policy.h"

/* Ends the program, for what the tests themselves need. */
#define NEED(condition) ((condition) ? (void)0 : scene_fail(#condition, __FILE__, __LINE__))
__attribute__((noreturn)) void scene_fail(const char *condition, const char *file, int line);

struct scene {
	char *name;
	struct weir_policy *policy;
	struct weir_frame *frames; /* of one link type; each with bytes of its own */
	size_t frame_count;
};

struct scenes {
	struct scene *items;
	size_t count;
};

/* All folders inside one that have captures, manifests and a variant of the policies. */
void scenes_load(const char *folder, struct scenes *out);
void scenes_finish(struct scenes *scenes);

#endif
