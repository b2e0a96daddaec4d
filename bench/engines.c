#include "engines.h"

size_t bench_list_engines(struct bench_engine *out, size_t size)
{
	size_t count = bench_list_ours(out, size);

	if (count < size)
		out[count++] = bench_linear;
	if (count < size)
		out[count++] = bench_bpf;
	return count + bench_list_dpdk(out + count, size - count);
}
