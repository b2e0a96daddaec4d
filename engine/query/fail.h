/*
 * fail.h - an error's text and its status in one call.
 */
#ifndef WEIR_QUERY_FAIL_H
#define WEIR_QUERY_FAIL_H

#include "weir/error.h"

/* Returns status; error may be NULL. */
__attribute__((format(printf, 3, 4))) int query_fail(struct weir_error *error, int status,
						     const char *format, ...);

#endif
