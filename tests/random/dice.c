/* Random numbers from a seed. */
#include "generator.h"

uint64_t dice_throw(struct dice *dice)
{
	uint64_t mixed = dice->state += 0x9e3779b97f4a7c15u;

	mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
	mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
	return mixed ^ (mixed >> 31);
}

uint32_t dice_below(struct dice *dice, uint32_t count)
{
	return (uint32_t)(((dice_throw(dice) >> 32) * count) >> 32);
}

bool dice_percent(struct dice *dice, uint32_t percent)
{
	return dice_below(dice, 100) < percent;
}
