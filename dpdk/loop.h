/*
 * loop.h - what one core does, over and over: receive a burst, judge it, send or drop.
 *
 * A packet that belongs to another core goes to that one's ring; a fragment that waits for its
 * first is held under its ticket. Nothing is allocated on the way but packets from their pool, and
 * nothing waits. What a loop counts is its own until somebody asks: then it leaves a copy.
 */
#ifndef WEIR_DPDK_LOOP_H
#define WEIR_DPDK_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include <rte_ring.h>

#include "weir/worker.h"

#include "clock.h"
#include "ports.h"
#include "samples.h"

enum {
	LOOP_BURST = 32,
	LOOP_WAITING = 1024,   /* fragments that a core holds */
	LOOP_PATIENCE = 10000, /* a second's part that no round takes */
};

/* What becomes of a packet. */
enum fate {
	FATE_DROP,
	FATE_SEND,
	FATE_HOLD,
	FATE_HAND, /* to the core whose it is */
};

/* Of a loop that enforces what is answered. */
extern const enum fate loop_enforcing[WEIR_PACKET_ACTIONS];

struct port_counters {
	uint64_t received;
	uint64_t received_bytes;
	uint64_t sent; /* by this port, wherever they came in */
	uint64_t sent_bytes;
	uint64_t unsent; /* the port took them not: dropped */
};

struct loop_counters {
	struct weir_worker_counters worker;
	struct port_counters port[PORTS_MAX]; /* by place */
	uint64_t handed;                      /* to other cores */
	uint64_t unhanded;                    /* their ring was full: dropped */
	uint64_t held;                        /* now */
	uint64_t polls;                       /* of a port's queue */
	uint64_t polls_empty;
	uint64_t busy;    /* cycles of rounds in which packets came, but for stalls */
	uint64_t stalled; /* cycles of rounds so long that the processor was elsewhere */
};

enum loop_state {
	LOOP_RUN,
	LOOP_DRAIN, /* receives nothing any more, takes what is handed over */
	LOOP_STOP,
};

/* Answers packets[0..n) in their order, in place of a worker: to compare one with. It says ALLOW
 * and DENY only. Now is in nanoseconds. */
struct loop_judge {
	void (*judge)(void *context, struct rte_mbuf *const *packets, uint16_t n, uint64_t now,
		      struct weir_packet_verdict *verdicts);
	void *context;
};

struct loop_options {
	struct ports *ports;
	const struct clock *clock;
	struct weir_worker_options worker; /* its index is the core's */
	struct weir_origin_of_frames origin;
	enum fate fates[WEIR_PACKET_ACTIONS];
	struct rte_ring *const *rings; /* by core */
	struct samples *samples;       /* of what is denied, or NULL */
	struct loop_judge judge;       /* without a function: a worker of its own */
};

struct loop {
	struct loop_options options;
	struct loop_judge judge;
	struct weir_worker *worker;           /* NULL where another judges */
	struct weir_frame frames[LOOP_BURST]; /* of it; what is the same of all was set once */
	uint64_t round;                       /* when one began, by the cycle counter */
	uint64_t patience;                    /* cycles that a round may take */
	struct {
		struct rte_mbuf *packets[LOOP_BURST];
		uint16_t count;
	} leaving[PORTS_MAX]; /* by place */
	struct rte_mbuf *held[LOOP_WAITING];
	struct loop_counters counters;
	struct loop_counters told; /* a copy for whoever asked */
	/* Shared with the thread that steers. */
	uint32_t state;    /* enum loop_state, told by it */
	uint32_t reached;  /* enum loop_state, answered */
	uint64_t asked;    /* counters, so many times */
	uint64_t answered; /* so many times */
	uint64_t latest;   /* when a packet last came, */
	uint64_t looked;   /* and when it last looked for some */
};

/* How packets come to workers from such ports: spread by hardware, or anyhow, to be handed over. */
void loop_expect(struct ports *ports, struct weir_worker_options *out);

/* 0 or a negative errno. */
int loop_init(struct loop *loop, const struct loop_options *options);
/* Frees what it still holds. */
void loop_finish(struct loop *loop);

/* Runs until it is told to stop: a function for rte_eal_remote_launch. */
int loop_run(void *loop);

/* A loop that was stopped may be run again. */
void loop_rearm(struct loop *loop);

/* Instead of running: receives and judges until there is nothing more, on the caller's thread,
 * which reads the counters where they are. Returns how many packets there were. */
uint64_t loop_turn(struct loop *loop);

/* For one thread that steers at a time. */
void loop_tell(struct loop *loop, enum loop_state state);
bool loop_has_reached(const struct loop *loop, enum loop_state state);
/* For how many nanoseconds it has looked for packets in vain. A loop whose processor does something
 * else does not look. */
uint64_t loop_idle(const struct loop *loop);
/* Whether it has looked in vain since a time: what was there for it by then it has done with. */
bool loop_has_rested(const struct loop *loop, uint64_t since);
/* As they are or were since the call; a loop that does not run is read itself. False: it did not
 * answer within a tenth of a second. */
bool loop_count(struct loop *loop, struct loop_counters *out);

#endif
