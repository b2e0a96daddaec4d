/*
 * tester.h - a core that sends, or receives and checks, or does both in turn, until it is told to
 * stop.
 */
#ifndef WEIR_TESTS_DPDK_TESTER_H
#define WEIR_TESTS_DPDK_TESTER_H

#include <stdbool.h>
#include <stdint.h>

#include "checker.h"
#include "generator.h"

enum tester_state {
	TESTER_WAIT,   /* does nothing */
	TESTER_SEND,   /* and listens */
	TESTER_LISTEN, /* to what is under way */
	TESTER_STOP,   /* ends */
};

struct tester {
	struct generator *generator; /* or NULL */
	struct checker *checker;     /* or NULL */
	/* Shared with the thread that steers. */
	uint32_t state;   /* enum tester_state, told by it */
	uint32_t reached; /* answered */
	uint32_t is_done; /* the generator's trial is */
};

/* A function for rte_eal_remote_launch. */
int tester_run(void *tester);

/* For one thread that steers. A generator and a checker are its own while they are told to wait,
 * and have reached that: then trials are begun, and counters read. */
void tester_tell(struct tester *tester, enum tester_state state);
bool tester_has_reached(const struct tester *tester, enum tester_state state);
bool tester_is_done(const struct tester *tester);

#endif
