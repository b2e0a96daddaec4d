/*
 * refuse.h - what cannot be made, in words.
 */
#ifndef WEIR_GEN_REFUSE_H
#define WEIR_GEN_REFUSE_H

#include "weir/error.h"

/* Fills error in, which may be NULL; -EINVAL. */
int gen_refuse(struct weir_error *error, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
