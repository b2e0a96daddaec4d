/*
 * checker.h - what one core does to receive generated traffic and check it.
 *
 * Every packet of ours is counted once: as allowed, as leaked (it was to be denied) or as
 * duplicated (it came before). Beside that it may be reordered: it came after a later one of the
 * same connection and direction; or astray: it came out where it was sent in. What has come of each
 * direction of each flow is known by its greatest sequence and the 64 before that; what is older
 * counts as reordered and never as duplicated.
 *
 * Packets of one direction of a flow come to one checker, as one queue or symmetric RSS has it.
 */
#ifndef WEIR_DPDK_CHECKER_H
#define WEIR_DPDK_CHECKER_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "generator.h"
#include "latency.h"
#include "ports.h"
#include "traffic.h"

struct checker_options {
	struct traffic *traffic;
	struct exchange_side sides[FRAME_WAYS]; /* as the generator has them */
	enum wiring wiring;                     /* of what is between */
};

struct checker_counters {
	uint64_t received; /* the sum of the next four */
	uint64_t allowed;
	uint64_t leaked;
	uint64_t duplicated;
	uint64_t foreign; /* nobody's, or of another trial */
	uint64_t received_bytes;
	uint64_t reordered;
	uint64_t astray;
	uint64_t longest_silence; /* cycles between two bursts of ours */
};

/* What has come of one direction of a flow. */
struct checker_heard {
	uint64_t window;   /* bit i: greatest - i came */
	uint32_t greatest; /* sequence */
	uint8_t generation;
	bool is_heard;
};

struct checker {
	struct checker_options options;
	uint16_t mark;                             /* without the generation */
	struct checker_heard (*heard)[FRAME_WAYS]; /* by flow */
	uint64_t latest; /* when packets last came, by the cycle counter */
	struct checker_counters counters;
	struct latency latency; /* of what is allowed */
};

/* -ENOMEM. */
int checker_create(const struct checker_options *options, struct checker **out);
void checker_destroy(struct checker *checker); /* NULL is allowed */

/* Forgets everything: what comes from now on belongs to the trial of that number. */
void checker_begin(struct checker *checker, uint16_t run);

/* Receives a burst from each side, checks it, and returns how many packets came. */
uint16_t checker_step(struct checker *checker, uint64_t now);

/* Checks packets that were received at a side; they stay the caller's. */
void checker_take(struct checker *checker, enum frame_way side, struct rte_mbuf *const *packets,
		  uint16_t n, uint64_t now);

/* What generators and checkers of one trial found together, once all have stopped. */
struct traffic_outcome {
	struct generator_counters sent;
	struct checker_counters received;
	uint64_t lost;         /* allowed, sent, and never came */
	uint64_t silent_flows; /* allowed, and not one packet of theirs came */
	uint64_t leaky_flows;  /* denied, and some came */
};
void traffic_settle(struct generator *const *generators, uint16_t generator_count,
		    struct checker *const *checkers, uint16_t checker_count,
		    struct traffic_outcome *out);

#endif
