/* What a frame counts as, and what its key is: the rows of TRACES that speak of one packet. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bases.h"

static struct weir_packet decode(const struct frame_builder *b)
{
	struct weir_frame frame = frame_whole(b);
	struct weir_packet packet;

	weir_packet_decode(&frame, &packet);
	return packet;
}

static void expect_kind(const char *name, const struct weir_packet *packet,
			enum weir_packet_class kind, enum weir_malformed reason)
{
	if (packet->kind != kind || packet->malformed != reason)
		fail_msg("%s: class %d (%s), wanted %d (%s)", name, packet->kind,
			 weir_malformed_name(packet->malformed), kind, weir_malformed_name(reason));
}

static void expect_tuple(const char *name, const struct weir_tuple *tuple, const char *source,
			 unsigned source_port, const char *destination, unsigned destination_port,
			 unsigned protocol)
{
	char from[WEIR_ADDRESS_TEXT];
	char to[WEIR_ADDRESS_TEXT];

	weir_address_format(&tuple->source, from);
	weir_address_format(&tuple->destination, to);
	if (strcmp(from, source) != 0 || strcmp(to, destination) != 0 ||
	    tuple->source_port != source_port || tuple->destination_port != destination_port ||
	    tuple->protocol != protocol)
		fail_msg("%s: %s:%u -> %s:%u protocol %u", name, from, tuple->source_port, to,
			 tuple->destination_port, tuple->protocol);
}

/* A base with one lie: size bytes poked at an offset, then the frame made wire bytes long. */
static const struct {
	const char *name;
	base *build;
	uint32_t at;
	unsigned size;
	uint16_t value;
	uint32_t wire; /* 0: as built */
	enum weir_packet_class kind;
	enum weir_malformed reason;
} t1_cases[] = {
#define BAD(reason) WEIR_PACKET_MALFORMED, WEIR_MALFORMED_##reason
#define GOOD        WEIR_PACKET_OK, WEIR_MALFORMED_NONE
#define NOT_IP      WEIR_PACKET_NOT_IP, WEIR_MALFORMED_NONE
	{ "nothing at all", tcp4, 0, 0, 0, 1, BAD(ETHERNET_HEADER) },
	{ "one byte short of a link header", tcp4, 0, 0, 0, 13, BAD(ETHERNET_HEADER) },
	{ "cooked: one byte short", cooked4, 0, 0, 0, 15, BAD(ETHERNET_HEADER) },
	{ "cooked v2: one byte short", cooked6, 0, 0, 0, 19, BAD(ETHERNET_HEADER) },
	{ "loopback: one byte short", null6, 0, 0, 0, 3, BAD(ETHERNET_HEADER) },
	{ "a VLAN tag's last byte is missing", vlans4, 0, 0, 0, 25, BAD(ETHERNET_HEADER) },
	{ "nothing behind the link header", tcp4, 0, 0, 0, 14, BAD(IP_HEADER_LENGTH) },
	{ "IPv4: version 5", tcp4, 14, 1, 0x55, 0, BAD(IP_VERSION) },
	{ "IPv4 by EtherType, 6 by version", tcp4, 14, 1, 0x65, 0, BAD(IP_VERSION) },
	{ "IPv6 by EtherType, 4 by version", tcp6, 14, 1, 0x45, 0, BAD(IP_VERSION) },
	{ "raw: version 0", raw4, 0, 1, 0x05, 0, BAD(IP_VERSION) },
	{ "raw: version 7", raw4, 0, 1, 0x75, 0, BAD(IP_VERSION) },
	{ "IPv4: header length 4", tcp4, 14, 1, 0x44, 0, BAD(IP_HEADER_LENGTH) },
	{ "IPv4: header length 0", tcp4, 14, 1, 0x40, 0, BAD(IP_HEADER_LENGTH) },
	{ "IPv4: header beyond the frame", tcp4, 14, 1, 0x4f, 60, BAD(IP_HEADER_LENGTH) },
	{ "IPv4: 19 bytes of frame", tcp4, 0, 0, 0, 33, BAD(IP_HEADER_LENGTH) },
	{ "IPv6: 39 bytes of frame", tcp6, 0, 0, 0, 53, BAD(IP_HEADER_LENGTH) },
	{ "raw IPv6: 39 bytes of frame", raw4, 0, 1, 0x60, 0, BAD(IP_HEADER_LENGTH) },
	{ "IPv4: header to the last byte", options4, 16, 2, 32, 46, BAD(TCP_DATA_OFFSET) },
	{ "IPv4: total length 1", tcp4, 16, 2, 1, 0, BAD(IP_TOTAL_LENGTH) },
	{ "IPv4: total length below its header", options4, 16, 2, 31, 0, BAD(IP_TOTAL_LENGTH) },
	{ "IPv4: total length one beyond the frame", tcp4, 16, 2, 53, 0, BAD(IP_TOTAL_LENGTH) },
	{ "IPv4: frame one short of the total length", tcp4, 0, 0, 0, 65, BAD(IP_TOTAL_LENGTH) },
	{ "IPv6: payload one beyond the frame", tcp6, 18, 2, 33, 0, BAD(IP_TOTAL_LENGTH) },
	{ "IPv6: frame one short of the payload", tcp6, 0, 0, 0, 85, BAD(IP_TOTAL_LENGTH) },
	{ "IPv6: hop-by-hop header beyond the packet", hop6, 55, 1, 2, 0, BAD(IPV6_EXTENSION) },
	{ "IPv6: hop-by-hop header ends with the packet, as UDP does not", hop6, 55, 1, 1, 0,
	  BAD(UDP_LENGTH) },
	{ "IPv6: packet ends in an extension header", hop6, 18, 2, 7, 0, BAD(IPV6_EXTENSION) },
	{ "IPv4: AH beyond the packet", authenticated4, 35, 1, 10, 0, BAD(IPV6_EXTENSION) },
	{ "IPv4: AH below its own size", authenticated4, 35, 1, 0, 0, BAD(IPV6_EXTENSION) },
	{ "TCP: data offset 4", tcp4, 46, 1, 0x40, 0, BAD(TCP_DATA_OFFSET) },
	{ "TCP: data offset 0", tcp6, 66, 1, 0, 0, BAD(TCP_DATA_OFFSET) },
	{ "TCP: data offset beyond the segment", tcp4, 46, 1, 0x90, 0, BAD(TCP_DATA_OFFSET) },
	{ "TCP: data offset to the segment's end", tcp4, 46, 1, 0x80, 0, GOOD },
	{ "TCP: a segment of 19 bytes", tcp4, 16, 2, 39, 0, BAD(TCP_DATA_OFFSET) },
	{ "TCP: a segment of 20 bytes and padding", tcp4, 16, 2, 40, 0, GOOD },
	{ "UDP: length 7", udp4, 38, 2, 7, 0, BAD(UDP_LENGTH) },
	{ "UDP: length 0", udp4, 38, 2, 0, 0, BAD(UDP_LENGTH) },
	{ "UDP: length 8", udp4, 38, 2, 8, 0, GOOD },
	{ "UDP: length one beyond the payload", udp4, 38, 2, 29, 0, BAD(UDP_LENGTH) },
	{ "UDP: length beyond the packet, in the padding", udp4, 16, 2, 47, 0, BAD(UDP_LENGTH) },
	{ "UDP: a payload of 7 bytes", udp6, 18, 2, 7, 0, BAD(UDP_LENGTH) },
	{ "SCTP: a payload of 11 bytes", sctp4, 16, 2, 31, 0, BAD(SCTP_LENGTH) },
	{ "SCTP: no chunk", sctp4, 16, 2, 32, 0, GOOD },
	{ "SCTP: half a chunk header", sctp4, 16, 2, 34, 0, BAD(SCTP_LENGTH) },
	{ "SCTP: chunk length 3", sctp4, 48, 2, 3, 0, BAD(SCTP_LENGTH) },
	{ "SCTP: chunk beyond the packet", sctp4, 48, 2, 5, 0, BAD(SCTP_LENGTH) },
	{ "ICMP: 7 bytes", echo4, 16, 2, 27, 0, BAD(ICMP_LENGTH) },
	{ "ICMP: 8 bytes", echo4, 16, 2, 28, 0, GOOD },
	{ "ICMPv6: 7 bytes", echo6, 18, 2, 7, 0, BAD(ICMP_LENGTH) },
	{ "ICMPv6: payload length 0", echo6, 18, 2, 0, 0, BAD(ICMP_LENGTH) },
	{ "IPv4: a first fragment of 3 bytes", first_fragment4, 16, 2, 23, 0, BAD(FRAGMENT) },
	{ "IPv4: a first fragment of 4 bytes", first_fragment4, 16, 2, 24, 0, GOOD },
	{ "IPv4: a first fragment's UDP length below 8", first_fragment4, 38, 2, 7, 0,
	  BAD(UDP_LENGTH) },
	{ "IPv6: a first fragment ends before its headers do", first_fragment6, 18, 2, 23, 0,
	  BAD(FRAGMENT) },
	{ "IPv6: a first fragment without its ports", first_fragment6, 18, 2, 27, 0,
	  BAD(FRAGMENT) },
	{ "IPv6: a first fragment with its ports", first_fragment6, 18, 2, 28, 0, GOOD },
	{ "ARP", arp, 0, 0, 0, 0, NOT_IP },
	{ "ARP behind VLAN tags", vlans4, 24, 2, 0x0806, 0, NOT_IP },
	{ "MPLS: the stack has no bottom", labels4, 20, 1, 0, 22, BAD(ETHERNET_HEADER) },
	{ "MPLS: half a label", labels4, 0, 0, 0, 20, BAD(ETHERNET_HEADER) },
	{ "MPLS: nothing behind the labels", labels4, 0, 0, 0, 22, NOT_IP },
	{ "MPLS: a control word", labels4, 22, 1, 0, 0, NOT_IP },
	{ "MPLS: neither version", labels4, 22, 1, 0x75, 0, NOT_IP },
	{ "MPLS: the header of IPv4 is not whole", labels4, 0, 0, 0, 41, BAD(IP_HEADER_LENGTH) },
	{ "MPLS: version 6 by its first half byte", labels4, 22, 1, 0x65, 0, BAD(IPV6_EXTENSION) },
	{ "802.3 length, no SNAP", tcp4, 12, 2, 38, 0, NOT_IP },
	{ "cooked: ARP", cooked4, 18, 2, 0x0806, 0, NOT_IP },
	{ "cooked v2: ARP", cooked6, 0, 2, 0x0806, 0, NOT_IP },
	{ "cooked: netlink", cooked4, 2, 2, 824, 0, NOT_IP },
	{ "loopback: a family that is not IP", null6, 0, 1, 7, 0, NOT_IP },
	{ "a protocol without ports", tcp4, 23, 1, 47, 0, GOOD },
	{ "ESP is a protocol of its own", tcp4, 23, 1, 50, 0, GOOD },
	{ "UDP-Lite has no ports here", tcp4, 23, 1, 136, 0, GOOD },
	{ "IPv6 without next header", tcp6, 20, 1, 59, 0, GOOD },
};

