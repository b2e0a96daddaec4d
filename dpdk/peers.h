/*
 * peers.h - what a worker is compared with, in the same loop on the same ports.
 *
 *	forward         nothing is looked at: what the loop and the ports cost
 *	five-tuple      addresses, protocol and ports are read, and everything is sent
 *	rte_acl         each packet is asked of rte_acl, whose rules are the policy's in aggregated
 *	                prefixes: stateless, so that replies pass only where a rule says so
 *	rte_acl+hash    connections that rte_acl allowed are kept in an rte_hash, and what
 *	                belongs to one passes, either way. It keeps keys only: no connection is
 *	                ever over, until the table is full and the oldest gives its place to a new
 *	                one. So it is the least that a table can cost, and no firewall
 *	rte_acl+state   the same with what a firewall needs: beside the rte_hash lies when each
 *	                connection was seen, and TCP's signals from either side. It ends by a
 *	                timeout, as long as its state says; one that was closed is judged again
 *
 * Peers are favoured: they read IPv4 without options straight from its place, prove no more of the
 * headers than that, and know no fragments and no errors. Echoes between two ends are one
 * connection.
 */
#ifndef WEIR_DPDK_PEERS_H
#define WEIR_DPDK_PEERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loop.h"
#include "policy.h"

/* A policy in the form of those that judge; several may use it. */
struct peer_rules;
/* -ENOTSUP, -ERANGE, -ENOMEM: the error says why. One at a time. */
int peer_rules_create(const struct bench_policy *policy, const struct bench_limits *limits,
		      struct peer_rules **out, struct weir_error *error);
void peer_rules_destroy(struct peer_rules *rules); /* NULL is allowed */

struct peer_options {
	const struct peer_rules *rules; /* of those that judge: they outlive it */
	uint32_t max_flows;
	uint16_t index; /* of several of a kind */
};

struct peer {
	const char *name;
	const char *summary;
	bool is_filter;   /* what it sends depends on the policy */
	bool is_stateful; /* replies to what it allowed pass */
	/* -ENOMEM */
	int (*create)(const struct peer_options *options, struct loop_judge *out);
	void (*destroy)(struct loop_judge *judge);
};

/* Up to one without a name. With EAL up. */
extern const struct peer peers[];

/* In files of their own. */
int peer_acl_create(const struct peer_options *options, struct loop_judge *out);
void peer_acl_destroy(struct loop_judge *judge);
int peer_hash_create(const struct peer_options *options, struct loop_judge *out);
void peer_hash_destroy(struct loop_judge *judge);
int peer_state_create(const struct peer_options *options, struct loop_judge *out);
void peer_state_destroy(struct loop_judge *judge);

#endif
