/*
 * weir/team.h - threads of the caller's that the library may share work among.
 *
 * The library starts no threads. What can be done in pieces at the same time is handed to a team;
 * nothing that comes out depends on its size, nor on who does which piece when.
 */
#ifndef WEIR_TEAM_H
#define WEIR_TEAM_H

#ifdef __cplusplus
extern "C" {
#endif

struct weir_team {
	/* Calls work(argument, i) once for every i below count, on threads of any number, the
	 * calling one too if it likes, and returns when all calls have. */
	void (*run)(void *context, void (*work)(void *argument, unsigned index), void *argument,
		    unsigned count);
	void *context;
};

#ifdef __cplusplus
}
#endif
#endif
