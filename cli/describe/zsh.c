/*
 * zsh.c - completion for zsh, by _arguments: a specification an option.
 */
#include "describe.h"

#include <string.h>

/* Within single quotes and the [explanation] of a specification. */
static void put_explanation(FILE *file, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\'')
			fputs("'\\'", file);
		else if (strchr("[]:\\", text[i]))
			fputc('\\', file);
		fputc(text[i], file);
	}
}

static void put_words(FILE *file, const char *choices)
{
	fputc('(', file);
	for (; *choices; choices++)
		fputc(*choices == '|' ? ' ' : *choices, file);
	fputc(')', file);
}

/* One specification: "*--name=[explanation]:ARGUMENT:action". */
static void put_form(FILE *file, const struct option_spec *spec, const char *form)
{
	enum value_kind kind = value_kind(spec);

	fprintf(file, " \\\n\t\t\t'*%s%s[", form,
		kind == VALUE_NONE ? ""
		: form[1] == '-'   ? "="
				   : "+");
	put_explanation(file, spec->help, short_help_length(spec));
	fputc(']', file);
	if (kind != VALUE_NONE)
		fprintf(file, ":%s:", spec->argument);
	if (kind == VALUE_PATH)
		fputs("_files", file);
	else if (kind == VALUE_CHOICE)
		put_words(file, spec->choices);
	else if (kind == VALUE_TEXT)
		fputc(' ', file);
	fputc('\'', file);
}

static void put_option(FILE *file, const struct option_spec *spec)
{
	char form[64];

	if (spec->letter) {
		snprintf(form, sizeof(form), "-%c", spec->letter);
		put_form(file, spec, form);
	}
	if (spec->name) {
		snprintf(form, sizeof(form), "--%s", spec->name);
		put_form(file, spec, form);
	}
}

static void put_command(FILE *file, const struct command *command)
{
	fprintf(file, "\t%s)\n\t\t_arguments -s", command->name);
	for (size_t i = 0; command->groups[i]; i++)
		for (size_t j = 0; j < command->groups[i]->count; j++)
			put_option(file, &command->groups[i]->options[j]);
	fputs("\n\t\t;;\n", file);
}

static void put_commands(FILE *file)
{
	fputs("\tlocal -a commands=(\n", file);
	for (size_t i = 0; commands[i]; i++) {
		fprintf(file, "\t\t'%s:", commands[i]->name);
		put_explanation(file, commands[i]->summary, strlen(commands[i]->summary));
		fputs("'\n", file);
	}
	fputs("\t)\n", file);
}

void describe_zsh(FILE *file)
{
	fputs("#compdef weir\n"
	      "# Completion of weir for zsh.\n"
	      "\n"
	      "_weir()\n"
	      "{\n"
	      "\tlocal context state state_descr line\n"
	      "\tlocal -A opt_args\n",
	      file);
	put_commands(file);
	fputs("\n"
	      "\t_arguments -C \\\n"
	      "\t\t'(- *)'{-h,--help}'[list the commands]' \\\n"
	      "\t\t'(- *)--version[print the version]' \\\n"
	      "\t\t'1:command:->command' \\\n"
	      "\t\t'*::argument:->argument'\n"
	      "\tif [[ $state == command ]]; then\n"
	      "\t\tcommands+=('help:the help of a command')\n"
	      "\t\t_describe command commands\n"
	      "\tfi\n"
	      "\t[[ $state == argument ]] || return\n"
	      "\tcase $words[1] in\n"
	      "\thelp)\n"
	      "\t\t((CURRENT == 2)) && _describe command commands\n"
	      "\t\t;;\n",
	      file);
	for (size_t i = 0; commands[i]; i++)
		put_command(file, commands[i]);
	fputs("\tesac\n"
	      "}\n"
	      "\n"
	      "_weir \"$@\"\n",
	      file);
}
