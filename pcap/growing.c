#include "growing.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PIECE = 256 * 1024,
	BUFFER_MAX = 16 * 1024 * 1024, /* pcapng blocks that are no packets may be long */
	MAGIC = 4,
	GLANCE = 100, /* milliseconds between two looks at a file, which cannot be waited for */
};

static int fail(struct weir_error *error, int status, const char *path, const char *what)
{
	if (error)
		snprintf(error->text, sizeof(error->text), "%s: %s", path, what);
	return status;
}

static bool is_compressed(const uint8_t *bytes)
{
	return memcmp(bytes, "\x1f\x8b", 2) == 0 || memcmp(bytes, "\x28\xb5\x2f\xfd", MAGIC) == 0;
}

/* What the first bytes are, when they are no trace. */
static const char *refusal(const struct weir_growing *growing)
{
	return growing->length >= MAGIC && is_compressed(growing->buffer)
		       ? "compressed, and such files cannot be followed"
		       : "not a pcap or pcapng trace";
}

static int note_file(struct weir_growing *growing)
{
	struct stat status;

	if (fstat(growing->fd, &status))
		return -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	growing->is_file = S_ISREG(status.st_mode);
	growing->device = status.st_dev;
	growing->inode = status.st_ino;
	return 0;
}

static void close_file(struct weir_growing *growing)
{
	if (growing->fd > STDIN_FILENO)
		close(growing->fd);
	growing->fd = -1;
}

/* From the file's beginning, with nothing read. */
static void restart(struct weir_growing *growing)
{
	if (growing->is_started)
		weir_reader_finish(&growing->reader);
	growing->is_started = false;
	growing->needs_more = true;
	growing->length = 0;
	growing->dropped = 0;
}

int weir_growing_open(struct weir_growing *growing, const char *path, struct weir_interfaces *names,
		      struct weir_error *error)
{
	bool is_stdin = strcmp(path, "-") == 0;
	enum weir_growing_event event;
	const char *slash = strrchr(path, '/');
	int status;

	*growing = (struct weir_growing){
		.path = is_stdin ? NULL : path,
		.name = is_stdin ? "stdin"
			: slash  ? slash + 1
				 : path,
		.names = names,
		.needs_more = true,
	};
	growing->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (growing->fd < 0)
		return fail(error, -errno, path, strerror(errno));
	status = note_file(growing);
	if (!status && growing->is_file)
		status = weir_growing_fill(growing, &event);
	if (status)
		return fail(error, status, path, strerror(-status));
	if (growing->length >= MAGIC && !growing->is_started)
		return fail(error, -EINVAL, path, refusal(growing));
	return 0;
}

void weir_growing_close(struct weir_growing *growing)
{
	restart(growing);
	close_file(growing);
	free(growing->buffer);
	growing->buffer = NULL;
}

/* Moves what is left to the front, and makes room behind it. */
static int make_room(struct weir_growing *growing)
{
	size_t used = growing->is_started ? growing->reader.at : 0;
	size_t left = growing->length - used;
	size_t capacity = left + PIECE;
	uint8_t *grown;

	if (used)
		memmove(growing->buffer, growing->buffer + used, left);
	growing->dropped += used;
	growing->length = left;
	if (growing->is_started) {
		growing->reader.at = 0;
		growing->reader.damage_at = 0; /* where it stopped */
	}
	if (capacity <= growing->capacity)
		return 0;
	grown = realloc(growing->buffer, capacity * 2);
	if (!grown)
		return -ENOMEM;
	growing->buffer = grown;
	growing->capacity = capacity * 2;
	return 0;
}

/* The reader begins when the magic is there, at the front of the buffer. */
static void start(struct weir_growing *growing)
{
	if (!growing->is_started && growing->length >= MAGIC && !growing->dropped &&
	    weir_reader_recognizes(growing->buffer, growing->length)) {
		weir_reader_init(&growing->reader, growing->buffer, growing->length, growing->name,
				 growing->names);
		growing->is_started = true;
	}
	if (!growing->is_started)
		return;
	growing->reader.bytes = growing->buffer;
	growing->reader.length = growing->length;
}

