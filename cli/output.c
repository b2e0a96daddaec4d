#include "output.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

int output_bytes(void *file, const char *bytes, size_t length)
{
	errno = 0;
	if (fwrite(bytes, 1, length, file) == length)
		return 0;
	return errno ? -errno : -EIO;
}

static int produce_and_close(FILE *file, int (*produce)(void *context, FILE *file), void *context)
{
	int status = produce(context, file);

	if (fclose(file) != 0 && !status)
		status = -errno;
	return status;
}

static int write_straight(const char *path, int (*produce)(void *context, FILE *file),
			  void *context)
{
	FILE *file = fopen(path, "w");

	return file ? produce_and_close(file, produce, context) : -errno;
}

/* A device or a pipe is to stay what it is. */
static bool is_special(const char *path)
{
	struct stat status;

	return stat(path, &status) == 0 && !S_ISREG(status.st_mode);
}

/* Under another name first, so that a file of the wanted name is always whole. */
static int write_file(const char *path, int (*produce)(void *context, FILE *file), void *context)
{
	struct report_text temporary = { 0 };
	int status = -ENOMEM;
	FILE *file;

	if (is_special(path))
		return write_straight(path, produce, context);
	report_text_format(&temporary, "%s.%ld.tmp", path, (long)getpid());
	if (temporary.is_short)
		goto free_name;
	file = fopen(temporary.bytes, "w");
	if (!file) {
		status = -errno;
		goto free_name;
	}
	status = produce_and_close(file, produce, context);
	if (!status && rename(temporary.bytes, path) != 0)
		status = -errno;
	if (status)
		unlink(temporary.bytes);
free_name:
	report_text_finish(&temporary);
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
