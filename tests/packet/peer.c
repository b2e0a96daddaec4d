/* Another reader of the same frames: tshark. Frames of random shape go into one pcapng file with
 * an interface for each link type; addresses and ports must be those that tshark prints. Of frames
 * with tunnels in them, those of the packet inside: what tshark prints last. */
#include "test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "frames.h"
#include "seeded.h"
#include "traces.h"
#include "tunnels.h"

enum {
	FRAMES = 4000,
	SKIPPED = 77, /* meson's exit code for a test that could not run */
};

static const uint16_t links[] = { FRAME_NULL, FRAME_ETHERNET, FRAME_RAW,
				  FRAME_LOOP, FRAME_SLL,      FRAME_SLL2 };

static void add_ip(struct frame_builder *b, uint64_t *random, bool is_ipv6)
{
	static const uint8_t extensions[] = { FRAME_ROUTING, FRAME_DESTINATION };
	char source[WEIR_ADDRESS_TEXT];
	char destination[WEIR_ADDRESS_TEXT];
	const char *format = is_ipv6 ? "fd00::%x" : "10.1.1.%u";

	snprintf(source, sizeof(source), format, 1 + (unsigned)(next(random) % 99));
	snprintf(destination, sizeof(destination), format, 101 + (unsigned)(next(random) % 99));
	if (!is_ipv6) {
		frame_ipv4_options(b, source, destination, (uint32_t)(next(random) % 4) * 4);
	} else {
		frame_ipv6(b, source, destination);
		if (next(random) % 4 == 0)
			frame_extension(b, FRAME_HOP_BY_HOP, 8);
		if (next(random) % 4 == 0)
			frame_extension(b, extensions[next(random) % 2], 24);
	}
	if (next(random) % 8 == 0)
		frame_extension(b, FRAME_AUTHENTICATION, 24);
}

static void add_transport(struct frame_builder *b, uint64_t *random)
{
	uint16_t from = (uint16_t)(20000 + next(random) % 40000);
	uint16_t to = (uint16_t)(1 + next(random) % 9);

	switch (next(random) % 4) {
	case 0:
		frame_tcp(b, from, to, WEIR_TCP_ACK);
		break;
	case 1:
		frame_udp(b, from, to);
		break;
	case 2:
		frame_sctp(b, from, to, 1);
		break;
	default:
		frame_echo(b, next(random) % 2, from, 1);
	}
}

static void build(struct frame_builder *b, uint64_t *random, uint32_t link)
{
	bool is_ipv6 = next(random) % 2;

	frame_begin(b, links[link]);
	for (uint64_t tags = link == 1 ? next(random) % 3 : 0; tags > 0; tags--)
		frame_vlan(b, tags % 2 ? 0x8100 : 0x88a8, (uint16_t)tags);
	add_ip(b, random, is_ipv6);
	if (next(random) % 4 == 0) {
		frame_icmp(b, is_ipv6 ? 1 : 3, is_ipv6 ? 4 : 3, 0);
		add_ip(b, random, is_ipv6);
	}
	add_transport(b, random);
	frame_end(b);
}

/* What tshark prints for a tuple: an address pair, then the ports of whatever has some. */
static size_t print_tuple(char *text, size_t size, const struct weir_tuple *tuple)
{
	char source[WEIR_ADDRESS_TEXT];
	char destination[WEIR_ADDRESS_TEXT];

	weir_address_format(&tuple->source, source);
	weir_address_format(&tuple->destination, destination);
	return (size_t)snprintf(text, size, "%s %s ", source, destination);
}

static void print_packet(char *text, size_t size, const struct weir_packet *packet)
{
	const struct weir_tuple *ports = packet->has_quote ? &packet->quote : &packet->tuple;
	size_t length = print_tuple(text, size, &packet->tuple);

	if (packet->has_quote)
		length += print_tuple(text + length, size - length, &packet->quote);
	if (ports->protocol == 1 || ports->protocol == 58)
		snprintf(text + length, size - length, "id %u", ports->source_port);
	else
		snprintf(text + length, size - length, "%u %u", ports->source_port,
			 ports->destination_port);
}

