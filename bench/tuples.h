/*
 * tuples.h - keys as engines of IPv4 addresses and ports want them.
 */
#ifndef WEIR_BENCH_TUPLES_H
#define WEIR_BENCH_TUPLES_H

#include "engine.h"

/* In the order and byte order of packets. */
struct bench_tuple {
	uint8_t protocol;
	uint8_t is_same; /* source and destination are one address */
	uint8_t zero[2];
	uint32_t source;
	uint32_t destination;
	uint16_t source_port;
	uint16_t destination_port;
};

struct bench_taken {
	struct bench_tuple *tuples;
	const uint8_t **data; /* of each tuple, as some want them */
	uint8_t *actions;     /* to be filled in: enum weir_action */
	bool halves[2];       /* by direction: whether it is asked for */
};

/* What is taken is a struct bench_taken. */
extern const struct bench_intake bench_tuples;

#endif
