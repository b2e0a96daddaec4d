/*
 * universe.h - a cluster whose addresses fit into four bits of each family: small enough that every
 * header can be asked.
 */
#ifndef WEIR_TESTS_PROVE_UNIVERSE_H
#define WEIR_TESTS_PROVE_UNIVERSE_H

#include <stdint.h>

#include "weir/cluster.h"
#include "weir/key.h"

enum {
	UNIVERSE_BITS = 4,
	UNIVERSE_INNER = 2 << UNIVERSE_BITS,     /* 10.0.0.0/28, then fd00::/124 */
	UNIVERSE_ADDRESSES = UNIVERSE_INNER + 2, /* and one of each family that is no object's */
	UNIVERSES = 3,
};

/* The manifests, in parts. All have pods that share an address, that are finished, pending, on
 * their node's network, or unknown; nodes that share an address; blocks with holes; named ports.
 * The second has tiers around NetworkPolicy, the third domain names as well. */
const char *universe_text(unsigned which, unsigned part); /* NULL behind the last */

struct weir_address universe_address(unsigned i);

/* Every port that a policy of a universe could tell from others, and both its neighbours. */
extern const struct weir_key universe_ports[];
extern const unsigned universe_port_count;

#endif
