/*
 * owned.h - who has an address: a search in the block's cold section.
 */
#ifndef WEIR_CLASSIFY_OWNED_H
#define WEIR_CLASSIFY_OWNED_H

#include "layout.h"

/* The entry of an address that pods own or a node has, or NULL. */
const struct layout_owned *owned_find(const struct layout_header *header,
				      const struct weir_address *address);

#endif