static bool is_shorter(const struct weir_growing *growing)
{
	struct stat status;

	return growing->is_file && fstat(growing->fd, &status) == 0 &&
	       (uint64_t)status.st_size < growing->dropped + growing->length;
}

/* A name that leads nowhere may soon have another file. */
static bool is_replaced(const struct weir_growing *growing)
{
	struct stat status;

	return growing->is_file && growing->path && stat(growing->path, &status) == 0 &&
	       S_ISREG(status.st_mode) &&
	       (status.st_dev != growing->device || status.st_ino != growing->inode);
}

static int start_over(struct weir_growing *growing, enum weir_growing_event *event)
{
	*event = WEIR_GROWING_SHORTENED;
	restart(growing);
	return lseek(growing->fd, 0, SEEK_SET) ? -errno : 0;
}

static int switch_over(struct weir_growing *growing, enum weir_growing_event *event)
{
	*event = WEIR_GROWING_REPLACED;
	restart(growing);
	close_file(growing);
	growing->fd = open(growing->path, O_RDONLY | O_CLOEXEC);
	return growing->fd < 0 ? -errno : note_file(growing);
}

/* Bytes of a pipe, when there are some: a number of them, 0 at its end, or -EAGAIN. */
static ssize_t read_some(const struct weir_growing *growing, void *bytes, size_t size)
{
	struct pollfd ready = { .fd = growing->fd, .events = POLLIN };
	ssize_t got;

	if (!growing->is_file && poll(&ready, 1, 0) <= 0)
		return -EAGAIN;
	got = read(growing->fd, bytes, size);
	if (got < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return got > 0 || !growing->is_file ? got : -EAGAIN;
}

int weir_growing_fill(struct weir_growing *growing, enum weir_growing_event *event)
{
	/* Before the last look, so that it finds all of it. */
	bool is_left = growing->needs_more && is_replaced(growing);
	ssize_t got;
	int status;

	*event = WEIR_GROWING_NOTHING;
	if (!growing->needs_more)
		return 0;
	status = make_room(growing);
	if (status)
		return status;
	got = read_some(growing, growing->buffer + growing->length,
			growing->capacity - growing->length);
	if (got > 0) {
		growing->length += (size_t)got;
		growing->needs_more = false;
	}
	growing->is_drained = got == -EAGAIN;
	start(growing);
	if (got == -EAGAIN && is_left)
		return switch_over(growing, event);
	if (got == -EAGAIN)
		return is_shorter(growing) ? start_over(growing, event) : 0;
	return got > 0 ? 0 : got < 0 ? (int)got : -ENODATA;
}

static int damage(struct weir_growing *growing, const char *what)
{
	return weir_reader_damage(&growing->reader, growing->is_started ? growing->reader.at : 0,
				  "%s", what);
}

int weir_growing_refuse(struct weir_growing *growing)
{
	return damage(growing, refusal(growing));
}

int weir_growing_next(struct weir_growing *growing, struct weir_frame *out)
{
	int status;

	if (!growing->is_started) {
		growing->needs_more = true;
		return growing->length < MAGIC ? 0 : weir_growing_refuse(growing);
	}
	status = weir_reader_next(&growing->reader, out);
	if (status == -EBADMSG && growing->reader.is_cut) {
		if (growing->length - growing->reader.at > BUFFER_MAX)
			return damage(growing, "a block that is too long to be followed");
		status = 0;
	}
	growing->needs_more = status == 0;
	return status;
}

bool weir_growing_is_inside(const struct weir_growing *growing)
{
	return growing->length > (growing->is_started ? growing->reader.at : 0);
}

uint64_t weir_growing_damage_at(const struct weir_growing *growing)
{
	return growing->dropped + growing->reader.damage_at;
}

void weir_growing_wait(const struct weir_growing *growing, int milliseconds)
{
	struct pollfd ready = { .fd = growing->fd, .events = POLLIN };

	if (!growing->is_drained)
		return;
	if (growing->is_file)
		poll(NULL, 0, milliseconds < GLANCE ? milliseconds : GLANCE);
	else
		poll(&ready, 1, milliseconds);
}
