/*
 * Traces from a seed: the same bytes everywhere, flows and packets to the number, conversations as
 * protocols have them, checksums that are right.
 */
#include "test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "collect.h"
#include "wire.h"
#include "gen_trace.h"
#include "subject.h"
#include "weir/packet.h"

enum {
	FILE_HEADER = 24,
	RECORD_HEADER = 16,
	LINK = 14,
	FLOWS_MAX = 4096,
};

struct recorded {
	struct collected file;
	struct gen_flow flows[FLOWS_MAX];
	uint32_t flow_count;
};

static struct subject subject;
static struct gen_connections connections;

static int make_subject(void **state)
{
	static const uint32_t wanted[GEN_CLASSES] = { 200, 100, 50 };
	struct gen_cluster_options options;

	(void)state;
	gen_cluster_defaults(1, 200, GEN_MIX_EVERYTHING, &options);
	subject = subject_make(&options);
	connections = subject_connections(&subject, 1, wanted);
	return 0;
}

static int finish_subject(void **state)
{
	(void)state;
	gen_connections_finish(&connections);
	subject_finish(&subject);
	return 0;
}

static int record_flow(void *context, const struct gen_flow *flow)
{
	struct recorded *recorded = context;

	assert_true(recorded->flow_count < FLOWS_MAX);
	recorded->flows[recorded->flow_count++] = *flow;
	return 0;
}

static struct gen_trace_options options_of(uint64_t allowed, uint64_t denied, uint64_t unrelated,
					   uint64_t packets)
{
	return (struct gen_trace_options){ .seed = 1,
					   .flows = { allowed, denied, unrelated },
					   .packets = packets,
					   .rate = 10000,
					   .payload = 300 };
}

/* To be freed with its file's bytes. */
static struct recorded *record(const struct gen_trace_options *options)
{
	struct recorded *recorded = calloc(1, sizeof(*recorded));
	struct gen_trace_sink sink = { collect_bytes, &recorded->file, record_flow, recorded };
	struct weir_error error = { "" };

	assert_non_null(recorded);
	if (gen_trace_write(&connections, options, &sink, &error))
		fail_msg("%s", error.text);
	return recorded;
}

static void forget(struct recorded *recorded)
{
	free(recorded->file.bytes);
	free(recorded);
}

/* Reading a pcap file. */

struct reading {
	const struct recorded *recorded;
	size_t at;
	uint64_t number;
	struct weir_frame frame;
	struct weir_packet packet;
};

static uint32_t little(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

static struct reading begin_reading(const struct recorded *recorded)
{
	return (struct reading){ .recorded = recorded, .at = FILE_HEADER };
}

static bool read_next(struct reading *reading)
{
	const struct collected *file = &reading->recorded->file;
	const uint8_t *header = (const uint8_t *)file->bytes + reading->at;

	if (reading->at == file->length)
		return false;
	assert_true(reading->at + RECORD_HEADER < file->length);
	reading->number++;
	reading->frame = (struct weir_frame){
		.bytes = header + RECORD_HEADER,
		.captured = little(header + 8),
		.wire = little(header + 12),
		.link_type = 1,
		.time = (uint64_t)little(header) * 1000000000 + little(header + 4),
	};
	assert_int_equal(reading->frame.captured, reading->frame.wire);
	assert_true(reading->frame.captured <= GEN_TUNNEL_MAX + GEN_FRAME_MAX);
	reading->at += RECORD_HEADER + reading->frame.captured;
	assert_true(reading->at <= file->length);
	weir_packet_decode(&reading->frame, &reading->packet);
	assert_true(reading->packet.kind == WEIR_PACKET_OK ||
		    reading->packet.kind == WEIR_PACKET_NOT_IP);
	return true;
}

static const struct {
	const char *name;
	enum gen_format format;
	uint16_t payload;
	uint64_t digest;
} known[] = {
	{ "pcap", GEN_PCAP, 300, 0xda36ce8905936cc8 },
	{ "pcapng", GEN_PCAPNG, 300, 0x2a9b1102763d0106 },
	{ "headers alone", GEN_PCAP, 0, 0xf3043e09e249f32b },
};

static void equal_options_give_equal_bytes_on_every_machine(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(known); i++) {
		struct gen_trace_options options = options_of(60, 30, 10, 1000);
		struct recorded *recorded;
		uint64_t digest;

		options.format = known[i].format;
		options.payload = known[i].payload;
		recorded = record(&options);
		digest = collected_digest(&recorded->file);
		forget(recorded);
		if (digest != known[i].digest)
			fail_msg("%s: 0x%016" PRIx64, known[i].name, digest);
	}
}

