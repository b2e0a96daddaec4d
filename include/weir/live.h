/*
 * weir/live.h - a policy that changes while it is asked.
 *
 * A live policy keeps what a resolved policy says (weir/resolved.h) and takes changes to it: pods
 * come, go and are selected by other sets, policies' sets and rules come and go. Changes are
 * gathered into a batch. Committing it gives a compiled policy with all of them, which is
 * published through a slot (weir/slot.h): a burst is judged by it or by the one before, whole, and
 * no reader waits:
 *
 *	weir_live_add_endpoint(live, &pod, sets, 2, &id, &error);
 *	weir_live_remove_endpoint(live, other, &error);
 *	if (!weir_live_commit(live, &error))
 *		weir_slot_publish(slot, weir_live_policy(live));
 *
 * Numbers. An object keeps the number that it got when it was added; what a resolved policy began
 * with has its index. Inside of the structs that are handed over, indices are such numbers. The
 * number of a removed object may be given to a new one.
 *
 * What a batch leaves must be in order, what it does on the way there need not: the rules of a set
 * may be removed after it. Everything that is handed over is copied.
 *
 * Addresses. Several pods may claim one: the highest rank owns it, equal ones share it and verdicts
 * that differ are ambiguous, as in every resolved policy. Who takes that for a mistake asks for
 * exclusive_addresses.
 *
 * Threads. A live policy is for one thread at a time. The policies that it gives are like all
 * others: any thread may ask them, hold references and let go of them; they may outlive the live
 * policy.
 */
#ifndef WEIR_LIVE_H
#define WEIR_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/allocator.h"
#include "weir/error.h"
#include "weir/policy.h"
#include "weir/resolved.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_live;

struct weir_live_options {
	/* NULL: the C library's. It serves the policies too: where these are let go of by other
	 * threads than that of the changes it has to be safe to call from them. */
	const struct weir_allocator *allocator;
	size_t max_bytes; /* of a compiled policy; 0: no bound */
	/* A batch after which several pods own an address is refused. */
	bool exclusive_addresses;
};

/* Begins with a resolved policy, compiled. *out is owned by the caller (weir_live_destroy). options
 * may be NULL. Errors are those of weir_compile and weir_live_commit. */
int weir_live_create(const struct weir_resolved *resolved, const struct weir_live_options *options,
		     struct weir_live **out, struct weir_error *error);
/* The policies that it gave live on while they are held. NULL is allowed. */
void weir_live_destroy(struct weir_live *live);

/* The policy of the last batch that was committed; valid until the next commit. Who keeps it
 * longer takes a reference (a slot does).
 *
 * It judges, explains, and knows pods by name and address, as any other. It may be a version beside
 * a block that was compiled before: then indices of pods that are gone have no name and no
 * addresses, a pod that was changed may have another index, the endpoint of a service's backend may
 * be one that is gone (ask for the owner of its address), and what goes through a block as a whole
 * wants it frozen: saving, proofs, listings, queries, traces refuse it, weir_policy_bytes,
 * weir_policy_measure and weir_policy_content_hash tell of the block. */
struct weir_policy *weir_live_policy(const struct weir_live *live);
/* How many batches were committed; the policy that it began with is 0. */
uint64_t weir_live_version(const struct weir_live *live);

/*
 * Changes. Each returns 0, or, with nothing changed: -ENOENT when there is no object of the number
 * that it is about; -EINVAL when a number among those handed over is of no object, or a count has
 * no array; -ENOMEM. error says more.
 */

/* A pod or a node, and the sets that hold it, each once, in any order. */
int weir_live_add_endpoint(struct weir_live *live, const struct weir_endpoint *endpoint,
			   const uint32_t *sets, uint32_t set_count, uint32_t *out,
			   struct weir_error *error);
/* The same under a number that exists: other addresses, ports, rank, node... */
int weir_live_change_endpoint(struct weir_live *live, uint32_t number,
			      const struct weir_endpoint *endpoint, const uint32_t *sets,
			      uint32_t set_count, struct weir_error *error);
