#include "device.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>
#include <rte_launch.h>
#include <rte_lcore.h>

#include "disturbance.h"
#include "memory.h"

enum {
	POOL = 32767,     /* packets of the tester */
	RING = 1024,      /* packets on their way between loops */
	TURN = 512,       /* packets that wait when it is the filter's turn */
	TURN_GIVEN = 128, /* packets that the queues of any port hold */
	ASKED = 100,      /* times a loop for its counters, a tenth of a second each */
	/* Milliseconds, many: where others want the processors, whoever polls is away for long. */
	AWAY = 10000,     /* that a loop may be, */
	UNDER_WAY = 1000, /* and a packet between ports that are no rings */
	SILENCE = 20,     /* without a packet from these, after which no more is expected */
	AWAY_MOST = 200,  /* a part of the loops' time: half a percent */
};

static uint64_t nanoseconds(unsigned milliseconds)
{
	return milliseconds * UINT64_C(1000000);
}

/* The tester. */

static struct exchange_side side_of(const struct device_tester *tester, unsigned side,
				    uint16_t queue)
{
	return (struct exchange_side){ tester->wire->tester.port[side].id, queue };
}

static int make_pair(struct device_tester *tester, struct traffic *traffic, uint16_t index,
		     struct weir_error *error)
{
	const struct exchange_side sides[FRAME_WAYS] = { side_of(tester, 0, index),
							 side_of(tester, 1, index) };
	struct generator_options options = {
		.traffic = traffic, .pool = tester->pool, .index = index, .count = tester->pairs
	};
	struct checker_options listening = { .traffic = traffic, .wiring = WIRING_PAIRS };
	int status;

	memcpy(options.sides, sides, sizeof(sides));
	memcpy(listening.sides, sides, sizeof(sides));
	status = generator_create(&options, &tester->generators[index], error);
	return status ? status : checker_create(&listening, &tester->checkers[index]);
}

int device_tester_create(struct wire *wire, struct traffic *traffic, struct device_tester *out,
			 struct weir_error *error)
{
	struct device_tester tester = { .wire = wire, .pairs = wire_pairs(wire) };
	int status = 0;

	tester.pool = generator_pool_create("weir-tester", POOL);
	if (!tester.pool)
		status = -ENOMEM;
	for (uint16_t i = 0; !status && i < tester.pairs; i++)
		status = make_pair(&tester, traffic, i, error);
	if (status)
		device_tester_finish(&tester);
	else
		*out = tester;
	if (status == -ENOMEM)
		bench_decline(error, status, "no memory for the tester");
	return status;
}

void device_tester_finish(struct device_tester *tester)
{
	for (uint16_t i = 0; i < tester->pairs; i++) {
		generator_destroy(tester->generators[i]);
		checker_destroy(tester->checkers[i]);
	}
	rte_mempool_free(tester->pool);
	memset(tester, 0, sizeof(*tester));
}

/* The filter. */

static uint16_t workers_of(const struct device *device)
{
	return device->options.tester->wire->workers;
}

static int make_judge(struct device *device, uint16_t index)
{
	const struct peer_options options = { .rules = device->options.rules,
					      .max_flows = device->options.max_flows,
					      .index = index };

	if (!device->options.peer)
		return 0;
	return device->options.peer->create(&options, &device->judges[index]);
}

static int make_loop(struct device *device, uint16_t index)
{
	struct loop_options options = {
		.ports = &device->options.tester->wire->filter,
		.clock = device->options.clock,
		.worker = { .allocator = &large_memory,
			    .slot = device->slot,
			    .flows = { .max_ipv4_flows = device->options.max_flows,
				       .max_ipv6_flows = device->options.max_flows,
				       .secret = { 1, 2 } },
			    .max_waiting = LOOP_WAITING,
			    .index = index,
			    .count = workers_of(device) },
		.origin = { .halves = WEIR_KEY_BOTH },
		.rings = device->rings,
	};
	char name[RTE_RING_NAMESIZE];
	int status = make_judge(device, index);

	if (status)
		return status;
	/* Where there are several devices at a time. */
	snprintf(name, sizeof(name), "weir-%p-%u", (void *)device, index);
	device->rings[index] = rte_ring_create(name, RING, (int)rte_socket_id(), RING_F_SC_DEQ);
	if (!device->rings[index])
		return -ENOMEM;
	if (device->options.tester->wire->is_rings)
		options.worker.arrival = WEIR_ARRIVAL_OWN;
	else
		loop_expect(options.ports, &options.worker);
	options.judge = device->judges[index];
	memcpy(options.fates, loop_enforcing, sizeof(options.fates));
	return loop_init(&device->loops[index], &options);
}

