/*
 * weir/query.h - questions by name: may E reach E?
 *
 * An endpoint E is "ns/pod", "ns/Kind/name" (a workload's pods, a Service's backends), an IP
 * address (a service's address is that service) or "node/NAME".
 */
#ifndef WEIR_QUERY_H
#define WEIR_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/allocator.h"
#include "weir/error.h"
#include "weir/policy.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_query {
	const char *from;
	const char *to;
	uint16_t port;
	uint16_t source_port;
	bool has_port;
	uint8_t protocol;
	uint8_t icmp_type; /* the default is an echo request of the protocol's family */
	uint8_t icmp_code;
	bool has_icmp_type;
};

enum {
	WEIR_ANSWER_PAIRS_MAX = 1 << 20, /* connections in a family that one question stands for */
};

enum weir_answer_kind {
	WEIR_ANSWER_DENY,
	WEIR_ANSWER_ALLOW,
	WEIR_ANSWER_AMBIGUOUS,
	WEIR_ANSWER_MIXED, /* the connections that the question stands for do not agree */
};

/* One connection that the question stands for. */
struct weir_answer_pair {
	char from[160]; /* an endpoint, as a person would write it; cut where longer */
	char to[160];
	struct weir_key key;
	struct weir_explanation explanation;
};

struct weir_answer {
	uint8_t kind;                         /* enum weir_answer_kind */
	const struct weir_answer_pair *pairs; /* owned by the querier, until its next question */
	size_t pair_count;
};

/* Scratch memory for asking. A querier is for one thread at a time; different ones for different
 * threads at once, of one policy too. */
struct weir_querier;

/* A querier, owned by the caller (weir_querier_destroy), which keeps a reference on the policy.
 * -EINVAL: a version of a live policy that was not frozen. -ENOMEM. */
int weir_querier_create(struct weir_policy *policy, const struct weir_allocator *allocator,
			struct weir_querier **out);
/* NULL is allowed. */
void weir_querier_destroy(struct weir_querier *querier);

/* Asks about every connection that the question stands for: the two endpoints in each address
 * family that they share (a node in the first), each pod of a workload, each backend of a service
 * at its own port. A workload asked about itself means its pods among each other. An address that
 * nobody owns is outside the cluster, also in a range of pods.
 * -ENOENT: an endpoint of that name does not exist. -EINVAL: the question makes no sense (no
 * address family in common, a finished pod, TCP without a port...). -ERANGE: more connections than
 * WEIR_ANSWER_PAIRS_MAX. -ENOMEM. error says more, but for -ENOMEM. */
int weir_querier_ask(struct weir_querier *querier, const struct weir_query *query,
		     struct weir_answer *out, struct weir_error *error);

/* Addresses that an endpoint stands for, so that flows can be compared with it (a service's own
 * and its backends'): fills at most size entries and returns how many there are, or a negative
 * errno as ask does. */
int weir_querier_addresses(struct weir_querier *querier, const char *endpoint,
			   struct weir_address *addresses, size_t size, struct weir_error *error);

#ifdef __cplusplus
}
#endif
#endif
