/*
 * item_name.h - the names by which items are in order: of pods, nodes, workloads, services.
 */
#ifndef WEIR_CLASSIFY_ITEM_NAME_H
#define WEIR_CLASSIFY_ITEM_NAME_H

#include "layout.h"

/* In three parts, of which the first may be empty. */
struct item_name {
	const char *parts[3];
};

struct item_name item_name_of_endpoint(const struct layout_header *header, uint32_t index);
struct item_name item_name_of_workload(const struct layout_header *header, uint32_t index);
struct item_name item_name_of_service(const struct layout_header *header, uint32_t index);

/* As strcmp. */
int item_name_compare(const struct item_name *a, const struct item_name *b);

#endif
