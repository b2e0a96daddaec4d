/*
 * compile.c - weir compile: the compiled policy as a file.
 */
#include "command.h"

#include <string.h>
#include <unistd.h>

#include "weir/policy_file.h"

#include "input.h"
#include "numbers.h"
#include "output.h"

struct saving {
	const struct command *command;
	const struct weir_policy *policy;
};

static int save(void *context, FILE *file)
{
	const struct saving *saving = context;
	struct weir_error error = { "" };
	int status = weir_policy_save(saving->policy, output_bytes, file, &error);

	if (error.text[0])
		complain(saving->command, "%s", error.text);
	return status;
}

static bool check_output(const struct invocation *invocation)
{
	const char *path = option_value(invocation, OPTION_OUTPUT);

	if (!path)
		complain(invocation->command,
			 "-o FILE is missing: where the compiled policy goes; - is standard "
			 "output");
	else if (strcmp(path, "-") == 0 && isatty(STDOUT_FILENO))
		complain(invocation->command,
			 "-o -: standard output is a terminal, and these bytes are no text");
	else
		return true;
	return false;
}

static enum exit_code run(const struct invocation *invocation)
{
	struct input input = { 0 };
	enum exit_code code = EXIT_USAGE;

	if (check_output(invocation) &&
	    option_number(invocation, OPTION_MAX_BYTES, 1, (uint64_t)1 << 40, &input.max_bytes))
		code = input_compile(&input, invocation);
	if (code == EXIT_CLEAN)
		code = output_write(invocation, option_value(invocation, OPTION_OUTPUT), save,
				    &(struct saving){ invocation->command, input.policy });
	input_finish(&input);
	return code;
}

static const struct option_spec output_specs[] = {
	{ OPTION_OUTPUT, 'o', "output", "FILE", NULL,
	  "where the compiled policy goes; - is standard output" },
	{ OPTION_MAX_BYTES, 0, "max-bytes", "N", NULL,
	  "refuse policies whose compiled form would be larger, instead of taking the memory" },
};
static const struct option_group output_options = OPTION_GROUP("Output", output_specs);

const struct command compile_command = {
	.name = "compile",
	.summary = "the policy as a file that eval, list, replay, bench and run open",
	.synopsis = "-f PATH -o FILE.weir [options]",
	.description =
		"Reads, validates and compiles, and writes the compiled form with the names of "
		"pods, services and rules. eval, list, replay, bench and run take the file as -f "
		"and "
		"print "
		"what they print for the objects. It is mapped, not read, and what is in it is "
		"checked before it is used, so that a damaged or a hostile file is refused. The "
		"same input gives the same bytes. The file is written whole or not at all.",
	.examples = "  weir compile -f manifests/ -o cluster.weir\n"
		    "  weir eval -f cluster.weir --from app/frontend --to app/backend --port 80\n",
	.groups = { &output_options, &policy_options, &semantics_options, &common_options },
	.run = run,
};
