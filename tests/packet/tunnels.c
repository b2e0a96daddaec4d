/* T8 of TRACES, as far as it speaks of one packet: what a tunnel carries. Which tunnels are taken
 * off is not known here. */
#include "test.h"

#include <stdlib.h>
#include <string.h>

#include "tunnels.h"

/* Takes one tunnel off of what was captured, in memory that ends there. */
static bool open_cut(const struct frame_builder *b, uint32_t captured, struct weir_packet *outside,
		     struct weir_packet *inside)
{
	uint8_t *bytes = malloc(captured ? captured : 1);
	struct weir_frame frame = frame_cut(b, captured);
	bool is_open = false;

	assert_non_null(bytes);
	memcpy(bytes, b->bytes, captured);
	frame.bytes = bytes;
	weir_packet_decode(&frame, outside);
	*inside = *outside;
	if (outside->is_tunnel)
		is_open = weir_packet_decode_inner(&frame, inside);
	free(bytes);
	return is_open;
}

static bool open_whole(const struct frame_builder *b, struct weir_packet *inside)
{
	struct weir_packet outside;
	bool is_open = open_cut(b, b->length, &outside, inside);

	assert_int_equal(outside.kind, WEIR_PACKET_OK);
	if (!is_open)
		assert_memory_equal(inside, &outside, sizeof(outside));
	return is_open;
}

static void expect_inside(const char *name, const struct weir_packet *packet,
			  enum weir_packet_class kind, enum weir_malformed reason)
{
	if (packet->kind != kind || packet->malformed != reason)
		fail_msg("%s: class %d (%s), wanted %d (%s)", name, packet->kind,
			 weir_malformed_name(packet->malformed), kind, weir_malformed_name(reason));
}

#define BAD(reason) WEIR_PACKET_MALFORMED, WEIR_MALFORMED_##reason
#define GOOD        WEIR_PACKET_OK, WEIR_MALFORMED_NONE
#define NOT_IP      WEIR_PACKET_NOT_IP, WEIR_MALFORMED_NONE
#define OPAQUE      WEIR_PACKET_OPAQUE, WEIR_MALFORMED_NONE

static const struct {
	const char *outer[2];
	const char *inner[2];
} families[] = {
	{ { "192.168.0.1", "192.168.0.2" }, { "10.0.0.1", "10.0.0.2" } },
	{ { "192.168.0.1", "192.168.0.2" }, { "fd00::1", "fd00::2" } },
	{ { "fd99::1", "fd99::2" }, { "10.0.0.1", "10.0.0.2" } },
	{ { "fd99::1", "fd99::2" }, { "fd00::1", "fd00::2" } },
};

static void begin(struct frame_builder *b, size_t family, tunnel *outside)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ip(b, families[family].outer[0], families[family].outer[1]);
	outside(b);
}

/* The packet inside begins at b->ip, and its TCP at b->transport. */
static void build(struct frame_builder *b, size_t family, tunnel *outside)
{
	begin(b, family, outside);
	frame_ip(b, families[family].inner[0], families[family].inner[1]);
	frame_tcp(b, 40000, 80, WEIR_TCP_SYN);
	frame_payload(b, 12);
	frame_end(b);
}

static void expect_tuple(const char *name, const struct weir_tuple *tuple, size_t family)
{
	char from[WEIR_ADDRESS_TEXT];
	char to[WEIR_ADDRESS_TEXT];

	weir_address_format(&tuple->source, from);
	weir_address_format(&tuple->destination, to);
	if (strcmp(from, families[family].inner[0]) != 0 ||
	    strcmp(to, families[family].inner[1]) != 0 || tuple->source_port != 40000 ||
	    tuple->destination_port != 80 || tuple->protocol != 6)
		fail_msg("%s: %s:%u -> %s:%u protocol %u", name, from, tuple->source_port, to,
			 tuple->destination_port, tuple->protocol);
}

