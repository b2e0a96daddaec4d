/*
 * Traces that are still written: whatever the moments at which they are looked at, all packets
 * come, once each and in order.
 */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "traces.h"
#include "weir/tap.h"

static char folder[] = "/tmp/weir-test-tap-XXXXXX";

static int enter_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) && chdir(folder) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	static const char *const names[] = { "a", "b" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++)
		unlink(names[i]);
	return chdir("/") || rmdir(folder);
}

struct findings {
	unsigned count;
	char last[320];
};

static void note(void *context, const struct weir_diagnostic *diagnostic)
{
	struct findings *findings = context;

	findings->count++;
	snprintf(findings->last, sizeof(findings->last), "%s: %s", diagnostic->file,
		 diagnostic->text);
}

static struct weir_tap *follow(const char *path, const char *filter, struct findings *findings)
{
	const struct weir_capture_options options = { filter, { note, findings } };
	struct weir_tap *tap = NULL;
	struct weir_error error;
	bool bad_filter;

	*findings = (struct findings){ 0 };
	assert_int_equal(weir_tap_follow(path, &options, &tap, &bad_filter, &error), 0);
	assert_non_null(tap);
	return tap;
}

/* Adds bytes [from, to) to a file, which is made anew when from is 0. */
static void write_part(const char *path, const struct trace_builder *t, size_t from, size_t to)
{
	FILE *file = fopen(path, from ? "ab" : "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(t->bytes + from, 1, to - from, file), to - from);
	fclose(file);
}

enum { PACKETS = 5 };

/* Packets of 1 to 5 bytes, each of the byte's own number. */
static void add_numbered(struct trace_builder *t, bool is_pcapng)
{
	for (uint32_t i = 1; i <= PACKETS; i++) {
		const uint8_t bytes[PACKETS] = { (uint8_t)i, (uint8_t)i, (uint8_t)i, (uint8_t)i,
						 (uint8_t)i };

		if (is_pcapng)
			trace_packet(t, 0, i * 1000, bytes, i, 60);
		else
			trace_record(t, i, 0, bytes, i, 60);
	}
}

static struct trace_builder numbered(bool is_pcapng, bool swapped)
{
	struct trace_builder t = { .swapped = swapped };

	if (is_pcapng) {
		trace_section(&t);
		trace_interface(&t, 1, "eth7", 9, 0);
	} else {
		trace_pcap(&t, 0xa1b2c3d4, 1);
	}
	add_numbered(&t, is_pcapng);
	return t;
}

/* What came so far, and that it is what should come. */
struct seen {
	unsigned count;
};

/* Everything that is there now: 0 or the code at the end. */
static int see(struct weir_tap *tap, struct seen *seen)
{
	/* nothing at the moment is said again */
	for (unsigned looks = 0; looks < 3;) {
		struct weir_frame frames[2];
		int n = weir_tap_next(tap, frames, 2);

		if (n < 0)
			return n;
		looks = n ? 0 : looks + 1;
		for (int i = 0; i < n; i++) {
			unsigned number = seen->count % PACKETS + 1;

			assert_int_equal(frames[i].number, ++seen->count);
			assert_int_equal(frames[i].captured, number);
			for (unsigned at = 0; at < number; at++)
				assert_int_equal(frames[i].bytes[at], number);
		}
	}
	return 0;
}

static void every_cut_of(const struct trace_builder *t)
{
	for (size_t cut = 0; cut <= t->length; cut++) {
		struct findings findings;
		struct seen seen = { 0 };
		struct weir_tap *tap;

		write_part("a", t, 0, cut);
		tap = follow("a", NULL, &findings);
		assert_int_equal(see(tap, &seen), 0);
		assert_true(cut < t->length ? seen.count < PACKETS : seen.count == PACKETS);
		if (cut)
			write_part("a", t, cut, t->length);
		else
			write_part("a", t, 0, t->length);
		assert_int_equal(see(tap, &seen), 0);
		assert_int_equal(seen.count, PACKETS);
		weir_tap_end(tap);
		assert_int_equal(findings.count, 0);
		assert_false(weir_tap_damaged(tap));
		weir_tap_close(tap);
	}
}

static void files_that_grow_at_every_byte(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		struct trace_builder t = numbered(kind & 1, kind & 2);

		every_cut_of(&t);
		free(t.bytes);
	}
}

static void files_that_grow_byte_by_byte(void **state)
{
	(void)state;
	for (unsigned is_pcapng = 0; is_pcapng < 2; is_pcapng++) {
		struct trace_builder t = numbered(is_pcapng, false);
		struct findings findings;
		struct seen seen = { 0 };
		struct weir_tap *tap;

		write_part("a", &t, 0, 0);
		tap = follow("a", NULL, &findings);
		for (size_t i = 0; i < t.length; i++) {
			int file = open("a", O_WRONLY | O_APPEND);

			assert_int_equal(write(file, t.bytes + i, 1), 1);
			close(file);
			assert_int_equal(see(tap, &seen), 0);
		}
		assert_int_equal(seen.count, PACKETS);
		assert_string_equal(weir_tap_interface(tap, 0), is_pcapng ? "eth7" : "a");
		assert_int_equal(findings.count, 0);
		weir_tap_close(tap);
		free(t.bytes);
	}
}

