/*
 * queue.h - a netfilter queue: packets that iptables -j NFQUEUE hands to a program, and its
 * answers.
 *
 * A burst is received with one system call and answered with another. The kernel keeps the packets
 * and sends copies of their beginnings. An answer holds for all packets up to an id that are not
 * answered yet: neighbours with the same answer share it.
 */
#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "weir/packet.h"

enum {
	QUEUE_BURST = 32,
	QUEUE_COPY = 512, /* bytes of a packet: more than its headers and what an error quotes */
};

struct queue_options {
	uint16_t number;
	uint32_t length;  /* packets that the kernel keeps at most */
	uint32_t wait_ms; /* how long queue_receive waits */
	bool fail_open;   /* when the queue is full, packets pass instead of being dropped */
};

struct queue;

/* -EPERM: not root, or another program has the queue. Another negative errno: no such thing. */
int queue_open(const struct queue_options *options, struct queue **out);
/* Packets that nobody has answered are dropped by the kernel. NULL is allowed. */
void queue_close(struct queue *queue);

/* Fills at most QUEUE_BURST frames, whose bytes hold until the next call. How many, 0 when none
 * came in time, or a negative errno. */
int queue_receive(struct queue *queue, struct weir_frame *frames);

/* Whether each of the frames received last may go on. 0 or a negative errno. */
int queue_answer(struct queue *queue, const bool *may_pass);

/* Packets that found no room, as the kernel counts them: in the queue, or on the way to it. */
uint64_t queue_lost(const struct queue *queue);

#endif
