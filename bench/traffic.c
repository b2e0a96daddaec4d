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

#include "checker.h"
#include "eal.h"
#include "gen_cluster.h"
#include "generator.h"

enum {
	PODS = 1000,
	HEAP = 256, /* mebibytes */
	PACKETS_IN_POOL = 16383,
	RING = 4096,
	DESCRIPTORS = 512,
	SAMPLES_MAX = 99,
	FLOWS_MOST = 1 << 20,
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
	       !weir_cluster_resolve(bench->cluster, &semantics, &bench->resolved);
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

static bool make_ports(struct bench *bench)
{
	struct rte_ring *ring = rte_ring_create("bench", RING, SOCKET_ID_ANY, 0);
	int port = ring ? rte_eth_from_ring(ring) : -1;

	bench->pool = generator_pool_create("bench", PACKETS_IN_POOL);
	if (!bench->pool || port < 0 || rte_vdev_init("net_null0", NULL) ||
	    rte_eth_dev_get_port_by_name("net_null0", &bench->null.port))
		return false;
	bench->ring.port = (uint16_t)port;
	return start_port(bench->null.port, bench->pool) &&
	       start_port(bench->ring.port, bench->pool);
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
	struct checker *checker; /* NULL: nobody listens */
};

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
		if (subject->checker)
			checker_step(subject->checker, rte_rdtsc());
	}
	return (double)trial->packets / (processor_seconds() - began) / 1e6;
}

static void check(struct bench *bench, const struct subject *subject)
{
	struct generator *generators[] = { subject->generator };
	struct checker *checkers[] = { subject->checker };
	struct traffic_outcome outcome;

	if (!subject->checker)
		return;
	traffic_settle(generators, 1, checkers, 1, &outcome);
	/* What is denied comes through a ring too. */
	if (!outcome.lost && outcome.received.leaked == outcome.sent.denied &&
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

static void measure(struct bench *bench, const struct subject *subject, const char *where,
		    size_t which)
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

static void measure_both(struct bench *bench, size_t which)
{
	struct traffic_options options = { .seed = 1,
					   .flows = cases[which].flows,
					   .allowed = 9000 };
	struct generator_options generating = { .pool = bench->pool };
	struct checker_options checking = { .wiring = WIRING_ONE_ARMED };
	struct subject subject = { NULL, NULL };
	struct weir_error error = { "" };
	struct traffic *traffic = NULL;

	if (traffic_draw(bench->cluster, bench->resolved, &options, &traffic, &error)) {
		fprintf(stderr, "%s\n", error.text);
		bench->failed = true;
		return;
	}
	generating.traffic = checking.traffic = traffic;
	generating.sides[0] = generating.sides[1] = bench->null;
	if (!generator_create(&generating, &subject.generator, NULL))
		measure(bench, &subject, "net_null", which);
	generator_destroy(subject.generator);
	subject.generator = NULL;
	generating.sides[0] = generating.sides[1] = bench->ring;
	checking.sides[0] = checking.sides[1] = bench->ring;
	if (!generator_create(&generating, &subject.generator, NULL) &&
	    !checker_create(&checking, &subject.checker))
		measure(bench, &subject, "ring, checked", which);
	generator_destroy(subject.generator);
	checker_destroy(subject.checker);
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
			measure_both(&bench, i);
	weir_resolved_destroy(bench.resolved);
	weir_cluster_destroy(bench.cluster);
	bench_stop_dpdk();
	return bench.failed;
}
