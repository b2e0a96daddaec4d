/*
 * patches_inner.h - what patches.c and patch_pods.c have in common.
 */
#ifndef WEIR_COMPILE_PATCHES_INNER_H
#define WEIR_COMPILE_PATCHES_INNER_H

#include "patch_writer.h"
#include "patches.h"
#include "places.h"

struct patches {
	const struct weir_allocator *allocator;
	unsigned references; /* of the writer, and of versions */
	struct weir_policy *block;
	struct patch_writer writer;
	struct weir_arena arena; /* what follows */
	struct ground ground;
	/* By number of an object. */
	uint32_t *endpoint_of; /* WEIR_NONE: there is none */
	uint32_t *workload_of;
	uint64_t *changed_in; /* the batch that took this endpoint last */
	uint8_t *is_backend;
	uint32_t number_room;
	uint64_t batch;   /* counts those that were refused too */
	unsigned refused; /* batches */
	/* In force. */
	struct places *places;       /* NULL: there can be none */
	struct weir_policy *origins; /* the policy whose origins are those of the rules */
	const uint32_t *root;        /* of the newest version */
};

/* The pods of the steps that the objects took, into the patch and the trie. -EAGAIN: they ask for a
 * compilation. -ENOMEM. */
int patches_take_pods(struct patches *patches);
int patches_give_pods(struct patches *patches);

#endif
