/*
 * expand.h - a plain policy as lists of rules of IPv4 prefixes and ports, the first match decides.
 *
 * This is what ordered rules cost: near ends x far ends x ports. Either each address is a rule of
 * its own, or addresses that fill a prefix are one. Rules of equal rank never disagree, so that
 * whoever prefers may take any of them.
 */
#ifndef WEIR_BENCH_EXPAND_H
#define WEIR_BENCH_EXPAND_H

#include "policy.h"

enum bench_expansion_form {
	BENCH_BY_ADDRESS,
	BENCH_BY_PREFIX, /* the fewest prefixes that hold exactly these addresses */
};

struct bench_prefix {
	uint32_t address;
	uint8_t length;
};

struct bench_acl_rule {
	struct bench_prefix source;
	struct bench_prefix destination;
	uint16_t first_port;
	uint16_t last_port;
	uint8_t protocol; /* 0: every one */
	uint8_t allows;
	uint32_t rank; /* lower is tried first */
};

/* The rules of one direction, by rank. What none matches is allowed. */
struct bench_acl {
	struct bench_acl_rule *rules;
	size_t count;
	size_t capacity;
};

/* The rules of IPv6 are left out. -ERANGE: more than max_rules; -ENOMEM. */
int bench_expand(const struct bench_policy *policy, enum weir_direction direction,
		 enum bench_expansion_form form, size_t max_rules, struct bench_acl *out);
void bench_acl_finish(struct bench_acl *acl);

#endif
