/*
 * An hour of simulated traffic at 10 million flows: memory stays what it was at creation, every
 * flow that began is accounted for, and every packet is answered as a rule of its own says.
 *
 * Flows are numbers that go up: half of the packets begin the next, the others are of one of the
 * last few million, or what became of it. Four of five that get a second packet are answered by
 * it. New ones come at a rate that keeps the table at its bound.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "dice.h"
#include "failing.h"
#include "table.h"

enum { BURST = 32 };

#define SECOND UINT64_C(1000000000)

static uint32_t flows = 10000000;
static uint64_t seconds = 3600;

struct traffic {
	struct weir_flow_table *table;
	struct dice dice;
	uint64_t packets;
	uint64_t known;
	uint64_t begun;
	uint64_t refused;
};

static void key_of(uint32_t number, struct weir_flow_key *out)
{
	uint32_t addresses[2] = { number, ~number };

	*out = (struct weir_flow_key){ .ports = { (uint16_t)(number >> 3), 53 }, .protocol = 17 };
	for (unsigned i = 0; i < 2; i++)
		out->ends[i] = weir_address_from_ipv4((const uint8_t *)&addresses[i]);
}

static void take(struct traffic *traffic, const struct weir_flow_probe *probe, uint32_t number,
		 unsigned side)
{
	struct weir_flow_memo memo = { .source_generation = number & WEIR_FLOW_GENERATION };
	struct weir_flow_entry *entry = weir_flow_table_find(traffic->table, probe);

	traffic->packets++;
	if (entry) {
		assert_int_equal(weir_flow_entry_memo(entry).source_generation,
				 number & WEIR_FLOW_GENERATION);
		weir_flow_table_note(traffic->table, entry, side, WEIR_FLOW_TALKS);
		traffic->known++;
	} else if (weir_flow_table_insert(traffic->table, probe, side, WEIR_FLOW_TALKS, memo)) {
		traffic->begun++;
	} else {
		traffic->refused++;
	}
}

static void one_burst(struct traffic *traffic, uint32_t newest)
{
	struct weir_flow_probe probes[BURST];
	struct weir_flow_key key;
	uint32_t numbers[BURST];

	for (unsigned i = 0; i < BURST; i++) {
		numbers[i] = newest + i;
		if (i % 2)
			numbers[i] = newest - dice_below(&traffic->dice, flows / 2);
		key_of(numbers[i], &key);
		weir_flow_probe_of(&key, &probes[i]);
	}
	weir_flow_table_prepare(traffic->table, probes, BURST);
	for (unsigned i = 0; i < BURST; i++)
		take(traffic, &probes[i], numbers[i], i % 2 && numbers[i] % 5);
}

static long peak_kilobytes(void)
{
	struct rusage usage;

	assert_int_equal(getrusage(RUSAGE_SELF, &usage), 0);
	return usage.ru_maxrss;
}

/* A 300th of the bound begins each second and lives four minutes, or ten when it is answered. */
static void an_hour_takes_no_more_memory_than_its_beginning(void **state)
{
	struct weir_flow_options options = { .max_ipv4_flows = flows, .secret = { 3, 4 } };
	struct failing failing;
	struct traffic traffic = { .dice = { 1 } };
	struct weir_flow_counters counters;
	uint64_t bursts = (uint64_t)flows / 150 * seconds / BURST;
	uint64_t fullest = 0;
	long peak;

	(void)state;
	options.timeouts[WEIR_FLOW_TIMEOUT_UDP] = 240 * SECOND;
	options.timeouts[WEIR_FLOW_TIMEOUT_UDP_STREAM] = 600 * SECOND;
	failing = failing_never();
	failing_after(&failing, 3);
	assert_int_equal(weir_flow_table_create(&options, &failing.allocator, &traffic.table), 0);
	failing_after(&failing, 0);
	peak = peak_kilobytes();
	for (uint64_t i = 0; i < bursts; i++) {
		weir_flow_table_advance(traffic.table, (uint64_t)((double)i / (double)bursts *
								  (double)(seconds * SECOND)));
		one_burst(&traffic, (uint32_t)(i * BURST));
		if (i % 256)
			continue;
		weir_flow_table_count(traffic.table, &counters);
		fullest = counters.flows[0] > fullest ? counters.flows[0] : fullest;
	}
	weir_flow_table_count(traffic.table, &counters);
	print_message("%llu packets, %llu known, %llu begun, %llu expired, %llu evicted, %llu "
		      "refused; at most %llu flows; %.1f bytes each\n",
		      (unsigned long long)traffic.packets, (unsigned long long)traffic.known,
		      (unsigned long long)traffic.begun, (unsigned long long)counters.expired,
		      (unsigned long long)counters.evicted, (unsigned long long)traffic.refused,
		      (unsigned long long)fullest, (double)counters.bytes / flows);
	assert_true(fullest > flows - flows / 10 && fullest <= flows);
	assert_int_equal(counters.inserted, traffic.begun);
	assert_int_equal(counters.refused, traffic.refused);
	assert_int_equal(counters.inserted,
			 counters.flows[0] + counters.expired + counters.evicted);
	assert_true(traffic.known > traffic.packets / 10);
	assert_true(peak_kilobytes() - peak < 4096);
	weir_flow_table_destroy(traffic.table);
	assert_int_equal(failing.live, 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_hour_takes_no_more_memory_than_its_beginning),
	};

	if (argc == 3) {
		flows = (uint32_t)strtoul(argv[1], NULL, 10);
		seconds = strtoull(argv[2], NULL, 10);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
