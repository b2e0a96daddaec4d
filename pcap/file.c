/*
 * file.c - a whole file in memory: mapped where it is a plain file, else read, and decompressed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stream.h"
#include "weir/capture.h"

enum {
	FIRST_SIZE = 64 * 1024,
	MAGIC_SIZE = 4,
};

/* What release needs to know. */
struct owner {
	void *bytes;
	size_t length;
	bool mapped;
};

static int fail(struct weir_error *error, const char *path, int status)
{
	const char *what = strerror(-status);

	if (status == -EBADMSG)
		what = "the compressed data are damaged, or end too early";
	else if (status == -E2BIG)
		what = "zstd wants a window of more than 128 MB; decompress it with zstd -d "
		       "--long=31";
	else if (status == -EFBIG)
		what = "too large";
	if (error)
		snprintf(error->text, sizeof(error->text), "%s: %s", path, what);
	return status;
}

static int own(void *bytes, size_t length, bool mapped, struct weir_file *out)
{
	struct owner *owner = malloc(sizeof(*owner));

	if (!owner)
		return -ENOMEM;
	*owner = (struct owner){ bytes, length, mapped };
	*out = (struct weir_file){ .bytes = bytes, .length = length, .owner = owner };
	return 0;
}

static bool is_compressed(int fd)
{
	unsigned char magic[MAGIC_SIZE] = { 0 };

	if (pread(fd, magic, sizeof(magic), 0) < 2)
		return false;
	return (magic[0] == 0x1f && magic[1] == 0x8b) ||
	       memcmp(magic, "\x28\xb5\x2f\xfd", 4) == 0 ||
	       ((magic[0] & 0xf0) == 0x50 && memcmp(magic + 1, "\x2a\x4d\x18", 3) == 0);
}

/* -EAGAIN: no plain file of which all is left to read. */
static int load_mapped(int fd, size_t limit, struct weir_file *out)
{
	struct stat about;
	void *bytes;
	int status;

	if (fstat(fd, &about))
		return -errno;
	if (S_ISDIR(about.st_mode))
		return -EISDIR;
	if (!S_ISREG(about.st_mode) || about.st_size <= 0 || lseek(fd, 0, SEEK_CUR) != 0 ||
	    is_compressed(fd))
		return -EAGAIN;
	if ((uint64_t)about.st_size > limit)
		return -EFBIG;
	bytes = mmap(NULL, (size_t)about.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes == MAP_FAILED)
		return -EAGAIN;
	(void)madvise(bytes, (size_t)about.st_size, MADV_SEQUENTIAL);
	status = own(bytes, (size_t)about.st_size, true, out);
	if (status)
		munmap(bytes, (size_t)about.st_size);
	return status;
}

struct buffer {
	char *bytes;
	size_t length;
	size_t capacity;
};

/* One byte beyond the limit has room, so that going beyond it is seen. */
static int grow(struct buffer *buffer, size_t limit)
{
	size_t capacity = buffer->capacity ? buffer->capacity * 2 : FIRST_SIZE;
	char *grown;

	if (capacity > limit && limit < SIZE_MAX)
		capacity = limit + 1;
	grown = realloc(buffer->bytes, capacity);
	if (!grown)
		return -ENOMEM;
	buffer->bytes = grown;
	buffer->capacity = capacity;
	return 0;
}

static int read_all(struct weir_stream *stream, size_t limit, struct buffer *buffer)
{
	for (;;) {
		int status = buffer->length == buffer->capacity ? grow(buffer, limit) : 0;
		ssize_t got;

		if (status)
			return status;
		got = weir_stream_read(stream, buffer->bytes + buffer->length,
				       buffer->capacity - buffer->length);
		if (got <= 0)
			return (int)got;
		buffer->length += (size_t)got;
		if (buffer->length > limit)
			return -EFBIG;
	}
}

static int load_read(int fd, size_t limit, struct weir_file *out)
{
	struct buffer buffer = { 0 };
	struct weir_stream *stream;
	int status = weir_stream_open(fd, &stream);

	if (status)
		return status;
	status = read_all(stream, limit, &buffer);
	weir_stream_close(stream);
	if (!status)
		status = own(buffer.bytes, buffer.length, false, out);
	if (status)
		free(buffer.bytes);
	return status;
}

int weir_file_load(const char *path, size_t limit, struct weir_file *out, struct weir_error *error)
{
	bool is_standard_input = strcmp(path, "-") == 0;
	int fd = is_standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int status;

	if (fd < 0)
		return fail(error, path, -errno);
	status = load_mapped(fd, limit, out);
	if (status == -EAGAIN)
		status = load_read(fd, limit, out);
	if (!is_standard_input)
		close(fd);
	if (status)
		fail(error, is_standard_input ? "standard input" : path, status);
	return status;
}

void weir_file_release(struct weir_file *file)
{
	struct owner *owner = file->owner;

	if (owner && owner->mapped)
		munmap(owner->bytes, owner->length);
	else if (owner)
		free(owner->bytes);
	free(owner);
	*file = (struct weir_file){ 0 };
}
