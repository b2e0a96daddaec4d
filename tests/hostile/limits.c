/*
 * Traces that are made to be too much: each is handled or refused in words, with every packet
 * counted, and none takes more time or memory than its size is worth.
 */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "cluster.h"
#include "frames.h"
#include "through.h"
#include "traces.h"
#include "weir/capture.h"

enum {
	MEGABYTE = 1 << 20,
	SECONDS = 120, /* for the worst, under a sanitizer on a busy machine */
};

static char folder[] = "/tmp/weir-test-limits-XXXXXX";

static int enter_folder(void **state)
{
	(void)state;
	alarm(SECONDS);
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	(void)state;
	return unlink("trace") || chdir("/") || rmdir(folder) ? -1 : 0;
}

/* What became of the file "trace". */
static struct through_seen replay_with(const char *filter, const char *output)
{
	static const char *const path = "trace";
	const struct through_options options = {
		.filter = filter,
		.output = output,
		.is_live = true,
		.max_bytes = 64ul * MEGABYTE,
	};
	struct weir_policy *policy = cluster_policy();
	struct through_seen seen = { 0 };

	through(policy, &path, 1, &options, &seen);
	weir_policy_unref(policy);
	return seen;
}

static struct through_seen replay(struct trace_builder *t)
{
	trace_write(t, "trace");
	free(t->bytes);
	return replay_with(NULL, NULL);
}

static void append_packet(struct trace_builder *t, uint32_t interface)
{
	struct frame_builder b;

	frame_tcp_packet(&b, "10.0.1.1", 4000, "10.0.2.1", 80, WEIR_TCP_SYN);
	trace_packet(t, interface, 0, b.bytes, b.length, b.length);
}

static void begin_trace(struct trace_builder *t)
{
	*t = (struct trace_builder){ 0 };
	trace_section(t);
	trace_interface(t, 1, "eth0", 6, 0);
}

/* Bombs: a trace, and behind it a block that never ends, of many gigabytes. */

static const char grown[] =
	"the compressed data grow to more than 256 times their size: nothing is "
	"read from here on";

static void begin_bomb(struct trace_builder *t)
{
	begin_trace(t);
	append_packet(t, 0);
	trace32(t, 0xbad);
	trace32(t, 0xfffffffc);
}

static void append_gzip(struct trace_builder *out, const void *bytes, size_t length)
{
	size_t room = length / 500 + 4096;
	uint8_t *packed = malloc(room);
	z_stream stream = { .next_in = (uint8_t *)(uintptr_t)bytes,
			    .avail_in = (uInt)length,
			    .next_out = packed,
			    .avail_out = (uInt)room };

	assert_non_null(packed);
	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	trace_bytes(out, packed, room - stream.avail_out);
	free(packed);
}

static void append_zstd(struct trace_builder *out, const void *bytes, size_t length)
{
	size_t room = ZSTD_compressBound(length);
	uint8_t *packed = malloc(room);
	size_t size;

	assert_non_null(packed);
	size = ZSTD_compress(packed, room, bytes, length, 1);
	assert_false(ZSTD_isError(size));
	trace_bytes(out, packed, size);
	free(packed);
}

/* Four gigabytes of nothing, 8 MB a part. */
static void append_zeros(struct trace_builder *out,
			 void (*append)(struct trace_builder *out, const void *bytes,
					size_t length))
{
	static uint8_t zeros[8 * MEGABYTE];
	struct trace_builder part = { 0 };

	append(&part, zeros, sizeof(zeros));
	for (unsigned i = 0; i < 4096 / 8; i++)
		trace_bytes(out, part.bytes, part.length);
	free(part.bytes);
}

static void expect_bomb(void (*append)(struct trace_builder *out, const void *bytes, size_t length))
{
	struct trace_builder bomb = { 0 };
	struct trace_builder t;
	struct through_seen seen;

	begin_bomb(&t);
	append(&bomb, t.bytes, t.length);
	free(t.bytes);
	append_zeros(&bomb, append);
	seen = replay(&bomb);
	assert_int_equal(seen.damaged, 1);
	assert_int_equal(seen.packets, 1);
	assert_int_equal(seen.by_class[WEIR_TRACE_DENIED] + seen.by_class[WEIR_TRACE_ALLOWED], 1);
	assert_non_null(strstr(seen.told, grown));
}

