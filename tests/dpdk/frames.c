/*
 * Frames from templates: what weir's decoder reads of them, their checksums, and their stamps.
 *
 *     test-dpdk-frames [FILE.pcap]   also writes all of them, for another eye
 */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "weir/capture_writer.h"
#include "weir/packet.h"

#include "dice.h"
#include "frame_forms.h"
#include "wire.h"

enum { ETHERNET = 1, TRIES = 200 };

static struct weir_capture_writer *writer;

struct subject {
	const char *name;
	const char *source;
	const char *destination;
	uint8_t protocol;
	uint8_t icmp_type;
	uint16_t least; /* bytes of the smallest frame */
};

static const struct subject subjects[] = {
	{ "TCP", "10.0.0.1", "10.1.255.254", WEIR_PROTOCOL_TCP, 0, 64 },
	{ "UDP", "192.168.255.255", "10.0.0.255", WEIR_PROTOCOL_UDP, 0, 64 },
	{ "ICMP", "10.0.0.1", "255.255.255.254", WEIR_PROTOCOL_ICMP, 8, 64 },
	{ "TCP over IPv6", "fd00::1", "fd00::ffff:ffff", WEIR_PROTOCOL_TCP, 0, 84 },
	{ "UDP over IPv6", "fd00::1", "2001:db8::2", WEIR_PROTOCOL_UDP, 0, 80 },
	{ "ICMPv6", "fd00::1", "2001:db8::2", WEIR_PROTOCOL_ICMPV6, 128, 80 },
	{ "SCTP", "10.0.0.1", "10.1.255.254", WEIR_PROTOCOL_SCTP, 0, 90 },
	{ "SCTP over IPv6", "fd00::1", "2001:db8::2", WEIR_PROTOCOL_SCTP, 0, 110 },
};

static struct weir_key key_of(const struct subject *subject, uint16_t port)
{
	struct weir_key key = { .destination_port = port,
				.protocol = subject->protocol,
				.icmp_type = subject->icmp_type };

	if (subject->icmp_type)
		key.destination_port = 0;
	assert_int_equal(weir_address_parse(subject->source, strlen(subject->source), &key.source),
			 0);
	assert_int_equal(weir_address_parse(subject->destination, strlen(subject->destination),
					    &key.destination),
			 0);
	return key;
}

