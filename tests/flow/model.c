/*
 * The live table against a naive tracker: an array with a place for every connection that can be,
 * plain flags for what it has lived through. Small tables that are always full, larger ones that
 * never are, times that jump. Answers must be identical, packet by packet; nothing may be lost or
 * looked at too often.
 *
 * A larger table lets go of a flow only when all buckets where a new one may be are full, which the
 * tracker does not foresee: it checks that the one let go of might go, and that it is rare.
 */
#include "test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dice.h"
#include "shown.h"
#include "table.h"

enum {
	STEP = 1 << 27,
	STEPS_MAX = 16 + 2 * 32 + 16, /* room, placed twice with room between */
	SWEPT_MAX = 8,
};

/* In the year 2116 time stands still. */
#define LAST_TIME ((((UINT64_C(1) << 35) - 1) << 27) - 1)

enum protocol { TCP, UDP, SCTP, ICMP, GRE, PROTOCOLS };

enum answer { UNKNOWN, FORWARD, REPLY, AGAIN, REFUSED, BEGUN };

struct naive {
	bool is_kept;
	bool sent[2], opened[2], accepted[2], finished[2], talked[2];
	bool is_aborted;
	unsigned first;
	unsigned opener; /* 2: nobody knows */
	bool opener_is_certain;
	bool opener_was_accepted;
	uint64_t seen; /* the last packet, rounded up to a step */
	uint64_t deadline;
	uint32_t memo;
};

struct world {
	struct dice dice;
	struct weir_flow_table *table;
	struct naive *flows;
	uint32_t universe;
	uint32_t max[2];
	uint64_t now;
	uint64_t answers[6];
	uint64_t evicted;
	uint32_t stamp;
};

static enum protocol protocol_of(uint32_t which)
{
	return which / 2 % PROTOCOLS;
}

static struct weir_address host(uint32_t number, bool is_ipv6)
{
	uint32_t mixed = number * 2654435761u;
	struct weir_address address = { { 0x20, 0x01, 0x0d, 0xb8 } };

	if (!is_ipv6)
		return weir_address_from_ipv4((const uint8_t *)&mixed);
	memcpy(&address.bytes[12 - number % 3 * 4], &mixed, sizeof(mixed));
	return address;
}

/* What a connection of the universe sends; side 0 is its A, who asks where one asks. */
static struct weir_packet packet_of(struct dice *dice, uint32_t which, unsigned side)
{
	static const uint8_t numbers[PROTOCOLS] = { 6, 17, 132, 1, 47 };
	static const uint8_t flags[] = { 0x02, 0x02, 0x02, 0x12, 0x12, 0x10, 0x10, 0x10, 0x10,
					 0x10, 0x18, 0x11, 0x11, 0x04, 0x14, 0x03, 0x00 };
	static const uint8_t chunks[] = { 1, 1, 2, 10, 11, 0, 0, 0, 3, 4, 5, 7, 8, 14, 6 };
	enum protocol protocol = protocol_of(which);
	bool is_ipv6 = which & 1;
	uint32_t number = which / (2 * PROTOCOLS);
	struct weir_address ends[2];
	uint16_t ports[2] = { 0, 0 };
	struct weir_packet packet = { .tcp_flags = DICE_PICK(dice, flags),
				      .tcp_flags_known = !dice_one_in(dice, 50),
				      .sctp_chunk = DICE_PICK(dice, chunks),
				      .sctp_chunk_known = !dice_one_in(dice, 50) };

	if (protocol < ICMP) {
		ports[0] = (uint16_t)(number % 3);
		ports[1] = (uint16_t)(number / 3 % 3);
		number /= 9;
	} else if (protocol == ICMP) {
		ports[0] = ports[1] = (uint16_t)(number % 5);
		number /= 5;
		packet.icmp_type = (uint8_t)(is_ipv6 ? 128 + side : side ? 0 : 8);
	}
	/* Pairs that differ in one end only, and in any word of it. */
	ends[0] = host(number % 3, is_ipv6);
	ends[1] = host(3 + number / 3, is_ipv6);
	packet.tuple = (struct weir_tuple){
		.source = ends[side],
		.destination = ends[!side],
		.source_port = ports[side],
		.destination_port = ports[!side],
		.protocol = protocol == ICMP && is_ipv6 ? 58 : numbers[protocol],
	};
	return packet;
}

/* The naive tracker. */

static bool is_over(const struct naive *flow, enum protocol protocol)
{
	return (protocol == TCP || protocol == SCTP) &&
	       (flow->is_aborted || (flow->finished[0] && flow->finished[1]));
}

