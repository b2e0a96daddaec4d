/*
 * commands.c - the commands of this version.
 */
#include "command.h"

const struct command *const commands[] = { &bench_command,
					   &check_command,
					   &compile_command,
					   &eval_command,
					   &gen_command,
					   &list_command,
					   &replay_command,
					   &run_command,
					   &slim_command,
					   &stat_command,
					   NULL };