static const struct {
	const char *name;
	uint64_t flows[GEN_CLASSES];
	uint64_t packets;
} counts[] = {
	{ "ten a flow", { 60, 30, 10 }, 1000 },
	{ "one a flow", { 60, 30, 10 }, 100 },
	{ "one more than that", { 60, 30, 10 }, 101 },
	{ "more flows than are open at a time", { 500, 400, 300 }, 2401 },
	{ "denied flows alone", { 0, 50, 0 }, 1000 },
	{ "unrelated flows alone", { 0, 0, 50 }, 999 },
	{ "a flow", { 1, 0, 0 }, 1 },
	{ "a long flow", { 1, 0, 0 }, 5000 },
	{ "a long flow among denied ones", { 1, 99, 0 }, 5000 },
	{ "nothing", { 0, 0, 0 }, 0 },
};

static void flows_and_packets_are_as_many_as_were_asked_for(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(counts); i++) {
		struct gen_trace_options options =
			options_of(counts[i].flows[0], counts[i].flows[1], counts[i].flows[2],
				   counts[i].packets);
		struct recorded *recorded = record(&options);
		struct reading reading = begin_reading(recorded);
		uint64_t flows[GEN_CLASSES] = { 0 };

		while (read_next(&reading))
			;
		for (uint32_t j = 0; j < recorded->flow_count; j++)
			flows[recorded->flows[j].kind]++;
		if (reading.number != counts[i].packets ||
		    memcmp(flows, counts[i].flows, sizeof(flows)) != 0)
			fail_msg("%s: %" PRIu64 " packets, %" PRIu64 ", %" PRIu64 ", %" PRIu64
				 " flows",
				 counts[i].name, reading.number, flows[0], flows[1], flows[2]);
		forget(recorded);
	}
}

static void a_flow_is_told_with_its_first_packet(void **state)
{
	struct gen_trace_options options = options_of(100, 100, 100, 3000);
	struct recorded *recorded = record(&options);
	struct reading reading = begin_reading(recorded);
	uint32_t told = 0;

	(void)state;
	while (read_next(&reading)) {
		const struct gen_flow *flow = &recorded->flows[told];
		const struct gen_connection *connection = flow->connection;
		const struct weir_tuple *tuple = &reading.packet.tuple;

		if (told == recorded->flow_count || flow->packet != reading.number)
			continue;
		assert_memory_equal(&tuple->source, &connection->key.source, 16);
		assert_int_equal(tuple->source_port, flow->source_port);
		assert_int_equal(tuple->protocol, connection->key.protocol);
		told++;
	}
	assert_int_equal(told, recorded->flow_count);
	forget(recorded);
}

static void no_source_uses_a_port_twice(void **state)
{
	struct gen_trace_options options = options_of(1000, 1000, 1000, 3000);
	struct recorded *recorded = record(&options);
	uint8_t *used = calloc(connections.source_count, GEN_PORTS);

	(void)state;
	assert_non_null(used);
	for (uint32_t i = 0; i < recorded->flow_count; i++) {
		const struct gen_flow *flow = &recorded->flows[i];
		uint8_t *use =
			&used[(size_t)flow->connection->source * GEN_PORTS + flow->source_port];

		assert_false(gen_port_is_taken(&connections, flow->source_port));
		assert_int_equal(*use, 0);
		*use = 1;
	}
	free(used);
	forget(recorded);
}

