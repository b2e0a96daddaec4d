/*
 * numbers.c - the numbers that options take.
 */
#include "numbers.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	PLACES = 4, /* of SHARE_ALL: 1 is 0.0001 */
};

const char *option_name(const struct invocation *invocation, enum option_id id)
{
	const struct option_group *const *groups = invocation->command->groups;

	for (size_t i = 0; groups[i]; i++)
		for (size_t j = 0; j < groups[i]->count; j++)
			if (groups[i]->options[j].id == id)
				return groups[i]->options[j].name;
	return "";
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool option_number(const struct invocation *invocation, enum option_id id, uint64_t least,
		   uint64_t most, uint64_t *out)
{
	const char *value = option_value(invocation, id);
	unsigned long long number;
	char *end;

	if (!value)
		return true;
	errno = 0;
	number = strtoull(value, &end, 10);
	if (!is_digit(value[0]) || *end || errno || number < least || number > most) {
		complain(invocation->command, "--%s %s: must be a whole number from %llu to %llu",
			 option_name(invocation, id), value, (unsigned long long)least,
			 (unsigned long long)most);
		return false;
	}
	*out = number;
	return true;
}

bool option_small_number(const struct invocation *invocation, enum option_id id, uint32_t least,
			 uint32_t most, uint32_t *out)
{
	uint64_t number = *out;

	if (!option_number(invocation, id, least, most, &number))
		return false;
	*out = (uint32_t)number;
	return true;
}

/* Digits and at most so many places behind the point, as a whole number of the last place. */
static bool parse_decimal(const char *text, unsigned places, const char **end, uint32_t *out)
{
	uint32_t number = 0;
	unsigned behind = 0;
	bool has_point = false;
	const char *at = text;

	if (!is_digit(*at))
		return false;
	for (; is_digit(*at) || (*at == '.' && !has_point); at++) {
		if (*at == '.') {
			has_point = true;
			continue;
		}
		number = number * 10 + (uint32_t)(*at - '0');
		behind += has_point;
		if (number > SHARE_ALL || behind > places)
			return false;
	}
	if (at[-1] == '.')
		return false;
	for (; behind < places; behind++)
		number *= 10;
	*end = at;
	*out = number;
	return true;
}

bool option_share(const struct invocation *invocation, enum option_id id, uint16_t *out)
{
	const char *value = option_value(invocation, id);
	bool is_percent = value && *value && value[strlen(value) - 1] == '%';
	const char *end;
	uint32_t number;

	if (!value)
		return true;
	if (!parse_decimal(value, is_percent ? PLACES - 2 : PLACES, &end, &number) ||
	    strcmp(end, is_percent ? "%" : "") != 0 || number > SHARE_ALL) {
		complain(invocation->command,
			 "--%s %s: must be a share from 0 to 1, as in 0.25 or 25%%, with at most "
			 "four places",
			 option_name(invocation, id), value);
		return false;
	}
	*out = (uint16_t)number;
	return true;
}
