#include "generator.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

#include "latency.h"
#include "refuse.h"
#include "wire.h"

enum {
	POOL_CACHE = 512,
	BURSTS_A_SECOND = 100000, /* where more packets are due than that */
	OWED_MOST = 64 * GEN_ALL, /* of a share, while no flow is fit for it */
	TRIES = 4 * GENERATOR_BURST,
	SCALE_BITS = 48,
};

/* Pool. */

static void clear_buffer(struct rte_mempool *pool, void *context, void *object, unsigned index)
{
	struct rte_mbuf *packet = object;

	(void)pool;
	(void)context;
	(void)index;
	memset(packet->buf_addr, 0, packet->buf_len);
}

struct rte_mempool *generator_pool_create(const char *name, uint32_t packets)
{
	uint32_t cache = packets / 4 < POOL_CACHE ? packets / 4 : POOL_CACHE;
	struct rte_mempool *pool = rte_pktmbuf_pool_create(
		name, packets, cache, 0, RTE_MBUF_DEFAULT_BUF_SIZE, (int)rte_socket_id());

	if (pool)
		rte_mempool_obj_iter(pool, clear_buffer, NULL);
	return pool;
}

/* Flows. */

static uint32_t number_of(const struct generator *generator, uint32_t flow)
{
	return generator->first + flow;
}

static uint16_t next_port(struct generator *generator, uint32_t connection)
{
	uint16_t count = generator->options.count;
	uint16_t *next = &generator->ports[connection];
	unsigned port = TRAFFIC_PORT_FIRST + generator->options.index + (unsigned)count * *next;

	*next = *next + 1u < TRAFFIC_PORTS / count ? *next + 1 : 0;
	return frame_order(port);
}

static void place_flows(struct generator *generator)
{
	const struct traffic *traffic = generator->options.traffic;

	for (uint32_t i = 0; i < generator->flow_count; i++) {
		struct generator_flow *flow = &generator->flows[i];

		flow->connection = traffic_flow_connection(traffic, number_of(generator, i));
		if (traffic_is_trace(traffic))
			flow->port =
				frame_order(traffic->connections[flow->connection].key.source_port);
		else
			flow->port = next_port(generator, flow->connection);
	}
}

/* A generator has its share of the ports, of which half are to rest. */
static int check_ports(const struct generator *generator, struct weir_error *error)
{
	const struct traffic *traffic = generator->options.traffic;
	uint32_t most = TRAFFIC_PORTS / generator->options.count / 2;

	for (uint32_t i = 0; !traffic_is_trace(traffic) && i < traffic->connection_count; i++)
		if (generator->ports[i] > most)
			return gen_refuse(error,
					  "%u flows of one connection for one of %u generators: at "
					  "most %u, so fewer flows or more connections",
					  generator->ports[i], generator->options.count, most);
	return 0;
}

static uint32_t first_flow(const struct generator_options *options, uint32_t index)
{
	return (uint32_t)((uint64_t)options->traffic->flow_count * index / options->count);
}

static int set_up(struct generator *generator, struct weir_error *error)
{
	const struct traffic *traffic = generator->options.traffic;
	uint16_t count = generator->options.count;

	if (count > GENERATORS_MAX || generator->options.index >= count ||
	    traffic->flow_count < count)
		return gen_refuse(error, "%u generators for %u flows: each has one, and at most %u",
				  count, traffic->flow_count, GENERATORS_MAX);
	generator->hz = rte_get_tsc_hz();
	generator->first = first_flow(&generator->options, generator->options.index);
	generator->flow_count =
		first_flow(&generator->options, generator->options.index + 1u) - generator->first;
	generator->flows = calloc(generator->flow_count, sizeof(*generator->flows));
	generator->ports = calloc(traffic->connection_count, sizeof(*generator->ports));
	if (!generator->flows || !generator->ports)
		return -ENOMEM;
	place_flows(generator);
	return check_ports(generator, error);
}

int generator_create(const struct generator_options *options, struct generator **out,
		     struct weir_error *error)
{
	struct generator *generator = calloc(1, sizeof(*generator));
	int status;

	if (!generator)
		return -ENOMEM;
	generator->options = *options;
	if (!generator->options.count)
		generator->options.count = 1;
	status = set_up(generator, error);
	if (status) {
		generator_destroy(generator);
		return status;
	}
	*out = generator;
	return 0;
}

void generator_destroy(struct generator *generator)
{
	if (!generator)
		return;
	generator_stop(generator);
	free(generator->flows);
	free(generator->ports);
	free(generator);
}

/* Trials. */

