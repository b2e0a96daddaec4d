#include "owned.h"

#include <endian.h>

struct halves {
	uint64_t high;
	uint64_t low;
};

static struct halves halves_of(const struct weir_address *address)
{
	struct halves halves;

	memcpy(&halves, address->bytes, sizeof(halves));
	return (struct halves){ be64toh(halves.high), be64toh(halves.low) };
}

static bool is_before(const struct halves *a, const struct halves *b)
{
	return a->high != b->high ? a->high < b->high : a->low < b->low;
}

/* Half of the comparisons say left: so the search moves without branching on them. */
const struct layout_owned *owned_find(const struct layout_header *header,
				      const struct weir_address *address)
{
	const struct layout_owned *owned = layout_section(header, LAYOUT_OWNED);
	size_t count = LAYOUT_COUNT(header, LAYOUT_OWNED, struct layout_owned);
	const struct halves wanted = halves_of(address);

	while (count > 1) {
		const struct halves middle = halves_of(&owned[count / 2].address);

		owned += is_before(&wanted, &middle) ? 0 : count / 2;
		count -= count / 2;
	}
	return count && weir_address_equal(&owned->address, address) ? owned : NULL;
}
