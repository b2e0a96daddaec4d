/*
 * traffic.c - what generating and checking traffic costs a core.
 *
 * Flows of a generated cluster of 1,000 pods, nine of ten allowed, a tenth of the packets beginning
 * a new connection where that is said. A generator sends into a port that drops everything
 * (net_null); then into a ring, from which a checker on the same core takes it again, where nothing
 * may be lost. Packets a second of the processor's time.
 *
 *     weir-bench-traffic [--check] [SAMPLES]
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <rte_bus_vdev.h>
#include <rte_cycles.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "weir/cluster.h"
#include "weir/worker.h"

#include "checker.h"
#include "eal.h"
#include "gen_cluster.h"
#include "generator.h"

enum {
	PODS = 1000,
	HEAP = 256, /* mebibytes */
	PACKETS_IN_POOL = 16383,
	RING = 4096,
	BURST = 32,
	DESCRIPTORS = 512,
	SAMPLES_MAX = 99,
	FLOWS_MOST = 1 << 20,
	TABLE = 1 << 20,
};

struct text {
	char *bytes;
	size_t length;
	size_t room;
};

struct bench {
	struct weir_cluster *cluster;
	struct weir_resolved *resolved;
	struct rte_mempool *pool;
	struct exchange_side null;
	struct exchange_side ring;
	struct exchange_side judged; /* sends into one ring, receives from another */
	struct rte_ring *before;
	struct rte_ring *behind;
	struct weir_policy *policy;
	uint64_t packets; /* a sample */
	unsigned samples;
	bool failed;
};

static const struct {
	const char *mix;
	uint32_t flows;
	uint16_t openings;
} cases[] = {
	{ "64", 1000, 0 },
	{ "imix", 1000, 0 },
	{ "1518", 1000, 0 },
	{ "64", 65536, 0 },
	{ "64", FLOWS_MOST, 0 },
	{ "64", FLOWS_MOST, 1000 },
	{ "imix", FLOWS_MOST, 1000 },
	{ "64", 65536, 9000 },
};

/* A cluster. */

static int collect(void *context, const char *bytes, size_t length)
{
	struct text *text = context;

	if (text->length + length > text->room) {
		size_t room = 2 * (text->length + length);
		char *more = realloc(text->bytes, room);

		if (!more)
			return -1;
		text->bytes = more;
		text->room = room;
	}
	memcpy(text->bytes + text->length, bytes, length);
	text->length += length;
	return 0;
}

static bool make_cluster(struct bench *bench)
{
	const struct weir_semantics semantics = { 0 };
	struct gen_cluster_options options;
	struct text text = { 0 };
	bool made;

	gen_cluster_defaults(1, PODS, GEN_MIX_USUAL, &options);
	made = !gen_cluster_write(&options, collect, &text, NULL) &&
	       !weir_cluster_create(&(struct weir_cluster_options){ 0 }, &bench->cluster) &&
	       !weir_cluster_read(bench->cluster, "cluster", WEIR_FOUND_NAMED, text.bytes,
				  text.length) &&
	       !weir_cluster_finish(bench->cluster) &&
	       !weir_cluster_resolve(bench->cluster, &semantics, &bench->resolved) &&
	       !weir_compile(bench->resolved, NULL, &bench->policy, NULL);
	free(text.bytes);
	return made;
}

/* Ports. */

static bool start_port(uint16_t port, struct rte_mempool *pool)
{
	const struct rte_eth_conf conf = { 0 };

	return !rte_eth_dev_configure(port, 1, 1, &conf) &&
	       !rte_eth_rx_queue_setup(port, 0, DESCRIPTORS, 0, NULL, pool) &&
	       !rte_eth_tx_queue_setup(port, 0, DESCRIPTORS, 0, NULL) && !rte_eth_dev_start(port);
}

static bool make_port(struct rte_ring *receiving, struct rte_ring *sending, const char *name,
		      struct rte_mempool *pool, struct exchange_side *out)
{
	int port = -1;

	if (receiving && sending)
		port = rte_eth_from_rings(name, &receiving, 1, &sending, 1, 0);
	if (port < 0)
		return false;
	out->port = (uint16_t)port;
	return start_port(out->port, pool);
}

