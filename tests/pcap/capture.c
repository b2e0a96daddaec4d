/* Trace files of every kind, whole and damaged, alone and merged. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "frames.h"
#include "own_folder.h"
#include "traces.h"
#include "weir/capture.h"

struct findings {
	unsigned errors;
	unsigned warnings;
	char last[512]; /* as a person sees it: FILE: TEXT */
};

static void note(void *context, const struct weir_diagnostic *diagnostic)
{
	struct findings *findings = context;

	if (diagnostic->severity == WEIR_SEVERITY_ERROR)
		findings->errors++;
	else
		findings->warnings++;
	snprintf(findings->last, sizeof(findings->last), "%s: %s", diagnostic->file,
		 diagnostic->text);
}

static struct weir_capture *open_many(const char *const *paths, size_t count, const char *filter,
				      struct findings *findings)
{
	struct weir_capture_options options = { .filter = filter, .sink = { note, findings } };
	struct weir_capture *capture = NULL;
	struct weir_error error = { "" };
	bool bad_filter = true;

	*findings = (struct findings){ 0 };
	if (weir_capture_open(paths, count, &options, &capture, &bad_filter, &error))
		fail_msg("%s", error.text);
	assert_false(bad_filter);
	return capture;
}

static struct weir_capture *open_one(const char *path, struct findings *findings)
{
	return open_many(&path, 1, NULL, findings);
}

static struct weir_frame expect_frame(struct weir_capture *capture)
{
	struct weir_frame frame;

	assert_int_equal(weir_capture_next(capture, &frame, 1), 1);
	return frame;
}

static void expect_end(struct weir_capture *capture)
{
	struct weir_frame frame;

	assert_int_equal(weir_capture_next(capture, &frame, 1), 0);
	assert_int_equal(weir_capture_next(capture, &frame, 1), 0);
}

static unsigned count_frames(struct weir_capture *capture)
{
	struct weir_frame frame;
	unsigned count = 0;

	while (weir_capture_next(capture, &frame, 1) == 1)
		count++;
	return count;
}

static void expect_refused(const char *path, int status, const char *text)
{
	struct weir_capture *capture = NULL;
	struct weir_error error = { "" };
	bool bad_filter = true;

	assert_int_equal(weir_capture_open(&path, 1, NULL, &capture, &bad_filter, &error), status);
	assert_false(bad_filter);
	assert_null(capture);
	assert_string_equal(error.text, text);
}

/* count records, a second apart, of as many bytes as their number. */
static struct trace_builder numbered(uint32_t start, uint32_t count)
{
	struct trace_builder t = { 0 };
	uint8_t bytes[256];

	memset(bytes, 0x5a, sizeof(bytes));
	trace_pcap(&t, 0xa1b2c3d4, 1);
	for (uint32_t i = 0; i < count; i++)
		trace_record(&t, start + i, i, bytes, i + 1, 1000 + i);
	return t;
}

static void write_numbered(const char *path, uint32_t start, uint32_t count)
{
	struct trace_builder t = numbered(start, count);

	trace_write(&t, path);
	free(t.bytes);
}

static void write_text(const char *path, const char *text)
{
	struct trace_builder t = { 0 };

	trace_bytes(&t, text, strlen(text));
	trace_write(&t, path);
	free(t.bytes);
}

static const struct {
	const char *name;
	uint32_t magic;
	bool swapped;
	uint32_t extra; /* bytes that the patched format has behind a record's header */
	uint64_t fraction;
} classic[] = {
	{ "microseconds", 0xa1b2c3d4, false, 0, 1000 },
	{ "microseconds, swapped", 0xa1b2c3d4, true, 0, 1000 },
	{ "nanoseconds", 0xa1b23c4d, false, 0, 1 },
	{ "nanoseconds, swapped", 0xa1b23c4d, true, 0, 1 },
	{ "patched", 0xa1b2cd34, false, 8, 1000 },
	{ "patched, swapped", 0xa1b2cd34, true, 8, 1000 },
};

static void classic_files_in_both_byte_orders(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(classic); i++) {
		struct trace_builder t = { .swapped = classic[i].swapped };
		struct weir_capture *capture;
		struct weir_frame frame;
		struct findings findings;

		trace_pcap(&t, classic[i].magic, 113);
		for (uint32_t k = 0; k < 2; k++) {
			trace_record(&t, 1700000000 + k, 999999, NULL, 0, 0);
			trace_poke32(&t, t.length - 8, 5);
			trace_poke32(&t, t.length - 4, 1500);
			trace_bytes(&t, "\0\0\0\0\0\0\0\0", classic[i].extra);
			trace_bytes(&t, "hello", 5);
		}
		trace_write(&t, "classic.pcap");
		free(t.bytes);
		capture = open_one("classic.pcap", &findings);
		for (uint32_t k = 0; k < 2; k++) {
			frame = expect_frame(capture);
			assert_int_equal(frame.captured, 5);
			assert_memory_equal(frame.bytes, "hello", 5);
			assert_int_equal(frame.wire, 1500);
			assert_int_equal(frame.link_type, 113);
			assert_int_equal(frame.number, k + 1);
			assert_int_equal(frame.time, (1700000000 + k) * UINT64_C(1000000000) +
							     999999 * classic[i].fraction);
			assert_string_equal(weir_capture_interface(capture, frame.interface),
					    "classic.pcap");
		}
		expect_end(capture);
		assert_false(weir_capture_damaged(capture));
		assert_int_equal(findings.errors + findings.warnings, 0);
		weir_capture_close(capture);
	}
}

