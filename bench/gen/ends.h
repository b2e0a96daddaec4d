/*
 * ends.h - whose addresses are whose in a resolved cluster, and ends of connections from dice.
 */
#ifndef WEIR_GEN_ENDS_H
#define WEIR_GEN_ENDS_H

#include <stdbool.h>
#include <stdint.h>

#include "dice.h"
#include "weir/address.h"
#include "weir/resolved.h"

enum gen_owner_kind {
	GEN_OWNER_NONE, /* outside the cluster */
	GEN_OWNER_ENDPOINT,
	GEN_OWNER_SERVICE,
	GEN_OWNER_SEVERAL,
	GEN_OWNER_UNKNOWN_POD, /* in a range of pods */
};

struct gen_owner {
	enum gen_owner_kind kind;
	uint32_t index; /* of the endpoint, of the service */
};

struct gen_owned {
	struct weir_address address;
	struct gen_owner owner;
};

struct gen_ends {
	const struct weir_resolved *resolved;
	struct gen_owned *owned; /* by address */
	uint32_t owned_count;
	uint32_t *pods; /* running, with addresses of their own */
	uint32_t pod_count;
	uint32_t *nodes;
	uint32_t node_count;
};

/* -ENOMEM; to be finished in any case. */
int gen_ends_make(struct gen_ends *ends, const struct weir_resolved *resolved);
void gen_ends_finish(struct gen_ends *ends);

struct gen_owner gen_owner_of(const struct gen_ends *ends, const struct weir_address *address);
bool gen_is_pod(const struct gen_ends *ends, const struct weir_address *address);

/* Which family an address is to be of. */
enum gen_wanted_family {
	GEN_ANY_FAMILY,
	GEN_ONLY_IPV4,
	GEN_ONLY_IPV6,
};
enum gen_wanted_family gen_family_of(const struct weir_address *address);

/* One of the endpoint's addresses; false when it has none of that family. */
bool gen_draw_address(const struct gen_ends *ends, struct dice *dice, uint32_t endpoint,
		      enum gen_wanted_family family, struct weir_address *out);
bool gen_draw_pod_address(const struct gen_ends *ends, struct dice *dice,
			  enum gen_wanted_family family, struct weir_address *out);
bool gen_draw_node_address(const struct gen_ends *ends, struct dice *dice,
			   enum gen_wanted_family family, struct weir_address *out);
/* Nobody's, of networks that stand for the world. */
struct weir_address gen_draw_outside(struct dice *dice, bool six);
/* One inside, whosever it is. */
struct weir_address gen_draw_inside(struct dice *dice, const struct weir_prefix *prefix);

#endif
