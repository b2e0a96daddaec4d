#include "progress.h"

#include <time.h>
#include <unistd.h>

enum {
	FIRST_AFTER = 500, /* milliseconds */
	EVERY = 100,
	BAR = 30, /* characters */
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_nsec / 1000000;
}

void report_progress_begin(struct report_progress *progress, FILE *file, const char *label)
{
	*progress = (struct report_progress){
		.file = isatty(fileno(file)) == 1 ? file : NULL,
		.label = label,
		.started = now(),
	};
}

void report_progress_show(struct report_progress *progress, uint64_t done, uint64_t total)
{
	static const char full[] = "##############################";
	uint64_t time;
	int filled;

	if (!progress->file)
		return;
	time = now();
	if (time - progress->started < FIRST_AFTER || time - progress->shown < EVERY)
		return;
	progress->shown = time;
	if (!total) {
		fprintf(progress->file, "\r%s %llu MiB", progress->label,
			(unsigned long long)(done >> 20));
	} else {
		filled = (int)((double)(done < total ? done : total) / (double)total * BAR);
		fprintf(progress->file, "\r%s [%-*.*s] %3d%%", progress->label, BAR, filled, full,
			filled * 100 / BAR);
	}
	fflush(progress->file);
}

void report_progress_end(struct report_progress *progress)
{
	if (!progress->file || !progress->shown)
		return;
	fputs("\r\033[K", progress->file);
	fflush(progress->file);
}
