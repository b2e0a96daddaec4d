/* Without DPDK there are no engines of it. */
#include "engines.h"

size_t bench_list_dpdk(struct bench_engine *out, size_t size)
{
	(void)out;
	(void)size;
	return 0;
}

bool bench_start_engines(void)
{
	return true;
}

void bench_stop_engines(void)
{
}

const char *bench_dpdk_version(void)
{
	return NULL;
}
