/*
 * report.h - what was measured, in the formats of -o.
 */
#ifndef WEIR_BENCH_REPORT_H
#define WEIR_BENCH_REPORT_H

#include <stdio.h>

#include "run.h"

struct bench_report {
	const struct bench_settings *settings;
	const struct bench_groups *groups;
	bool color;
};

struct bench_format {
	void (*print)(const struct bench_report *report, FILE *file);
};

extern const struct bench_format bench_table;

/* In the order of the choices of -o. */
extern const struct bench_format *const bench_formats[];

/* One line about a group: workload, sides, way, keys. */
struct report_text;
void bench_describe_group(const struct bench_group *group, struct report_text *out);
/* "measured", "right", "WRONG", "declined". */
const char *bench_outcome_name(enum bench_outcome outcome);

#endif
