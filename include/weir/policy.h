/*
 * weir/policy.h - a compiled policy: which connections are allowed, and why.
 *
 * A policy is one immutable, position-independent block. It never changes after it is made, so
 * any number of threads may ask it at once without a lock: every function here is for any thread,
 * and none of them allocates.
 */
#ifndef WEIR_POLICY_H
#define WEIR_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/key.h"
#include "weir/semantics.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_policy;

/* Judges keys[0..n) as the first packet of a connection each; verdicts[i] answers keys[i].
 * Cannot fail and never allocates. Best in bursts of 32 or more. */
void weir_policy_classify(const struct weir_policy *policy, const struct weir_key *keys,
			  struct weir_verdict *verdicts, size_t n);

/* A side of a connection: of the pod that opens it, or of the one that it is opened to. */
enum weir_direction {
	WEIR_EGRESS,
	WEIR_INGRESS,
};

/* Why one side of a connection came out as it did: the first that applies. */
enum weir_reason {
	WEIR_REASON_NOT_A_POD,           /* an address outside the cluster has no policy */
	WEIR_REASON_HOST_NETWORK,        /* a node's address, and the pods on its network */
	WEIR_REASON_SELF,                /* a pod and itself */
	WEIR_REASON_NEIGHBOUR_DISCOVERY, /* ICMPv6 types 133 to 137 */
	WEIR_REASON_OWN_NODE,            /* a pod and the node that it runs on */
	WEIR_REASON_RULE,                /* the named rule decided */
	WEIR_REASON_NO_RULE,             /* isolated, and nothing matched */
	WEIR_REASON_NOT_ISOLATED,        /* no rule decided, and nothing isolates the pod */
};

#define WEIR_REASONS (WEIR_REASON_NOT_ISOLATED + 1)

/* The contract's word for a reason ("own-node"); static storage. */
const char *weir_reason_name(enum weir_reason reason);

/* No such index, wherever an index may be absent. An enumerator could not hold it. */
#define WEIR_NONE UINT32_MAX

struct weir_half {
	uint8_t action; /* enum weir_action */
	uint8_t reason; /* enum weir_reason; of the first candidate when action is ambiguous */
	uint32_t rule;  /* index for weir_policy_rule; WEIR_NONE unless reason is RULE */
	uint32_t peer;  /* entry of the rule's from or to that matched; WEIR_NONE if it has none */
	uint32_t port;  /* entry of the rule's ports that matched; WEIR_NONE if it has none */
};

/* Both sides of one connection. A side that the key does not ask for is an ALLOW with reason
 * NOT_ISOLATED. */
struct weir_explanation {
	struct weir_verdict verdict;
	struct weir_half egress;
	struct weir_half ingress;
};

/* Judges one key the slow way, with its reasons. The verdict equals that of classify. */
void weir_policy_explain(const struct weir_policy *policy, const struct weir_key *key,
			 struct weir_explanation *out);

/* A rule that one side of a connection was compared with. */
struct weir_considered {
	uint32_t rule;     /* index for weir_policy_rule */
	uint32_t peer;     /* entry of its from or to that matches, or WEIR_NONE */
	uint32_t port;     /* entry of its ports that matches, or WEIR_NONE */
	bool peer_matches; /* without an entry when the rule has none: every peer */
	bool port_matches; /* the same of ports */
	bool is_certain; /* both match, whatever is not known: labels, named ports, domain names */
	uint8_t tier;    /* enum weir_tier */
	uint8_t action;  /* enum weir_rule_action */
};

/* The rules whose subjects hold the near end (of egress the source, of ingress the destination), in
 * the order in which they are tried, as far as they can be reached: none lies behind the isolation
 * of a tier. Fills at most size entries and returns how many there are: 0 where the near end is no
 * pod. Where pods share an address the first is meant; of a pod that nobody knows, the rules that
 * certainly hold for it. What may match counts as matching. */
size_t weir_policy_considered(const struct weir_policy *policy, const struct weir_key *key,
			      enum weir_direction direction, struct weir_considered *out,
			      size_t size);

/* One more reference, from any thread; returns the policy. Whoever creates a policy has the first.
 */
struct weir_policy *weir_policy_ref(struct weir_policy *policy);
/* Lets go of a reference, from any thread. The last one frees the policy, on that thread: through
 * its allocator, or by its release function. NULL is allowed. */
void weir_policy_unref(struct weir_policy *policy);

/* The choices that it was compiled with. */
void weir_policy_semantics(const struct weir_policy *policy, struct weir_semantics *out);

/* The block itself, for measuring: its first byte and its length. It is saved by
 * weir/policy_file.h. */
const void *weir_policy_bytes(const struct weir_policy *policy, size_t *length);

/* Sizes of the compiled form, for people and for the regression gate. */
struct weir_policy_sizes {
	size_t total_bytes;
	size_t hot_bytes; /* what classify may touch */
	uint32_t classes; /* address classes */
	uint32_t egress_groups;
	uint32_t ingress_groups;
	uint32_t port_classes;
	uint32_t rules;
};
/* Measures; a look at the header. */
void weir_policy_measure(const struct weir_policy *policy, struct weir_policy_sizes *out);

#ifdef __cplusplus
}
#endif
#endif
