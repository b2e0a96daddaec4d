/*
 * describe.h - manual pages and shell completion, made from the tables of commands and options.
 *
 * What is written depends on the tables only: the same build gives the same bytes.
 */
#ifndef WEIR_CLI_DESCRIBE_H
#define WEIR_CLI_DESCRIBE_H

#include "command.h"

/* Pages in roff with the man macros. */
void describe_program_page(FILE *file);
void describe_command_page(const struct command *command, FILE *file);

/* Completion scripts. */
void describe_bash(FILE *file);
void describe_zsh(FILE *file);
void describe_fish(FILE *file);

/* What may stand behind an option. */
enum value_kind {
	VALUE_NONE, /* the option takes none */
	VALUE_CHOICE,
	VALUE_PATH,
	VALUE_TEXT, /* nothing to propose */
};
enum value_kind value_kind(const struct option_spec *spec);

/* The help of an option up to its first stop: what a menu has room for. */
size_t short_help_length(const struct option_spec *spec);

#endif