/* T3 holds inside as it does outside. */
static void t8_every_tunnel_carries_a_packet_however_it_is_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(tunnels) * COUNT(families); i++) {
		const char *name = tunnels[i / COUNT(families)].name;
		size_t family = i % COUNT(families);
		struct frame_builder b;

		build(&b, family, tunnels[i / COUNT(families)].build);
		for (uint32_t captured = 0; captured <= b.length; captured++) {
			struct weir_packet outside;
			struct weir_packet inside;
			bool is_open = open_cut(&b, captured, &outside, &inside);

			assert_int_equal(outside.kind == WEIR_PACKET_OK, is_open);
			if (captured < b.transport + 4) {
				expect_inside(name, &inside, OPAQUE);
				continue;
			}
			expect_inside(name, &inside, GOOD);
			assert_false(inside.is_tunnel);
			expect_tuple(name, &inside.tuple, family);
			assert_int_equal(inside.tcp_flags_known, captured >= b.transport + 14);
		}
	}
}

/* One lie in the whole frame, or one on the wire: nothing that says so depends on the cut. */
static const struct {
	const char *name;
	tunnel *build;
	uint32_t at; /* behind the outer IPv4 header */
	uint8_t value;
	uint32_t wire; /* of what is behind the outer IPv4 header; 0: as built */
	bool is_open;
	enum weir_packet_class kind;
	enum weir_malformed reason;
} t8_cases[] = {
	{ "VXLAN: reserved flags", vxlan, 8, 0xff, 0, true, GOOD },
	{ "VXLAN: a group's policy", vxlan, 8, 0x88, 0, true, GOOD },
	{ "VXLAN: reserved bytes", vxlan, 15, 0xff, 0, true, GOOD },
	{ "VXLAN: no network", vxlan, 8, 0xf7, 0, false, GOOD },
	{ "VXLAN: nothing in the datagram", vxlan, 8, 8, 8, false, GOOD },
	{ "VXLAN: one byte too few", vxlan, 8, 8, 15, false, GOOD },
	{ "VXLAN: no frame", vxlan, 8, 8, 16, true, BAD(ETHERNET_HEADER) },
	{ "VXLAN: one byte short of a frame", vxlan, 8, 8, 29, true, BAD(ETHERNET_HEADER) },
	{ "VXLAN: no packet in the frame", vxlan, 8, 8, 30, true, BAD(IP_HEADER_LENGTH) },
	{ "VXLAN: one byte short of the packet", vxlan, 8, 8, 81, true, BAD(IP_TOTAL_LENGTH) },
	{ "VXLAN: ARP", vxlan, 29, 6, 0, true, NOT_IP },
	{ "VXLAN: version 5", vxlan, 30, 0x55, 0, true, BAD(IP_VERSION) },
	{ "VXLAN: data offset", vxlan, 62, 0x40, 0, true, BAD(TCP_DATA_OFFSET) },
	{ "UDP to another port", vxlan, 3, 0xff, 0, false, GOOD },
	{ "Geneve: version 1", geneve, 8, 0x40, 0, false, GOOD },
	{ "Geneve: version 3", geneve, 8, 0xc0, 0, false, GOOD },
	{ "Geneve: control and critical", geneve, 9, 0xc0, 0, true, GOOD },
	{ "Geneve: nothing in the datagram", geneve, 8, 0, 8, false, GOOD },
	{ "Geneve: one byte too few", geneve, 8, 0, 15, false, GOOD },
	{ "Geneve: no frame", geneve, 8, 0, 16, true, BAD(ETHERNET_HEADER) },
	{ "Geneve: options beyond the datagram", geneve, 8, 0x3f, 0, true, BAD(ETHERNET_HEADER) },
	{ "Geneve: not Ethernet, not IP", geneve, 10, 0x88, 0, true, NOT_IP },
	{ "Geneve: ARP", geneve, 29, 6, 0, true, NOT_IP },
	{ "Geneve, IP: another version", geneve_ip, 24, 0x65, 0, true, BAD(IP_VERSION) },
	{ "Geneve, IP: no packet", geneve_ip, 8, 2, 24, true, BAD(IP_HEADER_LENGTH) },
	{ "GRE: version 1, PPP", gre, 1, 1, 0, true, NOT_IP },
	{ "GRE: version 7", gre, 1, 7, 0, true, NOT_IP },
	{ "GRE: reserved bits", gre, 1, 0xf8, 0, true, GOOD },
	{ "GRE: routing", gre, 0, 0x40, 0, false, GOOD },
	{ "GRE: a type that is a length", gre, 2, 0, 0, true, NOT_IP },
	{ "GRE: mirrored frames", gre, 2, 0x88, 0, true, NOT_IP },
	{ "GRE: ARP", gre, 3, 6, 0, true, NOT_IP },
	{ "GRE: ARP in Ethernet", gre_ethernet, 21, 6, 0, true, NOT_IP },
	{ "GRE: nothing", gre, 0, 0, 0xffff, true, BAD(ETHERNET_HEADER) },
	{ "GRE: one byte too few", gre, 0, 0, 3, true, BAD(ETHERNET_HEADER) },
	{ "GRE: no packet", gre, 0, 0, 4, true, BAD(IP_HEADER_LENGTH) },
	{ "GRE: one byte short of its fields", gre_all, 0, 0xb0, 15, true, BAD(ETHERNET_HEADER) },
	{ "GRE: no packet behind its fields", gre_all, 0, 0xb0, 16, true, BAD(IP_HEADER_LENGTH) },
	{ "GRE: one byte short of a frame", gre_ethernet, 0, 0x20, 21, true, BAD(ETHERNET_HEADER) },
	{ "GRE: labels without a bottom", gre_mpls, 10, 0, 12, true, BAD(ETHERNET_HEADER) },
	{ "GRE: a control word behind labels", gre_mpls, 12, 0, 0, true, NOT_IP },
	{ "IPIP: version 6", ip_in_ip, 0, 0x65, 0, true, BAD(IP_VERSION) },
	{ "IPIP: nothing", ip_in_ip, 0, 0x45, 0xffff, true, BAD(IP_HEADER_LENGTH) },
	{ "IPIP: one byte short of a header", ip_in_ip, 0, 0x45, 19, true, BAD(IP_HEADER_LENGTH) },
	{ "IPIP: one byte short of the packet", ip_in_ip, 0, 0x45, 51, true, BAD(IP_TOTAL_LENGTH) },
};

