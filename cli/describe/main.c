/*
 * weir-describe - writes weir's manual pages and completion scripts while weir is built.
 *
 *	weir-describe man FOLDER         a page a command, into a folder
 *	weir-describe bash|zsh|fish      a script, to standard output
 */
#include "describe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool finish_file(FILE *file)
{
	bool had_error = ferror(file) != 0;

	return fclose(file) == 0 && !had_error;
}

static FILE *create_page(int folder, const char *name)
{
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	return fd < 0 ? NULL : fdopen(fd, "w");
}

static bool is_page(const char *name)
{
	size_t length = strlen(name);

	return length > 2 && strcmp(name + length - 2, ".1") == 0;
}

/* A page of a command that is no more must not be installed. */
static bool remove_pages(int folder)
{
	DIR *entries = fdopendir(dup(folder));
	const struct dirent *entry;
	bool done = true;

	if (!entries)
		return false;
	while (done && (entry = readdir(entries)))
		if (is_page(entry->d_name))
			done = unlinkat(folder, entry->d_name, 0) == 0;
	closedir(entries);
	return done;
}

static bool write_command_page(int folder, const struct command *command)
{
	char name[64];
	FILE *file;

	snprintf(name, sizeof(name), "weir-%s.1", command->name);
	file = create_page(folder, name);
	if (!file)
		return false;
	describe_command_page(command, file);
	return finish_file(file);
}

static bool write_program_page(int folder)
{
	FILE *file = create_page(folder, "weir.1");

	if (!file)
		return false;
	describe_program_page(file);
	return finish_file(file);
}

static bool write_pages(const char *path)
{
	bool done;
	int folder;

	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		return false;
	folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return false;
	done = remove_pages(folder) && write_program_page(folder);
	for (size_t i = 0; done && commands[i]; i++)
		done = write_command_page(folder, commands[i]);
	close(folder);
	return done;
}

static bool write_script(const char *shell)
{
	if (strcmp(shell, "bash") == 0)
		describe_bash(stdout);
	else if (strcmp(shell, "zsh") == 0)
		describe_zsh(stdout);
	else if (strcmp(shell, "fish") == 0)
		describe_fish(stdout);
	else
		return false;
	return finish_file(stdout);
}

int main(int argc, char **argv)
{
	errno = 0;
	if (argc == 3 && strcmp(argv[1], "man") == 0 && write_pages(argv[2]))
		return 0;
	if (argc == 2 && write_script(argv[1]))
		return 0;
	fprintf(stderr, "weir-describe: %s\n",
		errno ? strerror(errno) : "usage: weir-describe man FOLDER | bash | zsh | fish");
	return 1;
}