static uint64_t seconds_of(const struct naive *flow, uint32_t which)
{
	bool both = flow->sent[0] && flow->sent[1];
	bool any_talk = flow->talked[0] || flow->talked[1];
	bool any_fin = flow->finished[0] || flow->finished[1];

	switch (protocol_of(which)) {
	case UDP:
		return both ? 120 : 30;
	case ICMP:
		return 30;
	case TCP:
		if (flow->is_aborted)
			return 10;
		if (any_fin)
			return 120;
		if (!any_talk && !flow->accepted[0] && !flow->accepted[1])
			return 120;
		if (flow->opener < 2 && !flow->talked[flow->opener])
			return 60;
		return both ? 432000 : 300;
	case SCTP:
		if (flow->is_aborted)
			return 10;
		return !any_fin && flow->talked[0] && flow->talked[1] ? 210 : 3;
	default:
		return 600;
	}
}

static bool may_go(const struct naive *flow, uint32_t which)
{
	uint64_t seconds = seconds_of(flow, which);
	enum protocol protocol = protocol_of(which);

	if (!flow->sent[0] || !flow->sent[1])
		return true;
	if (protocol == SCTP)
		return seconds != 210;
	if (protocol != TCP)
		return false;
	return seconds != 432000 &&
	       (is_over(flow, TCP) || seconds == 60 || !(flow->finished[0] || flow->finished[1]));
}

/* The signals of the packet in plain words. */
struct says {
	bool opens, accepts, finishes, aborts;
};

static struct says read_packet(const struct weir_packet *packet, uint32_t which, unsigned side)
{
	uint8_t flags = packet->tcp_flags;
	uint8_t chunk = packet->sctp_chunk;

	switch (protocol_of(which)) {
	case TCP:
		if (!packet->tcp_flags_known)
			return (struct says){ 0 };
		if (flags & 4)
			return (struct says){ .aborts = true };
		return (struct says){ .opens = (flags & 0x13) == 2,
				      .accepts = (flags & 0x12) == 0x12,
				      .finishes = flags & 1 };
	case SCTP:
		if (!packet->sctp_chunk_known)
			return (struct says){ 0 };
		return (struct says){ .opens = chunk == 1,
				      .accepts = chunk == 2,
				      .finishes = chunk == 7 || chunk == 8,
				      .aborts = chunk == 6 || chunk == 14 };
	case ICMP:
		return (struct says){ .opens = !side, .accepts = side };
	default:
		return (struct says){ 0 };
	}
}

static void live(struct naive *flow, uint32_t which, unsigned side, struct says says, uint64_t now)
{
	flow->sent[side] = true;
	flow->opened[side] |= says.opens;
	flow->accepted[side] |= says.accepts;
	flow->finished[side] |= says.finishes;
	flow->is_aborted |= says.aborts;
	if (!says.opens && !says.accepts && !says.finishes && !says.aborts)
		flow->talked[side] = true;
	if (says.accepts && !flow->opener_is_certain && !flow->opener_was_accepted) {
		flow->opener = !side;
		flow->opener_was_accepted = true;
	}
	if (says.opens && flow->opener == 2)
		flow->opener = side;
	flow->seen = (now + STEP - 1) / STEP * STEP;
	flow->deadline = flow->seen + seconds_of(flow, which) * 1000000000u;
}

static void begin(struct naive *flow, uint32_t which, unsigned side, struct says says, uint64_t now,
		  uint32_t memo)
{
	*flow = (struct naive){ .is_kept = true, .first = side, .opener = 2, .memo = memo };
	if (says.opens) {
		flow->opener = side;
		flow->opener_is_certain = true;
	}
	live(flow, which, side, says, now);
}

static void forget_expired(struct world *world)
{
	for (uint32_t i = 0; i < world->universe; i++) {
		if (world->flows[i].deadline <= world->now)
			world->flows[i].is_kept = false;
	}
}

static struct weir_flow_probe probe_of(const struct world *world, uint32_t which)
{
	struct dice dice = { 0 };
	struct weir_packet packet = packet_of(&dice, which, 0);
	struct weir_flow_probe probe;
	struct weir_flow_key key;

	weir_flow_key_of(&packet, &key);
	weir_flow_probe_of(&key, &probe);
	weir_flow_table_prepare(world->table, &probe, 1);
	return probe;
}

/* Of the oldest that may go, which are several when a step has several, the table chose one. */
static bool make_room(struct world *world, unsigned family)
{
	uint64_t oldest = UINT64_MAX;
	uint32_t gone = 0;

	for (uint32_t i = family; i < world->universe; i += 2) {
		const struct naive *flow = &world->flows[i];

		if (flow->is_kept && may_go(flow, i) && flow->seen < oldest)
			oldest = flow->seen;
	}
	if (oldest == UINT64_MAX)
		return false;
	for (uint32_t i = family; i < world->universe; i += 2) {
		struct naive *flow = &world->flows[i];
		struct weir_flow_probe probe;

		if (!flow->is_kept || !may_go(flow, i) || flow->seen != oldest)
			continue;
		probe = probe_of(world, i);
		if (!weir_flow_table_find(world->table, &probe)) {
			flow->is_kept = false;
			gone++;
		}
	}
	assert_int_equal(gone, 1);
	world->evicted++;
	return true;
}

