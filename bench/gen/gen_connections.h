/*
 * gen_connections.h - connections of a cluster from a seed, each with its verdict.
 *
 * They are drawn where something is decided: between ends that rules name, in blocks and in their
 * holes, at the edges of ranges of ports, through services; and between any pods, nodes and
 * addresses outside. The verdict is that of the reference evaluator (weir_cluster_judge), and has
 * nothing to do with the compiled policy. What the objects leave ambiguous is not drawn.
 */
#ifndef WEIR_GEN_CONNECTIONS_H
#define WEIR_GEN_CONNECTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/cluster.h"
#include "weir/error.h"
#include "weir/key.h"
#include "weir/resolved.h"

enum gen_class {
	GEN_ALLOWED,
	GEN_DENIED,
	GEN_UNRELATED, /* both ends are outside the cluster; allowed */
	GEN_CLASSES,
};

struct gen_connection {
	struct weir_key key; /* as the pod sees it, behind translation; without a source port */
	uint32_t from;       /* endpoint, or WEIR_NONE: outside */
	uint32_t to;
	uint32_t source;  /* connections from one address have one number, from 0 */
	uint32_t service; /* it goes through, or WEIR_NONE */
	struct weir_address service_address;
	uint16_t service_port; /* the number */
	/* Of two pods on different nodes: the addresses of these. */
	bool is_between_nodes;
	struct weir_address nodes[2]; /* the source's, the destination's */
};

struct gen_pool {
	struct gen_connection *items;
	uint32_t count;
};

enum {
	GEN_PORTS = 65536,
};

struct gen_connections {
	struct gen_pool pools[GEN_CLASSES];
	uint32_t source_count;
	uint8_t taken_ports[GEN_PORTS / 8]; /* a bit each: declared, or a destination's */
};

struct gen_connections_options {
	uint64_t seed;
	/* How many to look for; fewer are found where little is decided. Of these, so many allowed
	 * and denied ones go through services, where there are services for that. */
	uint32_t wanted[GEN_CLASSES];
	uint32_t through_services[GEN_CLASSES];
};

/* Of a finished cluster and what it resolved to, by whose semantics it is judged. *out is to be
 * finished. -EINVAL when nothing of a class that is wanted was found, which error tells; -ENOMEM.
 * Takes a tenth of a millisecond a try at 10,000 pods, and up to a few tries a connection. */
int gen_connections_draw(const struct weir_cluster *cluster, const struct weir_resolved *resolved,
			 const struct gen_connections_options *options, struct gen_connections *out,
			 struct weir_error *error);
void gen_connections_finish(struct gen_connections *connections);

static inline bool gen_port_is_taken(const struct gen_connections *connections, uint16_t port)
{
	return connections->taken_ports[port / 8] >> port % 8 & 1;
}

/* enum weir_action */
static inline uint8_t gen_class_verdict(enum gen_class kind)
{
	return kind == GEN_DENIED ? WEIR_DENY : WEIR_ALLOW;
}

#endif