static void t1_every_class_and_reason(void **state)
{
	bool seen[WEIR_MALFORMED_REASONS] = { false };

	(void)state;
	for (size_t i = 0; i < COUNT(t1_cases); i++) {
		struct frame_builder b;
		struct weir_packet packet;

		t1_cases[i].build(&b);
		if (t1_cases[i].size == 1)
			frame_poke8(&b, t1_cases[i].at, (uint8_t)t1_cases[i].value);
		if (t1_cases[i].size == 2)
			frame_poke16(&b, t1_cases[i].at, t1_cases[i].value);
		if (t1_cases[i].wire)
			b.length = t1_cases[i].wire;
		packet = decode(&b);
		expect_kind(t1_cases[i].name, &packet, t1_cases[i].kind, t1_cases[i].reason);
		seen[packet.malformed] = true;
	}
	/* depth is whose who takes them off */
	for (int i = 0; i < WEIR_MALFORMED_REASONS; i++)
		assert_true(seen[i] || i == WEIR_MALFORMED_TUNNEL_DEPTH);
}

static void t1_every_base_is_what_it_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bases); i++) {
		struct frame_builder b;
		struct weir_packet packet;
		char name[32];

		bases[i](&b);
		packet = decode(&b);
		snprintf(name, sizeof(name), "base %zu", i);
		expect_kind(name, &packet, bases[i] == arp ? WEIR_PACKET_NOT_IP : WEIR_PACKET_OK,
			    WEIR_MALFORMED_NONE);
	}
}

