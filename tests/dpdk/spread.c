/* The queue that hardware picks, in software. */
#include "test.h"

#include <string.h>

#include "spread.h"
#include "weir/key.h"

enum { ENTRIES = 128, QUEUES = 4 };

static const struct spread with_ports = {
	.kinds = RTE_ETH_RSS_NONFRAG_IPV4_TCP | RTE_ETH_RSS_NONFRAG_IPV6_TCP,
	.entries = ENTRIES,
	.queues = QUEUES,
};
static const struct spread without = { .kinds = RTE_ETH_RSS_IPV4,
				       .entries = ENTRIES,
				       .queues = QUEUES };

static uint16_t owner(const struct spread *spread, const struct weir_tuple *tuple)
{
	struct spread copy = *spread;

	return spread_owner(&copy, tuple);
}

static struct weir_tuple numbered(unsigned i, uint8_t protocol)
{
	struct weir_tuple tuple = { .source_port = (uint16_t)(1000 + i * 7),
				    .destination_port = 80,
				    .protocol = protocol };

	if (i % 2) {
		memset(tuple.source.bytes, (int)i & 0xff, 16);
		memset(tuple.destination.bytes, 0x20, 16);
		return tuple;
	}
	tuple.source = weir_address_from_ipv4((uint8_t[]){ 10, 0, (uint8_t)(i >> 8), (uint8_t)i });
	tuple.destination = weir_address_from_ipv4((uint8_t[]){ 10, 1, 0, 1 });
	return tuple;
}

static void both_directions_have_one_queue(void **state)
{
	unsigned seen[QUEUES] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 4000; i++) {
		struct weir_tuple there = numbered(i, i % 4 < 2 ? WEIR_PROTOCOL_TCP : 1);
		struct weir_tuple back = { there.destination, there.source, there.destination_port,
					   there.source_port, there.protocol };
		uint16_t queue = owner(&with_ports, &there);

		assert_true(queue < QUEUES);
		assert_int_equal(owner(&with_ports, &back), queue);
		seen[queue]++;
	}
	for (unsigned i = 0; i < QUEUES; i++)
		assert_true(seen[i] > 500);
}

static void ports_count_where_the_hardware_sees_them(void **state)
{
	struct weir_tuple tuple = numbered(2, WEIR_PROTOCOL_TCP);
	unsigned others[2] = { 0 };

	(void)state;
	for (unsigned i = 0; i < 100; i++) {
		struct weir_tuple other = tuple;

		other.source_port = (uint16_t)(tuple.source_port + i);
		others[0] += owner(&with_ports, &other) != owner(&with_ports, &tuple);
		others[1] += owner(&without, &other) != owner(&without, &tuple);
	}
	assert_true(others[0] > 20);
	assert_int_equal(others[1], 0);
}

/* Of a protocol that the hardware does not know the ports of. */
static void protocols_without_a_flag_go_by_addresses(void **state)
{
	struct weir_tuple tuple = numbered(2, WEIR_PROTOCOL_UDP);
	struct weir_tuple other = tuple;

	(void)state;
	other.source_port ^= 0x5a5a;
	assert_int_equal(owner(&with_ports, &tuple), owner(&with_ports, &other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_have_one_queue),
		cmocka_unit_test(ports_count_where_the_hardware_sees_them),
		cmocka_unit_test(protocols_without_a_flag_go_by_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
