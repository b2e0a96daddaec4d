/*
 * match.h - the parts of a rule compared, the slow way, with the two ends of one direction.
 */
#ifndef WEIR_CLASSIFY_MATCH_H
#define WEIR_CLASSIFY_MATCH_H

#include "ends.h"
#include "lookup.h"

enum end_kind {
	POD,
	UNKNOWN,
	NODE,
	EXTERNAL,
};

enum level {
	NO,
	MAYBE,
	YES,
};

struct candidate {
	const struct weir_address *address;
	uint32_t leaf;
	uint32_t place; /* of a pod, among those that own the address */
	enum end_kind kind;
	bool has_names; /* outside: every domain name is its own */
};

struct question {
	const struct lookup *lookup;
	const struct layout_header *header;
	const struct weir_key *key;
	struct candidate near;
	struct candidate far;
	enum weir_direction direction;
	enum end_mode mode;
};

/* The i-th candidate of an end. */
struct candidate match_candidate(const struct lookup *lookup, const struct end *end, uint32_t i,
				 const struct weir_address *address);

/* Whose it is, of a pod; WEIR_NONE: nobody's. Takes a search. */
uint32_t match_endpoint(const struct lookup *lookup, const struct candidate *candidate);

static inline bool match_has_ports(uint8_t protocol)
{
	return protocol == WEIR_PROTOCOL_TCP || protocol == WEIR_PROTOCOL_UDP ||
	       protocol == WEIR_PROTOCOL_SCTP;
}

/* The best of the rule's peers; *first is the first that matches at the wanted level, WEIR_NONE
 * when there is none. The same of its ports. */
enum level match_peers(const struct question *q, const struct layout_rule *rule, enum level wanted,
		       uint32_t *first);
enum level match_ports(const struct question *q, const struct layout_rule *rule, enum level wanted,
		       uint32_t *first);

/* How well both match. */
enum level match_rule(const struct question *q, const struct layout_rule *rule);

/* Where the rules stand in the rule lists that hold for the near end: those of a pod's group; of
 * an unknown pod those that certainly hold for it. */
struct layout_span match_rules(const struct question *q);

#endif
