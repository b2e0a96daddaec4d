/* What is written is read again (T23), by our readers here; tests/cli/files_out.sh has others'. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"
#include "own_folder.h"
#include "traces.h"
#include "weir/capture_writer.h"

static unsigned entries;

static int count_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)path;
	(void)status;
	(void)type;
	(void)walk;
	entries++;
	return 0;
}

/* Files and folders here, hidden ones too. */
static unsigned count_entries(void)
{
	entries = 0;
	assert_int_equal(nftw(".", count_entry, 16, FTW_PHYS), 0);
	return entries;
}

static struct weir_capture *open_capture(const char *path)
{
	struct weir_capture *capture;
	struct weir_error error = { "" };

	if (weir_capture_open(&path, 1, NULL, &capture, NULL, &error))
		fail_msg("%s", error.text);
	return capture;
}

static struct weir_capture_writer *open_writer(const struct weir_capture *capture, const char *path)
{
	struct weir_capture_writer_options options = { .mark = "weir: " };
	struct weir_capture_writer *writer;
	struct weir_error error = { "" };

	if (weir_capture_writer_open(capture, path, &options, &writer, &error))
		fail_msg("%s", error.text);
	return writer;
}

static void publish(struct weir_capture_writer *writer)
{
	struct weir_error error = { "" };

	assert_int_equal(weir_capture_writer_finish(writer, &error), 0);
	assert_int_equal(weir_capture_writer_publish(writer, &error), 0);
	assert_string_equal(error.text, "");
	weir_capture_writer_destroy(writer);
}

/* Everything that a capture has, with one comment; 0 or the failure. */
static int copy(struct weir_capture *capture, struct weir_capture_writer *writer,
		const char *comment, struct weir_error *error)
{
	struct weir_frame frame;
	int status = 0;

	assert_int_equal(weir_capture_rewind(capture), 0);
	while (!status && weir_capture_next(capture, &frame, 1) == 1)
		status = weir_capture_writer_add(writer, &frame, comment, error);
	return status;
}

static void expect_comment(const struct weir_frame *frame, size_t *at, const char *want)
{
	const char *text;
	size_t length;

	assert_true(weir_capture_comment(frame, at, &text, &length));
	assert_int_equal(length, strlen(want));
	assert_memory_equal(text, want, length);
}

static void expect_no_comment(const struct weir_frame *frame, size_t at)
{
	const char *text;
	size_t length;

	assert_false(weir_capture_comment(frame, &at, &text, &length));
}

/* Interfaces of two link types and units, one name twice; comments of others and of ours. */
static void write_input(const char *path, bool swapped)
{
	struct trace_builder t = { .swapped = swapped };

	trace_section(&t);
	trace_interface(&t, 1, "eth0", 9, 0);
	trace_interface(&t, 113, "eth0", 6, 0);
	trace_interface(&t, 1, NULL, 6, 0);
	for (uint32_t i = 0; i < 9; i++)
		trace_packet(&t, i % 3, i % 3 ? 1000000 + i : 1000000000 + UINT64_C(1000) * i,
			     "abcdefghi", i, 60 + i);
	trace_block_begin(&t, 6);
	trace32(&t, 0);
	trace32(&t, 0);
	trace32(&t, 2000000001);
	trace32(&t, 3);
	trace32(&t, 64);
	trace_bytes(&t, "xyz", 3);
	trace_pad(&t);
	trace_option(&t, 1, "first", 5);
	trace_option(&t, 2, "flag", 4);
	trace_option(&t, 1, "weir: allow", 11);
	trace_option(&t, 1, "second!!", 8);
	trace32(&t, 0);
	trace_block_end(&t);
	trace_write(&t, path);
	free(t.bytes);
}

static void expect_equal(const struct weir_capture *a, const struct weir_frame *one,
			 const struct weir_capture *b, const struct weir_frame *other)
{
	assert_int_equal(one->captured, other->captured);
	assert_memory_equal(one->bytes, other->bytes, one->captured);
	assert_int_equal(one->wire, other->wire);
	assert_int_equal(one->link_type, other->link_type);
	assert_int_equal(one->time, other->time);
	assert_string_equal(weir_capture_interface(a, one->interface),
			    weir_capture_interface(b, other->interface));
}

static void t23_link_types_interfaces_times_and_comments_are_kept(void **state)
{
	(void)state;
	for (unsigned swapped = 0; swapped < 2; swapped++) {
		struct weir_capture *in, *out;
		struct weir_frame one, other;
		struct weir_error error = { "" };
		struct weir_capture_writer *writer;
		size_t at = 0;

		write_input("in.pcapng", swapped);
		in = open_capture("in.pcapng");
		writer = open_writer(in, "out.pcapng");
		assert_int_equal(copy(in, writer, "weir: deny", &error), 0);
		publish(writer);
		out = open_capture("out.pcapng");
		assert_int_equal(weir_capture_rewind(in), 0);
		for (unsigned i = 0; i < 10; i++) {
			assert_int_equal(weir_capture_next(in, &one, 1), 1);
			assert_int_equal(weir_capture_next(out, &other, 1), 1);
			expect_equal(in, &one, out, &other);
			at = 0;
			if (i == 9) {
				expect_comment(&other, &at, "first");
				expect_comment(&other, &at, "second!!");
			}
			expect_comment(&other, &at, "weir: deny");
			expect_no_comment(&other, at);
		}
		assert_int_equal(weir_capture_next(out, &other, 1), 0);
		assert_false(weir_capture_damaged(out));
		weir_capture_close(in);
		weir_capture_close(out);
	}
}

