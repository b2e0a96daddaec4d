/*
 * filter.h - a pcap-filter(7) expression, compiled once for each link type that shows up. Nothing
 * keeps a trace from having all that there are.
 */
#ifndef WEIR_PCAP_FILTER_H
#define WEIR_PCAP_FILTER_H

#include <stdint.h>

#include "weir/error.h"
#include "weir/packet.h"

struct weir_filter_program;

struct weir_filter {
	const char *expression; /* NULL: everything passes. Borrowed. */
	void *programs;         /* a tsearch(3) tree of struct weir_filter_program */
	struct weir_filter_program *last;
};

void weir_filter_init(struct weir_filter *filter, const char *expression);
void weir_filter_finish(struct weir_filter *filter);

/* Whether the expression means something for frames of a link type. -EINVAL and why, or -ENOMEM. */
int weir_filter_check(struct weir_filter *filter, uint32_t link_type, struct weir_error *error);

/* 1 when a frame passes, 0 when it does not, -EINVAL where the expression means nothing for its
 * link type, -ENOMEM. */
int weir_filter_passes(struct weir_filter *filter, const struct weir_frame *frame);

#endif
