/*
 * policy.h - what engines are built from: a resolved policy, its addresses and rules in order.
 *
 * An engine that is built from rules of addresses, as peers are, cannot tell what depends on more
 * than one key's addresses and ports. A policy that asks for more is not plain: such an engine has
 * to decline it.
 */
#ifndef WEIR_BENCH_POLICY_H
#define WEIR_BENCH_POLICY_H

#include <stddef.h>
#include <stdint.h>

#include "weir/error.h"
#include "weir/policy.h"
#include "weir/resolved.h"

struct bench_limits {
	uint32_t max_rules; /* of addresses and ports that a policy is expanded to */
	size_t max_bytes;   /* of what is built */
};

struct bench_owner {
	struct weir_address address;
	uint32_t endpoint;
};

struct bench_policy {
	const struct weir_resolved *resolved;
	/* Ascending by address. A pod goes before a node that has its address. */
	struct bench_owner *owners;
	/* The rules by (tier, precedence, place). */
	uint32_t *order;
	uint32_t owner_count;
	/* As it was opened; or NULL. Then only the endpoints are resolved. */
	struct weir_policy *compiled;
	/* Why it is not plain; NULL when it is. */
	const char *not_plain;
};

/* The resolved policy is borrowed. -ENOMEM. */
int bench_policy_init(struct bench_policy *policy, const struct weir_resolved *resolved);
void bench_policy_finish(struct bench_policy *policy);

/* Fills the error, and returns the status. */
int bench_decline(struct weir_error *error, int status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* 0, or declines a policy that is not plain. */
int bench_require_plain(const struct bench_policy *policy, struct weir_error *error);

/* The endpoint that has the address, or WEIR_NONE. */
uint32_t bench_policy_owner(const struct bench_policy *policy, const struct weir_address *address);

/* Whether the address is of a pod that no object owns. What rules say of such a pod depends on what
 * nobody knows: only a policy that is asked about none can be plain. */
bool bench_policy_is_unknown(const struct bench_policy *policy, const struct weir_address *address);

/* Whether the pod is in rules and owns its addresses. */
static inline bool bench_is_pod(const struct weir_endpoint *endpoint)
{
	return endpoint->kind == WEIR_ENDPOINT_POD && !endpoint->host_network &&
	       endpoint->rank != WEIR_RANK_FINISHED;
}

/* An IPv4 address as a number. */
static inline uint32_t bench_ipv4(const struct weir_address *address)
{
	const uint8_t *bytes = address->bytes + 12;

	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

#endif
