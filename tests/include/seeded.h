/* seeded.h - numbers for random faults: xorshift64*, from WEIR_TEST_SEED where that is set. */
#ifndef WEIR_TESTS_SEEDED_H
#define WEIR_TESTS_SEEDED_H

#include <stdint.h>
#include <stdlib.h>

static inline uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state * UINT64_C(0x2545f4914f6cdd1d) >> 16;
}

/* Never 0, which nothing would follow. */
static inline uint64_t seed(void)
{
	const char *text = getenv("WEIR_TEST_SEED");
	uint64_t value = text ? strtoull(text, NULL, 0) : 20;

	return value ? value : 1;
}

#endif
