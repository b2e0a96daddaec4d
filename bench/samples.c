#include "samples.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double samples_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare_samples(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

void samples_print(const char *name, uint32_t pods, double *samples, uint32_t count)
{
	qsort(samples, count, sizeof(*samples), compare_samples);
	printf("| %s | %u | %.1f | %.1f | %.1f |\n", name, pods, samples[count / 2] * 1e6,
	       samples[(size_t)count * 99 / 100] * 1e6, samples[count - 1] * 1e6);
	fflush(stdout);
}
