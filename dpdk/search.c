/*
 * search.c - halving the range between a rate that holds and one that does not.
 *
 *	0 ......... low ............ middle ............ high ......... most
 *	            holds            asked next          does not
 *
 * What was carried at the highest rate is the first middle: a device that is only slow carries,
 * when it is offered too much, about as much as it can. Rates are those that were really offered: a
 * generator that cannot keep up moves the end of the range to where it can.
 *
 * Where capacity varies, trials hold by luck, and each that does moves the range upwards only. So
 * what was found is asked once more, and searched again below when it does not hold.
 */
#include "search.h"

enum {
	CONFIRMATIONS = 3,
	SHORT_OF = 50, /* a rate that was offered is as asked, but for one of so many parts */
	STEPS_MAX = 64,
	AGREE = 4, /* resolutions between what was found first and what was confirmed */
};

/* What is known so far. */
struct search {
	const struct search_options *options;
	struct search_result *result;
	uint64_t low;  /* holds; 0: none does */
	uint64_t high; /* does not */
	uint64_t aim;  /* to be asked next, where it is between; 0: the middle */
	bool high_is_unclear;
};

/* Of all trials of a rate. */
struct answer {
	bool holds;
	bool is_short; /* of what was asked */
	bool is_disturbed;
	uint64_t rate; /* the lowest that was offered */
	uint64_t carried;
};

static uint64_t part_of(uint64_t whole, uint32_t parts)
{
	return (uint64_t)((double)whole * parts / SEARCH_MILLION);
}

bool search_holds(const struct search_trial *trial, uint32_t tolerance)
{
	return trial->offered && trial->lost <= part_of(trial->offered, tolerance);
}

static bool is_short(uint64_t asked, uint64_t rate)
{
	return rate < asked - asked / SHORT_OF;
}

/* As it would have been if the generator had had its processor. */
static uint64_t full_rate(const struct search_trial *trial)
{
	return trial->offered ? (uint64_t)((double)trial->rate *
					   (double)(trial->offered + trial->unoffered) /
					   (double)trial->offered)
			      : trial->rate;
}

/* What is left of it when what came meanwhile is forgiven. */
static struct search_trial forgiven(const struct search_trial *trial)
{
	struct search_trial left = *trial;

	left.lost -= trial->excused < trial->lost ? trial->excused : trial->lost;
	return left;
}

bool search_is_disturbed(const struct search_trial *trial, uint64_t rate, uint32_t tolerance)
{
	struct search_trial left = forgiven(trial);

	if (!search_holds(trial, tolerance))
		return search_holds(&left, tolerance);
	return is_short(rate, trial->rate) && !is_short(rate, full_rate(trial));
}

static uint64_t carried_rate(const struct search_trial *trial)
{
	double share = trial->offered ? (double)trial->lost / (double)trial->offered : 1;

	return (uint64_t)((double)trial->rate * (1 - share));
}

/* One trial of a rate, repeated while it is disturbed and may be. */
static int try(struct search *search, uint64_t rate, unsigned *repeats, struct search_trial *trial)
{
	const struct search_options *options = search->options;

	for (;;) {
		int status = options->device(options->context, rate, trial);

		if (status)
			return status;
		search->result->trials++;
		if (!search_is_disturbed(trial, rate, options->tolerance))
			return 0;
		search->result->disturbed++;
		if (*repeats == options->repeats)
			return 0;
		++*repeats;
	}
}

static int ask(struct search *search, uint64_t rate, struct answer *out)
{
	const struct search_options *options = search->options;
	struct answer answer = { .holds = true, .rate = rate };
	unsigned repeats = 0;

	for (unsigned i = 0; answer.holds && i < options->trials; i++) {
		struct search_trial trial;
		int status = try(search, rate, &repeats, &trial);

		if (status)
			return status;
		answer.holds = search_holds(&trial, options->tolerance);
		answer.is_short |= is_short(rate, trial.rate);
		answer.is_disturbed = search_is_disturbed(&trial, rate, options->tolerance);
		answer.carried = carried_rate(&trial);
		if (trial.rate < answer.rate)
			answer.rate = trial.rate;
	}
	*out = answer;
	return 0;
}

static void learn(struct search *search, const struct answer *answer)
{
	if (answer->holds) {
		if (answer->rate > search->low)
			search->low = answer->rate;
		return;
	}
	search->high = answer->rate;
	search->high_is_unclear = answer->is_disturbed;
	/* It was offered less than was asked, and than has held before. */
	if (search->low >= search->high)
		search->low = 0;
}

/* A rate that it may be just able to carry. */
static void aim(struct search *search, const struct answer *failed)
{
	search->aim = failed->carried - part_of(failed->carried, search->options->resolution) / 2;
}

static bool is_fine(const struct search *search)
{
	return search->high - search->low <= part_of(search->high, search->options->resolution) + 1;
}

static uint64_t next_rate(struct search *search)
{
	uint64_t least = search->options->least;
	uint64_t middle = search->low + (search->high - search->low) / 2;
	uint64_t aim = search->aim;

	search->aim = 0;
	if (search->low < aim && aim < search->high)
		middle = aim;
	return middle < least ? least : middle;
}

/* Until the range is fine; nothing holds where not even the least rate does. */
static int narrow(struct search *search)
{
	for (unsigned i = 0; i < STEPS_MAX && !is_fine(search); i++) {
		uint64_t rate = next_rate(search);
		struct answer answer;
		int status = ask(search, rate, &answer);

		if (status)
			return status;
		learn(search, &answer);
		/* Nothing is below, or between here and there nothing can be offered. */
		if (answer.holds ? answer.is_short : rate <= search->options->least)
			break;
	}
	return 0;
}

/* Asks once more what was found; what does not hold is searched again, below. */
static int confirm(struct search *search, bool *is_confirmed)
{
	struct answer answer;
	int status = ask(search, search->low, &answer);

	if (status)
		return status;
	*is_confirmed = answer.holds;
	if (answer.holds)
		return 0;
	search->low = 0;
	learn(search, &answer);
	aim(search, &answer);
	return narrow(search);
}

static int narrow_and_confirm(struct search *search)
{
	int status = narrow(search);
	uint64_t first = search->low;
	bool is_confirmed = !first;

	for (unsigned i = 0; !status && !is_confirmed && search->low && i < CONFIRMATIONS; i++)
		status = confirm(search, &is_confirmed);
	search->result->is_unclear =
		!is_confirmed ||
		first - search->low > part_of(first, AGREE * search->options->resolution);
	return status;
}

static void conclude(const struct search *search, struct search_result *result)
{
	result->end = search->low ? SEARCH_FOUND : SEARCH_NONE;
	result->rate = search->low;
	result->above = search->high;
	result->is_unclear |= search->high_is_unclear;
}

int search_run(const struct search_options *options, struct search_result *out)
{
	struct search_result result = { .end = SEARCH_ALL };
	struct search search = { .options = options, .result = &result };
	struct answer answer;
	int status = ask(&search, options->most, &answer);

	if (!status && answer.holds) {
		result.rate = answer.rate;
	} else if (!status) {
		learn(&search, &answer);
		aim(&search, &answer);
		status = narrow_and_confirm(&search);
		conclude(&search, &result);
	}
	if (!status)
		*out = result;
	return status;
}
