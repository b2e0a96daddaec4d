/*
 * weir/live_cluster.h - Kubernetes objects that change, and the policy that they mean
 * (libweir-k8s).
 *
 * A live cluster keeps objects and a live policy (weir/live.h) that says what they say. Objects
 * come, change and go: in manifests, or in the events of a watch, as `kubectl get --watch -o json
 * --output-watch-events` and the API server print them. They are gathered into a batch. Committing
 * it gives a compiled policy, which is published through a slot (weir/slot.h): a burst is judged by
 * it or by the one before, whole, and no reader waits:
 *
 *	weir_live_cluster_read(cluster, "watch", event, length);
 *	if (!weir_live_cluster_commit(cluster, &error))
 *		weir_slot_publish(slot, weir_live_cluster_policy(cluster));
 *
 * Verdicts, and the rules that they name, are those of weir_cluster_read, weir_cluster_resolve and
 * weir_compile of the same objects.
 *
 * Cost. A batch is taken for its difference. Objects that say what they said cost their reading:
 * heartbeats of nodes, the status of a Deployment, and most events of a watch are of that kind.
 * Pods and the labels of namespaces cost what they are about, tens of microseconds each, and then
 * what weir_live_commit costs. All other batches resolve the cluster again, and tell the live
 * policy only what is another: milliseconds for every thousand pods, and then weir_live_commit.
 * These are batches with policies, nodes and workloads; with the first or the last pod of a
 * workload, or of a node or a workload that no object describes; where services are asked for, all
 * that say something new; and, as memory is let go of by them, one behind as many changes as there
 * are objects.
 *
 * Threads. A live cluster is for one thread at a time; the sink is called on that thread, during
 * the call. The policies that it gives are like all others: any thread may ask them, hold references
 * and let go of them; they may outlive the live cluster.
 */
#ifndef WEIR_LIVE_CLUSTER_H
#define WEIR_LIVE_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "weir/allocator.h"
#include "weir/cluster.h"
#include "weir/error.h"
#include "weir/live.h"
#include "weir/policy.h"
#include "weir/semantics.h"

#ifdef __cplusplus
extern "C" {
#endif

struct weir_live_cluster;

struct weir_live_cluster_options {
	struct weir_cluster_options objects; /* the allocator is for the policies too */
	struct weir_semantics semantics;
	size_t max_bytes;         /* of a compiled policy; 0: no bound */
	bool exclusive_addresses; /* as weir_live_options has it */
	/* The policies have services and their backends: for who translates, or asks by name.
	 * Verdicts do not need them. */
	bool services;
};

/* Begins without objects. *out is owned by the caller (weir_live_cluster_destroy). options may be
 * NULL; what they point to is copied, but for the allocator. -ENOMEM, or what weir_live_create
 * fails with; error says more. */
int weir_live_cluster_create(const struct weir_live_cluster_options *options,
			     struct weir_live_cluster **out, struct weir_error *error);
/* The policies that it gave live on while they are held. NULL is allowed. */
void weir_live_cluster_destroy(struct weir_live_cluster *cluster);

/* Takes the documents of a YAML or JSON text into the batch; name is for diagnostics. A document is
 * an object, or a list of objects, which are there from now on as they are written; or an event of
 * a watch: ADDED and MODIFIED are the same, DELETED needs no more than kind and name, BOOKMARK is
 * nothing, ERROR is one. Kinds that no verdict needs are passed over. What is deleted and was not
 * there is told as a warning. A list takes nothing away: what it lacks is removed by who knows so.
 *
 * Objects are checked as weir_cluster_read does it, and the same errors and warnings are reported.
 * -EINVAL when there was an error: nothing of the text is in the batch then. -ENOMEM, the same. */
int weir_live_cluster_read(struct weir_live_cluster *cluster, const char *name, const char *text,
			   size_t length);
/* Takes the deletion of an object into the batch. namespace_name is NULL for "default", and of no
 * matter for kinds without one. -ENOENT: there is none of that kind and name, or the kind is not
 * kept. -ENOMEM. */
int weir_live_cluster_remove(struct weir_live_cluster *cluster, const char *kind,
			     const char *namespace_name, const char *name);

/* Puts the batch in force: weir_live_cluster_policy has it. When it fails the policy in force
 * stays, and the batch too: it can be mended, or dropped. -EINVAL: what spans objects is wrong,
 * which was reported. -ERANGE, -EADDRINUSE: as weir_live_commit. -ENOMEM. error says more. */
int weir_live_cluster_commit(struct weir_live_cluster *cluster, struct weir_error *error);
/* Drops the batch: everything is as after the last commit. */
void weir_live_cluster_drop(struct weir_live_cluster *cluster);

/* The policy of the last batch that was committed, as weir_live_policy gives it; valid until the
 * next commit. A batch that says nothing new leaves the same. */
struct weir_policy *weir_live_cluster_policy(const struct weir_live_cluster *cluster);
/* How many batches were committed. */
uint64_t weir_live_cluster_version(const struct weir_live_cluster *cluster);

/* The policy of the last commit as one block, to be saved; as weir_live_freeze, but for the order
 * of what it holds: pods are in that in which they came. -EBUSY: a batch is open. *out is owned by
 * the caller. */
int weir_live_cluster_freeze(const struct weir_live_cluster *cluster, struct weir_policy **out,
			     struct weir_error *error);

/* The objects of the last commit as a finished cluster of its own, which shares nothing with this
 * one: to be counted, linted, judged or proved against. *out is owned by the caller
 * (weir_cluster_destroy). -ENOMEM. */
int weir_live_cluster_snapshot(const struct weir_live_cluster *cluster, struct weir_cluster **out);

#ifdef __cplusplus
}
#endif
#endif
