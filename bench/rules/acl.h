/*
 * acl.h - a plain policy as contexts of DPDK's rte_acl.
 *
 * A context a direction, both asked about everything that wants both halves: rules of the two
 * directions in one context multiply.
 */
#ifndef WEIR_BENCH_ACL_H
#define WEIR_BENCH_ACL_H

#include <stdbool.h>

#include <rte_acl.h>

#include "expand.h"

enum {
	BENCH_ACL_ALLOW = 1, /* nothing matches: 0, which allows too */
	BENCH_ACL_DENY = 2,
};

/* Where the fields of what is asked are, in bytes: in the order and byte order of packets, the
 * ports side by side. */
struct bench_acl_layout {
	uint32_t protocol;
	uint32_t source;
	uint32_t destination;
	uint32_t ports;
};

struct bench_acl_options {
	enum bench_expansion_form form;
	struct bench_acl_layout layout;
	const char *names[2]; /* of the contexts, by direction: one of a name at a time */
};

/* Contexts by direction; NULL where nothing is isolated. -ERANGE, -ENOMEM, or what rte_acl says:
 * the error tells, and there are none. */
int bench_acl_build(const struct bench_policy *policy, const struct bench_acl_options *options,
		    const struct bench_limits *limits, struct rte_acl_ctx *out[2],
		    struct weir_error *error);
void bench_acl_free(struct rte_acl_ctx *contexts[2]);

/* Whether the processor has what an algorithm takes, as rte_acl itself asks. */
bool bench_acl_has(enum rte_acl_classify_alg algorithm);

#endif
