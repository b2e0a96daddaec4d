#include "ranges.h"

#include <stdbool.h>
#include <stdio.h>

static struct weir_address last_of(const struct weir_prefix *prefix)
{
	struct weir_address last = prefix->address;

	for (unsigned bit = prefix->length; bit < 128; bit++)
		last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
	return last;
}

/* False behind the highest address. */
static bool next_of(struct weir_address *address)
{
	for (unsigned i = sizeof(address->bytes); i-- > 0;) {
		if (++address->bytes[i])
			return true;
	}
	return false;
}

static bool follows(const struct weir_prefix *prefix, const struct weir_prefix *before)
{
	struct weir_address next = last_of(before);

	return weir_prefix_is_ipv4(prefix) == weir_prefix_is_ipv4(before) && next_of(&next) &&
	       weir_address_equal(&next, &prefix->address);
}

void range_format(const struct weir_prefix *prefixes, uint32_t count, uint32_t *at,
		  char text[RANGE_TEXT])
{
	const struct weir_prefix *first = &prefixes[(*at)++];
	const struct weir_prefix *last = first;
	char from[WEIR_PREFIX_TEXT], to[WEIR_ADDRESS_TEXT];
	struct weir_address end;

	while (*at < count && follows(&prefixes[*at], last))
		last = &prefixes[(*at)++];
	if (last == first) {
		weir_prefix_format(first, from);
		snprintf(text, RANGE_TEXT, "%s", from);
		return;
	}
	end = last_of(last);
	weir_address_format(&first->address, from);
	weir_address_format(&end, to);
	snprintf(text, RANGE_TEXT, "%s-%s", from, to);
}
