#include "sha256.h"

#include <string.h>

enum {
	BLOCK = 64,
	LENGTH_AT = BLOCK - 8, /* of the message, in bits, in the last block */
	ROUNDS = 64,
};

static const uint32_t constants[ROUNDS] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
	0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
	0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
	0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
	0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
	0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
	0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
	0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
	0xc67178f2,
};

static uint32_t turn(uint32_t word, unsigned bits)
{
	return word >> bits | word << (32 - bits);
}

static uint32_t load_big(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	       bytes[3];
}

static void store_big(uint8_t *bytes, uint64_t value, unsigned count)
{
	while (count-- > 0) {
		bytes[count] = (uint8_t)value;
		value >>= 8;
	}
}

static void expand(const uint8_t *block, uint32_t words[ROUNDS])
{
	for (unsigned i = 0; i < 16; i++)
		words[i] = load_big(block + 4 * (size_t)i);
	for (unsigned i = 16; i < ROUNDS; i++) {
		uint32_t a = words[i - 15], b = words[i - 2];

		words[i] = words[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ a >> 3) + words[i - 7] +
			   (turn(b, 17) ^ turn(b, 19) ^ b >> 10);
	}
}

static void add_block(uint32_t state[8], const uint8_t *block)
{
	uint32_t words[ROUNDS];
	uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];

	expand(block, words);
	for (unsigned i = 0; i < ROUNDS; i++) {
		uint32_t first = h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) +
				 ((e & f) ^ (~e & g)) + constants[i] + words[i];
		uint32_t second =
			(turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));

		h = g;
		g = f;
		f = e;
		e = d + first;
		d = c;
		c = b;
		b = a;
		a = first + second;
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
}

/* A one bit behind the message, zeros, and its length: one block or two. */
static void add_end(uint32_t state[8], const uint8_t *rest, size_t rest_length, uint64_t length)
{
	uint8_t blocks[2 * BLOCK] = { 0 };
	size_t last = rest_length < LENGTH_AT ? 0 : BLOCK;

	if (rest_length)
		memcpy(blocks, rest, rest_length);
	blocks[rest_length] = 0x80;
	store_big(blocks + last + LENGTH_AT, length * 8, 8);
	for (size_t at = 0; at <= last; at += BLOCK)
		add_block(state, blocks + at);
}

void weir_sha256(const void *bytes, size_t length, uint8_t out[WEIR_SHA256_BYTES])
{
	uint32_t state[8] = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
			      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 };
	const uint8_t *at = bytes;
	size_t left = length;

	for (; left >= BLOCK; at += BLOCK, left -= BLOCK)
		add_block(state, at);
	add_end(state, at, left, length);
	for (unsigned i = 0; i < 8; i++)
		store_big(out + 4 * (size_t)i, state[i], 4);
}