static void t19_bombs_are_read_no_further_than_their_size_is_worth(void **state)
{
	(void)state;
	expect_bomb(append_gzip);
	expect_bomb(append_zstd);
}

static void a_bomb_of_manifests_is_too_large(void **state)
{
	struct trace_builder bomb = { 0 };
	struct weir_error error = { "" };
	struct weir_file file;

	(void)state;
	append_zeros(&bomb, append_zstd);
	trace_write(&bomb, "trace");
	free(bomb.bytes);
	assert_int_equal(weir_file_load("trace", SIZE_MAX, &file, &error), -EFBIG);
	assert_string_equal(error.text, "trace: too large");
}

/* What a trace with much the same in it really compresses to is read whole. */
static void an_empty_trace_of_some_size_is_no_bomb(void **state)
{
	struct trace_builder z = { 0 };
	struct trace_builder t;
	struct through_seen seen;

	(void)state;
	begin_trace(&t);
	for (unsigned i = 0; i < 20000; i++)
		append_packet(&t, 0);
	append_zstd(&z, t.bytes, t.length);
	assert_true(t.length / 256 > z.length); /* more than a bomb may grow */
	free(t.bytes);
	seen = replay(&z);
	assert_int_equal(seen.damaged, 0);
	assert_int_equal(seen.packets, 20000);
}

static void a_larger_window_than_is_kept_is_refused_in_words(void **state)
{
	/* A frame of a window of 2 GB, and one raw block. */
	static const uint8_t frame[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x09, 0, 0, 'x' };
	struct trace_builder z = { 0 };
	struct trace_builder t;
	struct through_seen seen;

	(void)state;
	trace_bytes(&z, frame, sizeof(frame));
	seen = replay(&z);
	assert_int_equal(seen.refused, 1);
	assert_string_equal(seen.why.text, "trace: zstd wants a window of more than 128 MB for it; "
					   "decompress it with zstd -d --long=31");
	begin_trace(&t);
	append_packet(&t, 0);
	z = (struct trace_builder){ 0 };
	append_zstd(&z, t.bytes, t.length);
	free(t.bytes);
	trace_bytes(&z, frame, sizeof(frame));
	seen = replay(&z);
	assert_int_equal(seen.damaged, 1);
	assert_int_equal(seen.packets, 1);
	assert_non_null(strstr(seen.told, "zstd wants a window of more than 128 MB"));
}

/* Interfaces and sections. */

static void append_named_interface(struct trace_builder *t, uint32_t number)
{
	char name[16];

	snprintf(name, sizeof(name), "veth%u", number);
	trace_interface(t, 1, name, 6, 0);
}

static void a_million_interfaces_are_damage_behind_the_first_65536(void **state)
{
	struct trace_builder t;
	struct through_seen seen;

	(void)state;
	begin_trace(&t);
	append_packet(&t, 0);
	for (uint32_t i = 1; i < 1000000; i++)
		append_named_interface(&t, i);
	append_packet(&t, 999999);
	seen = replay(&t);
	assert_int_equal(seen.packets, 1);
	assert_int_equal(seen.damaged, 1);
	assert_non_null(strstr(seen.told, ": a section of more than 65536 interfaces"));
}

static void as_many_interfaces_as_there_may_be_are_read(void **state)
{
	struct trace_builder t;
	struct through_seen seen;

	(void)state;
	begin_trace(&t);
	for (uint32_t i = 1; i < 65536; i++)
		append_named_interface(&t, i % 1000);
	append_packet(&t, 65535);
	seen = replay(&t);
	assert_int_equal(seen.packets, 1);
	assert_int_equal(seen.damaged, 0);
	assert_string_equal(seen.told, "");
}

static void a_million_sections_are_read(void **state)
{
	struct trace_builder t = { 0 };
	struct through_seen seen;

	(void)state;
	for (uint32_t i = 0; i < 1000000; i++) {
		t.swapped = i % 2;
		trace_section(&t);
	}
	trace_interface(&t, 1, "eth0", 6, 0);
	append_packet(&t, 0);
	seen = replay(&t);
	assert_int_equal(seen.packets, 1);
	assert_int_equal(seen.damaged, 0);
}

