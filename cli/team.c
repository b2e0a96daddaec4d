#include "team.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

struct team {
	struct weir_team library;
	unsigned size;    /* as wished, the caller included */
	unsigned started; /* threads besides the caller */
	bool has_begun;
	pthread_t threads[TEAM_MAX];

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;
	pthread_cond_t rest;
	uint64_t round; /* of work: who has not done this one has something to do */
	unsigned busy;  /* threads that are not through with it */
	bool is_over;

	/* the work of the round */
	void (*work)(void *argument, unsigned index);
	void *argument;
	unsigned count;
	atomic_uint next;
};

static void take_pieces(struct team *team)
{
	unsigned index;

	while ((index = atomic_fetch_add_explicit(&team->next, 1, memory_order_relaxed)) <
	       team->count)
		team->work(team->argument, index);
}

static void *serve(void *context)
{
	struct team *team = context;
	uint64_t done = 0;

	pthread_mutex_lock(&team->lock);
	for (;;) {
		while (team->round == done && !team->is_over)
			pthread_cond_wait(&team->wake, &team->lock);
		if (team->is_over)
			break;
		done = team->round;
		pthread_mutex_unlock(&team->lock);
		take_pieces(team);
		pthread_mutex_lock(&team->lock);
		if (--team->busy == 0)
			pthread_cond_signal(&team->rest);
	}
	pthread_mutex_unlock(&team->lock);
	return NULL;
}

static void start(struct team *team)
{
	team->has_begun = true;
	while (team->started + 1 < team->size &&
	       pthread_create(&team->threads[team->started], NULL, serve, team) == 0)
		team->started++;
}

static void run(void *context, void (*work)(void *argument, unsigned index), void *argument,
		unsigned count)
{
	struct team *team = context;

	if (!team->has_begun)
		start(team);
	pthread_mutex_lock(&team->lock);
	team->work = work;
	team->argument = argument;
	team->count = count;
	atomic_store_explicit(&team->next, 0, memory_order_relaxed);
	team->busy = team->started;
	team->round++;
	pthread_cond_broadcast(&team->wake);
	pthread_mutex_unlock(&team->lock);
	take_pieces(team);
	pthread_mutex_lock(&team->lock);
	while (team->busy)
		pthread_cond_wait(&team->rest, &team->lock);
	pthread_mutex_unlock(&team->lock);
}

struct team *team_create(unsigned size)
{
	struct team *team = calloc(1, sizeof(*team));

	if (!team)
		return NULL;
	team->library = (struct weir_team){ run, team };
	team->size = size < TEAM_MAX ? size : TEAM_MAX;
	pthread_mutex_init(&team->lock, NULL);
	pthread_cond_init(&team->wake, NULL);
	pthread_cond_init(&team->rest, NULL);
	return team;
}

void team_destroy(struct team *team)
{
	if (!team)
		return;
	pthread_mutex_lock(&team->lock);
	team->is_over = true;
	pthread_cond_broadcast(&team->wake);
	pthread_mutex_unlock(&team->lock);
	for (unsigned i = 0; i < team->started; i++)
		pthread_join(team->threads[i], NULL);
	pthread_cond_destroy(&team->rest);
	pthread_cond_destroy(&team->wake);
	pthread_mutex_destroy(&team->lock);
	free(team);
}

const struct weir_team *team_for_library(const struct team *team)
{
	return &team->library;
}

unsigned team_processors(void)
{
	cpu_set_t set;
	int count = 1;

	if (sched_getaffinity(0, sizeof(set), &set) == 0)
		count = CPU_COUNT(&set);
	return count < 1 ? 1 : count > TEAM_MAX ? TEAM_MAX : (unsigned)count;
}