/* A file of more than the buffer holds at once. */
static void long_files_are_read_in_parts(void **state)
{
	enum { ROUNDS = 30000 };
	struct trace_builder t = numbered(false, false);
	struct findings findings;
	struct seen seen = { 0 };
	struct weir_tap *tap;

	(void)state;
	for (unsigned i = 1; i < ROUNDS; i++)
		add_numbered(&t, false);
	trace_write(&t, "a");
	tap = follow("a", NULL, &findings);
	assert_int_equal(see(tap, &seen), 0);
	assert_int_equal(seen.count, ROUNDS * PACKETS);
	weir_tap_close(tap);
	free(t.bytes);
}

static void a_file_that_is_replaced_is_left_at_its_end(void **state)
{
	struct trace_builder classic = numbered(false, false);
	struct trace_builder pcapng = numbered(true, true);
	struct findings findings;
	struct seen seen = { 0 };
	struct weir_tap *tap;

	(void)state;
	write_part("a", &classic, 0, 60);
	tap = follow("a", NULL, &findings);
	assert_int_equal(see(tap, &seen), 0);
	assert_int_equal(rename("a", "b"), 0);
	assert_int_equal(see(tap, &seen), 0); /* nothing has its name */
	assert_int_equal(findings.count, 0);
	write_part("b", &classic, 60, classic.length);
	write_part("a", &pcapng, 0, pcapng.length);
	assert_int_equal(see(tap, &seen), 0);
	assert_int_equal(seen.count, 2 * PACKETS);
	assert_int_equal(findings.count, 1);
	assert_string_equal(findings.last,
			    "a: another file has its name now: goes on with that one");
	assert_false(weir_tap_damaged(tap));
	weir_tap_close(tap);
	free(classic.bytes);
	free(pcapng.bytes);
}

static void a_file_that_is_replaced_inside_of_a_packet_is_damaged(void **state)
{
	struct trace_builder t = numbered(false, false);
	struct findings findings;
	struct seen seen = { 0 };
	struct weir_tap *tap;

	(void)state;
	write_part("a", &t, 0, t.length);
	write_part("a", &t, 24, 24 + 10);
	tap = follow("a", NULL, &findings);
	assert_int_equal(rename("a", "b"), 0);
	write_part("a", &t, 0, t.length);
	assert_int_equal(see(tap, &seen), 0);
	assert_int_equal(seen.count, 2 * PACKETS);
	assert_int_equal(findings.count, 2);
	assert_true(weir_tap_damaged(tap));
	weir_tap_close(tap);
	free(t.bytes);
}

static void a_file_that_becomes_shorter_is_read_from_its_beginning(void **state)
{
	struct trace_builder classic = numbered(false, false);
	struct trace_builder pcapng = numbered(true, false);
	struct findings findings;
	struct seen seen = { 0 };
	struct weir_tap *tap;

	(void)state;
	trace_write(&pcapng, "a");
	tap = follow("a", NULL, &findings);
	assert_int_equal(see(tap, &seen), 0);
	assert_int_equal(truncate("a", 0), 0);
	assert_int_equal(see(tap, &seen), 0);
	assert_int_equal(seen.count, PACKETS);
	trace_write(&classic, "a");
	assert_int_equal(see(tap, &seen), 0);
	assert_int_equal(seen.count, 2 * PACKETS);
	assert_int_equal(findings.count, 1);
	assert_string_equal(findings.last, "a: became shorter: goes on from its beginning");
	weir_tap_close(tap);
	free(classic.bytes);
	free(pcapng.bytes);
}

static void what_is_not_complete_at_the_end_is_told(void **state)
{
	struct trace_builder t = numbered(false, false);
	struct findings findings;
	struct seen seen = { 0 };
	struct weir_tap *tap;

	(void)state;
	write_part("a", &t, 0, t.length - 1);
	tap = follow("a", NULL, &findings);
	assert_int_equal(see(tap, &seen), 0);
	assert_int_equal(findings.count, 0);
	weir_tap_end(tap);
	assert_int_equal(findings.count, 1);
	assert_string_equal(findings.last, "a: its last packet is not complete, and is left out");
	assert_false(weir_tap_damaged(tap));
	assert_int_equal(see(tap, &seen), -ENODATA);
	weir_tap_close(tap);
	free(t.bytes);
}

