#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "numbers.h"

enum {
	SAMPLES_LEAST = 5,
	SAMPLES_MOST = 999,
	KEYS_LEAST = 256,
	KEYS_MOST = 1 << 24,
	RULES_MOST = 50 * 1000 * 1000,
};

static bool read_seconds(const struct invocation *invocation, double *out)
{
	const char *value = option_value(invocation, OPTION_SECONDS);
	char *end;
	double number;

	if (!value)
		return true;
	number = strtod(value, &end);
	if (end == value || *end || !(number >= 0.001 && number <= 60)) {
		complain(invocation->command, "--seconds %s: must be from 0.001 to 60", value);
		return false;
	}
	*out = number;
	return true;
}

static void read_choices(const struct invocation *invocation, struct bench_settings *out)
{
	unsigned sides = option_choice(invocation, OPTION_SIDES);
	unsigned calls = option_choice(invocation, OPTION_CALLS);
	unsigned caches = option_choice(invocation, OPTION_CACHES);

	for (unsigned i = 0; i < BENCH_HALVES; i++)
		out->halves[i] = sides == i || sides == BENCH_HALVES;
	/* The ways are (warm, cold) x (burst, single). */
	for (unsigned i = 0; i < BENCH_WAYS; i++)
		out->ways[i] = (calls == i % 2 || calls == 2) && (caches == i / 2 || caches == 2);
}

bool bench_read_settings(const struct invocation *invocation, struct bench_settings *out)
{
	uint64_t samples = SAMPLES_LEAST;
	uint64_t keys = 1 << 16;
	uint64_t rules = 1000000;

	*out = (struct bench_settings){ .seconds = 0.05, .seed = 1 };
	read_choices(invocation, out);
	if (!option_number(invocation, OPTION_SAMPLES, SAMPLES_LEAST, SAMPLES_MOST, &samples) ||
	    !option_number(invocation, OPTION_KEYS, KEYS_LEAST, KEYS_MOST, &keys) ||
	    !option_number(invocation, OPTION_MAX_RULES, 1, RULES_MOST, &rules) ||
	    !option_number(invocation, OPTION_SEED, 0, UINT64_MAX, &out->seed) ||
	    !read_seconds(invocation, &out->seconds))
		return false;
	out->is_check = option_given(invocation, OPTION_CHECK);
	out->samples = (unsigned)samples;
	out->key_count = (size_t)keys;
	out->limits.max_rules = (uint32_t)rules;
	out->limits.max_bytes = (size_t)4 << 30;
	return true;
}

static bool is_called(const struct bench_engine *engine, const char *name)
{
	size_t length = strlen(name);

	return strncmp(engine->name, name, length) == 0 &&
	       (!engine->name[length] || engine->name[length] == '/');
}

/* Every name must be of some engine. */
static bool check_names(const struct invocation *invocation, const struct bench_engine *engines,
			size_t count)
{
	const char *name;

	for (size_t i = 0; (name = option_nth(invocation, OPTION_ENGINE, i)); i++) {
		bool is_known = false;

		for (size_t j = 0; j < count; j++)
			is_known |= is_called(&engines[j], name);
		if (!is_known) {
			complain(invocation->command,
				 "--engine %s: 'weir bench --list' lists the engines", name);
			return false;
		}
	}
	return true;
}

size_t bench_choose_engines(const struct invocation *invocation, struct bench_engine *engines,
			    size_t count)
{
	size_t kept = 0;
	const char *name;

	if (!option_given(invocation, OPTION_ENGINE))
		return count;
	if (!check_names(invocation, engines, count))
		return 0;
	for (size_t i = 0; i < count; i++) {
		bool is_wanted = false;

		for (size_t n = 0; (name = option_nth(invocation, OPTION_ENGINE, n)); n++)
			is_wanted |= is_called(&engines[i], name);
		if (is_wanted)
			engines[kept++] = engines[i];
	}
	return kept;
}
