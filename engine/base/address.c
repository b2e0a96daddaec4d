#include "weir/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>

static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

bool weir_address_is_ipv4(const struct weir_address *address)
{
	return memcmp(address->bytes, mapped, sizeof(mapped)) == 0;
}

struct weir_address weir_address_from_ipv4(const uint8_t bytes[4])
{
	struct weir_address address;

	memcpy(address.bytes, mapped, sizeof(mapped));
	memcpy(address.bytes + 12, bytes, 4);
	return address;
}

int weir_address_parse(const char *text, size_t length, struct weir_address *out)
{
	char copy[WEIR_ADDRESS_TEXT];
	uint8_t ipv4[4];
	struct weir_address address;

	if (!length || length >= sizeof(copy) || memchr(text, '\0', length))
		return -EINVAL;
	memcpy(copy, text, length);
	copy[length] = '\0';
	if (inet_pton(AF_INET, copy, ipv4) == 1)
		address = weir_address_from_ipv4(ipv4);
	else if (inet_pton(AF_INET6, copy, address.bytes) != 1)
		return -EINVAL;
	*out = address;
	return 0;
}

void weir_address_format(const struct weir_address *address, char text[WEIR_ADDRESS_TEXT])
{
	if (weir_address_is_ipv4(address))
		inet_ntop(AF_INET, address->bytes + 12, text, WEIR_ADDRESS_TEXT);
	else
		inet_ntop(AF_INET6, address->bytes, text, WEIR_ADDRESS_TEXT);
}

bool weir_prefix_is_ipv4(const struct weir_prefix *prefix)
{
	return prefix->length >= 96 && weir_address_is_ipv4(&prefix->address);
}

/* Clears what lies behind the first length bits; true when anything was set there. */
static bool clear_host_bits(struct weir_address *address, unsigned length)
{
	bool any = false;

	for (unsigned i = 0; i < 16; i++) {
		unsigned kept = length <= i * 8 ? 0 : length - i * 8;
		uint8_t mask = kept >= 8 ? 0xff : (uint8_t)(0xff00u >> kept);

		any = any || (address->bytes[i] & (uint8_t)~mask);
		address->bytes[i] &= mask;
	}
	return any;
}

bool weir_prefix_is_valid(const struct weir_prefix *prefix)
{
	struct weir_address address = prefix->address;

	return prefix->length <= 128 && !clear_host_bits(&address, prefix->length);
}

/* Decimal without sign, blanks or leading zeros; -1 when it is not. */
static int parse_length(const char *text, size_t length)
{
	int value = 0;

	if (!length || length > 3 || (length > 1 && text[0] == '0'))
		return -1;
	for (size_t i = 0; i < length; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

int weir_prefix_parse(const char *text, size_t length, struct weir_prefix *out, bool *host_bits)
{
	const char *slash = memchr(text, '/', length);
	struct weir_prefix prefix;
	bool dotted;
	bool any;
	int bits;

	if (!slash || weir_address_parse(text, (size_t)(slash - text), &prefix.address))
		return -EINVAL;
	dotted = memchr(text, ':', (size_t)(slash - text)) == NULL;
	bits = parse_length(slash + 1, length - (size_t)(slash + 1 - text));
	if (bits < 0 || bits > (dotted ? 32 : 128))
		return -EINVAL;
	prefix.length = (uint8_t)(dotted ? bits + 96 : bits);
	any = clear_host_bits(&prefix.address, prefix.length);
	if (host_bits)
		*host_bits = any;
	*out = prefix;
	return 0;
}

void weir_prefix_format(const struct weir_prefix *prefix, char text[WEIR_PREFIX_TEXT])
{
	char address[WEIR_ADDRESS_TEXT];
	unsigned length = weir_prefix_is_ipv4(prefix) ? prefix->length - 96u : prefix->length;

	weir_address_format(&prefix->address, address);
	snprintf(text, WEIR_PREFIX_TEXT, "%s/%u", address, length);
}

static bool same_bits(const struct weir_address *a, const struct weir_address *b, unsigned length)
{
	unsigned whole = length / 8;
	unsigned rest = length % 8;

	if (memcmp(a->bytes, b->bytes, whole) != 0)
		return false;
	return !rest || ((a->bytes[whole] ^ b->bytes[whole]) & (0xff00u >> rest) & 0xff) == 0;
}

bool weir_prefix_contains(const struct weir_prefix *prefix, const struct weir_address *address)
{
	return same_bits(&prefix->address, address, prefix->length);
}

bool weir_prefix_covers(const struct weir_prefix *outer, const struct weir_prefix *inner)
{
	return outer->length <= inner->length &&
	       same_bits(&outer->address, &inner->address, outer->length);
}
