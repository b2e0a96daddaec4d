/*
 * stat_print.h - a reading for people, for programs, and for Prometheus.
 */
#ifndef WEIR_CLI_STAT_PRINT_H
#define WEIR_CLI_STAT_PRINT_H

#include <stdbool.h>

#include "stat_reading.h"

/* With rates a second where there is a reading before; NULL: the totals alone. */
struct stat_before {
	const struct stat_reading *reading;
	double seconds; /* since */
};

void stat_print_table(const struct stat_reading *reading, const struct stat_before *before,
		      bool color);
/* A line, as the final report of weir run has it. */
void stat_print_json(const struct stat_reading *reading);
/* The text exposition format. */
void stat_print_prometheus(const struct stat_reading *reading);

#endif
