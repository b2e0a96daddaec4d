/*
 * Random traces: the counts always add up and the second pass agrees with the first; and where a
 * stupid twin can follow (no translation, no error before what it quotes), packets are parted
 * into flows as it parts them, by walking back over all packets each time. In tunnels between nodes
 * the same packets say the same.
 */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster.h"
#include "frames.h"
#include "script.h"

enum { PACKETS = 1500, SEEDS = 12, STEP = 7, NOBODY = -1 };

enum kind { TCP, UDP, OTHER, ECHO, ERROR, FIRST, LATER, ARP, KINDS };

/* A packet before it is bytes. */
struct spec {
	enum kind kind;
	unsigned from; /* of addresses */
	unsigned to;
	uint16_t from_port; /* the identifier of an echo */
	uint16_t to_port;
	uint8_t flags;
	bool is_answer;
	uint32_t id;
	uint64_t seconds;
	int quoted; /* packet */
};

static const char *const addresses[] = {
	"10.0.1.1", "10.0.1.2",  "10.0.2.1",  "10.0.9.9",    "8.8.8.8",
	"10.0.2.2", "10.96.0.1", "10.96.0.2", "192.168.0.2", "10.0.3.1",
};
enum { PLAIN = 5, ALL = COUNT(addresses) };

static uint32_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*seed >> 33);
}

static struct spec random_spec(uint64_t *seed, unsigned address_count, uint64_t seconds)
{
	static const uint16_t ports[] = { 80, 53, 5000, 6000, 8080, 30080 };
	static const uint8_t flags[] = { WEIR_TCP_SYN, WEIR_TCP_SYN | WEIR_TCP_ACK,
					 WEIR_TCP_ACK, WEIR_TCP_FIN | WEIR_TCP_ACK,
					 WEIR_TCP_RST, 0 };
	struct spec spec = {
		.kind = (enum kind)(next(seed) % KINDS),
		.from = next(seed) % address_count,
		.to = next(seed) % address_count,
		.from_port = ports[next(seed) % COUNT(ports)],
		.to_port = ports[next(seed) % COUNT(ports)],
		.flags = flags[next(seed) % COUNT(flags)],
		.is_answer = next(seed) % 2,
		.id = next(seed) % 3,
		.seconds = seconds,
		.quoted = NOBODY,
	};

	return spec;
}

/* Now and then the clock leaps, forth or back. */
static uint64_t random_time(uint64_t *seed, uint64_t seconds)
{
	uint32_t leap = next(seed) % 64;

	if (leap == 0)
		return seconds + STEP * 40ul;
	if (leap == 1)
		return seconds > STEP * 30ul ? seconds - STEP * 30ul : 0;
	return seconds + STEP * (next(seed) % 4 == 0);
}

static void quote_ports(struct frame_builder *b, const struct spec *quoted)
{
	frame_ip(b, addresses[quoted->from], addresses[quoted->to]);
	if (quoted->kind == TCP)
		frame_tcp(b, quoted->from_port, quoted->to_port, 0);
	else
		frame_udp(b, quoted->from_port, quoted->to_port);
}

static void build(struct frame_builder *b, const struct spec *spec, const struct spec *all)
{
	static const struct spec never = { .kind = UDP, .from_port = 9, .to_port = 9 };

	frame_begin(b, FRAME_RAW);
	frame_ip(b, addresses[spec->from], addresses[spec->to]);
	switch (spec->kind) {
	case TCP:
		frame_tcp(b, spec->from_port, spec->to_port, spec->flags);
		break;
	case FIRST:
		frame_ipv4_fragment(b, (uint16_t)spec->id, 0, true);
		frame_udp(b, spec->from_port, spec->to_port);
		frame_payload(b, 8);
		break;
	case UDP:
		frame_udp(b, spec->from_port, spec->to_port);
		break;
	case OTHER:
		frame_other(b, 50);
		frame_payload(b, spec->from_port % 50u);
		break;
	case ECHO:
		frame_echo(b, spec->is_answer, (uint16_t)spec->id, 0);
		break;
	case ERROR:
		frame_icmp(b, 3, 3, 0);
		quote_ports(b, spec->quoted == NOBODY ? &never : &all[spec->quoted]);
		break;
	case LATER:
		frame_ipv4_fragment(b, (uint16_t)spec->id, 100, false);
		frame_other(b, 17);
		frame_payload(b, 8);
		break;
	default:
		frame_begin(b, FRAME_ETHERNET);
		frame_ethertype(b, 0x0806);
		frame_payload(b, 28);
		break;
	}
	frame_end(b);
}

