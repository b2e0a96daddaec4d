#include "loop.h"

#include <errno.h>
#include <string.h>

#include <rte_ethdev.h>
#include <rte_prefetch.h>

enum {
	ETHERNET = 1,     /* LINKTYPE_ETHERNET */
	REST_AFTER = 256, /* rounds without a packet */
	ANSWER_MS = 100,
};

int loop_init(struct loop *loop, const struct loop_options *options)
{
	memset(loop, 0, sizeof(*loop));
	loop->options = *options;
	loop->latest = clock_now(options->clock);
	loop->looked = loop->latest;
	return weir_worker_create(&loop->options.worker, &loop->worker);
}

void loop_finish(struct loop *loop)
{
	for (unsigned i = 0; i < LOOP_WAITING; i++)
		rte_pktmbuf_free(loop->held[i]);
	weir_worker_destroy(loop->worker);
}

/* Sending. */

static void flush(struct loop *loop, uint16_t place)
{
	struct port_counters *counters = &loop->counters.port[place];
	struct rte_mbuf **packets = loop->leaving[place].packets;
	uint16_t n = loop->leaving[place].count;
	uint64_t bytes = 0;
	uint16_t sent;

	for (uint16_t i = 0; i < n; i++)
		bytes += rte_pktmbuf_pkt_len(packets[i]);
	sent = ports_send(loop->options.ports, place, loop->options.worker.index, packets, n);
	for (uint16_t i = sent; i < n; i++)
		bytes -= rte_pktmbuf_pkt_len(packets[i]);
	rte_pktmbuf_free_bulk(packets + sent, (unsigned)(n - sent));
	counters->sent += sent;
	counters->sent_bytes += bytes;
	counters->unsent += (uint64_t)(n - sent);
	loop->leaving[place].count = 0;
}

static void flush_all(struct loop *loop)
{
	for (uint16_t i = 0; i < loop->options.ports->count; i++)
		if (loop->leaving[i].count)
			flush(loop, i);
}

static void leave(struct loop *loop, struct rte_mbuf *packet)
{
	uint16_t place = loop->options.ports->to[packet->port];

	loop->leaving[place].packets[loop->leaving[place].count++] = packet;
	if (loop->leaving[place].count == LOOP_BURST)
		flush(loop, place);
}

static void hand(struct loop *loop, struct rte_mbuf *packet, uint16_t core)
{
	if (rte_ring_enqueue(loop->options.rings[core], packet)) {
		rte_pktmbuf_free(packet);
		loop->counters.unhanded++;
		return;
	}
	loop->counters.handed++;
}

static void settle(struct loop *loop, struct rte_mbuf *packet,
		   const struct weir_packet_verdict *verdict)
{
	if (verdict->action == WEIR_PACKET_DENY && loop->options.samples)
		samples_take(loop->options.samples, loop->options.worker.index, packet,
			     (enum weir_packet_why)verdict->why, loop->latest);
	switch (loop->options.fates[verdict->action]) {
	case FATE_DROP:
		rte_pktmbuf_free(packet);
		break;
	case FATE_SEND:
		leave(loop, packet);
		break;
	case FATE_HOLD:
		loop->held[verdict->ticket] = packet;
		loop->counters.held++;
		break;
	case FATE_HAND:
		hand(loop, packet, verdict->worker);
		break;
	}
}

/* Nothing is held where nothing is dropped. */
static void settle_released(struct loop *loop)
{
	struct weir_release releases[LOOP_BURST];
	size_t n;

	while ((n = weir_worker_released(loop->worker, releases, LOOP_BURST))) {
		for (size_t i = 0; i < n; i++) {
			struct rte_mbuf **held = &loop->held[releases[i].ticket];

			if (!*held)
				continue;
			loop->counters.held--;
			settle(loop, *held, &releases[i].verdict);
			*held = NULL;
		}
	}
}

/* Judging. */

static void describe(struct rte_mbuf *const *packets, uint16_t n, uint64_t now,
		     struct weir_frame *frames)
{
	for (uint16_t i = 0; i < n; i++) {
		frames[i] = (struct weir_frame){
			.bytes = rte_pktmbuf_mtod(packets[i], const uint8_t *),
			.captured = rte_pktmbuf_data_len(packets[i]),
			.wire = rte_pktmbuf_pkt_len(packets[i]),
			.link_type = ETHERNET,
			.time = now,
		};
		rte_prefetch0(frames[i].bytes);
	}
}

typedef void judge_function(struct weir_worker *, const struct weir_origin_of_frames *,
			    const struct weir_frame *, size_t, struct weir_packet_verdict *);

