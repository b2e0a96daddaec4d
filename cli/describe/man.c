/*
 * man.c - a manual page of the program, and one of each command.
 *
 * Text becomes roff in one place, put_escaped: a backslash, and the characters that typesetters
 * replace by prettier ones, which a reader could not paste into a shell (- ' ` ^ ~ "). Texts are
 * filled by roff, so words are all that put_words keeps; a line that begins with . or ' would be
 * taken as a request and gets a \& in front. Pages carry no date: a build has none.
 */
#include "describe.h"

#include <ctype.h>
#include <string.h>

enum {
	SOURCE_WIDTH = 78,
};

static void put_escaped(FILE *file, const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		switch (text[i]) {
		case '-':
			fputs("\\-", file);
			break;
		case '\\':
			fputs("\\(rs", file);
			break;
		case '\'':
			fputs("\\(aq", file);
			break;
		case '"':
			fputs("\\(dq", file);
			break;
		case '`':
			fputs("\\(ga", file);
			break;
		case '^':
			fputs("\\(ha", file);
			break;
		case '~':
			fputs("\\(ti", file);
			break;
		default:
			fputc(text[i], file);
		}
	}
}

/* One line of text, safe at the beginning of a line. */
static void put_line(FILE *file, const char *text, size_t length)
{
	if (length > 0 && text[0] == '.')
		fputs("\\&", file);
	put_escaped(file, text, length);
	fputc('\n', file);
}

/* Words to be filled, in source lines of a readable width. */
static void put_words(FILE *file, const char *text)
{
	while (*(text += strspn(text, " \n"))) {
		size_t length = strcspn(text, " \n");
		size_t next;

		while (text[next = length + strspn(text + length, " \n")]) {
			size_t end = next + strcspn(text + next, " \n");

			if (end > SOURCE_WIDTH)
				break;
			length = end;
		}
		put_line(file, text, length);
		text += length;
	}
}

static void put_heading(FILE *file, const char *name)
{
	fprintf(file, ".TH %s 1 \"\" \"weir " WEIR_VERSION "\" \"Weir manual\"\n", name);
}

/* "check" as weir-check, in capitals for the heading. */
static void put_command_heading(FILE *file, const struct command *command)
{
	char name[64];
	size_t length = (size_t)snprintf(name, sizeof(name), "WEIR\\-%s", command->name);

	for (size_t i = 0; i < length && i < sizeof(name); i++)
		name[i] = (char)toupper((unsigned char)name[i]);
	put_heading(file, name);
}

/* How far a word goes that is set in one font: an option, an argument's name, or one character. */
static size_t span_length(const char *text, size_t length, char *font)
{
	size_t span = 1;

	*font = 'R';
	if (text[0] == '-' && length > 1 && text[1] != ' ') {
		*font = 'B';
		while (span < length && (islower((unsigned char)text[span]) || text[span] == '-'))
			span++;
	} else if (isupper((unsigned char)text[0])) {
		*font = 'I';
		while (span < length && isupper((unsigned char)text[span]))
			span++;
	}
	return span;
}

/* A line of a synopsis: options bold, names of arguments in italics. */
static void put_styled(FILE *file, const char *text, size_t length)
{
	size_t at = 0;

	while (at < length) {
		char font;
		size_t span = span_length(text + at, length - at, &font);

		if (font != 'R')
			fprintf(file, "\\f%c", font);
		put_escaped(file, text + at, span);
		if (font != 'R')
			fputs("\\fP", file);
		at += span;
	}
	fputc('\n', file);
}

/* A synopsis has its further lines as --help prints them, with "weir NAME" before each. */
static void put_synopsis(FILE *file, const struct command *command)
{
	const char *text = command->synopsis;
	char prefix[64];

	snprintf(prefix, sizeof(prefix), "weir %s", command->name);
	fputs(".SH SYNOPSIS\n", file);
	for (;;) {
		size_t length = strcspn(text, "\n");

		fprintf(file, "\\fBweir %s\\fP ", command->name);
		put_styled(file, text, length);
		if (!text[length])
			return;
		text += length + 1;
		text += strspn(text, " ");
		if (strncmp(text, prefix, strlen(prefix)) == 0)
			text += strlen(prefix);
		text += strspn(text, " ");
		fputs(".br\n", file);
	}
}

