/*
 * generator.h - what one core does to send traffic: at a set rate, or as fast as it is taken.
 *
 * A flow is visited after the other, round and round, or in steps that come to each once a round.
 * A visit of a denied flow sends its opening again. An allowed flow is opened until a checker has
 * seen it come through; from then on its packets go forward, or back where replies are wanted, so
 * that none answers what was not asked. Where new connections are wanted the flow's place is taken
 * by one with another source port, now and then. A packet says in its stamp what is expected of it.
 *
 * The rate is a bucket of tokens that the cycle counter fills. It holds at most GENERATOR_DEPTH:
 * a core that was away does not make up for it by a flood, but says what it has forgone. Packets
 * go out in bursts, as many as are due in 10 microseconds, and at most GENERATOR_BURST.
 *
 * Nothing is allocated on the way but packets from the pool, which is the generator's own: a frame
 * is patched into the first bytes of a buffer whose other bytes are zero from the beginning.
 */
#ifndef WEIR_DPDK_GENERATOR_H
#define WEIR_DPDK_GENERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "frame_forms.h"
#include "traffic.h"

enum {
	GENERATOR_BURST = 32,
	GENERATOR_DEPTH = 256,
	GENERATORS_MAX = 64,
};

/* Where packets of one direction are sent, and those of the other come out. */
struct exchange_side {
	uint16_t port; /* its id */
	uint16_t queue;
};

struct generator_options {
	struct traffic *traffic;
	struct rte_mempool *pool;               /* of generator_pool_create */
	struct exchange_side sides[FRAME_WAYS]; /* by which each way is sent; may be one */
	uint16_t index; /* of so many generators this one: each has flows of its own */
	uint16_t count; /* 0: 1 */
};

struct generator_trial {
	uint64_t rate;    /* packets a second; 0: as fast as they are taken */
	uint64_t packets; /* 0: until it is told to stop */
	struct traffic_mix mix;
	uint16_t openings; /* the share of packets, of GEN_ALL, that begin a new connection */
	uint16_t replies;  /* the share of the allowed flows' packets */
	/* Shares of visits; of drawn flows only. */
	uint16_t fragments;  /* that send a datagram in two fragments, which are two packets */
	uint16_t extensions; /* that send extension headers, of those over IPv6 */
	uint16_t malformed;  /* whose packet is malformed, and so to be denied */
	uint32_t step;       /* to the flow that is visited next, or a little more; 0: one */
	uint16_t run; /* its number: what comes late of another trial is foreign to this one */
};

struct generator_counters {
	uint64_t sent[FRAME_WAYS];
	uint64_t sent_bytes; /* with the check behind each frame */
	uint64_t allowed;    /* sent, that are to come through, */
	uint64_t denied;     /* and that are not */
	uint64_t malformed;  /* made, */
	uint64_t fragments;  /* of either kind, */
	uint64_t extended;   /* with extension headers: what was not sent among them */
	uint64_t opened;     /* connections that began, the first of each flow included */
	uint64_t unsent;     /* the port took them not; where there is a rate */
	uint64_t forgone;    /* that were due while the core did something else */
	uint64_t unbuffered; /* that were due while the pool was empty */
	uint64_t skipped;    /* a trace's replies to what has not come through */
};

struct generator_flow {
	uint32_t connection;
	uint16_t port; /* in network order */
	uint8_t generation;
	bool has_begun;                /* a packet was made for it */
	bool is_asked;                 /* forward, in this trial, by what may come through */
	bool is_open;                  /* one of its packets has come through */
	bool is_answered;              /* by a reply that was sent */
	uint32_t sequence[FRAME_WAYS]; /* of the next packet, in this trial */
};

/* What comes next. */
struct sending {
	uint32_t flow; /* of the generator's */
	enum frame_way way;
	enum frame_form form;
	uint16_t size;
};

struct generator {
	struct generator_options options;
	struct generator_trial trial;
	struct generator_flow *flows; /* its own, side by side */
	uint32_t first;               /* of them, among all */
	uint32_t flow_count;
	uint16_t *ports; /* by connection: which comes next, of its own */
	uint32_t at;     /* the flow that is visited next; of a trace the packet */
	uint32_t step;
	uint16_t mark;
	uint32_t burst;
	/* Shares of what was sent, that wait to be a packet. */
	uint32_t openings;
	uint32_t replies;
	uint32_t forms[FRAME_FORMS];
	struct sending half; /* a datagram's, whose later half comes next; else it is plain */
	uint16_t identification;
	/* Sizes in their order. */
	uint16_t sizes[TRAFFIC_WEIGHT_MAX];
	uint32_t size_count;
	uint32_t size_at;
	/* The bucket. */
	uint64_t hz;
	uint64_t scale; /* tokens a cycle, of which 48 bits are the fraction */
	uint64_t began; /* by the cycle counter */
	uint64_t taken; /* tokens, used or forgone */
	uint64_t made;  /* packets */
	struct {
		struct rte_mbuf *packets[GENERATOR_BURST];
		uint16_t count;
		uint16_t gone; /* of them */
	} leaving[FRAME_WAYS];
	struct generator_counters counters;
};

/* A pool of so many packets of up to FRAME_MOST bytes. NULL: no memory. */
struct rte_mempool *generator_pool_create(const char *name, uint32_t packets);

/* -EINVAL: there are not so many flows; -ENOMEM. */
int generator_create(const struct generator_options *options, struct generator **out,
		     struct weir_error *error);
void generator_destroy(struct generator *generator); /* NULL is allowed */

/* Begins a trial, with counters at zero; flows go on where they were. now is the cycle counter's.
 * -EINVAL, and error says why. */
int generator_begin(struct generator *generator, const struct generator_trial *trial, uint64_t now,
		    struct weir_error *error);

/* Sends what is due, at most a burst, and returns how many packets went. */
uint16_t generator_step(struct generator *generator, uint64_t now);

/* All packets of the trial are out. */
bool generator_is_done(const struct generator *generator);

/* Lets go of packets that were not taken yet: they are counted as unsent. */
void generator_stop(struct generator *generator);

void generator_counters_add(struct generator_counters *sum, const struct generator_counters *more);

#endif
