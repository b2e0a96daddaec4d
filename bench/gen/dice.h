/*
 * dice.h - numbers from a seed, the same on every machine (splitmix64).
 */
#ifndef WEIR_GEN_DICE_H
#define WEIR_GEN_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

static inline uint64_t dice_next(struct dice *dice)
{
	uint64_t z = dice->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

/* Each use of a seed, and each thing in it, has dice of its own, so that none depends on another.
 */
static inline struct dice dice_for(uint64_t seed, uint32_t use, uint64_t thing)
{
	struct dice dice = { seed };

	dice.state = dice_next(&dice) ^ ((uint64_t)use + 1) << 56;
	dice.state = dice_next(&dice) ^ thing;
	dice_next(&dice);
	return dice;
}

/* 0..bound-1; 0 when bound is 0. */
static inline uint32_t dice_below(struct dice *dice, uint32_t bound)
{
	return (uint32_t)((dice_next(dice) >> 32) * bound >> 32);
}

/* The same of more than fit into 32 bits. */
static inline uint64_t dice_below_long(struct dice *dice, uint64_t bound)
{
	return bound ? dice_next(dice) % bound : 0;
}

static inline bool dice_one_in(struct dice *dice, uint32_t n)
{
	return dice_below(dice, n) == 0;
}

static inline uint32_t dice_between(struct dice *dice, uint32_t first, uint32_t last)
{
	return first + dice_below(dice, last - first + 1);
}

#define DICE_PICK(dice, array)                                                                     \
	((array)[dice_below((dice), (uint32_t)(sizeof(array) / sizeof((array)[0])))])

#endif