struct soup {
	struct spec specs[PACKETS];
	struct frame_builder builders[PACKETS];
	struct weir_frame frames[PACKETS];
};

/* Puts what is a packet into tunnels, one or two, as if a node had sent it. */
static void carry(struct frame_builder *b, const struct weir_frame *packet, uint64_t *seed)
{
	static const char *const hosts[][2] = { { "192.168.0.1", "192.168.0.2" },
						{ "fd00::31", "fd99::1" },
						{ "192.168.0.3", "8.8.8.8" },
						{ "9.9.9.9", "192.168.0.1" } };

	frame_begin(b, FRAME_ETHERNET);
	for (uint32_t depth = next(seed) % 2; depth < 2; depth++) {
		uint32_t host = next(seed) % COUNT(hosts);

		frame_ip(b, hosts[host][0], hosts[host][1]);
		switch (next(seed) % 5) {
		case 0:
			frame_vxlan(b, next(seed) % 2 ? 4789 : 8472);
			break;
		case 1:
			frame_geneve(b, next(seed) % 4 * 4);
			break;
		case 2:
			frame_gre(b, 0x20);
			frame_inner_ethernet(b);
			break;
		case 3:
			frame_gre(b, 0);
			break;
		default:
			break;
		}
	}
	frame_link_type(b, 0x0800);
	frame_payload_bytes(b, packet->bytes, packet->wire);
	frame_end(b);
}

static bool can_be_quoted(enum kind kind)
{
	return kind == TCP || kind == UDP || kind == FIRST;
}

static void cook(struct soup *soup, uint64_t seed, unsigned address_count, bool is_wild)
{
	uint64_t seconds = 1000;

	for (unsigned i = 0; i < PACKETS; i++) {
		struct spec *spec = &soup->specs[i];
		unsigned back = next(&seed) % 64;

		seconds = random_time(&seed, seconds);
		*spec = random_spec(&seed, address_count, seconds);
		if (spec->kind == ERROR && back <= i && back &&
		    can_be_quoted(soup->specs[i - back].kind))
			spec->quoted = (int)(i - back);
	}
	for (unsigned i = 0; i < PACKETS; i++) {
		struct spec *spec = &soup->specs[i];
		unsigned other = next(&seed) % PACKETS;
		struct frame_builder *b = &soup->builders[i];

		if (is_wild && spec->kind == ERROR && can_be_quoted(soup->specs[other].kind))
			spec->quoted = (int)other;
		build(b, spec, soup->specs);
		soup->frames[i] = frame_whole(b);
		if (is_wild && next(&seed) % 16 == 0)
			soup->frames[i] = frame_cut(b, next(&seed) % b->length);
		soup->frames[i].interface = next(&seed) % 100;
		soup->frames[i].time = spec->seconds * 1000000000;
		if (is_wild)
			soup->frames[i].time += next(&seed);
		soup->frames[i].number = i + 1;
	}
}

/* Sizes around that of the bursts inside, over and over. */
static size_t burst_at(size_t i, size_t left)
{
	static const size_t sizes[] = { 33, 0, 1, 31, 32, 100 };
	size_t size = sizes[i % COUNT(sizes)];

	return size < left ? size : left;
}

static struct weir_trace *play(const struct soup *soup, const struct weir_trace_options *options)
{
	struct weir_trace *trace = cluster_trace(options);

	for (size_t done = 0, i = 0; done < PACKETS; i++) {
		size_t n = burst_at(i, PACKETS - done);

		assert_int_equal(weir_trace_add(trace, &soup->frames[done], n), 0);
		done += n;
	}
	assert_int_equal(weir_trace_finish(trace), 0);
	return trace;
}

static void t9_counts_always_add_up(void **state)
{
	static const struct weir_trace_options options[] = {
		{ .allocator = NULL },
		{ .stateless = true },
		{ .unknown_pods_external = true },
	};
	struct soup *soup = *state;

	for (unsigned seed = 0; seed < SEEDS; seed++) {
		struct weir_trace *trace;

		print_message("seed %u\n", seed);
		cook(soup, seed, ALL, true);
		trace = play(soup, &options[seed % COUNT(options)]);
		script_check_identities(trace, soup->frames, PACKETS);
		weir_trace_destroy(trace);
	}
}

