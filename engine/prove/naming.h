/*
 * naming.h - which rule of the objects each rule of the compiled bytes is called after.
 */
#ifndef WEIR_PROVE_NAMING_H
#define WEIR_PROVE_NAMING_H

#include "facts.h"

struct naming {
	uint32_t *rules[DIRECTIONS]; /* of each origin: the rule of the side, or WEIR_NONE */
	uint32_t count;              /* of origins */
};

/* Lives as long as the facts. -ENOMEM. */
int naming_make(struct naming *naming, struct facts *facts);

#endif
