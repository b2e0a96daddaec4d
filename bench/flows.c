/*
 * flows.c - the flow table beside DPDK's rte_hash, given equal keys.
 *
 * Both hold the same connections (random IPv4 addresses and ports, TCP) and are asked for the same
 * ones in the same random order, which no cache likes; both read their keys from one array, in the
 * peer's form; the flow table's are made of them, burst by burst, as of packets. The two run in
 * turn in one process, the memory of both in 2 MiB pages where the system gives transparent ones;
 * the first turn is not counted. The flow table's clock goes on and its expiry runs with every
 * burst; rte_hash has neither, nor any state of a flow: it maps a key to a number. Answers are
 * checked in every turn.
 *
 *     weir-bench-flows [--check] [SAMPLES [FLOWS...]]
 */
#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include <rte_errno.h>
#include <rte_hash.h>
#include <rte_hash_crc.h>
#include <rte_malloc.h>

#include "eal.h"
#include "table.h"
#include "weir/key.h"

enum {
	BURST = 32,
	ASKED = 1 << 20,
	HUGE_PAGE = 2 << 20,
	HEAP = 1024, /* mebibytes, for rte_hash */
	SAMPLES_MAX = 99,
	SIZES_MAX = 8,
};

/* The same connection as rte_hash has it. */
struct peer_key {
	uint32_t addresses[2];
	uint16_t ports[2];
	uint32_t zone;
	uint8_t protocol;
	uint8_t zero[3];
};
static_assert(sizeof(struct peer_key) == 20, "no padding");

struct run {
	uint32_t flows;
	struct weir_flow_table *table;
	struct rte_hash *peer;
	struct peer_key *keys;  /* of all flows */
	struct peer_key *asked; /* ASKED of them */
	uint64_t expected;      /* sum of the numbers of those that are asked */
	uint64_t now;
	size_t peer_bytes;
};

