#include "samples.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_ethdev.h>

#include "weir/capture_writer.h"

#include "say.h"

enum {
	ETHERNET = 1, /* LINKTYPE_ETHERNET */
	TAKEN_BITS = 24,
	SECOND = 1000000000,
};

struct samples {
	struct weir_capture_writer *writer;
	struct sample_ring *rings; /* by core */
	uint16_t cores;
	uint32_t rate;
	int status; /* of writing; after a failure nothing is written any more */
	char name[RTE_ETH_NAME_MAX_LEN];
	uint64_t window; /* the second that runs, and how many were taken in it */
	uint64_t written;
};

static const char *port_name(void *context, uint32_t id)
{
	struct samples *samples = context;

	if (rte_eth_dev_get_name_by_port((uint16_t)id, samples->name))
		snprintf(samples->name, sizeof(samples->name), "port %u", (unsigned)id);
	return samples->name;
}

static int open_writer(struct samples *samples, const char *path)
{
	const struct weir_capture_writer_options options = {
		.interface_name = port_name,
		.interface_context = samples,
	};
	struct weir_error error = { "" };
	int status = weir_capture_writer_open(NULL, path, &options, &samples->writer, &error);

	if (status)
		say("--samples %s", error.text);
	return status;
}

int samples_open(const struct samples_options *options, uint16_t cores, struct samples **out)
{
	struct samples *samples = calloc(1, sizeof(*samples));
	int status = -ENOMEM;

	if (samples) {
		samples->rate = options->rate;
		samples->cores = cores;
		samples->rings =
			aligned_alloc(RTE_CACHE_LINE_SIZE, cores * sizeof(*samples->rings));
	}
	if (samples && samples->rings) {
		memset(samples->rings, 0, cores * sizeof(*samples->rings));
		status = open_writer(samples, options->path);
	}
	if (status) {
		samples_destroy(samples);
		return status;
	}
	*out = samples;
	return 0;
}

void samples_destroy(struct samples *samples)
{
	if (!samples)
		return;
	weir_capture_writer_destroy(samples->writer);
	free(samples->rings);
	free(samples);
}

/* Taking. */

/* Whether the second has room for one more. */
static bool take_turn(struct samples *samples, uint64_t now)
{
	uint64_t first = (now / SECOND) << TAKEN_BITS;
	uint64_t window = __atomic_load_n(&samples->window, __ATOMIC_RELAXED);
	uint64_t next;

	do {
		/* A core whose clock is behind counts in the later second. */
		next = window < first ? first + 1 : window + 1;
		if ((next & SAMPLE_RATE_MAX) > samples->rate || (next & SAMPLE_RATE_MAX) == 0)
			return false;
	} while (!__atomic_compare_exchange_n(&samples->window, &window, next, true,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return true;
}

static void copy(struct sample *sample, const struct rte_mbuf *packet)
{
	const void *bytes;

	sample->wire = rte_pktmbuf_pkt_len(packet);
	sample->captured = RTE_MIN(sample->wire, (uint32_t)SAMPLE_BYTES);
	bytes = rte_pktmbuf_read(packet, 0, sample->captured, sample->bytes);
	if (!bytes)
		sample->captured = 0;
	else if (bytes != sample->bytes)
		memcpy(sample->bytes, bytes, sample->captured);
}

void samples_take(struct samples *samples, uint16_t core, const struct rte_mbuf *packet,
		  enum weir_packet_why why, uint64_t now)
{
	struct sample_ring *ring = &samples->rings[core];
	struct sample *sample = &ring->sample[ring->written % SAMPLES_A_CORE];

	if (!take_turn(samples, now))
		return;
	if (ring->written - __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE) == SAMPLES_A_CORE) {
		__atomic_store_n(&ring->lost, ring->lost + 1, __ATOMIC_RELAXED);
		return;
	}
	sample->time = now;
	sample->port = packet->port;
	sample->why = (uint8_t)why;
	copy(sample, packet);
	__atomic_store_n(&ring->written, ring->written + 1, __ATOMIC_RELEASE);
}

/* Writing. */

static void write_sample(struct samples *samples, const struct sample *sample)
{
	const struct weir_frame frame = {
		.bytes = sample->bytes,
		.captured = sample->captured,
		.wire = sample->wire,
		.link_type = ETHERNET,
		.interface = sample->port,
		.time = sample->time,
	};
	struct weir_error error = { "" };
	char comment[64];

	if (samples->status)
		return;
	snprintf(comment, sizeof(comment), "weir: deny, %s",
		 weir_packet_why_name((enum weir_packet_why)sample->why));
	samples->status = weir_capture_writer_add(samples->writer, &frame, comment, &error);
	if (samples->status)
		say("no more samples: %s", error.text);
	else
		__atomic_store_n(&samples->written, samples->written + 1, __ATOMIC_RELAXED);
}

void samples_write(struct samples *samples)
{
	for (uint16_t i = 0; i < samples->cores; i++) {
		struct sample_ring *ring = &samples->rings[i];
		uint64_t written = __atomic_load_n(&ring->written, __ATOMIC_ACQUIRE);

		for (uint64_t at = ring->read; at != written; at++) {
			write_sample(samples, &ring->sample[at % SAMPLES_A_CORE]);
			__atomic_store_n(&ring->read, at + 1, __ATOMIC_RELEASE);
		}
	}
}

int samples_close(struct samples *samples)
{
	struct weir_error error = { "" };
	int status = samples->status;

	if (status)
		return status;
	status = weir_capture_writer_finish(samples->writer, &error);
	if (!status)
		status = weir_capture_writer_publish(samples->writer, &error);
	if (status)
		say("no samples: %s", error.text);
	return status;
}

void samples_count(const struct samples *samples, uint64_t *written, uint64_t *lost)
{
	*written = __atomic_load_n(&samples->written, __ATOMIC_RELAXED);
	*lost = 0;
	for (uint16_t i = 0; i < samples->cores; i++)
		*lost += __atomic_load_n(&samples->rings[i].lost, __ATOMIC_RELAXED);
}
