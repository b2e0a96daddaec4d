/*
 * label_index.h - which of many labelled things fulfil a selector, without looking at each.
 */
#ifndef WEIR_K8S_LABEL_INDEX_H
#define WEIR_K8S_LABEL_INDEX_H

#include "terms.h"

struct k8s_label_index {
	const struct k8s_labels *const *items;
	uint32_t item_count;
	struct weir_map lists;   /* a label, or a key alone -> its list */
	const uint32_t *starts;  /* list i is members[starts[i]..starts[i + 1]) */
	const uint32_t *members; /* ascending within a list */
};

/* Indices first..end-1. */
struct k8s_index_range {
	uint32_t first;
	uint32_t end;
};

/* items[i] are the labels of thing i, or NULL for one that is never selected; they are borrowed.
 * 0 or -ENOMEM. */
int k8s_label_index_build(const struct k8s_labels *const *items, uint32_t item_count,
			  struct weir_arena *arena, struct k8s_label_index *out);
void k8s_label_index_finish(struct k8s_label_index *index);

/* Puts the indices of what is within the ranges (ascending, apart) and fulfils the terms into
 * found (of uint32_t), ascending. 0 or -ENOMEM. */
int k8s_label_index_select(const struct k8s_label_index *index, const struct k8s_terms *terms,
			   const struct k8s_index_range *ranges, uint32_t range_count,
			   struct weir_array *found);

/* Where a search ends although there may be more. */
struct k8s_index_bound {
	size_t found;   /* so many were found */
	uint64_t looks; /* so many were looked at; afterwards, how many are left */
};

/* The same within a bound; which of them are found is up to the search, and the same every time. */
int k8s_label_index_search(const struct k8s_label_index *index, const struct k8s_terms *terms,
			   const struct k8s_index_range *ranges, uint32_t range_count,
			   struct k8s_index_bound *bound, struct weir_array *found);

#endif
