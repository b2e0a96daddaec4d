#include "ends.h"

bool end_is_node(const struct lookup *lookup, uint32_t leaf)
{
	return (leaf & ((1u << lookup->profile_bits) - 1)) >= lookup->header->first_node_profile;
}

bool end_node_has(const struct lookup *lookup, uint32_t leaf, const struct weir_address *address)
{
	const struct layout_header *header = lookup->names;
	uint32_t number = leaf >> lookup->profile_bits;
	const struct layout_endpoint *node;
	const struct weir_address *addresses;

	if (!number)
		return false;
	node = LAYOUT_ITEMS(header, LAYOUT_ENDPOINTS, struct layout_endpoint) +
	       LAYOUT_ITEMS(header, LAYOUT_NODE_NUMBERS, uint32_t)[number];
	addresses = LAYOUT_ITEMS(header, LAYOUT_ADDRESSES, struct weir_address) + node->addresses;
	for (uint32_t i = 0; i < node->address_count; i++) {
		if (weir_address_equal(&addresses[i], address))
			return true;
	}
	return false;
}

struct end end_of(const struct lookup *lookup, const uint32_t *leaf, uint8_t flags,
		  enum end_mode mode)
{
	struct end end = { .leaves = leaf, .unnamed = leaf, .count = 1 };
	const struct layout_special *special;

	if (!(*leaf & LAYOUT_SPECIAL))
		return end;
	special = LAYOUT_ITEMS(lookup->header, LAYOUT_SPECIALS, struct layout_special) +
		  (*leaf & LAYOUT_INDEX);
	end.leaves = LAYOUT_ITEMS(lookup->header, LAYOUT_CANDIDATES, uint32_t) + special->first;
	end.unnamed = end.leaves;
	switch ((enum layout_special_kind)special->kind) {
	case LAYOUT_SHARED:
	case LAYOUT_NODES_SHARED:
		end.count = special->count;
		break;
	case LAYOUT_UNKNOWN:
		end.is_unknown = !(flags & WEIR_KEY_UNKNOWN_EXTERNAL);
		end.leaves += end.is_unknown ? (unsigned)mode : 2u;
		end.unnamed = end.leaves;
		if (!end.is_unknown && layout_has(lookup->header, LAYOUT_HAS_DOMAINS))
			end.unnamed++;
		break;
	case LAYOUT_NAMED:
		end.unnamed++;
		break;
	}
	return end;
}

struct weir_verdict end_verdict(const bool seen[3], bool unknown)
{
	unsigned kinds = 0u + seen[WEIR_DENY] + seen[WEIR_ALLOW] + seen[WEIR_AMBIGUOUS];

	if (kinds > 1)
		return (struct weir_verdict){ WEIR_AMBIGUOUS, unknown ? WEIR_WHY_UNKNOWN_POD
								      : WEIR_WHY_SHARED_ADDRESS };
	if (seen[WEIR_AMBIGUOUS])
		return (struct weir_verdict){ WEIR_AMBIGUOUS, WEIR_WHY_DOMAIN_NAME };
	return (struct weir_verdict){ seen[WEIR_ALLOW] ? WEIR_ALLOW : WEIR_DENY, WEIR_WHY_NONE };
}