/* The sum of the Internet checksum over big-endian words, folded; 0xffff where it is right. */
static uint32_t add(uint32_t sum, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		sum += (uint32_t)bytes[i] << (i % 2 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void check_sums(const uint8_t *bytes, size_t length, bool is_ipv4, uint8_t protocol)
{
	size_t transport = is_ipv4 ? 34 : 54;
	uint32_t sum = 0;

	if (is_ipv4)
		assert_int_equal(add(0, bytes + 14, 20), 0xffff);
	/* Whose is no such sum: tshark looks at it. */
	if (protocol == WEIR_PROTOCOL_SCTP)
		return;
	if (protocol != WEIR_PROTOCOL_ICMP) {
		sum = add(protocol, bytes + (is_ipv4 ? 26 : 22), is_ipv4 ? 8 : 32);
		sum += (uint32_t)(length - transport);
	}
	assert_int_equal(add(sum, bytes + transport, length - transport), 0xffff);
}

static void write_out(const uint8_t *bytes, size_t length)
{
	const struct weir_frame frame = { .bytes = bytes,
					  .captured = (uint32_t)length,
					  .wire = (uint32_t)length,
					  .link_type = ETHERNET };

	if (writer)
		assert_int_equal(weir_capture_writer_add(writer, &frame, NULL, NULL), 0);
}

static void check_decoded(const uint8_t *bytes, const struct frame *frame,
			  const struct weir_key *key, enum frame_way way)
{
	const struct weir_frame whole = { .bytes = bytes,
					  .captured = frame->length,
					  .wire = frame->length,
					  .link_type = ETHERNET };
	bool forward = way == FRAME_FORWARD;
	uint16_t port = frame_order(frame->port);
	uint16_t other = key->icmp_type ? port : key->destination_port;
	struct weir_packet packet;

	weir_packet_decode(&whole, &packet);
	assert_int_equal(packet.kind, WEIR_PACKET_OK);
	assert_int_equal(packet.tuple.protocol, key->protocol);
	assert_memory_equal(&packet.tuple.source, forward ? &key->source : &key->destination, 16);
	assert_memory_equal(&packet.tuple.destination, forward ? &key->destination : &key->source,
			    16);
	assert_int_equal(packet.tuple.source_port, forward ? port : other);
	assert_int_equal(packet.tuple.destination_port, forward ? other : port);
	assert_false(packet.is_fragment);
	if (key->protocol == WEIR_PROTOCOL_TCP)
		assert_int_equal(packet.tcp_flags, frame->tcp_flags);
	if (key->protocol == WEIR_PROTOCOL_SCTP) {
		assert_true(packet.sctp_chunk_known);
		assert_int_equal(packet.sctp_chunk, frame->tcp_flags == GEN_SYN ? GEN_CHUNK_INIT
						    : frame->tcp_flags & GEN_SYN
							    ? GEN_CHUNK_INIT_ACK
							    : GEN_CHUNK_DATA);
	}
	if (key->icmp_type == 8)
		assert_int_equal(packet.icmp_type, forward ? 8 : 0);
	if (key->icmp_type == 128)
		assert_int_equal(packet.icmp_type, forward ? 128 : 129);
}

static void check_frame(const struct subject *subject, enum frame_way way, uint16_t size,
			struct dice *dice)
{
	static const uint8_t flags[] = { GEN_SYN, GEN_SYN | GEN_ACK, GEN_ACK };
	struct weir_key key = key_of(subject, (uint16_t)dice_between(dice, 1, 65535));
	struct frame_template template;
	uint8_t bytes[FRAME_MOST] = { 0 };
	struct frame frame = {
		.stamp = { (uint32_t)dice_next(dice), (uint32_t)dice_next(dice),
			   (uint32_t)dice_next(dice), (uint16_t)dice_next(dice) },
		.port = (uint16_t)dice_next(dice),
		.length = size - FRAME_CHECK,
		.tcp_flags = DICE_PICK(dice, flags),
	};
	struct stamp stamp;

	frame_template_make(&key, way, &template);
	frame.length = frame_length(&template, frame.length);
	frame_write(&template, &frame, bytes);
	check_decoded(bytes, &frame, &key, way);
	check_sums(bytes, frame.length, weir_address_is_ipv4(&key.source), key.protocol);
	assert_true(stamp_read(bytes, frame.length, &stamp));
	assert_memory_equal(&stamp, &frame.stamp, offsetof(struct stamp, mark) + 2);
	write_out(bytes, frame.length);
}

static void every_size_decodes_to_its_key_with_right_sums(void **state)
{
	struct dice dice = dice_for(5, 0, 0);

	(void)state;
	for (unsigned i = 0; i < COUNT(subjects); i++) {
		const struct subject *subject = &subjects[i];

		for (enum frame_way way = FRAME_FORWARD; way < FRAME_WAYS; way++) {
			check_frame(subject, way, subject->least, &dice);
			check_frame(subject, way, subject->least + 1, &dice);
			check_frame(subject, way, FRAME_MOST, &dice);
			for (unsigned t = 0; t < TRIES; t++)
				check_frame(
					subject, way,
					(uint16_t)dice_between(&dice, subject->least, FRAME_MOST),
					&dice);
		}
	}
}

static void decode(const uint8_t *bytes, uint32_t length, struct weir_packet *out)
{
	const struct weir_frame whole = {
		.bytes = bytes, .captured = length, .wire = length, .link_type = ETHERNET
	};

	weir_packet_decode(&whole, out);
}

static struct frame any_frame(struct dice *dice, uint16_t size)
{
	return (struct frame){ .stamp = { (uint32_t)dice_next(dice), (uint32_t)dice_next(dice),
					  (uint32_t)dice_next(dice), (uint16_t)dice_next(dice) },
			       .port = (uint16_t)dice_next(dice),
			       .length = size - FRAME_CHECK,
			       .tcp_flags = GEN_SYN };
}

static void check_stamp(const uint8_t *bytes, uint32_t length, const struct stamp *want)
{
	struct stamp stamp;

	assert_true(stamp_read(bytes, length, &stamp));
	assert_memory_equal(&stamp, want, offsetof(struct stamp, mark) + 2);
}

static void check_extended(const struct subject *subject, uint16_t size, struct dice *dice)
{
	struct weir_key key = key_of(subject, 80);
	struct frame frame = any_frame(dice, size);
	uint16_t length;
	struct frame_template template;
	uint8_t bytes[FRAME_MOST + FRAME_EXTENSIONS] = { 0 };
	struct weir_packet packet;

	frame_template_make(&key, FRAME_FORWARD, &template);
	frame.length = frame_length(&template, frame.length);
	length = frame.length + FRAME_EXTENSIONS;
	frame_write(&template, &frame, bytes);
	frame_extend(&template, bytes);
	decode(bytes, length, &packet);
	assert_int_equal(packet.kind, WEIR_PACKET_OK);
	assert_int_equal(packet.tuple.protocol, key.protocol);
	assert_int_equal(packet.tuple.source_port, frame_order(frame.port));
	check_stamp(bytes, length, &frame.stamp);
	write_out(bytes, length);
}

static void check_halves(const struct subject *subject, enum frame_way way, uint16_t size,
			 struct dice *dice)
{
	static uint16_t identification;
	struct weir_key key = key_of(subject, 80);
	const struct frame frame = any_frame(dice, size);
	struct stamp later = frame.stamp;
	struct frame_template template;
	struct frame_halves halves;
	uint8_t bytes[FRAME_MOST] = { 0 };
	struct weir_packet packet;
	uint16_t headers;

	later.sequence++;
	frame_template_make(&key, way, &template);
	halves = frame_halve(&template, size);
	halves.identification = ++identification;
	headers = frame_fragment_headers(&template);
	assert_true(headers + halves.first + FRAME_CHECK <= FRAME_MOST);
	frame_write_first(&template, &frame, &halves, &later, bytes);
	decode(bytes, headers + halves.first, &packet);
	assert_int_equal(packet.kind, WEIR_PACKET_OK);
	assert_true(packet.is_fragment && packet.has_more_fragments);
	assert_int_equal(packet.fragment_offset, 0);
	assert_int_equal(way == FRAME_FORWARD ? packet.tuple.source_port
					      : packet.tuple.destination_port,
			 frame_order(frame.port));
	check_stamp(bytes, headers + halves.first, &frame.stamp);
	write_out(bytes, headers + halves.first);
	memset(bytes + FRAME_HEADERS, 0, sizeof(bytes) - FRAME_HEADERS);
	frame_write_later(&template, &halves, &later, bytes);
	decode(bytes, headers + halves.later, &packet);
	assert_true(packet.is_fragment && !packet.has_more_fragments);
	assert_int_equal(packet.fragment_offset, halves.first);
	assert_int_equal(packet.fragment_length, halves.later);
	check_stamp(bytes, headers + halves.later, &later);
	write_out(bytes, headers + halves.later);
}

/* Every reason that the decoder may have. */
static void check_spoilt(const struct subject *subject, struct dice *dice)
{
	struct weir_key key = key_of(subject, 80);
	struct frame_template template;

	frame_template_make(&key, FRAME_FORWARD, &template);
	for (uint32_t sequence = 0; sequence < 2; sequence++) {
		struct frame frame = any_frame(dice, subject->least);
		uint8_t bytes[FRAME_MOST] = { 0 };
		struct weir_packet packet;

		frame.stamp.sequence = sequence;
		frame.length = frame_length(&template, frame.length);
		frame_write(&template, &frame, bytes);
		frame_spoil(&template, sequence, bytes);
		decode(bytes, frame.length, &packet);
		assert_int_equal(packet.kind, WEIR_PACKET_MALFORMED);
		check_stamp(bytes, frame.length, &frame.stamp);
	}
}

static void other_forms_are_what_they_say(void **state)
{
	struct dice dice = dice_for(6, 0, 0);

	(void)state;
	for (unsigned i = 0; i < COUNT(subjects); i++) {
		const struct subject *subject = &subjects[i];
		bool is_ipv6 = strchr(subject->source, ':');

		check_spoilt(subject, &dice);
		for (unsigned size = subject->least; size <= FRAME_MOST; size += 97) {
			if (is_ipv6)
				check_extended(subject, size, &dice);
			if (subject->protocol == WEIR_PROTOCOL_SCTP)
				continue;
			check_halves(subject, FRAME_FORWARD, size, &dice);
			check_halves(subject, FRAME_REPLY, size, &dice);
		}
	}
}

static void the_least_frame_has_room_for_the_stamp_and_no_more_than_it_needs(void **state)
{
	(void)state;
	for (unsigned i = 0; i < COUNT(subjects); i++) {
		struct weir_key key = key_of(&subjects[i], 80);

		assert_int_equal(frame_least(&key), subjects[i].least);
	}
}

/* Sums that come out as zero: UDP's would say that there is none. */
static void a_sum_of_zero_is_written_as_its_other_zero(void **state)
{
	struct weir_key key = key_of(&subjects[1], 53);
	struct frame_template template;
	struct frame frame = { .length = 60 };
	uint8_t bytes[FRAME_HEADERS];
	uint16_t sum;

	(void)state;
	frame_template_make(&key, FRAME_FORWARD, &template);
	frame_write(&template, &frame, bytes);
	/* What is missing from zero is put into the stamp. */
	memcpy(&sum, bytes + 40, sizeof(sum));
	frame.stamp.mark = sum;
	frame_write(&template, &frame, bytes);
	memcpy(&sum, bytes + 40, sizeof(sum));
	assert_int_equal(sum, 0xffff);
	check_sums(bytes, 60, true, WEIR_PROTOCOL_UDP);
}

static void connections_that_no_frame_is_made_of(void **state)
{
	static const struct {
		const char *name;
		uint8_t protocol;
		uint8_t type;
		bool possible;
	} cases[] = {
		{ "TCP", WEIR_PROTOCOL_TCP, 0, true },
		{ "UDP", WEIR_PROTOCOL_UDP, 0, true },
		{ "an echo", WEIR_PROTOCOL_ICMP, 8, true },
		{ "an echo over IPv6", WEIR_PROTOCOL_ICMPV6, 128, true },
		{ "a redirect", WEIR_PROTOCOL_ICMP, 5, false },
		{ "a neighbour's question", WEIR_PROTOCOL_ICMPV6, 135, false },
		{ "SCTP", WEIR_PROTOCOL_SCTP, 0, true },
		{ "GRE", 47, 0, false },
	};

	(void)state;
	for (unsigned i = 0; i < COUNT(cases); i++) {
		const struct weir_key key = { .protocol = cases[i].protocol,
					      .icmp_type = cases[i].type };

		if (frame_is_possible(&key) != cases[i].possible)
			fail_msg("%s", cases[i].name);
	}
}

static void frames_of_others_have_no_stamp(void **state)
{
	struct weir_key key = key_of(&subjects[0], 80);
	const struct frame frame = { .length = 60 };
	struct frame_template template;
	uint8_t bytes[FRAME_HEADERS];
	struct stamp stamp;

	(void)state;
	frame_template_make(&key, FRAME_FORWARD, &template);
	frame_write(&template, &frame, bytes);
	assert_true(stamp_read(bytes, 60, &stamp));
	assert_false(stamp_read(bytes, 59, &stamp));
	assert_false(stamp_read(bytes, 0, &stamp));
	bytes[14] = 0x46; /* with options */
	assert_false(stamp_read(bytes, 60, &stamp));
	bytes[14] = 0x45;
	bytes[13] = 0x06; /* ARP */
	assert_false(stamp_read(bytes, 60, &stamp));
}

static const char *interface_name(void *context, uint32_t index)
{
	(void)context;
	(void)index;
	return "frames";
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_decodes_to_its_key_with_right_sums),
		cmocka_unit_test(other_forms_are_what_they_say),
		cmocka_unit_test(the_least_frame_has_room_for_the_stamp_and_no_more_than_it_needs),
		cmocka_unit_test(a_sum_of_zero_is_written_as_its_other_zero),
		cmocka_unit_test(connections_that_no_frame_is_made_of),
		cmocka_unit_test(frames_of_others_have_no_stamp),
	};
	const struct weir_capture_writer_options options = { .interface_name = interface_name };
	int failures;

	if (argc > 1 && weir_capture_writer_open(NULL, argv[1], &options, &writer, NULL))
		return 2;
	failures = cmocka_run_group_tests(tests, NULL, NULL);
	if (writer &&
	    (weir_capture_writer_finish(writer, NULL) || weir_capture_writer_publish(writer, NULL)))
		failures++;
	weir_capture_writer_destroy(writer);
	return failures;
}