int device_create(struct device *device, const struct device_options *options)
{
	int status;

	memset(device, 0, sizeof(*device));
	device->options = *options;
	device->loops = calloc(workers_of(device), sizeof(*device->loops));
	status = device->loops ? weir_slot_create(options->policy, workers_of(device), NULL,
						  &device->slot)
			       : -ENOMEM;
	for (uint16_t i = 0; !status && i < workers_of(device); i++)
		status = make_loop(device, i);
	if (status)
		device_finish(device);
	return status;
}

void device_finish(struct device *device)
{
	if (device->loops)
		device_stop(device);
	for (uint16_t i = 0; device->loops && i < workers_of(device); i++) {
		loop_finish(&device->loops[i]);
		rte_ring_free(device->rings[i]);
		if (device->options.peer)
			device->options.peer->destroy(&device->judges[i]);
	}
	free(device->loops);
	weir_slot_destroy(device->slot);
	memset(device, 0, sizeof(*device));
}

int device_start(struct device *device)
{
	uint16_t index = 0;
	unsigned lcore;
	int status = 0;

	device->is_running = true;
	RTE_LCORE_FOREACH_WORKER(lcore)
	{
		if (status || index == workers_of(device))
			break;
		loop_rearm(&device->loops[index]);
		status = rte_eal_remote_launch(loop_run, &device->loops[index++], lcore);
	}
	return status;
}

void device_stop(struct device *device)
{
	if (!device->is_running)
		return;
	for (enum loop_state state = LOOP_DRAIN; state <= LOOP_STOP; state++)
		for (uint16_t i = 0; i < workers_of(device); i++)
			loop_tell(&device->loops[i], state);
	rte_eal_mp_wait_lcore();
	device->is_running = false;
}

/* Trials. */

static void add_loop(struct device_sums *sums, const struct loop_counters *counters)
{
	for (unsigned i = 0; i < WIRE_SIDES; i++) {
		sums->packets += counters->port[i].received;
		sums->sent += counters->port[i].sent;
	}
	sums->bursts += counters->polls - counters->polls_empty;
	sums->busy += counters->busy;
	sums->stalled += counters->stalled;
}

static bool ask_counters(struct loop *loop, struct loop_counters *out)
{
	for (unsigned i = 0; i < ASKED; i++)
		if (loop_count(loop, out))
			return true;
	return false;
}

static int count(struct device *device, struct device_sums *out)
{
	*out = (struct device_sums){ 0 };
	for (uint16_t i = 0; i < workers_of(device); i++) {
		struct loop_counters counters;

		if (!device->is_running)
			counters = device->loops[i].counters;
		else if (!ask_counters(&device->loops[i], &counters))
			return -ETIMEDOUT;
		add_loop(out, &counters);
	}
	return 0;
}

/* Each pair's, so that together they are no less. There is one at least. */
static uint64_t share_of(uint64_t whole, uint16_t pairs)
{
	return pairs > 1 ? (whole + pairs - 1) / pairs : whole;
}

static int begin(struct device *device, const struct device_load *load)
{
	struct device_tester *tester = device->options.tester;
	struct generator_trial trial = { .rate = share_of(load->rate, tester->pairs),
					 .packets = share_of(load->packets, tester->pairs),
					 .mix = *load->mix,
					 .step = (uint32_t)share_of(load->step, tester->pairs),
					 .openings = load->openings,
					 .replies = load->replies,
					 .fragments = load->fragments,
					 .extensions = load->extensions,
					 .malformed = load->malformed,
					 .run = ++tester->run };
	int status = 0;

	for (uint16_t i = 0; !status && i < tester->pairs; i++) {
		checker_begin(tester->checkers[i], trial.run);
		status =
			generator_begin(tester->generators[i], &trial, rte_rdtsc(), &tester->error);
	}
	return status;
}

static bool is_sent(const struct device *device)
{
	const struct device_tester *tester = device->options.tester;

	for (uint16_t i = 0; i < tester->pairs; i++)
		if (!generator_is_done(tester->generators[i]))
			return false;
	return true;
}

static uint16_t hear(struct device *device)
{
	const struct device_tester *tester = device->options.tester;
	uint16_t n = 0;

	for (uint16_t i = 0; i < tester->pairs; i++)
		n += checker_step(tester->checkers[i], rte_rdtsc());
	return n;
}