static void t1_lengths_are_judged_by_the_wire_not_by_the_capture(void **state)
{
	struct frame_builder b;
	struct weir_frame frame;
	struct weir_packet packet;

	(void)state;
	tcp4(&b);
	frame_payload(&b, 1000);
	frame_end(&b);
	frame = frame_cut(&b, 54);
	weir_packet_decode(&frame, &packet);
	expect_kind("whole on the wire, cut by the capture", &packet, GOOD);
	frame.wire = 1000;
	weir_packet_decode(&frame, &packet);
	expect_kind("the wire had less", &packet, BAD(IP_TOTAL_LENGTH));
	frame = frame_whole(&b);
	frame.wire = 60;
	weir_packet_decode(&frame, &packet);
	expect_kind("captured more than the wire had", &packet, BAD(IP_TOTAL_LENGTH));
}

static void t1_padding_is_never_read(void **state)
{
	struct frame_builder b;
	struct weir_packet packet;

	(void)state;
	frame_begin(&b, FRAME_ETHERNET);
	frame_ip(&b, "10.0.0.9", "10.0.0.1");
	frame_icmp(&b, 3, 3, 0);
	frame_end(&b);
	/* what would be a fine quote, were it inside the packet */
	frame_ip(&b, "10.0.0.1", "10.0.0.2");
	frame_udp(&b, 1, 2);
	packet = decode(&b);
	expect_kind("padding like a quote", &packet, GOOD);
	assert_false(packet.has_quote);
}

static void t1_an_unknown_link_type_is_opaque(void **state)
{
	struct frame_builder b;
	struct weir_frame frame;
	struct weir_packet packet;

	(void)state;
	tcp4(&b);
	frame = frame_whole(&b);
	frame.link_type = 105;
	weir_packet_decode(&frame, &packet);
	expect_kind("802.11", &packet, WEIR_PACKET_OPAQUE, WEIR_MALFORMED_NONE);
	assert_false(weir_link_type_supported(105));
	frame.captured = 0;
	frame.wire = 0;
	weir_packet_decode(&frame, &packet);
	expect_kind("802.11, empty", &packet, WEIR_PACKET_OPAQUE, WEIR_MALFORMED_NONE);
}