static void the_link_type_is_without_its_flags(void **state)
{
	struct trace_builder t = { 0 };
	struct weir_capture *capture;
	struct findings findings;

	(void)state;
	trace_pcap(&t, 0xa1b2c3d4, 0x54000001); /* a frame check sequence of 4 bytes follows */
	trace_record(&t, 1, 1, "abc", 3, 3);
	trace_write(&t, "fcs.pcap");
	free(t.bytes);
	capture = open_one("fcs.pcap", &findings);
	assert_int_equal(expect_frame(capture).link_type, 1);
	weir_capture_close(capture);
}

static void an_old_version_has_its_lengths_swapped(void **state)
{
	struct trace_builder t = { 0 };
	struct weir_capture *capture;
	struct weir_frame frame;
	struct findings findings;

	(void)state;
	trace_pcap(&t, 0xa1b2c3d4, 1);
	t.bytes[6] = 2; /* 2.2 */
	trace_record(&t, 1, 1, "abc", 3, 3);
	trace_poke32(&t, 24 + 8, 90);
	trace_poke32(&t, 24 + 12, 3);
	trace_write(&t, "old.pcap");
	free(t.bytes);
	capture = open_one("old.pcap", &findings);
	frame = expect_frame(capture);
	assert_int_equal(frame.captured, 3);
	assert_int_equal(frame.wire, 90);
	expect_end(capture);
	weir_capture_close(capture);
}

/* Two sections of different byte orders; interfaces with link types, units and offsets of their
 * own; blocks that nobody asked for. */
static void write_sections(const char *path)
{
	struct trace_builder t = { 0 };

	trace_section(&t);
	trace_block_begin(&t, 4); /* name resolution: skipped */
	trace_bytes(&t, "whatever", 8);
	trace_block_end(&t);
	trace_interface(&t, 1, "eth0", 9, 0);
	trace_interface(&t, 113, NULL, 6, 0);
	trace_interface(&t, 276, "any", 0x80 | 10, 100);
	trace_packet(&t, 0, 5000000001, "one", 3, 60);
	trace_packet(&t, 1, 6000001, "two", 3, 61);
	trace_packet(&t, 2, 7 * 1024 + 512, "three", 5, 62);
	t.swapped = true;
	trace_section(&t);
	trace_interface(&t, 101, "eth0", 12, 0);
	trace_packet(&t, 0, UINT64_C(108123456789123), "four", 4, 63);
	trace_block_begin(&t, 3);
	trace32(&t, 4);
	trace_bytes(&t, "five", 4);
	trace_block_end(&t);
	trace_block_begin(&t, 2); /* obsolete: interface, drops */
	trace16(&t, 0);
	trace16(&t, 9);
	trace64(&t, 0);
	trace_poke32(&t, t.length - 8, (uint32_t)(UINT64_C(109000000000000) >> 32));
	trace_poke32(&t, t.length - 4, (uint32_t)UINT64_C(109000000000000));
	trace32(&t, 3);
	trace32(&t, 64);
	trace_bytes(&t, "six", 3);
	trace_block_end(&t);
	trace_write(&t, path);
	free(t.bytes);
}

static const struct {
	const char *bytes;
	uint32_t wire;
	uint32_t link_type;
	const char *interface;
	uint64_t time;
} sections[] = {
	{ "one", 60, 1, "eth0", 5000000001 },
	{ "two", 61, 113, "sections.pcapng", 6000001000 },
	{ "three", 62, 276, "any", 107500000000 },
	{ "four", 63, 101, "eth0", 108123456789 },
	{ "five", 4, 101, "eth0", 108123456789 }, /* the time of the packet before it */
	{ "six", 64, 101, "eth0", 109000000000 },
};

static void pcapng_sections_interfaces_units_and_offsets(void **state)
{
	struct weir_capture *capture;
	struct findings findings;

	(void)state;
	write_sections("sections.pcapng");
	capture = open_one("sections.pcapng", &findings);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < COUNT(sections); i++) {
			struct weir_frame frame = expect_frame(capture);

			assert_int_equal(frame.captured, strlen(sections[i].bytes));
			assert_memory_equal(frame.bytes, sections[i].bytes, frame.captured);
			assert_int_equal(frame.wire, sections[i].wire);
			assert_int_equal(frame.link_type, sections[i].link_type);
			assert_int_equal(frame.time, sections[i].time);
			assert_int_equal(frame.number, i + 1);
			assert_string_equal(weir_capture_interface(capture, frame.interface),
					    sections[i].interface);
		}
		expect_end(capture);
		assert_int_equal(weir_capture_rewind(capture), 0);
	}
	assert_false(weir_capture_damaged(capture));
	assert_string_equal(weir_capture_interface(capture, 77), "unknown");
	weir_capture_close(capture);
}

