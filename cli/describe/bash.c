/*
 * bash.c - completion for bash, without the bash-completion library.
 *
 * The script has a function a command, made from its table: for the option in front of the cursor
 * it says which words may follow, or that a path may; else all options. The frame around them
 * finds the command and that option. Readline splits "--name=value" into three words, so a "=" is
 * looked through.
 */
#include "describe.h"

#include <string.h>

static const char frame_head[] =
	"# Completion of weir for bash.\n"
	"\n"
	"# Each function below sets what may follow the option $1: words, or path.\n";

static const char frame_tail[] =
	"\n"
	"_weir()\n"
	"{\n"
	"\tlocal current=${COMP_WORDS[COMP_CWORD]} at=$COMP_CWORD\n"
	"\tlocal command=${COMP_WORDS[1]} option= words= path=\n"
	"\n"
	"\tCOMPREPLY=()\n"
	"\tif [[ $current == = ]]; then\n"
	"\t\tcurrent=\n"
	"\t\toption=${COMP_WORDS[at - 1]}\n"
	"\telif [[ ${COMP_WORDS[at - 1]} == = ]]; then\n"
	"\t\toption=${COMP_WORDS[at - 2]}\n"
	"\telse\n"
	"\t\toption=${COMP_WORDS[at - 1]}\n"
	"\tfi\n"
	"\tif ((at == 1)); then\n"
	"\t\twords=\"$_weir_commands help\"\n"
	"\t\t[[ $current == -* ]] && words='-h --help --version'\n"
	"\telif [[ $command == help ]]; then\n"
	"\t\t((at == 2)) && words=$_weir_commands\n"
	"\telif [[ \" $_weir_commands \" == *\" $command \"* ]]; then\n"
	"\t\t\"_weir_$command\" \"$option\"\n"
	"\tfi\n"
	"\tif [[ $path ]]; then\n"
	"\t\tcompopt -o default # readline knows about ~ and quotes\n"
	"\telse\n"
	"\t\tmapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
	"\tfi\n"
	"}\n"
	"complete -F _weir weir\n";

static void put_pattern(FILE *file, const struct option_spec *spec)
{
	if (spec->letter)
		fprintf(file, "-%c%s", spec->letter, spec->name ? " | " : "");
	if (spec->name)
		fprintf(file, "--%s", spec->name);
}

static void put_choices(FILE *file, const char *choices)
{
	for (; *choices; choices++)
		fputc(*choices == '|' ? ' ' : *choices, file);
}

/* The branch of an option that takes a value. */
static void put_branch(FILE *file, const struct option_spec *spec)
{
	enum value_kind kind = value_kind(spec);

	if (kind == VALUE_NONE)
		return;
	fputc('\t', file);
	put_pattern(file, spec);
	fputs(") ", file);
	if (kind == VALUE_PATH)
		fputs("path=yes", file);
	else
		fputs("words='", file);
	if (kind == VALUE_CHOICE)
		put_choices(file, spec->choices);
	fputs(kind == VALUE_PATH ? " ;;\n" : "' ;;\n", file);
}

static void put_names(FILE *file, const struct command *command)
{
	const char *before = "";

	for (size_t i = 0; command->groups[i]; i++)
		for (size_t j = 0; j < command->groups[i]->count; j++) {
			const struct option_spec *spec = &command->groups[i]->options[j];

			if (spec->letter)
				fprintf(file, "%s-%c", before, spec->letter);
			if (spec->letter && spec->name)
				fputc(' ', file);
			if (spec->name)
				fprintf(file, "%s--%s", spec->letter ? "" : before, spec->name);
			before = " ";
		}
}

static void put_command(FILE *file, const struct command *command)
{
	fprintf(file, "\n_weir_%s()\n{\n\tcase $1 in\n", command->name);
	for (size_t i = 0; command->groups[i]; i++)
		for (size_t j = 0; j < command->groups[i]->count; j++)
			put_branch(file, &command->groups[i]->options[j]);
	fputs("\t*) words='", file);
	put_names(file, command);
	fputs("' ;;\n\tesac\n}\n", file);
}

void describe_bash(FILE *file)
{
	const char *before = "";

	fputs(frame_head, file);
	fputs("_weir_commands='", file);
	for (size_t i = 0; commands[i]; i++) {
		fprintf(file, "%s%s", before, commands[i]->name);
		before = " ";
	}
	fputs("'\n", file);
	for (size_t i = 0; commands[i]; i++)
		put_command(file, commands[i]);
	fputs(frame_tail, file);
}
