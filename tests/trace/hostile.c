/*
 * Traces that were made to take long: each costs about what an honest one of as many packets does,
 * in time and in memory. What is compared is slots looked at where a table is after, and processor
 * time in the library alone where a whole trace is.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ceiling.h"
#include "cluster.h"
#include "frames.h"
#include "sightings.h"
#include "weir/trace.h"

enum {
	PACKETS = 120000,
	ROOM = 128, /* bytes of a frame */
	FACTOR = 12,
	BURST = 32,
};

static const uint64_t second = UINT64_C(1000000000);

/* Builds packet i of a trace, which is after something or not. */
typedef void build_frame(struct frame_builder *b, struct weir_frame *frame, uint32_t i,
			 bool is_hostile);

struct trace {
	uint8_t *bytes;
	struct weir_frame *frames;
};

static struct trace build_trace(build_frame *build, bool is_hostile)
{
	struct trace trace = { malloc((size_t)PACKETS * ROOM),
			       calloc(PACKETS, sizeof(struct weir_frame)) };

	assert_non_null(trace.bytes);
	assert_non_null(trace.frames);
	for (uint32_t i = 0; i < PACKETS; i++) {
		struct weir_frame frame = { .time = 0 };
		struct frame_builder b;
		struct weir_frame made;

		build(&b, &frame, i, is_hostile);
		frame_end(&b);
		assert_true(b.length <= ROOM);
		made = frame_whole(&b);
		made.time = frame.time;
		made.interface = frame.interface;
		made.number = i + 1;
		memcpy(trace.bytes + (size_t)i * ROOM, b.bytes, b.length);
		made.bytes = trace.bytes + (size_t)i * ROOM;
		trace.frames[i] = made;
	}
	return trace;
}

static void check_identity(const struct weir_trace *replay)
{
	struct weir_trace_summary summary;
	uint64_t sum = 0;

	weir_trace_summarize(replay, &summary);
	for (unsigned i = 0; i < WEIR_TRACE_CLASSES; i++)
		sum += summary.by_class[i];
	assert_int_equal(summary.packets, PACKETS);
	assert_int_equal(sum, PACKETS);
}

/* Both passes, with so much memory; returns the seconds that they took. */
static double replay(const struct trace *trace, struct ceiling *ceiling)
{
	const struct weir_trace_options options = { .allocator = &ceiling->allocator };
	struct weir_policy *policy = cluster_policy();
	struct weir_trace_packet packets[BURST];
	struct weir_trace *replay;
	clock_t start = clock();
	clock_t end;

	assert_int_equal(weir_trace_create(policy, &options, &replay), 0);
	assert_int_equal(weir_trace_add(replay, trace->frames, PACKETS), 0);
	assert_int_equal(weir_trace_finish(replay), 0);
	assert_int_equal(weir_trace_rewind(replay), 0);
	for (uint32_t i = 0; i < PACKETS; i += BURST)
		assert_int_equal(weir_trace_locate(replay, trace->frames + i, BURST, packets), 0);
	end = clock();
	check_identity(replay);
	weir_trace_destroy(replay);
	weir_policy_unref(policy);
	assert_int_equal(ceiling->held, 0);
	return (double)(end - start) / CLOCKS_PER_SEC;
}

static double replay_built(build_frame *build, bool is_hostile, size_t *most)
{
	struct trace trace = build_trace(build, is_hostile);
	struct ceiling ceiling;
	double seconds;

	ceiling_init(&ceiling, 512ul << 20);
	seconds = replay(&trace, &ceiling);
	*most = ceiling.most;
	free(trace.bytes);
	free(trace.frames);
	return seconds;
}

static void compare(const char *name, build_frame *build)
{
	size_t honest_bytes;
	size_t hostile_bytes;
	double honest = replay_built(build, false, &honest_bytes);
	double hostile = replay_built(build, true, &hostile_bytes);

	printf("%s: %.3f s and %zu bytes a packet; honest %.3f s and %zu\n", name, hostile,
	       hostile_bytes / PACKETS, honest, honest_bytes / PACKETS);
	if (hostile > FACTOR * (honest + 0.02))
		fail_msg("%s: %.3f s, an honest one %.3f s", name, hostile, honest);
}

/* Keys that all have one hash for who does not have another secret: their first word is what its
 * factor is made of, so the product is nothing, whatever the second word says. */
static struct weir_flow_key aimed_at(const struct weir_flow_secret *secret, uint32_t i)
{
	struct weir_flow_key key = { .protocol = 17, .ports = { 1000, 53 } };
	uint64_t any = i * UINT64_C(0x9e3779b97f4a7c15);

	memcpy(&key.ends[0].bytes[0], &secret->words[0], 8);
	memcpy(&key.ends[0].bytes[8], &any, 8);
	return key;
}

enum { AIMED = 4000 };

