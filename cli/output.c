#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	NAMES_TRIED = 100,
};

int output_bytes(void *file, const char *bytes, size_t length)
{
	errno = 0;
	if (fwrite(bytes, 1, length, file) == length)
		return 0;
	return errno ? -errno : -EIO;
}

/* Closes, and makes sure that the bytes are kept before the file gets its name. */
static int finish(FILE *file, int status)
{
	if (!status && (fflush(file) || (fsync(fileno(file)) && errno != EINVAL)))
		status = -errno;
	if (fclose(file) && !status)
		status = -errno;
	return status;
}

/* A file of a name beside path that nobody has; the name is the caller's to free. */
static int open_beside(const char *path, char **name, FILE **out)
{
	int fd = -1;

	*name = NULL;
	for (unsigned i = 0; fd < 0 && i < NAMES_TRIED; i++) {
		free(*name);
		if (asprintf(name, "%s.%ld-%u.tmp", path, (long)getpid(), i) < 0) {
			*name = NULL;
			return -ENOMEM;
		}
		fd = open(*name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (fd < 0 && errno != EEXIST)
			return -errno;
	}
	*out = fd < 0 ? NULL : fdopen(fd, "w");
	return *out ? 0 : -errno;
}

static int write_beside(const char *path, int (*produce)(void *context, FILE *file), void *context)
{
	char *name;
	FILE *file;
	int status = open_beside(path, &name, &file);

	if (!status) {
		status = finish(file, produce(context, file));
		if (!status && rename(name, path))
			status = -errno;
		if (status)
			unlink(name);
	}
	free(name);
	return status;
}

static int write_through(const char *path, int (*produce)(void *context, FILE *file), void *context)
{
	FILE *file = fopen(path, "we");

	return file ? finish(file, produce(context, file)) : -errno;
}

static int write_file(const char *path, int (*produce)(void *context, FILE *file), void *context)
{
	struct stat about;
	bool is_there = stat(path, &about) == 0;
	char *target;
	int status;

	if (is_there && !S_ISREG(about.st_mode))
		return write_through(path, produce, context);
	target = is_there ? realpath(path, NULL) : strdup(path);
	if (!target)
		return -errno;
	status = write_beside(target, produce, context);
	free(target);
	return status;
}

enum exit_code output_write(const struct invocation *invocation, const char *path,
			    int (*produce)(void *context, FILE *file), void *context)
{
	bool is_file = path && strcmp(path, "-") != 0;
	int status = is_file ? write_file(path, produce, context) : produce(context, stdout);

	if (!status)
		return EXIT_CLEAN;
	/* What standard output refuses is told once, at the end of the program. */
	if (!is_file && ferror(stdout))
		return EXIT_CLEAN;
	if (status != -EINVAL)
		complain(invocation->command, "%s: %s", is_file ? path : "standard output",
			 strerror(-status));
	return EXIT_USAGE;
}
