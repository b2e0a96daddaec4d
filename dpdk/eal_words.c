#include "eal_words.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>
#include <rte_errno.h>

bool eal_start(const struct invocation *invocation, size_t first)
{
	size_t count = invocation->operand_count - first;
	char **words = calloc(count + 2, sizeof(*words));
	bool is_up;

	if (!words)
		return false;
	/* Ports may be connections to another program, which may end. */
	signal(SIGPIPE, SIG_IGN);
	words[0] = invocation->arguments[0];
	memcpy(words + 1, invocation->operands + first, count * sizeof(*words));
	is_up = rte_eal_init((int)count + 1, words) >= 0;
	if (!is_up)
		complain(invocation->command, "EAL does not start: %s; its own words are above%s",
			 rte_strerror(rte_errno),
			 rte_errno == EACCES ? ". Without huge pages it wants --no-huge -m 512 "
					       "behind --"
					     : "");
	free(words);
	return is_up;
}