/* The slots that are looked at when each of the keys is found once. */
static uint64_t count_probes(const uint64_t known[2], const uint64_t random[2])
{
	struct weir_sightings sightings;
	const struct weir_sighting_table *table;
	struct weir_flow_secret aim;
	struct weir_flow_secret secret;
	uint64_t probes = 0;

	weir_flow_secret_make(known, &aim);
	weir_flow_secret_make(random, &secret);
	assert_int_equal(weir_sightings_init(&sightings, NULL, &secret, 0), 0);
	table = &sightings.tables[0];
	for (uint32_t i = 0; i < AIMED; i++) {
		struct weir_flow_key key = aimed_at(&aim, i);
		uint32_t tag = weir_sightings_tag(&sightings, &key);
		struct weir_sighting_slot *slot = weir_sightings_slot(table, &key, tag);

		assert_non_null(weir_sightings_add(&sightings, slot, &key, tag, 0));
	}
	for (uint64_t at = 0; at <= table->mask; at++) {
		const struct weir_sighting_slot *slot = &table->slots[at];

		probes += slot->number ? ((at - slot->tag) & table->mask) + 1 : 0;
	}
	weir_sightings_finish(&sightings);
	return probes;
}

static void keys_aimed_at_one_secret_miss_all_others(void **state)
{
	static const uint64_t known[2] = { 3, 4 };

	(void)state;
	assert_true(count_probes(known, known) == AIMED * (AIMED + UINT64_C(1)) / 2);
	for (uint64_t i = 0; i < 64; i++) {
		const uint64_t one[2] = { known[0] ^ UINT64_C(1) << i, known[1] };
		const uint64_t other[2] = { known[0], known[1] ^ UINT64_C(1) << i };

		assert_true(count_probes(known, one) < UINT64_C(2) * AIMED);
		assert_true(count_probes(known, other) < UINT64_C(2) * AIMED);
	}
}

static void poke64(struct frame_builder *b, uint32_t at, uint64_t value)
{
	memcpy(b->bytes + at, &value, sizeof(value));
}

/* The last half of an address is the number that a hash with known factors multiplies by nothing,
 * the first half is any. */
static void aimed_at_the_first_factor(struct frame_builder *b, struct weir_frame *frame, uint32_t i,
				      bool is_hostile)
{
	(void)frame;
	frame_begin(b, FRAME_IPV6);
	frame_ip(b, "2001:db8::1", "fd00::21");
	frame_udp(b, 1000, 53);
	poke64(b, b->ip + 8, (uint64_t)i << 40 | 0x20);
	poke64(b, b->ip + 16, is_hostile ? 0xbf58476d1ce4e5b9u : i * 0x9e3779b97f4a7c15u);
}

static void aimed_at_the_second_factor(struct frame_builder *b, struct weir_frame *frame,
				       uint32_t i, bool is_hostile)
{
	(void)frame;
	frame_begin(b, FRAME_IPV6);
	frame_ip(b, "2001:db8::1", "fe00::21");
	frame_udp(b, 1000, 53);
	poke64(b, b->ip + 24, (uint64_t)i << 40 | 0xff);
	poke64(b, b->ip + 32, is_hostile ? 0xd6e8feb86659fd93u : i * 0x9e3779b97f4a7c15u);
}

static void crafted_addresses_do_not_meet(void **state)
{
	(void)state;
	compare("first factor", aimed_at_the_first_factor);
	compare("second factor", aimed_at_the_second_factor);
}

static void first_fragments(struct frame_builder *b, struct weir_frame *frame, uint32_t i,
			    bool is_hostile)
{
	frame->time = i;
	frame_begin(b, FRAME_IPV4);
	frame_ip(b, is_hostile || i % 2 ? "10.0.1.1" : "10.0.1.2", "10.0.2.1");
	frame_ipv4_fragment(b, is_hostile ? 0 : (uint16_t)i, 0, true);
	frame_udp(b, 1000, 53);
	frame_payload(b, 8);
}

/* The clock goes back and forth, so that none is of the datagram of the one before. */
static void leaping_fragments(struct frame_builder *b, struct weir_frame *frame, uint32_t i,
			      bool is_hostile)
{
	frame->time = (is_hostile ? i % 2 * 5 : i) * second;
	frame_begin(b, FRAME_IPV4);
	frame_ip(b, "10.0.1.1", "10.0.2.1");
	frame_ipv4_fragment(b, is_hostile ? 0 : (uint16_t)i, 2, true);
	frame_other(b, 17);
	frame_payload(b, 8);
}

/* IPv6 does not tell datagrams of two protocols apart. */
static void alternating_fragments(struct frame_builder *b, struct weir_frame *frame, uint32_t i,
				  bool is_hostile)
{
	frame->time = i;
	frame_begin(b, FRAME_IPV6);
	frame_ip(b, "fd00::11", "fd00::21");
	frame_ipv6_fragment(b, is_hostile ? 0 : i, 2, true);
	frame_other(b, i % 2 ? 17 : 6);
	frame_payload(b, 8);
}

static void fragments_of_one_identification_are_not_searched(void **state)
{
	(void)state;
	compare("first fragments", first_fragments);
	compare("leaping fragments", leaping_fragments);
	compare("alternating fragments", alternating_fragments);
}