static void a_negative_offset_moves_times_back(void **state)
{
	struct trace_builder t = { 0 };
	struct weir_capture *capture;
	struct findings findings;

	(void)state;
	trace_section(&t);
	trace_interface(&t, 1, "e\nth", 6, -3);
	trace_packet(&t, 0, 5000000, "x", 1, 1);
	trace_write(&t, "negative.pcapng");
	free(t.bytes);
	capture = open_one("negative.pcapng", &findings);
	assert_int_equal(expect_frame(capture).time, 2000000000);
	assert_string_equal(weir_capture_interface(capture, 0), "e?th");
	weir_capture_close(capture);
}

static const struct {
	const char *name;
	const char *shown;
} names[] = {
	{ "veth-\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb3",
	  "veth-\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb3" },
	{ "\x1b[31mred\x7f", "?[31mred?" },
	{ "a\xc2\x9b"
	  "31mred",
	  "a?31mred" }, /* the same in one character */
	{ "\x9b"
	  "31mred",
	  "?31mred" }, /* and in none */
	{ "\xe2\x80\xae"
	  "0hte",
	  "?0hte" },                              /* from right to left */
	{ "\xe2\x81\xa6x\xe2\x80\xa8y", "?x?y" }, /* isolated; a line's end */
	{ "\xff\xfe", "??" },
	{ "\xc0\xaf", "??" },           /* longer than it need be */
	{ "\xed\xa0\x80", "???" },      /* half a pair */
	{ "\xf4\x90\x80\x80", "????" }, /* beyond the last */
	{ "cut\xe2\x82", "cut??" },
};

static void names_of_interfaces_give_no_orders_to_terminals(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct trace_builder t = { 0 };
		struct findings findings;
		struct weir_capture *capture;

		trace_section(&t);
		trace_interface(&t, 1, names[i].name, 6, 0);
		trace_packet(&t, 0, 0, "x", 1, 1);
		trace_write(&t, "names.pcapng");
		free(t.bytes);
		capture = open_one("names.pcapng", &findings);
		assert_string_equal(weir_capture_interface(capture, 0), names[i].shown);
		weir_capture_close(capture);
	}
}

/* T19: whatever the cut, the frames before it are handed out, and it is told once, with the offset
 * of the record or block that is not whole. starts[0] is where the header ends; then count units
 * end at starts[1..count], the first of which hold no packet. */
static void expect_every_cut(const struct trace_builder *t, const size_t *starts, size_t count,
			     size_t without_packet)
{
	for (size_t length = 4; length <= t->length; length++) {
		struct trace_builder cut = { .bytes = t->bytes, .length = length };
		struct weir_capture *capture;
		struct findings findings;
		size_t whole = 0;
		char text[64];
		bool clean;

		while (whole < count && starts[whole + 1] <= length)
			whole++;
		clean = length == starts[whole] && length >= starts[0];
		trace_write(&cut, "cut");
		capture = open_one("cut", &findings);
		assert_int_equal(count_frames(capture),
				 whole >= without_packet ? whole - without_packet : 0);
		assert_int_equal(weir_capture_damaged(capture), !clean);
		assert_int_equal(findings.errors, !clean);
		if (!clean) {
			snprintf(text, sizeof(text),
				 "cut: %zu: ", length < starts[0] ? (size_t)0 : starts[whole]);
			assert_memory_equal(findings.last, text, strlen(text));
		}
		assert_int_equal(weir_capture_rewind(capture), 0);
		count_frames(capture);
		assert_int_equal(findings.errors, !clean);
		assert_int_equal(weir_capture_damaged(capture), !clean);
		weir_capture_close(capture);
	}
}

static void t19_classic_files_cut_at_every_byte(void **state)
{
	struct trace_builder t = numbered(10, 4);
	const size_t starts[] = { 24, 41, 59, 78, 98 };

	(void)state;
	assert_int_equal(t.length, 98);
	expect_every_cut(&t, starts, 4, 0);
	free(t.bytes);
}

static void t19_pcapng_files_cut_at_every_byte(void **state)
{
	struct trace_builder t = { 0 };
	size_t starts[5] = { 0 };

	(void)state;
	trace_section(&t);
	starts[0] = t.length;
	trace_interface(&t, 1, "eth0", 9, 0);
	starts[1] = t.length;
	for (size_t i = 2; i < 5; i++) {
		trace_packet(&t, 0, 1, "abcdefgh", (uint32_t)i, 60);
		starts[i] = t.length;
	}
	expect_every_cut(&t, starts, 4, 1);
	free(t.bytes);
}

