/*
 * spelling.h - what a struct says, as bytes: equal bytes say the same, wherever the structs lie.
 *
 * Memory that runs out is noted, and asked for at the end.
 */
#ifndef WEIR_WATCH_SPELLING_H
#define WEIR_WATCH_SPELLING_H

#include <stdbool.h>

#include "array.h"
#include "weir/resolved.h"

struct spelling {
	struct weir_array bytes; /* char */
	bool failed;
};

void spelling_init(struct spelling *spelling, const struct weir_allocator *allocator);
void spelling_finish(struct spelling *spelling);

/* Begins anew. */
void spelling_begin(struct spelling *spelling, uint32_t kind);
void spell_number(struct spelling *spelling, uint32_t number);
void spell_bytes(struct spelling *spelling, const void *bytes, size_t length);
void spell_text(struct spelling *spelling, const char *text); /* NULL is another than "" */

/* What an endpoint says but for its name, and its sets. */
void spell_endpoint(struct spelling *spelling, const struct weir_endpoint *endpoint,
		    const uint32_t *sets, uint32_t set_count);
void spell_block(struct spelling *spelling, const struct weir_block *block);
void spell_rule(struct spelling *spelling, const struct weir_rule *rule,
		const struct weir_origin *origin);
/* What a service says but for its name. */
void spell_service(struct spelling *spelling, const struct weir_service *service);

#endif