/* Relabelled: these sets hold it from now on, and no others. */
int weir_live_select_endpoint(struct weir_live *live, uint32_t number, const uint32_t *sets,
			      uint32_t set_count, struct weir_error *error);
/* Gone, and out of every set; no pod and no backend that stays may refer to it. */
int weir_live_remove_endpoint(struct weir_live *live, uint32_t number, struct weir_error *error);

/* A set and the endpoints in it. */
int weir_live_add_set(struct weir_live *live, const struct weir_set *set, uint32_t *out,
		      struct weir_error *error);
/* Other endpoints are in it from now on. */
int weir_live_change_set(struct weir_live *live, uint32_t number, const struct weir_set *set,
			 struct weir_error *error);
/* No rule that stays may have it. */
int weir_live_remove_set(struct weir_live *live, uint32_t number, struct weir_error *error);

/* A block, for rules to have as a peer. */
int weir_live_add_block(struct weir_live *live, const struct weir_block *block, uint32_t *out,
			struct weir_error *error);
/* No rule that stays may have it. */
int weir_live_remove_block(struct weir_live *live, uint32_t number, struct weir_error *error);

/* What a person wrote, for rules to be of. */
int weir_live_add_origin(struct weir_live *live, const struct weir_origin *origin, uint32_t *out,
			 struct weir_error *error);
/* No rule that stays may have it. */
int weir_live_remove_origin(struct weir_live *live, uint32_t number, struct weir_error *error);

/* A rule, placed before another one; WEIR_NONE: behind all. The place decides between rules of
 * equal tier and precedence. */
int weir_live_add_rule(struct weir_live *live, const struct weir_rule *rule, uint32_t before,
		       uint32_t *out, struct weir_error *error);
/* Gone; other rules keep their places. */
int weir_live_remove_rule(struct weir_live *live, uint32_t number, struct weir_error *error);

/* What owns pods. */
int weir_live_add_workload(struct weir_live *live, const struct weir_workload *workload,
			   uint32_t *out, struct weir_error *error);
/* No pod or workload that stays may have it. */
int weir_live_remove_workload(struct weir_live *live, uint32_t number, struct weir_error *error);

/* A service and its backends. */
int weir_live_add_service(struct weir_live *live, const struct weir_service *service, uint32_t *out,
			  struct weir_error *error);
/* The same under a number that exists: other addresses, ports, backends. */
int weir_live_change_service(struct weir_live *live, uint32_t number,
			     const struct weir_service *service, struct weir_error *error);
/* Gone; nothing refers to services. */
int weir_live_remove_service(struct weir_live *live, uint32_t number, struct weir_error *error);

/* Puts the batch in force: weir_live_policy has it. Pods that are like another pod (in the same
 * sets, with the same named ports, under the same blocks) cost some microseconds each. One that is
 * like no other, sets, origins and rules cost as much as there are kinds of pods and rules; with a
 * block all addresses are placed again. Nodes, workloads and services compile the policy, and so do
 * pods whose address somebody else claims or whose name is not their own, the batch behind as many
 * pods as the policy had when it was compiled, and every batch where max_bytes leaves no room for
 * versions beside the block. When it fails the policy in force stays, and the batch too: it can be
 * mended, or dropped. -EINVAL: something that stays refers to what was removed, or the structs
 * contradict themselves as weir_compile has it. -ERANGE: the policy would exceed max_bytes.
 * -EADDRINUSE: exclusive addresses were asked for. -ENOMEM. error says more. */
int weir_live_commit(struct weir_live *live, struct weir_error *error);

/* Drops the batch: everything is as after the last commit. */
void weir_live_drop(struct weir_live *live);

/* The policy of the last commit as one block that shares nothing with others, to be saved
 * (weir/policy_file.h): what weir_compile makes of the same objects, in the order of their numbers
 * and rules in their places. *out is owned by the caller.
 * -EBUSY: a batch is open. Otherwise as weir_compile. */
int weir_live_freeze(const struct weir_live *live, struct weir_policy **out,
		     struct weir_error *error);

#ifdef __cplusplus
}
#endif
#endif