static uint16_t emit(struct device *device)
{
	const struct device_tester *tester = device->options.tester;
	uint16_t n = 0;

	for (uint16_t i = 0; i < tester->pairs; i++)
		n += generator_step(tester->generators[i], rte_rdtsc());
	return n;
}

static bool have_loops_rested(const struct device *device, uint64_t since)
{
	for (uint16_t i = 0; i < workers_of(device); i++)
		if (!loop_has_rested(&device->loops[i], since))
			return false;
	return true;
}

static bool is_rings(const struct device *device)
{
	return device->options.tester->wire->is_rings;
}

/* Until every loop has looked in vain, and what it sent before is here. A loop that does not get
 * its processor back has lost what waits for it. */
static void drain(struct device *device)
{
	const struct clock *clock = device->options.clock;
	uint64_t silence = is_rings(device) ? 0 : nanoseconds(SILENCE);
	uint64_t began = clock_now(clock);
	uint64_t now = began;
	uint64_t heard = began;

	while (now - began < nanoseconds(AWAY) &&
	       (now - heard < silence || !have_loops_rested(device, began + silence))) {
		if (hear(device))
			heard = now;
		now = clock_now(clock);
	}
	while (hear(device))
		;
}

static uint64_t sent_so_far(const struct device *device)
{
	const struct device_tester *tester = device->options.tester;
	uint64_t sent = 0;

	for (uint16_t i = 0; i < tester->pairs; i++)
		sent += tester->generators[i]->made;
	return sent;
}

static int replace(struct device *device, const struct device_load *load, bool *is_replaced)
{
	if (!load->replacement || *is_replaced || sent_so_far(device) < load->packets / 2)
		return 0;
	*is_replaced = true;
	return weir_slot_publish(device->slot, load->replacement);
}

/* The cycles that sending took, */
struct sending_time {
	uint64_t cycles;
	uint64_t away; /* of them those in which the tester had no processor */
};

/* as these two say. */

static int exchange(struct device *device, const struct device_load *load,
		    struct sending_time *time)
{
	uint64_t patience = rte_get_tsc_hz() / LOOP_PATIENCE * device->options.tester->pairs;
	uint64_t began = rte_rdtsc();
	uint64_t now = began;
	bool is_replaced = false;
	int status = 0;

	while (!status && !is_sent(device)) {
		uint64_t round = now;

		emit(device);
		hear(device);
		status = replace(device, load, &is_replaced);
		now = rte_rdtsc();
		if (now - round > patience)
			time->away += now - round;
	}
	time->cycles = now - began;
	drain(device);
	return status;
}

static void filter_and_hear(struct device *device)
{
	uint64_t n;

	/* What one hands over is another's, which may have had its turn. */
	do {
		n = 0;
		for (uint16_t i = 0; i < workers_of(device); i++)
			n += loop_turn(&device->loops[i]);
	} while (n);
	while (hear(device))
		;
}

static uint64_t missing(uint64_t sent, uint64_t came)
{
	return sent > came ? sent - came : 0;
}

/* Packets that are somewhere between the ports, or lost there: of those that the generators sent,
 * and of those that the loops did. */
static uint64_t under_way(const struct device *device)
{
	const struct device_tester *tester = device->options.tester;
	struct device_sums sums = { 0 };
	uint64_t sent = 0;
	uint64_t heard = 0;

	for (uint16_t i = 0; i < workers_of(device); i++)
		add_loop(&sums, &device->loops[i].counters);
	for (uint16_t i = 0; i < tester->pairs; i++) {
		sent += tester->generators[i]->counters.sent[FRAME_FORWARD] +
			tester->generators[i]->counters.sent[FRAME_REPLY];
		heard += tester->checkers[i]->counters.received;
	}
	return missing(sent, sums.packets - device->before.packets) +
	       missing(sums.sent - device->before.sent, heard);
}

/* What is lost is waited for once. */
static void await_packets(struct device *device, uint64_t *lost)
{
	const struct clock *clock = device->options.clock;
	uint64_t began = clock_now(clock);

	while (under_way(device) > *lost && clock_now(clock) - began < nanoseconds(UNDER_WAY))
		filter_and_hear(device);
	*lost = under_way(device);
}

static int take_turns(struct device *device, const struct device_load *load,
		      struct sending_time *time)
{
	unsigned turn = is_rings(device) ? TURN : TURN_GIVEN;
	uint64_t began = rte_rdtsc();
	uint64_t lost = 0;

