/*
 * dice.h - numbers from a seed (splitmix64).
 */
#ifndef KERNEL_DICE_H
#define KERNEL_DICE_H

#include <stdbool.h>
#include <stdint.h>

struct dice {
	uint64_t state;
};

static inline uint64_t dice_bits(struct dice *dice)
{
	uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Below limit. */
static inline unsigned dice_roll(struct dice *dice, unsigned limit)
{
	return (unsigned)((dice_bits(dice) >> 32) * limit >> 32);
}

static inline bool dice_chance(struct dice *dice, unsigned percent)
{
	return dice_roll(dice, 100) < percent;
}

#endif