static void t19_damage_ends_the_trace(void **state)
{
	struct trace_builder t = numbered(false, false);
	struct findings findings;
	struct seen seen = { 0 };
	struct weir_tap *tap;

	(void)state;
	trace_record(&t, 1, 1, "", 0, 0);
	trace_poke32(&t, t.length - 8, 300000);
	trace_write(&t, "a");
	tap = follow("a", NULL, &findings);
	assert_int_equal(see(tap, &seen), -ENODATA);
	assert_int_equal(seen.count, PACKETS);
	assert_true(weir_tap_damaged(tap));
	assert_int_equal(findings.count, 1);
	assert_string_equal(findings.last, "a: 119: a record of 300000 bytes, more than 262144");
	assert_int_equal(see(tap, &seen), -ENODATA);
	weir_tap_end(tap);
	assert_int_equal(findings.count, 1);
	weir_tap_close(tap);
	free(t.bytes);
}

/* A section that nobody reads, and a good one behind it. */
static void t19_damage_before_the_first_packet_ends_the_trace(void **state)
{
	struct trace_builder t = { 0 };
	struct findings findings;
	struct seen seen = { 0 };
	struct weir_tap *tap;

	(void)state;
	trace_section(&t);
	trace_poke32(&t, 12, 9);
	trace_section(&t);
	trace_interface(&t, 1, "eth7", 9, 0);
	add_numbered(&t, true);
	trace_write(&t, "a");
	tap = follow("a", NULL, &findings);
	assert_int_equal(see(tap, &seen), -ENODATA);
	assert_int_equal(seen.count, 0);
	assert_true(weir_tap_damaged(tap));
	assert_int_equal(findings.count, 1);
	assert_string_equal(findings.last, "a: 0: version 9 of pcapng, not 1");
	weir_tap_close(tap);
	free(t.bytes);
}

static void a_block_that_nothing_may_wait_for_is_damage(void **state)
{
	enum { TOO_LONG = 20 * 1024 * 1024 };
	struct trace_builder t = numbered(true, false);
	struct findings findings;
	struct seen seen = { 0 };
	struct weir_tap *tap;
	int status = 0;

	(void)state;
	trace32(&t, 99);
	trace32(&t, TOO_LONG);
	trace_write(&t, "a");
	tap = follow("a", NULL, &findings);
	assert_int_equal(see(tap, &seen), 0);
	assert_int_equal(seen.count, PACKETS);
	assert_int_equal(truncate("a", TOO_LONG), 0);
	/* it comes in parts */
	while (!status)
		status = see(tap, &seen);
	assert_int_equal(status, -ENODATA);
	assert_true(weir_tap_damaged(tap));
	assert_non_null(strstr(findings.last, "too long to be followed"));
	weir_tap_close(tap);
	free(t.bytes);
}

static void t22_a_filter_leaves_the_numbers_as_they_are(void **state)
{
	struct trace_builder t = numbered(false, false);
	struct findings findings;
	struct weir_frame frames[PACKETS];
	struct weir_tap *tap;

	(void)state;
	trace_write(&t, "a");
	tap = follow("a", "ether[0] = 2", &findings);
	assert_int_equal(weir_tap_next(tap, frames, PACKETS), 1);
	assert_int_equal(frames[0].number, 2);
	weir_tap_close(tap);
	free(t.bytes);
}

static const struct {
	const char *name;
	const char *path;
	const char *bytes;
	const char *filter;
	int status;
	const char *text;
} refusals[] = {
	{ "no such file", "none", NULL, NULL, -ENOENT, "none: No such file or directory" },
	{ "a folder", "/tmp", NULL, NULL, -EISDIR, "/tmp: Is a directory" },
	{ "text", "a", "hello", NULL, -EINVAL, "a: not a pcap or pcapng trace" },
	{ "gzip", "a", "\x1f\x8b\x08\x08", NULL, -EINVAL,
	  "a: compressed, and such files cannot be followed" },
	{ "zstd", "a", "\x28\xb5\x2f\xfd", NULL, -EINVAL,
	  "a: compressed, and such files cannot be followed" },
	{ "a filter", "a", "", "tcp and and", -EINVAL,
	  "filter 'tcp and and': can't parse filter expression: syntax error" },
};

static void what_cannot_be_followed_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(refusals); i++) {
		const struct weir_capture_options options = { .filter = refusals[i].filter };
		struct weir_tap *tap = NULL;
		struct weir_error error = { "" };
		bool bad_filter = !refusals[i].filter;

		if (refusals[i].bytes) {
			struct trace_builder t = { 0 };

			trace_bytes(&t, refusals[i].bytes, strlen(refusals[i].bytes));
			trace_write(&t, "a");
			free(t.bytes);
		}
		print_message("%s\n", refusals[i].name);
		assert_int_equal(
			weir_tap_follow(refusals[i].path, &options, &tap, &bad_filter, &error),
			refusals[i].status);
		assert_null(tap);
		assert_int_equal(bad_filter, refusals[i].filter != NULL);
		assert_string_equal(error.text, refusals[i].text);
	}
}