/* The twin. Each packet has the packet that its flow began with. */
struct twin {
	const struct spec *specs;
	int leader[PACKETS];
	uint64_t last[PACKETS];     /* greatest time of a leader's flow */
	unsigned finished[PACKETS]; /* of a leader's flow: addresses and ports that sent FIN... */
	bool aborted[PACKETS];
	bool is_waiting[PACKETS];
};

static bool same_way(const struct spec *a, const struct spec *b)
{
	return a->from == b->from && a->to == b->to && a->from_port == b->from_port &&
	       a->to_port == b->to_port;
}

static bool other_way(const struct spec *a, const struct spec *b)
{
	return a->from == b->to && a->to == b->from && a->from_port == b->to_port &&
	       a->to_port == b->from_port;
}

static enum kind transport(enum kind kind)
{
	return kind == FIRST ? UDP : kind;
}

/* Whether two packets may be of one flow by what they say themselves. */
static bool are_akin(const struct spec *a, const struct spec *b)
{
	if (transport(a->kind) != transport(b->kind))
		return false;
	switch (transport(a->kind)) {
	case TCP:
	case UDP:
		return same_way(a, b) || other_way(a, b);
	case OTHER:
		return (a->from == b->from && a->to == b->to) ||
		       (a->from == b->to && a->to == b->from);
	case ECHO:
		return a->id == b->id &&
		       (a->is_answer == b->is_answer ? a->from == b->from && a->to == b->to
						     : a->from == b->to && a->to == b->from);
	case ERROR:
		return a->from == b->from && a->to == b->to;
	default:
		return false;
	}
}

/* Joins packet i to a leader's flow. */
static void follow(struct twin *twin, int i, int leader)
{
	twin->leader[i] = leader;
	if (twin->specs[i].seconds > twin->last[leader])
		twin->last[leader] = twin->specs[i].seconds;
}

/* FINs are remembered by the direction, as the leader sees it. Between equal ends there is one. */
static void remember_flags(struct twin *twin, int i, int leader)
{
	const struct spec *spec = &twin->specs[i];

	if (spec->kind != TCP)
		return;
	if (spec->flags & WEIR_TCP_RST)
		twin->aborted[leader] = true;
	else if (spec->flags & WEIR_TCP_FIN)
		twin->finished[leader] |= same_way(spec, &twin->specs[leader]) ? 1 : 2;
}

static bool is_over(const struct twin *twin, int i, int leader)
{
	const struct spec *spec = &twin->specs[i];

	if (spec->kind == TCP)
		return spec->flags == WEIR_TCP_SYN &&
		       (twin->aborted[leader] || twin->finished[leader] == 3);
	return spec->seconds >= twin->last[leader] + 180;
}

/* The latest flow that a packet like this one is of; errors about others do not count. */
static int latest_akin(const struct twin *twin, const struct spec *spec, int before)
{
	for (int i = before - 1; i >= 0; i--) {
		if (are_akin(spec, &twin->specs[i]) &&
		    (spec->kind != ERROR || twin->specs[i].quoted == NOBODY))
			return twin->leader[i];
	}
	return NOBODY;
}

static bool are_one_datagram(const struct spec *a, const struct spec *b)
{
	return a->from == b->from && a->to == b->to && a->id == b->id;
}

static bool are_near(const struct spec *a, const struct spec *b)
{
	return labs((long)a->seconds - (long)b->seconds) <= 60;
}

static void gather_waiting(struct twin *twin, int first)
{
	for (int i = 0; i < first; i++) {
		if (!twin->is_waiting[i] || !are_one_datagram(&twin->specs[i], &twin->specs[first]))
			continue;
		twin->is_waiting[i] = false;
		if (are_near(&twin->specs[i], &twin->specs[first]))
			follow(twin, i, twin->leader[first]);
	}
}

static void place_later(struct twin *twin, int i)
{
	for (int first = i - 1; first >= 0; first--) {
		if (twin->specs[first].kind != FIRST ||
		    !are_one_datagram(&twin->specs[i], &twin->specs[first]))
			continue;
		if (!are_near(&twin->specs[i], &twin->specs[first]))
			break;
		follow(twin, i, twin->leader[first]);
		return;
	}
	twin->is_waiting[i] = true;
}

