#include "timestamp.h"

#include <stdio.h>
#include <time.h>

void report_time_format(uint64_t nanoseconds_since_1970, char text[REPORT_TIME_TEXT])
{
	time_t seconds = (time_t)(nanoseconds_since_1970 / 1000000000);
	struct tm tm = { 0 };

	gmtime_r(&seconds, &tm);
	snprintf(text, REPORT_TIME_TEXT, "%04d-%02d-%02dT%02d:%02d:%02d.%09uZ", tm.tm_year + 1900,
		 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		 (unsigned)(nanoseconds_since_1970 % 1000000000));
}
