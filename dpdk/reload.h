/*
 * reload.h - the policy files of a running dataplane: read again when they change, or when told to.
 *
 * What cannot be read or compiled is told, counted and left: the policy in force stays. One thread.
 */
#ifndef WEIR_DPDK_RELOAD_H
#define WEIR_DPDK_RELOAD_H

#include <stdint.h>

#include "command.h"
#include "dataplane.h"

enum reload_outcome {
	RELOAD_REFUSED, /* the old policy stays */
	RELOAD_SAME,    /* the files say what they said */
	RELOAD_NEW,
};

struct reload {
	const struct invocation *invocation;
	struct dataplane *dataplane;
	uint64_t in_force; /* what the files looked like when they were read */
	uint64_t latest;   /* and at the last look */
};

/* To be called before the files are read for the first time. */
void reload_init(struct reload *reload, const struct invocation *invocation,
		 struct dataplane *dataplane);

/* Looks at the files; reads them when they have changed since they were read, and not since the
 * last look: who writes is let finish. */
void reload_watch(struct reload *reload);

/* Reads them now. */
enum reload_outcome reload_now(struct reload *reload);

#endif