static bool make_ports(struct bench *bench)
{
	struct rte_ring *ring = rte_ring_create("ring", RING, SOCKET_ID_ANY, 0);

	bench->before = rte_ring_create("before", RING, SOCKET_ID_ANY, 0);
	bench->behind = rte_ring_create("behind", RING, SOCKET_ID_ANY, 0);
	bench->pool = generator_pool_create("bench", PACKETS_IN_POOL);
	return bench->pool && !rte_vdev_init("net_null0", NULL) &&
	       !rte_eth_dev_get_port_by_name("net_null0", &bench->null.port) &&
	       start_port(bench->null.port, bench->pool) &&
	       make_port(ring, ring, "through", bench->pool, &bench->ring) &&
	       make_port(bench->behind, bench->before, "judged", bench->pool, &bench->judged);
}

/* The worker in between. */

static void judge(const struct bench *bench, struct weir_worker *worker, uint64_t now)
{
	static const struct weir_origin_of_frames origin = { .halves = WEIR_KEY_BOTH };
	struct rte_mbuf *packets[BURST];
	struct weir_packet_verdict verdicts[BURST];
	struct weir_frame frames[BURST];
	unsigned n = rte_ring_dequeue_burst(bench->before, (void **)packets, BURST, NULL);
	unsigned carried = 0;

	for (unsigned i = 0; i < n; i++)
		frames[i] = (struct weir_frame){
			.bytes = rte_pktmbuf_mtod(packets[i], const uint8_t *),
			.captured = rte_pktmbuf_data_len(packets[i]),
			.wire = rte_pktmbuf_pkt_len(packets[i]),
			.link_type = 1,
			.time = now,
		};
	weir_worker_process(worker, &origin, frames, n, verdicts);
	for (unsigned i = 0; i < n; i++) {
		if (verdicts[i].action == WEIR_PACKET_ALLOW)
			packets[carried++] = packets[i];
		else
			rte_pktmbuf_free(packets[i]);
	}
	rte_ring_enqueue_bulk(bench->behind, (void **)packets, carried, NULL);
}

/* Samples. */

static double processor_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct subject {
	struct generator *generator;
	struct checker *checker;    /* NULL: nobody listens */
	struct weir_worker *worker; /* NULL: nobody judges */
	uint64_t refused;           /* by its table so far */
};

static uint64_t nanoseconds(uint64_t cycles)
{
	return (uint64_t)((double)cycles * 1e9 / (double)rte_get_tsc_hz());
}

/* Millions of packets a second. */
static double sample(struct bench *bench, const struct subject *subject,
		     const struct generator_trial *trial)
{
	double began;

	if (generator_begin(subject->generator, trial, rte_rdtsc(), NULL)) {
		bench->failed = true;
		return 0;
	}
	if (subject->checker)
		checker_begin(subject->checker, trial->run);
	began = processor_seconds();
	while (!generator_is_done(subject->generator)) {
		generator_step(subject->generator, rte_rdtsc());
		if (subject->worker)
			judge(bench, subject->worker, nanoseconds(rte_rdtsc()));
		if (subject->checker)
			checker_step(subject->checker, rte_rdtsc());
	}
	return (double)trial->packets / (processor_seconds() - began) / 1e6;
}

/* What found no room in the table, in the latest sample. */
static uint64_t refused(struct subject *subject)
{
	struct weir_worker_counters counters;
	uint64_t before = subject->refused;

	if (!subject->worker)
		return 0;
	weir_worker_count(subject->worker, &counters);
	subject->refused = counters.why[WEIR_PACKET_TABLE_FULL];
	return subject->refused - before;
}

static void check(struct bench *bench, struct subject *subject)
{
	struct generator *generators[] = { subject->generator };
	struct checker *checkers[] = { subject->checker };
	struct traffic_outcome outcome;
	uint64_t denied;

	if (!subject->checker)
		return;
	traffic_settle(generators, 1, checkers, 1, &outcome);
	/* What is denied comes through a ring too. */
	denied = subject->worker ? 0 : outcome.sent.denied;
	if (outcome.lost == refused(subject) && outcome.received.leaked == denied &&
	    !outcome.received.duplicated && !outcome.received.reordered &&
	    !outcome.received.foreign)
		return;
	fprintf(stderr, "lost %" PRIu64 ", duplicated %" PRIu64 ", foreign %" PRIu64 "\n",
		outcome.lost, outcome.received.duplicated, outcome.received.foreign);
	bench->failed = true;
}