#define TSHARK                                                                                     \
	"tshark -n -r %s -T fields -E separator=/t -E occurrence=a -E aggregator=,"                \
	" -e ip.src -e ip.dst -e ipv6.src -e ipv6.dst -e tcp.srcport -e tcp.dstport"               \
	" -e udp.srcport -e udp.dstport -e sctp.srcport -e sctp.dstport -e icmp.ident"             \
	" -e icmpv6.echo.identifier 2>/dev/null"

enum {
	COLUMNS = 12,
};

/* The index-th of a column's values, which are parted by commas. */
static const char *value(const char *column, unsigned index, char out[64])
{
	while (index-- > 0 && column)
		column = strchr(column, ',') ? strchr(column, ',') + 1 : NULL;
	snprintf(out, 64, "%.*s", column ? (int)strcspn(column, ",") : 0, column ? column : "");
	return out;
}

/* A line of tshark's in the words of print_packet. */
typedef void print(char *text, size_t size, char *line, const struct weir_packet *packet);

static void print_peer(char *text, size_t size, char *line, const struct weir_packet *packet)
{
	char *columns[COLUMNS] = { NULL };
	char from[64];
	char to[64];
	size_t length = 0;
	unsigned address;

	(void)packet;
	line[strcspn(line, "\n")] = '\0';
	for (unsigned i = 0; i < COLUMNS; i++)
		columns[i] = strsep(&line, "\t");
	address = columns[0] && *columns[0] ? 0 : 2;
	for (unsigned i = 0; i < 2 && columns[address + 1]; i++) {
		if (!*value(columns[address], i, from))
			break;
		length += (size_t)snprintf(text + length, size - length, "%s %s ", from,
					   value(columns[address + 1], i, to));
	}
	for (unsigned i = 4; i < 10 && columns[i + 1]; i += 2) {
		if (*columns[i])
			snprintf(text + length, size - length, "%s %s", columns[i], columns[i + 1]);
	}
	for (unsigned i = 10; i < COLUMNS && columns[i]; i++) {
		if (*columns[i])
			snprintf(text + length, size - length, "id %lu",
				 strtoul(value(columns[i], 0, from), NULL, 0));
	}
}

/* Frees the trace. */
static void compare(struct trace_builder *t, const struct weir_packet *packets, const char *command,
		    print *print_line, uint64_t start)
{
	char path[] = "/tmp/weir-test-peer-XXXXXX";
	char line[1024];
	unsigned count = 0;
	FILE *peer;

	assert_true(close(mkstemp(path)) == 0);
	trace_write(t, path);
	free(t->bytes);
	snprintf(line, sizeof(line), command, path);
	peer = popen(line, "r");
	assert_non_null(peer);
	for (; count < FRAMES && fgets(line, sizeof(line), peer); count++) {
		char wanted[256];
		char seen[256] = "";

		print_packet(wanted, sizeof(wanted), &packets[count]);
		print_line(seen, sizeof(seen), line, &packets[count]);
		if (strcmp(seen, wanted) != 0)
			fail_msg("seed %" PRIu64 ", frame %u of %s: tshark says '%s', weir '%s'",
				 start, count + 1, path, seen, wanted);
	}
	pclose(peer);
	unlink(path);
	assert_int_equal(count, FRAMES);
	printf("seed %" PRIu64 ": %u frames as tshark reads them\n", start, count);
}