static void expect_damage(const struct trace_builder *t, unsigned frames, const char *text)
{
	struct weir_capture *capture;
	struct findings findings;

	trace_write(t, "damaged");
	capture = open_one("damaged", &findings);
	assert_int_equal(count_frames(capture), frames);
	assert_true(weir_capture_damaged(capture));
	assert_int_equal(findings.errors, 1);
	assert_string_equal(findings.last, text);
	weir_capture_close(capture);
}

static void t18_a_major_version_other_than_2_is_damage(void **state)
{
	struct trace_builder t = numbered(1, 1);

	(void)state;
	t.bytes[4] = 3;
	expect_damage(&t, 0, "damaged: 4: version 3.4 of the format, not 2.x");
	free(t.bytes);
}

static void t18_a_record_beyond_256_kib_is_damage_and_the_snaplen_is_not_trusted(void **state)
{
	uint8_t *big = calloc(1, 256 * 1024 + 1);
	struct trace_builder t = { 0 };

	(void)state;
	assert_non_null(big);
	trace_pcap(&t, 0xa1b2c3d4, 1);
	trace_record(&t, 1, 0, big, 256 * 1024, 256 * 1024);
	trace_record(&t, 2, 0, big, 256 * 1024 + 1, 256 * 1024 + 1);
	trace_record(&t, 3, 0, big, 1, 1);
	expect_damage(&t, 1, "damaged: 262184: a record of 262145 bytes, more than 262144");
	free(t.bytes);
	t = (struct trace_builder){ 0 };
	trace_section(&t);
	trace_interface(&t, 1, NULL, 6, 0);
	trace_packet(&t, 0, 1, big, 256 * 1024, 1);
	trace_packet(&t, 0, 1, big, 256 * 1024 + 1, 1);
	expect_damage(&t, 1, "damaged: 262228: a record of 262145 bytes, more than 262144");
	free(t.bytes);
	free(big);
}

/* A section, an interface and a packet, which begin at 0, 28 and 52; then one lie. */
static const struct {
	const char *name;
	size_t at;
	uint32_t value;
	unsigned frames;
	const char *text;
} lies[] = {
	{ "no byte order", 8, 0x1a2b3c4e, 0, "damaged: 0: a section without a byte order" },
	{ "version 2", 12, 2, 0, "damaged: 0: version 2 of pcapng, not 1" },
	{ "length 8", 32, 8, 0, "damaged: 28: a block cannot have 8 bytes" },
	{ "length 0", 56, 0, 0, "damaged: 52: a block cannot have 0 bytes" },
	{ "odd length", 32, 21, 0, "damaged: 28: a block cannot have 21 bytes" },
	{ "huge length", 56, 0xfffffffc, 0,
	  "damaged: 52: the file ends inside a block of 4294967292 bytes" },
	{ "lengths differ", 48, 20, 0, "damaged: 28: a block's two lengths differ" },
	{ "no such interface", 60, 1, 0,
	  "damaged: 52: a packet of interface 1, of which there is no block" },
	{ "captured beyond the block", 72, 9, 0,
	  "damaged: 52: a packet of 9 bytes, more than its block has" },
	{ "the second packet", 100, 7, 1,
	  "damaged: 92: a packet of interface 7, of which there is no block" },
};

static void t19_pcapng_blocks_that_lie(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(lies); i++) {
		struct trace_builder t = { 0 };

		trace_section(&t);
		trace_interface(&t, 1, NULL, 6, 0);
		assert_int_equal(t.length, 52);
		trace_packet(&t, 0, 1, "abcdefgh", 8, 60);
		assert_int_equal(t.length, 92);
		trace_packet(&t, 0, 1, "abcdefgh", 8, 60);
		trace_poke32(&t, lies[i].at, lies[i].value);
		expect_damage(&t, lies[i].frames, lies[i].text);
		free(t.bytes);
	}
}

static void t19_other_files_go_on_after_damage(void **state)
{
	static const char *const paths[] = { "broken.pcap", "whole.pcap" };
	struct trace_builder t = numbered(100, 10);
	struct weir_capture *capture;
	struct findings findings;

	(void)state;
	t.length = 24 + 17 + 5;
	trace_write(&t, "broken.pcap");
	free(t.bytes);
	write_numbered("whole.pcap", 200, 10);
	capture = open_many(paths, 2, NULL, &findings);
	assert_int_equal(count_frames(capture), 11);
	assert_true(weir_capture_damaged(capture));
	assert_int_equal(findings.errors, 1);
	assert_string_equal(findings.last,
			    "broken.pcap: 41: the file ends inside a record's header");
	weir_capture_close(capture);
}