static void t8_what_a_tunnel_says_and_what_it_carries(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(t8_cases); i++) {
		const uint32_t outer = 34;
		struct frame_builder b;
		struct weir_packet whole;

		build(&b, 0, t8_cases[i].build);
		if (t8_cases[i].wire) {
			uint32_t wire = t8_cases[i].wire == 0xffff ? 0 : t8_cases[i].wire;

			b.length = outer + wire;
			frame_poke16(&b, 16, (uint16_t)(20 + wire));
			if (b.bytes[23] == 17)
				frame_poke16(&b, outer + 4, (uint16_t)wire);
		}
		if (outer + t8_cases[i].at < b.length)
			frame_poke8(&b, outer + t8_cases[i].at, t8_cases[i].value);
		if (open_whole(&b, &whole) != t8_cases[i].is_open)
			fail_msg("%s: open %d", t8_cases[i].name, !t8_cases[i].is_open);
		expect_inside(t8_cases[i].name, &whole, t8_cases[i].kind, t8_cases[i].reason);
		for (uint32_t captured = 0; captured < b.length; captured++) {
			struct weir_packet outside;
			struct weir_packet cut;

			open_cut(&b, captured, &outside, &cut);
			/* a fault behind the key is not seen before it is captured */
			if (cut.kind == WEIR_PACKET_OPAQUE ||
			    (cut.kind == WEIR_PACKET_OK && whole.kind == WEIR_PACKET_MALFORMED))
				continue;
			expect_inside(t8_cases[i].name, &cut, t8_cases[i].kind, t8_cases[i].reason);
			assert_memory_equal(&cut.tuple, &whole.tuple, sizeof(whole.tuple));
		}
	}
}