static void place(struct twin *twin, int i)
{
	const struct spec *spec = &twin->specs[i];
	int leader;

	twin->leader[i] = NOBODY;
	if (spec->kind == ARP)
		return;
	if (spec->kind == LATER) {
		place_later(twin, i);
		return;
	}
	if (spec->kind == ERROR && spec->quoted != NOBODY) {
		follow(twin, i, latest_akin(twin, &twin->specs[spec->quoted], i));
		return;
	}
	leader = latest_akin(twin, spec, i);
	if (leader == NOBODY || is_over(twin, i, leader))
		leader = i;
	follow(twin, i, leader);
	remember_flags(twin, i, leader);
	if (spec->kind == FIRST)
		gather_waiting(twin, i);
}

/* Orphans are of one flow where they go the same way. */
static void place_orphans(struct twin *twin)
{
	for (int i = 0; i < PACKETS; i++) {
		if (twin->specs[i].kind != LATER || twin->leader[i] != NOBODY)
			continue;
		twin->leader[i] = i;
		for (int other = 0; other < i; other++) {
			if (twin->specs[other].kind == LATER && twin->leader[other] == other &&
			    twin->specs[i].from == twin->specs[other].from &&
			    twin->specs[i].to == twin->specs[other].to)
				twin->leader[i] = other;
		}
	}
}

/* Flows and leaders must stand for each other, one to one. */
static void compare_parting(struct weir_trace *trace, const struct soup *soup,
			    const struct twin *twin)
{
	static struct weir_trace_packet packets[PACKETS];
	static uint64_t flow_of[PACKETS];
	static int leader_of[PACKETS];

	for (int i = 0; i < PACKETS; i++) {
		flow_of[i] = UINT64_MAX;
		leader_of[i] = NOBODY;
	}
	assert_int_equal(weir_trace_rewind(trace), 0);
	for (size_t done = 0, i = 1; done < PACKETS; i++) {
		size_t n = burst_at(i, PACKETS - done);

		assert_int_equal(weir_trace_locate(trace, &soup->frames[done], n, &packets[done]),
				 0);
		done += n;
	}
	for (int i = 0; i < PACKETS; i++) {
		const struct weir_trace_packet packet = packets[i];
		int leader = twin->leader[i];

		assert_int_equal(packet.flow == UINT64_MAX, leader == NOBODY);
		if (leader == NOBODY)
			continue;
		if (flow_of[leader] == UINT64_MAX && leader_of[packet.flow] == NOBODY) {
			flow_of[leader] = packet.flow;
			leader_of[packet.flow] = leader;
		}
		if (flow_of[leader] != packet.flow || leader_of[packet.flow] != leader)
			fail_msg("packet %d: flow %lu is not that of packet %d", i + 1,
				 (unsigned long)packet.flow + 1, leader + 1);
	}
}

static void t6_t13_t15_packets_part_as_the_twin_parts_them(void **state)
{
	static const struct weir_trace_options defaults;
	static struct twin twin;
	struct soup *soup = *state;

	for (unsigned seed = 100; seed < 100 + SEEDS; seed++) {
		struct weir_trace *trace;

		print_message("seed %u\n", seed);
		cook(soup, seed, seed % 2 ? PLAIN : 2, false);
		memset(&twin, 0, sizeof(twin));
		twin.specs = soup->specs;
		for (int i = 0; i < PACKETS; i++)
			place(&twin, i);
		place_orphans(&twin);
		trace = play(soup, &defaults);
		script_check_identities(trace, soup->frames, PACKETS);
		compare_parting(trace, soup, &twin);
		weir_trace_destroy(trace);
	}
}

static void locate_all(struct weir_trace *trace, const struct soup *soup,
		       struct weir_trace_packet *out)
{
	assert_int_equal(weir_trace_rewind(trace), 0);
	assert_int_equal(weir_trace_locate(trace, soup->frames, PACKETS, out), 0);
}