static int by_size(const void *a, const void *b)
{
	double left = *(const double *)a;
	double right = *(const double *)b;

	return (left > right) - (left < right);
}

static void measure(struct bench *bench, struct subject *subject, const char *where, size_t which)
{
	struct generator_trial trial = { .packets = bench->packets,
					 .openings = cases[which].openings };
	double figures[SAMPLES_MAX];

	if (traffic_mix_parse(cases[which].mix, &trial.mix, NULL))
		bench->failed = true;
	/* The first is not counted: it opens the flows. */
	for (unsigned i = 0; i <= bench->samples && !bench->failed; i++) {
		trial.run = (uint16_t)i;
		figures[i ? i - 1 : 0] = sample(bench, subject, &trial);
		check(bench, subject);
	}
	if (bench->failed)
		return;
	qsort(figures, bench->samples, sizeof(*figures), by_size);
	printf("| %s | %u | %s | %u %% | %.1f | %.1f-%.1f |\n", where, cases[which].flows,
	       cases[which].mix, cases[which].openings / 100, figures[bench->samples / 2],
	       figures[0], figures[bench->samples - 1]);
	fflush(stdout);
}

/* Through these sides, with whom in between. */
static void measure_at(struct bench *bench, struct traffic *traffic, struct exchange_side side,
		       const char *where, size_t which)
{
	const struct generator_options generating = { .traffic = traffic,
						      .pool = bench->pool,
						      .sides = { side, side } };
	const struct checker_options checking = { .traffic = traffic, .sides = { side, side } };
	struct weir_worker_options working = { .flows.max_ipv4_flows = TABLE };
	struct subject subject = { .generator = NULL };
	bool is_judged = side.port == bench->judged.port;
	bool is_made = !generator_create(&generating, &subject.generator, NULL);

	if (is_made && side.port != bench->null.port)
		is_made = !checker_create(&checking, &subject.checker);
	if (is_made && is_judged)
		is_made = !weir_slot_create(bench->policy, 1, NULL, &working.slot) &&
			  !weir_worker_create(&working, &subject.worker);
	if (is_made)
		measure(bench, &subject, where, which);
	bench->failed |= !is_made;
	generator_destroy(subject.generator);
	checker_destroy(subject.checker);
	weir_worker_destroy(subject.worker);
	weir_slot_destroy(working.slot);
}

static void measure_all(struct bench *bench, size_t which)
{
	struct traffic_options options = { .seed = 1,
					   .flows = cases[which].flows,
					   .allowed = 9000 };
	struct weir_error error = { "" };
	struct traffic *traffic = NULL;

	if (traffic_draw(bench->cluster, bench->resolved, &options, &traffic, &error)) {
		fprintf(stderr, "%s\n", error.text);
		bench->failed = true;
		return;
	}
	measure_at(bench, traffic, bench->null, "net_null", which);
	measure_at(bench, traffic, bench->ring, "ring, checked", which);
	measure_at(bench, traffic, bench->judged, "ring, judged, checked", which);
	traffic_destroy(traffic);
}

int main(int argc, char **argv)
{
	bool is_check = argc > 1 && strcmp(argv[1], "--check") == 0;
	struct bench bench = { .packets = is_check ? 100000 : 4000000, .samples = 5 };

	if (is_check)
		bench.samples = 1;
	else if (argc > 1)
		bench.samples = (unsigned)atoi(argv[1]);
	if (!bench.samples || bench.samples > SAMPLES_MAX || !bench_start_dpdk(HEAP, NULL))
		return 2;
	if (!make_cluster(&bench) || !make_ports(&bench)) {
		fprintf(stderr, "cannot be set up\n");
		return 2;
	}
	printf("| where | flows | bytes | new | M/s | range |\n|---|---|---|---|---|---|\n");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]) && !bench.failed; i++)
		if (!is_check || cases[i].flows < FLOWS_MOST)
			measure_all(&bench, i);
	weir_policy_unref(bench.policy);
	weir_resolved_destroy(bench.resolved);
	weir_cluster_destroy(bench.cluster);
	bench_stop_dpdk();
	return bench.failed;
}