static void tshark_reads_the_same_keys(void **state)
{
	static struct weir_packet packets[FRAMES];
	struct trace_builder t = { 0 };
	uint64_t start = seed();
	uint64_t random = start;

	(void)state;
	trace_section(&t);
	for (size_t i = 0; i < COUNT(links); i++)
		trace_interface(&t, links[i], NULL, 6, 0);
	for (unsigned i = 0; i < FRAMES; i++) {
		uint32_t link = (uint32_t)(next(&random) % COUNT(links));
		struct frame_builder b;
		struct weir_frame frame;

		build(&b, &random, link);
		frame = frame_whole(&b);
		weir_packet_decode(&frame, &packets[i]);
		assert_int_equal(packets[i].kind, WEIR_PACKET_OK);
		trace_packet(&t, link, i, b.bytes, b.length, b.length);
	}
	compare(&t, packets, TSHARK, print_peer, start);
}

static void build_nested(struct frame_builder *b, uint64_t *random)
{
	frame_begin(b, FRAME_ETHERNET);
	if (next(random) % 4 == 0) {
		frame_label(b, 16, false);
		frame_label(b, 17, true);
	}
	for (uint64_t depth = next(random) % 3; depth < 3; depth++) {
		add_ip(b, random, next(random) % 2);
		tunnels[next(random) % COUNT(tunnels)].build(b);
	}
	add_ip(b, random, next(random) % 2);
	if (next(random) % 2)
		frame_tcp(b, (uint16_t)(20000 + next(random) % 40000), 9, WEIR_TCP_ACK);
	else
		frame_sctp(b, (uint16_t)(20000 + next(random) % 40000), 9, 1);
	frame_end(b);
}

/* A line of TSHARK_INSIDE that has those of the packet alone: the columns of its family and of its
 * protocol. */
static void print_inside(char *text, size_t size, char *line, const struct weir_packet *packet)
{
	char *columns[8] = { NULL };
	char address[WEIR_ADDRESS_TEXT];
	unsigned at;

	line[strcspn(line, "\n")] = '\0';
	for (unsigned i = 0; i < COUNT(columns); i++)
		columns[i] = strsep(&line, "\t");
	weir_address_format(&packet->tuple.source, address);
	at = strchr(address, ':') ? 2 : 0;
	snprintf(text, size, "%s %s ", columns[at], columns[at + 1]);
	at = packet->tuple.protocol == 6 ? 4 : 6;
	snprintf(text + strlen(text), size - strlen(text), "%s %s", columns[at], columns[at + 1]);
}

#define TSHARK_INSIDE                                                                              \
	"tshark -n -r %s -d udp.port==8472,vxlan -T fields -E separator=/t -E occurrence=l"        \
	" -e ip.src -e ip.dst -e ipv6.src -e ipv6.dst -e tcp.srcport -e tcp.dstport"               \
	" -e sctp.srcport -e sctp.dstport 2>/dev/null"

static void t8_tshark_reads_the_same_packet_inside(void **state)
{
	static struct weir_packet packets[FRAMES];
	struct trace_builder t = { 0 };
	uint64_t start = seed();
	uint64_t random = start;

	(void)state;
	trace_section(&t);
	trace_interface(&t, FRAME_ETHERNET, NULL, 6, 0);
	for (unsigned i = 0; i < FRAMES; i++) {
		struct frame_builder b;
		struct weir_frame frame;

		build_nested(&b, &random);
		frame = frame_whole(&b);
		weir_packet_decode(&frame, &packets[i]);
		while (packets[i].is_tunnel)
			assert_true(weir_packet_decode_inner(&frame, &packets[i]));
		assert_int_equal(packets[i].kind, WEIR_PACKET_OK);
		trace_packet(&t, 0, i, b.bytes, b.length, b.length);
	}
	compare(&t, packets, TSHARK_INSIDE, print_inside, start);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tshark_reads_the_same_keys),
		cmocka_unit_test(t8_tshark_reads_the_same_packet_inside),
	};

	if (system("tshark --version >/dev/null 2>&1") != 0) {
		fprintf(stderr, "SKIPPED: tshark is not installed, nobody to compare with\n");
		return SKIPPED;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