static void a_frame_of_which_nothing_was_captured_needs_no_bytes(void **state)
{
	static const uint32_t types[] = { 0, 1, 101, 113, 276 };

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct weir_frame frame = { .wire = 1500, .link_type = types[i] };
		struct weir_packet packet;

		weir_packet_decode(&frame, &packet);
		expect_kind("no bytes", &packet, WEIR_PACKET_OPAQUE, WEIR_MALFORMED_NONE);
	}
}

static void every_link_type_leads_to_ip(void **state)
{
	static const uint32_t types[] = { FRAME_NULL, FRAME_ETHERNET, 12,        14,
					  FRAME_RAW,  FRAME_LOOP,     FRAME_SLL, FRAME_SLL2,
					  FRAME_IPV4, FRAME_IPV6 };

	(void)state;
	for (size_t i = 0; i < COUNT(types); i++) {
		struct frame_builder b;
		struct weir_packet packet;

		assert_true(weir_link_type_supported(types[i]));
		if (types[i] != FRAME_IPV6) {
			frame_begin(&b, types[i]);
			frame_ip(&b, "10.0.0.1", "10.0.0.2");
			frame_udp(&b, 5353, 53);
			frame_end(&b);
			packet = decode(&b);
			expect_kind("IPv4", &packet, GOOD);
			expect_tuple("IPv4", &packet.tuple, "10.0.0.1", 5353, "10.0.0.2", 53, 17);
		}
		if (types[i] != FRAME_IPV4) {
			frame_begin(&b, types[i]);
			frame_ip(&b, "fd00::1", "fd00::2");
			frame_udp(&b, 5353, 53);
			frame_end(&b);
			packet = decode(&b);
			expect_kind("IPv6", &packet, GOOD);
			expect_tuple("IPv6", &packet.tuple, "fd00::1", 5353, "fd00::2", 53, 17);
		}
	}
}

static void loopback_families_are_read_in_both_byte_orders(void **state)
{
	static const uint8_t families[] = { 10, 24, 28, 30 };

	(void)state;
	for (size_t i = 0; i < COUNT(families); i++) {
		struct frame_builder b;
		struct weir_packet packet;

		null6(&b);
		frame_poke32(&b, 0, (uint32_t)families[i] << 24);
		packet = decode(&b);
		expect_kind("little-endian", &packet, GOOD);
		frame_poke32(&b, 0, families[i]);
		packet = decode(&b);
		expect_kind("big-endian", &packet, GOOD);
	}
}

static void snap_leads_to_an_ethertype(void **state)
{
	struct frame_builder b;
	struct weir_packet packet;

	(void)state;
	frame_begin(&b, FRAME_ETHERNET);
	frame_ethertype(&b, 36); /* a length */
	frame_payload_bytes(&b, "\xaa\xaa\x03\x00\x00\x00\x08\x00", 8);
	frame_ip(&b, "10.0.0.1", "10.0.0.2");
	frame_udp(&b, 1, 2);
	frame_end(&b);
	packet = decode(&b);
	expect_kind("SNAP", &packet, GOOD);
	expect_tuple("SNAP", &packet.tuple, "10.0.0.1", 1, "10.0.0.2", 2, 17);
	frame_poke8(&b, 17, 8); /* another organisation's numbers */
	packet = decode(&b);
	expect_kind("SNAP of someone else", &packet, NOT_IP);
}

