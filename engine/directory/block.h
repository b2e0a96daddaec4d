/*
 * block.h - the directory's sections of a policy's block.
 */
#ifndef WEIR_DIRECTORY_BLOCK_H
#define WEIR_DIRECTORY_BLOCK_H

#include "handle.h"
#include "weir/directory.h"

static inline const struct layout_header *block_of(const struct weir_policy *policy)
{
	return policy->lookup.names;
}

static inline const char *text_at(const struct layout_header *header, uint32_t offset)
{
	return LAYOUT_ITEMS(header, LAYOUT_TEXT, char) + offset;
}

#define BLOCK_ITEM(header, section, type, index) (LAYOUT_ITEMS((header), (section), type) + (index))

#endif
