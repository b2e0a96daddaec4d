/*
 * compose.h - from facts about each end to the verdict on both.
 *
 * The same composition as in the specification, over numbers of views instead of objects; which it
 * is compared with, for every pair of ends, in tests.
 */
#ifndef WEIR_PROVE_COMPOSE_H
#define WEIR_PROVE_COMPOSE_H

#include "facts.h"

/* A rule whose policy may select the near end, and whose peers may hold the far end. */
struct live_rule {
	uint32_t rule;
	uint8_t tier;
	uint8_t meaning;
	uint8_t subject; /* enum k8s_match, of the policy */
	uint8_t peers;   /* of the rule */
};

/* What is left to ask of ports when both ends of a side are known. */
struct live {
	uint32_t near;
	uint32_t far;
	bool is_open;
	bool is_isolated;        /* by NetworkPolicy */
	struct weir_array rules; /* struct live_rule, as they are tried */
};

/* Sets of policies, emptied by the next turn. */
struct marks {
	uint64_t *turns; /* in which each was put in last */
	uint64_t turn;
};

/* What was found of unknown pods: halves, each behind what it was asked about. */
struct known {
	struct weir_arena arena;
	struct weir_map map;
};

struct composer {
	struct known known;
	const struct facts *facts;
	struct marks marks[DIRECTIONS];
	struct live live[DIRECTIONS]; /* of the ends that were asked about last */
};

struct half {
	uint8_t action;
	uint8_t reason;
	uint32_t rule; /* of the side; WEIR_NONE unless the reason is a rule */
	uint32_t peer;
	uint32_t port;
};

struct judgement {
	struct weir_verdict verdict;
	struct half halves[DIRECTIONS]; /* meaningful unless the verdict is ambiguous */
};

/* One connection, by the numbers of its ends and of its ports. */
struct connection {
	const struct end *source;
	const struct end *destination;
	uint32_t port; /* class */
	uint8_t flags; /* enum weir_key_flags */
	bool is_same;  /* one address */
};

/* -ENOMEM. To be finished in any case. */
int composer_init(struct composer *composer, const struct facts *facts);
void composer_finish(struct composer *composer);

/* 0 or -ENOMEM. */
int compose(struct composer *composer, const struct connection *connection, struct judgement *out);

/* Whether some candidate of near is on a node that has far's address. */
bool compose_is_own_node(const struct facts *facts, const struct end *near, const struct end *far);

#endif