static void the_key_is_read_behind_tags_options_and_extensions(void **state)
{
	static const struct {
		const char *name;
		base *build;
		bool is_ipv6;
	} cases[] = {
		{ "plain", tcp4, false },
		{ "IPv6", tcp6, true },
		{ "IPv4 options", options4, false },
		{ "three VLAN tags", vlans4, false },
		{ "cooked, VLAN tag", cooked4, false },
		{ "every IPv6 extension header (T7: AH too)", extensions6, true },
		{ "T7: AH in IPv4", authenticated4, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct frame_builder b;
		struct weir_packet packet;

		cases[i].build(&b);
		packet = decode(&b);
		expect_kind(cases[i].name, &packet, GOOD);
		expect_tuple(cases[i].name, &packet.tuple,
			     cases[i].is_ipv6 ? "fd00::1" : "10.0.0.1", 40000,
			     cases[i].is_ipv6 ? "fd00::2" : "10.0.0.2", 80, 6);
		assert_int_equal(packet.tcp_flags, WEIR_TCP_SYN);
		assert_true(packet.tcp_flags_known);
		assert_false(packet.is_fragment);
	}
}

static void t7_esp_is_a_protocol_of_its_own(void **state)
{
	struct frame_builder b;
	struct weir_packet packet;

	(void)state;
	frame_begin(&b, FRAME_ETHERNET);
	frame_ip(&b, "fd00::1", "fd00::2");
	frame_other(&b, 50);
	frame_payload(&b, 3);
	frame_end(&b);
	packet = decode(&b);
	expect_kind("ESP", &packet, GOOD);
	expect_tuple("ESP", &packet.tuple, "fd00::1", 0, "fd00::2", 0, 50);
}

static void icmp_questions_and_answers_have_an_identifier(void **state)
{
	static const uint8_t types[] = { 0, 8, 13, 14, 15, 16, 17, 18 };
	struct weir_packet packet;
	struct frame_builder b;

	(void)state;
	for (unsigned type = 0; type < 256; type++) {
		bool has_one = memchr(types, (int)type, sizeof(types)) != NULL;

		frame_begin(&b, FRAME_ETHERNET);
		frame_ip(&b, "10.0.0.1", "10.0.0.2");
		frame_icmp(&b, (uint8_t)type, 0, 777u << 16 | 1);
		frame_end(&b);
		packet = decode(&b);
		assert_int_equal(packet.tuple.source_port, has_one ? 777 : 0);
		assert_int_equal(packet.tuple.destination_port, has_one ? 777 : 0);
		frame_begin(&b, FRAME_ETHERNET);
		frame_ip(&b, "fd00::1", "fd00::2");
		frame_icmp(&b, (uint8_t)type, 0, 777u << 16 | 1);
		frame_end(&b);
		packet = decode(&b);
		assert_int_equal(packet.tuple.source_port, type == 128 || type == 129 ? 777 : 0);
	}
}

static void icmp_belongs_to_its_own_family(void **state)
{
	struct frame_builder b;
	struct weir_packet packet;

	(void)state;
	echo4(&b);
	packet = decode(&b);
	expect_tuple("echo", &packet.tuple, "10.0.0.1", 777, "10.0.0.2", 777, 1);
	assert_int_equal(packet.icmp_type, 8);
	echo6(&b);
	packet = decode(&b);
	expect_tuple("echo reply", &packet.tuple, "fd00::1", 777, "fd00::2", 777, 58);
	assert_int_equal(packet.icmp_type, 129);
	echo4(&b);
	frame_poke8(&b, 23, 58);
	packet = decode(&b);
	expect_kind("ICMPv6 in IPv4", &packet, GOOD);
	expect_tuple("ICMPv6 in IPv4", &packet.tuple, "10.0.0.1", 0, "10.0.0.2", 0, 58);
	frame_begin(&b, FRAME_ETHERNET);
	frame_ip(&b, "fd00::1", "fd00::2");
	frame_icmp(&b, 135, 0, 0);
	frame_end(&b);
	packet = decode(&b);
	expect_tuple("neighbour solicitation", &packet.tuple, "fd00::1", 0, "fd00::2", 0, 58);
	assert_int_equal(packet.icmp_type, 135);
	assert_false(packet.has_quote);
}

static void hop_sctp6(struct frame_builder *b)
{
	frame_begin(b, FRAME_ETHERNET);
	frame_ip(b, "fd00::1", "fd00::2");
	frame_extension(b, FRAME_HOP_BY_HOP, 8);
	frame_sctp(b, 5000, 5001, 1);
	frame_end(b);
}

static const struct {
	const char *name;
	base *build;
	uint32_t length_at;
	uint32_t udp_length_at; /* 0: none to clear */
	enum weir_packet_class kind;
	enum weir_malformed reason;
} t2_cases[] = {
	{ "TCP over IPv4", tcp4, 16, 0, GOOD },
	{ "UDP over IPv4", udp4, 16, 0, GOOD },
	{ "UDP over IPv4, its length missing too", udp4, 16, 38, GOOD },
	{ "TCP over IPv6", tcp6, 18, 0, GOOD },
	{ "UDP over IPv6", udp6, 18, 0, GOOD },
	{ "TCP behind extension headers", extensions6, 18, 0, GOOD },
	{ "TCP behind AH", authenticated4, 16, 0, GOOD },
	{ "SCTP over IPv4", sctp4, 16, 0, BAD(IP_TOTAL_LENGTH) },
	{ "ICMP over IPv4", echo4, 16, 0, BAD(IP_TOTAL_LENGTH) },
	{ "SCTP behind an extension header: it is not in the packet", hop_sctp6, 18, 0,
	  BAD(IPV6_EXTENSION) },
	{ "ICMPv6: there is no payload", echo6, 18, 0, BAD(ICMP_LENGTH) },
};

static void t2_missing_lengths_mean_up_to_the_end_before_tcp_and_udp(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(t2_cases); i++) {
		struct frame_builder b;
		struct weir_packet packet;

		t2_cases[i].build(&b);
		frame_poke16(&b, t2_cases[i].length_at, 0);
		if (t2_cases[i].udp_length_at)
			frame_poke16(&b, t2_cases[i].udp_length_at, 0);
		packet = decode(&b);
		expect_kind(t2_cases[i].name, &packet, t2_cases[i].kind, t2_cases[i].reason);
	}
}

static void t2_checksums_are_never_judged(void **state)
{
	struct frame_builder b;
	struct weir_packet packet;

	(void)state;
	tcp4(&b);
	frame_poke16(&b, 24, 0xbad0);
	frame_poke16(&b, 50, 0xbad1);
	packet = decode(&b);
	expect_kind("wrong checksums", &packet, GOOD);
}

