/*
 * help.c - help texts, made from the tables of commands and options.
 */
#include "command.h"

#include <string.h>

enum {
	WIDTH = 80,
	HELP_COLUMN = 30, /* where the text of an option begins */
	NAME_COLUMN = 11,
};

const char program_description[] =
	"Answers by Kubernetes network policies: which connections are allowed, and by which rule; "
	"for questions, and for every flow of a captured trace.";

/* Prints words from the given column on, which the cursor has reached. */
static void print_wrapped(FILE *file, const char *text, size_t column)
{
	size_t at = column;

	while (*text) {
		size_t length = strcspn(text, " ");

		if (at > column && at + 1 + length > WIDTH) {
			fprintf(file, "\n%*s", (int)column, "");
			at = column;
		} else if (at > column) {
			fputc(' ', file);
			at++;
		}
		fwrite(text, 1, length, file);
		at += length;
		text += length;
		text += strspn(text, " ");
	}
	fputc('\n', file);
}

void help_option(const struct option_spec *spec, struct report_text *out)
{
	report_text_add_string(out, spec->help);
	if (spec->choices)
		report_text_format(out, ": %s (default %.*s)", spec->choices,
				   (int)strcspn(spec->choices, "|"), spec->choices);
}

static void print_option(FILE *file, const struct option_spec *spec)
{
	struct report_text left = { 0 };
	struct report_text help = { 0 };

	if (spec->letter)
		report_text_format(&left, "  -%c%s", spec->letter, spec->name ? ", " : "");
	else
		report_text_add_string(&left, "      ");
	if (spec->name)
		report_text_format(&left, "--%s", spec->name);
	if (spec->argument)
		report_text_format(&left, " %s", spec->argument);
	help_option(spec, &help);
	fprintf(file, "%-*s", HELP_COLUMN, report_text_string(&left));
	if (left.length >= HELP_COLUMN)
		fprintf(file, "\n%*s", HELP_COLUMN, "");
	print_wrapped(file, report_text_string(&help), HELP_COLUMN);
	report_text_finish(&left);
	report_text_finish(&help);
}

void help_command(const struct command *command, FILE *file)
{
	fprintf(file, "usage: weir %s %s\n\n", command->name, command->synopsis);
	print_wrapped(file, command->description, 0);
	for (size_t i = 0; command->groups[i]; i++) {
		fprintf(file, "\n%s:\n", command->groups[i]->title);
		for (size_t j = 0; j < command->groups[i]->count; j++)
			print_option(file, &command->groups[i]->options[j]);
	}
	if (command->examples)
		fprintf(file, "\nExamples:\n%s", command->examples);
}

void help_program(FILE *file)
{
	fputs("usage: weir COMMAND [options]\n\n", file);
	print_wrapped(file, program_description, 0);
	fputs("\nCommands:\n", file);
	for (size_t i = 0; commands[i]; i++) {
		fprintf(file, "  %-*s", NAME_COLUMN - 2, commands[i]->name);
		print_wrapped(file, commands[i]->summary, NAME_COLUMN);
	}
	fputs("  help     the help of a command: weir help COMMAND\n\n"
	      "Options:\n"
	      "  -h, --help   print this help\n"
	      "  --version    print the version\n\n"
	      "Exit codes:\n",
	      file);
	for (size_t i = 0; exit_code_meanings[i]; i++)
		fprintf(file, "  %zu %s\n", i, exit_code_meanings[i]);
	fprintf(file, "%s\n", exit_code_order);
}
