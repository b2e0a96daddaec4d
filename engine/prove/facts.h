/*
 * facts.h - what the specification says of one address, one policy, one port at a time.
 *
 * Every fact is the answer of a predicate of reference.h. Equal rows of answers are kept once and
 * have a number, a view: two ends with the same views are the same to every policy.
 *
 *	near    the policies that select the end, and how certainly
 *	far     how well the end matches each entry of each rule's peers
 *	named   the ports that the end declares under names that rules use
 *
 * How they are put together to a verdict is compose.h.
 */
#ifndef WEIR_PROVE_FACTS_H
#define WEIR_PROVE_FACTS_H

#include "cuts.h"
#include "hash.h"
#include "reference.h"

enum {
	DIRECTIONS = 2,
};

/* The entry of a rule's peers. */
struct peer {
	const struct k8s_network_policy *policy; /* or NULL */
	const struct k8s_peer *peer;
	const struct k8s_cluster_peer *cluster_peer;
	bool by_address; /* asked of the address, whatever pod or stranger it is of */
	bool by_node;    /* asked of the nodes that have the address */
};

struct rule {
	uint32_t policy; /* of the side */
	uint32_t index;  /* in the policy's list */
	uint32_t first_peer;
	uint32_t peer_count;
	uint32_t first_port;
	uint32_t port_count;
	uint8_t meaning; /* enum weir_rule_action */
};

struct policy {
	const struct k8s_network_policy *network;
	const struct k8s_cluster_policy *cluster;
	uint32_t first_rule;
	uint32_t rule_count;
	uint32_t subjects; /* the first policy of the tier with the same ones */
	uint8_t tier;
};

struct selected {
	uint32_t policy;
	uint8_t level; /* enum k8s_match */
};

struct near_view {
	const struct selected *policies; /* in the order in which they are tried */
	uint32_t count;
};

struct far_view {
	const uint8_t *peers; /* enum k8s_match of each */
	const uint8_t *rules; /* the best of each rule's peers */
};

/* A bit beside a rule's level of ports. */
static const uint8_t PORTS_NAMED = 0x80; /* some entry is a name, which hangs on the destination */

/* The policies of one direction: in the order of tiers, and within as they are tried. */
struct side_facts {
	bool is_ingress;
	struct weir_array policies; /* struct policy */
	struct weir_array rules;    /* struct rule */
	struct weir_array peers;    /* struct peer */
	struct weir_array ports;    /* const struct k8s_port * */
	struct weir_array nears;    /* struct near_view */
	struct weir_array fars;     /* struct far_view */
	struct weir_map near_map;
	struct weir_map far_map;
	uint8_t *port_levels; /* by port class, then rule */
	uint8_t *scratch;     /* of a far view */
	uint32_t *by_address; /* peers */
	uint32_t by_address_count;
	uint8_t *inside[2]; /* what peers by address say of the interval at hand: of what is no
			     * pod, and of pods */
	struct selected *selected; /* of a near view */
};

/* Ports that nobody tells apart. */
struct port_class {
	struct weir_key key; /* one of them: protocol, destination port, ICMP type */
	uint8_t is_other;
	uint8_t is_neighbour_discovery;
};

struct port_range {
	uint32_t class;
	uint16_t first;
	uint16_t last;
	uint8_t protocol; /* of ICMPv6 the numbers are types */
};

struct candidate {
	struct k8s_candidate as;
	uint32_t near[DIRECTIONS];
	uint32_t far[DIRECTIONS];
	uint32_t far_named; /* of egress, with every domain name */
	uint32_t named;
	uint32_t node; /* that a pod is on, in cluster->nodes; or WEIR_NONE */
};

/* An interval of addresses. */
struct end {
	struct weir_address first;
	struct weir_address last;
	enum k8s_end_kind kind;
	uint32_t candidates;      /* the first of them; behind an unknown pod what it is when it
				   * counts as outside */
	uint32_t candidate_count; /* without that */
	uint32_t nodes;           /* the first of the nodes that have the address */
	uint32_t node_count;
};

/* What is no pod, by what selectors can tell. */
enum stranger {
	STRANGER_NODE,
	STRANGER_UNKNOWN,
	STRANGER_OUTSIDE,
	STRANGER_NAMED, /* outside, with every domain name */
	STRANGERS,
};

/* Ends that are the same to every selector: pods of one namespace, with the same labels; or
 * strangers of one kind. */
struct identity {
	uint32_t near[DIRECTIONS];
	const uint8_t *peers[DIRECTIONS]; /* levels, but for those by address or by node */
};

struct facts {
	const struct weir_allocator *allocator;
	const struct weir_cluster *cluster;
	struct weir_semantics semantics;
	const struct lookup *lookup;
	struct weir_arena arena;
	struct side_facts sides[DIRECTIONS];
	struct weir_map names;   /* of ports, that rules use */
	struct weir_array named; /* const struct k8s_pod *: one of each view */
	struct weir_map named_map;
	struct weir_array ports;  /* struct port_class */
	struct weir_array ranges; /* struct port_range: all of them, by protocol and number */
	struct weir_array ends;   /* struct end, by address */
	struct weir_array candidates;
	struct weir_array node_lists; /* uint32_t: nodes */
	struct weir_array identities; /* struct identity */
	struct identity strangers[STRANGERS];
	struct weir_map identity_map;
};

/* -ENOMEM. To be finished in any case. */
int facts_make(struct facts *facts, const struct weir_cluster *cluster,
	       const struct weir_semantics *semantics, const struct lookup *lookup,
	       const struct cuts *cuts, const struct weir_allocator *allocator);
void facts_finish(struct facts *facts);

/* What a side says: its policies, their rules and entries (policies.c); -ENOMEM. */
int facts_make_side(struct facts *facts, enum weir_direction direction);

/* Port classes and ranges (ports.c); -ENOMEM. */
int facts_make_ports(struct facts *facts);

/* The class of a port, or of a type of ICMPv6. */
uint32_t facts_port_class(const struct facts *facts, uint8_t protocol, uint16_t number);

/* The number of these bytes in a map, copied when they are new; WEIR_NONE: no memory. */
uint32_t facts_number(struct facts *facts, struct weir_map *map, const void *bytes, size_t length,
		      int *is_new);

static inline const struct end *facts_ends(const struct facts *facts)
{
	return facts->ends.items;
}

static inline const struct candidate *facts_candidates(const struct facts *facts,
						       const struct end *end)
{
	return (const struct candidate *)facts->candidates.items + end->candidates;
}

static inline const struct rule *facts_rules(const struct side_facts *side)
{
	return side->rules.items;
}

static inline const struct policy *facts_policies(const struct side_facts *side)
{
	return side->policies.items;
}

#endif