static int check_shares(const struct traffic *traffic, const struct generator_trial *trial,
			struct weir_error *error)
{
	if (trial->replies > GEN_ALL || trial->openings > GEN_ALL || trial->fragments > GEN_ALL ||
	    trial->extensions > GEN_ALL || trial->malformed > GEN_ALL)
		return gen_refuse(error, "a share is more than all");
	if (traffic_is_trace(traffic) && (trial->replies || trial->openings))
		return gen_refuse(error, "a trace has its own connections and replies");
	if (traffic_is_trace(traffic) &&
	    (trial->fragments || trial->extensions || trial->malformed))
		return gen_refuse(error, "of a trace only plain frames are made");
	if (trial->extensions && !traffic_has_ipv6(traffic))
		return gen_refuse(error, "no connection is over IPv6, which has extension headers");
	if (!traffic_is_trace(traffic) && trial->openings > traffic->allowed)
		return gen_refuse(error, "more packets are to open connections than flows are "
					 "allowed");
	return 0;
}

static int check(const struct traffic *traffic, const struct generator_trial *trial,
		 struct weir_error *error)
{
	if (!trial->mix.count && !traffic_is_trace(traffic))
		return gen_refuse(error, "no frame size");
	for (uint32_t i = 0; i < trial->mix.count; i++) {
		uint16_t bytes = trial->mix.sizes[i].bytes;

		if (bytes < traffic->least_frame || bytes > FRAME_MOST)
			return gen_refuse(error, "frames of %u bytes: %u to %u here", bytes,
					  traffic->least_frame, FRAME_MOST);
	}
	return check_shares(traffic, trial, error);
}

/* Each size comes as evenly as its weight lets it: next is what is furthest behind. */
static void order_sizes(struct generator *generator)
{
	const struct traffic_mix *mix = &generator->trial.mix;
	int32_t behind[TRAFFIC_SIZES_MAX] = { 0 };
	int32_t all = 0;

	for (uint32_t i = 0; i < mix->count; i++)
		all += mix->sizes[i].weight;
	for (int32_t at = 0; at < all; at++) {
		uint32_t next = 0;

		for (uint32_t i = 0; i < mix->count; i++) {
			behind[i] += mix->sizes[i].weight;
			if (behind[i] > behind[next])
				next = i;
		}
		behind[next] -= all;
		generator->sizes[at] = mix->sizes[next].bytes;
	}
	generator->size_count = (uint32_t)all;
	generator->size_at = 0;
}

static uint64_t scale_of(uint64_t rate, uint64_t hz)
{
	__extension__ unsigned __int128 scale = rate;

	return (uint64_t)((scale << SCALE_BITS) / hz);
}

static uint32_t burst_of(uint64_t rate)
{
	uint64_t burst = rate / BURSTS_A_SECOND;

	if (!rate || burst > GENERATOR_BURST)
		return GENERATOR_BURST;
	return burst ? (uint32_t)burst : 1;
}

