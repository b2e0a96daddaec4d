/*
 * find.c - items by name: a search in the section of indices that are in the order of names.
 */
#include "block.h"

#include "item_name.h"

/* The first of equal names: the one of the least index. */
static uint32_t find(const struct weir_policy *policy, enum layout_section section,
		     struct item_name (*name_of)(const struct layout_header *header,
						 uint32_t index),
		     struct item_name wanted)
{
	const struct layout_header *header = block_of(policy);
	const uint32_t *order = layout_section(header, section);
	size_t count = LAYOUT_COUNT(header, section, uint32_t);
	size_t low = 0;
	size_t high = count;
	struct item_name found;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		found = name_of(header, order[middle]);
		if (item_name_compare(&found, &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == count)
		return WEIR_NONE;
	found = name_of(header, order[low]);
	return item_name_compare(&found, &wanted) == 0 ? order[low] : WEIR_NONE;
}

uint32_t weir_policy_find_pod(const struct weir_policy *policy, const char *namespace_name,
			      const char *name)
{
	const struct lookup *lookup = &policy->lookup;
	const struct patch_entry *entry =
		lookup->patch ? patch_find_name(lookup->patch, lookup->stamp, namespace_name, name)
			      : NULL;

	if (entry)
		return entry->endpoint;
	return find(policy, LAYOUT_PODS_BY_NAME, item_name_of_endpoint,
		    (struct item_name){ { "", namespace_name, name } });
}

uint32_t weir_policy_find_node(const struct weir_policy *policy, const char *name)
{
	return find(policy, LAYOUT_NODES_BY_NAME, item_name_of_endpoint,
		    (struct item_name){ { "", "", name } });
}

uint32_t weir_policy_find_workload(const struct weir_policy *policy, const char *kind,
				   const char *namespace_name, const char *name)
{
	return find(policy, LAYOUT_WORKLOADS_BY_NAME, item_name_of_workload,
		    (struct item_name){ { kind, namespace_name, name } });
}

uint32_t weir_policy_find_service(const struct weir_policy *policy, const char *namespace_name,
				  const char *name)
{
	return find(policy, LAYOUT_SERVICES_BY_NAME, item_name_of_service,
		    (struct item_name){ { "", namespace_name, name } });
}