static void what_is_no_trace_is_refused(void **state)
{
	(void)state;
	write_text("text", "hello, world");
	write_text("short", "\xd4\xc3");
	write_text("empty", "");
	expect_refused("text", -EINVAL, "text: not a pcap or pcapng trace");
	expect_refused("short", -EINVAL, "short: not a pcap or pcapng trace");
	expect_refused("empty", -EINVAL, "empty: not a pcap or pcapng trace");
	expect_refused("absent", -ENOENT, "absent: No such file or directory");
	assert_int_equal(mkdir("hollow", 0700), 0);
	expect_refused("hollow", -EINVAL, "no pcap or pcapng trace to read");
}

static void a_trace_without_packets_is_one(void **state)
{
	struct weir_capture *capture;
	struct findings findings;

	(void)state;
	write_numbered("none.pcap", 0, 0);
	capture = open_one("none.pcap", &findings);
	expect_end(capture);
	assert_false(weir_capture_damaged(capture));
	weir_capture_close(capture);
}

static void write_gzip(const char *path, const struct trace_builder *t, const char *mode)
{
	gzFile file = gzopen(path, mode);

	assert_non_null(file);
	assert_int_equal(gzwrite(file, t->bytes, (unsigned)t->length), t->length);
	assert_int_equal(gzclose(file), Z_OK);
}

static void append_zstd(struct trace_builder *out, const void *bytes, size_t length)
{
	size_t bound = ZSTD_compressBound(length);
	void *compressed = malloc(bound);
	size_t size = ZSTD_compress(compressed, bound, bytes, length, 3);

	assert_false(ZSTD_isError(size));
	trace_bytes(out, compressed, size);
	free(compressed);
}

static void expect_numbered(const char *path, unsigned count, bool damaged)
{
	struct weir_capture *capture;
	struct findings findings;

	capture = open_one(path, &findings);
	for (int pass = 0; pass < 2; pass++) {
		for (unsigned i = 0; i < count; i++) {
			struct weir_frame frame = expect_frame(capture);

			assert_int_equal(frame.captured, i + 1);
			assert_int_equal(frame.wire, 1000 + i);
		}
		expect_end(capture);
		assert_int_equal(weir_capture_rewind(capture), 0);
	}
	assert_int_equal(weir_capture_damaged(capture), damaged);
	assert_int_equal(findings.errors, damaged);
	weir_capture_close(capture);
}

static void compressed_files_are_known_by_their_magic(void **state)
{
	struct trace_builder t = numbered(1, 100);
	struct trace_builder z = { 0 };
	struct trace_builder head = { .bytes = t.bytes, .length = 1000 };
	struct trace_builder tail = { .bytes = t.bytes + 1000, .length = t.length - 1000 };

	(void)state;
	write_gzip("a", &t, "wb");
	expect_numbered("a", 100, false);
	/* two members, the first of less than a magic */
	head.length = 3;
	tail.bytes = t.bytes + 3;
	tail.length = t.length - 3;
	write_gzip("b", &head, "wb");
	write_gzip("b", &tail, "ab");
	expect_numbered("b", 100, false);
	append_zstd(&z, t.bytes, t.length);
	trace_write(&z, "c");
	expect_numbered("c", 100, false);
	/* a skippable frame, then two frames */
	z.length = 0;
	trace_bytes(&z, "\x50\x2a\x4d\x18\x04\0\0\0abcd", 12);
	append_zstd(&z, t.bytes, 1000);
	append_zstd(&z, t.bytes + 1000, t.length - 1000);
	trace_write(&z, "d");
	expect_numbered("d", 100, false);
	free(z.bytes);
	free(t.bytes);
}

/* Bytes that do not compress, so that compressed and plain offsets go together. */
static struct trace_builder incompressible(unsigned records)
{
	struct trace_builder t = { 0 };
	uint32_t noise = 1;

	trace_pcap(&t, 0xa1b2c3d4, 1);
	for (unsigned i = 0; i < records; i++) {
		uint8_t bytes[1000];

		for (size_t k = 0; k < sizeof(bytes); k++) {
			noise = noise * 1664525 + 1013904223;
			bytes[k] = (uint8_t)(noise >> 24);
		}
		trace_record(&t, i, 0, bytes, sizeof(bytes), sizeof(bytes));
	}
	return t;
}

static void expect_partly(const char *path, unsigned least, unsigned most)
{
	struct weir_capture *capture;
	struct findings findings;
	unsigned count;

	capture = open_one(path, &findings);
	count = count_frames(capture);
	assert_true(count >= least);
	assert_true(count <= most);
	assert_true(weir_capture_damaged(capture));
	assert_int_equal(findings.errors, 1);
	assert_non_null(strstr(findings.last, ": the compressed data are damaged"));
	weir_capture_close(capture);
}

