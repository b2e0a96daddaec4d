/* arguments.h - "--name VALUE", any of them, in any order: of programs that compare at random. */
#ifndef WEIR_TESTS_ARGUMENTS_H
#define WEIR_TESTS_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct argument {
	const char *name;
	uint64_t *number;
	const char **text; /* where the value is no number */
};

static inline const struct argument *argument_called(const struct argument *arguments, size_t count,
						     const char *word)
{
	for (size_t i = 0; i < count && strncmp(word, "--", 2) == 0; i++) {
		if (strcmp(arguments[i].name, word + 2) == 0)
			return &arguments[i];
	}
	return NULL;
}

static inline void arguments_explain(const char *program, const struct argument *arguments,
				     size_t count)
{
	fprintf(stderr, "usage: %s", program);
	for (size_t i = 0; i < count; i++)
		fprintf(stderr, " [--%s %s]", arguments[i].name,
			arguments[i].text ? "TEXT" : "NUMBER");
	fputc('\n', stderr);
}

/* What is not given stays as it is. False, and told which there are, when anything else is. */
static inline bool arguments_read(int argc, char **argv, const struct argument *arguments,
				  size_t count)
{
	for (int i = 1; i < argc; i += 2) {
		const struct argument *argument = argument_called(arguments, count, argv[i]);

		if (!argument || i + 1 == argc) {
			arguments_explain(argv[0], arguments, count);
			return false;
		}
		if (argument->text)
			*argument->text = argv[i + 1];
		else
			*argument->number = strtoull(argv[i + 1], NULL, 10);
	}
	return true;
}

#endif
