/*
 * progress.h - a bar on a terminal, for work that takes long.
 *
 * Nothing is shown when the file is no terminal, nor in the first half second.
 */
#ifndef REPORT_PROGRESS_H
#define REPORT_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct report_progress {
	FILE *file; /* NULL: silent */
	const char *label;
	uint64_t started; /* milliseconds */
	uint64_t shown;   /* when the bar was drawn last; 0: never */
};

void report_progress_begin(struct report_progress *progress, FILE *file, const char *label);
/* Call it as often as is handy, but not for every packet. total 0: unknown. */
void report_progress_show(struct report_progress *progress, uint64_t done, uint64_t total);
/* Wipes the bar. */
void report_progress_end(struct report_progress *progress);

#endif
