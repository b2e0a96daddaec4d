/*
 * main.c - the weir command: picks the subcommand, and makes sure that the output got out.
 */
#include "command.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Commands of later versions. */
static const char *const absent_commands[] = { "diff", "test", "suggest" };

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; commands[i]; i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static void complain_command(const char *name)
{
	const char *names[16];
	const char *nearest;
	size_t count = 0;

	for (size_t i = 0; i < sizeof(absent_commands) / sizeof(absent_commands[0]); i++)
		if (strcmp(absent_commands[i], name) == 0) {
			complain(NULL, "this version does not have '%s'", name);
			return;
		}
	while (commands[count]) {
		names[count] = commands[count]->name;
		count++;
	}
	nearest = nearest_word(name, names, count);
	if (nearest)
		complain(NULL, "unknown command '%s'; did you mean '%s'?", name, nearest);
	else
		complain(NULL, "unknown command '%s'; 'weir --help' lists the commands", name);
}

static enum exit_code start_command(const struct command *command, int argc, char **argv)
{
	struct invocation invocation;
	bool stop;
	enum exit_code code = options_parse(command, argc, argv, &invocation, &stop);

	if (!stop)
		code = command->run(&invocation);
	options_finish(&invocation);
	return code;
}

static enum exit_code run_help(int argc, char **argv)
{
	const struct command *command;

	if (argc < 2) {
		help_program(stdout);
		return EXIT_CLEAN;
	}
	command = find_command(argv[1]);
	if (!command) {
		complain_command(argv[1]);
		return EXIT_USAGE;
	}
	help_command(command, stdout);
	return EXIT_CLEAN;
}

static enum exit_code dispatch(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : NULL;
	const struct command *command;

	if (!name) {
		help_program(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		return run_help(1, argv);
	if (strcmp(name, "help") == 0)
		return run_help(argc - 1, argv + 1);
	if (strcmp(name, "--version") == 0) {
		printf("weir %s\n", WEIR_VERSION);
		return EXIT_CLEAN;
	}
	command = find_command(name);
	if (!command) {
		complain_command(name);
		return EXIT_USAGE;
	}
	return start_command(command, argc - 1, argv + 1);
}

/* Output that did not get out is an error, whatever else went well. */
static enum exit_code close_output(enum exit_code code)
{
	bool had_error = ferror(stdout) != 0;

	errno = 0;
	if (fclose(stdout) == 0 && !had_error)
		return code;
	complain(NULL, "cannot write to standard output: %s",
		 errno ? strerror(errno) : "write error");
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	/* A reader that goes away ends the program quietly, whatever it was started with. */
	signal(SIGPIPE, SIG_DFL);
	return (int)close_output(dispatch(argc, argv));
}