/* The datagram ends where it says, whatever the packet has behind it. */
static void t8_the_packet_inside_ends_with_the_outside(void **state)
{
	struct frame_builder b;
	struct weir_packet inside;

	(void)state;
	build(&b, 0, vxlan);
	frame_payload(&b, 30); /* the frame's padding */
	assert_true(open_whole(&b, &inside));
	expect_inside("padding outside", &inside, GOOD);
	frame_poke16(&b, b.ip + 2, 53);
	assert_true(open_whole(&b, &inside));
	expect_inside("one beyond the datagram", &inside, BAD(IP_TOTAL_LENGTH));
	build(&b, 0, vxlan);
	frame_poke16(&b, 38, 81);
	assert_true(open_whole(&b, &inside));
	expect_inside("the datagram is one short", &inside, BAD(IP_TOTAL_LENGTH));
	build(&b, 0, ip_in_ip);
	frame_payload(&b, 30);
	frame_poke16(&b, b.ip + 2, 53);
	assert_true(open_whole(&b, &inside));
	expect_inside("one beyond the outer packet", &inside, BAD(IP_TOTAL_LENGTH));
}

/* Offload leaves them, outside and inside. */
static void t2_t8_missing_lengths_mean_up_to_the_end(void **state)
{
	struct frame_builder b;
	struct weir_packet inside;

	(void)state;
	for (size_t family = 0; family < COUNT(families); family++) {
		bool is_outer6 = family >= 2;

		build(&b, family, vxlan);
		frame_poke16(&b, is_outer6 ? 18 : 16, 0);
		frame_poke16(&b, is_outer6 ? 58 : 38, 0);
		assert_true(open_whole(&b, &inside));
		expect_inside("outside", &inside, GOOD);
		expect_tuple("outside", &inside.tuple, family);
		frame_poke16(&b, b.ip + (family % 2 ? 4 : 2), 0);
		assert_true(open_whole(&b, &inside));
		expect_inside("both", &inside, GOOD);
		expect_tuple("both", &inside.tuple, family);
		build(&b, family, gre);
		frame_poke16(&b, b.ip + (family % 2 ? 4 : 2), 0);
		assert_true(open_whole(&b, &inside));
		expect_inside("inside", &inside, GOOD);
	}
	build(&b, 0, ip_in_ip);
	frame_poke16(&b, 16, 0);
	assert_false(open_cut(&b, b.length, &inside, &inside));
	expect_inside("neither TCP nor UDP follows", &inside, BAD(IP_TOTAL_LENGTH));
}

/* Not even the first: the rest of what it carries comes in others. */
static void t8_t13_a_fragment_is_not_opened(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(tunnels) * 2; i++) {
		struct frame_builder b;
		struct weir_frame frame;
		struct weir_packet packet;
		struct weir_packet before;

		frame_begin(&b, FRAME_ETHERNET);
		frame_ip(&b, families[i % 2 * 2].outer[0], families[i % 2 * 2].outer[1]);
		if (i % 2)
			frame_ipv6_fragment(&b, 9, 0, true);
		else
			frame_ipv4_fragment(&b, 9, 0, true);
		tunnels[i / 2].build(&b);
		frame_ip(&b, "10.0.0.1", "10.0.0.2");
		frame_tcp(&b, 40000, 80, WEIR_TCP_SYN);
		frame_end(&b);
		frame = frame_whole(&b);
		weir_packet_decode(&frame, &packet);
		assert_int_equal(packet.kind, WEIR_PACKET_OK);
		assert_true(packet.is_fragment);
		assert_false(packet.is_tunnel);
		before = packet;
		assert_false(weir_packet_decode_inner(&frame, &packet));
		assert_memory_equal(&packet, &before, sizeof(before));
		assert_ptr_equal(frame.bytes, b.bytes);
		assert_int_equal(frame.wire, b.length);
	}
}

