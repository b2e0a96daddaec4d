#include "test.h"

#include "exchange.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_eth_ring.h>
#include <rte_ethdev.h>

#include "subject.h"

enum { RING = 4096, DESCRIPTORS = 64 };

/* Two cores, on whatever processors there are. */
void exchange_start_eal(const char *name)
{
	char words[][40] = {
		"",
		"--no-huge",
		"-m",
		"64",
		"--no-shconf",
		"--no-pci",
		"--no-telemetry",
		"--iova-mode=va",
		"--log-level=error",
		"--lcores",
		"",
	};
	char *arguments[COUNT(words) + 1] = { NULL };
	int last = (int)sysconf(_SC_NPROCESSORS_ONLN) - 1;

	snprintf(words[0], sizeof(words[0]), "%s", name);
	snprintf(words[COUNT(words) - 1], sizeof(words[0]), "0@(0-%d),1@(0-%d)", last, last);
	for (unsigned i = 0; i < COUNT(words); i++)
		arguments[i] = words[i];
	assert_true(rte_eal_init((int)COUNT(words), arguments) >= 0);
}

static struct rte_ring *make_ring(const char *what, unsigned side)
{
	char name[RTE_RING_NAMESIZE];
	struct rte_ring *ring;

	snprintf(name, sizeof(name), "%s-%u", what, side);
	ring = rte_ring_create(name, RING, SOCKET_ID_ANY, RING_F_SP_ENQ | RING_F_SC_DEQ);
	assert_non_null(ring);
	return ring;
}

static uint16_t make_port(struct exchange *exchange, unsigned side)
{
	const struct rte_eth_conf conf = { 0 };
	char name[16];
	int port;

	snprintf(name, sizeof(name), "side%u", side);
	port = rte_eth_from_rings(name, &exchange->out_of[side], 1, &exchange->into[side], 1, 0);
	assert_true(port >= 0);
	assert_int_equal(rte_eth_dev_configure((uint16_t)port, 1, 1, &conf), 0);
	assert_int_equal(
		rte_eth_rx_queue_setup((uint16_t)port, 0, DESCRIPTORS, 0, NULL, exchange->pool), 0);
	assert_int_equal(rte_eth_tx_queue_setup((uint16_t)port, 0, DESCRIPTORS, 0, NULL), 0);
	assert_int_equal(rte_eth_dev_start((uint16_t)port), 0);
	return (uint16_t)port;
}

void exchange_make(struct exchange *exchange, uint32_t packets)
{
	exchange->pool = generator_pool_create("exchange", packets);
	assert_non_null(exchange->pool);
	for (unsigned i = 0; i < FRAME_WAYS; i++) {
		exchange->into[i] = make_ring("into", i);
		exchange->out_of[i] = make_ring("out-of", i);
		exchange->sides[i] = (struct exchange_side){ make_port(exchange, i), 0 };
	}
}

void exchange_finish(struct exchange *exchange)
{
	for (unsigned i = 0; i < FRAME_WAYS; i++) {
		rte_eth_dev_stop(exchange->sides[i].port);
		rte_eth_dev_close(exchange->sides[i].port);
		rte_ring_free(exchange->into[i]);
		rte_ring_free(exchange->out_of[i]);
	}
	rte_mempool_free(exchange->pool);
}

uint32_t exchange_in_use(const struct exchange *exchange)
{
	return rte_mempool_in_use_count(exchange->pool);
}

unsigned exchange_everything(struct rte_mbuf **in, unsigned n, struct rte_mbuf **out)
{
	memcpy(out, in, n * sizeof(*in));
	return n;
}

void exchange_carry(struct exchange *exchange, exchange_stage *stage)
{
	for (unsigned i = 0; i < FRAME_WAYS; i++) {
		struct rte_mbuf *in[EXCHANGE_BURST];
		struct rte_mbuf *out[2 * EXCHANGE_BURST];
		unsigned n;

		while ((n = rte_ring_dequeue_burst(exchange->into[i], (void **)in, EXCHANGE_BURST,
						   NULL))) {
			n = stage(in, n, out);
			assert_int_equal(
				rte_ring_enqueue_bulk(exchange->out_of[!i], (void **)out, n, NULL),
				n);
		}
	}
}

struct stamp exchange_stamp(const struct rte_mbuf *packet)
{
	struct stamp stamp = { 0 };

	assert_true(stamp_read(rte_pktmbuf_mtod(packet, const uint8_t *),
			       rte_pktmbuf_data_len(packet), &stamp));
	return stamp;
}

static struct subject make_subject(void)
{
	struct gen_cluster_options cluster;

	gen_cluster_defaults(7, 60, GEN_MIX_EVERYTHING, &cluster);
	cluster.family = GEN_DUAL_STACK;
	return subject_make(&cluster);
}

struct traffic *exchange_traffic(const struct traffic_options *options, struct weir_policy **policy)
{
	struct subject subject = make_subject();
	struct traffic *traffic = NULL;
	struct weir_error error = { "" };

	if (traffic_draw(subject.cluster, subject.resolved, options, &traffic, &error))
		fail_msg("%s", error.text);
	if (policy)
		assert_int_equal(weir_compile(subject.resolved, NULL, policy, NULL), 0);
	subject_finish(&subject);
	return traffic;
}

int exchange_refused(const struct traffic_options *options, struct weir_error *error)
{
	struct subject subject = make_subject();
	struct traffic *traffic = NULL;
	int status = traffic_draw(subject.cluster, subject.resolved, options, &traffic, error);

	assert_null(traffic);
	subject_finish(&subject);
	return status;
}
