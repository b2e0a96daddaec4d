#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	BUFFER_SIZE = 1024 * 1024,
	NAME_TRIES = 100, /* names that an earlier process with this number may have left */
	ANYBODY = 0666,   /* less the umask */
};

int weir_write_all(int fd, const uint8_t *bytes, size_t length)
{
	while (length > 0) {
		ssize_t written = write(fd, bytes, length);

		if (written < 0 && errno != EINTR)
			return -errno;
		if (written > 0) {
			bytes += written;
			length -= (size_t)written;
		}
	}
	return 0;
}

/* The folder of a path, "." without one. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

/* A name that nobody has, as far as make says so: its descriptor, or a negative errno. */
static int take_hidden_name(struct weir_output *output,
			    int (*make)(struct weir_output *output, const char *name))
{
	char *folder = folder_of(output->target);
	int status = -ENOMEM;

	for (unsigned i = 0; folder && i < NAME_TRIES; i++) {
		char *name;

		if (asprintf(&name, "%s/.weir-%ld-%u", folder, (long)getpid(), i) < 0) {
			status = -ENOMEM;
			break;
		}
		status = make(output, name);
		if (status >= 0) {
			output->hidden = name;
			break;
		}
		free(name);
		if (status != -EEXIST)
			break;
	}
	free(folder);
	return status;
}

static int create(struct weir_output *output, const char *name)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, ANYBODY);

	(void)output;
	return fd < 0 ? -errno : fd;
}

static int link_nameless(struct weir_output *output, const char *name)
{
	char itself[64];

	snprintf(itself, sizeof(itself), "/proc/self/fd/%d", output->fd);
	return linkat(AT_FDCWD, itself, AT_FDCWD, name, AT_SYMLINK_FOLLOW) ? -errno : 0;
}

/* A descriptor, or -1 where there are no files without names, or no way to name one later. */
static int open_nameless(const char *target)
{
	char *folder = folder_of(target);
	int fd = -1;

	if (folder && access("/proc/self/fd", X_OK) == 0)
		fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, ANYBODY);
	free(folder);
	return fd;
}

static int open_new(struct weir_output *output, enum weir_output_kind kind)
{
	int fd = kind == WEIR_OUTPUT_NAMELESS ? open_nameless(output->target) : -1;

	output->kind = fd < 0 ? WEIR_OUTPUT_HIDDEN : WEIR_OUTPUT_NAMELESS;
	return fd < 0 ? take_hidden_name(output, create) : fd;
}

/* A descriptor, or a negative errno. */
static int open_target(struct weir_output *output, enum weir_output_kind kind)
{
	struct stat old;
	int fd;

	if (stat(output->target, &old))
		return errno == ENOENT ? open_new(output, kind) : -errno;
	if (S_ISDIR(old.st_mode))
		return -EISDIR;
	if (!S_ISREG(old.st_mode)) {
		output->kind = WEIR_OUTPUT_STRAIGHT;
		fd = open(output->target, O_WRONLY | O_CLOEXEC);
		return fd < 0 ? -errno : fd;
	}
	if (access(output->target, W_OK))
		return -errno;
	fd = open_new(output, kind);
	if (fd >= 0)
		(void)fchmod(fd, old.st_mode & 0777);
	return fd;
}

/* Where the name leads; a new file's own name. */
static char *follow(const char *path)
{
	char *target = realpath(path, NULL);

	return target ? target : strdup(path);
}

int weir_output_open(const char *path, enum weir_output_kind kind, struct weir_output *out)
{
	struct weir_output output = { .fd = -1 };
	size_t length = strlen(path);
	int status = -ENOMEM;

	if (length == 0 || path[length - 1] == '/')
		return length == 0 ? -ENOENT : -EISDIR;
	output.target = follow(path);
	output.buffer = malloc(BUFFER_SIZE);
	if (output.target && output.buffer)
		status = open_target(&output, kind);
	if (status < 0) {
		weir_output_finish(&output);
		return status;
	}
	output.fd = status;
	*out = output;
	return 0;
}

int weir_output_flush(struct weir_output *output)
{
	if (!output->status)
		output->status = weir_write_all(output->fd, output->buffer, output->filled);
	output->filled = 0;
	return output->status;
}

void weir_output_put(struct weir_output *output, const void *bytes, size_t length)
{
	if (length > BUFFER_SIZE - output->filled)
		weir_output_flush(output);
	if (output->status)
		return;
	if (length > BUFFER_SIZE) {
		output->status = weir_write_all(output->fd, bytes, length);
		return;
	}
	memcpy(output->buffer + output->filled, bytes, length);
	output->filled += length;
}

/* Some file systems tell a full disk only here. */
static int close_file(struct weir_output *output)
{
	int status = close(output->fd) ? -errno : 0;

	output->fd = -1;
	return status;
}

int weir_output_publish(struct weir_output *output)
{
	int status = output->status;

	if (!status && output->kind == WEIR_OUTPUT_NAMELESS)
		status = take_hidden_name(output, link_nameless);
	if (!status)
		status = close_file(output);
	if (!status && output->hidden && rename(output->hidden, output->target))
		status = -errno;
	if (status) {
		output->status = status;
		return status;
	}
	free(output->hidden);
	output->hidden = NULL;
	return 0;
}

void weir_output_finish(struct weir_output *output)
{
	if (output->fd >= 0)
		close(output->fd);
	if (output->hidden)
		unlink(output->hidden);
	free(output->hidden);
	free(output->target);
	free(output->buffer);
	*output = (struct weir_output){ .fd = -1 };
}