/* A copy of its own size, so that a sanitizer sees a read beyond the captured bytes. */
static struct weir_packet decode_cut(const struct frame_builder *b, uint32_t captured)
{
	uint8_t *bytes = malloc(captured ? captured : 1);
	struct weir_frame frame = frame_cut(b, captured);
	struct weir_packet packet;

	assert_non_null(bytes);
	memcpy(bytes, b->bytes, captured);
	frame.bytes = bytes;
	weir_packet_decode(&frame, &packet);
	free(bytes);
	return packet;
}

/* The bytes of a base that its key needs. */
static const struct {
	const char *name;
	base *build;
	uint32_t needed;
} t3_cases[] = {
	{ "TCP: four bytes of ports", tcp4, 14 + 20 + 4 },
	{ "TCP over IPv6", tcp6, 14 + 40 + 4 },
	{ "UDP", udp4, 14 + 20 + 4 },
	{ "SCTP", sctp4, 14 + 20 + 4 },
	{ "echo: up to the identifier", echo4, 14 + 20 + 6 },
	{ "echo over IPv6", echo6, 14 + 40 + 6 },
	{ "ICMP error: type and code", error4, 14 + 20 + 2 },
	{ "IPv4 options", options4, 14 + 32 + 4 },
	{ "extension headers", extensions6, 14 + 40 + 132 + 4 },
	{ "AH in IPv4", authenticated4, 14 + 20 + 24 + 4 },
	{ "VLAN tags", vlans4, 26 + 20 + 4 },
	{ "a later fragment: its IPv4 header", later_fragment4, 14 + 20 },
	{ "a later fragment: its fragment header", later_fragment6, 14 + 40 + 8 },
	{ "a first fragment", first_fragment6, 14 + 40 + 24 + 4 },
};

static void t3_a_cut_packet_is_judged_as_soon_as_its_key_is_there(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(t3_cases); i++) {
		struct frame_builder b;
		struct weir_packet whole;

		t3_cases[i].build(&b);
		whole = decode(&b);
		for (uint32_t captured = 0; captured <= b.length; captured++) {
			struct weir_packet packet = decode_cut(&b, captured);

			if (captured < t3_cases[i].needed) {
				expect_kind(t3_cases[i].name, &packet, WEIR_PACKET_OPAQUE,
					    WEIR_MALFORMED_NONE);
				continue;
			}
			expect_kind(t3_cases[i].name, &packet, GOOD);
			assert_memory_equal(&packet.tuple, &whole.tuple, sizeof(whole.tuple));
			assert_int_equal(packet.icmp_type, whole.icmp_type);
			assert_int_equal(packet.icmp_code, whole.icmp_code);
		}
	}
}

static void t3_flags_and_chunks_that_were_cut_are_not_known(void **state)
{
	struct frame_builder b;
	struct weir_packet packet;

	(void)state;
	tcp4(&b);
	packet = decode_cut(&b, 47);
	assert_false(packet.tcp_flags_known);
	packet = decode_cut(&b, 48);
	assert_true(packet.tcp_flags_known);
	assert_int_equal(packet.tcp_flags, WEIR_TCP_SYN);
	sctp4(&b);
	packet = decode_cut(&b, 46);
	assert_false(packet.sctp_chunk_known);
	packet = decode_cut(&b, 47);
	assert_true(packet.sctp_chunk_known);
	assert_int_equal(packet.sctp_chunk, 1);
}

/* For every lie of T1: no cut makes another fault of it, and once seen it stays. */
static void t1_malformed_never_depends_on_the_cut(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(t1_cases); i++) {
		struct frame_builder b;
		struct weir_packet whole;
		bool was_malformed = false;

		t1_cases[i].build(&b);
		if (t1_cases[i].size == 1)
			frame_poke8(&b, t1_cases[i].at, (uint8_t)t1_cases[i].value);
		if (t1_cases[i].size == 2)
			frame_poke16(&b, t1_cases[i].at, t1_cases[i].value);
		if (t1_cases[i].wire)
			b.length = t1_cases[i].wire;
		whole = decode(&b);
		for (uint32_t captured = 0; captured <= b.length; captured++) {
			struct weir_packet packet = decode_cut(&b, captured);

			if (packet.kind == WEIR_PACKET_MALFORMED) {
				expect_kind(t1_cases[i].name, &packet, whole.kind, whole.malformed);
				was_malformed = true;
			}
			assert_false(was_malformed && packet.kind != WEIR_PACKET_MALFORMED);
		}
	}
}

static const struct {
	bool is_ipv6;
	uint8_t type;
	bool quotes;
} t6_types[] = {
	{ false, 3, true },   { false, 4, true },   { false, 5, true },  { false, 11, true },
	{ false, 12, true },  { false, 13, false }, { false, 9, false }, { true, 1, true },
	{ true, 2, true },    { true, 3, true },    { true, 4, true },   { true, 5, false },
	{ true, 137, false },
};