static void names_of_interfaces_end_at_65535_and_packets_do_not(void **state)
{
	static const char *const path = "trace";
	struct trace_builder t = { 0 };
	struct weir_capture *capture;
	struct weir_frame frame;
	struct through_seen seen;
	uint32_t others = 0;

	(void)state;
	for (uint32_t i = 0; i < 70000; i++) {
		trace_section(&t);
		append_named_interface(&t, i);
		append_packet(&t, 0);
	}
	seen = replay(&t);
	assert_int_equal(seen.packets, 70000);
	assert_int_equal(seen.damaged, 0);
	assert_string_equal(seen.told, "more than 65535 names of interfaces: those behind are "
				       "called \"(others)\"");
	assert_int_equal(weir_capture_open(&path, 1, NULL, &capture, NULL, NULL), 0);
	for (uint32_t i = 0; i < 70000; i++) {
		char name[16];

		snprintf(name, sizeof(name), "veth%u", i);
		assert_int_equal(weir_capture_next(capture, &frame, 1), 1);
		if (i < 65535)
			assert_string_equal(weir_capture_interface(capture, frame.interface), name);
		else
			others += !strcmp(weir_capture_interface(capture, frame.interface),
					  "(others)");
	}
	assert_int_equal(others, 70000 - 65535);
	weir_capture_close(capture);
}

/* A filter is compiled for each of them. */
static void all_link_types_there_are_pass_a_filter(void **state)
{
	struct trace_builder t = { 0 };
	struct through_seen seen;

	(void)state;
	trace_section(&t);
	for (uint32_t i = 0; i < 65536; i++)
		trace_interface(&t, (uint16_t)i, NULL, 6, 0);
	for (uint32_t i = 0; i < 65536; i++)
		append_packet(&t, i);
	trace_write(&t, "trace");
	free(t.bytes);
	seen = replay_with("tcp port 80", "out.pcapng");
	assert_int_equal(seen.damaged, 0);
	assert_int_equal(seen.written, 1);
	assert_true(seen.packets >= 1 && seen.packets < 100);
}

/* Lengths that lie. */

static void t18_no_snaplen_is_believed(void **state)
{
	static const uint32_t snaplens[] = { 0, 1, 13, 0x7fffffff, 0xffffffff };

	(void)state;
	for (size_t i = 0; i < COUNT(snaplens); i++) {
		struct trace_builder t = { 0 };
		struct frame_builder b;
		struct through_seen seen;

		frame_tcp_packet(&b, "10.0.1.1", 4000, "10.0.2.1", 80, WEIR_TCP_SYN);
		trace_pcap(&t, 0xa1b2c3d4, 1);
		trace_poke32(&t, 16, snaplens[i]);
		trace_record(&t, 1, 1, b.bytes, b.length, b.length);
		seen = replay(&t);
		assert_int_equal(seen.flows, 1);
		begin_trace(&t);
		trace_poke32(&t, 28 + 12, snaplens[i]);
		append_packet(&t, 0);
		seen = replay(&t);
		assert_int_equal(seen.flows, 1);
	}
}

static const struct {
	uint32_t length;
	const char *told;
} lengths[] = {
	{ 0, "a block cannot have 0 bytes" },
	{ 4, "a block cannot have 4 bytes" },
	{ 11, "a block cannot have 11 bytes" },
	{ 13, "a block cannot have 13 bytes" },
	{ 0x80000000, "the file ends inside a block of 2147483648 bytes" },
	{ 0xfffffffc, "the file ends inside a block of 4294967292 bytes" },
	{ 0xffffffff, "a block cannot have 4294967295 bytes" },
};

static void blocks_of_no_length_or_of_any_end_the_file(void **state)
{
	static const uint32_t types[] = { 0x0a0d0d0a, 1, 3, 6, 0xbad };

	(void)state;
	for (size_t i = 0; i < COUNT(lengths) * COUNT(types); i++) {
		struct trace_builder t;
		struct through_seen seen;
		size_t at;

		begin_trace(&t);
		append_packet(&t, 0);
		at = t.length;
		trace_block_begin(&t, types[i / COUNT(lengths)]);
		trace32(&t, 0x1a2b3c4d);
		trace_bytes(&t, lengths, sizeof(lengths));
		trace_block_end(&t);
		trace_poke32(&t, at + 4, lengths[i % COUNT(lengths)].length);
		trace_poke32(&t, t.length - 4, lengths[i % COUNT(lengths)].length);
		seen = replay(&t);
		assert_int_equal(seen.packets, 1);
		assert_int_equal(seen.damaged, 1);
		assert_non_null(strstr(seen.told, lengths[i % COUNT(lengths)].told));
	}
}

