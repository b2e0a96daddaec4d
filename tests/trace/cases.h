/*
 * Tables of named scripts, each with the flows and packets that come of it.
 */
#ifndef WEIR_TESTS_TRACE_CASES_H
#define WEIR_TESTS_TRACE_CASES_H

#include "test.h"

#include <string.h>

#include "script.h"

struct script_case {
	const char *name;
	const char *script;
	const char *flows;
	const char *packets;
};

static inline void check_cases(const struct script_case *cases, size_t count,
			       const struct weir_trace_options *options)
{
	unsigned failed = 0;

	for (size_t i = 0; i < count; i++) {
		struct script_result result;

		script_play(cases[i].script, options, &result);
		if (!strcmp(result.flows, cases[i].flows) &&
		    !strcmp(result.packets, cases[i].packets))
			continue;
		print_error("%s:\nwanted\n%s%s\ngot\n%s%s\n", cases[i].name, cases[i].flows,
			    cases[i].packets, result.flows, result.packets);
		failed++;
	}
	assert_int_equal(failed, 0);
}

#define TEST_TABLE(function, cases, options)                                                       \
	static void function(void **state)                                                         \
	{                                                                                          \
		(void)state;                                                                       \
		check_cases(cases, COUNT(cases), options);                                         \
	}

#endif
