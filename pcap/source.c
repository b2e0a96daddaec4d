#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "output.h"
#include "stream.h"

enum {
	PIECE_SIZE = 256 * 1024,
	MAGIC_SIZE = 4,
};

static int fail(struct weir_error *error, int status, const char *path, const char *what)
{
	if (error)
		snprintf(error->text, sizeof(error->text), "%s: %s%s%s", path, what,
			 *what ? ": " : "", strerror(-status));
	return status;
}

static int map(int fd, size_t length, struct weir_source *out)
{
	void *bytes;

	if (length == 0)
		return -EINVAL;
	bytes = mmap(NULL, length, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -errno;
	(void)madvise(bytes, length, MADV_SEQUENTIAL);
	out->bytes = bytes;
	out->length = length;
	return 0;
}

static int open_temporary(void)
{
	const char *folder = getenv("TMPDIR");
	char path[4096];
	int fd;

	if (!folder || !*folder)
		folder = "/tmp";
	if (snprintf(path, sizeof(path), "%s/weir-XXXXXX", folder) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	fd = mkostemp(path, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	unlink(path);
	return fd;
}

/* A first piece of at least a magic's size, where there is as much. */
static ssize_t read_first(struct weir_stream *stream, uint8_t *piece)
{
	ssize_t length = 0;
	ssize_t got = 1;

	while (length < MAGIC_SIZE && got > 0) {
		got = weir_stream_read(stream, piece + length, PIECE_SIZE - (size_t)length);
		if (got > 0)
			length += got;
	}
	return length > 0 ? length : got;
}

/* Why a stream that began as a trace is good up to here; NULL when it is not even that. */
static const char *why_early(ssize_t status)
{
	switch (status) {
	case -EBADMSG:
		return "the compressed data are damaged from here on";
	case -EFBIG:
		return "the compressed data grow to more than 256 times their size: nothing is "
		       "read from here on";
	case -E2BIG:
		return "zstd wants a window of more than 128 MB from here on; decompress the file "
		       "with zstd -d --long=31";
	default:
		return NULL;
	}
}

/* Copies the stream to fd until its end or its damage. */
static int spool(struct weir_stream *stream, weir_source_check *check, int fd,
		 struct weir_source *out)
{
	uint8_t *piece = malloc(PIECE_SIZE);
	size_t length = 0;
	ssize_t got;
	int status = 0;

	if (!piece)
		return -ENOMEM;
	got = read_first(stream, piece);
	if (got == 0 || got == -EBADMSG || (got > 0 && !check(piece, (size_t)got)))
		status = -EINVAL;
	else if (got < 0)
		status = (int)got;
	while (!status && got > 0) {
		status = weir_write_all(fd, piece, (size_t)got);
		length += (size_t)got;
		if (!status)
			got = weir_stream_read(stream, piece, PIECE_SIZE);
	}
	free(piece);
	if (status)
		return status;
	out->ends_early = why_early(got);
	if (got < 0 && !out->ends_early)
		return (int)got;
	return map(fd, length, out);
}

static int open_spooled(int fd, const char *path, weir_source_check *check, struct weir_source *out,
			struct weir_error *error)
{
	struct weir_stream *stream;
	int temporary;
	int status = weir_stream_open(fd, &stream);

	if (status)
		return fail(error, status, path, "");
	temporary = open_temporary();
	if (temporary < 0) {
		status = fail(error, temporary, path, "no temporary file");
		goto close_stream;
	}
	status = spool(stream, check, temporary, out);
	if (status == -E2BIG && error)
		snprintf(error->text, sizeof(error->text),
			 "%s: zstd wants a window of more than 128 MB for it; decompress it with "
			 "zstd -d --long=31",
			 path);
	else if (status && status != -EINVAL)
		fail(error, status, path, "copying to a temporary file");
	close(temporary);
close_stream:
	weir_stream_close(stream);
	return status;
}

static void note_identity(int fd, struct weir_source *out)
{
	struct stat status;

	out->is_file = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
	if (!out->is_file)
		return;
	out->device = status.st_dev;
	out->inode = status.st_ino;
}

/* -EAGAIN when it is no plain file of which all is left to read, or its magic is not known. */
static int open_mapped(int fd, weir_source_check *check, struct weir_source *out)
{
	uint8_t magic[MAGIC_SIZE];
	struct stat status;
	ssize_t got;

	if (fstat(fd, &status))
		return -errno;
	if (!S_ISREG(status.st_mode) || lseek(fd, 0, SEEK_CUR) != 0)
		return -EAGAIN;
	got = pread(fd, magic, sizeof(magic), 0);
	if (got < 0)
		return -errno;
	if (!check(magic, (size_t)got))
		return -EAGAIN;
	return map(fd, (size_t)status.st_size, out);
}

int weir_source_open(const char *path, weir_source_check *check, struct weir_source *out,
		     struct weir_error *error)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	struct weir_source source = { 0 };
	int status;

	if (fd < 0)
		return fail(error, -errno, path, "");
	status = open_mapped(fd, check, &source);
	if (status == -EAGAIN)
		status = open_spooled(fd, path, check, &source, error);
	else if (status)
		fail(error, status, path, "");
	note_identity(fd, &source);
	if (!is_stdin)
		close(fd);
	if (!status)
		*out = source;
	return status;
}

void weir_source_close(struct weir_source *source)
{
	if (source->bytes)
		munmap((void *)(uintptr_t)source->bytes, source->length);
	*source = (struct weir_source){ 0 };
}