	(void)load;
	while (!is_sent(device)) {
		for (unsigned i = 0; i < turn / GENERATOR_BURST; i++)
			emit(device);
		filter_and_hear(device);
		if (!is_rings(device))
			await_packets(device, &lost);
	}
	time->cycles = rte_rdtsc() - began;
	return 0;
}

typedef int exchange_function(struct device *device, const struct device_load *load,
			      struct sending_time *time);

/* What the tester found. */
static void settle(struct device *device, const struct device_load *load,
		   const struct sending_time *time, struct device_trial *trial)
{
	struct device_tester *tester = device->options.tester;
	const struct generator_counters *sent = &trial->outcome.sent;
	struct search_trial *counted = &trial->counted;

	latency_clear(&trial->latency);
	for (uint16_t i = 0; i < tester->pairs; i++) {
		generator_stop(tester->generators[i]);
		latency_add(&trial->latency, &tester->checkers[i]->latency);
	}
	traffic_settle(tester->generators, tester->pairs, tester->checkers, tester->pairs,
		       &trial->outcome);
	counted->offered = sent->sent[FRAME_FORWARD] + sent->sent[FRAME_REPLY];
	counted->lost = trial->outcome.lost;
	/* What a ring does not take the filter was too slow for; a NIC may be as slow as the wire.
	 */
	if (tester->wire->is_rings && load->rate) {
		counted->offered += sent->unsent;
		counted->lost += sent->unsent;
	}
	if (time->cycles)
		counted->rate = (uint64_t)((double)counted->offered * (double)rte_get_tsc_hz() /
					   (double)time->cycles);
}

/* Packets that are due in so many cycles. */
static uint64_t due(const struct device_load *load, uint64_t cycles)
{
	return (uint64_t)((double)load->rate * (double)cycles / (double)rte_get_tsc_hz());
}

/* A loop that is away misses its share of what is sent. */
static void excuse(const struct device *device, const struct device_load *load,
		   const struct sending_time *time, uint64_t stalled, struct device_trial *trial)
{
	uint64_t whole =
		device->is_running ? time->cycles * workers_of(device) : trial->busy + stalled;

	trial->away = whole ? (double)stalled / (double)whole : 0;
	trial->counted.excused = due(load, stalled / workers_of(device));
	trial->counted.unoffered = due(load, time->away);
}

bool device_was_away(const struct device_trial *trial)
{
	return trial->away * AWAY_MOST > 1;
}

static void subtract(const struct device_sums *before, const struct device_sums *after,
		     struct device_trial *trial)
{
	trial->packets = after->packets - before->packets;
	trial->bursts = after->bursts - before->bursts;
	trial->busy = after->busy - before->busy;
}

/* What is still on its way is of no trial; and some ports have room only once whoever has the other
 * end has looked. */
static void clear_ports(struct device *device)
{
	if (device->is_running)
		while (hear(device))
			;
	else
		filter_and_hear(device);
}

static int try(struct device *device, const struct device_load *load, exchange_function *how,
	       struct device_trial *out)
{
	uint64_t stolen = disturbance_stolen();
	struct sending_time time = { 0 };
	struct device_sums sums;
	int status;

	clear_ports(device);
	status = count(device, &device->before);
	memset(out, 0, sizeof(*out));
	if (!status)
		status = begin(device, load);
	if (!status)
		status = how(device, load, &time);
	if (!status)
		status = count(device, &sums);
	if (status)
		return status;
	out->stolen_ms = disturbance_stolen() - stolen;
	subtract(&device->before, &sums, out);
	settle(device, load, &time, out);
	excuse(device, load, &time, sums.stalled - device->before.stalled, out);
	return 0;
}

int device_try(struct device *device, const struct device_load *load, struct device_trial *out)
{
	return try(device, load, exchange, out);
}

int device_try_by_turns(struct device *device, const struct device_load *load,
			struct device_trial *out)
{
	return try(device, load, take_turns, out);
}

const char *device_find_strays(const struct device_trial *trial)
{
	if (trial->outcome.received.astray)
		return "packets came out where they were sent in";
	if (trial->outcome.received.duplicated)
		return "packets came through twice";
	return NULL;
}

const char *device_find_leaks(const struct device_trial *trial)
{
	return trial->outcome.received.leaked ? "packets came through that the policies deny"
					      : NULL;
}

const char *device_find_silence(const struct device_trial *trial)
{
	return trial->outcome.silent_flows
		       ? "connections did not come through that the policies allow"
		       : NULL;
}