static void put_option(FILE *file, const struct option_spec *spec)
{
	struct report_text help = { 0 };

	fputs(".TP\n", file);
	if (spec->letter)
		fprintf(file, "\\fB\\-%c\\fP%s", spec->letter, spec->name ? ", " : "");
	if (spec->name) {
		fputs("\\fB\\-\\-", file);
		put_escaped(file, spec->name, strlen(spec->name));
		fputs("\\fP", file);
	}
	if (spec->argument)
		fprintf(file, " \\fI%s\\fP", spec->argument);
	fputc('\n', file);
	help_option(spec, &help);
	put_words(file, report_text_string(&help));
	report_text_finish(&help);
}

static void put_options(FILE *file, const struct command *command)
{
	fputs(".SH OPTIONS\n", file);
	for (size_t i = 0; command->groups[i]; i++) {
		fprintf(file, ".SS %s\n", command->groups[i]->title);
		for (size_t j = 0; j < command->groups[i]->count; j++)
			put_option(file, &command->groups[i]->options[j]);
	}
}

static void put_exit_status(FILE *file)
{
	fputs(".SH EXIT STATUS\n", file);
	for (size_t i = 0; exit_code_meanings[i]; i++) {
		fprintf(file, ".TP\n\\fB%zu\\fP\n", i);
		put_words(file, exit_code_meanings[i]);
	}
	fputs(".PP\n", file);
	put_words(file, exit_code_order);
}

static void put_examples(FILE *file, const char *examples)
{
	if (!examples)
		return;
	fputs(".SH EXAMPLES\n.nf\n", file);
	while (*examples) {
		size_t length;

		examples += strspn(examples, " ");
		length = strcspn(examples, "\n");
		put_line(file, examples, length);
		examples += length + (examples[length] == '\n');
	}
	fputs(".fi\n", file);
}

/* All pages but the one itself, which is NULL for that of the program. */
static void put_see_also(FILE *file, const struct command *self)
{
	const char *before = "";

	fputs(".SH SEE ALSO\n", file);
	if (self) {
		fputs("\\fBweir\\fP(1)", file);
		before = ",\n";
	}
	for (size_t i = 0; commands[i]; i++) {
		if (commands[i] == self)
			continue;
		fprintf(file, "%s\\fBweir\\-%s\\fP(1)", before, commands[i]->name);
		before = ",\n";
	}
	if (self && self->operands && strcmp(self->operands, "filter") == 0)
		fputs(",\n\\fBpcap\\-filter\\fP(7)", file);
	fputc('\n', file);
}

void describe_command_page(const struct command *command, FILE *file)
{
	put_command_heading(file, command);
	fprintf(file, ".SH NAME\nweir\\-%s \\- ", command->name);
	put_words(file, command->summary);
	put_synopsis(file, command);
	fputs(".SH DESCRIPTION\n", file);
	put_words(file, command->description);
	put_options(file, command);
	put_exit_status(file);
	put_examples(file, command->examples);
	put_see_also(file, command);
}

static void put_term(FILE *file, const char *term, const char *text)
{
	fprintf(file, ".TP\n\\fB%s\\fP\n", term);
	put_words(file, text);
}

void describe_program_page(FILE *file)
{
	put_heading(file, "WEIR");
	fputs(".SH NAME\nweir \\- verdicts by Kubernetes network policies\n"
	      ".SH SYNOPSIS\n\\fBweir\\fP \\fICOMMAND\\fP [options]\n.SH DESCRIPTION\n",
	      file);
	put_words(file, program_description);
	put_words(file, "Data goes to standard output and everything else to standard error. The "
			"same input gives the same bytes.");
	fputs(".SH COMMANDS\n", file);
	for (size_t i = 0; commands[i]; i++) {
		fprintf(file, ".TP\n\\fBweir\\-%s\\fP(1)\n", commands[i]->name);
		put_words(file, commands[i]->summary);
	}
	put_term(file, "weir help\\fP \\fICOMMAND", "the help of a command");
	fputs(".SH OPTIONS\n", file);
	put_term(file, "\\-h\\fP, \\fB\\-\\-help", "list the commands");
	put_term(file, "\\-\\-version", "print the version");
	put_exit_status(file);
	fputs(".SH ENVIRONMENT\n", file);
	put_term(file, "NO_COLOR",
		 "when set to anything but nothing: no colours, unless --color "
		 "always is given");
	put_term(file, "TERM", "dumb: no colours, as above");
	put_see_also(file, NULL);
}