static void t8_packets_in_tunnels_say_what_they_say_without(void **state)
{
	static const struct weir_trace_options defaults;
	static struct weir_trace_packet bare[PACKETS];
	static struct weir_trace_packet carried[PACKETS];
	struct soup *soup = *state;

	for (unsigned seed = 200; seed < 200 + SEEDS; seed++) {
		uint64_t random = seed;
		struct weir_trace *trace;

		print_message("seed %u\n", seed);
		cook(soup, seed, ALL, false);
		trace = play(soup, &defaults);
		locate_all(trace, soup, bare);
		weir_trace_destroy(trace);
		for (unsigned i = 0; i < PACKETS; i++) {
			static struct frame_builder b;
			struct weir_frame frame;

			if (soup->specs[i].kind == ARP || next(&random) % 4 == 0)
				continue;
			carry(&b, &soup->frames[i], &random);
			soup->builders[i] = b;
			frame = frame_whole(&soup->builders[i]);
			frame.interface = soup->frames[i].interface;
			frame.time = soup->frames[i].time;
			frame.number = soup->frames[i].number;
			soup->frames[i] = frame;
		}
		trace = play(soup, &defaults);
		script_check_identities(trace, soup->frames, PACKETS);
		locate_all(trace, soup, carried);
		weir_trace_destroy(trace);
		assert_memory_equal(bare, carried, sizeof(bare));
	}
}

/* Endless traces. */

struct told {
	char (*lines)[SCRIPT_TEXT];
	size_t count;
	size_t room;
};

static void tell(struct told *told, const struct weir_flow *flow)
{
	struct weir_flow unnumbered = *flow;

	unnumbered.number = 0;
	if (told->count == told->room) {
		told->room = told->room ? told->room * 2 : 64;
		told->lines = realloc(told->lines, told->room * sizeof(*told->lines));
		assert_non_null(told->lines);
	}
	told->lines[told->count][0] = '\0';
	script_append_flow(told->lines[told->count++], &unnumbered);
}

static void tell_all(struct told *told, const struct weir_trace *trace)
{
	for (uint64_t i = 0; i < weir_trace_flow_count(trace); i++) {
		struct weir_flow flow;

		weir_trace_flow(trace, i, &flow);
		tell(told, &flow);
	}
}

