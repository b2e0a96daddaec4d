#include "checksum.h"

#include <string.h>

static const uint64_t prime_1 = 0x9e3779b185ebca87u;
static const uint64_t prime_2 = 0xc2b2ae3d27d4eb4fu;
static const uint64_t prime_3 = 0x165667b19e3779f9u;
static const uint64_t prime_4 = 0x85ebca77c2b2ae63u;
static const uint64_t prime_5 = 0x27d4eb2f165667c5u;

static uint64_t rotate(uint64_t word, unsigned bits)
{
	return word << bits | word >> (64 - bits);
}

static uint64_t load_64(const unsigned char *bytes)
{
	uint64_t word;

	memcpy(&word, bytes, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap64(word);
#endif
	return word;
}

static uint32_t load_32(const unsigned char *bytes)
{
	uint32_t word;

	memcpy(&word, bytes, sizeof(word));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	word = __builtin_bswap32(word);
#endif
	return word;
}

static uint64_t round_of(uint64_t lane, uint64_t word)
{
	return rotate(lane + word * prime_2, 31) * prime_1;
}

void weir_checksum_begin(struct weir_checksum *checksum)
{
	*checksum = (struct weir_checksum){ { prime_1 + prime_2, prime_2, 0, 0 - prime_1 }, 0 };
}

void weir_checksum_add(struct weir_checksum *checksum, const void *bytes, size_t length)
{
	const unsigned char *at = bytes;
	const unsigned char *end = at + length;
	uint64_t a = checksum->lanes[0], b = checksum->lanes[1];
	uint64_t c = checksum->lanes[2], d = checksum->lanes[3];

	for (; at < end; at += WEIR_CHECKSUM_STRIPE) {
		a = round_of(a, load_64(at));
		b = round_of(b, load_64(at + 8));
		c = round_of(c, load_64(at + 16));
		d = round_of(d, load_64(at + 24));
	}
	*checksum = (struct weir_checksum){ { a, b, c, d }, checksum->length + length };
}

static uint64_t join_lanes(const struct weir_checksum *checksum)
{
	static const unsigned turns[] = { 1, 7, 12, 18 };
	uint64_t sum = 0;

	if (!checksum->length)
		return prime_5;
	for (unsigned i = 0; i < 4; i++)
		sum += rotate(checksum->lanes[i], turns[i]);
	for (unsigned i = 0; i < 4; i++)
		sum = (sum ^ round_of(0, checksum->lanes[i])) * prime_1 + prime_4;
	return sum;
}

/* Fewer bytes than a stripe. */
static uint64_t add_rest(uint64_t sum, const unsigned char *at, size_t length)
{
	for (; length >= 8; at += 8, length -= 8)
		sum = rotate(sum ^ round_of(0, load_64(at)), 27) * prime_1 + prime_4;
	for (; length >= 4; at += 4, length -= 4)
		sum = rotate(sum ^ load_32(at) * prime_1, 23) * prime_2 + prime_3;
	for (; length > 0; at++, length--)
		sum = rotate(sum ^ *at * prime_5, 11) * prime_1;
	return sum;
}

uint64_t weir_checksum_end(struct weir_checksum *checksum, const void *bytes, size_t length)
{
	size_t whole = length - length % WEIR_CHECKSUM_STRIPE;
	uint64_t sum;

	weir_checksum_add(checksum, bytes, whole);
	sum = join_lanes(checksum) + checksum->length + (length - whole);
	sum = add_rest(sum, (const unsigned char *)bytes + whole, length - whole);
	sum = (sum ^ sum >> 33) * prime_2;
	sum = (sum ^ sum >> 29) * prime_3;
	return sum ^ sum >> 32;
}
