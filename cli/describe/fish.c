/*
 * fish.c - completion for fish: a line an option.
 */
#include "describe.h"

#include <string.h>

/* In single quotes fish knows \\ and \'. */
static void put_quoted(FILE *file, const char *text, size_t length)
{
	fputc('\'', file);
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\\' || text[i] == '\'')
			fputc('\\', file);
		fputc(text[i], file);
	}
	fputc('\'', file);
}

static void put_words(FILE *file, const char *choices)
{
	fputc('\'', file);
	for (; *choices; choices++)
		fputc(*choices == '|' ? ' ' : *choices, file);
	fputc('\'', file);
}

static void put_option(FILE *file, const struct command *command, const struct option_spec *spec)
{
	fprintf(file, "complete -c weir -n '__fish_seen_subcommand_from %s'", command->name);
	if (spec->letter)
		fprintf(file, " -s %c", spec->letter);
	if (spec->name)
		fprintf(file, " -l %s", spec->name);
	switch (value_kind(spec)) {
	case VALUE_NONE:
		break;
	case VALUE_CHOICE:
		fputs(" -x -a ", file);
		put_words(file, spec->choices);
		break;
	case VALUE_PATH:
		fputs(" -r -F", file);
		break;
	case VALUE_TEXT:
		fputs(" -x", file);
		break;
	}
	fputs(" -d ", file);
	put_quoted(file, spec->help, short_help_length(spec));
	fputc('\n', file);
}

static void put_command(FILE *file, const struct command *command)
{
	fprintf(file, "\ncomplete -c weir -n __fish_use_subcommand -a %s -d ", command->name);
	put_quoted(file, command->summary, strlen(command->summary));
	fprintf(file, "\ncomplete -c weir -n '__fish_seen_subcommand_from help' -a %s\n",
		command->name);
	for (size_t i = 0; command->groups[i]; i++)
		for (size_t j = 0; j < command->groups[i]->count; j++)
			put_option(file, command, &command->groups[i]->options[j]);
}

void describe_fish(FILE *file)
{
	fputs("# Completion of weir for fish.\n"
	      "complete -c weir -f\n"
	      "complete -c weir -n __fish_use_subcommand -a help -d 'the help of a command'\n"
	      "complete -c weir -n __fish_use_subcommand -s h -l help -d 'list the commands'\n"
	      "complete -c weir -n __fish_use_subcommand -l version -d 'print the version'\n",
	      file);
	for (size_t i = 0; commands[i]; i++)
		put_command(file, commands[i]);
}
