/*
 * mutation.h - lies in the bytes of a saved policy, told with the right checksum.
 */
#ifndef WEIR_TESTS_RANDOM_MUTATION_H
#define WEIR_TESTS_RANDOM_MUTATION_H

#include <stddef.h>

#include "dice.h"
#include "layout.h"

/* What kind of lie it is. */
enum mutation {
	MUTATION_WORD,   /* a 32-bit word of a section becomes another number */
	MUTATION_BYTE,   /* a byte of a section becomes another one */
	MUTATION_ITEM,   /* an item of a section becomes as another one, or both change places */
	MUTATION_LENGTH, /* a section loses its last items */
	MUTATION_HEADER, /* a number of the header becomes another one */
	MUTATIONS,
};

/* Changes a policy, whose header says where its sections are, at one place and mends the sum. The
 * section that it concerns goes to section. */
enum mutation mutation_make(struct dice *dice, void *bytes, size_t length, unsigned *section);

/* Gives bytes the checksum that they should have. */
void mutation_seal(void *bytes, size_t length);

#endif
