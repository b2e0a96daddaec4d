#include "tester.h"

#include <rte_cycles.h>
#include <rte_pause.h>

static void step(struct tester *tester, enum tester_state state)
{
	if (state == TESTER_SEND && tester->generator) {
		generator_step(tester->generator, rte_rdtsc());
		if (generator_is_done(tester->generator))
			__atomic_store_n(&tester->is_done, 1, __ATOMIC_RELEASE);
	}
	if (tester->checker)
		checker_step(tester->checker, rte_rdtsc());
}

int tester_run(void *context)
{
	struct tester *tester = context;
	enum tester_state state = TESTER_WAIT;

	while (state != TESTER_STOP) {
		enum tester_state before = state;

		state = __atomic_load_n(&tester->state, __ATOMIC_ACQUIRE);
		if (before == TESTER_SEND && state != TESTER_SEND && tester->generator)
			generator_stop(tester->generator);
		if (state == TESTER_SEND || state == TESTER_LISTEN)
			step(tester, state);
		else
			rte_pause();
		__atomic_store_n(&tester->reached, state, __ATOMIC_RELEASE);
	}
	return 0;
}

void tester_tell(struct tester *tester, enum tester_state state)
{
	if (state == TESTER_SEND)
		__atomic_store_n(&tester->is_done, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&tester->state, state, __ATOMIC_RELEASE);
}

bool tester_has_reached(const struct tester *tester, enum tester_state state)
{
	return __atomic_load_n(&tester->reached, __ATOMIC_ACQUIRE) == state;
}

bool tester_is_done(const struct tester *tester)
{
	return __atomic_load_n(&tester->is_done, __ATOMIC_ACQUIRE);
}
