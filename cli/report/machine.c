#include "machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

/* As the system calls it; "unknown" elsewhere. */
static void read_processor(char *out, size_t size)
{
	static const char wanted[] = "model name";
	FILE *file = fopen("/proc/cpuinfo", "r");
	char line[512];

	snprintf(out, size, "unknown");
	while (file && fgets(line, sizeof(line), file)) {
		const char *value = strchr(line, ':');

		if (!value || strncmp(line, wanted, sizeof(wanted) - 1) != 0)
			continue;
		value += 1 + (value[1] == ' ');
		snprintf(out, size, "%.*s", (int)strcspn(value, "\n"), value);
		break;
	}
	if (file)
		fclose(file);
}

void report_look_at_machine(struct report_machine *out)
{
	struct utsname system = { .machine = "" };
	long level2 = sysconf(_SC_LEVEL2_CACHE_SIZE);
	long level3 = sysconf(_SC_LEVEL3_CACHE_SIZE);

	*out = (struct report_machine){ .cores = sysconf(_SC_NPROCESSORS_ONLN),
					.level2 = level2 > 0 ? level2 : 0,
					.level3 = level3 > 0 ? level3 : 0 };
	read_processor(out->processor, sizeof(out->processor));
	if (uname(&system) == 0)
		snprintf(out->system, sizeof(out->system), "%s %s %s", system.sysname,
			 system.release, system.machine);
}
