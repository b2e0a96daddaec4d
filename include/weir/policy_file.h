/*
 * weir/policy_file.h - a compiled policy as the bytes of a file: saved, and opened again.
 *
 * The same policy gives the same bytes, on any machine of the same byte order. A file may be mapped
 * by any number of processes: nothing is written to it, nothing in it is an address. What is opened
 * is not trusted: every number in it is looked at before it is used, so that a policy which opened
 * can be asked anything without reading outside of its bytes. Its verdicts are those of whoever
 * wrote it. docs/format.md describes the bytes.
 *
 * The bytes must not change as long as a policy is open on them.
 *
 * Threads. Opening, saving and hashing only read: any number of threads at once, of the same bytes
 * too.
 */
#ifndef WEIR_POLICY_FILE_H
#define WEIR_POLICY_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/allocator.h"
#include "weir/error.h"
#include "weir/policy.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
	WEIR_POLICY_ALIGNMENT = 64, /* where the bytes begin: a multiple of it */
	WEIR_POLICY_HASH = 32,
};

/* Whether bytes begin as a saved policy does, of whatever version. */
bool weir_policy_is_saved(const void *bytes, size_t length);

struct weir_policy_open_options {
	const struct weir_allocator *allocator; /* NULL: the C library's */
	/* Called when nobody holds the policy any more and its bytes may go; NULL: they are
	 * somebody else's care. Not called when opening fails. */
	void (*release)(void *context);
	void *context;
};

/* A policy on these bytes, which stay where they are. options may be NULL. *out is owned by the
 * caller (weir_policy_unref).
 * -EINVAL: no policy, cut off, damaged, or not to be trusted; or bytes that are not aligned.
 * -ENOTSUP: of another version or byte order, or with features that this version does not know.
 * -ENOMEM. error says more, but for -ENOMEM. */
int weir_policy_open(const void *bytes, size_t length,
		     const struct weir_policy_open_options *options, struct weir_policy **out,
		     struct weir_error *error);

/* Hands the bytes of a file to write, in order; what write returns other than 0 ends it and is
 * returned. -EINVAL: a name in the policy holds control characters, is no UTF-8 or is longer than
 * 1023 bytes, so that it would not be opened again; -ENOMEM. error says more, but for -ENOMEM and
 * what write returned. */
int weir_policy_save(const struct weir_policy *policy,
		     int (*write)(void *context, const char *bytes, size_t length), void *context,
		     struct weir_error *error);

/* The SHA-256 of all that a policy says: of its file's bytes behind the first 64. Computed,
 * whatever a file says of itself. */
void weir_policy_content_hash(const struct weir_policy *policy, uint8_t hash[WEIR_POLICY_HASH]);

#ifdef __cplusplus
}
#endif
#endif
