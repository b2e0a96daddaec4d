/*
 * value.c - what completion knows of an option besides its name.
 */
#include "describe.h"

#include <string.h>

/* Arguments are named alike in all tables, so their names tell files from other text. */
static bool names_path(const char *argument)
{
	static const char *const names[] = { "PATH", "FILE", "TRACE" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(argument, names[i]) == 0)
			return true;
	return false;
}

enum value_kind value_kind(const struct option_spec *spec)
{
	if (!spec->argument)
		return VALUE_NONE;
	if (spec->choices)
		return VALUE_CHOICE;
	return names_path(spec->argument) ? VALUE_PATH : VALUE_TEXT;
}

size_t short_help_length(const struct option_spec *spec)
{
	const char *help = spec->help;
	size_t length = 0;

	while (help[length]) {
		size_t stop = strcspn(help + length, ":;.(");

		length += stop;
		if (help[length] == '(')
			break;
		if (help[length] && (help[length + 1] == ' ' || help[length + 1] == '\0'))
			break;
		length += help[length] != '\0';
	}
	while (length > 0 && help[length - 1] == ' ')
		length--;
	return length;
}
