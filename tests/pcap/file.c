/* Files loaded whole: plain, gzip, zstd, from standard input; limits and damage. */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "weir/capture.h"

enum {
	ROOM = 1 << 20,
	LIMIT = 1 << 24,
};

static char path[] = "/tmp/weir-test-file-XXXXXX";

static int make_path(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
	(void)state;
	return unlink(path);
}

static void write_file(const void *bytes, size_t length)
{
	FILE *file = fopen(path, "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

static size_t gzip_member(const char *text, size_t length, unsigned char *out)
{
	z_stream stream = { 0 };

	assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	stream.next_in = (unsigned char *)(uintptr_t)text;
	stream.avail_in = (uInt)length;
	stream.next_out = out;
	stream.avail_out = ROOM;
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return stream.total_out;
}

static size_t zstd_frame(const char *text, size_t length, unsigned char *out)
{
	size_t written = ZSTD_compress(out, ROOM, text, length, 3);

	assert_false(ZSTD_isError(written));
	return written;
}

static void expect(const char *text, size_t length)
{
	struct weir_file file;
	struct weir_error error = { "" };

	if (weir_file_load(path, LIMIT, &file, &error))
		fail_msg("%s", error.text);
	assert_int_equal(file.length, length);
	if (length)
		assert_memory_equal(file.bytes, text, length);
	weir_file_release(&file);
	assert_null(file.owner);
}

static void expect_failure(size_t limit, int status, const char *words)
{
	struct weir_file file;
	struct weir_error error = { "" };

	assert_int_equal(weir_file_load(path, limit, &file, &error), status);
	assert_non_null(strstr(error.text, path));
	assert_non_null(strstr(error.text, words));
}

static void a_plain_file_is_as_it_is(void **state)
{
	(void)state;
	write_file("kind: Pod\n", 10);
	expect("kind: Pod\n", 10);
	write_file("x", 1);
	expect("x", 1);
	write_file("", 0);
	expect("", 0);
}

static void gzip_members_in_a_row_are_one_text(void **state)
{
	unsigned char *bytes = malloc(2 * ROOM);
	size_t length = gzip_member("kind: ", 6, bytes);

	(void)state;
	length += gzip_member("Pod\n", 4, bytes + length);
	write_file(bytes, length);
	expect("kind: Pod\n", 10);
	free(bytes);
}

static void zstd_frames_in_a_row_are_one_text(void **state)
{
	unsigned char *bytes = malloc(2 * ROOM);
	size_t length = zstd_frame("kind: ", 6, bytes);

	(void)state;
	length += zstd_frame("Pod\n", 4, bytes + length);
	write_file(bytes, length);
	expect("kind: Pod\n", 10);
	free(bytes);
}

static void large_texts_come_whole(void **state)
{
	size_t length = ROOM / 2 + 17;
	char *text = malloc(length);
	unsigned char *bytes = malloc(2 * ROOM);

	(void)state;
	for (size_t i = 0; i < length; i++)
		text[i] = (char)('a' + i * i % 23);
	write_file(bytes, gzip_member(text, length, bytes));
	expect(text, length);
	write_file(bytes, zstd_frame(text, length, bytes));
	expect(text, length);
	free(text);
	free(bytes);
}

static void the_limit_is_that_of_the_decompressed_text(void **state)
{
	char text[1000];
	unsigned char *bytes = malloc(2 * ROOM);
	struct weir_file file;

	(void)state;
	memset(text, 'a', sizeof(text));
	write_file(text, sizeof(text));
	expect_failure(sizeof(text) - 1, -EFBIG, "too large");
	write_file(bytes, gzip_member(text, sizeof(text), bytes));
	expect_failure(sizeof(text) - 1, -EFBIG, "too large");
	assert_int_equal(weir_file_load(path, sizeof(text), &file, NULL), 0);
	assert_int_equal(file.length, sizeof(text));
	weir_file_release(&file);
	write_file(bytes, zstd_frame(text, sizeof(text), bytes));
	expect_failure(sizeof(text) - 1, -EFBIG, "too large");
	free(bytes);
}

static void damage_is_told(void **state)
{
	char text[1000];
	unsigned char *bytes = malloc(2 * ROOM);
	size_t length;

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i * i % 23);
	length = gzip_member(text, sizeof(text), bytes);
	write_file(bytes, length - 9);
	expect_failure(LIMIT, -EBADMSG, "damaged");
	bytes[length - 8] ^= 1; /* the checksum */
	write_file(bytes, length);
	expect_failure(LIMIT, -EBADMSG, "damaged");
	length = zstd_frame(text, sizeof(text), bytes);
	write_file(bytes, length - 5);
	expect_failure(LIMIT, -EBADMSG, "damaged");
	bytes[6] ^= 0xff;
	write_file(bytes, length);
	expect_failure(LIMIT, -EBADMSG, "damaged");
	free(bytes);
}

static void a_missing_file_and_a_folder_are_told_by_name(void **state)
{
	struct weir_file file;
	struct weir_error error = { "" };

	(void)state;
	assert_int_equal(weir_file_load("/nonexistent/a.yaml", LIMIT, &file, &error), -ENOENT);
	assert_string_equal(error.text, "/nonexistent/a.yaml: No such file or directory");
	assert_int_equal(weir_file_load("/tmp", LIMIT, &file, &error), -EISDIR);
	assert_non_null(strstr(error.text, "/tmp: "));
}

static void load_from_standard_input(int fd, const char *text)
{
	struct weir_file file;
	struct weir_error error = { "" };
	int kept = dup(STDIN_FILENO);

	assert_true(dup2(fd, STDIN_FILENO) >= 0);
	if (weir_file_load("-", LIMIT, &file, &error))
		fail_msg("%s", error.text);
	assert_true(dup2(kept, STDIN_FILENO) >= 0);
	close(kept);
	assert_int_equal(file.length, strlen(text));
	assert_memory_equal(file.bytes, text, file.length);
	weir_file_release(&file);
}

static void standard_input_may_be_a_pipe_or_half_read(void **state)
{
	int ends[2];
	int fd;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "kind: Pod\n", 10), 10);
	close(ends[1]);
	load_from_standard_input(ends[0], "kind: Pod\n");
	close(ends[0]);
	write_file("junk\nkind: Pod\n", 15);
	fd = open(path, O_RDONLY);
	assert_int_equal(lseek(fd, 5, SEEK_SET), 5);
	load_from_standard_input(fd, "kind: Pod\n");
	close(fd);
}

static void releasing_nothing_is_fine(void **state)
{
	struct weir_file file = { 0 };

	(void)state;
	weir_file_release(&file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_file_is_as_it_is),
		cmocka_unit_test(gzip_members_in_a_row_are_one_text),
		cmocka_unit_test(zstd_frames_in_a_row_are_one_text),
		cmocka_unit_test(large_texts_come_whole),
		cmocka_unit_test(the_limit_is_that_of_the_decompressed_text),
		cmocka_unit_test(damage_is_told),
		cmocka_unit_test(a_missing_file_and_a_folder_are_told_by_name),
		cmocka_unit_test(standard_input_may_be_a_pipe_or_half_read),
		cmocka_unit_test(releasing_nothing_is_fine),
	};

	return cmocka_run_group_tests(tests, make_path, remove_path);
}