static void t8_behind_options_and_extension_headers(void **state)
{
	struct frame_builder b;
	struct weir_packet inside;

	(void)state;
	frame_begin(&b, FRAME_ETHERNET);
	frame_ipv4_options(&b, "192.168.0.1", "192.168.0.2", 12);
	vxlan(&b);
	frame_ip(&b, "10.0.0.1", "10.0.0.2");
	frame_tcp(&b, 40000, 80, WEIR_TCP_SYN);
	frame_end(&b);
	assert_true(open_whole(&b, &inside));
	expect_tuple("options", &inside.tuple, 0);
	frame_begin(&b, FRAME_SLL2);
	frame_ip(&b, "fd99::1", "fd99::2");
	frame_extension(&b, FRAME_DESTINATION, 8); /* Linux limits the depth with one */
	frame_extension(&b, FRAME_AUTHENTICATION, 24);
	frame_ip(&b, "10.0.0.1", "10.0.0.2");
	frame_tcp(&b, 40000, 80, WEIR_TCP_SYN);
	frame_end(&b);
	assert_true(open_whole(&b, &inside));
	expect_tuple("extension headers", &inside.tuple, 0);
}

static void t8_esp_wireguard_and_others_are_no_tunnels_here(void **state)
{
	static const uint16_t ports[] = { 51820, 4788, 4790, 8471, 8473, 6080, 6082, 6635, 4500 };
	static const uint8_t protocols[] = { 50, 115, 97, 137, 94, 3, 5, 40, 42, 46, 48 };
	struct frame_builder b;
	struct weir_packet inside;

	(void)state;
	for (size_t i = 0; i < COUNT(ports); i++) {
		build(&b, 0, vxlan);
		frame_poke16(&b, 36, ports[i]);
		assert_false(open_whole(&b, &inside));
		assert_false(inside.is_tunnel);
		frame_poke16(&b, 34, 4789); /* answers go to the port, too */
		assert_false(open_whole(&b, &inside));
	}
	for (size_t i = 0; i < COUNT(protocols); i++) {
		build(&b, 0, ip_in_ip);
		frame_poke8(&b, 23, protocols[i]);
		assert_false(open_whole(&b, &inside));
		assert_false(inside.is_tunnel);
	}
}

/* One tunnel a call, and the frame becomes what it carries. */
static void t8_a_tunnel_in_a_tunnel_is_one_more_call(void **state)
{
	struct frame_builder b;
	struct weir_frame frame;
	struct weir_packet packet;

	(void)state;
	frame_begin(&b, FRAME_ETHERNET);
	for (size_t i = 0; i < COUNT(tunnels); i++) {
		frame_ip(&b, "192.168.0.1", "192.168.0.2");
		tunnels[i].build(&b);
	}
	frame_ip(&b, families[0].inner[0], families[0].inner[1]);
	frame_tcp(&b, 40000, 80, WEIR_TCP_SYN);
	frame_end(&b);
	frame = frame_whole(&b);
	frame.number = 7;
	frame.interface = 3;
	frame.time = 5;
	weir_packet_decode(&frame, &packet);
	for (size_t i = 0; i < COUNT(tunnels); i++) {
		assert_true(packet.is_tunnel);
		assert_true(weir_packet_decode_inner(&frame, &packet));
		expect_inside(tunnels[i].name, &packet, GOOD);
	}
	assert_false(packet.is_tunnel);
	expect_tuple("innermost", &packet.tuple, 0);
	assert_ptr_equal(frame.bytes, b.bytes + b.ip);
	assert_int_equal(frame.wire, b.length - b.ip);
	assert_int_equal(frame.captured, frame.wire);
	assert_int_equal(frame.number, 7);
	assert_int_equal(frame.interface, 3);
	assert_int_equal(frame.time, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t8_every_tunnel_carries_a_packet_however_it_is_cut),
		cmocka_unit_test(t8_what_a_tunnel_says_and_what_it_carries),
		cmocka_unit_test(t8_the_packet_inside_ends_with_the_outside),
		cmocka_unit_test(t2_t8_missing_lengths_mean_up_to_the_end),
		cmocka_unit_test(t8_t13_a_fragment_is_not_opened),
		cmocka_unit_test(t8_behind_options_and_extension_headers),
		cmocka_unit_test(t8_esp_wireguard_and_others_are_no_tunnels_here),
		cmocka_unit_test(t8_a_tunnel_in_a_tunnel_is_one_more_call),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
