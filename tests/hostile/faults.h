/*
 * faults.h - trace files with faults, from honest frames and a seed.
 *
 * A file is written field by field, and every field may lie: lengths of blocks, records and
 * options, numbers of interfaces, link types, times, headers of frames. Then bytes are changed, cut
 * out, doubled and cut off without regard to what they are, before and after the whole is
 * compressed. How much of all that a file gets is drawn first, so that there are files with one
 * fault and files that hardly are any.
 */
#ifndef WEIR_TESTS_HOSTILE_FAULTS_H
#define WEIR_TESTS_HOSTILE_FAULTS_H

#include <stddef.h>
#include <stdint.h>

#include "dice.h"
#include "scene.h"

struct faulty_file {
	uint8_t *bytes; /* the caller frees it */
	size_t length;
};

void faulty_file_make(struct dice *dice, const struct scene *scene, struct faulty_file *out);

#endif
