/*
 * exit_code.c - what the exit codes mean, and which one wins.
 */
#include "command.h"

const char *const exit_code_meanings[] = {
	[EXIT_CLEAN] = "clean",
	[EXIT_DIFFERENT] = "a failed expectation, a --fail-on hit, eval says deny, or an engine of "
			   "bench is wrong",
	[EXIT_USAGE] = "wrong usage or bad policy input",
	[EXIT_DAMAGED] = "an unreadable or damaged trace",
	[EXIT_INCONCLUSIVE] =
		"inconclusive: eval says mixed or ambiguous, or noise hides which engine "
		"of bench is faster",
	NULL,
};

const char exit_code_order[] = "Where several apply: 2, then 3, 1, 4.";

enum exit_code exit_code_worse(enum exit_code a, enum exit_code b)
{
	static const unsigned rank[] = {
		[EXIT_CLEAN] = 0,   [EXIT_DIFFERENT] = 2,    [EXIT_USAGE] = 4,
		[EXIT_DAMAGED] = 3, [EXIT_INCONCLUSIVE] = 1,
	};

	return rank[a] >= rank[b] ? a : b;
}