static void judge(struct loop *loop, judge_function *function, struct rte_mbuf **packets,
		  uint16_t n, uint64_t now)
{
	struct weir_packet_verdict verdicts[LOOP_BURST];
	struct weir_frame frames[LOOP_BURST];

	describe(packets, n, now, frames);
	__atomic_store_n(&loop->latest, now, __ATOMIC_RELAXED);
	function(loop->worker, &loop->options.origin, frames, n, verdicts);
	for (uint16_t i = 0; i < n; i++)
		settle(loop, packets[i], &verdicts[i]);
	settle_released(loop);
}

static uint16_t poll_port(struct loop *loop, uint16_t place)
{
	const struct port *port = &loop->options.ports->port[place];
	struct port_counters *counters = &loop->counters.port[place];
	uint16_t queue = ports_queue(loop->options.ports, place, loop->options.worker.index);
	struct rte_mbuf *packets[LOOP_BURST];
	uint16_t n;

	if (queue == NO_QUEUE)
		return 0;
	n = rte_eth_rx_burst(port->id, queue, packets, LOOP_BURST);
	loop->counters.polls++;
	if (!n) {
		loop->counters.polls_empty++;
		return 0;
	}
	counters->received += n;
	for (uint16_t i = 0; i < n; i++) {
		counters->received_bytes += rte_pktmbuf_pkt_len(packets[i]);
		packets[i]->port = port->id;
	}
	judge(loop, weir_worker_process, packets, n, clock_now(loop->options.clock));
	return n;
}

static uint16_t poll_ring(struct loop *loop)
{
	struct rte_ring *ring = loop->options.rings[loop->options.worker.index];
	struct rte_mbuf *packets[LOOP_BURST];
	uint16_t n = (uint16_t)rte_ring_dequeue_burst(ring, (void **)packets, LOOP_BURST, NULL);

	if (n)
		judge(loop, weir_worker_take, packets, n, clock_now(loop->options.clock));
	return n;
}

/* The loop. */

static void tell(struct loop *loop, uint64_t asked)
{
	weir_worker_count(loop->worker, &loop->counters.worker);
	loop->told = loop->counters;
	__atomic_store_n(&loop->answered, asked, __ATOMIC_RELEASE);
}

static void answer(struct loop *loop)
{
	uint64_t asked = __atomic_load_n(&loop->asked, __ATOMIC_ACQUIRE);

	if (asked != loop->answered)
		tell(loop, asked);
}

/* Lets time pass, and the policy go. */
static void rest(struct loop *loop)
{
	uint64_t now = clock_now(loop->options.clock);

	__atomic_store_n(&loop->looked, now, __ATOMIC_RELAXED);
	weir_worker_rest(loop->worker, now);
	settle_released(loop);
	flush_all(loop);
}

static uint16_t poll_all(struct loop *loop, enum loop_state state)
{
	uint16_t n = poll_ring(loop);

	for (uint16_t i = 0; state == LOOP_RUN && i < loop->options.ports->count; i++)
		n += poll_port(loop, i);
	flush_all(loop);
	return n;
}

int loop_run(void *context)
{
	struct loop *loop = context;
	enum loop_state state = LOOP_RUN;
	unsigned empty = 0;

	for (;;) {
		uint16_t n = poll_all(loop, state);

		empty = n ? 0 : empty + 1;
		if (empty && empty % REST_AFTER == 0)
			rest(loop);
		answer(loop);
		__atomic_store_n(&loop->reached, state, __ATOMIC_RELEASE);
		if (state == LOOP_STOP && !n)
			break;
		state = __atomic_load_n(&loop->state, __ATOMIC_ACQUIRE);
	}
	rest(loop);
	tell(loop, UINT64_MAX); /* whoever asks from now on has the last word */
	return 0;
}

/* Steering. */

void loop_tell(struct loop *loop, enum loop_state state)
{
	__atomic_store_n(&loop->state, state, __ATOMIC_RELEASE);
}

bool loop_has_reached(const struct loop *loop, enum loop_state state)
{
	return __atomic_load_n(&loop->reached, __ATOMIC_ACQUIRE) >= state;
}

uint64_t loop_idle(const struct loop *loop)
{
	uint64_t latest = __atomic_load_n(&loop->latest, __ATOMIC_RELAXED);
	uint64_t looked = __atomic_load_n(&loop->looked, __ATOMIC_RELAXED);

	return looked > latest ? looked - latest : 0;
}

bool loop_count(struct loop *loop, struct loop_counters *out)
{
	uint64_t asked = __atomic_add_fetch(&loop->asked, 1, __ATOMIC_RELEASE);

	for (unsigned i = 0; i < ANSWER_MS * 10; i++) {
		if (__atomic_load_n(&loop->answered, __ATOMIC_ACQUIRE) >= asked) {
			*out = loop->told;
			return true;
		}
		rte_delay_us_sleep(100);
	}
	return false;
}