/* Options of no length, as many as fit; and one that claims more than there is. */
static void options_end(void **state)
{
	enum { PACKETS = 20, OPTIONS = 60000 };
	struct trace_builder t;
	struct through_seen seen;

	(void)state;
	begin_trace(&t);
	trace_block_begin(&t, 1);
	trace32(&t, 1);
	trace32(&t, 0);
	for (unsigned i = 0; i < OPTIONS; i++)
		trace_option(&t, i % 2 ? 2 : 9, "", 0);
	trace_block_end(&t);
	for (unsigned i = 0; i < PACKETS; i++) {
		struct frame_builder b;

		frame_udp_packet(&b, "10.0.1.1", 4000, "10.0.2.1", 53, 0);
		trace_block_begin(&t, 6);
		trace32(&t, 1);
		trace64(&t, 0);
		trace32(&t, b.length);
		trace32(&t, b.length);
		trace_bytes(&t, b.bytes, b.length);
		trace_pad(&t);
		for (unsigned j = 0; j < OPTIONS; j++)
			trace_option(&t, 1, "", 0);
		trace32(&t, 0xffff0001);
		trace_block_end(&t);
	}
	trace_write(&t, "trace");
	free(t.bytes);
	seen = replay_with(NULL, "out.pcapng");
	assert_int_equal(seen.packets, PACKETS);
	assert_int_equal(seen.damaged, 0);
	assert_int_equal(seen.written, 1);
}

/* Tunnels. */

static void nest(struct frame_builder *b, unsigned depth)
{
	frame_begin(b, FRAME_ETHERNET);
	for (unsigned i = 0; i < depth; i++) {
		frame_ip(b, "192.168.9.1", "192.168.9.2");
		if (i % 2)
			frame_vxlan(b, 4789);
	}
	frame_ip(b, "10.0.1.1", "10.0.2.1");
	frame_tcp(b, 4000, 80, WEIR_TCP_SYN);
	frame_end(b);
}

static void t8_tunnels_deeper_than_8_are_counted_as_that(void **state)
{
	enum { DEEPEST = 40 };
	struct trace_builder t;
	struct through_seen seen;

	(void)state;
	begin_trace(&t);
	for (unsigned depth = 0; depth <= DEEPEST; depth++) {
		struct frame_builder b;

		nest(&b, depth);
		trace_packet(&t, 0, depth, b.bytes, b.length, b.length);
	}
	seen = replay(&t);
	assert_int_equal(seen.packets, DEEPEST + 1);
	assert_int_equal(seen.by_class[WEIR_TRACE_MALFORMED], DEEPEST - 8);
	assert_int_equal(seen.flows, 1);
}

/* All that was read above is gone, and no file was in memory twice. */
static void memory_was_bounded(void **state)
{
	struct rusage usage;

	(void)state;
	getrusage(RUSAGE_SELF, &usage);
	printf("at most %ld MB resident\n", usage.ru_maxrss >> 10);
	assert_true(usage.ru_maxrss >> 10 < 768);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t19_bombs_are_read_no_further_than_their_size_is_worth),
		cmocka_unit_test(a_bomb_of_manifests_is_too_large),
		cmocka_unit_test(an_empty_trace_of_some_size_is_no_bomb),
		cmocka_unit_test(a_larger_window_than_is_kept_is_refused_in_words),
		cmocka_unit_test(a_million_interfaces_are_damage_behind_the_first_65536),
		cmocka_unit_test(as_many_interfaces_as_there_may_be_are_read),
		cmocka_unit_test(a_million_sections_are_read),
		cmocka_unit_test(names_of_interfaces_end_at_65535_and_packets_do_not),
		cmocka_unit_test(all_link_types_there_are_pass_a_filter),
		cmocka_unit_test(t18_no_snaplen_is_believed),
		cmocka_unit_test(blocks_of_no_length_or_of_any_end_the_file),
		cmocka_unit_test(options_end),
		cmocka_unit_test(t8_tunnels_deeper_than_8_are_counted_as_that),
		cmocka_unit_test(memory_was_bounded),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