static void tell_over(struct told *told, const struct weir_trace *trace)
{
	for (uint64_t i = 0; i < weir_trace_flow_count(trace); i++) {
		struct weir_flow flow;

		if (weir_trace_flow_news(trace, i) != WEIR_TRACE_OVER)
			continue;
		weir_trace_flow(trace, i, &flow);
		assert_true(flow.number > 0);
		tell(told, &flow);
	}
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void compare_told(struct told *left, struct told *right)
{
	assert_int_equal(left->count, right->count);
	qsort(left->lines, left->count, SCRIPT_TEXT, compare_lines);
	qsort(right->lines, right->count, SCRIPT_TEXT, compare_lines);
	for (size_t i = 0; i < left->count; i++)
		assert_string_equal(left->lines[i], right->lines[i]);
	free(left->lines);
	free(right->lines);
}

static const struct weir_trace_options endless[] = {
	{ .endless = true },
	{ .endless = true, .stateless = true },
	{ .endless = true, .unknown_pods_external = true },
};

/* At a time before all of them nothing is over. */
static void endless_settling_changes_nothing(void **state)
{
	struct soup *soup = *state;

	for (unsigned seed = 300; seed < 300 + SEEDS; seed++) {
		struct weir_trace_options options = endless[seed % COUNT(endless)];
		struct told settled = { 0 };
		struct told whole = { 0 };
		struct weir_trace *trace;

		print_message("seed %u\n", seed);
		cook(soup, seed, ALL, true);
		trace = cluster_trace(&options);
		for (size_t done = 0, i = 0; done < PACKETS; i++) {
			size_t n = burst_at(i, PACKETS - done);

			assert_int_equal(weir_trace_add(trace, &soup->frames[done], n), 0);
			assert_int_equal(weir_trace_settle(trace, 0), 0);
			tell_over(&settled, trace);
			assert_int_equal(settled.count, 0);
			done += n;
		}
		assert_int_equal(weir_trace_finish(trace), 0);
		tell_over(&settled, trace);
		weir_trace_destroy(trace);
		options.endless = false;
		trace = play(soup, &options);
		tell_all(&whole, trace);
		weir_trace_destroy(trace);
		compare_told(&settled, &whole);
	}
}

static void endless_counts_add_up_whatever_is_forgotten(void **state)
{
	struct soup *soup = *state;

	for (unsigned seed = 400; seed < 400 + SEEDS; seed++) {
		struct weir_trace *trace = cluster_trace(&endless[seed % COUNT(endless)]);
		struct weir_trace_summary summary;
		struct told told = { 0 };
		uint64_t total = 0;
		uint64_t now = 0;

		print_message("seed %u\n", seed);
		cook(soup, seed, ALL, true);
		for (size_t i = 0; i < PACKETS; i++) {
			now = soup->frames[i].time > now ? soup->frames[i].time : now;
			assert_int_equal(weir_trace_add(trace, &soup->frames[i], 1), 0);
			if (i % (seed % 8 + 1))
				continue;
			assert_int_equal(weir_trace_settle(trace, now), 0);
			tell_over(&told, trace);
		}
		assert_true(told.count > 0);
		assert_int_equal(weir_trace_finish(trace), 0);
		tell_over(&told, trace);
		weir_trace_summarize(trace, &summary);
		assert_int_equal(summary.packets, PACKETS);
		for (unsigned i = 0; i < WEIR_TRACE_CLASSES; i++)
			total += summary.by_class[i];
		assert_int_equal(total, PACKETS);
		assert_int_equal(summary.flows[0] + summary.flows[1] + summary.flows[2],
				 told.count);
		weir_trace_destroy(trace);
		free(told.lines);
	}
}

/* A millisecond between two packets, so that nothing ends but at the end. */
static void set_times(struct soup *soup, uint64_t begin)
{
	for (size_t i = 0; i < PACKETS; i++)
		soup->frames[i].time = begin + i * 1000000;
}

static void add_settling(struct weir_trace *trace, const struct soup *soup, struct told *told)
{
	for (size_t done = 0, i = 0; done < PACKETS; i++) {
		size_t n = burst_at(i, PACKETS - done);

		assert_int_equal(weir_trace_add(trace, &soup->frames[done], n), 0);
		done += n;
		assert_int_equal(weir_trace_settle(trace, soup->frames[done - 1].time), 0);
		tell_over(told, trace);
	}
}

/* What is days apart has nothing to do with each other: it is as two traces would be, of which
 * neither has begun with its first packet. */
static void endless_what_is_over_is_forgotten(void **state)
{
	static const uint64_t first = 1000 * UINT64_C(1000000000);
	static const uint64_t second = 1000000 * UINT64_C(1000000000);
	static const struct weir_trace_options defaults;
	struct soup *soup = *state;

	for (unsigned seed = 500; seed < 500 + SEEDS; seed++) {
		struct weir_trace *trace = cluster_trace(&endless[0]);
		struct told settled = { 0 };
		struct told whole = { 0 };
		struct weir_frame early = { .link_type = 1, .wire = 14, .time = 1 };

		print_message("seed %u\n", seed);
		assert_int_equal(weir_trace_add(trace, &early, 1), 0);
		for (unsigned half = 0; half < 2; half++) {
			struct weir_trace *apart = cluster_trace(&defaults);

			cook(soup, seed + half * 1000, ALL, true);
			set_times(soup, half ? second : first);
			add_settling(trace, soup, &settled);
			assert_int_equal(settled.count, whole.count);
			assert_int_equal(weir_trace_add(apart, &early, 1), 0);
			assert_int_equal(weir_trace_add(apart, soup->frames, PACKETS), 0);
			assert_int_equal(weir_trace_finish(apart), 0);
			tell_all(&whole, apart);
			weir_trace_destroy(apart);
			assert_int_equal(weir_trace_settle(trace, half ? UINT64_MAX : second), 0);
			tell_over(&settled, trace);
		}
		weir_trace_destroy(trace);
		compare_told(&settled, &whole);
	}
}

static int make_soup(void **state)
{
	*state = malloc(sizeof(struct soup));
	return *state ? 0 : -1;
}

static int drop_soup(void **state)
{
	free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t9_counts_always_add_up),
		cmocka_unit_test(t6_t13_t15_packets_part_as_the_twin_parts_them),
		cmocka_unit_test(t8_packets_in_tunnels_say_what_they_say_without),
		cmocka_unit_test(endless_settling_changes_nothing),
		cmocka_unit_test(endless_counts_add_up_whatever_is_forgotten),
		cmocka_unit_test(endless_what_is_over_is_forgotten),
	};

	return cmocka_run_group_tests(tests, make_soup, drop_soup);
}
