#include "owned.h"

static int order(const struct weir_address *a, const struct weir_address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

const struct layout_owned *owned_find(const struct layout_header *header,
				      const struct weir_address *address)
{
	const struct layout_owned *owned = layout_section(header, LAYOUT_OWNED);
	size_t low = 0;
	size_t high = LAYOUT_COUNT(header, LAYOUT_OWNED, struct layout_owned);

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int sign = order(address, &owned[middle].address);

		if (!sign)
			return &owned[middle];
		if (sign < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}
