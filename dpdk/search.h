/*
 * search.h - the highest rate at which a device loses nothing, or no more than a given share.
 *
 * This is the throughput of RFC 2544 (26.1), and with a share above 0 the partial drop rate of
 * later methods (RFC 9411 and others). A trial offers packets at a rate for a while and counts; a
 * rate holds when each of its trials does. The device is a function, so that a search can be tried
 * on devices that are known.
 *
 * Trials share a machine with others. One whose processor was taken away may lose what the device
 * would have carried. When it holds it does so all the more. When it does not, and it would have but
 * for the packets that came meanwhile, it is disturbed: it proves nothing, and is repeated, so often
 * as is allowed. One that lost more than that has failed, whatever was taken away.
 */
#ifndef WEIR_DPDK_SEARCH_H
#define WEIR_DPDK_SEARCH_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SEARCH_MILLION = 1000000,
};

struct search_trial {
	uint64_t rate;    /* packets a second as they were offered, which may be fewer than asked */
	uint64_t offered; /* packets */
	uint64_t lost;    /* of them */
	/* For want of a processor, at most: */
	uint64_t excused;   /* of those lost, which came while the device had none */
	uint64_t unoffered; /* more would have been, while the generator had none */
};

/* Whether a trial of a rate failed, or was offered less than the rate, only for want of a processor:
 * at most the share, of a million, may be lost. */
bool search_is_disturbed(const struct search_trial *trial, uint64_t rate, uint32_t tolerance);

/* Runs a trial: 0, or a negative errno that ends the search. */
typedef int search_device(void *context, uint64_t rate, struct search_trial *out);

struct search_options {
	uint64_t least; /* packets a second: not searched below, */
	uint64_t most;  /* nor above */
	/* Parts of a million. */
	uint32_t
		resolution; /* of the rate found: how far the next rate that does not hold may be */
	uint32_t tolerance; /* of what is offered, that may be lost */
	unsigned trials;    /* of a rate, at least 1 */
	unsigned repeats;   /* at each rate, of trials that were disturbed and lost too much */
	search_device *device;
	void *context;
};

enum search_end {
	SEARCH_FOUND,
	SEARCH_ALL, /* it holds whatever could be offered, and may be able to do more */
	SEARCH_NONE /* it lost too much even at the least rate */
};

struct search_result {
	enum search_end end;
	uint64_t rate;      /* the highest that holds, as it was offered; 0: none */
	uint64_t above;     /* the lowest that does not; 0: none was met */
	unsigned trials;    /* in all */
	unsigned disturbed; /* of them */
	/* The rate above failed in disturbed trials alone, or rates that held did not later: the
	 * device may be better, or worse, than it says here. */
	bool is_unclear;
};

/* 0, or what the device returned. */
int search_run(const struct search_options *options, struct search_result *out);

/* Whether no more is lost than the share. */
bool search_holds(const struct search_trial *trial, uint32_t tolerance);

#endif
