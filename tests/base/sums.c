/* The checksum and the hash, beside what xxhsum and sha256sum say of the same bytes. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "checksum.h"
#include "sha256.h"

enum { MOST = 256 };

static const struct {
	size_t length;
	uint64_t sum; /* 0: not looked at */
	const char *hash;
} cases[] = {
	{ 0, 0xef46db3751d8e999u,
	  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
	{ 3, 0x31d2363f52e564c9u,
	  "6ab0dba1f4f1dfbb37b4f9eeb092c09fca4900ad32bdcd147d8dde35d6c87c35" },
	{ 14, 0xc7f1d4d0acfa5a14u,
	  "a6a744ad474a0ed0df8977a42cc288156c70bbff998472596c6f6dfdf591c684" },
	{ 31, 0xa2aa5f33cc4a6119u,
	  "721f1b54dd0f746ef819ba479fcd63b6117bfbe44acc432bf0cb0a639fd41766" },
	{ 32, 0x23c3c17ef790fd97u,
	  "ab5f8b5cb9435354c7b58603592d5faf081e17ceb05f7a7c67f4b666f12ca457" },
	{ 33, 0x50a7cfc7ba588784u,
	  "90f90857a7d1aad4925c6d5edbda0abfc8270e3fe5d6da2dd5eae75009cd7609" },
	{ 55, 0, "e7313d333c272e639f790978283f9eb392e843d0f29b7016828bb1daa4aac70b" },
	{ 56, 0, "4324d65f3c103567f5589c710bc08f8523f929a9272e3af36fc968e52abc6c27" },
	{ 63, 0, "81c80242132f230c3bd41b3e63bbcff16107339549214a99614ff26664625055" },
	{ 64, 0, "39e3d7b6b5d075d37d053ad89b24b41bef4f3c29760c84447cab3f3be1882241" },
	{ 65, 0, "aacca6ff74fdbb296d165a45cecfa04e5127bc008770fbbdd48006f2d2fae95e" },
	{ 100, 0xa61f8d4c170fe531u,
	  "5a2cda2351d1cdd9dd7957e57c0b3c8522451f25b6494569b7e94388c46f0980" },
	{ 119, 0, "9ce7368e4daf32341631b492e80359dc9f594b48453cd0dd5bf0b19279cc177e" },
	{ 120, 0, "7836b787757e95e58b3ca5aec90b1b004e8deba1e50e9675af9cabf1a13a04b5" },
	{ 222, 0x8488aa61fc67f7ebu,
	  "fab74b934213ab5ecc9f5232ade0f313e79a1e1f9fafbf86157a640a3bfdb1c2" },
};

static void fill(uint8_t bytes[MOST])
{
	for (unsigned i = 0; i < MOST; i++)
		bytes[i] = (uint8_t)(i * 7 + 3);
}

static void sums_are_those_of_the_specification(void **state)
{
	uint8_t bytes[MOST];

	(void)state;
	fill(bytes);
	for (unsigned i = 0; i < COUNT(cases); i++) {
		struct weir_checksum checksum;

		if (!cases[i].sum)
			continue;
		weir_checksum_begin(&checksum);
		assert_int_equal(weir_checksum_end(&checksum, bytes, cases[i].length),
				 cases[i].sum);
	}
}

static void runs_of_stripes_sum_to_the_same(void **state)
{
	uint8_t bytes[MOST];

	(void)state;
	fill(bytes);
	for (size_t first = 0; first <= 192; first += WEIR_CHECKSUM_STRIPE) {
		struct weir_checksum checksum;

		weir_checksum_begin(&checksum);
		weir_checksum_add(&checksum, bytes, first);
		assert_int_equal(weir_checksum_end(&checksum, bytes + first, 222 - first),
				 0x8488aa61fc67f7ebu);
	}
}

static void hashes_are_those_of_the_standard(void **state)
{
	uint8_t bytes[MOST];

	(void)state;
	fill(bytes);
	for (unsigned i = 0; i < COUNT(cases); i++) {
		uint8_t hash[WEIR_SHA256_BYTES];
		char text[2 * WEIR_SHA256_BYTES + 1];

		weir_sha256(bytes, cases[i].length, hash);
		for (unsigned j = 0; j < WEIR_SHA256_BYTES; j++)
			snprintf(text + 2 * (size_t)j, 3, "%02x", hash[j]);
		assert_string_equal(text, cases[i].hash);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums_are_those_of_the_specification),
		cmocka_unit_test(runs_of_stripes_sum_to_the_same),
		cmocka_unit_test(hashes_are_those_of_the_standard),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
