#include "disturbance.h"

#include <inttypes.h>
#include <unistd.h>

uint64_t disturbance_read_steal(FILE *stat)
{
	uint64_t steal;

	/* user nice system idle iowait irq softirq steal */
	if (fscanf(stat, "cpu %*u %*u %*u %*u %*u %*u %*u %" SCNu64, &steal) == 1)
		return steal;
	return 0;
}

uint64_t disturbance_stolen(void)
{
	FILE *stat = fopen("/proc/stat", "re");
	uint64_t ticks = 0;

	if (stat) {
		ticks = disturbance_read_steal(stat);
		fclose(stat);
	}
	return ticks * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
}