static uint64_t mix(uint64_t z)
{
	z += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* The bijection mix makes addresses that are never equal. */
static struct peer_key peer_key_of(uint32_t number)
{
	uint64_t bits = mix(number);
	uint32_t addresses[2] = { (uint32_t)bits, (uint32_t)(bits >> 32) };
	unsigned side = be32toh(addresses[0]) > be32toh(addresses[1]);

	return (struct peer_key){ .addresses = { addresses[side], addresses[!side] },
				  .ports = { (uint16_t)mix(bits), 443 },
				  .protocol = WEIR_PROTOCOL_TCP };
}

static void make_probes(const struct peer_key *from, struct weir_flow_probe *out, uint32_t n)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	for (uint32_t i = 0; i < n; i++) {
		struct weir_flow_key key = { .ports = { from[i].ports[0], from[i].ports[1] },
					     .zone = from[i].zone,
					     .protocol = from[i].protocol };

		for (unsigned j = 0; j < 2; j++) {
			memcpy(key.ends[j].bytes, mapped, sizeof(mapped));
			memcpy(&key.ends[j].bytes[12], &from[i].addresses[j], 4);
		}
		weir_flow_probe_of(&key, &out[i]);
	}
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static size_t peer_memory(void)
{
	struct rte_malloc_socket_stats stats;

	return rte_malloc_get_socket_stats(0, &stats) ? 0 : stats.heap_allocsz_bytes;
}

/* What each does; all return how many they did, and add up the answers. */

static uint64_t insert(struct run *run, uint64_t *sum)
{
	struct weir_flow_probe probes[BURST];

	for (uint32_t i = 0; i < run->flows; i += BURST) {
		uint32_t n = run->flows - i < BURST ? run->flows - i : BURST;

		weir_flow_table_advance(run->table, run->now += 1000);
		make_probes(run->keys + i, probes, n);
		weir_flow_table_prepare(run->table, probes, n);
		for (uint32_t j = 0; j < n; j++)
			weir_flow_table_expect(run->table, &probes[j]);
		for (uint32_t j = 0; j < n; j++) {
			struct weir_flow_memo memo = { .source_generation = i + j };

			*sum += weir_flow_table_insert(run->table, &probes[j], 0, WEIR_FLOW_OPENS,
						       memo) != NULL;
		}
	}
	return run->flows;
}

static uint64_t peer_insert(struct run *run, uint64_t *sum)
{
	for (uint32_t i = 0; i < run->flows; i++)
		*sum += rte_hash_add_key_data(run->peer, &run->keys[i], (void *)(uintptr_t)i) == 0;
	return run->flows;
}

static uint64_t ask(struct run *run, uint64_t *sum)
{
	struct weir_flow_entry *entries[BURST];
	struct weir_flow_probe probes[BURST];

	for (uint32_t i = 0; i < ASKED; i += BURST) {
		weir_flow_table_advance(run->table, run->now += 1000);
		make_probes(run->asked + i, probes, BURST);
		weir_flow_table_prepare(run->table, probes, BURST);
		weir_flow_table_find_burst(run->table, probes, entries, BURST);
		for (uint32_t j = 0; j < BURST; j++)
			*sum += entries[j] ? weir_flow_entry_memo(entries[j]).source_generation : 0;
	}
	return ASKED;
}

/* As ask, and the packet is noted: what a worker does. */
static uint64_t ask_and_note(struct run *run, uint64_t *sum)
{
	struct weir_flow_entry *entries[BURST];
	struct weir_flow_probe probes[BURST];

	for (uint32_t i = 0; i < ASKED; i += BURST) {
		weir_flow_table_advance(run->table, run->now += 1000);
		make_probes(run->asked + i, probes, BURST);
		weir_flow_table_prepare(run->table, probes, BURST);
		weir_flow_table_find_burst(run->table, probes, entries, BURST);
		for (uint32_t j = 0; j < BURST; j++) {
			if (!entries[j])
				continue;
			*sum += weir_flow_entry_memo(entries[j]).source_generation;
			weir_flow_table_note(run->table, entries[j], j & 1, WEIR_FLOW_TALKS);
		}
	}
	return ASKED;
}

static uint64_t peer_ask(struct run *run, uint64_t *sum)
{
	for (uint32_t i = 0; i < ASKED; i += BURST) {
		const void *keys[BURST];
		void *data[BURST];
		uint64_t hits;

		for (uint32_t j = 0; j < BURST; j++)
			keys[j] = &run->asked[i + j];
		rte_hash_lookup_bulk_data(run->peer, keys, BURST, &hits, data);
		for (uint32_t j = 0; j < BURST; j++)
			*sum += hits >> j & 1 ? (uintptr_t)data[j] : 0;
	}
	return ASKED;
}

static uint64_t ask_single(struct run *run, uint64_t *sum)
{
	for (uint32_t i = 0; i < ASKED; i++) {
		struct weir_flow_entry *entry;
		struct weir_flow_probe probe;

		if (i % BURST == 0)
			weir_flow_table_advance(run->table, run->now += 1000);
		make_probes(run->asked + i, &probe, 1);
		weir_flow_table_prepare(run->table, &probe, 1);
		entry = weir_flow_table_find(run->table, &probe);
		*sum += entry ? weir_flow_entry_memo(entry).source_generation : 0;
	}
	return ASKED;
}

static uint64_t peer_ask_single(struct run *run, uint64_t *sum)
{
	for (uint32_t i = 0; i < ASKED; i++) {
		void *data = NULL;

		rte_hash_lookup_data(run->peer, &run->asked[i], &data);
		*sum += (uintptr_t)data;
	}
	return ASKED;
}

static const struct deed {
	const char *name;
	uint64_t (*ours)(struct run *, uint64_t *);
	uint64_t (*peers)(struct run *, uint64_t *);
	bool is_insertion;
} deeds[] = {
	{ "insert", insert, peer_insert, true },
	{ "lookup, burst of 32", ask, peer_ask, false },
	{ "lookup and state, burst of 32", ask_and_note, peer_ask, false },
	{ "lookup, one by one", ask_single, peer_ask_single, false },
};

static double rate(struct run *run, uint64_t (*deed)(struct run *, uint64_t *), uint64_t expected,
		   bool *is_right)
{
	uint64_t sum = 0;
	double began = seconds();
	uint64_t done = deed(run, &sum);
	double took = seconds() - began;

	*is_right &= sum == expected;
	return (double)done / took / 1e6;
}

static int ascending(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(double *values, unsigned n)
{
	qsort(values, n, sizeof(*values), ascending);
	return values[n / 2];
}

static bool compare(struct run *run, const struct deed *deed, unsigned samples)
{
	uint64_t expected = deed->is_insertion ? run->flows : run->expected;
	double ours[SAMPLES_MAX];
	double peers[SAMPLES_MAX];
	double ratios[SAMPLES_MAX];
	bool is_right = true;
	double ratio;

	for (unsigned i = 0; i < samples + 1; i++) {
		unsigned at = i ? i - 1 : 0; /* the first is to warm up */

		if (deed->is_insertion) {
			weir_flow_table_flush(run->table);
			rte_hash_reset(run->peer);
		}

		ours[at] = rate(run, deed->ours, expected, &is_right);
		peers[at] = rate(run, deed->peers, expected, &is_right);
		ratios[at] = ours[at] / peers[at];
	}
	if (!is_right) {
		printf("| %" PRIu32 " | %s | WRONG |\n", run->flows, deed->name);
		return false;
	}
	ratio = median(ratios, samples);
	printf("| %" PRIu32 " | %s | %.1f | %.1f | %.2f (%.2f-%.2f) |\n", run->flows, deed->name,
	       median(ours, samples), median(peers, samples), ratio, ratios[0],
	       ratios[samples - 1]);
	fflush(stdout);
	return true;
}

/* The system may decline. */
static void *allocate(void *context, size_t size)
{
	size_t whole = (size + HUGE_PAGE - 1) / HUGE_PAGE * HUGE_PAGE;
	void *memory = aligned_alloc(HUGE_PAGE, whole);

	(void)context;
	if (memory)
		madvise(memory, whole, MADV_HUGEPAGE);
	return memory;
}

static void release(void *context, void *memory)
{
	(void)context;
	free(memory);
}

static const struct weir_allocator huge_pages = { allocate, release, NULL };

static bool make_tables(struct run *run)
{
	struct weir_flow_options options = { .max_ipv4_flows = run->flows,
					     .secret = { mix(1), mix(2) } };
	struct rte_hash_parameters parameters = {
		.name = "flows",
		.entries = run->flows + run->flows / 4, /* it does not fill to the last */
		.key_len = sizeof(struct peer_key),
		.hash_func = rte_hash_crc,
	};
	size_t before = peer_memory();

	run->peer = rte_hash_create(&parameters);
	run->peer_bytes = peer_memory() - before;
	if (!run->peer)
		fprintf(stderr, "rte_hash: %s\n", rte_strerror(rte_errno));
	return run->peer && !weir_flow_table_create(&options, &huge_pages, &run->table);
}

static bool make(struct run *run)
{
	const uint32_t flows = run->flows;

	if (!flows)
		return false;
	run->keys = calloc(flows, sizeof(*run->keys));
	run->asked = calloc(ASKED, sizeof(*run->asked));
	if (!run->keys || !run->asked || !make_tables(run))
		return false;
	for (uint32_t i = 0; i < flows; i++)
		run->keys[i] = peer_key_of(i);
	for (uint32_t i = 0; i < ASKED; i++) {
		uint32_t number = (uint32_t)(mix(i + UINT64_C(0x100000000)) % flows);

		run->asked[i] = run->keys[number];
		run->expected += number;
	}
	return true;
}

static void finish(struct run *run)
{
	weir_flow_table_destroy(run->table);
	rte_hash_free(run->peer);
	free(run->keys);
	free(run->asked);
}

static bool measure(uint32_t flows, unsigned samples)
{
	struct run run = { .flows = flows };
	bool is_right = make(&run);

	if (!is_right)
		fprintf(stderr, "no tables of %" PRIu32 " flows\n", flows);
	for (unsigned i = 0; is_right && i < sizeof(deeds) / sizeof(deeds[0]); i++)
		is_right = compare(&run, &deeds[i], samples);
	if (is_right) {
		struct weir_flow_counters counters;

		weir_flow_table_count(run.table, &counters);
		printf("| %" PRIu32 " | bytes a flow | %.1f | %.1f | |\n", flows,
		       (double)counters.bytes / flows, (double)run.peer_bytes / flows);
	}
	finish(&run);
	return is_right;
}

int main(int argc, char **argv)
{
	bool is_check = argc > 1 && strcmp(argv[1], "--check") == 0;
	uint32_t sizes[SIZES_MAX] = { 65536, 1000000, 10000000 };
	unsigned samples = 5;
	unsigned count = 3;
	bool is_right = true;

	if (is_check) {
		samples = 1;
		sizes[0] = 10000;
		count = 1;
	} else if (argc > 1) {
		samples = (unsigned)atoi(argv[1]);
	}
	for (count = argc > 2 ? 0 : count; count + 2 < (unsigned)argc && count < SIZES_MAX; count++)
		sizes[count] = (uint32_t)atoi(argv[count + 2]);
	if (!samples || samples > SAMPLES_MAX) {
		fprintf(stderr, "usage: weir-bench-flows [--check] [SAMPLES [FLOWS...]]\n");
		return 2;
	}
	if (!bench_start_dpdk(HEAP, NULL))
		return 77;
	printf("| flows | what | weir M/s | rte_hash M/s | ratio |\n|---|---|---|---|---|\n");
	for (unsigned i = 0; is_right && i < count; i++)
		is_right = measure(sizes[i], samples);
	bench_stop_dpdk();
	return !is_right;
}