static void comments_of_the_longest_kind_are_clipped(void **state)
{
	struct weir_error error = { "" };
	struct weir_capture_writer *writer;
	struct weir_capture *in, *out;
	struct weir_frame frame;
	char *comment = calloc(1, 70001);
	const char *text;
	size_t length, at = 0;

	(void)state;
	assert_non_null(comment);
	memset(comment, 'c', 70000);
	write_input("in.pcapng", false);
	in = open_capture("in.pcapng");
	writer = open_writer(in, "out.pcapng");
	assert_int_equal(copy(in, writer, comment, &error), 0);
	publish(writer);
	out = open_capture("out.pcapng");
	assert_int_equal(weir_capture_next(out, &frame, 1), 1);
	assert_true(weir_capture_comment(&frame, &at, &text, &length));
	assert_int_equal(length, 65535);
	weir_capture_close(in);
	weir_capture_close(out);
	free(comment);
}

static void t23_pcap_holds_one_link_type(void **state)
{
	struct weir_error error = { "" };
	struct weir_capture_writer *writer;
	struct weir_capture *in;
	unsigned before;

	(void)state;
	write_input("in.pcapng", false);
	before = count_entries();
	in = open_capture("in.pcapng");
	writer = open_writer(in, "out.pcap");
	assert_int_equal(copy(in, writer, NULL, &error), -EINVAL);
	assert_non_null(strstr(error.text, ".pcapng"));
	weir_capture_writer_destroy(writer);
	weir_capture_close(in);
	assert_int_equal(count_entries(), before);
}

static void times_and_link_types_that_do_not_fit_are_told(void **state)
{
	struct weir_frame frame = { .bytes = (const uint8_t *)"", .link_type = 1 };
	struct weir_error error = { "" };
	struct weir_capture_writer *writer;
	struct weir_capture *in;

	(void)state;
	write_input("in.pcapng", false);
	in = open_capture("in.pcapng");
	writer = open_writer(in, "late.pcap");
	frame.time = UINT64_C(4294967295) * 1000000000 + 999999999;
	assert_int_equal(weir_capture_writer_add(writer, &frame, NULL, &error), 0);
	frame.time++;
	assert_int_equal(weir_capture_writer_add(writer, &frame, NULL, &error), -ERANGE);
	weir_capture_writer_destroy(writer);
	writer = open_writer(in, "late.pcapng");
	assert_int_equal(weir_capture_writer_add(writer, &frame, NULL, &error), 0);
	frame.link_type = 65536;
	assert_int_equal(weir_capture_writer_add(writer, &frame, NULL, &error), -EINVAL);
	weir_capture_writer_destroy(writer);
	weir_capture_close(in);
}

static void a_file_without_packets_is_a_trace(void **state)
{
	static const char *const names[] = { "none.pcap", "none.pcapng" };
	struct weir_capture *in;

	(void)state;
	write_input("in.pcapng", false);
	in = open_capture("in.pcapng");
	for (size_t i = 0; i < COUNT(names); i++) {
		struct weir_capture *out;
		struct weir_frame frame;

		publish(open_writer(in, names[i]));
		out = open_capture(names[i]);
		assert_int_equal(weir_capture_next(out, &frame, 1), 0);
		assert_false(weir_capture_damaged(out));
		weir_capture_close(out);
	}
	weir_capture_close(in);
}

/* The disk is full at every size that a file can have. */
static void a_full_disk_leaves_nothing(void **state)
{
	static const char *const names[] = { "full.pcapng", "big.pcap" };
	struct trace_builder t = { 0 };
	struct rlimit before, limit;
	struct weir_capture *in;
	unsigned entries_before;
	uint8_t *bytes = calloc(1, 200000);

	(void)state;
	assert_non_null(bytes);
	trace_pcap(&t, 0xa1b23c4d, 1);
	for (uint32_t i = 0; i < 20; i++)
		trace_record(&t, i, 0, bytes, 200000, 200000);
	trace_write(&t, "in.pcap");
	free(t.bytes);
	free(bytes);
	in = open_capture("in.pcap");
	entries_before = count_entries();
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	for (rlim_t size = 0; size < 4000000; size += 700001) {
		for (size_t i = 0; i < COUNT(names); i++) {
			struct weir_error error = { "" };
			struct weir_capture_writer *writer = open_writer(in, names[i]);
			int status;

			limit = (struct rlimit){ size, before.rlim_max };
			assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
			status = copy(in, writer, "weir: allow", &error);
			if (!status)
				status = weir_capture_writer_finish(writer, &error);
			assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
			assert_int_equal(status, -EFBIG);
			assert_non_null(strstr(error.text, names[i]));
			assert_int_equal(weir_capture_writer_publish(writer, &error), -EFBIG);
			weir_capture_writer_destroy(writer);
			assert_int_equal(count_entries(), entries_before);
		}
	}
	weir_capture_close(in);
}

