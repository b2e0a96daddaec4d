/*
 * patches.h - versions of a live policy beside the block that was compiled last.
 *
 * Most changes are of pods, and most pods are like others: in the same sets, with the same ports
 * that rules name, under the same blocks. Whoever is like a pod of the block has its profile and
 * its groups, so that nothing is compiled: its address gets that pod's leaf in the trie
 * (patch_trie.h), the patch (patch.h) tells whose it is, and the tables stay those of the block.
 *
 * That is done for batches of pods which are all like another pod, have addresses that nobody else
 * claims, and names of their own. Any other batch has the policy compiled, and patches begin anew.
 */
#ifndef WEIR_COMPILE_PATCHES_H
#define WEIR_COMPILE_PATCHES_H

#include "build.h"
#include "live_objects.h"
#include "weir/policy.h"

struct patches;

/* Begins behind a compilation; policy is what it gave. -ENOMEM. */
int patches_begin(struct build *build, struct weir_policy *policy, const struct objects *objects,
		  const struct weir_allocator *allocator, struct patches **out);
/* Versions that are held keep what they need. NULL is allowed. */
void patches_end(struct patches *patches);

/* The version with the steps that the objects took. before is the version in force. -EAGAIN: they
 * ask for a compilation. -ENOMEM. Nothing has changed then. */
int patches_apply(struct patches *patches, const struct objects *objects,
		  const struct weir_policy *before, size_t max_bytes, struct weir_policy **out);

#endif
