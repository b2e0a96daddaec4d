/*
 * samples.h - some of the denied packets, to a pcapng file with why they were denied.
 *
 * A core copies a packet into a ring of its own, and drops the copy where that is full: it never
 * waits. Whoever steers takes them out and writes. The rate is one for all cores together.
 */
#ifndef WEIR_DPDK_SAMPLES_H
#define WEIR_DPDK_SAMPLES_H

#include <stdint.h>

#include <rte_mbuf.h>

#include "weir/worker.h"

enum {
	SAMPLE_BYTES = 2016, /* of a packet: what is behind is cut off */
	SAMPLES_A_CORE = 256,
	SAMPLE_RATE_MAX = (1 << 24) - 1,
};

struct sample {
	uint64_t time;
	uint32_t captured;
	uint32_t wire;
	uint16_t port; /* its id */
	uint8_t why;   /* enum weir_packet_why */
	uint8_t bytes[SAMPLE_BYTES];
};

/* One core writes, one thread reads. Both numbers grow without end. */
struct sample_ring {
	uint64_t written;
	uint64_t lost; /* while it was full */
	uint64_t read __rte_cache_aligned;
	struct sample sample[SAMPLES_A_CORE];
} __rte_cache_aligned;

struct samples_options {
	const char *path; /* NULL: none are taken */
	uint32_t rate;    /* packets a second, to SAMPLE_RATE_MAX */
};

struct samples;

/* Makes a file that has its name when it is closed. Says why not: a negative errno. */
int samples_open(const struct samples_options *options, uint16_t cores, struct samples **out);
/* Gives the file its name; says why not, also of an earlier failure. */
int samples_close(struct samples *samples);
void samples_destroy(struct samples *samples); /* NULL is allowed */

/* For the core's loop: copies the packet, unless the rate is used up. */
void samples_take(struct samples *samples, uint16_t core, const struct rte_mbuf *packet,
		  enum weir_packet_why why, uint64_t now);

/* For whoever steers: writes what has come. */
void samples_write(struct samples *samples);
/* For any thread. */
void samples_count(const struct samples *samples, uint64_t *written, uint64_t *lost);

#endif