static void an_input_is_never_written_over(void **state)
{
	static const char *const names[] = { "in.pcapng", "./in.pcapng", "soft", "hard" };
	struct weir_capture *in;

	(void)state;
	write_input("in.pcapng", false);
	assert_int_equal(symlink("in.pcapng", "soft"), 0);
	assert_int_equal(link("in.pcapng", "hard"), 0);
	in = open_capture("in.pcapng");
	for (size_t i = 0; i < COUNT(names); i++) {
		struct weir_capture_writer *writer = NULL;
		struct weir_error error = { "" };

		assert_int_equal(weir_capture_writer_open(in, names[i], NULL, &writer, &error),
				 -EEXIST);
		assert_null(writer);
		assert_non_null(strstr(error.text, names[i]));
	}
	weir_capture_close(in);
	assert_int_equal(unlink("soft") + unlink("hard"), 0);
}

static void expect_text(const char *path, const char *want)
{
	char text[64] = { 0 };
	int fd = open(path, O_RDONLY);

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	close(fd);
	assert_string_equal(text, want);
}

/* Both kinds of files that are not seen yet: without a name, and hidden. */
static void a_file_shows_up_when_it_is_whole(void **state)
{
	static const enum weir_output_kind kinds[] = { WEIR_OUTPUT_NAMELESS, WEIR_OUTPUT_HIDDEN };

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct weir_output output;
		struct stat status;
		unsigned before = count_entries();

		assert_int_equal(weir_output_open("whole", kinds[i], &output), 0);
		weir_output_put(&output, "old", 3);
		assert_int_equal(weir_output_flush(&output), 0);
		assert_int_equal(stat("whole", &status), -1);
		assert_int_equal(weir_output_publish(&output), 0);
		weir_output_finish(&output);
		expect_text("whole", "old");
		assert_int_equal(chmod("whole", 0640), 0);

		assert_int_equal(weir_output_open("whole", kinds[i], &output), 0);
		weir_output_put(&output, "new", 3);
		assert_int_equal(weir_output_flush(&output), 0);
		expect_text("whole", "old");
		weir_output_finish(&output);
		expect_text("whole", "old");

		assert_int_equal(weir_output_open("whole", kinds[i], &output), 0);
		weir_output_put(&output, "new", 3);
		assert_int_equal(weir_output_flush(&output), 0);
		assert_int_equal(weir_output_publish(&output), 0);
		weir_output_finish(&output);
		expect_text("whole", "new");
		assert_int_equal(stat("whole", &status), 0);
		assert_int_equal(status.st_mode & 0777, 0640);
		assert_int_equal(unlink("whole"), 0);
		assert_int_equal(count_entries(), before);
	}
}

/* A folder took the name meanwhile. */
static void a_name_that_cannot_be_had_leaves_nothing(void **state)
{
	static const enum weir_output_kind kinds[] = { WEIR_OUTPUT_NAMELESS, WEIR_OUTPUT_HIDDEN };

	(void)state;
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct weir_output output;
		unsigned before = count_entries();

		assert_int_equal(weir_output_open("taken", kinds[i], &output), 0);
		assert_int_equal(mkdir("taken", 0777), 0);
		assert_int_equal(weir_output_flush(&output), 0);
		assert_int_equal(weir_output_publish(&output), -EISDIR);
		weir_output_finish(&output);
		assert_int_equal(rmdir("taken"), 0);
		assert_int_equal(count_entries(), before);
	}
}

static void destroying_nothing_is_allowed(void **state)
{
	(void)state;
	weir_capture_writer_destroy(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t23_link_types_interfaces_times_and_comments_are_kept),
		cmocka_unit_test(comments_of_the_longest_kind_are_clipped),
		cmocka_unit_test(t23_pcap_holds_one_link_type),
		cmocka_unit_test(times_and_link_types_that_do_not_fit_are_told),
		cmocka_unit_test(a_file_without_packets_is_a_trace),
		cmocka_unit_test(a_full_disk_leaves_nothing),
		cmocka_unit_test(an_input_is_never_written_over),
		cmocka_unit_test(a_file_shows_up_when_it_is_whole),
		cmocka_unit_test(a_name_that_cannot_be_had_leaves_nothing),
		cmocka_unit_test(destroying_nothing_is_allowed),
	};

	return cmocka_run_group_tests(tests, enter_folder, leave_folder);
}