static void time_goes_on_at_the_rate(void **state)
{
	struct gen_trace_options options = options_of(100, 0, 0, 10000);
	struct recorded *recorded = record(&options);
	struct reading reading = begin_reading(recorded);
	uint64_t first;
	uint64_t last;

	(void)state;
	assert_true(read_next(&reading));
	first = last = reading.frame.time;
	while (read_next(&reading)) {
		assert_true(reading.frame.time > last);
		last = reading.frame.time;
	}
	assert_in_range(last - first, 950000000, 1050000000);
	forget(recorded);
}

/* Conversations, of a connection alone in its pool. */

static struct recorded *talk(uint8_t protocol, enum gen_class kind, bool is_through,
			     uint64_t packets)
{
	struct gen_connections alone = connections;
	const struct gen_pool *pool = &connections.pools[kind];
	struct gen_trace_options options = options_of(0, 0, 0, packets);
	struct recorded *recorded = calloc(1, sizeof(*recorded));
	struct gen_trace_sink sink = { collect_bytes, &recorded->file, record_flow, recorded };

	options.flows[kind] = 1;
	alone.pools[kind].count = 0;
	for (uint32_t i = 0; i < pool->count && !alone.pools[kind].count; i++)
		if (pool->items[i].key.protocol == protocol &&
		    (pool->items[i].service != WEIR_NONE) == is_through)
			alone.pools[kind] = (struct gen_pool){ &pool->items[i], 1 };
	assert_int_equal(alone.pools[kind].count, 1);
	assert_int_equal(gen_trace_write(&alone, &options, &sink, NULL), 0);
	return recorded;
}

static char letter_of(const struct weir_packet *packet)
{
	/* DATA, INIT, INIT ACK; SHUTDOWN, its ACK; COOKIE ECHO, its ACK; SHUTDOWN COMPLETE. */
	static const char chunks[] = "DII....WX.CK..Y";

	if (packet->tuple.protocol == WEIR_PROTOCOL_SCTP)
		return chunks[packet->sctp_chunk];
	if (packet->tuple.protocol != WEIR_PROTOCOL_TCP)
		return 'P';
	if (packet->tcp_flags & GEN_SYN)
		return 'S';
	return packet->tcp_flags & GEN_FIN ? 'F' : 'A';
}

/* A letter a packet: capital of the opener, small of the other. */
static void spell(const struct recorded *recorded, char *out)
{
	const struct gen_connection *connection = recorded->flows[0].connection;
	struct reading reading = begin_reading(recorded);

	while (read_next(&reading)) {
		bool is_reply =
			!weir_address_equal(&reading.packet.tuple.source, &connection->key.source);

		*out++ = (char)(letter_of(&reading.packet) + (is_reply ? 'a' - 'A' : 0));
	}
	*out = '\0';
}

static const struct {
	const char *name;
	uint64_t packets;
	const char *begins;
	const char *ends;
	enum gen_class kind;
	uint8_t protocol;
	bool is_through;
} talks[] = {
	{ "TCP", 20, "SsA", "FfA", GEN_ALLOWED, WEIR_PROTOCOL_TCP, false },
	{ "TCP cut short", 5, "SsA", "", GEN_ALLOWED, WEIR_PROTOCOL_TCP, false },
	{ "TCP of one packet", 1, "S", "S", GEN_ALLOWED, WEIR_PROTOCOL_TCP, false },
	{ "TCP without data", 6, "SsAFfA", "SsAFfA", GEN_ALLOWED, WEIR_PROTOCOL_TCP, false },
	{ "TCP denied", 4, "SSSS", "SSSS", GEN_DENIED, WEIR_PROTOCOL_TCP, false },
	{ "TCP through a service", 12, "SSssAAFFffAA", "AA", GEN_ALLOWED, WEIR_PROTOCOL_TCP, true },
	{ "TCP through a service, odd", 3, "SSs", "s", GEN_ALLOWED, WEIR_PROTOCOL_TCP, true },
	{ "SCTP", 20, "IiCk", "WxY", GEN_ALLOWED, WEIR_PROTOCOL_SCTP, false },
	{ "SCTP denied", 3, "III", "III", GEN_DENIED, WEIR_PROTOCOL_SCTP, false },
	{ "UDP", 5, "PpPpP", "PpPpP", GEN_ALLOWED, WEIR_PROTOCOL_UDP, false },
	{ "UDP denied", 3, "PPP", "PPP", GEN_DENIED, WEIR_PROTOCOL_UDP, false },
	{ "echo", 4, "PpPp", "PpPp", GEN_ALLOWED, WEIR_PROTOCOL_ICMP, false },
	{ "echo of IPv6", 4, "PpPp", "PpPp", GEN_ALLOWED, WEIR_PROTOCOL_ICMPV6, false },
	{ "echo denied", 3, "PPP", "PPP", GEN_DENIED, WEIR_PROTOCOL_ICMP, false },
};