/* Errors from everywhere about a connection that comes later, and is opened again and again. */
static void early_errors(struct frame_builder *b, struct weir_frame *frame, uint32_t i,
			 bool is_hostile)
{
	uint16_t port = (uint16_t)(is_hostile ? 4000 : i);

	(void)frame;
	if (i >= PACKETS / 2) {
		frame_tcp_packet(b, "10.0.1.1", port, "10.0.2.1", 80,
				 i % 2 ? WEIR_TCP_SYN : WEIR_TCP_RST);
		return;
	}
	frame_begin(b, FRAME_IPV4);
	frame_ip(b, "8.0.0.0", "10.0.1.1");
	frame_icmp(b, 3, 3, 0);
	frame_poke16(b, b->ip + 14, (uint16_t)i);
	frame_poke8(b, b->ip + 13, (uint8_t)(i >> 16));
	frame_ip(b, "10.0.1.1", "10.0.2.1");
	frame_tcp(b, port, 80, WEIR_TCP_SYN);
}

static void early_errors_do_not_walk_through_lives(void **state)
{
	(void)state;
	compare("early errors", early_errors);
}

/* A packet that every interface of the world has seen. */
static void everywhere(struct frame_builder *b, struct weir_frame *frame, uint32_t i,
		       bool is_hostile)
{
	frame->interface = is_hostile ? i : i % 8;
	frame_udp_packet(b, "10.0.1.1", (uint16_t)(is_hostile ? 4000 : i), "10.0.2.1", 53, 0);
}

/* The sets of each flow are others than those of the flows before. */
static void everywhere_else(struct frame_builder *b, struct weir_frame *frame, uint32_t i,
			    bool is_hostile)
{
	frame->interface = is_hostile ? i : i % 8;
	frame_udp_packet(b, "10.0.1.1", (uint16_t)(i / 64), "10.0.2.1", 53, 0);
}

static void a_million_interfaces_are_not_a_million_sets(void **state)
{
	(void)state;
	compare("everywhere", everywhere);
	compare("everywhere else", everywhere_else);
}

static void t9_a_flow_names_64_interfaces(void **state)
{
	struct weir_trace_options options = { .stateless = false };
	struct weir_policy *policy = cluster_policy();
	struct frame_builder b;
	struct weir_trace *replay;
	struct weir_frame frame;
	struct weir_flow flow;

	(void)state;
	assert_int_equal(weir_trace_create(policy, &options, &replay), 0);
	frame_udp_packet(&b, "10.0.1.1", 4000, "10.0.2.1", 53, 0);
	frame = frame_whole(&b);
	for (uint32_t i = 0; i < 200; i++) {
		frame.interface = 1000 - i;
		frame.number = i + 1;
		assert_int_equal(weir_trace_add(replay, &frame, 1), 0);
	}
	assert_int_equal(weir_trace_finish(replay), 0);
	weir_trace_flow(replay, 0, &flow);
	assert_int_equal(flow.packets[0], 200);
	assert_int_equal(flow.interface_count, 64);
	for (uint32_t i = 0; i < 64; i++)
		assert_int_equal(flow.interfaces[i], 1000 - 63 + i);
	weir_trace_destroy(replay);
	weir_policy_unref(policy);
}

/* Two orders of the same hash tables say the same. */
static void no_result_depends_on_the_secret(void **state)
{
	struct trace trace = build_trace(aimed_at_the_first_factor, false);
	struct weir_policy *policy = cluster_policy();
	struct weir_trace *replays[2];

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		const struct weir_trace_options options = { .secret = { i + 1, i + 77 } };

		assert_int_equal(weir_trace_create(policy, &options, &replays[i]), 0);
		assert_int_equal(weir_trace_add(replays[i], trace.frames, PACKETS), 0);
		assert_int_equal(weir_trace_finish(replays[i]), 0);
	}
	assert_int_equal(weir_trace_flow_count(replays[0]), PACKETS);
	assert_int_equal(weir_trace_flow_count(replays[1]), PACKETS);
	for (uint32_t i = 0; i < PACKETS; i++) {
		struct weir_flow flows[2];

		weir_trace_flow(replays[0], i, &flows[0]);
		weir_trace_flow(replays[1], i, &flows[1]);
		assert_int_equal(flows[0].number, i + 1);
		assert_int_equal(flows[0].verdict, flows[1].verdict);
		assert_memory_equal(&flows[0].from.address, &flows[1].from.address,
				    sizeof(struct weir_address));
		assert_memory_equal(&flows[0].to.address, &flows[1].to.address,
				    sizeof(struct weir_address));
	}
	weir_trace_destroy(replays[0]);
	weir_trace_destroy(replays[1]);
	weir_policy_unref(policy);
	free(trace.bytes);
	free(trace.frames);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_aimed_at_one_secret_miss_all_others),
		cmocka_unit_test(crafted_addresses_do_not_meet),
		cmocka_unit_test(fragments_of_one_identification_are_not_searched),
		cmocka_unit_test(early_errors_do_not_walk_through_lives),
		cmocka_unit_test(a_million_interfaces_are_not_a_million_sets),
		cmocka_unit_test(t9_a_flow_names_64_interfaces),
		cmocka_unit_test(no_result_depends_on_the_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
