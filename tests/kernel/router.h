/*
 * router.h - a router in a network namespace, and packets through it.
 *
 * Both namespaces, the router's and that of what is behind it, have no names: they go with this
 * process, however it ends. Packets are sent on one leg and looked for on the other, a burst at a
 * time; a marker behind each burst tells that all of it has passed.
 */
#ifndef KERNEL_ROUTER_H
#define KERNEL_ROUTER_H

#include <sys/types.h>

#include "traffic.h"

struct router {
	pid_t holder;                 /* of the router's namespace */
	int hold;                     /* closed: the holder ends */
	int legs[2];                  /* sockets */
	uint64_t sent, received, own; /* packets; own: what the router said by itself */
	uint64_t tracked;             /* connections, in the end */
	const char *refused;          /* of ROUTER_REFUSED: what is missing */
};

enum {
	ROUTER_REFUSED = 77, /* by the kernel: no namespaces, no nftables */
};

/* Rules are read from a file. 0, ROUTER_REFUSED, or 1; says what is wrong. */
int router_open(struct router *router, const struct cluster *cluster, enum manner manner,
		const char *rules);
/* Notes the fate of every datagram. 0 or 1; says what is wrong. */
int router_pass(struct router *router, struct traffic *traffic);
void router_close(struct router *router);

#endif
