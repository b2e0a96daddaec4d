/*
 * teller.h - tells a live policy what changes, and nothing that it knows.
 *
 * Structs are those of weir/resolved.h with numbers of the live policy inside. Each function says
 * under which number the thing is known from then on. 0, -ENOMEM, or what the live policy answers;
 * then told_go_back and weir_live_drop undo what was told of the batch.
 */
#ifndef WEIR_WATCH_TELLER_H
#define WEIR_WATCH_TELLER_H

#include "told.h"
#include "weir/live.h"

struct teller {
	struct told *told;
	struct weir_live *live;
	struct spelling key;
	struct spelling content;
	struct weir_error *error;
};

void teller_init(struct teller *teller, struct told *told, struct weir_live *live,
		 struct weir_error *error);
void teller_finish(struct teller *teller);

int tell_workload(struct teller *teller, const struct weir_workload *workload, uint32_t *out);
int tell_block(struct teller *teller, const struct weir_block *block, uint32_t *out);
/* A set of the key that was spelled; who is in it, endpoints say. */
int tell_set(struct teller *teller, const struct weir_set *set, uint32_t *out);
int tell_endpoint(struct teller *teller, const struct weir_endpoint *endpoint, const uint32_t *sets,
		  uint32_t set_count, uint32_t *out);
int tell_service(struct teller *teller, const struct weir_service *service);

/* A rule's thing, present or not; then its place, when it is not: before another one's. */
int tell_find_rule(struct teller *teller, const struct weir_rule *rule,
		   const struct weir_origin *origin, uint32_t *out);
int tell_rule(struct teller *teller, uint32_t thing, const struct weir_rule *rule,
	      const struct weir_origin *origin, uint32_t before);

/* A pod is gone, if there was one. */
int tell_no_pod(struct teller *teller, const char *namespace_name, const char *name);
/* Everything is gone that was not seen in this round. */
int tell_unseen(struct teller *teller);

#endif
