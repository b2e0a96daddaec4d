/*
 * compare.h - what the kernel made of packets, beside what weir did.
 *
 * A difference is expected when it is of a class that differences.c lists: each has its reason in
 * docs/semantics.md. Once the two differ over a connection, one may know it and the other not:
 * what they disagree about later in the same session counts as following.
 */
#ifndef KERNEL_COMPARE_H
#define KERNEL_COMPARE_H

#include <stdio.h>

#include "differences.h"
#include "rules.h"
#include "traffic.h"

struct tally {
	struct {
		uint64_t packets, allowed, differing; /* allowed: by the kernel */
	} kinds[KINDS];
	uint64_t classes[DIFFERENCES];
	uint64_t following[DIFFERENCES]; /* by the class that they follow */
	uint64_t ipv6, fragments;        /* packets */
	uint64_t unexpected;
};

/* Writes the packets as a pcap file. 0 or 1. */
int compare_save(const struct traffic *traffic, FILE *out);

/* Reads what weir answers from a command's output, an answer for each packet. 0 or 1; says what
 * is wrong. */
int compare_read(const struct traffic *traffic, const char *command, struct answer *answers);

/* Adds to the tally. Tells of some unexpected differences, with all of their session. 0 or 1: out
 * of memory. */
int compare_count(const struct traffic *traffic, enum manner manner, const struct answer *answers,
		  struct tally *tally, FILE *tell);

struct tally_sum {
	uint64_t packets, allowed, differing;
};
struct tally_sum tally_sum(const struct tally *tally);

void tally_print(const struct tally *tally, FILE *out);

/* Says what was never met. 0: everything was; 1. */
int tally_print_missing(const struct tally *tally, FILE *out);

#endif
