#include "disturbance.h"

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

enum {
	LINE = 1024,
};

uint64_t disturbance_read_steal(FILE *stat)
{
	uint64_t steal;

	/* user nice system idle iowait irq softirq steal */
	if (fscanf(stat, "cpu %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &steal) == 1)
		return steal;
	return 0;
}

uint64_t disturbance_read_switches(FILE *status)
{
	uint64_t switches;
	char line[LINE];

	while (fgets(line, sizeof(line), status))
		if (sscanf(line, "nonvoluntary_ctxt_switches: %" SCNu64, &switches) == 1)
			return switches;
	return 0;
}

static uint64_t read_file(const char *path, uint64_t (*read)(FILE *))
{
	FILE *file = fopen(path, "re");
	uint64_t value = 0;

	if (file) {
		value = read(file);
		fclose(file);
	}
	return value;
}

static uint64_t count_switches(void)
{
	DIR *tasks = opendir("/proc/self/task");
	const struct dirent *task;
	uint64_t switches = 0;

	while (tasks && (task = readdir(tasks))) {
		char path[sizeof("/proc/self/task//status") + NAME_MAX];

		snprintf(path, sizeof(path), "/proc/self/task/%s/status", task->d_name);
		if (task->d_name[0] != '.')
			switches += read_file(path, disturbance_read_switches);
	}
	if (tasks)
		closedir(tasks);
	return switches;
}

struct disturbance disturbance_look(void)
{
	uint64_t ticks = read_file("/proc/stat", disturbance_read_steal);

	return (struct disturbance){ .stolen_ms = ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK),
				     .switches = count_switches() };
}

/* A thread that ended takes its count along. */
static uint64_t more(uint64_t before, uint64_t after)
{
	return after > before ? after - before : 0;
}

struct disturbance disturbance_between(const struct disturbance *before,
				       const struct disturbance *after)
{
	return (struct disturbance){ .stolen_ms = more(before->stolen_ms, after->stolen_ms),
				     .switches = more(before->switches, after->switches) };
}
