/*
 * rules.h - a cluster's policies as nftables rules, for the forward hook of a router.
 *
 * A packet that belongs to a connection passes; one that begins one must pass the egress half of
 * its source and the ingress half of its destination; everything else stays. What passes leaves
 * with a class selector that tells why. What the tracker calls invalid leaves with one of its own,
 * so that it is told from what the rules stop: no connection comes of it either way.
 */
#ifndef KERNEL_RULES_H
#define KERNEL_RULES_H

#include <stdio.h>

#include "cluster.h"

/* What became of a packet: its class selector, in eighths of a DSCP. */
enum fate {
	FATE_STOPPED,
	FATE_NEW,
	FATE_ESTABLISHED,
	FATE_RELATED,
	FATE_INVALID,
	FATE_UNTRACKED,
	FATE_TAKEN_UP, /* in mid-stream, and opened by whom the first packet went to */
	FATES,
};

/* Whose policy of taking up connections in mid-stream the rules state. */
enum manner {
	MANNER_LENIENT, /* TCP that may have been opened by either side */
	MANNER_STRICT,  /* none; with nf_conntrack_tcp_loose=0 */
	MANNERS,
};

/* Packets to here tell that all before them have passed; a leg each. */
extern const char *const rules_marker[2];

void rules_write(const struct cluster *cluster, enum manner manner, FILE *out);

#endif
