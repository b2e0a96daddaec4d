/*
 * find.c - items by name: a search in the section of indices that are in the order of names.
 */
#include "block.h"

/* A name in three parts, of which the first may be empty. */
struct name {
	const char *parts[3];
};

static struct name name_of_endpoint(const struct layout_header *header, uint32_t index)
{
	const struct layout_endpoint *endpoint =
		BLOCK_ITEM(header, LAYOUT_ENDPOINTS, struct layout_endpoint, index);

	return (struct name){ { "", text_at(header, endpoint->namespace_name),
				text_at(header, endpoint->name) } };
}

static struct name name_of_workload(const struct layout_header *header, uint32_t index)
{
	const struct layout_workload *workload =
		BLOCK_ITEM(header, LAYOUT_WORKLOADS, struct layout_workload, index);

	return (struct name){ { text_at(header, workload->kind),
				text_at(header, workload->namespace_name),
				text_at(header, workload->name) } };
}

static struct name name_of_service(const struct layout_header *header, uint32_t index)
{
	const struct layout_service *service =
		BLOCK_ITEM(header, LAYOUT_SERVICES, struct layout_service, index);

	return (struct name){ { "", text_at(header, service->namespace_name),
				text_at(header, service->name) } };
}

static int compare(const struct name *a, const struct name *b)
{
	int order = 0;

	for (unsigned i = 0; i < 3 && !order; i++)
		order = strcmp(a->parts[i], b->parts[i]);
	return order;
}

/* The first of equal names: the one of the least index. */
static uint32_t find(const struct weir_policy *policy, enum layout_section section,
		     struct name (*name_of)(const struct layout_header *header, uint32_t index),
		     struct name wanted)
{
	const struct layout_header *header = block_of(policy);
	const uint32_t *order = layout_section(header, section);
	size_t count = LAYOUT_COUNT(header, section, uint32_t);
	size_t low = 0;
	size_t high = count;
	struct name found;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		found = name_of(header, order[middle]);
		if (compare(&found, &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == count)
		return WEIR_NONE;
	found = name_of(header, order[low]);
	return compare(&found, &wanted) == 0 ? order[low] : WEIR_NONE;
}

uint32_t weir_policy_find_pod(const struct weir_policy *policy, const char *namespace_name,
			      const char *name)
{
	return find(policy, LAYOUT_PODS_BY_NAME, name_of_endpoint,
		    (struct name){ { "", namespace_name, name } });
}

uint32_t weir_policy_find_node(const struct weir_policy *policy, const char *name)
{
	return find(policy, LAYOUT_NODES_BY_NAME, name_of_endpoint,
		    (struct name){ { "", "", name } });
}

uint32_t weir_policy_find_workload(const struct weir_policy *policy, const char *kind,
				   const char *namespace_name, const char *name)
{
	return find(policy, LAYOUT_WORKLOADS_BY_NAME, name_of_workload,
		    (struct name){ { kind, namespace_name, name } });
}

uint32_t weir_policy_find_service(const struct weir_policy *policy, const char *namespace_name,
				  const char *name)
{
	return find(policy, LAYOUT_SERVICES_BY_NAME, name_of_service,
		    (struct name){ { "", namespace_name, name } });
}
