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

const enum fate loop_enforcing[WEIR_PACKET_ACTIONS] = {
	[WEIR_PACKET_DENY] = FATE_DROP,
	[WEIR_PACKET_ALLOW] = FATE_SEND,
	[WEIR_PACKET_WAIT] = FATE_HOLD,
	[WEIR_PACKET_ELSEWHERE] = FATE_HAND,
};

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

static void describe(struct loop *loop, struct rte_mbuf *const *packets, uint16_t n, uint64_t now)
{
	for (uint16_t i = 0; i < n; i++) {
		struct weir_frame *frame = &loop->frames[i];

		frame->bytes = rte_pktmbuf_mtod(packets[i], const uint8_t *);
		rte_prefetch0(frame->bytes);
		frame->captured = rte_pktmbuf_data_len(packets[i]);
		frame->wire = rte_pktmbuf_pkt_len(packets[i]);
		frame->time = now;
	}
}

static void process(void *context, struct rte_mbuf *const *packets, uint16_t n, uint64_t now,
		    struct weir_packet_verdict *verdicts)
{
	struct loop *loop = context;

	describe(loop, packets, n, now);
	weir_worker_process(loop->worker, &loop->options.origin, loop->frames, n, verdicts);
}

/* What another core's worker answered with ELSEWHERE. */
static void take(void *context, struct rte_mbuf *const *packets, uint16_t n, uint64_t now,
		 struct weir_packet_verdict *verdicts)
{
	struct loop *loop = context;

	describe(loop, packets, n, now);
	weir_worker_take(loop->worker, &loop->options.origin, loop->frames, n, verdicts);
}

static void judge(struct loop *loop, const struct loop_judge *judge, struct rte_mbuf **packets,
		  uint16_t n)
{
	struct weir_packet_verdict verdicts[LOOP_BURST];
	uint64_t now = clock_now(loop->options.clock);

	__atomic_store_n(&loop->latest, now, __ATOMIC_RELAXED);
	judge->judge(judge->context, packets, n, now, verdicts);
	for (uint16_t i = 0; i < n; i++)
		settle(loop, packets[i], &verdicts[i]);
	if (loop->worker)
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
	judge(loop, &loop->judge, packets, n);
	return n;
}

static uint16_t poll_ring(struct loop *loop)
{
	struct rte_ring *ring = loop->options.rings[loop->options.worker.index];
	const struct loop_judge other = { take, loop };
	struct rte_mbuf *packets[LOOP_BURST];
	uint16_t n = (uint16_t)rte_ring_dequeue_burst(ring, (void **)packets, LOOP_BURST, NULL);

	if (n)
		judge(loop, &other, packets, n);
	return n;
}

/* The loop. */

void loop_expect(struct ports *ports, struct weir_worker_options *out)
{
	out->arrival = WEIR_ARRIVAL_ANY;
	if (!ports->spread.entries)
		return;
	out->arrival = WEIR_ARRIVAL_OWN;
	out->owner = spread_owner;
	out->owner_context = &ports->spread;
}

int loop_init(struct loop *loop, const struct loop_options *options)
{
	memset(loop, 0, sizeof(*loop));
	loop->options = *options;
	loop->latest = clock_now(options->clock);
	loop->looked = loop->latest;
	loop->patience = rte_get_tsc_hz() / LOOP_PATIENCE;
	loop->judge = options->judge;
	if (loop->judge.judge)
		return 0;
	loop->judge = (struct loop_judge){ process, loop };
	for (unsigned i = 0; i < LOOP_BURST; i++)
		loop->frames[i].link_type = ETHERNET;
	return weir_worker_create(&loop->options.worker, &loop->worker);
}

void loop_finish(struct loop *loop)
{
	for (unsigned i = 0; i < LOOP_WAITING; i++)
		rte_pktmbuf_free(loop->held[i]);
	weir_worker_destroy(loop->worker);
}

static void tell(struct loop *loop, uint64_t asked)
{
	if (loop->worker)
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
	if (loop->worker) {
		weir_worker_rest(loop->worker, now);
		settle_released(loop);
	}
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

/* Where the time of a round went. One without a packet may have rested. */
static void book(struct loop *loop, uint16_t n)
{
	uint64_t now = rte_rdtsc();
	uint64_t took = now - loop->round;

	loop->round = now;
	if (took > loop->patience)
		loop->counters.stalled += took;
	else if (n)
		loop->counters.busy += took;
}

int loop_run(void *context)
{
	struct loop *loop = context;
	enum loop_state state = LOOP_RUN;
	unsigned empty = 0;

	loop->round = rte_rdtsc();
	for (;;) {
		uint16_t n = poll_all(loop, state);

		book(loop, n);

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

uint64_t loop_turn(struct loop *loop)
{
	uint64_t packets = 0;
	uint16_t n;

	loop->round = rte_rdtsc();
	do {
		n = poll_all(loop, LOOP_RUN);
		book(loop, n);
		packets += n;
	} while (n);
	return packets;
}

/* Steering. */

void loop_rearm(struct loop *loop)
{
	loop->state = LOOP_RUN;
	loop->reached = LOOP_RUN;
	loop->answered = loop->asked;
}

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

bool loop_has_rested(const struct loop *loop, uint64_t since)
{
	return __atomic_load_n(&loop->looked, __ATOMIC_ACQUIRE) > since;
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
