#include "engines_dpdk.h"

#include <rte_malloc.h>
#include <rte_version.h>

#include "eal.h"

enum {
	HEAP_MEBIBYTES = 6144, /* of addresses: memory is what is used of it */
};

static size_t add(const struct bench_engine *engine, struct bench_engine *out, size_t size)
{
	if (!size || (engine->is_supported && !engine->is_supported(engine)))
		return 0;
	*out = *engine;
	return 1;
}

size_t bench_list_dpdk(struct bench_engine *out, size_t size)
{
	size_t count = add(&bench_bpf_jit, out, size);

	for (size_t i = 0; bench_acl_engines[i].name; i++)
		count += add(&bench_acl_engines[i], out + count, size - count);
	return count + add(&bench_identity, out + count, size - count);
}

bool bench_start_engines(void)
{
	return bench_start_dpdk(HEAP_MEBIBYTES, NULL);
}

void bench_stop_engines(void)
{
	bench_stop_dpdk();
}

const char *bench_dpdk_version(void)
{
	return rte_version();
}

size_t bench_dpdk_bytes(void)
{
	struct rte_malloc_socket_stats stats;

	return rte_malloc_get_socket_stats(0, &stats) ? 0 : stats.heap_allocsz_bytes;
}
