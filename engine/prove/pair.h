/*
 * pair.h - two ends, asked about every class of ports.
 */
#ifndef WEIR_PROVE_PAIR_H
#define WEIR_PROVE_PAIR_H

#include "piece.h"

enum {
	EXPLAINED_MOST = 8,
};

struct pair {
	const struct example *source;
	const struct example *destination;
	uint8_t flags;
	bool explains;
	bool explains_new; /* only what no port before was judged like */
	unsigned count;    /* of what was explained */
	struct judgement explained[EXPLAINED_MOST];
};

const struct end *pair_end(const struct proving *proving, const struct example *example);

/* Whether the two are one address, or a pod and its node. */
bool pair_is_related(const struct proving *proving, const struct example *a,
		     const struct example *b);
/* Two ends of a pair of classes: such as are not related, or at least not one, where there are. */
void pair_choose(const struct proving *proving, const struct class *near, const struct class *far,
		 const struct example **a, const struct example **b);

/* 0, FOUND or -ENOMEM. */
int pair_judge_port(struct piece *piece, struct pair *pair, uint32_t port);
int pair_judge_ports(struct piece *piece, struct pair *pair);

#endif