static uint32_t common_divisor(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* One that comes to every flow. */
static uint32_t step_for(uint32_t flows, uint32_t wanted)
{
	uint32_t step = wanted ? wanted % flows : 1;

	while (common_divisor(flows, step) != 1)
		step++;
	return step;
}

int generator_begin(struct generator *generator, const struct generator_trial *trial, uint64_t now,
		    struct weir_error *error)
{
	int status = check(generator->options.traffic, trial, error);

	if (status)
		return status;
	generator_stop(generator);
	generator->trial = *trial;
	generator->mark = stamp_mark(trial->run, 0);
	generator->burst = burst_of(trial->rate);
	/* Both halves of a datagram are of one burst. */
	if (trial->fragments && generator->burst < 2)
		generator->burst = 2;
	generator->scale = scale_of(trial->rate, generator->hz);
	generator->openings = 0;
	generator->replies = 0;
	memset(generator->forms, 0, sizeof(generator->forms));
	generator->half = (struct sending){ .form = FRAME_PLAIN };
	generator->step = step_for(generator->flow_count, trial->step);
	generator->began = now;
	generator->taken = 0;
	generator->made = 0;
	generator->counters = (struct generator_counters){ 0 };
	order_sizes(generator);
	for (uint32_t i = 0; i < generator->flow_count; i++) {
		memset(generator->flows[i].sequence, 0, sizeof(generator->flows[i].sequence));
		generator->flows[i].is_asked = false;
	}
	return 0;
}

bool generator_is_done(const struct generator *generator)
{
	if (!generator->trial.packets || generator->made < generator->trial.packets)
		return false;
	for (enum frame_way way = FRAME_FORWARD; way < FRAME_WAYS; way++)
		if (generator->leaving[way].gone < generator->leaving[way].count)
			return false;
	return true;
}

/* The bucket. */

static uint64_t tokens(const struct generator *generator, uint64_t now)
{
	__extension__ unsigned __int128 product = now - generator->began;

	product *= generator->scale;
	return (uint64_t)(product >> SCALE_BITS);
}

static uint32_t due(struct generator *generator, uint64_t now)
{
	uint64_t left = UINT64_MAX;
	uint64_t available = GENERATOR_BURST;
	uint32_t burst = generator->burst;

	if (generator->trial.packets)
		left = generator->trial.packets - generator->made;
	if (generator->trial.rate)
		available = tokens(generator, now) - generator->taken;
	if (available > GENERATOR_DEPTH && left) {
		generator->counters.forgone += available - GENERATOR_DEPTH;
		generator->taken += available - GENERATOR_DEPTH;
	}
	if (burst > left)
		burst = (uint32_t)left;
	if (available < burst)
		return 0;
	if (available > GENERATOR_BURST)
		available = GENERATOR_BURST;
	return (uint32_t)(available < left ? available : left);
}

/* What comes next. */

static bool is_open(struct generator *generator, struct generator_flow *flow, uint32_t number)
{
	if (!flow->is_open)
		flow->is_open = __atomic_load_n(&generator->options.traffic->arrived[number],
						__ATOMIC_RELAXED) ==
				(TRAFFIC_ARRIVED | flow->generation % STAMP_GENERATIONS);
	return flow->is_open;
}

/* Another connection takes the flow's place. */
static void open_anew(struct generator *generator, struct generator_flow *flow)
{
	flow->port = next_port(generator, flow->connection);
	flow->generation++;
	flow->is_open = false;
	flow->is_answered = false;
	generator->counters.opened++;
}

static uint16_t next_size(struct generator *generator)
{
	uint16_t size = generator->sizes[generator->size_at++];

	if (generator->size_at == generator->size_count)
		generator->size_at = 0;
	return size;
}

static void visit(struct generator *generator, struct sending *out)
{
	uint32_t at = generator->at;
	struct generator_flow *flow = &generator->flows[at];

	generator->at = (uint32_t)(((uint64_t)at + generator->step) % generator->flow_count);
	*out = (struct sending){ .flow = at, .way = FRAME_FORWARD, .size = next_size(generator) };
	if (generator->openings < OWED_MOST)
		generator->openings += generator->trial.openings;
	if (!generator->options.traffic->connections[flow->connection].is_allowed)
		return;
	if (generator->openings >= GEN_ALL && flow->has_begun) {
		generator->openings -= GEN_ALL;
		open_anew(generator, flow);
	}
	if (generator->replies < OWED_MOST)
		generator->replies += generator->trial.replies;
	if (generator->replies >= GEN_ALL && is_open(generator, flow, number_of(generator, at))) {
		generator->replies -= GEN_ALL;
		out->way = FRAME_REPLY;
	}
}

/* The trace's next packet that is ours and can be sent; false: not now. */
static bool follow(struct generator *generator, struct sending *out)
{
	const struct traffic *traffic = generator->options.traffic;

	for (unsigned tried = 0; tried < TRIES; tried++) {
		const struct traffic_packet *packet = &traffic->packets[generator->at];
		uint32_t number = packet->flow & STAMP_FLOW;
		uint32_t flow = number - generator->first;

		generator->at = generator->at + 1 < traffic->packet_count ? generator->at + 1 : 0;
		if (flow >= generator->flow_count)
			continue;
		if (packet->flow & STAMP_REPLY &&
		    !is_open(generator, &generator->flows[flow], number)) {
			generator->counters.skipped++;
			continue;
		}
		*out = (struct sending){
			.flow = flow,
			.way = packet->flow & STAMP_REPLY ? FRAME_REPLY : FRAME_FORWARD,
			.size = generator->size_count ? next_size(generator) : packet->size,
		};
		return true;
	}
	return false;
}

static bool is_due(struct generator *generator, enum frame_form form, uint16_t share)
{
	uint32_t *owed = &generator->forms[form];

	if (*owed < OWED_MOST)
		*owed += share;
	return *owed >= GEN_ALL;
}

/* One form a visit; what has to wait for the next is owed. */
static enum frame_form next_form(struct generator *generator, const struct sending *sending,
				 uint32_t left)
{
	const struct generator_trial *trial = &generator->trial;
	const struct generator_flow *flow = &generator->flows[sending->flow];
	const struct traffic_connection *connection =
		&generator->options.traffic->connections[flow->connection];
	bool is_ipv6 = !connection->templates[FRAME_FORWARD].is_ipv4;
	enum frame_form form = FRAME_PLAIN;

	if (is_due(generator, FRAME_EXTENDED, is_ipv6 ? trial->extensions : 0) && is_ipv6)
		form = FRAME_EXTENDED;
	if (is_due(generator, FRAME_FIRST, trial->fragments) && left > 1 &&
	    connection->key.protocol != WEIR_PROTOCOL_SCTP)
		form = FRAME_FIRST;
	if (is_due(generator, FRAME_MALFORMED, trial->malformed))
		form = FRAME_MALFORMED;
	if (form != FRAME_PLAIN)
		generator->forms[form] -= GEN_ALL;
	return form;
}

/* Of a burst in which so many are left. */
static bool choose(struct generator *generator, uint32_t left, struct sending *out)
{
	if (traffic_is_trace(generator->options.traffic))
		return follow(generator, out);
	if (generator->half.form == FRAME_LATER) {
		*out = generator->half;
		generator->half.form = FRAME_PLAIN;
		return true;
	}
	visit(generator, out);
	out->form = next_form(generator, out, left);
	if (out->form == FRAME_FIRST) {
		generator->half = *out;
		generator->half.form = FRAME_LATER;
		generator->identification++;
	}
	return true;
}

/* Frames. */

static uint8_t tcp_flags(struct generator *generator, struct generator_flow *flow, uint32_t number,
			 enum frame_way way)
{
	bool was_answered = flow->is_answered;

	if (way == FRAME_FORWARD)
		return is_open(generator, flow, number) ? GEN_ACK : GEN_SYN;
	flow->is_answered = true;
	return was_answered ? GEN_ACK : GEN_SYN | GEN_ACK;
}

/* Writes it, and says how long it is. */
static uint16_t write_halves(const struct generator *generator,
			     const struct frame_template *template, const struct sending *sending,
			     const struct frame *frame, uint8_t *out)
{
	struct frame_halves halves = frame_halve(template, sending->size);
	struct stamp later = frame->stamp;

	halves.identification = generator->identification;
	if (sending->form == FRAME_LATER) {
		frame_write_later(template, &halves, &later, out);
		return frame_fragment_headers(template) + halves.later;
	}
	later.sequence++;
	frame_write_first(template, frame, &halves, &later, out);
	return frame_fragment_headers(template) + halves.first;
}

static uint16_t write_extended(const struct frame_template *template, struct frame *frame,
			       uint16_t least, uint8_t *out)
{
	uint16_t length = frame->length;

	frame->length = frame_length(
		template, length < least + FRAME_EXTENSIONS ? least : length - FRAME_EXTENSIONS);
	frame_write(template, frame, out);
	frame_extend(template, out);
	return frame->length + FRAME_EXTENSIONS;
}

static uint16_t write_form(const struct generator *generator,
			   const struct traffic_connection *connection,
			   const struct sending *sending, struct frame *frame, uint8_t *out)
{
	const struct frame_template *template = &connection->templates[sending->way];

	switch (sending->form) {
	case FRAME_FIRST:
	case FRAME_LATER:
		return write_halves(generator, template, sending, frame, out);
	case FRAME_EXTENDED:
		return write_extended(template, frame, frame_least(&connection->key) - FRAME_CHECK,
				      out);
	default:
		frame->length = frame_length(template, frame->length);
		frame_write(template, frame, out);
		if (sending->form == FRAME_MALFORMED)
			frame_spoil(template, frame->stamp.sequence, out);
		return frame->length;
	}
}

/* What a flow is known by, once something was made for it that may come through. */
static void note_asked(struct generator *generator, struct generator_flow *flow, enum frame_way way)
{
	generator->counters.opened += !flow->has_begun;
	flow->has_begun = true;
	flow->is_asked |= way == FRAME_FORWARD;
}

static void make_packet(struct generator *generator, const struct sending *sending, uint32_t time,
			struct rte_mbuf *packet)
{
	struct generator_flow *flow = &generator->flows[sending->flow];
	const struct traffic_connection *connection =
		&generator->options.traffic->connections[flow->connection];
	bool is_malformed = sending->form == FRAME_MALFORMED;
	bool is_allowed = connection->is_allowed && !is_malformed;
	uint32_t number = number_of(generator, sending->flow);
	struct frame frame = {
		.stamp = {
			.flow = number | (is_allowed ? STAMP_ALLOWED : 0) |
				(sending->way == FRAME_REPLY ? STAMP_REPLY : 0),
			.sequence = flow->sequence[sending->way]++,
			.time = time,
			.mark = generator->mark | flow->generation % STAMP_GENERATIONS,
		},
		.port = flow->port,
		.length = sending->size - FRAME_CHECK,
		.tcp_flags = tcp_flags(generator, flow, number, sending->way),
	};
	struct generator_counters *counters = &generator->counters;

	if (!is_malformed)
		note_asked(generator, flow, sending->way);
	packet->data_len = write_form(generator, connection, sending, &frame,
				      rte_pktmbuf_mtod(packet, uint8_t *));
	packet->pkt_len = packet->data_len;
	counters->allowed += is_allowed;
	counters->denied += !is_allowed;
	counters->malformed += is_malformed;
	counters->fragments += sending->form == FRAME_FIRST || sending->form == FRAME_LATER;
	counters->extended += sending->form == FRAME_EXTENDED;
	counters->sent_bytes += packet->data_len + FRAME_CHECK;
}

/* Makes at most n packets, and returns how many. */
static uint32_t make_burst(struct generator *generator, uint32_t n, uint32_t time)
{
	struct rte_mbuf *packets[GENERATOR_BURST];
	uint32_t made = 0;
	struct sending sending;

	if (rte_pktmbuf_alloc_bulk(generator->options.pool, packets, n)) {
		generator->counters.unbuffered += n;
		return 0;
	}
	for (; made < n && choose(generator, n - made, &sending); made++) {
		make_packet(generator, &sending, time, packets[made]);
		generator->leaving[sending.way].packets[generator->leaving[sending.way].count++] =
			packets[made];
	}
	if (made < n)
		rte_pktmbuf_free_bulk(packets + made, n - made);
	return made;
}

/* Sending. */

static void give_up(struct generator *generator, struct rte_mbuf *const *packets, uint16_t n)
{
	struct generator_counters *counters = &generator->counters;

	for (uint16_t i = 0; i < n; i++) {
		uint32_t length = rte_pktmbuf_data_len(packets[i]);
		struct stamp stamp = { 0 };

		stamp_read(rte_pktmbuf_mtod(packets[i], const uint8_t *), length, &stamp);
		counters->allowed -= (stamp.flow & STAMP_ALLOWED) != 0;
		counters->denied -= (stamp.flow & STAMP_ALLOWED) == 0;
		counters->sent_bytes -= length + FRAME_CHECK;
		rte_pktmbuf_free(packets[i]);
	}
	counters->unsent += n;
}

/* Returns how many went. */
static uint16_t flush(struct generator *generator, enum frame_way way)
{
	const struct exchange_side *side = &generator->options.sides[way];
	struct rte_mbuf **packets = generator->leaving[way].packets + generator->leaving[way].gone;
	uint16_t n = generator->leaving[way].count - generator->leaving[way].gone;
	uint16_t sent = n ? rte_eth_tx_burst(side->port, side->queue, packets, n) : 0;

	generator->counters.sent[way] += sent;
	generator->leaving[way].gone += sent;
	if (sent == n || generator->trial.rate) {
		give_up(generator, packets + sent, n - sent);
		generator->leaving[way].count = 0;
		generator->leaving[way].gone = 0;
	}
	return sent;
}

uint16_t generator_step(struct generator *generator, uint64_t now)
{
	uint16_t sent = 0;
	uint32_t n;

	if (!generator->leaving[FRAME_FORWARD].count && !generator->leaving[FRAME_REPLY].count) {
		n = due(generator, now);
		if (!n)
			return 0;
		generator->made += make_burst(generator, n, latency_ticks(now));
		generator->taken += n;
	}
	for (enum frame_way way = FRAME_FORWARD; way < FRAME_WAYS; way++)
		sent += flush(generator, way);
	return sent;
}

void generator_stop(struct generator *generator)
{
	for (enum frame_way way = FRAME_FORWARD; way < FRAME_WAYS; way++) {
		uint16_t gone = generator->leaving[way].gone;

		give_up(generator, generator->leaving[way].packets + gone,
			generator->leaving[way].count - gone);
		generator->leaving[way].count = 0;
		generator->leaving[way].gone = 0;
	}
}

/* They are made of 64-bit numbers throughout. */
static_assert(sizeof(struct generator_counters) % sizeof(uint64_t) == 0, "numbers of 64 bits");

void generator_counters_add(struct generator_counters *sum, const struct generator_counters *more)
{
	const uint64_t *from = (const uint64_t *)more;
	uint64_t *to = (uint64_t *)sum;

	for (size_t i = 0; i < sizeof(*sum) / sizeof(*to); i++)
		to[i] += from[i];
}