/* The sequence of a new flow's home was full. */
static void let_go(struct world *world, unsigned family)
{
	struct weir_flow_counters counters;
	uint32_t gone = 0;

	weir_flow_table_count(world->table, &counters);
	if (counters.evicted == world->evicted)
		return;
	forget_expired(world);
	for (uint32_t i = family; i < world->universe; i += 2) {
		struct naive *flow = &world->flows[i];
		struct weir_flow_probe probe = probe_of(world, i);

		if (!flow->is_kept || weir_flow_table_find(world->table, &probe))
			continue;
		assert_true(may_go(flow, i));
		flow->is_kept = false;
		gone++;
	}
	assert_int_equal(gone, 1);
	world->evicted++;
}

static uint32_t count_kept(const struct world *world, unsigned family)
{
	uint32_t kept = 0;

	for (uint32_t i = family; i < world->universe; i += 2)
		kept += world->flows[i].is_kept;
	return kept;
}

/* is_lasting: a packet that nobody knows begins a flow. Called after the table has answered. */
static enum answer ask_naive(struct world *world, uint32_t which, unsigned side, struct says says,
			     bool is_lasting, uint32_t memo)
{
	struct naive *flow = &world->flows[which];

	if (flow->is_kept && flow->deadline > world->now) {
		if (says.opens && (flow->is_aborted || (flow->finished[0] && flow->finished[1]))) {
			begin(flow, which, side, says, world->now, memo);
			return AGAIN;
		}
		live(flow, which, side, says, world->now);
		return side == flow->first ? FORWARD : REPLY;
	}
	if (!is_lasting)
		return UNKNOWN;
	flow->is_kept = false;
	if (world->universe >= 1000) {
		let_go(world, which & 1);
	} else {
		forget_expired(world);
		if (count_kept(world, which & 1) >= world->max[which & 1] &&
		    !make_room(world, which & 1))
			return REFUSED;
	}
	begin(flow, which, side, says, world->now, memo);
	return BEGUN;
}

static enum answer ask_table(struct world *world, const struct weir_packet *packet, bool is_lasting,
			     struct weir_flow_memo memo)
{
	struct weir_flow_key key;
	struct weir_flow_probe probe;
	unsigned side = weir_flow_key_of(packet, &key);
	uint8_t signals = weir_flow_signals(packet);
	struct weir_flow_entry *entry;
	struct weir_flow_machine machine;

	weir_flow_probe_of(&key, &probe);
	weir_flow_table_prepare(world->table, &probe, 1);
	entry = weir_flow_table_find(world->table, &probe);
	if (!entry) {
		if (!is_lasting)
			return UNKNOWN;
		return weir_flow_table_insert(world->table, &probe, side, signals, memo) ? BEGUN
											 : REFUSED;
	}
	machine = weir_flow_entry_machine(entry);
	if (weir_flow_is_succeeded(&machine, signals)) {
		weir_flow_table_restart(world->table, entry, side, signals, memo);
		return AGAIN;
	}
	weir_flow_table_note(world->table, entry, side, signals);
	return side == weir_flow_first_side(&machine) ? FORWARD : REPLY;
}

static uint64_t steps(const struct world *world)
{
	struct weir_flow_counters counters;

	weir_flow_table_count(world->table, &counters);
	return counters.steps;
}

static void pass_time(struct world *world)
{
	uint64_t before = steps(world);
	uint64_t to = world->now;

	if (dice_one_in(&world->dice, 20000))
		to += dice_next(&world->dice) >> dice_between(&world->dice, 4, 40);
	else if (dice_one_in(&world->dice, 100))
		to -= dice_below(&world->dice, UINT32_MAX); /* earlier, or far later around 0 */
	else if (dice_one_in(&world->dice, 500))
		to += dice_below(&world->dice, 700) * UINT64_C(1000000000);
	else if (dice_one_in(&world->dice, 3))
		to += dice_below(&world->dice, 1 << 28);
	weir_flow_table_advance(world->table, to);
	if (to > LAST_TIME)
		to = LAST_TIME;
	if (to > world->now)
		world->now = to;
	assert_true(steps(world) - before <= SWEPT_MAX);
}

