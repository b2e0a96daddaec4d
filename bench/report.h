/*
 * report.h - what was measured, in the formats of -o.
 */
#ifndef WEIR_BENCH_REPORT_H
#define WEIR_BENCH_REPORT_H

#include <stdio.h>

#include "machine.h"
#include "run.h"

struct bench_report {
	const struct bench_settings *settings;
	const struct bench_groups *groups;
	struct report_machine machine;
	bool color;
};

struct bench_format {
	void (*print)(const struct bench_report *report, FILE *file);
};

extern const struct bench_format bench_table;
extern const struct bench_format bench_json;
extern const struct bench_format bench_csv;
extern const struct bench_format bench_html;

/* In the order of the choices of -o. */
extern const struct bench_format *const bench_formats[];

/* One line about a group: workload, sides, way, keys. */
struct report_text;
void bench_describe_group(const struct bench_group *group, struct report_text *out);
/* "measured", "right", "WRONG", "declined". */
const char *bench_outcome_name(enum bench_outcome outcome);

#endif