static void t19_compressed_files_that_end_early_are_read_up_to_there(void **state)
{
	struct trace_builder t = incompressible(1000);
	struct trace_builder z = { 0 };
	struct stat status;

	(void)state;
	append_zstd(&z, t.bytes, t.length);
	z.length /= 2;
	trace_write(&z, "half.zst");
	expect_partly("half.zst", 300, 510);
	write_gzip("half.gz", &t, "wb");
	assert_int_equal(truncate("half.gz", (off_t)t.length / 2), 0);
	expect_partly("half.gz", 300, 510);
	/* only gzip's checksum is missing: every packet is there, but it is damage */
	write_gzip("nearly.gz", &t, "wb");
	assert_int_equal(stat("nearly.gz", &status), 0);
	assert_int_equal(truncate("nearly.gz", status.st_size - 8), 0);
	expect_partly("nearly.gz", 1000, 1000);
	free(z.bytes);
	free(t.bytes);
}

static void compressed_text_is_no_trace(void **state)
{
	struct trace_builder t = { 0 };

	(void)state;
	trace_bytes(&t, "hello, world", 12);
	write_gzip("text.gz", &t, "wb");
	expect_refused("text.gz", -EINVAL, "text.gz: not a pcap or pcapng trace");
	write_text("bad.gz", "\x1f\x8bnonsense");
	expect_refused("bad.gz", -EINVAL, "bad.gz: not a pcap or pcapng trace");
	free(t.bytes);
}

static void t14_files_are_merged_by_time_and_keep_their_own_order(void **state)
{
	static const char *const paths[] = { "m2.pcap", "m1.pcap", "m3.pcap" };
	static const char *const order[] = { "m1.pcap", "m2.pcap", "m3.pcap", "m3.pcap",
					     "m1.pcap", "m2.pcap", "m1.pcap", "m2.pcap" };
	struct trace_builder t = { 0 };
	struct weir_capture *capture;
	struct findings findings;

	(void)state;
	write_numbered("m1.pcap", 9, 3);  /* 9, 10.000001, 11.000002 */
	write_numbered("m2.pcap", 10, 3); /* 10, 11.000001, 12.000002 */
	/* the times of this one go back: its order stands */
	trace_pcap(&t, 0xa1b23c4d, 1);
	trace_record(&t, 10, 999, "a", 1, 1);
	trace_record(&t, 5, 0, "a", 1, 1);
	trace_write(&t, "m3.pcap");
	free(t.bytes);
	capture = open_many(paths, 3, NULL, &findings);
	for (int pass = 0; pass < 2; pass++) {
		for (size_t i = 0; i < COUNT(order); i++) {
			struct weir_frame frame = expect_frame(capture);

			assert_int_equal(frame.number, i + 1);
			assert_string_equal(weir_capture_interface(capture, frame.interface),
					    order[i]);
		}
		expect_end(capture);
		assert_int_equal(weir_capture_rewind(capture), 0);
	}
	weir_capture_close(capture);
}

static void equal_times_go_by_the_order_given(void **state)
{
	static const char *const paths[] = { "t3.pcap", "t1.pcap", "t2.pcap", "t4.pcap" };
	struct weir_capture *capture;
	struct findings findings;

	(void)state;
	for (size_t i = 0; i < COUNT(paths); i++)
		write_numbered(paths[i], 7, 5);
	capture = open_many(paths, COUNT(paths), NULL, &findings);
	for (size_t i = 0; i < 5 * COUNT(paths); i++) {
		struct weir_frame frame = expect_frame(capture);

		assert_string_equal(weir_capture_interface(capture, frame.interface),
				    paths[i % COUNT(paths)]);
	}
	expect_end(capture);
	weir_capture_close(capture);
}

static void many_files_are_merged_in_order(void **state)
{
	enum { FILES = 37, RECORDS = 20 };
	struct weir_capture *capture;
	struct findings findings;
	uint64_t last = 0;
	unsigned count = 0;

	(void)state;
	assert_int_equal(mkdir("many", 0700), 0);
	for (uint32_t i = 0; i < FILES; i++) {
		char path[32];

		snprintf(path, sizeof(path), "many/%02u.pcap", i);
		write_numbered(path, i * 7919 % 101, RECORDS);
	}
	capture = open_one("many", &findings);
	for (struct weir_frame frame; weir_capture_next(capture, &frame, 1) == 1; count++) {
		assert_true(frame.time >= last);
		last = frame.time;
	}
	assert_int_equal(count, FILES * RECORDS);
	weir_capture_close(capture);
}

static void folders_are_read_recursively_by_name(void **state)
{
	static const char *const order[] = { "a.pcap", "one.pcap", "two.pcap", "z.pcap" };
	struct weir_capture *capture;
	struct findings findings;

	(void)state;
	assert_int_equal(mkdir("tree", 0700), 0);
	assert_int_equal(mkdir("tree/b", 0700), 0);
	assert_int_equal(mkdir("tree/b/c", 0700), 0);
	write_numbered("tree/z.pcap", 1, 1);
	write_numbered("tree/b/c/one.pcap", 1, 1);
	write_numbered("tree/b/two.pcap", 1, 1);
	write_numbered("tree/a.pcap", 1, 1);
	write_text("tree/b/README", "no trace");
	assert_int_equal(mkfifo("tree/pipe", 0600), 0);
	assert_int_equal(symlink("..", "tree/loop"), 0);
	capture = open_one("tree", &findings);
	/* README, pipe, loop */
	assert_int_equal(findings.warnings, 3);
	assert_int_equal(findings.errors, 0);
	assert_string_equal(findings.last, "tree/pipe: not a pcap or pcapng trace, skipped");
	for (size_t i = 0; i < COUNT(order); i++) {
		struct weir_frame frame = expect_frame(capture);

		assert_string_equal(weir_capture_interface(capture, frame.interface), order[i]);
	}
	expect_end(capture);
	weir_capture_close(capture);
}

