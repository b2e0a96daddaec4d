/*
 * team.h - threads that share work in pieces (weir/team.h).
 */
#ifndef WEIR_CLI_TEAM_H
#define WEIR_CLI_TEAM_H

#include "weir/team.h"

enum {
	TEAM_MAX = 64, /* threads */
};

struct team;

/* The calling thread and size - 1 more, which begin with the first work; where they cannot, fewer
 * do it all. NULL: no memory. */
struct team *team_create(unsigned size);
void team_destroy(struct team *team); /* NULL is allowed; ends the threads */

/* For the library; for one thread at a time. */
const struct weir_team *team_for_library(const struct team *team);

/* Processors that this process may use, TEAM_MAX at most. */
unsigned team_processors(void);

#endif
