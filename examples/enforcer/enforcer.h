/*
 * enforcer.h - the program around a worker, whatever its packets come by:
 *
 *	a mapped policy ── slot ── worker, on a thread of its own, which the driver feeds
 *	the main thread: SIGHUP maps the file again and publishes it, SIGINT and SIGTERM end
 *
 * The driver does its input and output; it judges nothing.
 */
#ifndef ENFORCER_H
#define ENFORCER_H

#include <stdint.h>
#include <stdio.h>

#include "weir/worker.h"

enum {
	ENFORCER_BURST = 32,    /* a good number of packets to judge at once */
	ENFORCER_WAIT_MS = 100, /* how long a turn may wait */
};

struct enforcer_driver {
	const char *name; /* of the program */
	/* Waits for packets, at most so long, and has the worker judge a burst. How many packets,
	 * or a negative errno, which ends the program. */
	int (*turn)(void *context, struct weir_worker *worker);
	/* Prints what the driver itself has counted. */
	void (*report)(void *context, FILE *file);
	void *context;
};

/* Runs until a signal ends it, then prints counters on standard output; the exit code. It says
 * "ready" on standard error when packets are judged. */
int enforcer_run(const char *path, const struct enforcer_driver *driver);

/* Nanoseconds, for the time of a frame: a worker wants to know how much passes, not since when. */
uint64_t enforcer_now(void);

#endif