static void remove_one(struct world *world, uint32_t which)
{
	struct weir_flow_probe probe = probe_of(world, which);
	struct weir_flow_entry *entry = weir_flow_table_find(world->table, &probe);

	assert_int_equal(!!entry,
			 world->flows[which].is_kept && world->flows[which].deadline > world->now);
	if (entry) {
		assert_int_equal(weir_flow_entry_memo(entry).source_generation,
				 world->flows[which].memo);
		weir_flow_table_remove(world->table, entry);
	}
	world->flows[which].is_kept = false;
}

static void one_packet(struct world *world, uint64_t seed, uint64_t number)
{
	uint32_t which = dice_below(&world->dice, world->universe);
	unsigned side = dice_below(&world->dice, 5) < 2;
	struct weir_packet packet = packet_of(&world->dice, which, side);
	bool is_lasting = !dice_one_in(&world->dice, 4);
	struct weir_flow_memo memo = { .source_generation = ++world->stamp & 0xfffff };
	uint64_t before = steps(world);
	enum answer got = ask_table(world, &packet, is_lasting, memo);
	enum answer want;

	assert_true(steps(world) - before <= STEPS_MAX);
	want = ask_naive(world, which, side, read_packet(&packet, which, side), is_lasting,
			 world->stamp & 0xfffff);
	world->answers[want]++;
	if (got != want)
		fail_msg("seed %" PRIu64 ", packet %" PRIu64 ": %d, not %d", seed, number, got,
			 want);
}

/* What the table shows is what is kept, and every flow that began is accounted for. */
static void compare_whole(struct world *world)
{
	struct weir_flow_counters counters;
	struct shown_flow flow;
	uint64_t cursor = 0;
	uint32_t shown = 0;

	forget_expired(world);
	for (uint32_t i = 0; i < world->universe; i++) {
		struct weir_flow_probe probe = probe_of(world, i);
		struct weir_flow_entry *entry = weir_flow_table_find(world->table, &probe);

		assert_int_equal(!!entry, world->flows[i].is_kept);
		if (entry)
			assert_int_equal(weir_flow_entry_memo(entry).source_generation,
					 world->flows[i].memo);
	}
	while (next_flow(world->table, &cursor, &flow))
		shown++;
	assert_int_equal(shown, count_kept(world, 0) + count_kept(world, 1));
	weir_flow_table_count(world->table, &counters);
	assert_int_equal(counters.inserted, counters.flows[0] + counters.flows[1] +
						    counters.expired + counters.removed +
						    counters.evicted);
	assert_int_equal(counters.evicted, world->evicted);
	assert_true(world->universe < 1000 || world->evicted <= 2);
	assert_true(counters.flows[0] <= world->max[0] && counters.flows[1] <= world->max[1]);
}

static void round_of(uint64_t seed, uint32_t universe, uint64_t packets, uint64_t answers[6])
{
	struct world world = { .dice = { seed }, .universe = universe };
	struct weir_flow_options options = { .secret = { seed, ~seed } };

	world.max[0] = universe < 1000 ? 1 + dice_below(&world.dice, 8) : universe / 2;
	world.max[1] = universe < 1000 ? dice_below(&world.dice, 9) : universe / 2;
	options.max_ipv4_flows = world.max[0];
	options.max_ipv6_flows = world.max[1];
	assert_int_equal(weir_flow_table_create(&options, NULL, &world.table), 0);
	world.flows = calloc(universe, sizeof(*world.flows));
	assert_non_null(world.flows);
	for (uint64_t i = 0; i < packets; i++) {
		if (dice_one_in(&world.dice, 4))
			pass_time(&world);
		if (dice_one_in(&world.dice, 200))
			remove_one(&world, dice_below(&world.dice, universe));
		one_packet(&world, seed, i);
	}
	compare_whole(&world);
	for (unsigned i = 0; i < 6; i++)
		answers[i] += world.answers[i];
	free(world.flows);
	weir_flow_table_destroy(world.table);
}

static uint64_t packets = 2000000;

static void answers_are_the_naive_trackers(void **state)
{
	const uint64_t in_round = 20000;
	uint64_t answers[6] = { 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= packets / in_round; seed++) {
		static const uint32_t universes[] = { 40, 120, 400, 990, 6000 };

		round_of(seed, universes[seed % COUNT(universes)], in_round, answers);
	}
	print_message("unknown %" PRIu64 ", forward %" PRIu64 ", reply %" PRIu64 ", again %" PRIu64
		      ", refused %" PRIu64 ", begun %" PRIu64 "\n",
		      answers[UNKNOWN], answers[FORWARD], answers[REPLY], answers[AGAIN],
		      answers[REFUSED], answers[BEGUN]);
	for (unsigned i = 0; i < 6; i++)
		assert_true(answers[i] > packets / 2000);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(answers_are_the_naive_trackers),
	};

	if (argc == 3 && strcmp(argv[1], "--count") == 0)
		packets = strtoull(argv[2], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