static void t6_errors_quote_and_other_messages_do_not(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(t6_types); i++) {
		struct frame_builder b;
		struct weir_packet packet;
		const char *source = t6_types[i].is_ipv6 ? "fd00::1" : "10.0.0.1";
		const char *destination = t6_types[i].is_ipv6 ? "fd00::2" : "10.0.0.2";

		frame_begin(&b, FRAME_ETHERNET);
		frame_ip(&b, t6_types[i].is_ipv6 ? "fd00::9" : "10.0.0.9", source);
		frame_icmp(&b, t6_types[i].type, 1, 0);
		frame_ip(&b, source, destination);
		frame_tcp(&b, 40000, 80, WEIR_TCP_ACK);
		frame_end(&b);
		packet = decode(&b);
		expect_kind("ICMP", &packet, GOOD);
		assert_int_equal(packet.icmp_type, t6_types[i].type);
		assert_int_equal(packet.icmp_code, 1);
		assert_int_equal(packet.tuple.source_port, 0);
		assert_int_equal(packet.has_quote, t6_types[i].quotes);
		if (packet.has_quote)
			expect_tuple("quote", &packet.quote, source, 40000, destination, 80, 6);
	}
}

static void t6_a_quote_needs_addresses_and_ports(void **state)
{
	struct frame_builder b;

	(void)state;
	/* 42: the quote's header; 62: its ports */
	error4(&b);
	for (uint32_t captured = 36; captured <= b.length; captured++) {
		struct weir_packet packet = decode_cut(&b, captured);

		expect_kind("cut quote", &packet, GOOD);
		assert_int_equal(packet.has_quote, captured >= 66);
	}
	/* the same on the wire */
	for (uint16_t length = 28; length <= 56; length++) {
		struct weir_packet packet;

		frame_poke16(&b, 16, length);
		packet = decode(&b);
		expect_kind("short quote", &packet, GOOD);
		assert_int_equal(packet.has_quote, length >= 52);
	}
}

static void t6_what_is_quoted(void **state)
{
	struct frame_builder b;
	struct weir_packet packet;

	(void)state;
	error6(&b);
	packet = decode(&b);
	assert_true(packet.has_quote);
	expect_tuple("behind an extension header", &packet.quote, "fd00::1", 40000, "fd00::2", 80,
		     6);
	expect_tuple("the error itself", &packet.tuple, "fd00::9", 0, "fd00::1", 0, 58);

	frame_begin(&b, FRAME_ETHERNET);
	frame_ip(&b, "10.0.0.9", "10.0.0.1");
	frame_icmp(&b, 11, 0, 0);
	frame_ip(&b, "10.0.0.1", "10.0.0.2");
	frame_echo(&b, false, 777, 1);
	frame_end(&b);
	packet = decode(&b);
	assert_true(packet.has_quote);
	expect_tuple("echo", &packet.quote, "10.0.0.1", 777, "10.0.0.2", 777, 1);
	assert_int_equal(packet.quote_icmp_type, 8);

	error4(&b);
	frame_poke16(&b, 44, 1500); /* the quoted packet was longer than its quote */
	packet = decode(&b);
	assert_true(packet.has_quote);

	frame_poke8(&b, 42, 0x44);
	packet = decode(&b);
	expect_kind("a broken quote breaks nothing", &packet, GOOD);
	assert_false(packet.has_quote);

	error4(&b);
	frame_poke8(&b, 42, 0x65); /* the other family's */
	packet = decode(&b);
	assert_false(packet.has_quote);

	error4(&b);
	frame_poke8(&b, 51, 47);
	packet = decode(&b);
	assert_true(packet.has_quote);
	expect_tuple("a protocol without ports", &packet.quote, "10.0.0.1", 0, "10.0.0.2", 0, 47);
}

static void t6_a_quoted_fragment_has_ports_when_it_is_the_first(void **state)
{
	struct frame_builder b;
	struct weir_packet packet;

	(void)state;
	error4(&b);
	frame_poke16(&b, 48, 0x2000);
	packet = decode(&b);
	assert_true(packet.has_quote);
	assert_false(packet.is_fragment);
	frame_poke16(&b, 48, 0x0001);
	packet = decode(&b);
	expect_kind("a later fragment quoted", &packet, GOOD);
	assert_false(packet.has_quote);
}

static const struct {
	const char *name;
	base *build;
	bool is_fragment;
	bool is_later;
	uint32_t id;
	uint8_t protocol;
	uint16_t source_port;
	uint16_t offset;
	uint16_t length;
	bool has_more;
} t13_cases[] = {
	{ "whole", tcp4, false, false, 0, 0, 40000, 0, 0, false },
	{ "IPv4, first", first_fragment4, true, false, 4711, 17, 5353, 0, 16, true },
	{ "IPv4, later", later_fragment4, true, true, 4711, 17, 0, 16, 16, true },
	{ "IPv6, first", first_fragment6, true, false, 0xdeadbeef, 0, 40000, 0, 32, true },
	{ "IPv6, later", later_fragment6, true, true, 0xdeadbeef, 0, 0, 40, 16, false },
	{ "IPv6, atomic: no fragment", extensions6, false, false, 0, 0, 40000, 0, 0, false },
};

