#include "item_name.h"

static const char *text_at(const struct layout_header *header, uint32_t offset)
{
	return LAYOUT_ITEMS(header, LAYOUT_TEXT, char) + offset;
}

struct item_name item_name_of_endpoint(const struct layout_header *header, uint32_t index)
{
	const struct layout_endpoint *endpoint =
		LAYOUT_ITEMS(header, LAYOUT_ENDPOINTS, struct layout_endpoint) + index;

	return (struct item_name){ { "", text_at(header, endpoint->namespace_name),
				     text_at(header, endpoint->name) } };
}

struct item_name item_name_of_workload(const struct layout_header *header, uint32_t index)
{
	const struct layout_workload *workload =
		LAYOUT_ITEMS(header, LAYOUT_WORKLOADS, struct layout_workload) + index;

	return (struct item_name){ { text_at(header, workload->kind),
				     text_at(header, workload->namespace_name),
				     text_at(header, workload->name) } };
}

struct item_name item_name_of_service(const struct layout_header *header, uint32_t index)
{
	const struct layout_service *service =
		LAYOUT_ITEMS(header, LAYOUT_SERVICES, struct layout_service) + index;

	return (struct item_name){ { "", text_at(header, service->namespace_name),
				     text_at(header, service->name) } };
}

int item_name_compare(const struct item_name *a, const struct item_name *b)
{
	int order = 0;

	for (unsigned i = 0; i < 3 && !order; i++)
		order = strcmp(a->parts[i], b->parts[i]);
	return order;
}
