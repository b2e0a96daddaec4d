/*
 * weir/address.h - addresses and prefixes of both families in one shape.
 *
 * An address is 16 bytes in network order; IPv4 is mapped (::ffff:a.b.c.d), so that one table
 * and one comparison serve both families. A prefix length counts from bit 0 of the 16 bytes:
 * 10.0.0.0/8 is stored with length 104.
 *
 * Threads. These functions touch nothing but their arguments: any thread may call them.
 */
#ifndef WEIR_ADDRESS_H
#define WEIR_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

struct weir_address {
	uint8_t bytes[16];
};

struct weir_prefix {
	struct weir_address address; /* host bits are zero */
	uint8_t length;              /* 0..128; IPv4 is 96..128 */
};

enum {
	WEIR_ADDRESS_TEXT = 46, /* bytes for any address as text, with its NUL */
	WEIR_PREFIX_TEXT = 50,
};

/* Whether two addresses are the same, family and all. */
static inline bool weir_address_equal(const struct weir_address *a, const struct weir_address *b)
{
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

/* True for IPv4-mapped addresses. */
bool weir_address_is_ipv4(const struct weir_address *address);

/* The mapped form of an IPv4 address given as its four bytes in network order. */
struct weir_address weir_address_from_ipv4(const uint8_t bytes[4]);

/* Reads exactly length characters of dotted-decimal IPv4 (no leading zeros) or RFC 4291 IPv6
 * text without a zone. An IPv4-mapped IPv6 text is read as that IPv4 address. -EINVAL when it
 * is neither. */
int weir_address_parse(const char *text, size_t length, struct weir_address *out);

/* Writes dotted-decimal or RFC 5952 text with its NUL. */
void weir_address_format(const struct weir_address *address, char text[WEIR_ADDRESS_TEXT]);

/* Reads ADDRESS/LENGTH. Host bits are cleared; *host_bits, when not NULL, says whether any was
 * set. -EINVAL when it is no prefix. */
int weir_prefix_parse(const char *text, size_t length, struct weir_prefix *out, bool *host_bits);

/* Writes ADDRESS/LENGTH with its NUL; an IPv4 length is written from 0 to 32. */
void weir_prefix_format(const struct weir_prefix *prefix, char text[WEIR_PREFIX_TEXT]);

/* Whether the length is one and the host bits are zero. */
bool weir_prefix_is_valid(const struct weir_prefix *prefix);

/* True when all of its addresses are IPv4-mapped. */
bool weir_prefix_is_ipv4(const struct weir_prefix *prefix);

/* True when the address begins with the prefix. */
bool weir_prefix_contains(const struct weir_prefix *prefix, const struct weir_address *address);

/* True when inner is inside outer or equal to it. */
bool weir_prefix_covers(const struct weir_prefix *outer, const struct weir_prefix *inner);

#ifdef __cplusplus
}
#endif
#endif