static void write_mixed(const char *path, uint32_t link_type)
{
	struct trace_builder t = { 0 };
	struct frame_builder b;

	trace_pcap(&t, 0xa1b23c4d, link_type);
	for (uint16_t i = 0; i < 6; i++) {
		frame_begin(&b, link_type);
		frame_ip(&b, "10.0.0.1", "10.0.0.2");
		if (i % 2)
			frame_tcp(&b, 40000, 80, WEIR_TCP_SYN);
		else
			frame_udp(&b, 5353, 53);
		frame_end(&b);
		trace_record(&t, 1, i, b.bytes, b.length, b.length);
	}
	trace_write(&t, path);
	free(t.bytes);
}

static void t22_a_filter_leaves_the_numbers_as_they_are(void **state)
{
	static const uint32_t link_types[] = { 1, 101, 113, 228, 276, 0 };

	(void)state;
	for (size_t i = 0; i < COUNT(link_types); i++) {
		const char *path = "mixed.pcap";
		struct weir_capture *capture;
		struct findings findings;

		write_mixed(path, link_types[i]);
		capture = open_many(&path, 1, "tcp and dst port 80", &findings);
		for (uint64_t number = 2; number <= 6; number += 2)
			assert_int_equal(expect_frame(capture).number, number);
		expect_end(capture);
		assert_int_equal(weir_capture_rewind(capture), 0);
		assert_int_equal(expect_frame(capture).number, 2);
		weir_capture_close(capture);
		capture = open_many(&path, 1, "", &findings);
		assert_int_equal(count_frames(capture), 6);
		weir_capture_close(capture);
	}
}

static void a_bad_filter_is_told_from_a_bad_file(void **state)
{
	const char *path = "mixed.pcap";
	struct weir_capture_options options = { .filter = "tcp prot 80" };
	struct weir_capture *capture = NULL;
	struct weir_error error = { "" };
	bool bad_filter = false;

	(void)state;
	write_mixed(path, 1);
	assert_int_equal(weir_capture_open(&path, 1, &options, &capture, &bad_filter, &error),
			 -EINVAL);
	assert_true(bad_filter);
	assert_null(capture);
	assert_non_null(strstr(error.text, "tcp prot 80"));
	path = "absent";
	assert_int_equal(weir_capture_open(&path, 1, &options, &capture, &bad_filter, &error),
			 -ENOENT);
	assert_false(bad_filter);
	write_numbered("none.pcap", 0, 0);
	path = "none.pcap";
	assert_int_equal(weir_capture_open(&path, 1, &options, &capture, &bad_filter, NULL),
			 -EINVAL);
	assert_true(bad_filter);
}

static void a_filter_that_means_nothing_for_a_link_type_leaves_it_out_with_a_warning(void **state)
{
	static const char *const paths[] = { "eth.pcap", "raw.pcap" };
	struct weir_capture *capture;
	struct findings findings;

	(void)state;
	write_mixed("eth.pcap", 1);
	write_mixed("raw.pcap", 101);
	capture = open_many(paths, 2, "ether src 02:00:00:00:00:01", &findings);
	assert_int_equal(count_frames(capture), 6);
	assert_int_equal(findings.warnings, 1);
	assert_memory_equal(findings.last, "raw.pcap: packets of link type 101 are left out", 47);
	assert_int_equal(weir_capture_rewind(capture), 0);
	assert_int_equal(count_frames(capture), 6);
	assert_int_equal(findings.warnings, 1);
	weir_capture_close(capture);
}

static void t1_an_unsupported_link_type_is_warned_of_once_a_file(void **state)
{
	struct weir_capture *capture;
	struct weir_packet packet;
	struct weir_frame frame;
	struct findings findings;
	struct trace_builder t = { 0 };

	(void)state;
	trace_pcap(&t, 0xa1b2c3d4, 105);
	trace_record(&t, 1, 0, "abc", 3, 3);
	trace_record(&t, 2, 0, "abc", 3, 3);
	trace_write(&t, "wlan.pcap");
	free(t.bytes);
	capture = open_one("wlan.pcap", &findings);
	frame = expect_frame(capture);
	weir_packet_decode(&frame, &packet);
	assert_int_equal(packet.kind, WEIR_PACKET_OPAQUE);
	assert_int_equal(count_frames(capture), 1);
	assert_int_equal(weir_capture_rewind(capture), 0);
	assert_int_equal(count_frames(capture), 2);
	assert_int_equal(findings.warnings, 1);
	assert_string_equal(findings.last,
			    "wlan.pcap: link type 105 is not supported: its packets count as "
			    "opaque");
	weir_capture_close(capture);
}