static bool ends_with(const char *text, const char *end)
{
	return strlen(text) >= strlen(end) && strcmp(text + strlen(text) - strlen(end), end) == 0;
}

static void conversations_go_as_their_protocols_do(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(talks); i++) {
		struct recorded *recorded = talk(talks[i].protocol, talks[i].kind,
						 talks[i].is_through, talks[i].packets);
		char spelt[64];

		spell(recorded, spelt);
		forget(recorded);
		if (strlen(spelt) != talks[i].packets ||
		    strncmp(spelt, talks[i].begins, strlen(talks[i].begins)) != 0 ||
		    !ends_with(spelt, talks[i].ends))
			fail_msg("%s: %s", talks[i].name, spelt);
	}
}

/* On its way the service comes first, on the way back the pod. */
static void a_service_shows_before_the_pod_behind_it(void **state)
{
	struct recorded *recorded = talk(WEIR_PROTOCOL_TCP, GEN_ALLOWED, true, 12);
	const struct gen_connection *connection = recorded->flows[0].connection;
	struct reading reading = begin_reading(recorded);

	(void)state;
	while (read_next(&reading)) {
		const struct weir_tuple *tuple = &reading.packet.tuple;
		bool is_reply = !weir_address_equal(&tuple->source, &connection->key.source);
		const struct weir_address *far = is_reply ? &tuple->source : &tuple->destination;
		uint16_t port = is_reply ? tuple->source_port : tuple->destination_port;
		bool at_service = (reading.number % 2 == 1) != is_reply;

		assert_memory_equal(far,
				    at_service ? &connection->service_address
					       : &connection->key.destination,
				    16);
		assert_int_equal(port, at_service ? connection->service_port
						  : connection->key.destination_port);
	}
	forget(recorded);
}

/* Checksums, with another way to compute each. */

