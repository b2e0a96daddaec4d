/*
 * timestamp.h - points in time as text.
 */
#ifndef REPORT_TIMESTAMP_H
#define REPORT_TIMESTAMP_H

#include <stdint.h>

enum {
	REPORT_TIME_TEXT = 96,
};

/* RFC 3339 in UTC with nanoseconds: 2024-02-29T23:59:59.000000001Z. */
void report_time_format(uint64_t nanoseconds_since_1970, char text[REPORT_TIME_TEXT]);

#endif