/* Runs the child's part with its output on our standard input; stdin is put back. */
static void with_stdin(const uint8_t *bytes, size_t length, void (*part)(void))
{
	int saved = dup(STDIN_FILENO);
	int ends[2];
	pid_t child;

	assert_int_equal(pipe(ends), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(ends[0]);
		while (length > 0) {
			ssize_t written = write(ends[1], bytes, length > 997 ? 997 : length);

			if (written < 0)
				_exit(1);
			bytes += written;
			length -= (size_t)written;
		}
		_exit(0);
	}
	close(ends[1]);
	dup2(ends[0], STDIN_FILENO);
	close(ends[0]);
	part();
	dup2(saved, STDIN_FILENO);
	close(saved);
	waitpid(child, NULL, 0);
}

static void read_stdin(void)
{
	expect_numbered("-", 200, false);
}

static void standard_input_is_read_twice(void **state)
{
	struct trace_builder t = numbered(1, 200);
	struct trace_builder z = { 0 };
	int saved = dup(STDIN_FILENO);
	int file;

	(void)state;
	with_stdin(t.bytes, t.length, read_stdin);
	append_zstd(&z, t.bytes, t.length);
	with_stdin(z.bytes, z.length, read_stdin);
	/* a file redirected */
	trace_write(&t, "in.pcap");
	file = open("in.pcap", O_RDONLY);
	dup2(file, STDIN_FILENO);
	close(file);
	read_stdin();
	dup2(saved, STDIN_FILENO);
	close(saved);
	free(z.bytes);
	free(t.bytes);
}

static void progress_goes_from_nothing_to_everything(void **state)
{
	static const char *const paths[] = { "p1.pcap", "p2.pcap" };
	struct weir_capture *capture;
	struct findings findings;
	uint64_t total = 0;
	uint64_t done = 0;
	uint64_t last = 0;

	(void)state;
	write_numbered("p1.pcap", 1, 50);
	write_numbered("p2.pcap", 20, 50);
	capture = open_many(paths, 2, NULL, &findings);
	for (struct weir_frame frame; weir_capture_next(capture, &frame, 1) == 1;) {
		weir_capture_progress(capture, &done, &total);
		assert_true(done >= last && done <= total);
		last = done;
	}
	weir_capture_progress(capture, &done, &total);
	assert_int_equal(done, total);
	assert_int_equal(total, 2 * (24 + 50 * 16 + 51 * 25));
	weir_capture_close(capture);
}

static void closing_nothing_is_allowed(void **state)
{
	(void)state;
	weir_capture_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(classic_files_in_both_byte_orders),
		cmocka_unit_test(the_link_type_is_without_its_flags),
		cmocka_unit_test(an_old_version_has_its_lengths_swapped),
		cmocka_unit_test(pcapng_sections_interfaces_units_and_offsets),
		cmocka_unit_test(names_of_interfaces_give_no_orders_to_terminals),
		cmocka_unit_test(a_negative_offset_moves_times_back),
		cmocka_unit_test(t18_a_major_version_other_than_2_is_damage),
		cmocka_unit_test(
			t18_a_record_beyond_256_kib_is_damage_and_the_snaplen_is_not_trusted),
		cmocka_unit_test(t19_classic_files_cut_at_every_byte),
		cmocka_unit_test(t19_pcapng_files_cut_at_every_byte),
		cmocka_unit_test(t19_pcapng_blocks_that_lie),
		cmocka_unit_test(t19_other_files_go_on_after_damage),
		cmocka_unit_test(t19_compressed_files_that_end_early_are_read_up_to_there),
		cmocka_unit_test(what_is_no_trace_is_refused),
		cmocka_unit_test(a_trace_without_packets_is_one),
		cmocka_unit_test(compressed_files_are_known_by_their_magic),
		cmocka_unit_test(compressed_text_is_no_trace),
		cmocka_unit_test(t14_files_are_merged_by_time_and_keep_their_own_order),
		cmocka_unit_test(equal_times_go_by_the_order_given),
		cmocka_unit_test(many_files_are_merged_in_order),
		cmocka_unit_test(folders_are_read_recursively_by_name),
		cmocka_unit_test(t22_a_filter_leaves_the_numbers_as_they_are),
		cmocka_unit_test(a_bad_filter_is_told_from_a_bad_file),
		cmocka_unit_test(
			a_filter_that_means_nothing_for_a_link_type_leaves_it_out_with_a_warning),
		cmocka_unit_test(t1_an_unsupported_link_type_is_warned_of_once_a_file),
		cmocka_unit_test(standard_input_is_read_twice),
		cmocka_unit_test(progress_goes_from_nothing_to_everything),
		cmocka_unit_test(closing_nothing_is_allowed),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