static uint32_t add(uint32_t sum, const uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++)
		sum += i % 2 ? bytes[i] : (uint32_t)bytes[i] << 8;
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static uint32_t castagnoli(const uint8_t *bytes, size_t length)
{
	uint32_t crc = 0xffffffff;

	for (size_t i = 0; i < length; i++) {
		crc ^= i >= 8 && i < 12 ? 0 : bytes[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return ~crc;
}

static void check_sums(const struct weir_frame *frame, uint8_t protocol)
{
	const uint8_t *ip = frame->bytes + LINK;
	bool is_ipv4 = ip[0] >> 4 == 4;
	const uint8_t *body = ip + (is_ipv4 ? 20 : 40);
	size_t length = frame->captured - (size_t)(body - frame->bytes);
	uint8_t behind[4] = { (uint8_t)(length >> 8), (uint8_t)length, 0, protocol };
	uint32_t sum = add(0, behind, 4);

	if (is_ipv4)
		assert_int_equal(add(0, ip, 20), 0xffff);
	sum = is_ipv4 ? add(sum, ip + 12, 8) : add(sum, ip + 8, 32);
	if (protocol == WEIR_PROTOCOL_SCTP)
		assert_int_equal(castagnoli(body, length), little(body + 8));
	else
		assert_int_equal(add(protocol == WEIR_PROTOCOL_ICMP ? 0 : sum, body, length),
				 0xffff);
}

static void checksums_are_right(void **state)
{
	struct gen_trace_options options = options_of(300, 100, 100, 5000);
	struct recorded *recorded = record(&options);
	struct reading reading = begin_reading(recorded);
	uint32_t seen[256] = { 0 };

	(void)state;
	while (read_next(&reading)) {
		check_sums(&reading.frame, reading.packet.tuple.protocol);
		seen[reading.packet.tuple.protocol]++;
	}
	assert_true(seen[WEIR_PROTOCOL_TCP] && seen[WEIR_PROTOCOL_UDP] &&
		    seen[WEIR_PROTOCOL_SCTP] && seen[WEIR_PROTOCOL_ICMP] &&
		    seen[WEIR_PROTOCOL_ICMPV6]);
	forget(recorded);
}

static void payloads_are_no_longer_than_was_asked_for(void **state)
{
	static const uint16_t lengths[] = { 0, 1, 100, GEN_TRACE_PAYLOAD_MAX };

	(void)state;
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct gen_trace_options options = options_of(300, 0, 0, 5000);
		struct recorded *recorded;
		struct reading reading;
		uint32_t longest = 0;

		options.payload = lengths[i];
		recorded = record(&options);
		reading = begin_reading(recorded);
		while (read_next(&reading))
			if (reading.packet.tuple.protocol == WEIR_PROTOCOL_TCP &&
			    weir_address_is_ipv4(&reading.packet.tuple.source) &&
			    reading.frame.captured > longest)
				longest = reading.frame.captured;
		assert_in_range(longest, LINK + 20 + 20 + lengths[i] * 9 / 10,
				LINK + 20 + 20 + lengths[i]);
		forget(recorded);
	}
}

/* What comes with packets. */

static struct recorded *record_with(uint16_t fragments, uint16_t errors, uint16_t noise)
{
	struct gen_trace_options options = options_of(300, 100, 100, 10000);

	options.fragments = fragments;
	options.errors = errors;
	options.noise = noise;
	return record(&options);
}

static void fragments_come_in_pairs(void **state)
{
	struct recorded *recorded = record_with(GEN_ALL, 0, 0);
	struct reading reading = begin_reading(recorded);
	uint32_t pairs[2] = { 0, 0 }; /* of IPv4, of IPv6 */

	(void)state;
	while (read_next(&reading)) {
		struct weir_packet first = reading.packet;

		if (!first.is_fragment)
			continue;
		assert_int_equal(first.fragment_offset, 0);
		assert_true(first.has_more_fragments);
		assert_true(read_next(&reading));
		assert_true(reading.packet.is_later_fragment);
		assert_false(reading.packet.has_more_fragments);
		assert_int_equal(reading.packet.fragment_id, first.fragment_id);
		assert_int_equal(reading.packet.fragment_offset, first.fragment_length);
		assert_memory_equal(&reading.packet.tuple.source, &first.tuple.source, 16);
		pairs[!weir_address_is_ipv4(&first.tuple.source)]++;
	}
	assert_int_equal(reading.number, 10000);
	assert_true(pairs[0] > 100 && pairs[1] > 100);
	forget(recorded);
}

static void errors_are_about_the_packet_before(void **state)
{
	struct recorded *recorded = record_with(0, 2000, 0);
	struct reading reading = begin_reading(recorded);
	struct weir_tuple before = { .protocol = 0 };
	uint32_t errors = 0;

	(void)state;
	while (read_next(&reading)) {
		const struct weir_packet *packet = &reading.packet;

		check_sums(&reading.frame, packet->tuple.protocol);
		if (packet->has_quote) {
			assert_memory_equal(&packet->quote.source, &before.source, 16);
			assert_memory_equal(&packet->quote.destination, &before.destination, 16);
			assert_int_equal(packet->quote.protocol, before.protocol);
			assert_int_equal(packet->quote.source_port, before.source_port);
			assert_int_equal(packet->quote.destination_port, before.destination_port);
			assert_memory_equal(&packet->tuple.destination, &before.source, 16);
			errors++;
		}
		before = packet->tuple;
	}
	assert_int_equal(reading.number, 10000);
	assert_in_range(errors, 500, 1200);
	forget(recorded);
}

/* Which end of which connection's tunnel; the test fails when it is none. */
static void check_tunnel(const struct recorded *recorded, const struct weir_tuple *outer,
			 const struct weir_tuple *inner)
{
	for (uint32_t i = 0; i < recorded->flow_count; i++) {
		const struct gen_connection *connection = recorded->flows[i].connection;
		bool is_reply = weir_address_equal(&inner->destination, &connection->key.source);

		if (!connection->is_between_nodes || connection->service != WEIR_NONE ||
		    !weir_address_equal(is_reply ? &inner->source : &inner->destination,
					&connection->key.destination) ||
		    !(is_reply || weir_address_equal(&inner->source, &connection->key.source)))
			continue;
		assert_memory_equal(&outer->source, &connection->nodes[is_reply], 16);
		assert_memory_equal(&outer->destination, &connection->nodes[!is_reply], 16);
		return;
	}
	fail_msg("a tunnel of no flow");
}

static void tunnels_hold_what_pods_of_two_nodes_say(void **state)
{
	struct gen_trace_options options = options_of(300, 100, 100, 10000);
	struct recorded *recorded;
	struct reading reading;
	uint32_t tunnels = 0;

	(void)state;
	options.tunnels = GEN_ALL;
	recorded = record(&options);
	reading = begin_reading(recorded);
	while (read_next(&reading)) {
		struct weir_packet packet = reading.packet;

		if (!packet.is_tunnel)
			continue;
		assert_true(weir_packet_decode_inner(&reading.frame, &packet));
		assert_int_equal(packet.kind, WEIR_PACKET_OK);
		check_tunnel(recorded, &reading.packet.tuple, &packet.tuple);
		check_sums(&reading.frame, packet.tuple.protocol);
		tunnels++;
	}
	assert_int_equal(reading.number, 10000);
	assert_true(tunnels > 1000);
	forget(recorded);
}

static void noise_is_a_share_of_all_packets(void **state)
{
	struct recorded *recorded = record_with(1000, 1000, 2500);
	struct reading reading = begin_reading(recorded);
	uint64_t noise = 0;
	uint64_t noise_at_half = 0;

	(void)state;
	while (read_next(&reading)) {
		noise += reading.packet.kind == WEIR_PACKET_NOT_IP;
		if (reading.number == 5000)
			noise_at_half = noise;
	}
	assert_int_equal(reading.number, 10000);
	assert_int_equal(noise, 2500);
	assert_in_range(noise_at_half, 1100, 1400);
	forget(recorded);
}

/* Errors. */

enum wrong {
	MORE_FLOWS_THAN_PACKETS,
	PACKETS_OF_NO_FLOW,
	TOO_MANY_FLOWS,
	TOO_MANY_PACKETS,
	TOO_SLOW,
	TOO_FAST,
	TOO_LONG,
	TOO_NOISY,
	MORE_THAN_ALL,
	NO_CONNECTION,
};

static const struct {
	enum wrong wrong;
	const char *words;
} impossible[] = {
	{ MORE_FLOWS_THAN_PACKETS, "99 packets for 100 flows: each has at least one" },
	{ PACKETS_OF_NO_FLOW, "1000 packets for 0 flows: each has at least one" },
	{ TOO_MANY_FLOWS, "more than 1000000000 flows" },
	{ TOO_MANY_PACKETS, "more than 100000000000 packets" },
	{ TOO_SLOW, "99 packets a second: 100 to 100000000" },
	{ TOO_FAST, "100000001 packets a second: 100 to 100000000" },
	{ TOO_LONG, "payloads of 1401 bytes: at most 1400" },
	{ TOO_NOISY, "99 packets for 100 flows: each has at least one" },
	{ MORE_THAN_ALL, "a share is more than all" },
	{ NO_CONNECTION, "flows are wanted of a class without connections" },
};

static void spoil(struct gen_trace_options *options, struct gen_connections *given,
		  enum wrong wrong)
{
	switch (wrong) {
	case MORE_FLOWS_THAN_PACKETS:
		options->packets = 99;
		break;
	case PACKETS_OF_NO_FLOW:
		memset(options->flows, 0, sizeof(options->flows));
		break;
	case TOO_MANY_FLOWS:
		options->flows[0] = (uint64_t)GEN_TRACE_FLOWS_MAX + 1;
		break;
	case TOO_MANY_PACKETS:
		options->packets = GEN_TRACE_PACKETS_MAX + 1;
		break;
	case TOO_SLOW:
		options->rate = GEN_TRACE_RATE_MIN - 1;
		break;
	case TOO_FAST:
		options->rate = GEN_TRACE_RATE_MAX + 1;
		break;
	case TOO_LONG:
		options->payload = GEN_TRACE_PAYLOAD_MAX + 1;
		break;
	case TOO_NOISY:
		options->noise = 9010;
		break;
	case MORE_THAN_ALL:
		options->fragments = GEN_ALL + 1;
		break;
	case NO_CONNECTION:
		given->pools[GEN_DENIED].count = 0;
		break;
	}
}

static void options_that_contradict_each_other_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(impossible); i++) {
		struct gen_trace_options options = options_of(60, 30, 10, 1000);
		struct gen_connections given = connections;
		struct collected file = { 0 };
		struct gen_trace_sink sink = { collect_bytes, &file, NULL, NULL };
		struct weir_error error = { "" };

		spoil(&options, &given, impossible[i].wrong);
		assert_int_equal(gen_trace_write(&given, &options, &sink, &error), -EINVAL);
		assert_string_equal(error.text, impossible[i].words);
		assert_int_equal(file.length, 0);
		assert_int_equal(gen_trace_write(&given, &options, &sink, NULL), -EINVAL);
	}
}