/* Standard input as a pipe, of which the test has the other end. */
struct pipe {
	int saved;
	int in;
};

static struct pipe begin_pipe(void)
{
	struct pipe pipe_in = { .saved = dup(STDIN_FILENO) };
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
	close(ends[0]);
	pipe_in.in = ends[1];
	return pipe_in;
}

static void end_pipe(const struct pipe *pipe)
{
	dup2(pipe->saved, STDIN_FILENO);
	close(pipe->saved);
}

static void a_pipe_gives_what_is_there_and_ends(void **state)
{
	struct trace_builder t = numbered(false, false);
	struct pipe pipe = begin_pipe();
	struct findings findings;
	struct seen seen = { 0 };
	struct weir_tap *tap = follow("-", NULL, &findings);

	(void)state;
	for (size_t i = 0; i < t.length; i++) {
		assert_int_equal(see(tap, &seen), 0);
		assert_int_equal(write(pipe.in, t.bytes + i, 1), 1);
	}
	close(pipe.in);
	assert_int_equal(see(tap, &seen), -ENODATA);
	assert_int_equal(seen.count, PACKETS);
	assert_int_equal(findings.count, 0);
	assert_string_equal(weir_tap_interface(tap, 0), "stdin");
	weir_tap_close(tap);
	end_pipe(&pipe);
	free(t.bytes);
}

static void t19_a_pipe_that_ends_too_early_is_damaged(void **state)
{
	static const struct {
		size_t length;
		const char *text;
	} ends[] = {
		{ 0, "-: 0: not a pcap or pcapng trace" },
		{ 3, "-: 0: not a pcap or pcapng trace" },
		{ 20, "-: 0: the file ends inside its header" },
		{ 30, "-: 24: the file ends inside a record's header" },
		{ 58, "-: 41: the file ends inside a record of 2 bytes" },
	};
	struct trace_builder t = numbered(false, false);

	(void)state;
	for (size_t i = 0; i < 2 * COUNT(ends); i++) {
		bool is_soon = i >= COUNT(ends); /* before it was looked at again */
		size_t length = ends[i % COUNT(ends)].length;
		struct pipe pipe = begin_pipe();
		struct findings findings;
		struct seen seen = { 0 };
		struct weir_tap *tap = follow("-", NULL, &findings);

		assert_int_equal(write(pipe.in, t.bytes, length), length);
		if (!is_soon)
			assert_int_equal(see(tap, &seen), 0);
		close(pipe.in);
		assert_int_equal(see(tap, &seen), -ENODATA);
		assert_true(weir_tap_damaged(tap));
		assert_int_equal(findings.count, 1);
		assert_string_equal(findings.last, ends[i % COUNT(ends)].text);
		weir_tap_close(tap);
		end_pipe(&pipe);
	}
	free(t.bytes);
}

static void an_interface_that_is_not_there_is_named(void **state)
{
	struct weir_tap *tap = NULL;
	struct weir_error error = { "" };
	bool bad_filter = true;

	(void)state;
	assert_int_equal(weir_tap_listen("weir-none0", NULL, &tap, &bad_filter, &error), -ENODEV);
	assert_null(tap);
	assert_false(bad_filter);
	assert_non_null(strstr(error.text, "weir-none0: "));
}

static void closing_nothing_is_allowed(void **state)
{
	(void)state;
	weir_tap_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_that_grow_at_every_byte),
		cmocka_unit_test(files_that_grow_byte_by_byte),
		cmocka_unit_test(long_files_are_read_in_parts),
		cmocka_unit_test(a_file_that_is_replaced_is_left_at_its_end),
		cmocka_unit_test(a_file_that_is_replaced_inside_of_a_packet_is_damaged),
		cmocka_unit_test(a_file_that_becomes_shorter_is_read_from_its_beginning),
		cmocka_unit_test(what_is_not_complete_at_the_end_is_told),
		cmocka_unit_test(t19_damage_ends_the_trace),
		cmocka_unit_test(t19_damage_before_the_first_packet_ends_the_trace),
		cmocka_unit_test(a_block_that_nothing_may_wait_for_is_damage),
		cmocka_unit_test(t22_a_filter_leaves_the_numbers_as_they_are),
		cmocka_unit_test(what_cannot_be_followed_is_refused),
		cmocka_unit_test(a_pipe_gives_what_is_there_and_ends),
		cmocka_unit_test(t19_a_pipe_that_ends_too_early_is_damaged),
		cmocka_unit_test(an_interface_that_is_not_there_is_named),
		cmocka_unit_test(closing_nothing_is_allowed),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