static void t13_fragments_are_named_by_their_id(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(t13_cases); i++) {
		struct frame_builder b;
		struct weir_packet packet;

		t13_cases[i].build(&b);
		packet = decode(&b);
		expect_kind(t13_cases[i].name, &packet, GOOD);
		assert_int_equal(packet.is_fragment, t13_cases[i].is_fragment);
		assert_int_equal(packet.is_later_fragment, t13_cases[i].is_later);
		assert_int_equal(packet.fragment_id, t13_cases[i].id);
		assert_int_equal(packet.fragment_protocol, t13_cases[i].protocol);
		assert_int_equal(packet.tuple.source_port, t13_cases[i].source_port);
		assert_int_equal(packet.fragment_offset, t13_cases[i].offset);
		assert_int_equal(packet.fragment_length, t13_cases[i].length);
		assert_int_equal(packet.has_more_fragments, t13_cases[i].has_more);
	}
}

static void t13_the_bits_of_an_ipv4_fragment(void **state)
{
	static const struct {
		uint16_t field;
		bool is_fragment;
		bool is_later;
	} cases[] = {
		{ 0x0000, false, false }, { 0x4000, false, false }, { 0x8000, false, false },
		{ 0x2000, true, false },  { 0x0001, true, true },   { 0x1fff, true, true },
		{ 0x3fff, true, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct frame_builder b;
		struct weir_packet packet;

		tcp4(&b);
		frame_poke16(&b, 20, cases[i].field);
		packet = decode(&b);
		assert_int_equal(packet.is_fragment, cases[i].is_fragment);
		assert_int_equal(packet.is_later_fragment, cases[i].is_later);
	}
}

static void t13_fragments_behind_ah_share_the_outer_protocol(void **state)
{
	struct frame_builder b;
	struct weir_packet packet;

	(void)state;
	authenticated4(&b);
	frame_poke16(&b, 20, 0x2000);
	packet = decode(&b);
	assert_int_equal(packet.tuple.protocol, 6);
	assert_int_equal(packet.fragment_protocol, 51);
	frame_poke16(&b, 20, 0x0003);
	packet = decode(&b);
	expect_kind("no AH in a later fragment", &packet, GOOD);
	assert_int_equal(packet.fragment_protocol, 51);
}

static void t24_reasons_have_the_contracts_names(void **state)
{
	static const char *const names[WEIR_MALFORMED_REASONS] = {
		"none",
		"ethernet-header",
		"ip-version",
		"ip-header-length",
		"ip-total-length",
		"ipv6-extension",
		"tcp-data-offset",
		"udp-length",
		"sctp-length",
		"icmp-length",
		"tunnel-depth",
		"fragment",
	};

	(void)state;
	for (int i = 0; i < WEIR_MALFORMED_REASONS; i++)
		assert_string_equal(weir_malformed_name(i), names[i]);
	assert_string_equal(weir_malformed_name(200), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t1_every_class_and_reason),
		cmocka_unit_test(t1_every_base_is_what_it_says),
		cmocka_unit_test(t1_lengths_are_judged_by_the_wire_not_by_the_capture),
		cmocka_unit_test(t1_padding_is_never_read),
		cmocka_unit_test(t1_an_unknown_link_type_is_opaque),
		cmocka_unit_test(t1_malformed_never_depends_on_the_cut),
		cmocka_unit_test(a_frame_of_which_nothing_was_captured_needs_no_bytes),
		cmocka_unit_test(every_link_type_leads_to_ip),
		cmocka_unit_test(loopback_families_are_read_in_both_byte_orders),
		cmocka_unit_test(snap_leads_to_an_ethertype),
		cmocka_unit_test(the_key_is_read_behind_tags_options_and_extensions),
		cmocka_unit_test(t7_esp_is_a_protocol_of_its_own),
		cmocka_unit_test(icmp_questions_and_answers_have_an_identifier),
		cmocka_unit_test(icmp_belongs_to_its_own_family),
		cmocka_unit_test(t2_missing_lengths_mean_up_to_the_end_before_tcp_and_udp),
		cmocka_unit_test(t2_checksums_are_never_judged),
		cmocka_unit_test(t3_a_cut_packet_is_judged_as_soon_as_its_key_is_there),
		cmocka_unit_test(t3_flags_and_chunks_that_were_cut_are_not_known),
		cmocka_unit_test(t6_errors_quote_and_other_messages_do_not),
		cmocka_unit_test(t6_a_quote_needs_addresses_and_ports),
		cmocka_unit_test(t6_what_is_quoted),
		cmocka_unit_test(t6_a_quoted_fragment_has_ports_when_it_is_the_first),
		cmocka_unit_test(t13_fragments_are_named_by_their_id),
		cmocka_unit_test(t13_the_bits_of_an_ipv4_fragment),
		cmocka_unit_test(t13_fragments_behind_ah_share_the_outer_protocol),
		cmocka_unit_test(t24_reasons_have_the_contracts_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