static int ignore_bytes(void *context, const char *bytes, size_t length)
{
	(void)context, (void)bytes, (void)length;
	return 0;
}

static void more_flows_than_ports_are_refused(void **state)
{
	struct gen_connections given = connections;
	struct gen_trace_options options = options_of(33000, 0, 0, 33000);
	struct gen_trace_sink sink = { ignore_bytes, NULL, NULL, NULL };
	struct weir_error error = { "" };

	(void)state;
	given.pools[GEN_ALLOWED].count = 1;
	assert_int_equal(gen_trace_write(&given, &options, &sink, &error), -EINVAL);
	assert_non_null(strstr(error.text, "too many flows for "));
	options.flows[GEN_ALLOWED] = options.packets = 32000;
	assert_int_equal(gen_trace_write(&given, &options, &sink, &error), 0);
}

static int refuse(void *context, const char *bytes, size_t length)
{
	(void)context, (void)bytes, (void)length;
	return -ENOSPC;
}

static int refuse_flow(void *context, const struct gen_flow *flow)
{
	(void)context, (void)flow;
	return -EIO;
}

static void a_failed_write_ends_the_writing(void **state)
{
	struct gen_trace_options options = options_of(60, 30, 10, 100000);
	struct gen_trace_sink full = { refuse, NULL, NULL, NULL };
	struct gen_trace_sink deaf = { ignore_bytes, NULL, refuse_flow, NULL };

	(void)state;
	assert_int_equal(gen_trace_write(&connections, &options, &full, NULL), -ENOSPC);
	assert_int_equal(gen_trace_write(&connections, &options, &deaf, NULL), -EIO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_options_give_equal_bytes_on_every_machine),
		cmocka_unit_test(flows_and_packets_are_as_many_as_were_asked_for),
		cmocka_unit_test(a_flow_is_told_with_its_first_packet),
		cmocka_unit_test(no_source_uses_a_port_twice),
		cmocka_unit_test(time_goes_on_at_the_rate),
		cmocka_unit_test(conversations_go_as_their_protocols_do),
		cmocka_unit_test(a_service_shows_before_the_pod_behind_it),
		cmocka_unit_test(checksums_are_right),
		cmocka_unit_test(payloads_are_no_longer_than_was_asked_for),
		cmocka_unit_test(fragments_come_in_pairs),
		cmocka_unit_test(errors_are_about_the_packet_before),
		cmocka_unit_test(tunnels_hold_what_pods_of_two_nodes_say),
		cmocka_unit_test(noise_is_a_share_of_all_packets),
		cmocka_unit_test(options_that_contradict_each_other_are_refused),
		cmocka_unit_test(more_flows_than_ports_are_refused),
		cmocka_unit_test(a_failed_write_ends_the_writing),
	};

	return cmocka_run_group_tests(tests, make_subject, finish_subject);
}
