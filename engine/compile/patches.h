/*
 * patches.h - versions of a live policy beside the block that was compiled last.
 *
 * The block knows who there was when it was compiled. What became of pods since then stands in a
 * patch (patch_writer.h), where addresses lead in a trie that is added to (places.h), and what is
 * allowed in tables over kinds of pods (tables.h). A batch of pods whose kinds there are changes
 * the first two only. Where a kind is new, or sets or rules change, the tables are compiled again;
 * where blocks change, places are made again.
 *
 * That is done for batches of pods, sets, blocks and rules in which no pod claims an address that
 * somebody else claims, and all have names of their own. Any other batch has the policy compiled,
 * and patches begin anew; so has the next one when several came to nothing.
 */
#ifndef WEIR_COMPILE_PATCHES_H
#define WEIR_COMPILE_PATCHES_H

#include "build.h"
#include "live_objects.h"
#include "weir/policy.h"

struct patches;

/* Begins behind a compilation; policy is what it gave. frame has semantics and pod ranges, which
 * stay as long as the patches are not ended. -ENOMEM. */
int patches_begin(struct build *build, struct weir_policy *policy, const struct objects *objects,
		  const struct weir_resolved *frame, const struct weir_compile_options *options,
		  struct patches **out);
/* Versions that are held keep what they need. NULL is allowed. */
void patches_end(struct patches *patches);

/* The version with the steps that the objects took. -EAGAIN: they ask for a compilation. -ENOMEM.
 * Nothing has changed then. */
int patches_apply(struct patches *patches, struct weir_policy **out);

#endif
